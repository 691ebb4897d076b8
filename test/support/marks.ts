/** The published marks and readings of test/data/. */
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';

/** A row of marks.csv: one item under one code. */
export interface MarkRow {
  readonly id: string;
  readonly scheme: string;
  readonly code: string;
  readonly category: string;
  readonly make: string;
  readonly model: string;
  readonly keeper: string;
  readonly contact: string;
}

/** A row of reads.csv: what somebody typed, and whether it is registered. */
export interface ReadRow {
  readonly id: string;
  /** Empty when the officer does not know it. */
  readonly scheme: string;
  readonly kind: string;
  readonly read: string;
  readonly expect: 'hit' | 'miss';
  readonly note: string;
}

/** The text of a file in test/data/. */
export function readData(name: string): string {
  return readFileSync(new URL(`../data/${name}`, import.meta.url), 'utf8');
}

export function readMarks(): MarkRow[] {
  return parse<MarkRow>(readData('marks.csv'), { columns: true });
}

export function readReads(): ReadRow[] {
  return parse<ReadRow>(readData('reads.csv'), { columns: true });
}
