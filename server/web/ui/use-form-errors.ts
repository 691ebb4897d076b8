/** What is wrong with a form, said again in the other language when that is changed. */
import { useState } from 'preact/hooks';
import type { FieldError } from './error-summary.tsx';
import { useText } from './page-text.tsx';

/** What is wrong with one field, in the room's text `Text`. */
export interface FormProblem<Text> {
  /** The field's. */
  readonly id: string;
  /** In whatever language the page is in when it is shown. */
  readonly words: (text: Text) => string;
}

export interface FormErrors<Text> {
  /** For the error summary. */
  readonly list: readonly FieldError[];
  /** How often something was shown: the summary takes the focus again at each. */
  readonly attempt: number;
  /** Of a field. */
  readonly of: (id: string) => string | undefined;
  /** Shows what is wrong at this attempt. @returns whether nothing is */
  readonly show: (problems: readonly FormProblem<Text>[]) => boolean;
  /** What was wrong no longer stands there. */
  readonly clear: () => void;
}

interface Shown<Text> {
  readonly problems: readonly FormProblem<Text>[];
  readonly attempt: number;
}

/** The errors of one form: `useFormErrors<OwnerText>()`. */
export function useFormErrors<Text>(): FormErrors<Text> {
  const text = useText<Text>();
  const [{ problems, attempt }, setState] = useState<Shown<Text>>({ problems: [], attempt: 0 });
  const list = problems.map(({ id, words }) => ({ id, message: words(text) }));
  return {
    list,
    attempt,
    of: (id) => list.find((error) => error.id === id)?.message,
    show: (next) => {
      setState((before) => ({ problems: next, attempt: before.attempt + 1 }));
      return next.length === 0;
    },
    clear: () => setState((before) => (before.problems.length === 0 ? before : { ...before, problems: [] })),
  };
}

/** One problem, or none, as a list. */
export function problemIf<Text>(isWrong: boolean, id: string, words: FormProblem<Text>['words']): FormProblem<Text>[] {
  return isWrong ? [{ id, words }] : [];
}
