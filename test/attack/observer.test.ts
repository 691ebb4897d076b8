/**
 * An observer who has the whole public log and a vendor's full records: the code and the activation key of each pack, who bought
 * it, and the hour in which it was activated. He tries to say which entries belong to which pack, and which entries belong
 * together. What he can compute links nothing, so hours are all that he has. With the salts of an owner's history the same
 * computation finds each entry: it would have found what there is to find.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogReader, VerifiedTree } from '../../client-sdk/log-reader.ts';
import { Officer, type LookupResult } from '../../client-sdk/officer.ts';
import { Openings } from '../../client-sdk/openings.ts';
import type { Owner } from '../../client-sdk/owner.ts';
import { keptReceipts } from '../../client-sdk/receipts.ts';
import type { MarkRecord } from '../../client-sdk/vault.ts';
import { activationKeyHash, parseActivationKey } from '../../crypto/activation-key.ts';
import { bytesToHex, formatUint, utf8ToBytes } from '../../crypto/bytes.ts';
import { formatCode } from '../../crypto/canonical.ts';
import { registrationEvaluationHash } from '../../crypto/evaluation.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { formatHour, hourOf, parseLogEntry, type EntryKind, type LogEntry } from '../../crypto/log-entry.ts';
import { verifyLogCheckpoint } from '../../crypto/log-proof.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { blindBy, codeInput } from '../../crypto/oprf.ts';
import { withdrawalHash, type RegistrationRow } from '../../crypto/registration.ts';
import { STANDARD_SCHEMES } from '../../crypto/standard-schemes.ts';
import { connect, createOwner } from '../support/sdk.ts';
import { startServices, type Services } from '../support/services.ts';
import { send } from './ask.ts';

const HOURS = 3;
const OWNERS = 4;

/** A line of the vendor's records. */
interface Pack {
  readonly code: string;
  readonly activationKey: string;
  readonly buyer: string;
  /** In which it was activated. */
  readonly hour: number;
}

/** What a pack's owner knows. */
interface Truth {
  readonly pack: Pack;
  readonly commitment: Uint8Array;
  /** Of each entry of the registration, in the order of the log. */
  readonly own: readonly { readonly index: number; readonly salt: Uint8Array }[];
}

let services: Services;
let sold: [Pack, Owner][] = [];
const truths: Truth[] = [];
/** As anybody reads them over HTTP. */
let entries: LogEntry[] = [];

async function play(): Promise<[Pack, Owner][]> {
  const owners = await Promise.all(Array.from({ length: OWNERS }, async () => createOwner(services)));
  const played: [Pack, Owner][] = [];
  for (let hour = 0; hour < HOURS; hour++) {
    const keys = await services.createActivationKeys(OWNERS);
    const packs = keys.map((activationKey, i): Pack => {
      const buyer = `Buyer ${i} <buyer-${i}@example.org>`;
      return { code: mintCode(), activationKey, buyer, hour: hourOf(services.clock.now) };
    });
    await Promise.all(
      packs.map(async (pack, i) => {
        const owner = owners[i] as Owner;
        const { code, activationKey } = pack;
        const contact = { kind: 'details', telephone: `+44 20 7946 000${i}` } as const;
        await owner.register({ code, items: [{ category: 'Bicycle' }], activationKey, contact });
        played.push([pack, owner]);
      }),
    );
    services.clock.now += 3600;
  }
  return played;
}

/** Lookups in three cases, an opening, and what owners do. */
async function useLog(): Promise<void> {
  const codeOf = (i: number): string => (sold[i] as [Pack, Owner])[0].code;
  const cases = [
    { caseReference: 'CR/1/26', readings: [codeOf(1), mintCode(), codeOf(5), codeOf(10)] },
    { caseReference: 'CR/2/26', readings: [codeOf(7)] },
    { caseReference: 'CR/3/26', readings: [mintCode(), codeOf(2), codeOf(7)] },
  ];
  for (const [i, { caseReference, readings }] of cases.entries()) {
    const signer = await services.createOfficer(`officer-${i}`);
    const officer = new Officer(await connect(services), signer);
    const plan = officer.plan(readings.map((reading, n) => ({ id: `${n}`, reading, scheme: 'bm1' })));
    const results = (await Array.fromAsync(officer.lookup(plan, { caseReference }))) as LookupResult[];
    const hit = results.find(({ result }) => result === 'hit') as LookupResult;
    if (i === 1) {
      const { evidence } = hit.registrations[0] as LookupResult['registrations'][number];
      const asking = new Openings(await connect(services), signer);
      const openable = { caseReference, caseSalt: hit.evidence.caseSalt, ...evidence };
      const { token } = await asking.ask(openable, { reason: 'returnProperty' });
      const colleague = new Openings(await connect(services), await services.createOfficer('officer-9'));
      await colleague.approve(await colleague.inspect(token, caseReference));
    }
    services.clock.now += 3600;
  }
  for (const i of [2, 7]) {
    const [pack, owner] = sold[i] as [Pack, Owner];
    await owner.setStatus(owner.find(pack.code), 'stolen');
  }
}

async function readEntries(): Promise<LogEntry[]> {
  const reader = createLogReader(services.registryFile.url);
  const { roster } = services.fixture.roster;
  const tree = await VerifiedTree.open(reader, verifyLogCheckpoint(await reader.checkpoint(), roster));
  const runs = await Array.fromAsync(tree.entries(0));
  return runs.flatMap((run) => run.entries.map(parseLogEntry));
}

/** The pack that was looked up twice, opened, reported stolen and withdrawn. */
const withdrawn = (): Pack => (sold[7] as [Pack, Owner])[0];

beforeAll(async () => {
  const morning = Math.floor(Date.now() / 86_400_000) * 86_400 + 9 * 3600 + 600;
  services = await startServices({ now: morning });
  sold = await play();
  await useLog();
  for (const [pack, owner] of sold) {
    const { mark, lines } = await owner.history(owner.find(pack.code));
    const { row } = mark as MarkRecord & { readonly row: RegistrationRow };
    // Of a withdrawal there is a receipt alone.
    const gone = pack === withdrawn() ? keptReceipts(owner.vault, await owner.withdraw(mark)).slice(-1) : [];
    const own = [...lines, ...gone].map(({ receipt: { logged, salt } }) => ({ index: logged.index, salt }));
    truths.push({ pack, commitment: row.commitment, own });
  }
  entries = await readEntries();
});
afterAll(async () => {
  await services.stopAll();
});

const packs = (): Pack[] => truths.map(({ pack }) => pack);

/** Each field with its value in words. */
function fieldsOf(entry: LogEntry): [string, string][] {
  return Object.entries(entry).flatMap(([name, value]: [string, unknown]) => {
    if (name === 'kind') return [];
    return [[name, value instanceof Uint8Array ? bytesToHex(value) : JSON.stringify(value)]];
  });
}

/** Every byte string in an entry. */
const bytesOf = (entry: LogEntry): Uint8Array[] =>
  Object.values(entry).filter((value): value is Uint8Array => value instanceof Uint8Array);

const indexesOf = (...kinds: EntryKind[]): number[] =>
  entries.flatMap(({ kind }, i) => (kinds.includes(kind) ? [i] : []));

describe('entries', () => {
  it('share no value but what they are to share: hours, epochs, force, officers, case, class of size, kind of action', () => {
    const may = new Set([
      'hour',
      'epoch',
      'force',
      'officer',
      'first',
      'second',
      'caseCommitment',
      'codes',
      'action',
      'lookup',
    ]);
    const seen = new Map<string, number>();
    for (const [index, entry] of entries.entries()) {
      for (const [name, value] of fieldsOf(entry)) {
        if (may.has(name) && name !== 'caseCommitment') continue;
        const before = seen.get(value);
        if (name !== 'caseCommitment') expect(before, `${entry.kind} ${index}: ${name}`).toBeUndefined();
        seen.set(value, index);
      }
    }
    // A case commitment is that of one run of lookups, and of its openings.
    const casesOf = (kind: 'lookup' | 'opening'): string[] =>
      entries.flatMap((entry) => (entry.kind === kind ? [bytesToHex(entry.caseCommitment)] : []));
    const lookups = casesOf('lookup');
    expect(new Set(lookups).size).toBe(lookups.length);
    expect(casesOf('opening')).toEqual([lookups[1]]);
  });

  it('are those that were played, and name no one', () => {
    const kinds = Map.groupBy(entries, ({ kind }) => kind);
    expect(Object.fromEntries([...kinds].map(([kind, all]) => [kind, all.length]))).toEqual({
      roster: 1,
      activation: HOURS * OWNERS,
      registration: HOURS * OWNERS,
      lookup: 3,
      match: 6,
      opening: 1,
      action: 3,
    });
    const text = JSON.stringify(entries.map(fieldsOf)).toLowerCase();
    for (const { code, activationKey, buyer } of packs()) {
      for (const word of [code, activationKey, buyer, 'buyer']) expect(text).not.toContain(word.toLowerCase());
    }
  });
});

/** Labels under which anything about a registration or a request is hashed. */
const LABELS = [
  'activation-key',
  'activation-nonce',
  'code',
  'commitment',
  'contact-envelope',
  'delayed-entry',
  'evaluation-request',
  'history',
  'index',
  'mark',
  'match-entry',
  'opening-id',
  'opening-request',
  'redemption',
  'request-content',
  'row',
  'row-entry',
  'token-request',
  'withdrawal',
  'withdrawal-entry',
];

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

/** Everything that can be made of what the vendor knows of a pack, without a secret. */
function valuesOf({ code, activationKey, buyer, hour }: Pack): Uint8Array[] {
  const { origin, roster } = services.fixture;
  const grouped = formatCode(STANDARD_SCHEMES, 'bm1', code);
  const texts = [code, grouped, grouped.replaceAll('-', ' '), code.toLowerCase(), activationKey, buyer, `bm1 ${code}`];
  const { bytes } = parseActivationKey(activationKey);
  const input = codeInput(origin, 'bm1', code);
  const [one, none] = [formatUint(1, 1), new Uint8Array(32)];
  // Blinded by nothing: a blind of 1.
  const element = blindBy(
    Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0)),
    input,
  );
  const redemptions = [labelledHash('redemption', bytes), activationKeyHash(bytes), none];
  const requests = redemptions.map((redemption) =>
    registrationEvaluationHash({
      purpose: 'registration',
      roster: roster.hash,
      epochs: [1],
      elements: [element],
      redemptions: [redemption],
      token: null,
    }),
  );
  const plain = [
    ...texts.map(utf8ToBytes),
    bytes,
    activationKeyHash(bytes),
    input,
    element,
    utf8ToBytes(formatHour(hour)),
    one,
  ];
  const labelled = ['index', 'commitment', 'code'].flatMap((label) =>
    plain.flatMap((value) => [
      labelledHash(label, value),
      labelledHash(label, origin, value),
      labelledHash(label, none, value, none),
    ]),
  );
  return [...plain, ...requests, ...plain.map(sha256), ...labelled];
}

/** Everything in the log and the roster that may serve as a salt, or in the place of one. */
function publicValues(): Uint8Array[] {
  const { origin, roster, fingerprint } = services.fixture;
  const { log, epochs, guardians } = roster.roster;
  const keys = [
    log.publicKey,
    ...epochs.map(({ groupKey }) => groupKey),
    ...guardians.map(({ witnessKey }) => witnessKey),
  ];
  const numbers = entries.flatMap((_, i) => [formatUint(i, 4), formatUint(i, 6)]);
  return [
    ...entries.flatMap(bytesOf),
    ...keys,
    roster.hash,
    fingerprint,
    utf8ToBytes(origin),
    new Uint8Array(32),
    ...numbers,
  ];
}

/** Indexes of the entries in which a value stands. */
function createFinder(): (value: Uint8Array) => number | undefined {
  const places = new Map(entries.flatMap((entry, i) => bytesOf(entry).map((value) => [bytesToHex(value), i] as const)));
  return (value) => places.get(bytesToHex(value));
}

/** The entries that hashes lead to: of each of the `own` values alone, under any label, and as a mark with each of the `salts`. */
function linksOf(own: readonly Uint8Array[], salts: readonly Uint8Array[]): Set<number> {
  const find = createFinder();
  const found = new Set<number>();
  const attempt = (value: Uint8Array): void => {
    const index = find(value);
    if (index !== undefined) found.add(index);
  };
  for (const value of own) {
    attempt(value);
    for (const label of LABELS) attempt(labelledHash(label, value));
    for (const salt of salts) attempt(labelledHash('mark', salt, value));
  }
  return found;
}

/** The packs that an entry may belong to: those that it is linked with; without a link, all whose hours allow it. */
function candidatesOf(index: number, links: ReadonlyMap<Pack, ReadonlySet<number>>): Pack[] {
  const linked = packs().filter((pack) => links.get(pack)?.has(index) === true);
  if (linked.length > 0) return linked;
  const { kind, hour } = entries[index] as LogEntry;
  const isFirst = kind === 'activation' || kind === 'registration';
  return packs().filter((pack) => (isFirst ? pack.hour === hour : pack.hour <= hour));
}

/** The pack that an entry is of in truth, as its owner's history says. */
const packOf = (index: number): Pack | undefined =>
  truths.find(({ own }) => own.some((entry) => entry.index === index))?.pack;

describe('the observer', () => {
  const links = new Map<Pack, Set<number>>();

  beforeAll(() => {
    const known = publicValues();
    for (const pack of packs()) {
      const values = valuesOf(pack);
      expect(values.length).toBeGreaterThan(100);
      links.set(pack, linksOf(values, [...known, ...values.slice(0, 30)]));
    }
  });

  it('finds no entry by anything that he can compute of a pack', () => {
    expect([...links.values()].map((found) => found.size)).toEqual(packs().map(() => 0));
  });

  it('finds no entry by another one: no field leads to a field of a different entry', () => {
    const find = createFinder();
    const values = publicValues();
    for (const [index, entry] of entries.entries()) {
      for (const value of bytesOf(entry)) {
        const derived = [sha256(value), ...LABELS.map((label) => labelledHash(label, value))];
        const salted = values.flatMap((salt) => [labelledHash('mark', salt, value), labelledHash('mark', value, salt)]);
        const found = [...derived, ...salted].map(find).filter((other) => other !== undefined && other !== index);
        expect(found, `${entry.kind} ${index}`).toEqual([]);
      }
    }
  });

  it('is left with hours: each match, opening and change may be of every pack that was activated by then', () => {
    for (const index of indexesOf('match', 'opening', 'action')) {
      expect(candidatesOf(index, links)).toEqual(packs());
    }
    for (const index of indexesOf('registration', 'activation')) {
      const candidates = candidatesOf(index, links);
      expect(candidates).toHaveLength(OWNERS);
      if (entries[index]?.kind === 'registration') expect(candidates).toContain(packOf(index));
    }
    // An opening leads to its lookup, by the case; but no further than to all that it found.
    const matches = indexesOf('match').map((index) => entries[index] as Extract<LogEntry, { kind: 'match' }>);
    expect(Map.groupBy(matches, ({ lookup }) => lookup).size).toBe(3);
  });

  it('learns from statistics no more than that there were so many of each', async () => {
    const { text } = await send(`${services.registryFile.url}/v1/statistics`);
    const { months } = JSON.parse(text) as { months: object[] };
    expect(months).toEqual([
      {
        month: expect.stringMatching(/^\d{4}-\d\d$/u) as string,
        force: 'demo-force',
        lookups: 3,
        hits: 6,
        openings: 1,
      },
    ]);
  });
});

describe('a guardian that has opened a contact, and so knows a commitment,', () => {
  it('finds no entry by it but the one whose salt it was given', () => {
    const { commitment, own } = truths.find(({ pack }) => pack === withdrawn()) as Truth;
    const { origin } = services.fixture;
    const versions = [1, 2, 3, 4].flatMap((version) => [
      withdrawalHash(origin, commitment, version),
      labelledHash('withdrawal-entry', withdrawalHash(origin, commitment, version)),
    ]);
    expect([...linksOf([commitment, ...versions], publicValues())]).toEqual([]);
    const [opening] = indexesOf('opening');
    const { salt } = own.find(({ index }) => index === opening) as Truth['own'][number];
    expect([...linksOf([commitment, ...versions], [...publicValues(), salt])]).toEqual([opening]);
  });
});

describe('the owner, whose history has the salts', () => {
  /** By whose commitment, and by the salts of whose history. */
  const linksBy = ({ commitment }: Truth, { own }: Truth): Set<number> =>
    linksOf(
      [commitment],
      own.map(({ salt }) => salt),
    );

  it('finds each entry of a pack, and no other, by the same computation', () => {
    for (const truth of truths) {
      const found = [...linksBy(truth, truth)].toSorted((a, b) => a - b);
      expect(found).toEqual(truth.own.map(({ index }) => index));
    }
    const all = truths.flatMap(({ own }) => own.map(({ index }) => index)).toSorted((a, b) => a - b);
    expect(all).toEqual(indexesOf('registration', 'match', 'opening', 'action'));
  });

  it('says of every entry which pack it is of', () => {
    const links = new Map(truths.map((truth) => [truth.pack, linksBy(truth, truth)]));
    for (const index of indexesOf('registration', 'match', 'opening', 'action')) {
      expect(candidatesOf(index, links)).toEqual([packOf(index)]);
    }
  });

  it('needs the salt of each: those of one registration lead to nothing of another', () => {
    for (const [i, truth] of truths.entries()) {
      const other = truths[(i + 1) % truths.length] as Truth;
      expect([...linksBy(other, truth)]).toEqual([]);
    }
  });
});
