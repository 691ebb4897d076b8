/** What is wrong with a form, said again in the other language when that is changed. */
import { useState } from 'preact/hooks';
import type { FieldError } from '../ui/index.ts';
import type { FieldProblem } from './field-problem.ts';
import type { Words } from './keeper.ts';
import { useOwnerText, type OwnerText } from './owner-text.ts';

/** One field's error. `id` as the field's. */
export interface Problem {
  readonly id: string;
  readonly words: Words;
}

export interface FormErrors {
  readonly list: readonly FieldError[];
  readonly attempt: number;
  /** Of a field. */
  readonly of: (id: string) => string | undefined;
  /** Shows what is wrong at this attempt. @returns whether nothing is */
  readonly show: (problems: readonly Problem[]) => boolean;
  /** What was wrong no longer stands there. */
  readonly clear: () => void;
}

export function useFormErrors(): FormErrors {
  const text = useOwnerText();
  const [{ problems, attempt }, setState] = useState<{ problems: readonly Problem[]; attempt: number }>({
    problems: [],
    attempt: 0,
  });
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
export function problemIf(isWrong: boolean, id: string, words: Words): Problem[] {
  return isWrong ? [{ id, words }] : [];
}

function wordsOf({ problem, number = 0 }: FieldProblem, { register: { problems } }: OwnerText): string {
  switch (problem) {
    case 'tooLong':
    case 'contactTooLong':
    case 'itemsTooLong':
      return problems[problem](number);
    default:
      return problems[problem];
  }
}

/** Problems of items and contacts, in words. */
export function inWords(problems: readonly FieldProblem[]): Problem[] {
  return problems.map((problem) => ({ id: problem.field, words: (text) => wordsOf(problem, text) }));
}
