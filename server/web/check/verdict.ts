/** What a verification that failed says of the receipt. */
import { asFailure, isPassing } from '../ui/describe-error.ts';
import type { CheckText } from './check-text.ts';

export type Verdict = Exclude<keyof CheckText['refused'], 'details'>;

/** That the receipt itself does not hold. Nothing else says so: a registry, or what is in between, may answer with any code. */
const NOT_GENUINE: ReadonlySet<string> = new Set([
  'badProof',
  'badCheckpoint',
  'badSignature',
  'notLogged',
  'badRow',
  'badEnvelope',
]);

/** What a failed verification says of the receipt; null where it says nothing of it. */
export function verdictOf(error: unknown): Verdict | null {
  const failure = asFailure(error);
  if (failure === null || isPassing(error) || failure.field === 'registry') return null;
  const { code, field } = failure;
  if (code === 'badFile') return 'unreadable';
  if (code === 'badInput') return field === 'rosterFingerprint' ? null : 'unreadable';
  if (code === 'badRoster') return field === 'roster' ? 'unknownRules' : 'otherRegistry';
  return NOT_GENUINE.has(code) ? 'notGenuine' : null;
}
