/** Where a force publishes what it has revoked: it counts at once, and the log shows each change. */
import type { Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { createForceCredential, officerThumbprint, verifyOfficerCredential } from '../../../crypto/credential.ts';
import { hourOf, type EntryOf } from '../../../crypto/log-entry.ts';
import { formatMessage } from '../../../crypto/message.ts';
import {
  createRevocationList,
  revocationListHash,
  type SignedRevocationList,
} from '../../../crypto/revocation-list.ts';
import { createSigningKey, type SigningKey } from '../../../crypto/signature.ts';
import { revocationsReplySchema, revocationsSchema } from '../../../crypto/wire-openings.ts';
import { Budgets, MAX_REVOCATION_CHANGES } from '../../../server/registry/budgets.ts';
import { refusal } from '../../support/refusal.ts';
import { startRevocationServer, type RevocationServer } from '../../support/revocation-server.ts';
import {
  accepted,
  createAsk,
  createOfficer,
  createOpeningWorld,
  lookUp,
  postAsk,
  refusalOf,
  register,
  type OpeningWorld,
} from './opening-world.ts';

let world: OpeningWorld;

beforeAll(async () => {
  world = await createOpeningWorld();
});

afterAll(async () => world.close());

interface ListOptions {
  readonly key?: SigningKey;
  readonly force?: string;
  readonly origin?: string;
  readonly forceCredential?: string;
  readonly issuedAt?: number;
}

/** A list as of now; each is a second younger than the one before. */
async function createList(revoked: readonly Uint8Array[], options: ListOptions = {}): Promise<SignedRevocationList> {
  const { fixture } = world;
  const { key = fixture.forceKey, force = 'demo-force', origin = fixture.origin } = options;
  const { forceCredential = fixture.forceCredential, issuedAt = ++world.clock.now } = options;
  return createRevocationList({ key, id: force, origin, forceCredential }, revoked, issuedAt);
}

const post = async (list: SignedRevocationList): Promise<Response> =>
  world.post('/v1/revocations', formatMessage(revocationsSchema, list));

const resultOf = async (list: SignedRevocationList): Promise<string> =>
  accepted(await post(list), revocationsReplySchema).result;

const read = async (of = world): Promise<Response> => of.get('/v1/revocations/demo-force');

const revocationEntries = async (of = world): Promise<EntryOf<'revocation'>[]> =>
  (await of.entries()).filter((entry): entry is EntryOf<'revocation'> => entry.kind === 'revocation');

describe('a force’s list', () => {
  it('is served as it was pushed, and is in the log', async () => {
    expect(refusalOf(await read())).toEqual({ code: 'notFound', field: 'force' });
    const revoked = [randomBytes(32), randomBytes(32)];
    const list = await createList(revoked);
    expect(await resultOf(list)).toBe('taken');
    expect(accepted(await read(), revocationsSchema)).toEqual(list);
    const hash = revocationListHash(world.fixture.origin, 'demo-force', revoked);
    const [entry, ...others] = await revocationEntries();
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ hour: hourOf(world.clock.now), force: 'demo-force', list: hash });
    await world.restart();
    expect(accepted(await read(), revocationsSchema)).toEqual(list);
  });

  it('is in the log once for as long as it revokes the same', async () => {
    const revoked = [randomBytes(32)];
    const list = await createList(revoked);
    expect(await resultOf(list)).toBe('taken');
    const entries = await revocationEntries();
    expect(await resultOf(list)).toBe('again');
    const renewed = await createList(revoked);
    expect(await resultOf(renewed)).toBe('taken');
    expect(accepted(await read(), revocationsSchema)).toEqual(renewed);
    expect(await revocationEntries()).toEqual(entries);
  });

  it('is in the log again when what it revokes changes, even back to what it was', async () => {
    const before = await revocationEntries();
    const [one, two] = [[randomBytes(32)], [randomBytes(32)]];
    for (const revoked of [one, two, one]) expect(await resultOf(await createList(revoked))).toBe('taken');
    const hashes = [one, two, one].map((revoked) => revocationListHash(world.fixture.origin, 'demo-force', revoked));
    expect((await revocationEntries()).slice(before.length).map(({ list }) => list)).toEqual(hashes);
  });

  it('does not give way to an older one', async () => {
    const older = await createList([]);
    const list = await createList([randomBytes(32)]);
    expect(await resultOf(list)).toBe('taken');
    const entries = await revocationEntries();
    expect(await resultOf(older)).toBe('again');
    expect(accepted(await read(), revocationsSchema)).toEqual(list);
    expect(await revocationEntries()).toEqual(entries);
  });

  it('does not give way in the log either, when it had yet to come into it', async () => {
    const before = await revocationEntries();
    const older = await createList([randomBytes(32)]);
    const revoked = [randomBytes(32)];
    const list = await createList(revoked);
    world.broken.set('log.commit', 'before');
    expect(refusalOf(await post(list))).toMatchObject({ code: 'storageFailed' });
    world.broken.clear();
    expect(await resultOf(older)).toBe('again');
    expect(await revocationEntries()).toEqual(before);
    expect(await resultOf(list)).toBe('again');
    const [entry] = (await revocationEntries()).slice(before.length);
    expect(entry?.list).toEqual(revocationListHash(world.fixture.origin, 'demo-force', revoked));
  });

  it('counts at once for openings', async () => {
    const officer = await createOfficer(world);
    const hit = await lookUp(world, officer, await register(world));
    const asked = await createAsk(world, officer, hit);
    await resultOf(await createList([officerThumbprint(officer.key.publicKey)]));
    expect(refusalOf(await postAsk(world, asked))).toMatchObject({ code: 'credentialRevoked' });
  });

  it.each(['openings.saveRevocations', 'log.commit'] as const)(
    'is completed by whoever sends it again when %s fails, before or after it was done',
    async (operation) => {
      for (const when of ['before', 'after'] as const) {
        const before = await revocationEntries();
        const list = await createList([randomBytes(32)]);
        world.broken.set(operation, when);
        expect(refusalOf(await post(list))).toMatchObject({ code: 'storageFailed' });
        world.broken.clear();
        await resultOf(list);
        expect(accepted(await read(), revocationsSchema)).toEqual(list);
        expect(await revocationEntries()).toHaveLength(before.length + 1);
      }
    },
  );

  it('is kept when guardians do not cosign, and logged with the next push', async () => {
    const before = await revocationEntries();
    const revoked = [randomBytes(32)];
    const list = await createList(revoked);
    for (const guardian of world.guardians) guardian.isDown = true;
    expect(refusalOf(await post(list))).toMatchObject({ code: 'guardiansUnavailable' });
    for (const guardian of world.guardians) guardian.isDown = false;
    expect(accepted(await read(), revocationsSchema)).toEqual(list);
    expect(await resultOf(await createList(revoked))).toBe('taken');
    expect(await revocationEntries()).toHaveLength(before.length + 1);
  });
});

describe('a list on the force’s own host', () => {
  let host: RevocationServer;
  let hosted: OpeningWorld;
  beforeAll(async () => {
    host = await startRevocationServer(() => hosted.clock.now);
    hosted = await createOpeningWorld({ revocationUrl: host.urlOf('demo-force') });
    const { forceKey: key, origin, forceCredential } = hosted.fixture;
    host.signers.set('demo-force', { key, origin, forceCredential });
  });
  afterAll(async () => {
    await hosted.close();
    await host.stop();
  });

  const look = async (): Promise<void> => hosted.registry.revocations.refresh();
  const entries = async () => revocationEntries(hosted);
  const hashOf = (revoked: readonly Uint8Array[]) => revocationListHash(hosted.fixture.origin, 'demo-force', revoked);

  /** What the force's host says from now on, with a new list each second. */
  const publish = (...revoked: Uint8Array[]): void => {
    host.revoked.splice(0, host.revoked.length, ...revoked);
    hosted.clock.now += 1;
  };

  it('is in the log when it changes what is revoked, as if it had been pushed, and is served here too', async () => {
    publish();
    await look();
    // Nothing was ever revoked.
    expect(await entries()).toEqual([]);
    expect(refusalOf(await read(hosted))).toEqual({ code: 'notFound', field: 'force' });
    const revoked = [randomBytes(32)];
    publish(...revoked);
    await look();
    const [entry, ...others] = await entries();
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ hour: hourOf(hosted.clock.now), force: 'demo-force', list: hashOf(revoked) });
    const first = await host.list('demo-force');
    expect(accepted(await read(hosted), revocationsSchema)).toEqual(first);

    publish(...revoked);
    await look();
    await hosted.restart();
    await look();
    expect(await entries()).toEqual([entry]);
    const renewed = await host.list('demo-force');
    expect(renewed).not.toEqual(first);
    expect(accepted(await read(hosted), revocationsSchema)).toEqual(renewed);
    expect(accepted(await hosted.post('/v1/revocations', renewed), revocationsReplySchema).result).toBe('again');
    expect(await entries()).toEqual([entry]);

    publish();
    await look();
    expect((await entries()).map(({ list }) => list)).toEqual([hashOf(revoked), hashOf([])]);
  });

  it.each(['openings.saveRevocations', 'log.commit', 'guardians'] as const)(
    'counts although %s fail, and is in the log with the next look at the same list',
    async (broken) => {
      const set = (isBroken: boolean): void => {
        if (broken === 'guardians') for (const guardian of hosted.guardians) guardian.isDown = isBroken;
        else if (isBroken) hosted.broken.set(broken, 'before');
        else hosted.broken.clear();
      };
      const before = await entries();
      const [honest, other] = [await createOfficer(hosted), await createOfficer(hosted)];
      const check = async ({ officerCredential, forceCredential }: typeof honest): Promise<void> => {
        const { roster } = hosted.fixture.roster;
        const officer = await verifyOfficerCredential({ officerCredential, forceCredential }, roster, hosted.clock.now);
        await hosted.registry.revocations.check(officer, hosted.clock.now);
      };
      set(true);
      publish(officerThumbprint(other.key.publicKey));
      for (let i = 0; i < 3; i++) await look();
      await check(honest);
      await expect(check(other)).rejects.toEqual(refusal('credentialRevoked'));
      if (broken !== 'guardians') expect(await entries()).toEqual(before);
      set(false);
      for (let i = 0; i < 3; i++) await look();
      expect((await entries()).slice(before.length).map(({ list }) => list)).toEqual([hashOf(host.revoked)]);
      const hit = await lookUp(hosted, honest, await register(hosted));
      expect(hit).toBeDefined();
    },
  );

  it('is not waited for by an officer’s request: what comes meanwhile is logged next, the newest alone', async () => {
    const before = await entries();
    const [one, two, three] = [randomBytes(32), randomBytes(32), randomBytes(32)];
    const officer = await createOfficer(hosted);
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    hosted.broken.set('openings.saveRevocations', async () => {
      reached.resolve();
      await gate.promise;
    });
    publish(one);
    const looks = [look()];
    await reached.promise;
    const hit = await lookUp(hosted, officer, await register(hosted));
    expect(hit).toBeDefined();
    const { forceCredential, officerCredential } = officer;
    for (const revoked of [two, three]) {
      publish(revoked);
      // Too old by now, so that an officer's request looks for another.
      hosted.clock.now += 901;
      const at = hosted.clock.now;
      const { roster } = hosted.fixture.roster;
      const verified = await verifyOfficerCredential({ forceCredential, officerCredential }, roster, at);
      await hosted.registry.revocations.check(verified, at);
    }
    expect(await entries()).toEqual(before);
    looks.push(look());
    gate.resolve();
    await Promise.all(looks);
    const lists = (await entries()).slice(before.length).map(({ list }) => list);
    expect(lists).toEqual([hashOf([one]), hashOf([three])]);
  });
});

describe('refusals', () => {
  const refuse = async (options: ListOptions): Promise<unknown> => {
    const stored = (await read()).text;
    const entries = await revocationEntries();
    const said = refusalOf(await post(await createList([randomBytes(32)], options)));
    expect((await read()).text).toBe(stored);
    expect(await revocationEntries()).toEqual(entries);
    return said;
  };

  it('a list that is too old, or from the future', async () => {
    const stale = { code: 'revocationsStale', field: 'list' };
    expect(await refuse({ issuedAt: world.clock.now - 901 })).toEqual(stale);
    expect(await refuse({ issuedAt: world.clock.now + 61 })).toEqual(stale);
  });

  it('a list that another key signed', async () => {
    expect(await refuse({ key: createSigningKey() })).toEqual({ code: 'badSignature', field: 'list' });
  });

  it('a list in another force’s name', async () => {
    expect(await refuse({ force: 'other-force' })).toEqual({ code: 'badSignature', field: 'list' });
  });

  it('a list for another registry', async () => {
    expect(await refuse({ origin: 'elsewhere.example' })).toEqual({ code: 'wrongOrigin', field: 'list' });
  });

  it('a force that is not in the roster, or that no authority root has certified', async () => {
    const { origin, authorityRoot, now } = world.fixture;
    const key = createSigningKey();
    const { publicKey } = key;
    const unknown = await createForceCredential(authorityRoot, { origin, force: 'nobody', publicKey, now });
    expect(await refuse({ key, force: 'nobody', forceCredential: unknown })).toEqual({
      code: 'unknownForce',
      field: 'forceCredential',
    });
    const forged = await createForceCredential(createSigningKey(), { origin, force: 'demo-force', publicKey, now });
    expect(await refuse({ key, forceCredential: forged })).toEqual({ code: 'badCredential', field: 'forceCredential' });
  });
});

it('lets no force fill the log with changes', () => {
  const clock = { now: 1_800_000_000 };
  const budgets = new Budgets(() => clock.now);
  const keys = Array.from({ length: MAX_REVOCATION_CHANGES }, () => randomBytes(32));
  for (const key of keys) budgets.chargeRevocation(key, 'demo-force');
  for (const key of keys) budgets.chargeRevocation(key, 'demo-force');
  const more = randomBytes(32);
  expect(() => budgets.chargeRevocation(more, 'demo-force')).toThrow(refusal('quotaExceeded'));
  expect(() => budgets.chargeRevocation(more, 'other-force')).not.toThrow();
  clock.now += 86_400;
  expect(() => budgets.chargeRevocation(more, 'demo-force')).not.toThrow();
});
