/**
 * Registrations, changes and withdrawals in the log: receipts and histories, and what becomes of them when a step of the way
 * fails. Whatever was interrupted is completed by whoever comes next: one row, one entry, no duplicate.
 */
import type { Response } from 'supertest';
import { beforeAll, describe, expect, it } from 'vitest';
import { equalBytes, randomBytes } from '../../../crypto/bytes.ts';
import { hourOf, markHash, type EntryKind, type LogEntry } from '../../../crypto/log-entry.ts';
import { verifyCosigned, verifyLogged } from '../../../crypto/log-proof.ts';
import { parseMessage } from '../../../crypto/message.ts';
import { formatReceipt, verifyReceipt, type Receipt } from '../../../crypto/receipt.ts';
import { rowHash, withdrawalEntryHash, withdrawalHash, type RegistrationRow } from '../../../crypto/registration.ts';
import { actionReplySchema, MAX_HISTORY, registrationReplySchema } from '../../../crypto/wire.ts';
import { MAX_ACTIONS } from '../../../server/registry/budgets.ts';
import { matchEntryKey } from '../../../server/registry/registration-entries.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import { createToken } from '../../support/tokens.ts';
import { createBrokenWorld } from './broken-world.ts';
import { change, historyOf, read, setStatus, stored, withdraw } from './owner-steps.ts';
import {
  changeRow,
  countEntries,
  createMark,
  createWorld,
  entriesOf,
  eventually,
  problemOf,
  refusalIn,
  register,
  registrationBody,
  type Mark,
  type World,
} from './world.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ epochs: [1, 2] });
});

const post = async (world: World, mark: Mark, token: Uint8Array): Promise<Response> =>
  world.post('/v1/registrations', registrationBody(mark, token));

const registered = (response: Response) => parseMessage(registrationReplySchema, response.body);
const acted = (response: Response) => parseMessage(actionReplySchema, response.body);

/** What an owner makes of a receipt. */
function verify(receipt: Receipt): LogEntry {
  return verifyReceipt(receipt, [fixture.roster]).entry;
}

/** The registration's entry, as an owner expects it. */
function registrationOf(row: RegistrationRow, salt: Uint8Array): LogEntry {
  return {
    kind: 'registration',
    hour: hourOf(fixture.now),
    mark: markHash(salt, row.commitment),
    row: rowHash(fixture.origin, row),
    epoch: row.epoch,
  };
}

function actionOf(row: RegistrationRow, action: 'status' | 'replace', salt: Uint8Array): LogEntry {
  const [mark, hash] = [markHash(salt, row.commitment), rowHash(fixture.origin, row)];
  return { kind: 'action', hour: hourOf(fixture.now), mark, action, row: hash };
}

/** What the history shows of kinds, each entry verified. */
async function kindsOf(world: World, mark: Mark): Promise<string[]> {
  const { checkpoint: note, entries } = await historyOf(world, mark);
  const { checkpoint } = verifyCosigned(note, fixture.roster.roster);
  return entries.map(({ logged, salt }) => {
    const entry = verifyLogged(logged, checkpoint);
    if (!('mark' in entry)) throw new Error(`${entry.kind} shows no mark`);
    expect(equalBytes(entry.mark, markHash(salt, mark.row.commitment))).toBe(true);
    return entry.kind === 'action' ? entry.action : entry.kind;
  });
}

/** Rows and entries of a world whose one registration is this one. */
async function expectOne(world: World, mark: Mark, counts: Partial<Record<EntryKind, number>>): Promise<void> {
  expect(await countEntries(world)).toEqual(counts);
  expect((await stored(world, mark)).commitment).toEqual(mark.row.commitment);
  expect(await countEntries(world)).toEqual(counts);
}

describe('a registration', () => {
  it('gives a receipt that verifies without anybody’s help, under two KiB', async () => {
    const world = await createWorld(fixture);
    const mark = createMark(fixture);
    const { receipt } = registered(await post(world, mark, await createToken(fixture)));
    const { entry, guardians, cosignedAt } = verifyReceipt(receipt, [fixture.roster]);
    expect(entry).toEqual(registrationOf(mark.row, receipt.salt));
    expect(guardians.length).toBeGreaterThanOrEqual(2);
    expect(cosignedAt).toBe(fixture.now);
    expect(formatReceipt(receipt).length).toBeLessThan(2048);
  });

  it('gives the receipt of the same entry again, also after a restart and long after', async () => {
    const world = await createWorld(fixture);
    const [mark, token] = [createMark(fixture), await createToken(fixture)];
    const first = registered(await post(world, mark, token));
    await register(world);
    await world.restart();
    world.clock.now += 100 * 86_400;
    const again = registered(await post(world, mark, token));
    expect(again.result).toBe('again');
    expect(again.receipt.logged.index).toBe(first.receipt.logged.index);
    expect(again.receipt.salt).toEqual(first.receipt.salt);
    expect(verify(again.receipt)).toEqual(verify(first.receipt));
    expect(await countEntries(world)).toEqual({ registration: 2 });
  });

  it('has one entry when it is sent many times at once', async () => {
    const world = await createWorld(fixture);
    const [mark, token] = [createMark(fixture), await createToken(fixture)];
    const replies = await Promise.all(
      Array.from({ length: 16 }, async () => registered(await post(world, mark, token))),
    );
    expect(new Set(replies.map(({ receipt }) => receipt.logged.index)).size).toBe(1);
    expect(await countEntries(world)).toEqual({ registration: 1 });
  });

  it('has an entry that nobody links with it, or with another, without its salt', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    await setStatus(world, mark, 'stolen');
    await setStatus(world, mark, 'recovered', 3);
    const marks = (await entriesOf(world)).flatMap((entry) => ('mark' in entry ? [entry.mark.join()] : []));
    expect(new Set(marks).size).toBe(3);
    const { entries } = await historyOf(world, mark);
    expect(new Set(entries.map(({ salt }) => salt.join())).size).toBe(3);
  });

  it('that is refused has no entry', async () => {
    const world = await createWorld(fixture);
    const token = await createToken(fixture);
    await post(world, createMark(fixture), token);
    expect(refusalIn(await post(world, createMark(fixture), token)).code).toBe('tokenSpent');
    const stale = createMark(fixture, { change: { registeredOn: '2020-01-01' } });
    expect(refusalIn(await post(world, stale, await createToken(fixture))).code).toBe('badInput');
    expect(await countEntries(world)).toEqual({ registration: 1 });
  });
});

describe('an action', () => {
  it('gives a receipt of what was changed', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const lost = changeRow(fixture, mark, { status: 'lost', version: 2 });
    const first = acted(await change(world, 'status', mark, lost));
    expect(verify(first.receipt)).toEqual(actionOf(lost, 'status', first.receipt.salt));
    const sealed = changeRow(fixture, { ...mark, row: lost }, { itemEnvelope: randomBytes(1024), version: 3 });
    const second = acted(await change(world, 'replace', mark, sealed));
    expect(verify(second.receipt)).toEqual(actionOf(sealed, 'replace', second.receipt.salt));
    const again = acted(await change(world, 'replace', mark, sealed));
    expect(again.result).toBe('again');
    expect(again.receipt.logged.index).toBe(second.receipt.logged.index);
    const last = acted(await withdraw(world, mark, 3));
    const withdrawal = withdrawalHash(fixture.origin, mark.row.commitment, 3);
    expect(verify(last.receipt)).toEqual({
      kind: 'action',
      hour: hourOf(fixture.now),
      mark: markHash(last.receipt.salt, mark.row.commitment),
      action: 'withdraw',
      row: withdrawalEntryHash(last.receipt.salt, withdrawal),
    });
    expect(await countEntries(world)).toEqual({ registration: 1, action: 3 });
  });

  it('says what was done although it is asked for again under another name', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const row = changeRow(fixture, mark, { status: 'lost', version: 2 });
    await change(world, 'status', mark, row);
    const again = acted(await change(world, 'replace', mark, row));
    expect(verify(again.receipt)).toEqual(actionOf(row, 'status', again.receipt.salt));
  });

  it('that is refused, or loses against another, has no entry', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    await Promise.all([setStatus(world, mark, 'stolen'), setStatus(world, mark, 'lost')]);
    expect(refusalIn(await setStatus(world, mark, 'lost', 5)).code).toBe('versionConflict');
    expect(refusalIn(await withdraw(world, mark, 1)).code).toBe('versionConflict');
    expect(await countEntries(world)).toEqual({ registration: 1, action: 1 });
  });

  it(`is one of at most ${MAX_ACTIONS} a registration and day`, async () => {
    const world = await createWorld(fixture);
    const [mark, other] = [await register(world), await register(world)];
    const turn = (version: number) => setStatus(world, mark, version % 2 === 0 ? 'lost' : 'withKeeper', version);
    for (let version = 2; version < 2 + MAX_ACTIONS; version++) expect((await turn(version)).status).toBe(200);
    const refused = problemOf(await turn(2 + MAX_ACTIONS));
    expect(refused).toMatchObject({ code: 'quotaExceeded', status: 429 });
    expect((await stored(world, mark)).version).toBe(1 + MAX_ACTIONS);
    // What is done already may be asked for again, and another registration is not concerned.
    expect((await turn(1 + MAX_ACTIONS)).body).toMatchObject({ result: 'again' });
    expect((await setStatus(world, other, 'lost')).status).toBe(200);
    world.clock.now += 86_400;
    expect((await turn(2 + MAX_ACTIONS)).status).toBe(200);
  });
});

describe('a history', () => {
  it('shows every entry of a registration, oldest first, and none of another', async () => {
    const world = await createWorld(fixture);
    const [mark, other] = [await register(world), await register(world)];
    await setStatus(world, mark, 'stolen');
    await setStatus(world, other, 'lost');
    const row = changeRow(fixture, mark, { status: 'stolen', itemEnvelope: randomBytes(512), version: 3 });
    await change(world, 'replace', mark, row);
    await setStatus(world, { ...mark, row }, 'recovered', 4);
    expect(await kindsOf(world, mark)).toEqual(['registration', 'status', 'replace', 'status']);
    expect(await kindsOf(world, other)).toEqual(['registration', 'status']);
    const { entries } = await historyOf(world, mark);
    const indexes = entries.map(({ logged }) => logged.index);
    expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
    await world.restart();
    expect(await kindsOf(world, mark)).toEqual(['registration', 'status', 'replace', 'status']);
  });

  it('leaves out what was recorded and never logged', async () => {
    const { world, stores } = await createBrokenWorld(fixture);
    const mark = await register(world);
    await stores().registrations.addHistory(mark.row, { key: randomBytes(32), kind: 'match', hour: 1 });
    expect(await kindsOf(world, mark)).toEqual(['registration']);
  });

  it(`shows the registration and the newest ${MAX_HISTORY - 1} of more`, async () => {
    const { world, stores } = await createBrokenWorld(fixture);
    const mark = await register(world);
    await setStatus(world, mark, 'stolen');
    const { commitment } = mark.row;
    const hour = hourOf(fixture.now);
    const matches = Array.from({ length: MAX_HISTORY + 5 }, (_, i) => matchEntryKey(i, commitment));
    await Promise.all(
      matches.map(async (key, i) =>
        stores().registrations.addHistory(mark.row, { key, kind: 'match', hour: hour + 1 + i }),
      ),
    );
    const logged = matches.slice(0, 4).concat(matches.slice(-4));
    for (const [i, key] of logged.entries()) {
      // Their salts are what the route derives; here only their places count.
      await world.publicLog.append([
        {
          key,
          entry: new TextEncoder().encode(
            `blindmark-entry-v1 match\nhour 2026-01-01T00Z\nmark ${'A'.repeat(43)}\nlookup ${i}\n`,
          ),
        },
      ]);
    }
    const { entries } = await historyOf(world, mark);
    expect(entries.map(({ logged: { index } }) => index)).toEqual([1, 2, 7, 8, 9, 10]);
  });

  it('completes the entry of a row that a crash left without one', async () => {
    const { world, stores } = await createBrokenWorld(fixture);
    const mark = createMark(fixture);
    expect(await stores().registrations.register(mark.row, randomBytes(32))).toBe('registered');
    expect(await countEntries(world)).toEqual({});
    expect(await kindsOf(world, mark)).toEqual(['registration']);
    await expectOne(world, mark, { registration: 1 });
  });
});

describe('a step that fails', () => {
  const AFTER = [
    ['failed', false],
    ['failed and was persisted', true],
  ] as const;

  it.each(AFTER)('a registration whose row %s is one row and one entry once it is sent again', async (_, after) => {
    const { world, failing } = await createBrokenWorld(fixture);
    const [mark, token] = [createMark(fixture), await createToken(fixture)];
    Object.assign(failing, { operation: 'register', after });
    expect(refusalIn(await post(world, mark, token)).code).toBe('storageFailed');
    expect(await countEntries(world)).toEqual({});
    failing.operation = null;
    const { result, receipt } = registered(await post(world, mark, token));
    expect(result).toBe(after ? 'again' : 'registered');
    expect(verify(receipt)).toEqual(registrationOf(mark.row, receipt.salt));
    await expectOne(world, mark, { registration: 1 });
    expect(refusalIn(await post(world, createMark(fixture), token)).code).toBe('tokenSpent');
  });

  it.each(AFTER)('a registration whose entry %s is one row and one entry once it is sent again', async (_, after) => {
    const { world, log } = await createBrokenWorld(fixture);
    const [mark, token] = [createMark(fixture), await createToken(fixture)];
    log().plan = (operation) => (operation === 'commit' ? (after ? 'persisted' : 'failed') : null);
    const problem = problemOf(await post(world, mark, token));
    expect(problem.code).toBe('storageFailed');
    expect(problem.detail).toContain('The registration is stored');
    log().plan = () => null;
    const { result, receipt } = registered(await post(world, mark, token));
    expect(result).toBe('again');
    expect(verify(receipt)).toEqual(registrationOf(mark.row, receipt.salt));
    await expectOne(world, mark, { registration: 1 });
  });

  it.each(AFTER)('a change whose row %s is one version and one entry once it is sent again', async (_, after) => {
    const { world, failing } = await createBrokenWorld(fixture);
    const mark = await register(world);
    Object.assign(failing, { operation: 'replace', after });
    expect(refusalIn(await setStatus(world, mark, 'stolen')).code).toBe('storageFailed');
    expect(await countEntries(world)).toEqual({ registration: 1 });
    failing.operation = null;
    expect(acted(await setStatus(world, mark, 'stolen')).result).toBe(after ? 'again' : 'done');
    await expectOne(world, mark, { registration: 1, action: 1 });
    expect(await kindsOf(world, mark)).toEqual(['registration', 'status']);
  });

  it.each(AFTER)('a change whose entry %s is completed by whoever comes next', async (_, after) => {
    const { world, log } = await createBrokenWorld(fixture);
    const mark = await register(world);
    log().plan = (operation) => (operation === 'commit' ? (after ? 'persisted' : 'failed') : null);
    const problem = problemOf(await setStatus(world, mark, 'stolen'));
    expect(problem).toMatchObject({ code: 'storageFailed' });
    expect(problem.detail).toContain('The change is stored');
    log().plan = () => null;
    // The owner, on another machine, does something else.
    const row = await stored(world, mark);
    expect(row).toMatchObject({ status: 'stolen', version: 2 });
    expect(acted(await setStatus(world, { ...mark, row }, 'recovered', 3)).result).toBe('done');
    await expectOne(world, mark, { registration: 1, action: 2 });
    expect(await kindsOf(world, mark)).toEqual(['registration', 'status', 'status']);
  });

  it('a change completes the entry of the row before, and is not stored where that can’t be logged', async () => {
    const { world, stores, log } = await createBrokenWorld(fixture);
    const mark = createMark(fixture);
    await stores().registrations.register(mark.row, randomBytes(32));
    log().plan = (operation) => (operation === 'commit' ? 'failed' : null);
    const problem = problemOf(await setStatus(world, mark, 'stolen'));
    expect(problem.code).toBe('storageFailed');
    expect(problem.detail).not.toContain('is stored');
    expect((await stores().registrations.findByCommitment(mark.row))?.version).toBe(1);
    log().plan = () => null;
    expect(acted(await setStatus(world, mark, 'stolen')).result).toBe('done');
    expect(await kindsOf(world, mark)).toEqual(['registration', 'status']);
  });

  it.each(AFTER)('a withdrawal whose erasure %s has one entry once it is sent again', async (_, after) => {
    const { world, failing } = await createBrokenWorld(fixture);
    const mark = await register(world);
    Object.assign(failing, { operation: 'erase', after });
    expect(refusalIn(await withdraw(world, mark)).code).toBe('storageFailed');
    failing.operation = null;
    const again = await withdraw(world, mark);
    // An erased row leaves nothing to answer from: `notFound` means that it is done.
    if (after) expect(refusalIn(again).code).toBe('notFound');
    else expect(acted(again).result).toBe('done');
    expect(refusalIn(await read(world, mark)).code).toBe('notFound');
    expect(await countEntries(world)).toEqual({ registration: 1, action: 1 });
  });

  it.each(AFTER)(
    'a withdrawal whose entry %s leaves the row as it is, and is done once it is sent again',
    async (_, after) => {
      const { world, log } = await createBrokenWorld(fixture);
      const mark = await register(world);
      log().plan = (operation) => (operation === 'commit' ? (after ? 'persisted' : 'failed') : null);
      expect(refusalIn(await withdraw(world, mark)).code).toBe('storageFailed');
      log().plan = () => null;
      expect(await stored(world, mark)).toEqual(mark.row);
      expect(acted(await withdraw(world, mark)).result).toBe('done');
      expect(refusalIn(await read(world, mark)).code).toBe('notFound');
      expect(await countEntries(world)).toEqual({ registration: 1, action: 1 });
    },
  );

  it.each(AFTER)(
    'a row whose withdrawal %s in the log takes no change any more, and is erased by one',
    async (_, after) => {
      const { world, failing, log } = await createBrokenWorld(fixture);
      const mark = await register(world);
      // The entry is in the log, and its row is left: nobody heard of the entry, or the erasure failed.
      if (after) log().plan = (operation) => (operation === 'commit' ? 'persisted' : null);
      else failing.operation = 'erase';
      expect(refusalIn(await withdraw(world, mark)).code).toBe('storageFailed');
      log().plan = () => null;
      failing.operation = null;
      expect(await stored(world, mark)).toEqual(mark.row);
      expect(refusalIn(await setStatus(world, mark, 'stolen')).code).toBe('notFound');
      expect(refusalIn(await read(world, mark)).code).toBe('notFound');
      expect(refusalIn(await withdraw(world, mark)).code).toBe('notFound');
      expect(await countEntries(world)).toEqual({ registration: 1, action: 1 });
    },
  );

  it('changes and withdrawals of one row at once: the log tells of the one that was done', async () => {
    const world = await createWorld(fixture);
    for (let i = 0; i < 6; i++) {
      const mark = await register(world);
      const before = (await entriesOf(world)).length;
      const requests = [async () => withdraw(world, mark), async () => setStatus(world, mark, 'stolen')];
      const replies = await Promise.all((i % 2 === 0 ? requests : requests.toReversed()).map(async (send) => send()));
      expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
      const left = (await read(world, mark)).status === 200;
      const actions = (await entriesOf(world)).slice(before);
      expect(actions).toMatchObject([{ kind: 'action', action: left ? 'status' : 'withdraw' }]);
    }
  });

  it('a withdrawal that is sent many times at once has one entry, and one row is erased', async () => {
    const world = await createWorld(fixture);
    const [mark, kept] = [await register(world), await register(world)];
    const replies = await Promise.all(Array.from({ length: 8 }, async () => withdraw(world, mark)));
    const outcomes = replies.map((reply) => (reply.status === 200 ? acted(reply).result : refusalIn(reply).code));
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
    expect(outcomes.every((outcome) => ['done', 'again', 'notFound'].includes(outcome))).toBe(true);
    expect(await countEntries(world)).toEqual({ registration: 2, action: 1 });
    expect(await stored(world, kept)).toEqual(kept.row);
  });

  it('too few guardians that cosign: it is said what is stored, and the same request completes it', async () => {
    const { world } = await createBrokenWorld(fixture);
    const [mark, token] = [createMark(fixture), await createToken(fixture)];
    for (const { witness } of world.guardians) witness.behaviour = 'resetting';
    const problem = problemOf(await post(world, mark, token));
    expect(problem).toMatchObject({ status: 503, code: 'guardiansUnavailable' });
    expect(problem.detail).toContain('The registration is stored');
    expect(problem.remedy).toContain('same request');
    expect(problem.retryAfter).toBeGreaterThan(0);
    for (const { witness } of world.guardians) witness.behaviour = 'honest';
    await eventually(async () => expect((await post(world, mark, token)).body).toMatchObject({ result: 'again' }));
    await expectOne(world, mark, { registration: 1 });
  });
});
