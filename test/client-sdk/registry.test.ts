/** What a connection makes of rosters and checkpoints, from replies made by hand. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Fetch } from '../../client-sdk/http.ts';
import { Registry } from '../../client-sdk/registry.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { hourOf, type EntrySignature } from '../../crypto/log-entry.ts';
import { formatMessage } from '../../crypto/message.ts';
import {
  rosterEntry,
  rosterHash,
  verifyRosterHistory,
  type Roster,
  type SignedRoster,
  type VerifiedRoster,
} from '../../crypto/roster.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { rosterReplySchema, type RosterReply } from '../../crypto/wire.ts';
import { createFixture, signByOperators, type Fixture } from '../support/fixture.ts';
import { createTestLog, type TestLog } from '../support/log.ts';
import { refusal } from '../support/refusal.ts';

const URL = 'https://registry.example';
const schemas = { body: z.strictObject({}), reply: z.strictObject({ checkpoint: z.string() }) };

interface Hand {
  readonly fixture: Fixture;
  /** What is answered; may be changed. */
  roster: RosterReply;
  note: string;
  asked: number;
  readonly connect: () => Promise<Registry>;
  readonly ask: (registry: Registry) => Promise<number>;
}

const replyOf = (chain: readonly SignedRoster[], log: TestLog): RosterReply => {
  return { chain: [...chain], log: { checkpoint: log.note(), logged: log.logged(0) } };
};

async function createHand(): Promise<Hand & { readonly log: TestLog }> {
  const fixture = await createFixture();
  const log = createTestLog(fixture);
  const fetch: Fetch = async (url) => {
    if (!(url as string).endsWith('/v1/roster')) return Response.json({ checkpoint: hand.note });
    hand.asked += 1;
    return Response.json(formatMessage(rosterReplySchema, hand.roster));
  };
  const options = { rosterFingerprint: fixture.fingerprint, allowTestRoster: true, fetch, retry: { attempts: 1 } };
  const hand = {
    fixture,
    log,
    roster: replyOf(fixture.chain, log),
    note: log.note(),
    asked: 0,
    connect: async () => Registry.connect(URL, options),
    ask: async (registry: Registry) => {
      const { checkpoint } = await registry.postChecked('/v1/x', schemas, {}, (reply) => reply.checkpoint);
      return checkpoint.size;
    },
  };
  return hand;
}

/** The fixture with a next roster, in which each guardian has another witness key. */
function succeed(fixture: Fixture): Fixture & { readonly rosters: readonly VerifiedRoster[] } {
  const witnesses = fixture.witnesses.map(() => createSigningKey());
  const next: Roster = {
    ...fixture.roster.roster,
    version: 2,
    predecessor: fixture.roster.hash,
    guardians: fixture.roster.roster.guardians.map((guardian, i) => {
      return Object.assign({}, guardian, { witnessKey: witnesses[i]?.publicKey as Uint8Array });
    }),
  };
  const chain = [...fixture.chain, signByOperators(next, fixture.operators)];
  const rosters = verifyRosterHistory(chain, fixture.fingerprint, { allowTestRoster: true });
  return { ...fixture, witnesses, chain, roster: rosters.at(-1) as VerifiedRoster, rosters };
}

/** The fixture's log with the next roster's entry, cosigned by the guardians' new keys. */
function goOn(fixture: Fixture, next: Fixture) {
  const log = createTestLog({ ...fixture, witnesses: next.witnesses });
  const entry = rosterEntry(next.chain[1] as SignedRoster, next.roster, hourOf(next.now));
  return { log, entry, index: log.append(entry) };
}

describe('a connection', () => {
  it('knows the rosters, first to current', async () => {
    const hand = await createHand();
    const next = succeed(hand.fixture);
    hand.roster = replyOf(next.chain, createTestLog(next));
    const registry = await hand.connect();
    expect(registry.roster.hash).toEqual(rosterHash((next.chain[1] as SignedRoster).roster));
    expect(registry.rosters).toEqual(next.rosters);
    expect(registry.chain).toEqual(next.chain);
  });

  it('is not made while no guardians vouch for the roster, and says what to do', async () => {
    const hand = await createHand();
    hand.roster = { ...hand.roster, log: null };
    const error = (await hand.connect().catch((caught: unknown) => caught)) as BlindmarkError;
    expect(error).toEqual(refusal('guardiansUnavailable'));
    expect(error.remedy).toContain('2 guardians');
    expect(error.retryAfter).toBe(60);
  });

  it('is not made under a roster whose entry is an older one’s, or one that operators did not sign', async () => {
    const hand = await createHand();
    const next = succeed(hand.fixture);
    const { log, index, entry } = goOn(hand.fixture, next);
    hand.roster = { chain: [...next.chain], log: { checkpoint: log.note(), logged: log.logged(0) } };
    await expect(hand.connect()).rejects.toEqual(refusal('badRoster', 'log'));
    hand.roster = { chain: [...next.chain], log: { checkpoint: log.note(), logged: log.logged(index) } };
    expect((await hand.connect()).roster.roster.version).toBe(2);
    const [first, second] = entry.signatures as [EntrySignature, EntrySignature];
    const forged = log.append({ ...entry, signatures: [first, { ...second, signature: first.signature }] });
    hand.roster = { chain: [...next.chain], log: { checkpoint: log.note(), logged: log.logged(forged) } };
    await expect(hand.connect()).rejects.toEqual(refusal('badRoster', 'signatures'));
  });

  it('takes a larger checkpoint, no smaller one, and asks nothing more', async () => {
    const hand = await createHand();
    const registry = await hand.connect();
    expect(await hand.ask(registry)).toBe(1);
    hand.log.append({ kind: 'check', hour: 1, request: new Uint8Array(32) });
    hand.note = hand.log.note();
    expect(await hand.ask(registry)).toBe(2);
    hand.note = hand.log.note({ size: 1 });
    await expect(hand.ask(registry)).rejects.toEqual(refusal('logBehind'));
    expect(hand.asked).toBe(1);
    expect(registry.acceptEarlier(hand.note, registry.roster).size).toBe(1);
  });

  it('refuses another log of the same size, also where an older one would do', async () => {
    const hand = await createHand();
    const registry = await hand.connect();
    const [one, other] = [1, 2].map((byte) => {
      return createTestLog(hand.fixture, [{ kind: 'check', hour: 1, request: new Uint8Array(32).fill(byte) }]);
    }) as [TestLog, TestLog];
    hand.note = one.note();
    expect(await hand.ask(registry)).toBe(2);
    hand.note = other.note();
    await expect(hand.ask(registry)).rejects.toEqual(refusal('logForked'));
    expect(() => registry.acceptEarlier(other.note(), registry.roster)).toThrow(refusal('logForked'));
  });

  it('learns of a roster that came into force between a request and its reply', async () => {
    const hand = await createHand();
    const registry = await hand.connect();
    const next = succeed(hand.fixture);
    const { log, index } = goOn(hand.fixture, next);
    hand.note = log.note();
    await expect(hand.ask(registry)).rejects.toEqual(refusal('badCheckpoint'));
    hand.roster = { chain: [...next.chain], log: { checkpoint: log.note(), logged: log.logged(index) } };
    expect(await hand.ask(registry)).toBe(2);
    expect(registry.roster.roster.version).toBe(2);
    // Under the roster before, nobody vouches any more.
    hand.note = createTestLog(hand.fixture).note();
    await expect(hand.ask(registry)).rejects.toEqual(refusal('badCheckpoint'));
  });

  it('tries once more under a newer roster, for each of several at once, and goes back to none', async () => {
    const hand = await createHand();
    const registry = await hand.connect();
    const next = succeed(hand.fixture);
    const { log, index } = goOn(hand.fixture, next);
    const work = async ({ roster }: VerifiedRoster): Promise<number> => {
      if (roster.version === 1) throw new BlindmarkError('wrongRoster', 'another roster');
      return roster.version;
    };
    await expect(registry.underCurrentRoster(work)).rejects.toEqual(refusal('wrongRoster'));
    hand.roster = { chain: [...next.chain], log: { checkpoint: log.note(), logged: log.logged(index) } };
    const both = await Promise.all([registry.underCurrentRoster(work), registry.underCurrentRoster(work)]);
    expect(both).toEqual([2, 2]);
    hand.roster = replyOf(hand.fixture.chain, hand.log);
    const older = async ({ roster }: VerifiedRoster): Promise<void> => {
      throw new BlindmarkError('wrongEpoch', `under ${roster.version}`);
    };
    await expect(registry.underCurrentRoster(older)).rejects.toEqual(refusal('logBehind'));
    expect(registry.roster.roster.version).toBe(2);
  });
});
