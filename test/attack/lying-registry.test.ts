/**
 * A registry that lies to its clients: about what the guardians answered, about registrations, and in words. Clients find it out
 * by themselves, or are told nothing that could harm them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fetch } from '../../client-sdk/http.ts';
import { Officer, type LookupResult } from '../../client-sdk/officer.ts';
import { Owner } from '../../client-sdk/owner.ts';
import { connectionOf, Registry } from '../../client-sdk/registry.ts';
import { Vault } from '../../client-sdk/vault.ts';
import { randomBytes } from '../../crypto/bytes.ts';
import type { ErrorCode } from '../../crypto/errors.ts';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { blindEvaluate } from '../../crypto/oprf.ts';
import { createRecoveryPhrase } from '../../crypto/owner-keys.ts';
import type { RegistrationRow } from '../../crypto/registration.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import {
  evaluationReplySchema,
  evaluationRequestSchema,
  lookupReplySchema,
  type EvaluationReply,
  type EvaluationRequest,
  type LookupReply,
} from '../../crypto/wire.ts';
import { CHEAP_STRETCH, type Fixture } from '../support/fixture.ts';
import { startServices, type Services } from '../support/services.ts';
import { splitKey, type KeyShare } from '../support/split-key.ts';
import { randomElement } from '../support/tokens.ts';
import { createMark } from '../server/registry/world.ts';

let services: Services;
let fixture: Fixture;
beforeAll(async () => {
  services = await startServices({ epochs: [2, 3] });
  ({ fixture } = services);
});
afterAll(async () => {
  await services.stopAll();
});

const flip = (bytes: Uint8Array, position: number): Uint8Array =>
  bytes.map((byte, i) => (i === position ? byte ^ 1 : byte));

/** A `fetch` through a registry that changes its replies at one path. */
function lying(path: RegExp, change: (reply: unknown, request: string) => unknown): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (!path.test(url as string) || !response.ok) return response;
    return Response.json(change(await response.json(), init?.body as string));
  };
}

async function connect(fetch?: Fetch): Promise<Registry> {
  const { registryFile } = services;
  return Registry.connect(registryFile.url, { ...connectionOf(registryFile), fetch, retry: { attempts: 1 } });
}

async function lookUp(code: string, fetch: Fetch): Promise<LookupResult> {
  const officer = new Officer(
    await connect(fetch),
    await services.createOfficer(`officer-${mintCode().toLowerCase()}`),
  );
  const plan = officer.plan([{ id: 'a', reading: code, scheme: 'bm1' }]);
  const [result] = await Array.fromAsync(officer.lookup(plan, { caseReference: 'CR/1/26' }));
  return result as LookupResult;
}

type Evaluations = EvaluationReply['evaluations'];

describe('a registry that changes the guardians’ answers', () => {
  const changing = (change: (evaluations: Evaluations, request: EvaluationRequest) => Evaluations): Fetch =>
    lying(/\/v1\/evaluations$/u, (reply, request) => {
      const parsed = parseMessage(evaluationReplySchema, reply);
      const asked = parseMessage(evaluationRequestSchema, JSON.parse(request));
      return formatMessage(evaluationReplySchema, { ...parsed, evaluations: change(parsed.evaluations, asked) });
    });
  /** The first guardian's answer changed, the rest as they are. */
  const first = (
    change: (evaluation: Evaluations[number], request: EvaluationRequest) => Evaluations[number],
  ): ReturnType<typeof changing> =>
    changing(([evaluation, ...rest], request) => [change(evaluation as Evaluations[number], request), ...rest]);
  const absent = (evaluations: Evaluations): string =>
    ['g1', 'g2', 'g3'].find((id) => !evaluations.some(({ guardian }) => guardian === id)) as string;
  /** A fake guardian: another share, and a proof that is good for it. */
  const fake = splitKey(2, 3).shares[0] as KeyShare;
  const evaluateFake = (publicShare: Uint8Array) =>
    first((evaluation, { elements }) => ({
      ...evaluation,
      evaluations: evaluation.evaluations.map(({ epoch }) => {
        const { evaluatedElements, proof } = blindEvaluate(fake.secret, publicShare, elements);
        return { epoch, elements: evaluatedElements, proof };
      }),
    }));
  const trueShare = (): Uint8Array => fixture.keys.get(3)?.shares[0]?.publicShare as Uint8Array;

  it.each<[string, () => Fetch, ErrorCode]>([
    ['a fake guardian’s, with its own proof', () => evaluateFake(fake.publicShare), 'guardiansUnavailable'],
    [
      'a fake guardian’s, with a proof for a true public share',
      () => evaluateFake(trueShare()),
      'guardiansUnavailable',
    ],
    [
      'one guardian’s under the name of another',
      () =>
        changing(([one, two]) => [
          one as Evaluations[number],
          { ...(two as Evaluations[number]), guardian: absent([one, two] as Evaluations) },
        ]),
      'guardiansUnavailable',
    ],
    ['one guardian’s twice', () => changing(([one]) => [one, one] as Evaluations), 'badReply'],
    ['a stranger’s', () => first((evaluation) => ({ ...evaluation, guardian: 'g9' })), 'badReply'],
    ['too few', () => changing((evaluations) => evaluations.slice(1)), 'guardiansUnavailable'],
    ['of one epoch alone', () => first((e) => ({ ...e, evaluations: e.evaluations.slice(1) })), 'guardiansUnavailable'],
    [
      'of one epoch under the name of the other',
      () => first((e) => ({ ...e, evaluations: e.evaluations.map((x) => ({ ...x, epoch: 5 - x.epoch })) })),
      'guardiansUnavailable',
    ],
    [
      'of elements that were not asked for',
      () => first((e) => ({ ...e, evaluations: e.evaluations.map((x) => ({ ...x, elements: [randomElement()] })) })),
      'guardiansUnavailable',
    ],
  ])('%s', async (_, lyingFetch, code) => {
    await expect(lookUp(mintCode(), lyingFetch())).rejects.toMatchObject({ code });
  });

  it('with old answers to another request', async () => {
    let old: Evaluations | undefined;
    const replaying = changing((evaluations) => (old ??= evaluations));
    await lookUp(mintCode(), replaying);
    await expect(lookUp(mintCode(), replaying)).rejects.toMatchObject({ code: 'guardiansUnavailable' });
  });
});

describe('a registry that changes registrations', () => {
  const [code, another] = [mintCode(), mintCode()];
  let rows: LookupReply['results'][number];
  const slots = (change: (slot: LookupReply['results'][number][number], i: number) => typeof slot): Fetch =>
    lying(/\/v1\/lookups$/u, (reply) => {
      const parsed = parseMessage(lookupReplySchema, reply);
      const results = parsed.results.map((places) => places.map(change));
      return formatMessage(lookupReplySchema, { ...parsed, results });
    });
  const rowsWith = (change: (row: RegistrationRow) => typeof row): Fetch =>
    slots((slot) => (slot.registration === null ? slot : { ...slot, registration: change(slot.registration) }));

  beforeAll(async () => {
    const storage = { append: async (): Promise<void> => {} };
    const phrase = createRecoveryPhrase();
    const vault = await Vault.create({ phrase, passphrase: 'a passphrase', storage, parameters: CHEAP_STRETCH });
    const owner = await Owner.open(await connect(), vault, services.registryFile);
    const keys = await services.createActivationKeys(2);
    const items = [{ category: 'Shotgun' }];
    await owner.register({ code, items, activationKey: keys[0] as string });
    await owner.register({ code: another, items, activationKey: keys[1] as string });
    await lookUp(
      another,
      slots((slot) => ((rows = [...(rows ?? []), slot]), slot)),
    );
    expect(await lookUp(code, fetch)).toMatchObject({ result: 'hit', refused: 0 });
  });

  const mine = createSigningKey();
  it.each<[string, () => Fetch]>([
    ['flips a status', () => rowsWith((row) => ({ ...row, status: 'stolen' }))],
    ['changes a date', () => rowsWith((row) => ({ ...row, registeredOn: '2020-01-01' }))],
    ['changes a version', () => rowsWith((row) => ({ ...row, version: 2 }))],
    ['changes an epoch', () => rowsWith((row) => ({ ...row, epoch: 2 }))],
    ['changes a salt', () => rowsWith((row) => ({ ...row, salt: randomBytes(32) }))],
    ['changes an envelope', () => rowsWith((row) => ({ ...row, itemEnvelope: flip(row.itemEnvelope, 40) }))],
    ['adds a contact', () => rowsWith((row) => ({ ...row, contactEnvelope: new Uint8Array(512) }))],
    ['changes a signature', () => rowsWith((row) => ({ ...row, rowSignature: flip(row.rowSignature, 0) }))],
    [
      'answers with another code’s',
      () =>
        rowsWith(
          () =>
            rows.find((slot) => slot.registration !== null)?.registration as NonNullable<
              (typeof rows)[number]['registration']
            >,
        ),
    ],
    ['makes one up', () => rowsWith(() => createMark(fixture, { signingKey: mine }).row)],
    [
      'makes one up at the right place',
      () =>
        rowsWith(
          ({ index, salt, commitment }) =>
            createMark(fixture, { signingKey: mine, change: { index, salt, commitment } }).row,
        ),
    ],
  ])('%s', async (_, lyingFetch) => {
    expect(await lookUp(code, lyingFetch())).toMatchObject({ result: 'unsure', refused: 1, registrations: [] });
  });

  it('answers for fewer tags than were asked for', async () => {
    const fewer = lying(/\/v1\/lookups$/u, (reply) => {
      const { results, ...rest } = reply as LookupReply;
      return { ...rest, results: results.slice(1) };
    });
    await expect(lookUp(code, fewer)).rejects.toMatchObject({ code: 'badReply' });
  });

  it('puts a made-up claim beside the true one, which alone is believed', async () => {
    const beside = slots((slot, i) => (i === 1 ? { ...slot, registration: createMark(fixture).row } : slot));
    // Two live epochs are asked for, and the lie stands beside both.
    expect(await lookUp(code, beside)).toMatchObject({
      result: 'hit',
      refused: 2,
      registrations: [{ status: 'withKeeper' }],
    });
  });
});

describe('what a registry that lies says to people', () => {
  const saying =
    (problem: object): Fetch =>
    async () =>
      Response.json(
        { type: 't', title: 't', status: 403, code: 'notFound', detail: 'No', ...problem },
        { status: 403 },
      );
  const connectTo = async (fetch: Fetch): Promise<Registry> => {
    const { url, rosterFingerprint } = services.registryFile;
    return Registry.connect(url, { rosterFingerprint, allowTestRoster: true, fetch, retry: { attempts: 1 } });
  };

  it('is repeated when it is plain', async () => {
    const remedy = 'Ask again tomorrow.';
    await expect(connectTo(saying({ remedy }))).rejects.toMatchObject({ code: 'notFound', message: 'No', remedy });
  });

  it.each([
    ['a control sequence that clears the screen', { detail: '\u001b[2J' }],
    ['an 8-bit control sequence', { remedy: '\u009b2J' }],
    ['text that reads backwards', { remedy: '\u202egnorw' }],
    ['a guardian’s name that is none', { guardians: ['g1\u0007'] }],
    ['more than anyone reads', { detail: 'x'.repeat(100_000) }],
    ['a code that does not exist', { code: 'trustMe' }],
  ])('is not repeated when it is %s', async (_, problem) => {
    const message = 'The service answered with HTTP status 403';
    const expected = { code: 'badReply', message, remedy: undefined, guardians: undefined };
    await expect(connectTo(saying(problem))).rejects.toMatchObject(expected);
  });
});
