/** Drafting and publishing rosters: the first, the next, and what is refused. */
import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { registryFileSchema } from '../../../crypto/credential-files.ts';
import type { KeyGeneration } from '../../../crypto/dkg-messages.ts';
import type { TreeHead } from '../../../crypto/merkle.ts';
import {
  parseRoster,
  rosterHash,
  signRoster,
  type Roster,
  type RosterSignature,
  type VerifiedRoster,
} from '../../../crypto/roster.ts';
import { createSigningKey } from '../../../crypto/signature.ts';
import { STANDARD_SCHEMES } from '../../../crypto/standard-schemes.ts';
import { STRETCH_FLOOR } from '../../../crypto/stretch.ts';
import { readJson } from '../../../server/files.ts';
import {
  guardianAddresses,
  parseGuardianOption,
  readConfig,
  registryFiles,
  writeConfig,
  type RegistryConfig,
} from '../../../server/registry/config.ts';
import { draftRoster, type RosterChanges } from '../../../server/registry/draft-roster.ts';
import { publishRoster } from '../../../server/registry/publish-roster.ts';
import { loadRoster, readRosterChain } from '../../../server/registry/roster.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import { createFolder } from '../../support/folder.ts';
import { refusal } from '../../support/refusal.ts';
import { generateKey, generateKeys } from './key-generation.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});

const changes = (change: Partial<RosterChanges> = {}): RosterChanges => ({
  origin: fixture.origin,
  ...generateKeys(fixture, 1),
  logKey: fixture.logKey.publicKey,
  stretch: STRETCH_FLOOR,
  authorityRoots: [fixture.authorityRoot.publicKey],
  forces: fixture.roster.roster.forces,
  issuers: fixture.roster.roster.issuers,
  now: fixture.now,
  ...change,
});

const verified = (bytes: Uint8Array): VerifiedRoster => {
  const roster = parseRoster(bytes);
  return { roster, hash: rosterHash(bytes), signers: roster };
};

/** What stays the same in the next roster. */
const next = (change: Partial<RosterChanges>): RosterChanges => ({
  origin: fixture.origin,
  stretch: STRETCH_FLOOR,
  now: fixture.now + 60,
  ...change,
});

describe('the first draft', () => {
  it('holds what was named, the standard schemes, and the guardians of the key', () => {
    const roster = parseRoster(draftRoster(changes(), null));
    expect(roster).toMatchObject({ version: 1, predecessor: null, threshold: 2, schemes: STANDARD_SCHEMES });
    expect(roster.guardians.map(({ id, index }) => [id, index])).toEqual([
      ['g1', 1],
      ['g2', 2],
      ['g3', 3],
    ]);
    expect(roster.epochs).toMatchObject([{ epoch: 1, live: true, stretch: STRETCH_FLOOR }]);
    expect(roster.testRoster).toBeUndefined();
  });

  it('holds the keys of both ends, and the log’s and the witnesses’', () => {
    const { keyGeneration, decryptionKeyGeneration } = generateKeys(fixture, 1);
    const roster = parseRoster(draftRoster(changes({ keyGeneration, decryptionKeyGeneration }), null));
    const [epoch] = roster.epochs as [Roster['epochs'][number]];
    expect(epoch).toMatchObject({ groupKey: keyGeneration.groupKey, publicShares: keyGeneration.publicShares });
    const { groupKey, publicShares } = decryptionKeyGeneration;
    expect(epoch.decryption).toEqual({ groupKey, publicShares });
    expect(roster.log).toEqual({ generation: 1, publicKey: fixture.logKey.publicKey, start: null, closed: null });
    expect(roster.guardians.map(({ witnessKey }) => witnessKey)).toEqual(
      fixture.witnesses.map(({ publicKey }) => publicKey),
    );
  });

  const cases: [string, () => Partial<RosterChanges>, Error][] = [
    ['no authority root', () => ({ authorityRoots: [] }), refusal('badInput', '--authority-root')],
    [
      'another registry’s key',
      () => ({ keyGeneration: { ...generateKey({ ...fixture, origin: 'other.example' }, 1) } }),
      refusal('wrongOrigin', '--key-generation'),
    ],
    [
      'a key that not all guardians confirmed',
      () => {
        const generation = generateKey(fixture, 1);
        return { keyGeneration: { ...generation, confirmations: generation.confirmations.slice(1) } };
      },
      refusal('badTranscript'),
    ],
    [
      'a key whose public part was changed',
      () => ({ keyGeneration: { ...generateKey(fixture, 1), transcript: randomBytes(32) } }),
      refusal('badTranscript'),
    ],
    [
      'stretching below the floor',
      () => ({ stretch: { ...STRETCH_FLOOR, memoryKiB: 1024 } }),
      refusal('badRoster', 'epochs.stretch.memoryKiB'),
    ],
    [
      'a force to remove that is not there',
      () => ({ removeForces: ['nowhere'] }),
      refusal('badInput', '--remove-force'),
    ],
    [
      'a decryption key of another epoch',
      () => ({ decryptionKeyGeneration: generateKey(fixture, 2, fixture.operators, 2, 'decryption') }),
      refusal('badInput', '--decryption-key-generation'),
    ],
    [
      'a decryption key by other guardians',
      () => {
        const operators = fixture.operators.map(() => createSigningKey());
        return { decryptionKeyGeneration: generateKey(fixture, 1, operators, 2, 'decryption') };
      },
      refusal('badInput', '--decryption-key-generation'),
    ],
    [
      'a decryption key by guardians that witness with other keys',
      () => {
        const witnesses = fixture.witnesses.map(() => createSigningKey());
        return {
          decryptionKeyGeneration: generateKey({ ...fixture, witnesses }, 1, fixture.operators, 2, 'decryption'),
        };
      },
      refusal('badInput', '--decryption-key-generation'),
    ],
    [
      'another registry’s decryption key',
      () => ({
        decryptionKeyGeneration: generateKey(
          { ...fixture, origin: 'other.example' },
          1,
          fixture.operators,
          2,
          'decryption',
        ),
      }),
      refusal('wrongOrigin', '--decryption-key-generation'),
    ],
    [
      'the keys in each other’s place',
      () => {
        const { keyGeneration, decryptionKeyGeneration } = generateKeys(fixture, 1);
        return { keyGeneration: decryptionKeyGeneration, decryptionKeyGeneration: keyGeneration };
      },
      refusal('badInput', '--key-generation'),
    ],
    [
      'one key for both ends',
      () => {
        const { keyGeneration } = generateKeys(fixture, 1);
        return { keyGeneration, decryptionKeyGeneration: keyGeneration };
      },
      refusal('badInput', '--decryption-key-generation'),
    ],
    [
      'a successor log',
      () => ({ successor: { start: { size: 1, root: randomBytes(32) }, closed: { size: 1, root: randomBytes(32) } } }),
      refusal('badInput', '--successor-log'),
    ],
    ['an epoch to retire that is not there', () => ({ retireEpochs: [4] }), refusal('badInput', '--retire-epoch')],
  ];
  for (const [what, change, expected] of cases) {
    it(`is refused with ${what}`, () => {
      expect(() => draftRoster(changes(change()), null)).toThrow(expected);
    });
  }

  it('is refused without a key', () => {
    const { keyGeneration: _, ...rest } = changes();
    expect(() => draftRoster(rest, null)).toThrow(refusal('badInput', '--key-generation'));
  });

  it.each([
    ['decryptionKeyGeneration', '--decryption-key-generation'],
    ['logKey', 'logKey'],
  ] as const)('is refused without %s', (name, field) => {
    const { [name]: _, ...rest } = changes();
    expect(() => draftRoster(rest, null)).toThrow(refusal('badInput', field));
  });

  it('sets the floor aside when it says so', () => {
    const stretch = { memoryKiB: 8, passes: 1, lanes: 1 };
    expect(parseRoster(draftRoster(changes({ stretch, testRoster: true }), null)).testRoster).toBe(true);
  });
});

describe('the next draft', () => {
  it('keeps what is not named, and follows on its predecessor', () => {
    const first = verified(draftRoster(changes(), null));
    const second = parseRoster(draftRoster(next({}), first));
    const { version: _, predecessor, issuedAt: __, ...rest } = second;
    expect(predecessor).toEqual(first.hash);
    expect(second.version).toBe(2);
    expect({ ...first.roster, ...rest, version: 1, predecessor: null, issuedAt: first.roster.issuedAt }).toEqual(
      first.roster,
    );
  });

  it('adds, replaces and removes forces and issuers by their identifiers', () => {
    const [force] = fixture.roster.roster.forces as [Roster['forces'][number]];
    const first = verified(draftRoster(changes({ forces: [force, { ...force, id: 'second' }] }), null));
    const forces = [
      { ...force, codesPerDay: 7 },
      { ...force, id: 'third' },
    ];
    const second = parseRoster(
      draftRoster(next({ forces, removeForces: ['second'], removeIssuers: ['demo-issuer'] }), first),
    );
    expect(second.forces.map(({ id, codesPerDay }) => [id, codesPerDay])).toEqual([
      [force.id, 7],
      ['third', force.codesPerDay],
    ]);
    expect(second.issuers).toEqual([]);
  });

  it('adds an epoch of the same guardians, and retires one', () => {
    const first = verified(draftRoster(changes(), null));
    const second = verified(draftRoster(next(generateKeys(fixture, 2)), first));
    expect(second.roster.epochs.map(({ epoch, live }) => [epoch, live])).toEqual([
      [1, true],
      [2, true],
    ]);
    const third = parseRoster(draftRoster(next({ retireEpochs: [1] }), second));
    expect(third.epochs.map(({ epoch, live }) => [epoch, live])).toEqual([
      [1, false],
      [2, true],
    ]);
    expect(() => draftRoster(next({ retireEpochs: [1, 2] }), second)).toThrow(refusal('badRoster', 'epochs'));
  });

  it('refuses an epoch that is not newer, and a key of other guardians', () => {
    const first = verified(draftRoster(changes(), null));
    const draft = (keyGeneration: KeyGeneration) => () =>
      draftRoster(next({ ...generateKeys(fixture, keyGeneration.epoch), keyGeneration }), first);
    expect(draft(generateKey(fixture, 1))).toThrow(refusal('badInput', '--key-generation'));
    const strangers = [0, 1, 2].map(() => createSigningKey());
    expect(draft(generateKey(fixture, 2, strangers))).toThrow(refusal('badInput', '--key-generation'));
    expect(draft(generateKey(fixture, 2, fixture.operators, 3))).toThrow(refusal('badInput', '--key-generation'));
    expect(draft(generateKey(fixture, 2, fixture.operators.slice(0, 2)))).toThrow(
      refusal('badInput', '--key-generation'),
    );
  });

  it('keeps the log as it is, whatever key is at hand', () => {
    const first = verified(draftRoster(changes(), null));
    const second = parseRoster(draftRoster(next({ logKey: createSigningKey().publicKey }), first));
    expect(second.log).toEqual(first.roster.log);
  });

  it('puts a successor in the place of the log', () => {
    const first = verified(draftRoster(changes(), null));
    const [start, closed] = [5, 9].map((size) => ({ size, root: randomBytes(32) })) as [TreeHead, TreeHead];
    const { publicKey } = createSigningKey();
    const second = verified(draftRoster(next({ logKey: publicKey, successor: { start, closed } }), first));
    expect(second.roster.log).toEqual({ generation: 2, publicKey, start, closed });
    const third = parseRoster(draftRoster(next({}), second));
    expect(third.log).toEqual(second.roster.log);
    // A successor that begins behind what was cosigned is none.
    const turned = { start: closed, closed: start };
    expect(() => draftRoster(next({ logKey: publicKey, successor: turned }), first)).toThrow(
      refusal('badRoster', 'log.start'),
    );
  });

  it('takes a decryption key with a new epoch alone', () => {
    const first = verified(draftRoster(changes(), null));
    const { keyGeneration, decryptionKeyGeneration } = generateKeys(fixture, 2);
    expect(() => draftRoster(next({ decryptionKeyGeneration }), first)).toThrow(
      refusal('badInput', '--key-generation'),
    );
    expect(() => draftRoster(next({ keyGeneration }), first)).toThrow(
      refusal('badInput', '--decryption-key-generation'),
    );
  });

  it('stays a test roster', () => {
    const stretch = { memoryKiB: 8, passes: 1, lanes: 1 };
    const first = verified(draftRoster(changes({ stretch, testRoster: true }), null));
    expect(parseRoster(draftRoster(next({}), first)).testRoster).toBe(true);
  });
});

function createRegistryFolder(change: Partial<RegistryConfig> = {}): string {
  const folder = createFolder();
  writeConfig(folder, {
    format: 'blindmark-registry-config-v1',
    origin: fixture.origin,
    url: 'https://registry.example',
    host: '127.0.0.1',
    port: 0,
    rosterFingerprint: null,
    allowTestRoster: false,
    guardians: [],
    guardianTimeoutMs: 5000,
    ...change,
  });
  return folder;
}

const draftOf = (roster: Uint8Array) => ({ format: 'blindmark-roster-draft-v1' as const, roster });

function signatures(roster: Uint8Array, by: readonly number[]): RosterSignature[] {
  return by.map((i) => ({
    guardian: `g${i + 1}`,
    signature: signRoster(roster, fixture.operators[i] as Fixture['operators'][number]),
  }));
}

describe('publishing', () => {
  it('pins the first roster, and appends the next', () => {
    const folder = createRegistryFolder();
    const first = draftRoster(changes(), null);
    publishRoster(folder, draftOf(first), signatures(first, [0, 2]));
    expect(readConfig(folder).rosterFingerprint).toEqual(rosterHash(first));
    expect(readJson(registryFiles(folder).registryFile, registryFileSchema)).toEqual({
      format: 'blindmark-registry-v1',
      url: 'https://registry.example',
      rosterFingerprint: rosterHash(first),
    });
    const second = draftRoster(next({}), verified(first));
    publishRoster(folder, draftOf(second), signatures(second, [1, 2]));
    const loaded = loadRoster(folder, readConfig(folder));
    expect(loaded.current.hash).toEqual(rosterHash(second));
    expect(loaded.chain).toHaveLength(2);
    expect(readConfig(folder).rosterFingerprint).toEqual(rosterHash(first));
  });

  it('may be repeated', () => {
    const folder = createRegistryFolder();
    const first = draftRoster(changes(), null);
    for (const _ of [1, 2]) publishRoster(folder, draftOf(first), signatures(first, [0, 1]));
    expect(readRosterChain(folder)).toHaveLength(1);
  });

  it('goes on after a crash between pinning and storing', () => {
    const first = draftRoster(changes(), null);
    const folder = createRegistryFolder({ rosterFingerprint: rosterHash(first) });
    const another = draftRoster(changes({ now: fixture.now + 1 }), null);
    expect(() => publishRoster(folder, draftOf(another), signatures(another, [0, 1]))).toThrow(
      refusal('badRoster', 'chain'),
    );
    publishRoster(folder, draftOf(first), signatures(first, [0, 1]));
    expect(readRosterChain(folder)).toHaveLength(1);
  });

  it('refuses, and leaves everything as it is', () => {
    const folder = createRegistryFolder();
    const first = draftRoster(changes(), null);
    const publish = (roster: Uint8Array, by: RosterSignature[]) => () => publishRoster(folder, draftOf(roster), by);
    expect(publish(first, signatures(first, [0]))).toThrow(refusal('badRoster', 'signatures'));
    const twice = signatures(first, [0, 0]);
    expect(publish(first, twice)).toThrow(refusal('badRoster', 'signatures'));
    const forged = [{ guardian: 'g1', signature: randomBytes(64) }, ...signatures(first, [1])];
    expect(publish(first, forged)).toThrow(refusal('badRoster', 'signatures'));
    expect(readConfig(folder).rosterFingerprint).toBeNull();
    expect(existsSync(registryFiles(folder).roster)).toBe(false);
    publish(first, signatures(first, [0, 1]))();
    // Drafted for another predecessor, or for another registry.
    const stray = draftRoster(next({}), { ...verified(first), hash: randomBytes(32) });
    // Operators sign over what the draft says that it follows on.
    expect(publish(stray, signatures(stray, [0, 1]))).toThrow(refusal('badRoster', 'signatures'));
    const foreign = draftRoster(next({ origin: 'other.example' }), verified(first));
    expect(publish(foreign, signatures(foreign, [0, 1]))).toThrow(refusal('badRoster', 'origin'));
    expect(readRosterChain(folder)).toHaveLength(1);
  });

  it('refuses a test roster unless the configuration allows it', () => {
    const stretch = { memoryKiB: 8, passes: 1, lanes: 1 };
    const first = draftRoster(changes({ stretch, testRoster: true }), null);
    expect(() => publishRoster(createRegistryFolder(), draftOf(first), signatures(first, [0, 1]))).toThrow(
      refusal('badRoster', 'testRoster'),
    );
    const folder = createRegistryFolder({ allowTestRoster: true });
    publishRoster(folder, draftOf(first), signatures(first, [0, 1]));
    expect(readJson(registryFiles(folder).registryFile, registryFileSchema).allowTestRoster).toBe(true);
  });

  it('refuses another registry’s roster', () => {
    const first = draftRoster(changes(), null);
    const folder = createRegistryFolder({ origin: 'other.example' });
    expect(() => publishRoster(folder, draftOf(first), signatures(first, [0, 1]))).toThrow(
      refusal('wrongOrigin', 'origin'),
    );
  });
});

describe('the configuration', () => {
  it('has an address for each guardian, or says whose is missing', () => {
    const { roster } = fixture.roster;
    const guardians = ['g1=http://127.0.0.1:1', 'g2=https://two.example', 'g3=https://three.example'].map(
      parseGuardianOption,
    );
    const folder = createRegistryFolder({ guardians: guardians.toReversed() });
    expect(guardianAddresses(folder, readConfig(folder), roster)).toEqual(guardians);
    const lacking = createRegistryFolder({ guardians: guardians.slice(1) });
    expect(() => guardianAddresses(lacking, readConfig(lacking), roster)).toThrow(refusal('badFile', 'guardians'));
  });

  it('refuses an address that is none', () => {
    for (const text of ['', 'g1', '=http://x', 'g1=', 'g1=ftp://x', 'G 1=http://x']) {
      expect(() => parseGuardianOption(text)).toThrow(refusal('badInput', '--guardian'));
    }
  });

  it('says that there is no roster yet', () => {
    const folder = createRegistryFolder();
    expect(() => loadRoster(folder, readConfig(folder))).toThrow(refusal('badFile', 'roster.json'));
  });
});
