import { describe, expect, it } from 'vitest';
import {
  badInput,
  BlindmarkError,
  ERROR_CODES,
  EXIT_CODES,
  isBlindmarkError,
  type ErrorCode,
} from '../../crypto/errors.ts';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe('the closed list of codes', () => {
  it.each(codes)('%s has a kind with an exit code, an HTTP error status and a title of its own', (code) => {
    const { kind, status, title } = ERROR_CODES[code];
    expect([2, 3, 4]).toContain(EXIT_CODES[kind]);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(codes.filter((other) => ERROR_CODES[other].title === title)).toEqual([code]);
  });

  it.each(codes.filter((code) => ERROR_CODES[code].kind === 'unavailable'))('%s is no fault of the caller', (code) => {
    expect(ERROR_CODES[code].status).toBeGreaterThanOrEqual(499);
  });
});

describe('BlindmarkError', () => {
  it('carries all that a caller acts on, and its cause', () => {
    const cause = new Error('below');
    const error = new BlindmarkError('guardiansUnavailable', 'Too few', {
      field: 'guardians',
      remedy: 'Wait.',
      retryAfter: 5,
      guardians: ['g1', 'g3'],
      size: 7,
      cause,
    });
    expect(error).toMatchObject({
      name: 'BlindmarkError',
      code: 'guardiansUnavailable',
      kind: 'unavailable',
      field: 'guardians',
      remedy: 'Wait.',
      retryAfter: 5,
      guardians: ['g1', 'g3'],
      size: 7,
      cause,
    });
  });

  it('has no cause when none is given', () => {
    expect('cause' in badInput('field', 'text')).toBe(false);
    expect(badInput('items[2].make', 'text').message).toBe('items[2].make: expected text');
  });

  it('is told by code', () => {
    const error = badInput('field', 'text');
    expect(isBlindmarkError(error)).toBe(true);
    expect(isBlindmarkError(error, 'badProof', 'badInput')).toBe(true);
    expect(isBlindmarkError(error, 'badProof')).toBe(false);
    expect(isBlindmarkError(new Error('badInput'), 'badInput')).toBe(false);
    expect(isBlindmarkError({ code: 'badInput' })).toBe(false);
  });
});
