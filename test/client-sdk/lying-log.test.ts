/**
 * A registry that lies about its log: to owners and to officers, each lie refused for its own reason. What entries must say is
 * in entries.test.ts and history.test.ts; here the whole SDK is lied to by the real services.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FoundRegistration } from '../../client-sdk/found.ts';
import type { Fetch } from '../../client-sdk/http.ts';
import type { Owner } from '../../client-sdk/owner.ts';
import { keptReceipts, type KeptReceipt } from '../../client-sdk/receipts.ts';
import { addCosignatures, cosignCheckpoint, parseCheckpoint, signCheckpoint } from '../../crypto/checkpoint.ts';
import type { ErrorCode } from '../../crypto/errors.ts';
import { cosignerName, type LoggedEntry } from '../../crypto/log-proof.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import {
  actionReplySchema,
  evaluationReplySchema,
  historyReplySchema,
  lookupReplySchema,
  registrationReplySchema,
  rosterReplySchema,
  type EvaluationReply,
  type HistoryReply,
  type LookupReply,
  type LookupSlot,
  type RegistrationReply,
  type RosterReply,
} from '../../crypto/wire.ts';
import { connect, createOfficer, createOwner, lookUp, lying, withCosignatures } from '../support/sdk.ts';
import { startServices, type Services } from '../support/services.ts';

let services: Services;
let code: string;
let owner: Owner;
beforeAll(async () => {
  services = await startServices();
  code = mintCode();
  owner = await createOwner(services);
  await owner.register({ code, items: [{ category: 'Shotgun' }], activationKey: await activationKey() });
});
afterAll(async () => {
  await services.stopAll();
});

const activationKey = async (): Promise<string> => (await services.createActivationKeys(1))[0] as string;
const bytes = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

/** The same checkpoint with another root: signed by the log, and cosigned by the first two guardians, who lie too. */
function forkOf(note: string, cosigners: readonly number[] = [0, 1]): string {
  const { fixture } = services;
  const checkpoint = { ...parseCheckpoint(note).checkpoint, root: bytes(6) };
  const cosignatures = cosigners.map((i) => {
    const key = fixture.witnesses[i] as SigningKey;
    const cosignature = cosignCheckpoint(checkpoint, key, services.clock.now);
    return { name: cosignerName(fixture.origin, `g${i + 1}`), publicKey: key.publicKey, cosignature };
  });
  return addCosignatures(signCheckpoint(checkpoint, fixture.logKey), cosignatures);
}

describe('about its roster', () => {
  type Reply = RosterReply;
  type Log = NonNullable<Reply['log']>;
  const roster = (change: (log: Log) => Reply['log'] | Promise<Log>): Fetch =>
    lying(/\/v1\/roster$/u, rosterReplySchema, async (reply) => ({ ...reply, log: await change(reply.log as Log) }));

  it.each<[string, ErrorCode, (log: Log) => Reply['log']]>([
    ['that is in no log', 'guardiansUnavailable', () => null],
    [
      'whose checkpoint too few vouch for',
      'badCheckpoint',
      (log) => ({ ...log, checkpoint: withCosignatures(log.checkpoint, 1) }),
    ],
    ['with a proof of another index', 'notLogged', (log) => ({ ...log, logged: { ...log.logged, index: 1 } })],
    [
      'with a proof that is cut short',
      'notLogged',
      (log) => ({ ...log, logged: { ...log.logged, proof: log.logged.proof.slice(1) } }),
    ],
  ])('%s', async (_, expected, change) => {
    await expect(connect(services, { fetch: roster(change) })).rejects.toMatchObject({ code: expected });
  });

  it('by another entry in its place', async () => {
    const fetch = roster(async () => {
      const { checkpoint, entries } = await services.publicLog().prove([1]);
      return { checkpoint, logged: entries[0] as LoggedEntry };
    });
    await expect(connect(services, { fetch })).rejects.toMatchObject({ code: 'badRoster' });
  });
});

describe('about an evaluation', () => {
  const evaluation = (change: (reply: EvaluationReply) => EvaluationReply): Fetch =>
    lying(/\/v1\/evaluations$/u, evaluationReplySchema, change);
  const log = (change: (log: EvaluationReply['log']) => EvaluationReply['log']): Fetch =>
    evaluation((reply) => ({ ...reply, log: change(reply.log) }));

  it.each<[string, ErrorCode, () => Fetch]>([
    [
      'whose checkpoint too few vouch for',
      'badCheckpoint',
      () => log((l) => ({ ...l, checkpoint: withCosignatures(l.checkpoint, 1) })),
    ],
    [
      'with a proof of another index',
      'badProof',
      () => log((l) => ({ ...l, logged: { ...l.logged, index: l.logged.index - 1 } })),
    ],
    [
      'with something to open that is not there',
      'notLogged',
      () => log((l) => ({ ...l, delayed: { salt: bytes(1), plain: l.logged.entry } })),
    ],
    [
      'whose checkpoint is another than the guardians cosigned',
      'badProof',
      () => log((l) => ({ ...l, checkpoint: forkOf(l.checkpoint) })),
    ],
  ])('%s', async (_, expected, fetch) => {
    await expect(lookUp(await createOfficer(services, { fetch: fetch() }), code)).rejects.toMatchObject({
      code: expected,
    });
  });

  it('with the entry of another request, or what was true at a smaller size', async () => {
    let first: EvaluationReply['log'] | undefined;
    const officer = await createOfficer(services, { fetch: log((own) => (first ??= own)) });
    // A hit, whose match makes the log larger.
    await lookUp(officer, code);
    await expect(lookUp(officer, code)).rejects.toMatchObject({ code: 'logBehind' });
    const { logged } = first as EvaluationReply['log'];
    const fetch = lying(/\/v1\/evaluations$/u, evaluationReplySchema, async (reply) => {
      const { checkpoint, entries } = await services.publicLog().prove([logged.index]);
      return { ...reply, log: { checkpoint, logged: entries[0] as LoggedEntry, delayed: null } };
    });
    const later = await createOfficer(services, { fetch });
    await expect(lookUp(later, code)).rejects.toMatchObject({ code: 'notLogged' });
  });

  it('with answers that cosign another checkpoint, which are not used and whose guardians are named', async () => {
    const faults: string[] = [];
    const other = (reply: EvaluationReply, count: number): EvaluationReply => {
      const checkpoint = { ...parseCheckpoint(reply.log.checkpoint).checkpoint, root: bytes(6) };
      const evaluations = reply.evaluations.map((answer, i) => {
        const key = services.fixture.witnesses[Number(answer.guardian.slice(1)) - 1] as SigningKey;
        return i < count ? { ...answer, cosignature: cosignCheckpoint(checkpoint, key, services.clock.now) } : answer;
      });
      return { ...reply, evaluations };
    };
    for (const count of [1, 2]) {
      const officer = await createOfficer(services, {
        fetch: evaluation((reply) => other(reply, count)),
        onFaults: (named) => faults.push(...named.map((fault) => `${fault.guardian} ${fault.code}`)),
      });
      await expect(lookUp(officer, code)).rejects.toMatchObject({ code: 'guardiansUnavailable' });
      expect(faults.splice(0)).toHaveLength(count);
    }
    const untouched = await createOfficer(services, { fetch: evaluation((reply) => other(reply, 0)) });
    expect(await lookUp(untouched, code)).toMatchObject({ result: 'hit' });
  });

  it('with one guardian’s cosignature under another’s answer', async () => {
    const swapped = evaluation((reply) => {
      const [one, two] = reply.evaluations as [EvaluationReply['evaluations'][0], EvaluationReply['evaluations'][0]];
      return { ...reply, evaluations: [{ ...one, cosignature: two.cosignature }, two] };
    });
    const lookup = lookUp(await createOfficer(services, { fetch: swapped }), code);
    await expect(lookup).rejects.toMatchObject({ code: 'guardiansUnavailable' });
  });
});

describe('about a hit', () => {
  const lookup = (change: (reply: LookupReply) => LookupReply): Fetch =>
    lying(/\/v1\/lookups$/u, lookupReplySchema, change);
  const slots = (change: (slot: LookupSlot) => LookupSlot): Fetch =>
    lookup((reply) => ({
      ...reply,
      results: reply.results.map((places) => places.map((slot) => (slot.registration === null ? slot : change(slot)))),
    }));
  type Match = NonNullable<LookupSlot['match']>;
  const match = (change: (match: Match, slot: LookupSlot) => Match): Fetch =>
    slots((slot) => ({ ...slot, match: change(slot.match as Match, slot) }));
  type Registered = NonNullable<LookupSlot['registered']>;
  const registered = (change: (registered: Registered, slot: LookupSlot) => Registered): Fetch =>
    slots((slot) => ({ ...slot, registered: change(slot.registered as Registered, slot) }));

  it('is believed when it is true, in the order of the log and with what proves it', async () => {
    const result = await lookUp(await createOfficer(services), code);
    const [found] = result.registrations;
    const [entry] = result.evidence.lookups;
    expect(found?.evidence.lookup).toBe(entry?.logged.index);
    expect(found?.evidence.match.logged.index).toBeGreaterThan(entry?.logged.index as number);
    const hour = Date.parse(found?.registeredBefore as string) / 1000;
    expect(hour % 3600).toBe(0);
    expect(hour - services.clock.now).toBeLessThanOrEqual(3600);
  });

  it.each<[string, ErrorCode, string, string, () => Fetch]>([
    [
      'without a match',
      'notLogged',
      'match',
      'no entry that says that it was shown',
      () => slots((slot) => ({ ...slot, match: null })),
    ],
    [
      'without a registration',
      'notLogged',
      'registration',
      'no entry of the registration',
      () => slots((slot) => ({ ...slot, registered: null })),
    ],
    ['with a wrong salt', 'notLogged', 'match', 'another registration', () => match((m) => ({ ...m, salt: bytes(1) }))],
    [
      'with a wrong salt of the registration',
      'notLogged',
      'registration',
      'another registration',
      () => registered((r) => ({ ...r, salt: bytes(1) })),
    ],
    [
      'with a proof of another index',
      'badProof',
      'match',
      'proof',
      () => match((m) => ({ ...m, logged: { ...m.logged, index: m.logged.index - 1 } })),
    ],
    [
      'with a proof that is altered',
      'badProof',
      'registration',
      'proof',
      () => registered((r) => ({ ...r, logged: { ...r.logged, proof: [...r.logged.proof.slice(1), bytes(1)] } })),
    ],
    [
      'with the registration in the place of the match',
      'notLogged',
      'match',
      'another kind',
      () => match((m, slot) => ({ ...m, ...(slot.registered as Registered) })),
    ],
    [
      'with the match in the place of the registration',
      'notLogged',
      'registration',
      'another kind',
      () => registered((_, slot) => ({ logged: (slot.match as Match).logged, salt: (slot.match as Match).salt })),
    ],
  ])('%s', async (_, expected, field, reason, fetch) => {
    const result = await lookUp(await createOfficer(services, { fetch: fetch() }), code);
    expect(result).toMatchObject({ result: 'unsure', refused: 1, registrations: [] });
    expect(result.refusals).toMatchObject([
      { code: expected, field, message: expect.stringContaining(reason) as string },
    ]);
  });

  it('with the match of another lookup', async () => {
    const [earlier] = (await lookUp(await createOfficer(services), code)).registrations;
    const { match, registered: own } = (earlier as FoundRegistration).evidence;
    // Honest proofs of it, under the newest checkpoint.
    const fetch = lying(/\/v1\/lookups$/u, lookupReplySchema, async ({ results }) => {
      const indexes = [own.logged.index, match.logged.index];
      const { checkpoint, entries } = await services.publicLog().prove(indexes);
      const [registration, old] = entries as [LoggedEntry, LoggedEntry];
      const shown = { registered: { ...own, logged: registration }, match: { ...match, logged: old } };
      const change = (slot: LookupSlot): LookupSlot => (slot.registration === null ? slot : { ...slot, ...shown });
      return { checkpoint, results: results.map((places) => places.map(change)) };
    });
    const result = await lookUp(await createOfficer(services, { fetch }), code);
    expect(result).toMatchObject({ result: 'unsure', refused: 1 });
    expect(result.refusals).toMatchObject([
      { code: 'notLogged', message: expect.stringContaining('another lookup') as string },
    ]);
  });

  it('in another order than the log’s, which alone counts', async () => {
    const claimed = mintCode();
    for (const make of ['First', 'Second', 'Third']) {
      const items = [{ category: 'Ring', make }];
      await (await createOwner(services)).register({ code: claimed, items, activationKey: await activationKey() });
    }
    const reversed = lookup((reply) => ({ ...reply, results: reply.results.map((places) => places.toReversed()) }));
    const { registrations } = await lookUp(await createOfficer(services, { fetch: reversed }), claimed);
    expect(registrations.map(({ items }) => items[0]?.make)).toEqual(['First', 'Second', 'Third']);
  });

  it('under a checkpoint that too few vouch for, or a smaller one than was seen', async () => {
    const few = await createOfficer(services, {
      fetch: lookup((reply) => ({ ...reply, checkpoint: withCosignatures(reply.checkpoint, 1) })),
    });
    await expect(lookUp(few, code)).rejects.toMatchObject({ code: 'badCheckpoint' });
    let old: LookupReply | undefined;
    const behind = await createOfficer(services, { fetch: lookup((reply) => (old ??= reply)) });
    expect(await lookUp(behind, code)).toMatchObject({ result: 'hit' });
    await expect(lookUp(behind, code)).rejects.toMatchObject({ code: 'logBehind' });
  });

  it('under another log of the same size, cosigned by guardians that lie as well', async () => {
    const forked = await createOfficer(services, {
      fetch: lookup((reply) => ({ ...reply, checkpoint: forkOf(reply.checkpoint) })),
    });
    // The hit's proofs lead to the one log, so that the other has none.
    const result = await lookUp(forked, code);
    expect(result).toMatchObject({ result: 'unsure', refusals: [{ code: 'badProof' }] });
    await expect(lookUp(forked, mintCode())).rejects.toMatchObject({ code: 'logForked' });
  });
});

describe('to an owner', () => {
  const other = mintCode();
  beforeAll(async () => {
    await owner.register({ code: other, items: [{ category: 'Ring' }], activationKey: await activationKey() });
  });
  type Receipt = RegistrationReply['receipt'];
  const at = async (path: RegExp, change: (receipt: Receipt) => Receipt): Promise<Owner> => {
    const schema = path.test('/actions') ? actionReplySchema : registrationReplySchema;
    const fetch = lying(path, schema as typeof registrationReplySchema, (reply) => ({
      ...reply,
      receipt: change(reply.receipt),
    }));
    return createOwner(services, { vault: owner.vault, fetch });
  };
  /** The receipt of another registration of the same owner. */
  const receiptOf = (mark: string): Receipt => (keptReceipts(owner.vault, owner.find(mark))[0] as KeptReceipt).receipt;

  const lies: readonly [string, ErrorCode, (receipt: Receipt) => Receipt][] = [
    ['too few cosignatures', 'badCheckpoint', (r) => ({ ...r, checkpoint: withCosignatures(r.checkpoint, 1) })],
    ['a wrong salt', 'notLogged', (r) => ({ ...r, salt: bytes(1) })],
    ['a proof of another index', 'badProof', (r) => ({ ...r, logged: { ...r.logged, index: r.logged.index - 1 } })],
    ['another log', 'badProof', (r) => ({ ...r, checkpoint: forkOf(r.checkpoint) })],
  ];

  it.each(lies)('with a receipt of a registration that has %s', async (_, expected, change) => {
    const lied = await at(/\/v1\/registrations$/u, change);
    const request = { code: mintCode(), items: [{ category: 'Ring' }], activationKey: await activationKey() };
    await expect(lied.register(request)).rejects.toMatchObject({ code: expected });
    expect(lied.find(request.code).stage).toBe('pending');
    // Told the truth the next time, it has its receipt.
    const mark = await owner.register(request);
    expect(mark.stage).toBe('registered');
    expect(keptReceipts(owner.vault, mark)).toHaveLength(1);
  });

  it('with the receipt of another registration, or a smaller log', async () => {
    const request = { code: mintCode(), items: [{ category: 'Ring' }], activationKey: await activationKey() };
    const path = /\/v1\/registrations$/u;
    const behind = await at(path, () => receiptOf(other));
    await expect(behind.register(request)).rejects.toMatchObject({ code: 'logBehind' });
    const fetch = lying(path, registrationReplySchema, async (reply) => {
      const { logged, salt } = receiptOf(other);
      const { checkpoint, entries } = await services.publicLog().prove([logged.index]);
      return { ...reply, receipt: { checkpoint, logged: entries[0] as LoggedEntry, salt } };
    });
    const lied = await createOwner(services, { vault: owner.vault, fetch });
    await expect(lied.register(request)).rejects.toMatchObject({ code: 'notLogged', field: 'registration' });
  });

  it.each(lies)('with a receipt of a change that has %s', async (_, expected, change) => {
    const before = keptReceipts(owner.vault, owner.find(other)).length;
    const lied = await at(/\/actions$/u, change);
    await expect(lied.setStatus(lied.find(other), 'lost')).rejects.toMatchObject({ code: expected });
    expect(keptReceipts(owner.vault, owner.find(other))).toHaveLength(before);
    // The registry has made the change; what there is to prove it is fetched.
    await owner.refresh(owner.find(other));
    expect(keptReceipts(owner.vault, owner.find(other)).length).toBeGreaterThan(before);
    await owner.setStatus(owner.find(other), 'withKeeper');
  });

  it('with the receipt of another change', async () => {
    let first: Receipt | undefined;
    const fetch = lying(/\/actions$/u, actionReplySchema, async (reply) => {
      first ??= reply.receipt;
      const { checkpoint, entries } = await services.publicLog().prove([first.logged.index]);
      return { ...reply, receipt: { ...first, checkpoint, logged: entries[0] as LoggedEntry } };
    });
    const lied = await createOwner(services, { vault: owner.vault, fetch });
    const lost = await lied.setStatus(lied.find(other), 'lost');
    await expect(lied.setStatus(lost, 'withKeeper')).rejects.toMatchObject({ code: 'notLogged', field: 'action' });
  });

  it('about the state of a registration: an older row is found by the log, or by the receipts of its changes', async () => {
    const request = { code: mintCode(), items: [{ category: 'Ring' }], activationKey: await activationKey() };
    let old: HistoryReply | undefined;
    const history = (change: (reply: HistoryReply) => HistoryReply | Promise<HistoryReply>): Fetch =>
      lying(/\/history$/u, historyReplySchema, change);
    const registered = await owner.register(request);
    const watching = await createOwner(services, { vault: owner.vault, fetch: history((reply) => (old = reply)) });
    await watching.refresh(registered);
    const { registration, entries } = old as HistoryReply;
    const stolen = await owner.setStatus(registered, 'stolen');

    const rolledBack = await createOwner(services, {
      vault: owner.vault,
      fetch: history((reply) => ({ ...reply, registration })),
    });
    await expect(rolledBack.refresh(stolen)).rejects.toMatchObject({ code: 'badRow', field: 'registration' });

    const proven = async (): Promise<HistoryReply> => {
      const proved = await services.publicLog().prove(entries.map(({ logged }) => logged.index));
      const shown = entries.map(({ salt }, i) => ({ salt, logged: proved.entries[i] as LoggedEntry }));
      return { registration, checkpoint: proved.checkpoint, entries: shown };
    };
    const forgetful = await createOwner(services, { vault: owner.vault, fetch: history(proven) });
    await expect(forgetful.refresh(stolen)).rejects.toMatchObject({ code: 'notLogged', field: 'history' });
    expect((await owner.refresh(stolen)).status).toBe('stolen');
  });
});
