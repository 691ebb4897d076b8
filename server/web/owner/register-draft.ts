/** What has been typed of a registration, and which step comes next. It is in the page's memory alone. */
import type { CodeCheckView, MarkView, RegisterForm } from '../engine/owner-api.ts';
import { contactOf, draftOfContact, EMPTY_CONTACT, type ContactDraft } from './contact-form.ts';
import { draftOfItem, emptyItem, itemOf, type ItemDraft } from './item-form.ts';

export const REGISTER_STEPS = ['key', 'code', 'items', 'contact', 'check', 'progress'] as const;
export type RegisterStep = (typeof REGISTER_STEPS)[number];

/** Maker and serial number of a firearm are typed into two fields. */
export const SERIAL_SCHEME = 'serial';

/** A code as it is typed. */
export interface CodeDraft {
  /** The scheme that was chosen; empty where it is to be worked out. */
  readonly scheme: string;
  readonly text: string;
  /** Of a firearm: the scheme `serial` alone. */
  readonly maker: string;
  /** The code once more, where it has no check. */
  readonly again: string;
  /** What a QR code said: it has a check of its own, so it need not be typed again. */
  readonly scanned: string | null;
}

export const EMPTY_CODE: CodeDraft = { scheme: '', text: '', maker: '', again: '', scanned: null };

export type WholeCode = Extract<CodeCheckView, { state: 'complete' }>;

export interface RegisterDraft {
  /** As typed, pasted or scanned. */
  readonly activationKey: string;
  readonly code: CodeDraft;
  /** What the engine made of the code. */
  readonly whole: WholeCode | null;
  readonly items: readonly ItemDraft[];
  readonly status: 'withKeeper' | 'stolen' | 'lost';
  readonly contact: ContactDraft;
  /** How many steps are complete. */
  readonly reached: number;
}

export const EMPTY_DRAFT: RegisterDraft = {
  activationKey: '',
  code: EMPTY_CODE,
  whole: null,
  items: [emptyItem(0)],
  status: 'withKeeper',
  contact: EMPTY_CONTACT,
  reached: 0,
};

/** The text that the engine is to read: with the maker before it, where the scheme has one. */
export function codeText({ scheme, maker, text }: Pick<CodeDraft, 'scheme' | 'maker' | 'text'>): string {
  return scheme === SERIAL_SCHEME && maker.trim() !== '' ? `${maker.trim()}|${text}` : text;
}

/** Whether the code is to be typed once more: its characters do not vouch for themselves, and nobody scanned them. */
export function needsTypingAgain({ text, scanned }: CodeDraft, whole: Pick<WholeCode, 'checkPassed'>): boolean {
  return whole.checkPassed !== true && text !== scanned;
}

/** The step to show for one that was asked for: after a reload nothing is typed yet, so it is the first. */
export function openStep(draft: RegisterDraft, asked: RegisterStep): RegisterStep {
  return REGISTER_STEPS[Math.min(REGISTER_STEPS.indexOf(asked), draft.reached)] as RegisterStep;
}

/** Where a complete step leads: on, or back to the summary where that had been reached before. */
export function stepAfter(before: RegisterDraft, step: RegisterStep): RegisterStep {
  if (before.reached >= REGISTER_STEPS.indexOf('check')) return 'check';
  return REGISTER_STEPS[REGISTER_STEPS.indexOf(step) + 1] ?? 'progress';
}

/** The step before; null before the first. */
export function stepBefore(step: RegisterStep): RegisterStep | null {
  return REGISTER_STEPS[REGISTER_STEPS.indexOf(step) - 1] ?? null;
}

/** Counts a step as complete. */
export function completed(draft: RegisterDraft, step: RegisterStep): RegisterDraft {
  return { ...draft, reached: Math.max(draft.reached, REGISTER_STEPS.indexOf(step) + 1) };
}

/** Another code, or another reading of it, is to be checked anew. */
export function withCode(draft: RegisterDraft, code: CodeDraft): RegisterDraft {
  return { ...draft, code, whole: null, reached: Math.min(draft.reached, REGISTER_STEPS.indexOf('code')) };
}

/** What the engine is asked to register. Only for a draft that has reached the step `check`. */
export function registerForm(draft: RegisterDraft): RegisterForm {
  const whole = draft.whole as WholeCode;
  return {
    code: codeText({ ...draft.code, scheme: whole.scheme }),
    scheme: whole.scheme,
    activationKey: draft.activationKey.trim(),
    items: draft.items.map(itemOf),
    status: draft.status,
    contact: contactOf(draft.contact),
  };
}

/** A registration that did not come to its end, to be begun with another activation key; or one anew after a withdrawal. */
export function draftOfMark(mark: MarkView): RegisterDraft {
  const bar = mark.scheme === SERIAL_SCHEME ? mark.code.indexOf('|') : -1;
  const { status } = mark;
  return {
    ...EMPTY_DRAFT,
    code: {
      ...EMPTY_CODE,
      scheme: mark.scheme,
      maker: mark.code.slice(0, Math.max(0, bar)),
      text: mark.code.slice(bar + 1),
      again: mark.code.slice(bar + 1),
    },
    items: mark.items.length === 0 ? [emptyItem(0)] : mark.items.map((item, i) => draftOfItem(item, i)),
    status: status === 'recovered' ? 'withKeeper' : status,
    contact: draftOfContact(mark.contact),
  };
}
