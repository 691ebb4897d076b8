import { describe, expect, it } from 'vitest';
import { formatBase64url } from '../../crypto/bytes.ts';
import { MAX_BATCH } from '../../crypto/dleq.ts';
import { ERROR_CODES } from '../../crypto/errors.ts';
import { parseMessage } from '../../crypto/message.ts';
import { MAX_CLAIMS } from '../../crypto/registration.ts';
import {
  actionRequestSchema,
  evaluationReplySchema,
  evaluationRequestSchema,
  guardianEvaluateSchema,
  historyRequestSchema,
  lookupReplySchema,
  lookupRequestSchema,
  MAX_BODY_BYTES,
  MAX_ELEMENTS,
  packsRequestSchema,
  problemSchema,
  registrationRequestSchema,
  TOKEN_BYTES,
  tokenRequestSchema,
} from '../../crypto/wire.ts';
import { refusal } from '../support/refusal.ts';

const text = (length: number): string => formatBase64url(new Uint8Array(length).fill(1));
const list = (count: number): string[] => Array.from({ length: count }, () => text(32));
const jws = `${'a'.repeat(1364)}.${'b'.repeat(1364)}.${'c'.repeat(1364)}`;
const authorization = { request: jws, officerCredential: jws, forceCredential: jws };

const row = {
  index: text(32),
  salt: text(32),
  commitment: text(32),
  itemEnvelope: text(4096),
  contactEnvelope: text(1024),
  status: 'withKeeper',
  version: 1,
  epoch: 1,
  registeredOn: '2026-10-17',
  rowSignature: text(64),
};
const proof = { lookupTag: text(32), ownerPublicKey: text(32) };
const registrationEvaluation = {
  purpose: 'registration',
  roster: text(32),
  epochs: [1],
  elements: list(1),
  redemptions: list(1),
  token: text(TOKEN_BYTES),
};
const lookupEvaluation = { purpose: 'lookup', epochs: [1], elements: list(1), authorization };
const lookup = { evaluation: text(32), tags: list(1), authorization };
const withdrawal = { kind: 'withdraw', ...proof, version: 1, signature: text(64) };
const slot = { registration: null, registered: null, match: null, padding: '000' };
const checkpoint = 'c'.repeat(16 * 1024);
const logged = { index: 0, entry: text(1024), proof: list(63) };
const evidence = {
  checkpoint,
  logged,
  delayed: { salt: text(32), plain: text(1024) },
  roster: logged,
  consistency: { size: 1, proof: list(63) },
};

describe('limits', () => {
  it('are one: elements of a message, of a proof, and of DESIGN 3.1', () => {
    expect(MAX_ELEMENTS).toBe(MAX_BATCH);
    expect(MAX_ELEMENTS).toBe(64);
  });

  it.each([
    [
      'an evaluation for an owner',
      evaluationRequestSchema,
      { ...registrationEvaluation, epochs: Array.from({ length: 16 }, (_, i) => i + 1) },
    ],
    [
      'an evaluation for an officer',
      evaluationRequestSchema,
      { ...lookupEvaluation, elements: list(64), epochs: Array.from({ length: 16 }, (_, i) => i + 1) },
    ],
    [
      'a guardian’s part of it',
      guardianEvaluateSchema,
      {
        request: { ...lookupEvaluation, elements: list(64), epochs: Array.from({ length: 16 }, (_, i) => i + 1) },
        log: evidence,
      },
    ],
    [
      'a registration',
      registrationRequestSchema,
      { ...proof, row, token: text(TOKEN_BYTES), element: text(32), redemptionSecret: text(32) },
    ],
    ['an action', actionRequestSchema, { kind: 'replace', ...proof, row }],
    ['a lookup', lookupRequestSchema, { ...lookup, tags: list(64) }],
    ['packs', packsRequestSchema, { authorization: jws, keyHashes: list(1000) }],
  ])('let the largest %s through', (_, schema, message) => {
    expect(() => parseMessage(schema, message)).not.toThrow();
    expect(JSON.stringify(message).length).toBeLessThanOrEqual(MAX_BODY_BYTES);
  });

  it.each([
    [
      'two elements of an owner’s: each request has one entry in the log',
      evaluationRequestSchema,
      { ...registrationEvaluation, elements: list(2), redemptions: list(2) },
      'elements',
    ],
    [
      'two commitments of an owner’s',
      evaluationRequestSchema,
      { ...registrationEvaluation, redemptions: list(2) },
      'redemptions',
    ],
    [
      'an entry above 1,024 bytes',
      guardianEvaluateSchema,
      { request: registrationEvaluation, log: { ...evidence, logged: { ...logged, entry: text(1025) } } },
      'log.logged.entry',
    ],
    [
      'a proof of 64 hashes',
      guardianEvaluateSchema,
      { request: registrationEvaluation, log: { ...evidence, roster: { ...logged, proof: list(64) } } },
      'log.roster.proof',
    ],
    [
      'a checkpoint above 16 KiB',
      guardianEvaluateSchema,
      { request: registrationEvaluation, log: { ...evidence, checkpoint: `${checkpoint}c` } },
      'log.checkpoint',
    ],
    ['65 elements of an officer’s', evaluationRequestSchema, { ...lookupEvaluation, elements: list(65) }, 'elements'],
    ['no elements', evaluationRequestSchema, { ...lookupEvaluation, elements: [] }, 'elements'],
    [
      '17 epochs',
      evaluationRequestSchema,
      { ...lookupEvaluation, epochs: Array.from({ length: 17 }, (_, i) => i + 1) },
      'epochs',
    ],
    ['no epochs', evaluationRequestSchema, { ...registrationEvaluation, epochs: [] }, 'epochs'],
    ['65 tags', lookupRequestSchema, { ...lookup, tags: list(65) }, 'tags'],
    ['no tags', lookupRequestSchema, { ...lookup, tags: [] }, 'tags'],
    ['1,001 keys', packsRequestSchema, { authorization: jws, keyHashes: list(1001) }, 'keyHashes'],
    [
      'a long authorization',
      lookupRequestSchema,
      { ...lookup, authorization: { ...authorization, request: `${jws}ccc` } },
      'authorization.request',
    ],
  ])('refuse %s', (_, schema, message, field) => {
    expect(() => parseMessage(schema, message)).toThrow(refusal('badInput', field));
  });
});

describe('forms', () => {
  it.each([
    ['a purpose that there is not', evaluationRequestSchema, { ...lookupEvaluation, purpose: 'listing' }],
    [
      'an owner’s evaluation that names an officer',
      evaluationRequestSchema,
      { ...registrationEvaluation, authorization },
    ],
    [
      'an officer’s evaluation with a token',
      evaluationRequestSchema,
      { ...lookupEvaluation, token: text(TOKEN_BYTES) },
    ],
    [
      'an officer’s evaluation without authorization',
      evaluationRequestSchema,
      { ...lookupEvaluation, authorization: undefined },
    ],
    ['a token too short', evaluationRequestSchema, { ...registrationEvaluation, token: text(TOKEN_BYTES - 1) }],
    ['a token left out', evaluationRequestSchema, { ...registrationEvaluation, token: undefined }],
    ['a registration without token', registrationRequestSchema, { ...proof, row, token: null }],
    ['an action that there is not', actionRequestSchema, { ...withdrawal, kind: 'transfer' }],
    ['a withdrawal with a row', actionRequestSchema, { ...withdrawal, row }],
    ['a withdrawal without signature', actionRequestSchema, { ...withdrawal, signature: undefined }],
    ['a lookup with a page number', lookupRequestSchema, { ...lookup, page: 1 }],
    ['a lookup of part of a tag', lookupRequestSchema, { ...lookup, tags: [text(16)] }],
    ['a history without time', historyRequestSchema, { ...proof, signature: text(64) }],
    [
      'an activation key with its check character',
      tokenRequestSchema,
      { activationKey: text(16), tokenKeyId: text(32), blindedMessage: text(256) },
    ],
  ])('refuse %s', (_, schema, message) => {
    expect(() => parseMessage(schema, message, 'm')).toThrow(refusal('badInput'));
  });

  it('take a withdrawal, and an owner’s evaluation without token', () => {
    expect(parseMessage(actionRequestSchema, withdrawal)).toMatchObject({ kind: 'withdraw', version: 1 });
    expect(parseMessage(evaluationRequestSchema, { ...registrationEvaluation, token: null })).toMatchObject({
      token: null,
    });
  });
});

describe('replies', () => {
  it(`to a lookup have ${MAX_CLAIMS} slots for each tag, whatever is in them`, () => {
    const salted = { logged, salt: text(32) };
    const full = { registration: row, registered: salted, match: { ...salted, delayed: null }, padding: '' };
    const parse = (...slots: object[]) => parseMessage(lookupReplySchema, { checkpoint, results: [slots] });
    expect(parse(full, slot, slot, slot).results).toHaveLength(1);
    expect(() => parse(slot, slot, slot)).toThrow(refusal('badInput', 'results[0]'));
    expect(() => parse(slot, slot, slot, slot, slot)).toThrow(refusal('badInput', 'results[0]'));
    expect(() => parse({ ...slot, padding: '001' }, slot, slot, slot)).toThrow(
      refusal('badInput', 'results[0][0].padding'),
    );
  });

  it('to an evaluation name faults by the codes of the closed list', () => {
    const evaluated = [{ epoch: 1, elements: list(1), proof: text(64) }];
    const evaluations = [{ guardian: 'g1', evaluations: evaluated, cosignature: text(72) }];
    const log = { checkpoint, logged, delayed: null };
    const reply = { evaluations, faults: [{ guardian: 'g2', code: 'timedOut' }], log };
    expect(parseMessage(evaluationReplySchema, reply).faults).toEqual(reply.faults);
    expect(() => parseMessage(evaluationReplySchema, { ...reply, faults: [{ guardian: 'g2', code: 'x' }] })).toThrow(
      refusal('badInput'),
    );
    expect(() => parseMessage(evaluationReplySchema, { ...reply, evaluations: [] })).toThrow(
      refusal('badInput', 'evaluations'),
    );
    expect(() => parseMessage(evaluationReplySchema, { ...reply, log: undefined })).toThrow(refusal('badInput', 'log'));
  });

  it.each(Object.keys(ERROR_CODES))('may be the problem %s', (code) => {
    const problem = { type: 'about:blank', title: 't', status: 400, detail: 'd', code };
    expect(parseMessage(problemSchema, problem).code).toBe(code);
    expect(() => parseMessage(problemSchema, { ...problem, code: `${code}2` })).toThrow(refusal('badInput', 'code'));
  });
});
