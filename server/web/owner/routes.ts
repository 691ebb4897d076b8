/**
 * The views of an open vault, as the address names them. A mark is named by its number in the vault: addresses are kept in
 * the browser's history, unsealed, so none may say a code or an entry of the log.
 */
import { REGISTER_STEPS, type RegisterStep } from './register-draft.ts';

/** Views of one mark. */
export const MARK_PARTS = [
  'overview',
  'registered',
  'resume',
  'history',
  'status',
  'messages',
  'receipts',
  'receipt',
  'items',
  'contact',
  'withdraw',
] as const;
export type MarkPart = (typeof MARK_PARTS)[number];

export type Route =
  | { readonly view: 'marks' | 'find' | 'vault' | 'sheet' | 'forget' }
  | { readonly view: 'register'; readonly step: RegisterStep }
  /** `mark`: as `MarkView.id`. `receipt`: place among the mark's receipts, from 1; 0 for none. */
  | { readonly view: 'mark'; readonly mark: string; readonly part: MarkPart; readonly receipt: number };

const PLAIN_VIEWS = ['find', 'vault', 'sheet', 'forget'] as const;

const placeOf = (text = ''): number => (/^[1-9]\d{0,5}$/u.test(text) ? Number(text) : 0);

/** The view that a path names; the list of marks for any other path. */
export function parseRoute(path: string): Route {
  const [first, second, third, fourth] = path.split('/').filter((part) => part !== '');
  const plain = PLAIN_VIEWS.find((view) => view === first);
  if (plain !== undefined) return { view: plain };
  if (first === 'register') {
    return { view: 'register', step: REGISTER_STEPS.find((step) => step === second) ?? REGISTER_STEPS[0] };
  }
  if (first !== 'mark' || placeOf(second) === 0) return { view: 'marks' };
  const part = MARK_PARTS.find((name) => name === third) ?? 'overview';
  return { view: 'mark', mark: second as string, part, receipt: placeOf(fourth) };
}

/** The path of a mark's view. */
export function markPath(mark: string, part: MarkPart = 'overview', receipt?: number): string {
  const base = `mark/${mark}`;
  if (part === 'overview') return base;
  return receipt === undefined ? `${base}/${part}` : `${base}/${part}/${receipt}`;
}
