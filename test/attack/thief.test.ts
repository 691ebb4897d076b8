/**
 * The thief of DESIGN section 2: he has the registry's database with its write-ahead log, its configuration and roster, every
 * service's log and metrics, one guardian's folder with its share in clear, the issuer's database, and the list of all codes,
 * registered or not. He tries whatever can be computed from that, and no strategy tells a registered code from another. With
 * t shares he can, at one Argon2id a guess.
 */
import { join } from 'node:path';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { ristretto255 } from '@noble/curves/ed25519.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { argon2idNode } from '../../client-sdk/node/argon2id.ts';
import { Officer } from '../../client-sdk/officer.ts';
import { Owner } from '../../client-sdk/owner.ts';
import { connectionOf, Registry, type SchemeCode } from '../../client-sdk/registry.ts';
import { Vault } from '../../client-sdk/vault.ts';
import { parseActivationKey } from '../../crypto/activation-key.ts';
import { concatBytes, equalBytes, formatBase64url, utf8ToBytes } from '../../crypto/bytes.ts';
import { canonicalise, formatCode } from '../../crypto/canonical.ts';
import { sodiumGroup } from '../../crypto/group-sodium.ts';
import { deriveKey, labelledHash } from '../../crypto/hash.ts';
import { openItemEnvelope, type Item } from '../../crypto/item-envelope.ts';
import { blind, codeInput, EVALUATION_CONTEXT, finalize } from '../../crypto/oprf.ts';
import { createRecoveryPhrase, deriveMarkSecrets } from '../../crypto/owner-keys.ts';
import { registrationCommitment, registrationIndex } from '../../crypto/registration.ts';
import type { Roster } from '../../crypto/roster.ts';
import { openWithKey } from '../../crypto/seal.ts';
import { STANDARD_SCHEMES } from '../../crypto/standard-schemes.ts';
import { stretch, type Argon2id, type CodeSecrets, type StretchParameters } from '../../crypto/stretch.ts';
import { activationNonce } from '../../crypto/token.ts';
import { startToken, obtainToken } from '../../client-sdk/activation.ts';
import { combine } from '../../crypto/threshold.ts';
import { guardianEvaluationSchema } from '../../crypto/wire.ts';
import { parseMessage } from '../../crypto/message.ts';
import { CHEAP_STRETCH } from '../support/fixture.ts';
import { readMarks } from '../support/marks.ts';
import { startServices, type Services } from '../support/services.ts';
import { subsets, type KeyShare, type SplitKey } from '../support/split-key.ts';
import { askGuardian, post } from './ask.ts';
import { bytesIn, filesOf, readStolen, takeLoot, type Loot, type StolenRow } from './loot.ts';

const COUNT = 40;
/** Noon, so that all is of one day. */
const NOON = Math.floor(Date.now() / 86_400_000) * 86_400 + 43_200;
const ONE = sodiumGroup.reduceScalar(new Uint8Array(64).with(0, 1));
const { Fn } = ristretto255.Point;

/** A code on the thief's list. */
interface Guess extends SchemeCode {
  readonly code: string;
  readonly isRegistered: boolean;
}

let services: Services;
let guesses: readonly Guess[];
let itemsOf: ReadonlyMap<string, readonly Item[]>;
let loot: Loot;
let rows: readonly StolenRow[];
let stolen: readonly Uint8Array[];
/** The stolen guardian's share, in clear. */
let share: Uint8Array;
let epoch: Roster['epochs'][number];
let origin: string;

/** The published marks, of every scheme, every second one registered. */
function chooseGuesses(): Guess[] {
  const bySchemes = Map.groupBy(readMarks(), (mark) => mark.scheme);
  const perScheme = Math.ceil((2 * COUNT) / bySchemes.size);
  const chosen = [...bySchemes].flatMap(([scheme, marks]) =>
    [...new Set(marks.map(({ code }) => canonicalise(STANDARD_SCHEMES, scheme, code)))]
      .slice(0, perScheme)
      .map((canonical) => ({ scheme, canonical, code: formatCode(STANDARD_SCHEMES, scheme, canonical) })),
  );
  return chosen.slice(0, 2 * COUNT).map((guess, i) => Object.assign(guess, { isRegistered: i % 2 === 0 }));
}

async function connect(): Promise<Registry> {
  const { registryFile, clock } = services;
  const options = { ...connectionOf(registryFile), argon2id: argon2idNode, now: () => clock.now };
  return Registry.connect(registryFile.url, options);
}

async function registerAll(): Promise<ReadonlyMap<string, readonly Item[]>> {
  const storage = { append: async (): Promise<void> => {} };
  const phrase = createRecoveryPhrase();
  const vault = await Vault.create({ phrase, passphrase: 'the owner’s own', storage, parameters: CHEAP_STRETCH });
  const owner = await Owner.open(await connect(), vault, services.registryFile);
  const keys = await services.createActivationKeys(COUNT);
  const registered = guesses.filter((guess) => guess.isRegistered);
  const requests = registered.map(({ code, scheme, canonical }, i) => ({
    id: canonical,
    code,
    scheme,
    items: [{ category: 'Shotgun', description: `kept by owner ${i}` }],
    activationKey: keys[i] as string,
  }));
  for await (const outcome of owner.registerMany(requests, { parallel: 8 })) {
    if ('error' in outcome) throw outcome.error;
  }
  return new Map(requests.map(({ id, items }) => [id, items]));
}

/** Police have looked up some of both kinds, which leaves its own traces. */
async function lookUpSome(): Promise<void> {
  const officer = new Officer(await connect(), await services.createOfficer());
  const readings = guesses.slice(0, COUNT).map(({ code, scheme }, i) => ({ id: String(i), reading: code, scheme }));
  const results = await Array.fromAsync(officer.lookup(officer.plan(readings), { caseReference: 'CR/1/26' }));
  expect(results.filter((result) => 'result' in result && result.result === 'hit')).toHaveLength(COUNT / 2);
}

async function metricsText(): Promise<string[]> {
  return Promise.all([...services.metrics.values()].map(async ({ registry }) => registry.metrics()));
}

beforeAll(async () => {
  services = await startServices({ now: NOON });
  guesses = chooseGuesses();
  ({ origin } = services.fixture);
  [epoch] = services.fixture.roster.roster.epochs as [Roster['epochs'][number]];
  itemsOf = await registerAll();
  await lookUpSome();
  const files = filesOf(services.folder).filter((file) => /^(?:registry|g1|issuer)\//u.test(file));
  loot = takeLoot(services.folder, files, [
    ...services.lines,
    ...(await metricsText()),
    JSON.stringify(services.registryFile),
  ]);
  share = shareOf(0).secret;
  openDatabases();
});
afterAll(async () => {
  await services.stopAll();
});

function openDatabases(): void {
  const path = (...parts: string[]): string => join(services.folder, ...parts);
  const registry = readStolen(path('registry', 'registry.db'));
  rows = registry.get('registrations') as readonly StolenRow[];
  stolen = [registry, readStolen(path('g1', 'guardian.db')), readStolen(path('issuer', 'issuer.db'))].flatMap(bytesIn);
}

const shareOf = (position: number): KeyShare => (services.fixture.keys.get(1) as SplitKey).shares[position] as KeyShare;
const column = (row: StolenRow, name: string): Uint8Array => row[name] as Uint8Array;
const inputOf = ({ scheme, canonical }: SchemeCode): Uint8Array => codeInput(origin, scheme, canonical);
const pointOf = (input: Uint8Array): Uint8Array =>
  sodiumGroup.hashToElement(input, `HashToGroup-${EVALUATION_CONTEXT}`);

/** Secrets of a code if `element` were its unblinded evaluation. */
async function secretsOf(guess: SchemeCode, element: Uint8Array, argon2id = argon2idNode): Promise<CodeSecrets> {
  const y = finalize(inputOf(guess), ONE, element);
  return stretch(y, { origin, epoch: epoch.epoch, parameters: epoch.stretch }, argon2id);
}

/** The factors that shares of these positions get in an interpolation at 0 (Shamir 1979). */
function factor(index: number, others: readonly number[]): bigint {
  return others.reduce(
    (product, other) => Fn.mul(product, Fn.mul(BigInt(other), Fn.inv(Fn.create(BigInt(other - index))))),
    1n,
  );
}

const scaled = (by: bigint): Uint8Array => Fn.toBytes(Fn.mul(by, Fn.fromBytes(share)));

/** Scalars that the thief may hope to be the key: what one share and public numbers make. */
function guessedKeys(): Uint8Array[] {
  const hashed = [epoch.groupKey, ...epoch.publicShares, services.fixture.fingerprint].map((bytes) =>
    sodiumGroup.reduceScalar(sha512(bytes)),
  );
  const shares = [1n, -1n, 2n, factor(1, [2]), factor(1, [3]), factor(1, [2, 3])].map((by) => scaled(Fn.create(by)));
  return [ONE, ...shares, sodiumGroup.invertScalar(share), ...hashed];
}

/** Elements that the thief may hope to be a code's evaluation. */
function guessEvaluations(guess: SchemeCode): Uint8Array[] {
  const point = pointOf(inputOf(guess));
  const multiples = guessedKeys().map((key) => sodiumGroup.multiply(key, point));
  const [own, ...others] = epoch.publicShares as [Uint8Array, ...Uint8Array[]];
  // What public shares, which are the other shares times the generator, can be put together to.
  const sums = [epoch.groupKey, own, ...others].flatMap((known) => [
    known,
    sodiumGroup.multiply(share, known),
    sodiumGroup.add(point, known),
    sodiumGroup.add(sodiumGroup.multiply(share, point), known),
    sodiumGroup.subtract(known, sodiumGroup.multiply(share, point)),
  ]);
  return [...multiples, ...sums];
}

const evaluationsOf = new Map<SchemeCode, Uint8Array[]>();

/** What {@link guessEvaluations} says, computed once. */
function guessedEvaluations(guess: SchemeCode): Uint8Array[] {
  const known = evaluationsOf.get(guess) ?? guessEvaluations(guess);
  evaluationsOf.set(guess, known);
  return known;
}

/** Spellings of a code that may have been hashed or left in clear. */
function textsOf({ scheme, canonical, code }: Guess): string[] {
  return [canonical, code, `${scheme}:${canonical}`, `${scheme}/${canonical}`];
}

const LABELS = ['code', 'index', 'commitment', 'row', 'lookup-tag', 'code-key', 'mark-salt', 'mark-blind', 'mark-key'];

/** Whatever the thief computes of a code alone: hashes of every kind, and what follows where one stands for a tag. */
function hashesOf(guess: Guess): Uint8Array[] {
  const none = new Uint8Array();
  const texts = textsOf(guess).map(utf8ToBytes);
  const plain = texts.flatMap((text) => [sha256(text), sha512(text), sha512(text).slice(0, 32)]);
  const labelled = LABELS.flatMap((label) => [
    labelledHash(label, guess.canonical),
    labelledHash(label, origin, guess.canonical),
    labelledHash(label, origin, guess.scheme, guess.canonical),
  ]);
  const derived = texts.flatMap((text) => [
    deriveKey(text, 32, none, 'lookup-tag'),
    deriveKey(text, 32, none, 'code-key'),
  ]);
  const tags = [inputOf(guess), ...plain, ...labelled, ...derived].map((bytes) => bytes.slice(0, 32));
  return tags;
}

/** Whether a tag is that of a row, or stands anywhere. */
const isTag = (tag: Uint8Array): boolean => loot.holds(tag) || loot.holds(registrationIndex(origin, tag));

/** Whether a row commits to a tag under a key that the thief knows: owners' keys he has none of. */
function isCommitted(tag: Uint8Array): boolean {
  const keys = [new Uint8Array(32), epoch.groupKey];
  return rows.some((row) =>
    keys.some((key) => equalBytes(registrationCommitment(column(row, 'salt'), tag, key), column(row, 'commitment'))),
  );
}

function opens(key: Uint8Array, row: StolenRow): boolean {
  const commitment = column(row, 'commitment');
  const envelope = column(row, 'item_envelope');
  try {
    openWithKey(deriveKey(key, 32, commitment, 'item-envelope'), envelope, commitment);
    return true;
  } catch {
    return false;
  }
}

/** A strategy says of a code whether the thief believes that it is registered. */
const STRATEGIES: readonly [name: string, believes: (guess: Guess) => boolean | Promise<boolean>][] = [
  [
    'the code in clear',
    (guess) =>
      textsOf(guess)
        .slice(0, 2)
        .some((text) => text.length > 5 && loot.mentions(text)),
  ],
  ['hashes of the code', (guess) => hashesOf(guess).some(isTag)],
  [
    'the evaluation under one share, no share, public shares, and any sum of them',
    async (guess) => {
      const tags = await Promise.all(
        guessedEvaluations(guess).map(async (element) => (await secretsOf(guess, element)).lookupTag),
      );
      return tags.some((tag) => isTag(tag) || isCommitted(tag));
    },
  ],
  [
    'an evaluation that was not stretched',
    (guess) =>
      guessedEvaluations(guess).some((element) => {
        const y = finalize(inputOf(guess), ONE, element);
        const none = new Uint8Array();
        const tags = [y.slice(0, 32), y.slice(32), sha256(y), deriveKey(y, 32, none, 'lookup-tag')];
        return loot.holds(element) || tags.some(isTag);
      }),
  ],
  [
    'the item envelopes, with any key that he can derive',
    async (guess) => {
      const point = pointOf(inputOf(guess));
      const elements = [ONE, share, scaled(factor(1, [2])), scaled(factor(1, [3]))].map((key) =>
        sodiumGroup.multiply(key, point),
      );
      const keys = await Promise.all(elements.map(async (element) => (await secretsOf(guess, element)).codeKey));
      const simple = [inputOf(guess), sha256(utf8ToBytes(guess.canonical))];
      return [...keys, ...simple].some((key) => rows.some((row) => opens(key, row)));
    },
  ],
  [
    'the salts, as if they followed from the code',
    (guess) => {
      const seeds = [new Uint8Array(64), concatBytes(share, share), sha512(utf8ToBytes(guess.canonical))];
      const secrets = seeds.map((seed) => deriveMarkSecrets(seed, { origin, ...guess, counter: 0 }));
      return secrets.some(({ salt, signingKey }) => loot.holds(salt) || loot.holds(signingKey.publicKey));
    },
  ],
  [
    'nonces of registry and guardian, as if a row’s salt or a known number had blinded the code',
    (guess) => {
      const point = pointOf(inputOf(guess));
      const scalars = rows.flatMap((row) => {
        const salt = column(row, 'salt');
        return [sha512(salt), concatBytes(salt, new Uint8Array(32))].map((wide) => sodiumGroup.reduceScalar(wide));
      });
      return [...guessedKeys(), ...scalars].some((scalar) => {
        const element = sodiumGroup.multiply(scalar, point);
        return loot.holds(element) || loot.holds(activationNonce(origin, element, element));
      });
    },
  ],
  [
    'the guardians, asked for an element that may have been accepted',
    async (guess) => {
      const elements = [ONE, share].map((scalar) => sodiumGroup.multiply(scalar, pointOf(inputOf(guess))));
      const answers = await Promise.all(
        [...services.guardianUrls.keys()].flatMap((id) =>
          elements.map(async (element) =>
            askGuardian(services, id, {
              purpose: 'registration',
              roster: services.fixture.roster.hash,
              epochs: [1],
              elements: [element],
              redemptions: [element],
              token: null,
            }),
          ),
        ),
      );
      return answers.some(({ code }) => code !== 'tokenRequired');
    },
  ],
];

describe('without t shares', () => {
  it('the thief has what he should have, and it is all there', () => {
    expect(loot.files).toEqual(
      expect.arrayContaining([
        'registry/registry.db',
        'registry/registry.db-wal',
        'registry/roster.json',
        'g1/guardian.db',
        'g1/share.json',
        'issuer/issuer.db',
      ]),
    );
    expect(rows).toHaveLength(COUNT);
    expect(loot.holds(share)).toBe(true);
    // What he has of each row is found by the same search that finds nothing below.
    for (const row of rows) expect(loot.holds(column(row, 'index_hash'))).toBe(true);
    expect(new Set(guesses.map(({ scheme }) => scheme)).size).toBe(7);
    expect(guesses.filter(({ isRegistered }) => isRegistered)).toHaveLength(COUNT);
  });

  it.each(STRATEGIES)('tells nothing by %s', async (_, believes) => {
    const believed = new Map<string, boolean>();
    for (const guess of guesses) believed.set(`${guess.scheme} ${guess.canonical}`, await believes(guess));
    expect(believed.size).toBe(2 * COUNT);
    // No match at all: whatever threshold he sets, he does no better than chance.
    expect([...believed].filter(([, belief]) => belief)).toEqual([]);
  });

  it('sees rows that differ in nothing but uniform bytes', () => {
    const visible = rows.map((row) => ({
      status: row['status'],
      version: row['version'],
      epoch: row['epoch'],
      day: row['registered_on'],
      contact: row['contact_envelope'],
      envelope: column(row, 'item_envelope').length,
    }));
    expect(new Set(visible.map((row) => JSON.stringify(row, (_, value: unknown) => String(value)))).size).toBe(1);
    for (const name of ['salt', 'commitment', 'row_signature', 'item_envelope', 'index_hash']) {
      expect(new Set(rows.map((row) => formatBase64url(column(row, name)))).size).toBe(COUNT);
    }
  });

  it('finds no order of arrival in the tables: each is sorted by hashes', () => {
    const tables = [
      ...readStolen(join(services.folder, 'registry', 'registry.db')),
      ...readStolen(join(services.folder, 'g1', 'guardian.db')),
      ...readStolen(join(services.folder, 'issuer', 'issuer.db')),
    ];
    const names = tables.map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(['registrations', 'nonces', 'accepted_elements', 'activation_keys']));
    for (const [name, table] of tables) {
      const keys = table.map((row) => Object.values(row)[0] as bigint | Uint8Array | string);
      const sorted = keys.toSorted((a, b) =>
        a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) : a < b ? -1 : 1,
      );
      expect(keys, name).toEqual(sorted);
    }
    // The place of a row follows from its index, which he can't compute of any code.
    for (const row of rows) {
      const bits = Buffer.from(column(row, 'index_hash')).readBigInt64BE(0);
      expect(row['id']).toBe(bits & ~3n);
    }
  });

  it('finds no byte string of a row in another table, nor a hash of one: no nonce, key or request leads to a row', () => {
    const fields = rows.flatMap((row) =>
      ['index_hash', 'salt', 'commitment', 'row_signature', 'item_envelope'].map((name) => column(row, name)),
    );
    const others = stolen.filter((bytes) => !fields.some((field) => equalBytes(field, bytes)));
    // Spent nonces, accepted elements and activation keys at least, one of each for each row.
    expect(others.length).toBeGreaterThanOrEqual(3 * COUNT);
    const known = new Set(others.map((bytes) => formatBase64url(bytes)));
    const labels = ['activation-nonce', 'officer-request', 'activation-key', 'token-request', 'quota', ...LABELS];
    for (const field of fields) {
      const hashes = [
        field,
        sha256(field),
        ...labels.flatMap((label) => [labelledHash(label, field), labelledHash(label, origin, field)]),
      ];
      for (const hash of hashes) expect(known.has(formatBase64url(hash))).toBe(false);
    }
  });

  it('gets three guesses for each pack that he buys, counted by every guardian, and no fourth', async () => {
    const registry = await connect();
    const [printed = ''] = await services.createActivationKeys(1);
    const key = parseActivationKey(printed).bytes;
    const { roster, hash } = services.fixture.roster;
    const evaluations = async (guess: Guess): Promise<boolean> => {
      const { element, blind: scalar } = blind(inputOf(guess));
      const pending = await startToken(roster, key, { element, redemption: element }, services.clock.now);
      const token = await obtainToken(registry.http, roster, key, pending);
      const ask = {
        purpose: 'registration' as const,
        roster: hash,
        epochs: [1],
        elements: [element],
        redemptions: [element],
        token,
      };
      const partials = await Promise.all(
        ['g2', 'g3'].map(async (id, i) => {
          const { text } = await askGuardian(services, id, ask);
          const {
            evaluations: [evaluation],
          } = parseMessage(guardianEvaluationSchema, JSON.parse(text));
          return { index: i + 2, evaluatedElements: evaluation?.elements as Uint8Array[] };
        }),
      );
      const [combined] = combine(partials, 2) as [Uint8Array];
      const y = finalize(inputOf(guess), scalar, combined);
      const { lookupTag } = await stretch(y, { origin, epoch: 1, parameters: epoch.stretch }, argon2idNode);
      return isTag(lookupTag);
    };
    const bought = guesses.slice(0, 3);
    for (const guess of bought) expect(await evaluations(guess)).toBe(guess.isRegistered);
    await expect(evaluations(guesses[3] as Guess)).rejects.toMatchObject({ code: 'activationKeyUsedUp' });
  });

  it('gets nothing out of the registry for a guessed tag: what is there and what is not is answered alike', async () => {
    const row = rows[0] as StolenRow;
    const path = `${services.registryFile.url}/v1/registrations/${formatBase64url(column(row, 'commitment'))}/history`;
    const absent = `${services.registryFile.url}/v1/registrations/${formatBase64url(sha256(share))}/history`;
    const { salt, signingKey } = deriveMarkSecrets(new Uint8Array(64), {
      origin,
      scheme: 'bm1',
      canonical: 'x',
      counter: 0,
    });
    const body = {
      lookupTag: formatBase64url(salt),
      ownerPublicKey: formatBase64url(signingKey.publicKey),
      issuedAt: services.clock.now,
      signature: formatBase64url(column(row, 'row_signature')),
    };
    const [there, elsewhere] = [await post(path, body), await post(absent, body)];
    expect(there).toEqual(elsewhere);
    expect(there.code).toBe('badSignature');
  });
});

describe('with t shares', () => {
  const chosen = subsets([0, 1, 2], 2);

  it.each(chosen)(
    '%i and %i, he recovers every tag and opens every envelope, at one Argon2id a guess',
    async (a, b) => {
      const shares = [a, b].map(shareOf);
      const calls: StretchParameters[] = [];
      const counting: Argon2id = async (password, salt, parameters, length) => {
        calls.push(parameters);
        return argon2idNode(password, salt, parameters, length);
      };
      let found = 0;
      for (const guess of guesses) {
        const point = pointOf(inputOf(guess));
        const partials = shares.map(({ index, secret }) => ({
          index,
          evaluatedElements: [sodiumGroup.multiply(secret, point)],
        }));
        const [element] = combine(partials, 2) as [Uint8Array];
        const { lookupTag, codeKey } = await secretsOf(guess, element, counting);
        const index = registrationIndex(origin, lookupTag);
        const row = rows.find((candidate) => equalBytes(column(candidate, 'index_hash'), index));
        expect(isTag(lookupTag)).toBe(guess.isRegistered);
        expect(row !== undefined).toBe(guess.isRegistered);
        if (row === undefined) continue;
        found += 1;
        const { items } = openItemEnvelope(column(row, 'item_envelope'), codeKey, column(row, 'commitment'));
        expect(items).toEqual(itemsOf.get(guess.canonical));
      }
      expect(found).toBe(COUNT);
      // The whole price of a guess: one Argon2id with the parameters of the roster.
      expect(calls).toEqual(guesses.map(() => epoch.stretch));
    },
  );
});
