import { describe, expect, it } from 'vitest';
import { formatOpeningToken } from '../../../../client-sdk/opening-token.ts';
import {
  checkCase,
  checkExplanation,
  checkMessage,
  checkReply,
  checkToken,
  MAX_CASE_REFERENCE,
  MAX_EXPLANATION,
  MAX_MESSAGE,
  MAX_REPLY,
  millisecondsUntil,
} from '../../../../server/web/police/form-checks.ts';
import { MAX_CASE_REFERENCE as SDK_CASE } from '../../../../crypto/officer-request.ts';
import { MAX_EXPLANATION_BYTES } from '../../../../crypto/opening.ts';
import { MAX_MESSAGE_LENGTH } from '../../../../crypto/relay-message.ts';

describe('limits of the forms', () => {
  it('are within those of the SDK', () => {
    expect(MAX_CASE_REFERENCE).toBe(SDK_CASE);
    expect(MAX_EXPLANATION).toBeLessThanOrEqual(MAX_EXPLANATION_BYTES);
    expect(MAX_MESSAGE).toBeLessThanOrEqual(MAX_MESSAGE_LENGTH);
  });
});

describe('a case reference', () => {
  it('is trimmed, and neither empty nor too long', () => {
    expect(checkCase('  CR/1 ')).toEqual({ value: 'CR/1', fault: null });
    expect(checkCase('   ').fault).toBe('missing');
    expect(checkCase('x'.repeat(64)).fault).toBeNull();
    expect(checkCase('x'.repeat(65)).fault).toBe('tooLong');
  });
});

describe('a colleague’s request', () => {
  const token = formatOpeningToken({ id: new Uint8Array(32).fill(1), caseSalt: new Uint8Array(32).fill(2) });

  it('is taken as the SDK writes it, whatever white space came into it', () => {
    expect(checkToken(`\n ${token.slice(0, 40)}\r\n${token.slice(40)} `)).toEqual({ value: token, fault: null });
  });

  it('is refused when it is empty, cut short or something else', () => {
    expect(checkToken(' ').fault).toBe('missing');
    expect(checkToken(token.slice(0, -1)).fault).toBe('wrong');
    expect(checkToken(`${token}A`).fault).toBe('wrong');
    expect(checkToken(token.replace('opening-', 'closing-')).fault).toBe('wrong');
    expect(checkToken(token.slice(0, -1) + '+').fault).toBe('wrong');
  });
});

describe('texts', () => {
  it('an explanation is needed with another reason alone, and counted in bytes', () => {
    expect(checkExplanation(' ', 'other').fault).toBe('missing');
    expect(checkExplanation(' ', 'safety')).toEqual({ value: '', fault: null });
    expect(checkExplanation('é'.repeat(500), 'other').fault).toBeNull();
    expect(checkExplanation('é'.repeat(501), 'other').fault).toBe('tooLong');
  });

  it('a message is neither empty nor too long', () => {
    expect(checkMessage('\n').fault).toBe('missing');
    expect(checkMessage('x'.repeat(MAX_MESSAGE + 1)).fault).toBe('tooLong');
    expect(checkMessage(' call us ').value).toBe('call us');
  });

  it('an address to answer to may be left out', () => {
    expect(checkReply('  ')).toEqual({ value: '', fault: null });
    expect(checkReply('x'.repeat(MAX_REPLY + 1)).fault).toBe('tooLong');
  });
});

describe('the end of a credential', () => {
  it('is told in milliseconds, and never below 0', () => {
    expect(millisecondsUntil(1000, 0, 400_000)).toBe(600_000);
    expect(millisecondsUntil(1000, 900, 400_000)).toBe(0);
    expect(millisecondsUntil(1000, 0, 2_000_000)).toBe(0);
  });
});
