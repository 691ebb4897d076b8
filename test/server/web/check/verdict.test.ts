/** Which failures say something of a receipt, and which say nothing. */
import { describe, expect, it } from 'vitest';
import { BlindmarkError, ERROR_CODES, type ErrorCode } from '../../../../crypto/errors.ts';
import { verdictOf } from '../../../../server/web/check/verdict.ts';
import { failureOf } from '../../../../server/web/engine/serve.ts';

const verdict = (code: ErrorCode, field?: string) =>
  verdictOf(failureOf(new BlindmarkError(code, 'in words', field === undefined ? {} : { field })));

describe('verdictOf', () => {
  it('calls a receipt forged for what does not hold in it, and for no other code', () => {
    const codes = Object.keys(ERROR_CODES) as ErrorCode[];
    expect(codes.filter((code) => verdict(code) === 'notGenuine').toSorted()).toEqual(
      ['badProof', 'badCheckpoint', 'badSignature', 'notLogged', 'badRow', 'badEnvelope'].toSorted(),
    );
    expect(codes.filter((code) => verdict(code) === 'unreadable')).toEqual(['badInput', 'badFile']);
    expect(codes.filter((code) => verdict(code) === 'otherRegistry')).toEqual(['badRoster']);
  });

  it('tells a roster that is not known here from another registry', () => {
    expect(verdict('badRoster', 'receipt')).toBe('otherRegistry');
    expect(verdict('badRoster', 'fingerprint')).toBe('otherRegistry');
    expect(verdict('badRoster', 'roster')).toBe('unknownRules');
  });

  it('says nothing of the receipt where the registry did not answer as it should, or a fingerprint is none', () => {
    expect(verdict('badRoster', 'registry')).toBeNull();
    expect(verdict('unavailable', 'registry')).toBeNull();
    expect(verdict('badInput', 'rosterFingerprint')).toBeNull();
    for (const error of [null, undefined, new Error('a defect'), 'text']) expect(verdictOf(error)).toBeNull();
  });
});
