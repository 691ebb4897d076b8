/** What is wrong with the owner's forms. */
import * as ui from '../ui/index.ts';
import type { FieldProblem } from './field-problem.ts';
import type { OwnerText } from './owner-text.ts';

/** One field's error. */
export type Problem = ui.FormProblem<OwnerText>;

/** The errors of a form of the owner's. */
export type FormErrors = ui.FormErrors<OwnerText>;

/** See `useFormErrors` of the pages' parts. */
export const useFormErrors = (): FormErrors => ui.useFormErrors<OwnerText>();

/** One problem, or none, as a list. */
export const problemIf = ui.problemIf<OwnerText>;

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
