import { beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import {
  formatRoster,
  parseRoster,
  rosterHash,
  verifyRosterChain,
  type Roster,
  type SignedRoster,
} from '../../../crypto/roster.ts';
import type { TreeHead } from '../../../crypto/merkle.ts';
import type { Scheme } from '../../../crypto/scheme-rules.ts';
import { isSignature, createSigningKey, type SigningKey } from '../../../crypto/signature.ts';
import { labelledHash } from '../../../crypto/hash.ts';
import { writeJson } from '../../../server/files.ts';
import { guardianCardSchema, type KeyPurpose } from '../../../crypto/dkg-messages.ts';
import { guardianFiles, readConfig, writeConfig, type GuardianConfig } from '../../../server/guardian/config.ts';
import { describeRoster } from '../../../server/guardian/describe-roster.ts';
import type { GuardianShare } from '../../../server/guardian/keys.ts';
import {
  acceptRoster,
  loadRoster,
  readChain,
  selectShares,
  signDraft,
  type KnownLog,
} from '../../../server/guardian/roster.ts';
import { createFixture, signByOperators, type Fixture } from '../../support/fixture.ts';
import { createFolder } from '../../support/folder.ts';
import { refusal } from '../../support/refusal.ts';
import { publicPart, splitKey, type SplitKey } from '../../support/split-key.ts';

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
  const shares = (purpose: KeyPurpose, keys: ReadonlyMap<number, SplitKey>): GuardianShare[] =>
    [...keys].map(([epoch, key]) => ({
      purpose,
      origin: from.origin,
      epoch,
      ceremony: randomBytes(32),
      index: 2,
      secret: key.shares[1]?.secret as Uint8Array,
      groupKey: key.groupKey,
      publicShares: key.shares.map(({ publicShare }) => publicShare),
    }));
  return [...shares('evaluation', from.keys), ...shares('decryption', from.decryptionKeys)];
}

const operatorOf = (from: Fixture) => from.operators[1] as SigningKey;
const witnessOf = (from: Fixture) => from.witnesses[1] as SigningKey;

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
    witnessKey: witnessOf(fixture).publicKey,
  });
  return folder;
}

describe('signDraft', () => {
  const draft = (change: Partial<Roster> = {}): Uint8Array => formatRoster({ ...fixture.roster.roster, ...change });
  const sign = (bytes: Uint8Array, change: Partial<Parameters<typeof signDraft>[1]> = {}) => {
    const keys = { operator: operatorOf(fixture), witness: witnessOf(fixture) };
    return signDraft(bytes, { config, keys, shares: sharesOf(fixture), current: undefined, ...change });
  };

  it('signs a first roster that has this guardian’s key and shares', () => {
    const bytes = draft();
    const { guardian, signature } = sign(bytes);
    expect(guardian).toBe('g2');
    const hash = labelledHash('roster-signature', new Uint8Array(), rosterHash(bytes));
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
    const [operator, witness] = [operatorOf(fixture), witnessOf(fixture)];
    expect(() => sign(draft(), { config: { ...config, id: 'g7' } })).toThrow(refusal('badRoster', 'guardians'));
    expect(() => sign(draft(), { keys: { operator: createSigningKey(), witness } })).toThrow(
      refusal('badRoster', 'guardians.operatorKey'),
    );
    expect(() => sign(draft(), { keys: { operator, witness: createSigningKey() } })).toThrow(
      refusal('badRoster', 'guardians.witnessKey'),
    );
  });

  it('refuses a key that is not the one that this guardian has its share of', () => {
    const foreign = publicPart(splitKey(2, 3));
    const withEpoch = (change: Partial<Roster['epochs'][number]>): Uint8Array =>
      draft({
        epochs: fixture.roster.roster.epochs.map((epoch) => (epoch.epoch === 2 ? { ...epoch, ...change } : epoch)),
      });
    expect(() => sign(withEpoch(foreign))).toThrow(refusal('badRoster', 'epochs.publicShares'));
    expect(() => sign(withEpoch({ decryption: foreign }))).toThrow(
      refusal('badRoster', 'epochs.decryption.publicShares'),
    );
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

describe('signDraft of a successor log', () => {
  const head = (size: number): TreeHead => ({ size, root: labelledHash('test-root', String(size)) });
  /** What this guardian has cosigned: sizes 10, 20 and 30. */
  const known: KnownLog = {
    largest: () => head(30),
    find: (size) => ([10, 20, 30].includes(size) ? head(size) : undefined),
  };
  const logAfter = (start: TreeHead, closed: TreeHead): Roster['log'] => ({
    generation: 2,
    publicKey: createSigningKey().publicKey,
    start,
    closed,
  });
  const sign = (log: Roster['log'], change: Partial<Parameters<typeof signDraft>[1]> = {}) => {
    const draft = successor(fixture.chain[0] as SignedRoster, { log }).roster;
    const keys = { operator: operatorOf(fixture), witness: witnessOf(fixture) };
    return signDraft(draft, { config, keys, shares: sharesOf(fixture), current: fixture.roster, known, ...change });
  };

  it('signs one that begins with all that this guardian has cosigned, or with more', () => {
    expect(sign(logAfter(head(30), head(30))).guardian).toBe('g2');
    expect(sign(logAfter(head(44), head(44))).guardian).toBe('g2');
    expect(sign(logAfter(head(0), head(0)), { known: undefined }).guardian).toBe('g2');
  });

  it.each([false, true])('refuses one that contradicts what it has cosigned; accepting a loss: %s', (acceptLoss) => {
    const wrong = (size: number): TreeHead => ({ size, root: randomBytes(32) });
    expect(() => sign(logAfter(wrong(30), wrong(44)), { acceptLoss })).toThrow(refusal('badRoster', 'log.start'));
    expect(() => sign(logAfter(wrong(10), head(30)), { acceptLoss })).toThrow(refusal('badRoster', 'log.start'));
    expect(() => sign(logAfter(head(10), wrong(30)), { acceptLoss })).toThrow(refusal('badRoster', 'log.closed'));
  });

  it.each([
    ['begins before the last cosigned checkpoint', logAfter(head(20), head(30))],
    ['is said to be closed below what this guardian has cosigned', logAfter(head(20), head(20))],
    ['begins at a size that it has not verified, below what it has cosigned', logAfter(head(25), head(25))],
    ['begins before what others have cosigned', logAfter(head(30), head(44))],
  ])('refuses one that %s, unless it is told to accept the loss', (_, log) => {
    expect(() => sign(log)).toThrow(refusal('badRoster', 'log.closed'));
    expect(sign(log, { acceptLoss: true }).guardian).toBe('g2');
  });

  it('shows loudly what begins, what ends, what is lost, and what this guardian knows of it', () => {
    const describeSuccessor = (log: Roster['log']): string => {
      const bytes = successor(fixture.chain[0] as SignedRoster, { log }).roster;
      return describeRoster(parseRoster(bytes), bytes, fixture.roster.roster, known);
    };
    const root = (size: number): string => formatBase64url(head(size).root);
    const whole = describeSuccessor(logAfter(head(30), head(30)));
    for (const line of [
      `A NEW LOG IS STARTED: ${fixture.origin}/log-2, generation 2`,
      `It begins with 30 entries, root ${root(30)}`,
      `THE LOG ${fixture.origin}/log, GENERATION 1, IS CLOSED`,
      `Its last cosigned checkpoint has 30 entries, root ${root(30)}`,
      `This guardian has cosigned it up to 30 entries, root ${root(30)}, and has verified where the new log begins`,
    ]) {
      expect(whole).toContain(line);
    }
    expect(whole).not.toContain('LOST');
    const lossy = describeSuccessor(logAfter(head(25), head(44)));
    expect(lossy).toContain('19 ENTRIES ARE LOST');
    expect(lossy).toContain('CANNOT SAY WHETHER IT IS RIGHT where the new log begins');
    expect(describeSuccessor(fixture.roster.roster.log)).not.toContain('NEW LOG');
  });
});

describe('selectShares', () => {
  const { id } = config;
  const select = (shares: readonly GuardianShare[], roster: Roster = fixture.roster.roster) => {
    const keys = { operatorKey: operatorOf(fixture).publicKey, witnessKey: witnessOf(fixture).publicKey };
    return selectShares(roster, id, keys, shares);
  };
  const share = (epoch: number, purpose: KeyPurpose = 'evaluation'): GuardianShare =>
    sharesOf(fixture).find((each) => each.epoch === epoch && each.purpose === purpose) as GuardianShare;
  const both = (epoch: number): GuardianShare[] => [share(epoch), share(epoch, 'decryption')];

  it('takes the shares of both keys of the live epochs, newest first', () => {
    const { live } = select(sharesOf(fixture));
    expect(live.map(({ epoch }) => epoch)).toEqual([2, 1]);
    for (const { epoch, evaluation, decryption } of live) {
      expect([evaluation.epoch, evaluation.purpose]).toEqual([epoch, 'evaluation']);
      expect([decryption.epoch, decryption.purpose]).toEqual([epoch, 'decryption']);
      expect(evaluation.groupKey).toEqual(fixture.keys.get(epoch)?.groupKey);
      expect(decryption.groupKey).toEqual(fixture.decryptionKeys.get(epoch)?.groupKey);
    }
    const epochs = fixture.roster.roster.epochs.map((epoch) => ({ ...epoch, live: epoch.epoch === 2 }));
    const retired = { ...fixture.roster.roster, epochs };
    expect(select(sharesOf(fixture), retired).live.map(({ epoch }) => epoch)).toEqual([2]);
    expect(select(both(2), retired).live.map(({ epoch }) => epoch)).toEqual([2]);
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

  it('refuses a live epoch without a share of each key', () => {
    expect(() => select(both(1))).toThrow(refusal('badRoster', 'epochs'));
    expect(() => select([])).toThrow(refusal('badRoster', 'epochs'));
    expect(() => select([...both(1), share(2)])).toThrow(refusal('badRoster', 'epochs.decryption'));
    expect(() => select([...both(1), share(2, 'decryption')])).toThrow(refusal('badRoster', 'epochs'));
  });

  it.each([
    ['another group key', () => ({ groupKey: splitKey(2, 3).groupKey })],
    ['other public shares', () => ({ publicShares: publicPart(splitKey(2, 3)).publicShares })],
    ['another index', () => ({ index: 1 })],
  ])('refuses a share with %s', (_, change) => {
    expect(() => select([...both(1), { ...share(2), ...change() }, share(2, 'decryption')])).toThrow(
      refusal('badRoster', 'epochs.publicShares'),
    );
    expect(() => select([...both(1), share(2), { ...share(2, 'decryption'), ...change() }])).toThrow(
      refusal('badRoster', 'epochs.decryption.publicShares'),
    );
  });

  it('refuses a share of one key in the place of the other’s', () => {
    const [evaluation, decryption] = [share(2), share(2, 'decryption')];
    const swapped: GuardianShare[] = [
      { ...evaluation, purpose: 'decryption' },
      { ...decryption, purpose: 'evaluation' },
    ];
    expect(() => select([...both(1), ...swapped])).toThrow(refusal('badRoster', 'epochs.decryption.publicShares'));
  });

  it('refuses a share of another registry’s key', () => {
    expect(() => select([...both(1), { ...share(2), origin: 'other.example' }, share(2, 'decryption')])).toThrow(
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
      'demo-force: Demonstration force, 20000 codes a day, 10000 an officer, shown in the log at once, revocations from http://',
      `Log: ${fixture.origin}/log, generation 1, key ${formatBase64url(fixture.logKey.publicKey)}, begins empty`,
      `witness key ${formatBase64url(witnessOf(fixture).publicKey)}`,
      `contacts’ key ${formatBase64url(fixture.decryptionKeys.get(2)?.groupKey as Uint8Array)}`,
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
        { ...force, codesPerDay: 1, delayDays: 7 },
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
    expect(text).toMatch(
      /demo-force: .* 1 codes a day, .* hidden in the log for 7 days, .* \(CHANGED; was: .* 20000 codes a day/u,
    );
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
