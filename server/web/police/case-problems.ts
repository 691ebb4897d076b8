/** What is wrong with a case reference, as a form says it beside the field `case-reference`. */
import type { FormProblem } from '../ui/index.ts';
import type { PoliceText } from './desk-context.ts';
import { checkCase } from './form-checks.ts';

/** One problem, or none. */
export function caseProblems(caseReference: string): FormProblem<PoliceText>[] {
  const { fault } = checkCase(caseReference);
  if (fault === null) return [];
  const { length } = caseReference.trim();
  return [
    {
      id: 'case-reference',
      words: ({ reading }) => (fault === 'missing' ? reading.caseMissing : reading.caseTooLong(length)),
    },
  ];
}
