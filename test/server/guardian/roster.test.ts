import { beforeAll, describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import {
  formatRoster,
  parseRoster,
  rosterHash,
  verifyRosterChain,
  type Roster,
  type SignedRoster,
} from '../../../crypto/roster.ts';
import type { Scheme } from '../../../crypto/scheme-rules.ts';
import { isSignature, createSigningKey } from '../../../crypto/signature.ts';
import { labelledHash } from '../../../crypto/hash.ts';
import { writeJson } from '../../../server/files.ts';
import { guardianCardSchema } from '../../../crypto/dkg-messages.ts';
import { guardianFiles, readConfig, writeConfig, type GuardianConfig } from '../../../server/guardian/config.ts';
import { describeRoster } from '../../../server/guardian/describe-roster.ts';
import type { GuardianShare } from '../../../server/guardian/keys.ts';
import { acceptRoster, loadRoster, readChain, selectShares, signDraft } from '../../../server/guardian/roster.ts';
import { createFixture, signByOperators, type Fixture } from '../../support/fixture.ts';
import { createFolder } from '../../support/folder.ts';
import { refusal } from '../../support/refusal.ts';
import { splitKey } from '../../support/split-key.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ epochs: [1, 2] });
});

const config: GuardianConfig = {
  format: 'blindmark-guardian-config-v1',
  id: 'g2',
  name: 'Guardian 2',
  host: '127.0.0.1',
  port: 0,
  maxima: { codesPerOfficerAndDay: 10_000, codesPerForceAndDay: 20_000, codesPerIssuerAndDay: 10_000 },
  rosterFingerprint: null,
  allowTestRoster: true,
};

/** Guardian 2's shares of the fixture's keys. */
function sharesOf(from: Fixture): GuardianShare[] {
  return [...from.keys].map(([epoch, key]) => ({
    purpose: 'evaluation',
    origin: from.origin,
    epoch,
    ceremony: randomBytes(32),
    index: 2,
    secret: key.shares[1]?.secret as Uint8Array,
    groupKey: key.groupKey,
    publicShares: key.shares.map(({ publicShare }) => publicShare),
  }));
}

const operatorOf = (from: Fixture) => from.operators[1] as (typeof from.operators)[number];

/** The roster after `previous`, changed. */
function successor(previous: SignedRoster, change: Partial<Roster> = {}): SignedRoster {
  const { roster } = fixture.roster;
  const next: Roster = { ...roster, version: roster.version + 1, predecessor: rosterHash(previous.roster), ...change };
  return signByOperators(next, fixture.operators);
}

/** A guardian's folder, before it has accepted anything. */
function createGuardianFolder(change: Partial<GuardianConfig> = {}): string {
  const folder = createFolder();
  writeConfig(folder, { ...config, ...change });
  writeJson(guardianFiles(folder).card, guardianCardSchema, {
    format: 'blindmark-guardian-card-v1',
    id: config.id,
    name: config.name,
    operatorKey: operatorOf(fixture).publicKey,
    exchangeKey: randomBytes(32),
  });
  return folder;
}

describe('signDraft', () => {
  const draft = (change: Partial<Roster> = {}): Uint8Array => formatRoster({ ...fixture.roster.roster, ...change });
  const sign = (bytes: Uint8Array, change: Partial<Parameters<typeof signDraft>[1]> = {}) => {
    const keys = { operator: operatorOf(fixture) };
    return signDraft(bytes, { config, keys, shares: sharesOf(fixture), current: undefined, ...change });
  };

  it('signs a first roster that has this guardian’s key and shares', () => {
    const bytes = draft();
    const { guardian, signature } = sign(bytes);
    expect(guardian).toBe('g2');
    const hash = labelledHash('roster-signature', new Uint8Array(), bytes);
    expect(isSignature(operatorOf(fixture).publicKey, hash, signature)).toBe(true);
  });

  it('signs what follows on the current one, and nothing else', () => {
    const [first] = fixture.chain as [SignedRoster];
    expect(sign(successor(first).roster, { current: fixture.roster }).guardian).toBe('g2');
    expect(() => sign(successor(first).roster)).toThrow(refusal('badRoster', 'predecessor'));
    expect(() => sign(draft(), { current: fixture.roster })).toThrow(refusal('badRoster', 'predecessor'));
    const skipping = successor(first, { version: 3 }).roster;
    expect(() => sign(skipping, { current: fixture.roster })).toThrow(refusal('badRoster', 'predecessor'));
    const elsewhere = successor(first, { predecessor: randomBytes(32) }).roster;
    expect(() => sign(elsewhere, { current: fixture.roster })).toThrow(refusal('badRoster', 'predecessor'));
  });

  it('refuses a successor that takes away what codes were registered under', () => {
    const [first] = fixture.chain as [SignedRoster];
    const { schemes } = fixture.roster.roster;
    const lacking = formatRoster({
      ...parseRoster(successor(first).roster),
      schemes: { ...schemes, schemes: schemes.schemes.slice(1) },
    });
    expect(() => sign(lacking, { current: fixture.roster })).toThrow(refusal('badRoster', 'schemes'));
  });

  it('refuses a roster that leaves this guardian out or gives it another key', () => {
    expect(() => sign(draft(), { config: { ...config, id: 'g7' } })).toThrow(refusal('badRoster', 'guardians'));
    expect(() => sign(draft(), { keys: { operator: createSigningKey() } })).toThrow(
      refusal('badRoster', 'guardians.operatorKey'),
    );
  });

  it('refuses a key that is not the one that this guardian has its share of', () => {
    const foreign = splitKey(2, 3);
    const epochs = fixture.roster.roster.epochs.map((epoch) =>
      epoch.epoch === 2
        ? { ...epoch, groupKey: foreign.groupKey, publicShares: foreign.shares.map((share) => share.publicShare) }
        : epoch,
    );
    expect(() => sign(draft({ epochs }))).toThrow(refusal('badRoster', 'epochs.publicShares'));
    expect(() => sign(draft(), { shares: sharesOf(fixture).slice(0, 1) })).toThrow(refusal('badRoster', 'epochs'));
  });

  it.each([
    ['forces.codesPerDay', { codesPerForceAndDay: 19_999 }],
    ['forces.codesPerOfficerAndDay', { codesPerOfficerAndDay: 9_999 }],
    ['issuers.codesPerDay', { codesPerIssuerAndDay: 9_999 }],
  ])('refuses %s above the local maximum', (field, maxima) => {
    const strict = { ...config, maxima: { ...config.maxima, ...maxima } };
    expect(() => sign(draft(), { config: strict })).toThrow(refusal('badRoster', field));
  });

  it('refuses a test roster unless the configuration allows it', () => {
    expect(() => sign(draft(), { config: { ...config, allowTestRoster: false } })).toThrow(
      refusal('badRoster', 'testRoster'),
    );
  });
});

describe('selectShares', () => {
  const { id } = config;
  const select = (shares: readonly GuardianShare[], roster: Roster = fixture.roster.roster) =>
    selectShares(roster, id, operatorOf(fixture).publicKey, shares);
  const share = (epoch: number): GuardianShare =>
    sharesOf(fixture).find((candidate) => candidate.epoch === epoch) as GuardianShare;

  it('takes the shares of the live epochs, newest first', () => {
    expect(select(sharesOf(fixture)).live.map(({ epoch }) => epoch)).toEqual([2, 1]);
    const epochs = fixture.roster.roster.epochs.map((epoch) => ({ ...epoch, live: epoch.epoch === 2 }));
    const retired = { ...fixture.roster.roster, epochs };
    expect(select(sharesOf(fixture), retired).live.map(({ epoch }) => epoch)).toEqual([2]);
    expect(select([share(2)], retired).live.map(({ epoch }) => epoch)).toEqual([2]);
  });

  it('leaves a share of a newer epoch waiting for its roster', () => {
    const newer = { ...share(2), epoch: 3 };
    const { live, waiting } = select([...sharesOf(fixture), newer]);
    expect(live.map(({ epoch }) => epoch)).toEqual([2, 1]);
    expect(waiting).toEqual([newer]);
  });

  it('refuses a share of an epoch that the roster does not list', () => {
    const epochs = fixture.roster.roster.epochs.filter(({ epoch }) => epoch === 2);
    expect(() => select(sharesOf(fixture), { ...fixture.roster.roster, epochs })).toThrow(
      refusal('badRoster', 'epochs'),
    );
  });

  it('refuses a live epoch without a share', () => {
    expect(() => select([share(1)])).toThrow(refusal('badRoster', 'epochs'));
    expect(() => select([])).toThrow(refusal('badRoster', 'epochs'));
  });

  it.each([
    ['another group key', () => ({ groupKey: splitKey(2, 3).groupKey })],
    ['other public shares', () => ({ publicShares: splitKey(2, 3).shares.map(({ publicShare }) => publicShare) })],
    ['another index', () => ({ index: 1 })],
  ])('refuses a share with %s', (_, change) => {
    expect(() => select([share(1), { ...share(2), ...change() }])).toThrow(refusal('badRoster', 'epochs.publicShares'));
  });

  it('refuses a share of another registry’s key', () => {
    expect(() => select([share(1), { ...share(2), origin: 'other.example' }])).toThrow(
      refusal('wrongOrigin', 'origin'),
    );
  });
});

describe('acceptRoster', () => {
  it('pins the first, follows its successors, and serves the last', () => {
    const folder = createGuardianFolder();
    const [first] = fixture.chain as [SignedRoster];
    expect(() => loadRoster(folder, readConfig(folder))).toThrow(refusal('badFile', 'roster.json'));
    expect(() => acceptRoster(folder, [first], undefined)).toThrow(refusal('badInput', '--fingerprint'));
    acceptRoster(folder, [first], fixture.fingerprint);
    expect(readConfig(folder).rosterFingerprint).toEqual(fixture.fingerprint);
    const second = successor(first);
    expect(acceptRoster(folder, [first, second], undefined).roster.version).toBe(2);
    expect(loadRoster(folder, readConfig(folder)).hash).toEqual(rosterHash(second.roster));
  });

  it('refuses what is not the pinned first roster', () => {
    const folder = createGuardianFolder();
    expect(() => acceptRoster(folder, fixture.chain, randomBytes(32))).toThrow(refusal('badRoster', 'chain'));
    expect(readConfig(folder).rosterFingerprint).toBeNull();
    acceptRoster(folder, fixture.chain, fixture.fingerprint);
    expect(() => acceptRoster(folder, fixture.chain, randomBytes(32))).toThrow(refusal('badRoster', 'chain'));
  });

  it('refuses to go back, and refuses a fork', () => {
    const folder = createGuardianFolder();
    const [first] = fixture.chain as [SignedRoster];
    const second = successor(first);
    acceptRoster(folder, [first, second], fixture.fingerprint);
    expect(() => acceptRoster(folder, [first], undefined)).toThrow(refusal('badRoster', 'chain'));
    const fork = successor(first, { issuedAt: '2030-01-01T00:00:00Z' });
    const chain = [first, fork];
    expect(verifyRosterChain(chain, fixture.fingerprint, { allowTestRoster: true }).roster.version).toBe(2);
    expect(() => acceptRoster(folder, chain, undefined)).toThrow(refusal('badRoster', 'chain'));
    expect(readChain(folder)[1]?.roster).toEqual(second.roster);
  });

  it('refuses a chain with too few signatures, and one that makes another of this guardian', () => {
    const folder = createGuardianFolder();
    const [first] = fixture.chain as [SignedRoster];
    const unsigned = { ...first, signatures: first.signatures.slice(0, 1) };
    expect(() => acceptRoster(folder, [unsigned], fixture.fingerprint)).toThrow(refusal('badRoster', 'signatures'));
    const stranger = createGuardianFolder({ id: 'g7' });
    expect(() => acceptRoster(stranger, [first], fixture.fingerprint)).toThrow(refusal('badRoster', 'guardians'));
  });

  it('refuses a test roster unless the configuration allows it', () => {
    const folder = createGuardianFolder({ allowTestRoster: false });
    expect(() => acceptRoster(folder, fixture.chain, fixture.fingerprint)).toThrow(refusal('badRoster', 'testRoster'));
  });
});

describe('describeRoster', () => {
  it('says all that is in a roster', () => {
    const { roster } = fixture.roster;
    const bytes = formatRoster(roster);
    const text = describeRoster(roster, bytes, undefined);
    for (const expected of [
      `Roster of ${fixture.origin}, version 1`,
      'A TEST ROSTER',
      'Any 2 of these 3 guardians decide',
      'g3: Guardian 3, index 3',
      'epoch 2: live',
      'demo-force: Demonstration force, 20000 codes a day, 10000 an officer',
      'demo-issuer: Demonstration issuer, number 7',
    ]) {
      expect(text).toContain(expected);
    }
    expect(text).not.toContain('NEW');
  });

  it('says what is new, changed and removed since the current one', () => {
    const { roster } = fixture.roster;
    const [force] = roster.forces as [Roster['forces'][number]];
    const next: Roster = {
      ...roster,
      version: 2,
      predecessor: fixture.roster.hash,
      epochs: roster.epochs.map((epoch) => ({ ...epoch, live: epoch.epoch === 2 })),
      authorityRoots: [randomBytes(32)],
      forces: [
        { ...force, codesPerDay: 1 },
        { ...force, id: 'new-force' },
      ],
      issuers: [],
      schemes: {
        ...roster.schemes,
        schemes: [...roster.schemes.schemes, { ...(roster.schemes.schemes[0] as Scheme), id: 'new-scheme' }],
        makers: {
          ...roster.schemes.makers,
          names: [...roster.schemes.makers.names, { name: 'New Maker', aliases: ['Newest'] }],
        },
      },
    };
    const text = describeRoster(next, formatRoster(next), roster);
    expect(text).toMatch(/demo-force: .* 1 codes a day, .* \(CHANGED; was: .* 20000 codes a day/u);
    expect(text).toMatch(/new-force: .* \(NEW\)/u);
    expect(text).toMatch(/demo-issuer: .* \(REMOVED\)/u);
    expect(text).toMatch(/epoch 1: retired, .* \(CHANGED; was: live/u);
    expect(text).toMatch(/^ {2}\S{43} \(NEW\)$/mu);
    expect(text).toMatch(/^ {2}\S{43} \(REMOVED\)$/mu);
    expect(text).toMatch(/^Schemes: .*[a-z0-9], new-scheme \(NEW\)$/mu);
    expect(text).toMatch(/^Makers: \d+; new names and aliases: New Maker, Newest$/mu);
    expect(text).not.toContain('this roster will be refused');
    const schemes = { ...roster.schemes, schemes: roster.schemes.schemes.slice(1) };
    const lacking = { ...next, schemes };
    expect(describeRoster(lacking, formatRoster(lacking), roster)).toContain('this roster will be refused');
  });
});
