/** The signed list of all keys, guardians, forces, issuers, schemes and limits of one registry (DESIGN 3.4). */
import { z } from 'zod';
import { equalBytes, formatBase64url, formatJsonBytes, parseBase64url, parseJsonBytes } from './bytes.ts';
import { BlindmarkError, isBlindmarkError } from './errors.ts';
import { labelledHash } from './hash.ts';
import { MAX_DELAY_DAYS, MAX_ENTRY_SIGNATURES, type EntryOf, type LogEntry } from './log-entry.ts';
import { bytesField, formatMessage, identifierField, parseMessage, textField } from './message.ts';
import { isExtension, schemeRulesSchema } from './scheme-rules.ts';
import { isPublicSignature, isSignature, sign, type SigningKey } from './signature.ts';
import { checkStretchParameters } from './stretch.ts';
import { verifyPublicShares } from './threshold.ts';

/** Most guardians of a roster. */
export const MAX_GUARDIANS = 17;

/** Highest threshold of a roster: its entry in the log carries so many signatures. */
export const MAX_THRESHOLD = MAX_ENTRY_SIGNATURES;

const positive = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/** A registry's name: it goes into every hash and signature, so that nothing made for one registry serves another. */
export const originField = z.string().regex(/^[a-z0-9](?:[a-z0-9./:-]{0,98}[a-z0-9])?$/u);

/** A quarter of a year, `YYYY-Qn`. */
export const quarterField = z.string().regex(/^\d{4}-Q[1-4]$/u);

const guardianSchema = z.strictObject({
  /** Position in the threshold key, from 1. */
  index: positive.max(MAX_GUARDIANS),
  id: identifierField,
  name: textField(100),
  /** The operator's Ed25519 key: signs rosters and key generation. */
  operatorKey: bytesField(32),
  /** The service's Ed25519 key: cosigns the log's checkpoints. */
  witnessKey: bytesField(32),
});

/** A public threshold key, and the guardians' public shares of it in the order of their indexes. */
const thresholdKeyFields = { groupKey: bytesField(32), publicShares: z.array(bytesField(32)).max(MAX_GUARDIANS) };

const epochSchema = z.strictObject({
  epoch: positive,
  /** Whether registrations of this epoch are looked up. */
  live: z.boolean(),
  stretch: z.strictObject({ memoryKiB: positive, passes: positive, lanes: positive }),
  /** The key under which codes are evaluated. */
  ...thresholdKeyFields,
  /** The key to which contact envelopes are sealed: from its own key generation. */
  decryption: z.strictObject(thresholdKeyFields),
});

const forceSchema = z.strictObject({
  id: identifierField,
  name: textField(100),
  codesPerDay: positive,
  codesPerOfficerAndDay: positive,
  /** X25519: officers seal to it why they open an envelope. */
  exchangeKey: bytesField(32),
  /** Where guardians fetch the force's list of revocations. */
  revocationUrl: z.url({ protocol: /^https?$/u }).max(200),
  /** For how many days the log hides the plain fields of this force's entries. 0: they are plain at once. */
  delayDays: z.int().min(0).max(MAX_DELAY_DAYS),
});

const treeHeadSchema = z.strictObject({ size: z.int().min(0), root: bytesField(32) });

const logSchema = z.strictObject({
  /** 1 for a registry's first log; one more for each that takes the place of the one before. */
  generation: positive,
  /** The registry's Ed25519 key: signs this generation's checkpoints. */
  publicKey: bytesField(32),
  /** Where a successor's tree begins: a checkpoint of the generation before it. Null for the first generation. */
  start: treeHeadSchema.nullable(),
  /** The last cosigned checkpoint of the generation before it: larger than `start` where entries were lost. */
  closed: treeHeadSchema.nullable(),
});

/** One issuer as a roster lists it; also what an issuer hands to a registry: its `card.json`. */
export const rosterIssuerSchema = z.strictObject({
  /** What the first byte of this issuer's activation keys says. */
  number: z.int().min(0).max(255),
  id: identifierField,
  name: textField(100),
  /** Where owners exchange activation keys for tokens. */
  url: z.url({ protocol: /^https?$/u }).max(200),
  /** Evaluations that each guardian grants to this issuer's tokens a day. */
  codesPerDay: positive,
  /** One RSA key a quarter: SPKI, RFC 9578 section 6.5. */
  tokenKeys: z.array(z.strictObject({ quarter: quarterField, publicKey: bytesField(200, 1024) })).min(1),
});

export const rosterSchema = z.strictObject({
  format: z.literal('blindmark-roster-v1'),
  origin: originField,
  version: positive,
  /** Hash of the roster before this one; null for the first. */
  predecessor: bytesField(32).nullable(),
  issuedAt: z.iso.datetime(),
  /** Lets the stretching floor be set aside. Clients refuse such a roster unless told otherwise. */
  testRoster: z.literal(true).optional(),
  threshold: positive.max(MAX_THRESHOLD),
  guardians: z.array(guardianSchema).min(1).max(MAX_GUARDIANS),
  log: logSchema,
  epochs: z.array(epochSchema).min(1),
  /** Ed25519 keys that certify forces. */
  authorityRoots: z.array(bytesField(32)).min(1),
  forces: z.array(forceSchema),
  issuers: z.array(rosterIssuerSchema),
  schemes: schemeRulesSchema,
});

export type Roster = z.output<typeof rosterSchema>;
export type RosterGuardian = Roster['guardians'][number];
export type RosterEpoch = Roster['epochs'][number];
export type RosterForce = Roster['forces'][number];
export type RosterIssuer = Roster['issuers'][number];
export type RosterLog = Roster['log'];
/** Whose signatures make a roster valid. */
export type RosterSigners = Pick<Roster, 'guardians' | 'threshold'>;

/** A roster's exact bytes with its signatures. What is hashed and signed are the bytes, never a re-encoding. */
export const signedRosterSchema = z.strictObject({
  roster: bytesField(2, 1_000_000),
  signatures: z.array(z.strictObject({ guardian: identifierField, signature: bytesField(64) })).max(255),
});
export type SignedRoster = z.output<typeof signedRosterSchema>;

/** A roster that is to be signed: its exact bytes. */
export const rosterDraftSchema = z.strictObject({
  format: z.literal('blindmark-roster-draft-v1'),
  roster: signedRosterSchema.shape.roster,
});
export type RosterDraft = z.output<typeof rosterDraftSchema>;

/** One guardian operator's signature over a draft. */
export const rosterSignatureSchema = signedRosterSchema.shape.signatures.element;
export type RosterSignature = z.output<typeof rosterSignatureSchema>;

/** Every roster of a registry, first to current. */
export const rosterChainSchema = z.strictObject({ chain: z.array(signedRosterSchema).min(1).max(1000) });

/** A roster that has been verified, with its hash. */
export interface VerifiedRoster {
  readonly roster: Roster;
  /** 32 bytes: what requests name. */
  readonly hash: Uint8Array;
  /** Whose operators signed it: the guardians of the one before it; a first roster's own. */
  readonly signers: RosterSigners;
}

export function rosterHash(bytes: Uint8Array): Uint8Array {
  return labelledHash('roster', bytes);
}

/** The fingerprint that clients pin: the hash of a registry's first roster, as base64url (43 characters). */
export function rosterFingerprint(firstRoster: Uint8Array): string {
  return formatBase64url(rosterHash(firstRoster));
}

/** Reads a fingerprint as it stands in a configuration. */
export function parseRosterFingerprint(text: string): Uint8Array {
  return parseBase64url('rosterFingerprint', text.trim(), 32);
}

/** The roster's bytes. Checks the content as {@link parseRoster} does. */
export function formatRoster(roster: Roster): Uint8Array {
  const bytes = formatJsonBytes(formatMessage(rosterSchema, roster));
  parseRoster(bytes);
  return bytes;
}

function refuse(field: string, message: string, guardians?: string[]): never {
  throw new BlindmarkError('badRoster', `The roster does not hold: ${message}`, {
    field,
    remedy: 'Do not go on with this registry; ask its operator and a guardian about the roster.',
    ...(guardians === undefined ? {} : { guardians }),
  });
}

function checkDistinct(field: string, values: readonly (string | number)[]): void {
  if (new Set(values).size !== values.length) refuse(field, `${field} are not distinct`);
}

function checkStretch(epoch: RosterEpoch, belowFloor: boolean): void {
  try {
    checkStretchParameters('epochs.stretch', epoch.stretch, belowFloor);
  } catch (error) {
    if (!isBlindmarkError(error, 'badInput')) throw error;
    refuse(error.field ?? 'epochs.stretch', error.message);
  }
}

/** A key that serves two ends would let what is said for one be used for the other. */
function checkKeysApart({ guardians, epochs, log }: Roster): void {
  const text = (keys: readonly Uint8Array[]): string[] => keys.map(formatBase64url);
  checkDistinct(
    'guardians.witnessKey',
    text([...guardians.flatMap(({ operatorKey, witnessKey }) => [operatorKey, witnessKey]), log.publicKey]),
  );
  const all = (key: RosterEpoch | RosterEpoch['decryption']): string[] => text([key.groupKey, ...key.publicShares]);
  const evaluation = new Set(epochs.flatMap(all));
  if (epochs.flatMap(({ decryption }) => all(decryption)).some((key) => evaluation.has(key))) {
    refuse('epochs.decryption', 'a key or share is for evaluation and for decryption');
  }
}

function checkLog({ generation, start, closed }: RosterLog): void {
  if (generation === 1) {
    if (start !== null || closed !== null) refuse('log', 'the first log begins empty');
    return;
  }
  if (start === null || closed === null) refuse('log', 'a successor log does not say where it begins');
  if (start.size > closed.size) refuse('log.start', 'it lies behind the last cosigned checkpoint');
  if (start.size === closed.size && !equalBytes(start.root, closed.root)) {
    refuse('log.start', 'it is of the same size as the last cosigned checkpoint, and another tree');
  }
}

/**
 * Reads a roster and checks that its content is consistent with itself. Signatures are {@link verifyRosterChain}'s work.
 *
 * @throws BlindmarkError `badRoster`
 */
export function parseRoster(bytes: Uint8Array): Roster {
  let roster: Roster;
  try {
    roster = parseMessage(rosterSchema, parseJsonBytes('roster', bytes), 'roster');
  } catch (cause) {
    throw new BlindmarkError('badRoster', cause instanceof Error ? cause.message : 'The roster does not parse', {
      cause,
    });
  }
  const { guardians, threshold } = roster;
  guardians.forEach((guardian, position) => {
    if (guardian.index !== position + 1) refuse('guardians', 'guardians are not numbered 1 to n in order');
  });
  checkDistinct(
    'guardians.id',
    guardians.map((guardian) => guardian.id),
  );
  checkDistinct(
    'guardians.operatorKey',
    guardians.map((guardian) => formatBase64url(guardian.operatorKey)),
  );
  if (threshold > guardians.length || 2 * threshold <= guardians.length) {
    refuse('threshold', 'the threshold is not more than half of the guardians');
  }
  checkDistinct(
    'epochs',
    roster.epochs.map((epoch) => epoch.epoch),
  );
  if (!roster.epochs.some((epoch) => epoch.live)) refuse('epochs', 'no epoch is live');
  for (const epoch of roster.epochs) {
    checkStretch(epoch, roster.testRoster === true);
    for (const key of [epoch, epoch.decryption]) {
      if (key.publicShares.length !== guardians.length) refuse('epochs.publicShares', 'not one share a guardian');
      verifyPublicShares(key.groupKey, key.publicShares, threshold);
    }
  }
  checkKeysApart(roster);
  checkLog(roster.log);
  checkDistinct(
    'forces.id',
    roster.forces.map((force) => force.id),
  );
  checkDistinct(
    'issuers.id',
    roster.issuers.map((issuer) => issuer.id),
  );
  checkDistinct(
    'issuers.number',
    roster.issuers.map((issuer) => issuer.number),
  );
  for (const issuer of roster.issuers) {
    // More than one live key an issuer and quarter would mark buyers.
    checkDistinct(
      'issuers.tokenKeys.quarter',
      issuer.tokenKeys.map((key) => key.quarter),
    );
  }
  return roster;
}

/** The hash covers the roster's hash, so that an entry of the log verifies without the roster's bytes. */
function signatureHash(predecessor: Uint8Array | null, hash: Uint8Array): Uint8Array {
  return labelledHash('roster-signature', predecessor ?? new Uint8Array(), hash);
}

/** A guardian operator's signature over a roster and, in it, its predecessor's hash. 64 bytes. */
export function signRoster(bytes: Uint8Array, operator: SigningKey): Uint8Array {
  return sign(operator, signatureHash(parseRoster(bytes).predecessor, rosterHash(bytes)));
}

function checkSignatures(signed: SignedRoster, predecessor: Uint8Array | null, signers: RosterSigners): void {
  const hash = signatureHash(predecessor, rosterHash(signed.roster));
  const valid = new Set<string>();
  for (const { guardian: id, signature } of signed.signatures) {
    const guardian = signers.guardians.find((candidate) => candidate.id === id);
    if (guardian === undefined) continue;
    if (!isSignature(guardian.operatorKey, hash, signature)) {
      refuse('signatures', 'a guardian operator’s signature does not verify', [id]);
    }
    valid.add(id);
  }
  if (valid.size < signers.threshold) {
    refuse('signatures', `${valid.size} guardian operators signed it; ${signers.threshold} are needed`);
  }
}

/**
 * The entry that puts a roster into the log: its hash, and the signatures of exactly the threshold of operators.
 *
 * @param roster verified from `signed`
 * @param hour whole hours since 1970-01-01 UTC
 */
export function rosterEntry(signed: SignedRoster, roster: VerifiedRoster, hour: number): EntryOf<'roster'> {
  const { guardians, threshold } = roster.signers;
  const signatures = guardians.flatMap(({ id, index }) => {
    const found = signed.signatures.find(({ guardian }) => guardian === id);
    return found === undefined ? [] : [{ guardian: index, signature: found.signature }];
  });
  const { version } = roster.roster;
  return { kind: 'roster', hour, version, roster: roster.hash, signatures: signatures.slice(0, threshold) };
}

/**
 * Verifies that an entry of the log is the one of this roster, with the signatures that make it valid.
 *
 * @throws BlindmarkError `badRoster` naming the guardian whose signature does not verify
 */
export function verifyRosterEntry(entry: LogEntry, { roster, hash, signers }: VerifiedRoster): void {
  const isOf = entry.kind === 'roster' && equalBytes(entry.roster, hash) && entry.version === roster.version;
  if (!isOf) return refuse('log', 'the log’s entry is of another one');
  if (entry.signatures.length !== signers.threshold) refuse('signatures', 'its entry has not as many as are needed');
  const signed = signatureHash(roster.predecessor, hash);
  for (const { guardian: index, signature } of entry.signatures) {
    const guardian = signers.guardians[index - 1];
    if (guardian === undefined || !isPublicSignature(guardian.operatorKey, signed, signature)) {
      refuse('signatures', 'a signature in its entry does not verify', guardian === undefined ? [] : [guardian.id]);
    }
  }
}

/** A log goes on unchanged, or is followed by the next generation under another key. */
function checkLogSuccession(log: RosterLog, current: RosterLog): void {
  if (log.generation === current.generation) {
    const isSame =
      equalBytes(log.publicKey, current.publicKey) &&
      isSameHead(log.start, current.start) &&
      isSameHead(log.closed, current.closed);
    if (!isSame) refuse('log', 'it has changed within a generation');
    return;
  }
  if (log.generation !== current.generation + 1) refuse('log.generation', 'generations of the log are not consecutive');
  if (equalBytes(log.publicKey, current.publicKey))
    refuse('log.publicKey', 'a successor log has the key of the one before');
}

function isSameHead(a: RosterLog['start'], b: RosterLog['start']): boolean {
  return a === null || b === null ? a === b : a.size === b.size && equalBytes(a.root, b.root);
}

/**
 * Checks that a roster follows on the one before it, and takes nothing away that registrations depend on. Signatures are
 * {@link verifyRosterChain}'s work.
 *
 * @param current the roster before it; undefined for the first
 * @throws BlindmarkError `badRoster`
 */
export function checkSuccession(roster: Roster, current: VerifiedRoster | undefined): void {
  const follows =
    current === undefined
      ? roster.predecessor === null
      : roster.predecessor !== null && equalBytes(roster.predecessor, current.hash);
  if (!follows) refuse('predecessor', 'a roster does not follow on the one before it');
  if (roster.version !== (current?.roster.version ?? 0) + 1) refuse('version', 'versions are not consecutive');
  if (current === undefined) {
    if (roster.log.generation !== 1) refuse('log.generation', 'a first roster has the first log');
    return;
  }
  if (roster.origin !== current.roster.origin) refuse('origin', 'the origin has changed');
  checkLogSuccession(roster.log, current.roster.log);
  for (const { epoch, groupKey, decryption, stretch } of current.roster.epochs) {
    const kept = roster.epochs.find((candidate) => candidate.epoch === epoch);
    if (kept === undefined) {
      // What was registered to try the registry may be given up; the rest is retired, and stays verifiable.
      if (current.roster.testRoster === true) continue;
      refuse('epochs', 'an epoch is gone that the roster before lists');
    }
    // Under other keys or another stretching, nobody would find, or open, what was registered in that epoch.
    const isSame =
      equalBytes(kept.groupKey, groupKey) &&
      equalBytes(kept.decryption.groupKey, decryption.groupKey) &&
      JSON.stringify(kept.stretch) === JSON.stringify(stretch);
    if (!isSame) refuse('epochs', 'an epoch has changed a key or its stretching');
  }
  if (!isExtension(current.roster.schemes, roster.schemes)) {
    refuse('schemes', 'a scheme’s rule or a maker’s name has changed or is gone; they are added to alone');
  }
}

/**
 * Verifies all rosters of a registry from the pinned first to the current one: each is signed by at least t guardian
 * operators of its predecessor (the first: of its own), over its predecessor's hash.
 *
 * @param fingerprint what is pinned: the 32-byte hash of the first roster
 * @param options.allowTestRoster whether the current one may be a test roster
 * @returns all of them, first to current
 * @throws BlindmarkError `badRoster`
 */
export function verifyRosterHistory(
  chain: readonly SignedRoster[],
  fingerprint: Uint8Array,
  options: { readonly allowTestRoster?: boolean } = {},
): [VerifiedRoster, ...VerifiedRoster[]] {
  const [first, ...others] = chain;
  if (first === undefined) refuse('chain', 'there is none');
  if (!equalBytes(rosterHash(first.roster), fingerprint)) {
    refuse('chain', 'the first roster is not the one whose fingerprint is pinned');
  }
  const own = parseRoster(first.roster);
  checkSuccession(own, undefined);
  checkSignatures(first, null, own);
  let current: VerifiedRoster = { roster: own, hash: rosterHash(first.roster), signers: own };
  const history: [VerifiedRoster, ...VerifiedRoster[]] = [current];
  for (const signed of others) {
    // A successor is not even parsed before its signatures hold: whoever relays the chain may have made it up.
    checkSignatures(signed, current.hash, current.roster);
    const roster = parseRoster(signed.roster);
    checkSuccession(roster, current);
    current = { roster, hash: rosterHash(signed.roster), signers: current.roster };
    history.push(current);
  }
  if (current.roster.testRoster === true && options.allowTestRoster !== true) {
    refuse('testRoster', 'it is a test roster, whose codes are not protected by stretching');
  }
  return history;
}

/**
 * The current roster of a chain, verified as by {@link verifyRosterHistory}.
 *
 * @throws BlindmarkError `badRoster`
 */
export function verifyRosterChain(
  chain: readonly SignedRoster[],
  fingerprint: Uint8Array,
  options: { readonly allowTestRoster?: boolean } = {},
): VerifiedRoster {
  return verifyRosterHistory(chain, fingerprint, options).at(-1) as VerifiedRoster;
}

/** The epochs whose registrations are looked up, newest first. */
export function liveEpochs(roster: Roster): RosterEpoch[] {
  return roster.epochs.filter((epoch) => epoch.live).sort((a, b) => b.epoch - a.epoch);
}

/** The epoch of that number, if it is live. */
export function findLiveEpoch(roster: Roster, epoch: number): RosterEpoch {
  const found = roster.epochs.find((candidate) => candidate.epoch === epoch && candidate.live);
  if (found !== undefined) return found;
  throw new BlindmarkError('wrongEpoch', 'The request names an epoch that is not live', {
    field: 'epochs',
    remedy: 'Fetch the roster again and repeat the work under its live epochs.',
  });
}

/** The quarter of a time in epoch seconds, in UTC. */
export function quarterOf(now: number): string {
  const date = new Date(now * 1000);
  return `${date.getUTCFullYear()}-Q${Math.floor(date.getUTCMonth() / 3) + 1}`;
}

/** The quarter that is `by` quarters after `quarter`; before it when negative. */
export function shiftQuarter(quarter: string, by: number): string {
  const [year, number] = quarter.split('-Q').map(Number) as [number, number];
  const count = year * 4 + number - 1 + by;
  return `${Math.floor(count / 4)}-Q${(count % 4) + 1}`;
}

/** An issuer's token keys that count at `now`: this quarter's, and the last one's so that a token in hand stays good. */
export function currentTokenKeys<Key extends { readonly quarter: string }>(
  issuer: { readonly tokenKeys: readonly Key[] },
  now: number,
): Key[] {
  const current = quarterOf(now);
  const last = shiftQuarter(current, -1);
  return issuer.tokenKeys.filter((key) => key.quarter === current || key.quarter === last);
}
