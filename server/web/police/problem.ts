/** Why a reading can't be looked up, in words. */
import type { Problem } from '../engine/police-api.ts';

/** What spreadsheets make of long numbers: `1.16E+12`, which has lost digits. The sign is always there, so that codes are none of it. */
const ROUNDED = /^[+-]?\d+(?:[.,]\d+)?E[+-]\d+$/iu;

/** What a cell holds that Excel took for a date, as the engine's list says it. */
const DATED = /^=DATE\(/iu;

export interface ProblemText {
  readonly badInput: string;
  readonly noSchemeFits: string;
  readonly checkFailed: string;
  readonly tooManyCandidates: string;
  readonly rounded: string;
  readonly dated: string;
  readonly other: (code: string) => string;
}

const KNOWN = ['badInput', 'noSchemeFits', 'checkFailed', 'tooManyCandidates'] as const;

export function problemWords(text: ProblemText, { code }: Problem, reading: string): string {
  if (ROUNDED.test(reading.trim())) return text.rounded;
  if (DATED.test(reading.trim())) return text.dated;
  const known = KNOWN.find((name) => name === code);
  return known === undefined ? text.other(code) : text[known];
}
