/** Checks a code with the engine while it is typed. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Calls } from '../engine/calls.ts';
import type { CodeCheckView, OwnerApi } from '../engine/owner-api.ts';
import { characterAt, strangePosition } from './code-characters.ts';
import type { Problem } from './form-errors.ts';
import type { Words } from './keeper.ts';
import { codeText, needsTypingAgain, SERIAL_SCHEME, type CodeDraft } from './register-draft.ts';

/** Milliseconds without a key being pressed. */
const PAUSE = 250;

export interface CodeCheck {
  /** Of what stands in the field; null for nothing, or while it is being checked. */
  readonly view: CodeCheckView | null;
  /** Why it could not be checked. */
  readonly error: unknown;
  /** Checks what stands there at once; undefined when that failed. */
  readonly now: () => Promise<{ readonly view: CodeCheckView | null } | undefined>;
}

async function ask(owner: Calls<OwnerApi>, code: CodeDraft): Promise<CodeCheckView | null> {
  if (code.text.trim() === '') return null;
  return owner.checkCode({ code: codeText(code), scheme: code.scheme === '' ? undefined : code.scheme });
}

export function useCodeCheck(owner: Calls<OwnerApi>, code: CodeDraft): CodeCheck {
  const [view, setView] = useState<CodeCheckView | null>(null);
  const [error, setError] = useState<unknown>(null);
  /** Counts what was asked: an answer that is no longer the newest is dropped. */
  const asked = useRef(0);
  const { text, maker, scheme } = code;

  const check = async (): Promise<{ readonly view: CodeCheckView | null } | undefined> => {
    const own = ++asked.current;
    try {
      const next = await ask(owner, code);
      if (own === asked.current) {
        setView(next);
        setError(null);
      }
      return { view: next };
    } catch (cause) {
      if (own === asked.current) {
        setView(null);
        setError(cause);
      }
      return undefined;
    }
  };
  useEffect(() => {
    // What was said of another text would mislead.
    setView(null);
    const timer = setTimeout(() => void check(), PAUSE);
    return () => clearTimeout(timer);
  }, [text, maker, scheme]);
  useEffect(
    () => () => {
      asked.current = -1;
    },
    [],
  );

  return { view, error, now: check };
}

type Fault = Extract<CodeCheckView, { state: 'wrong' }>;

/** The position of the character at fault; null where no single one is. */
export function faultOf({ position }: Fault, text: string): number | null {
  return position ?? strangePosition(text);
}

/** Why a code is not whole, in words that point at the character. */
export function wordsOfCheck(view: Exclude<CodeCheckView, { state: 'complete' }>, text: string): Words {
  switch (view.state) {
    case 'unclear':
      return ({ register }) => register.code.unclear(view.positions.join(', '));
    case 'ambiguous':
      return ({ register }) => register.code.ambiguous;
    default: {
      const position = faultOf(view, text);
      const character = position === null ? undefined : characterAt(text, position);
      if (position !== null && character !== undefined) {
        return ({ register }) => register.code.wrongAt(position, character);
      }
      return ({ register }) => (view.code === 'checkFailed' ? register.code.checkFailed : register.code.noSchemeFits);
    }
  }
}

/**
 * What keeps a code from being taken.
 *
 * @param view what the engine says of it; null for an empty field
 */
export async function checkProblems(
  owner: Calls<OwnerApi>,
  code: CodeDraft,
  view: CodeCheckView | null,
  isTypedAgain = true,
): Promise<Problem[]> {
  const isSerial = code.scheme === SERIAL_SCHEME;
  const makerProblems: Problem[] =
    isSerial && code.maker.trim() === '' ? [{ id: 'maker', words: ({ register }) => register.code.makerMissing }] : [];
  if (view === null) return [...makerProblems, { id: 'code', words: ({ register }) => register.code.missing }];
  if (makerProblems.length > 0) return makerProblems;
  if (view.state !== 'complete') {
    return [{ id: view.state === 'ambiguous' ? 'scheme' : 'code', words: wordsOfCheck(view, code.text) }];
  }
  if (!isTypedAgain || !needsTypingAgain(code, view)) return [];
  if (code.again.trim() === '') return [{ id: 'code-again', words: ({ register }) => register.code.againMissing }];
  const again = await owner.checkCode({ code: codeText({ ...code, text: code.again }), scheme: view.scheme });
  const isSame = again.state === 'complete' && again.display === view.display;
  return isSame ? [] : [{ id: 'code-again', words: ({ register }) => register.code.different }];
}
