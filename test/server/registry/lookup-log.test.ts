/** Matches: what is in the log before a registration is shown, and what a lookup that fails halfway comes to. */
import { beforeAll, describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { parseCheckpoint } from '../../../crypto/checkpoint.ts';
import { officerThumbprint } from '../../../crypto/credential.ts';
import { hourOf, markHash, type LogEntry } from '../../../crypto/log-entry.ts';
import { verifyCosigned, verifyEntryOf, verifyLogged } from '../../../crypto/log-proof.ts';
import { parseMessage } from '../../../crypto/message.ts';
import { authorizationHash, type OfficerSigner } from '../../../crypto/officer-request.ts';
import { rowHash, type RegistrationRow } from '../../../crypto/registration.ts';
import { lookupReplySchema, type LookupReply } from '../../../crypto/wire.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import { createBrokenWorld } from './broken-world.ts';
import { change, historyOf, setStatus, withdraw } from './owner-steps.ts';
import {
  blindedElements,
  changeRow,
  countEntries,
  createMark,
  createWorld,
  evaluationBody,
  eventually,
  lookup,
  lookupBody,
  lookupEvaluation,
  parseEvaluationReply,
  problemOf,
  refusalIn,
  register,
  type World,
} from './world.ts';

let fixture: Fixture;
let delaying: Fixture;
let officer: OfficerSigner;
beforeAll(async () => {
  fixture = await createFixture();
  delaying = await createFixture({ delayDays: 7 });
  officer = await fixture.createOfficer();
});

type LookupBody = ReturnType<typeof lookupBody>;

/** An evaluation that guardians answered, and the lookup that follows it. */
async function prepare(
  world: World,
  tags: readonly Uint8Array[],
  by = officer,
): Promise<{ body: LookupBody; index: number }> {
  const evaluation = await lookupEvaluation(world.fixture, by, blindedElements(tags.length));
  const reply = parseEvaluationReply(await world.post('/v1/evaluations', evaluationBody(evaluation)));
  const hash = authorizationHash(evaluation.authorization);
  return { body: lookupBody(await lookup(world.fixture, by, hash, [...tags])), index: reply.log.logged.index };
}

const send = async (world: World, body: LookupBody) => world.post('/v1/lookups', body);

const answer = async (world: World, body: LookupBody): Promise<LookupReply> =>
  parseMessage(lookupReplySchema, (await send(world, body)).body);

/** What an officer's client checks of each registration that is shown. */
function verifyShown({ roster, now, origin }: Fixture, reply: LookupReply, lookupIndex: number, delayDays = 0) {
  const { checkpoint } = verifyCosigned(reply.checkpoint, roster.roster);
  return reply.results.map((slots) =>
    slots.flatMap(({ registration, registered, match }) => {
      if (registration === null || registered === null || match === null) {
        expect([registration, registered, match]).toEqual([null, null, null]);
        return [];
      }
      const entry = verifyLogged(registered.logged, checkpoint);
      expect(entry).toMatchObject({ mark: markHash(registered.salt, registration.commitment) });
      if (registration.version === 1) expect(entry).toMatchObject({ row: rowHash(origin, registration) });
      const mark = markHash(match.salt, registration.commitment);
      const expected: LogEntry = { kind: 'match', hour: hourOf(now), mark, lookup: lookupIndex };
      const logged = verifyLogged(match.logged, checkpoint);
      expect(verifyEntryOf(logged, expected, { delayed: match.delayed, delayDays })).toEqual(expected);
      return [{ registration, registered: entry, match: logged, index: match.logged.index }];
    }),
  );
}

const sizeOf = (world: World): number => parseCheckpoint(world.publicLog.latest() as string).checkpoint.size;

describe('a registration that is shown', () => {
  it('has its match in the log, which names the lookup, and the entry of its registration', async () => {
    const world = await createWorld(fixture);
    const first = await register(world);
    const claims = [first, await register(world, { lookupTag: first.lookupTag })];
    const second = await register(world);
    const { body, index } = await prepare(world, [second.lookupTag, randomBytes(32), first.lookupTag]);
    const shown = verifyShown(fixture, await answer(world, body), index);
    expect(shown.map((each) => each.map(({ registration }) => registration))).toEqual([
      [second.row],
      [],
      claims.map(({ row }) => row),
    ]);
    expect(shown.flat().map(({ registered }) => registered.kind)).toEqual(Array(3).fill('registration'));
    expect(await countEntries(world)).toEqual({ registration: 3, lookup: 1, match: 3 });
  });

  it('shows when it was registered first, whatever was changed since', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    await setStatus(world, mark, 'stolen');
    const row = changeRow(fixture, mark, { status: 'stolen', itemEnvelope: randomBytes(512), version: 3 });
    await change(world, 'replace', mark, row);
    const { body, index } = await prepare(world, [mark.lookupTag]);
    const [[shown]] = verifyShown(fixture, await answer(world, body), index) as [
      [ReturnType<typeof verifyShown>[0][0]],
    ];
    expect(shown?.registration).toEqual(row);
    expect(shown?.registered).toMatchObject({ kind: 'registration', row: rowHash(fixture.origin, mark.row) });
  });

  it('has one match a lookup, though its tag is named twice', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const { body, index } = await prepare(world, [mark.lookupTag, mark.lookupTag]);
    const shown = verifyShown(fixture, await answer(world, body), index).flat();
    expect(shown.map(({ registration }) => registration)).toEqual([mark.row, mark.row]);
    expect(new Set(shown.map((each) => each.index)).size).toBe(1);
    expect(await countEntries(world)).toEqual({ registration: 1, lookup: 1, match: 1 });
  });

  it('has another match for another lookup', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    for (let i = 0; i < 3; i++) {
      const { body, index } = await prepare(world, [mark.lookupTag]);
      verifyShown(fixture, await answer(world, body), index);
    }
    expect(await countEntries(world)).toEqual({ registration: 1, lookup: 3, match: 3 });
  });

  it('is one of up to 256, and gets its entry even if none has one yet', async () => {
    const { world, stores } = await createBrokenWorld(fixture);
    const tags = Array.from({ length: 64 }, () => randomBytes(32));
    const marks = tags.flatMap((lookupTag) => Array.from({ length: 4 }, () => createMark(fixture, { lookupTag })));
    await Promise.all(marks.map(async ({ row }) => stores().registrations.register(row, randomBytes(32))));
    const { body, index } = await prepare(world, tags);
    const shown = verifyShown(fixture, await answer(world, body), index).flat();
    expect(shown.map(({ registration }) => registration)).toEqual(marks.map(({ row }) => row));
    expect(new Set(shown.map((each) => each.index)).size).toBe(256);
    expect(await countEntries(world)).toEqual({ registration: 256, lookup: 1, match: 256 });
  });

  it('has a match that the force’s policy hides from the public, and not from the officer', async () => {
    const world = await createWorld(delaying);
    const mark = await register(world);
    const { body, index } = await prepare(world, [mark.lookupTag], await delaying.createOfficer());
    const reply = await answer(world, body);
    const [[shown]] = verifyShown(delaying, reply, index, 7) as [[ReturnType<typeof verifyShown>[0][0]]];
    const hour = hourOf(delaying.now);
    expect(shown?.match).toMatchObject({ kind: 'delayed', of: 'match', revealBy: hour + 7 * 24 });
    expect(await countEntries(world)).toEqual({ registration: 1, delayed: 2 });
    expect((await answer(world, body)).results).toEqual(reply.results);
    // The owner is not told before it is revealed.
    expect((await historyOf(world, mark)).entries).toHaveLength(1);
  });
});

describe('the owner', () => {
  it('sees each match in the history', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    await setStatus(world, mark, 'stolen');
    const { body, index } = await prepare(world, [mark.lookupTag]);
    await answer(world, body);
    const { checkpoint: note, entries } = await historyOf(world, mark);
    const { checkpoint } = verifyCosigned(note, fixture.roster.roster);
    const shown = entries.map(({ logged, salt }) => ({ entry: verifyLogged(logged, checkpoint), salt }));
    expect(shown.map(({ entry }) => entry.kind)).toEqual(['registration', 'action', 'match']);
    expect(shown[2]?.entry).toMatchObject({
      lookup: index,
      mark: markHash(shown[2]?.salt as Uint8Array, mark.row.commitment),
    });
  });
});

describe('a lookup sent again', () => {
  it('shows what it showed the first time: nothing that was registered since, and what was changed as it is now', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const { body, index } = await prepare(world, [mark.lookupTag]);
    verifyShown(fixture, await answer(world, body), index);
    await register(world, { lookupTag: mark.lookupTag });
    await setStatus(world, mark, 'stolen');
    const [shown] = verifyShown(fixture, await answer(world, body), index) as [ReturnType<typeof verifyShown>[0]];
    expect(shown.map(({ registration }) => registration.status)).toEqual(['stolen']);
    expect((await countEntries(world)).match).toBe(1);
  });

  it('shows nothing that was withdrawn since', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const { body, index } = await prepare(world, [mark.lookupTag]);
    await answer(world, body);
    await withdraw(world, mark);
    expect(verifyShown(fixture, await answer(world, body), index)).toEqual([[]]);
  });

  it('after a miss shows nothing, whatever was registered since', async () => {
    const world = await createWorld(fixture);
    const lookupTag = randomBytes(32);
    const { body, index } = await prepare(world, [lookupTag]);
    expect(verifyShown(fixture, await answer(world, body), index)).toEqual([[]]);
    await register(world, { lookupTag });
    expect(verifyShown(fixture, await answer(world, body), index)).toEqual([[]]);
    expect((await countEntries(world)).match).toBeUndefined();
  });

  it('has one match when it is sent many times at once', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const { body, index } = await prepare(world, [mark.lookupTag]);
    const replies = await Promise.all(Array.from({ length: 8 }, async () => answer(world, body)));
    const indexes = replies.map((reply) => verifyShown(fixture, reply, index)[0]?.[0]?.index);
    expect(new Set(indexes).size).toBe(1);
    expect((await countEntries(world)).match).toBe(1);
  });
});

describe('a miss', () => {
  it('goes the same way as a hit, through the log and its witnesses, and leaves nothing there', async () => {
    const world = await createWorld(fixture);
    const hit = await prepare(world, [(await register(world)).lookupTag]);
    const miss = await prepare(world, [randomBytes(32)]);
    const before = sizeOf(world);
    for (const { witness } of world.guardians) witness.behaviour = 'resetting';
    for (const { body } of [miss, hit]) {
      expect(refusalIn(await send(world, body)).code).toBe('guardiansUnavailable');
    }
    for (const { witness } of world.guardians) witness.behaviour = 'honest';
    await eventually(async () => expect((await send(world, miss.body)).status).toBe(200));
    const { match = 0 } = await countEntries(world);
    expect(sizeOf(world)).toBe(before + match);
  });

  it('is refused as a hit is when the log stands still', async () => {
    const { world, log } = await createBrokenWorld(fixture);
    const { body: other } = await prepare(world, [(await register(world)).lookupTag]);
    const { body } = await prepare(world, [randomBytes(32)]);
    log().plan = () => 'failed';
    const refusals = [await send(world, other), await send(world, body)].map(problemOf);
    expect(refusals[0]).toMatchObject({ code: 'storageFailed', status: 503 });
    log().plan = () => null;
    expect((await send(world, body)).status).toBe(200);
    expect((await send(world, other)).status).toBe(200);
  });
});

describe('an officer who was revoked', () => {
  it('between evaluation and lookup gets nothing', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const { body } = await prepare(world, [mark.lookupTag]);
    world.revoked.push(officerThumbprint(officer.key.publicKey));
    await world.restart();
    expect(refusalIn(await send(world, body)).code).toBe('credentialRevoked');
    expect(await countEntries(world)).toEqual({ registration: 1, lookup: 1 });
  });
});

describe('a row whose entry a crash left out', () => {
  it('gets it before it is shown', async () => {
    const { world, stores } = await createBrokenWorld(fixture);
    const mark = createMark(fixture);
    await stores().registrations.register(mark.row, randomBytes(32));
    const { body, index } = await prepare(world, [mark.lookupTag]);
    const [shown] = verifyShown(fixture, await answer(world, body), index) as [ReturnType<typeof verifyShown>[0]];
    expect(shown[0]?.registered).toMatchObject({ kind: 'registration' });
    expect(await countEntries(world)).toEqual({ registration: 1, lookup: 1, match: 1 });
  });

  it('after a change is shown with its registration', async () => {
    const { world, log } = await createBrokenWorld(fixture);
    const mark = await register(world);
    log().plan = (operation) => (operation === 'commit' ? 'failed' : null);
    expect(refusalIn(await setStatus(world, mark, 'stolen')).code).toBe('storageFailed');
    log().plan = () => null;
    const { body, index } = await prepare(world, [mark.lookupTag]);
    const [shown] = verifyShown(fixture, await answer(world, body), index) as [ReturnType<typeof verifyShown>[0]];
    expect(shown[0]?.registration).toMatchObject({ status: 'stolen', version: 2 } satisfies Partial<RegistrationRow>);
    expect(shown[0]?.registered).toMatchObject({ kind: 'registration' });
  });
});

describe('a step that fails', () => {
  const cases = (['claimLookup', 'settleLookup', 'addHistory'] as const).flatMap((operation) =>
    [false, true].map((after) => [operation, after] as const),
  );

  it.each(cases)('%s (persisted: %s) shows nothing, and one match once it is sent again', async (operation, after) => {
    const { world, failing } = await createBrokenWorld(fixture);
    const mark = await register(world);
    const { body, index } = await prepare(world, [mark.lookupTag]);
    Object.assign(failing, { operation, after });
    expect(refusalIn(await send(world, body)).code).toBe('storageFailed');
    expect((await countEntries(world)).match).toBeUndefined();
    failing.operation = null;
    expect(verifyShown(fixture, await answer(world, body), index)[0]).toHaveLength(1);
    expect(await countEntries(world)).toEqual({ registration: 1, lookup: 1, match: 1 });
    expect((await historyOf(world, mark)).entries).toHaveLength(2);
  });

  it.each(['failed', 'persisted'] as const)(
    'a match whose entry %s is not shown, and is one match once it is sent again',
    async (failure) => {
      const { world, log } = await createBrokenWorld(fixture);
      const mark = await register(world);
      const { body, index } = await prepare(world, [mark.lookupTag]);
      log().plan = (operation) => (operation === 'commit' ? failure : null);
      expect(refusalIn(await send(world, body)).code).toBe('storageFailed');
      log().plan = () => null;
      expect(verifyShown(fixture, await answer(world, body), index)[0]).toHaveLength(1);
      expect(await countEntries(world)).toEqual({ registration: 1, lookup: 1, match: 1 });
    },
  );

  it('too few guardians that cosign: nothing is shown, and one match once they do', async () => {
    const { world } = await createBrokenWorld(fixture);
    const mark = await register(world);
    const { body, index } = await prepare(world, [mark.lookupTag]);
    for (const { witness } of world.guardians.slice(0, 2)) witness.behaviour = 'resetting';
    expect(problemOf(await send(world, body))).toMatchObject({ status: 503, code: 'guardiansUnavailable' });
    for (const { witness } of world.guardians) witness.behaviour = 'honest';
    await eventually(async () => expect((await send(world, body)).status).toBe(200));
    expect(verifyShown(fixture, await answer(world, body), index)[0]).toHaveLength(1);
    expect(await countEntries(world)).toEqual({ registration: 1, lookup: 1, match: 1 });
  });
});
