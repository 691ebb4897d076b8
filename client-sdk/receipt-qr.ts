/**
 * A receipt as the text of a QR code, to be read from paper: about half of the C2SP tlog-proof. The registry's rosters, which
 * whoever verifies it has, give the names and keys, and the proof gives the root, so that none of these is in it; of the
 * cosignatures it keeps the earliest that make the threshold. It names no address: a code that opened a page would have whoever
 * forged it choose the page that says that it is good.
 *
 * `BLINDMARK:R1:`, then Base45 (RFC 9285), of QR's alphanumeric mode, over: the first four bytes of the first roster's hash; the
 * roster's version; the entry's salt; the entry; its index; the log's size; how many hashes the proof has, and these; the log's
 * signature; how many cosignatures, and of each the guardian's index, the seconds since the one before, and the signature.
 * Numbers are in base 128, least digit first, with the high bit set on all but the last.
 */
import { bytesToHex, concatBytes, equalBytes, parseUtf8, utf8ToBytes } from '../crypto/bytes.ts';
import {
  cosignatureTime,
  COSIGNATURE_LENGTH,
  formatCheckpoint,
  MAX_PROOF_HASHES,
  parseCheckpoint,
} from '../crypto/checkpoint.ts';
import { BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import { formatLogEntry, parseLogEntry, type EntryKind, type EntryOf, type LogEntry } from '../crypto/log-entry.ts';
import { cosignerName, logName, verifyCosigned } from '../crypto/log-proof.ts';
import { HASH_LENGTH, leafHash, rootOfInclusion } from '../crypto/merkle.ts';
import { formatNote, noteKeyId, SIGNATURE_TYPES, signaturesBy, type NoteSignature } from '../crypto/note.ts';
import { formatReceipt, parseReceipt, verifyReceipt } from '../crypto/receipt.ts';
import { MAX_GUARDIANS, type Roster, type VerifiedRoster } from '../crypto/roster.ts';
import { formatBase45, parseBase45 } from './base45.ts';

const PREFIX = 'BLINDMARK:R1:';

/** What a QR code of version 32 holds at the lowest error correction: more modules than that are not read from paper by hand. */
export const MAX_RECEIPT_QR_LENGTH = 2840;

const FINGERPRINT_BYTES = 4;
const SIGNATURE_BYTES = 64;
const SALT_BYTES = 32;
const TIME_BYTES = COSIGNATURE_LENGTH - SIGNATURE_BYTES;

function refuse(what: string, cause?: unknown): BlindmarkError {
  return new BlindmarkError('badFile', `The QR code’s text cannot be read as a receipt: ${what}`, {
    field: 'receipt',
    remedy: 'Read the code again, the whole of it in good light, or use the receipt’s file.',
    cause,
  });
}

// Numbers, and the parts of the binary form one after the other

function formatNumber(value: number): Uint8Array {
  const digits: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) digits.push((rest % 128) + 128);
  return Uint8Array.from([...digits, rest]);
}

function formatBytes(bytes: Uint8Array): Uint8Array {
  return concatBytes(formatNumber(bytes.length), bytes);
}

/** Takes one part after the other off bytes. Each method throws `badFile` where they end too early. */
class Parts {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  take(length: number): Uint8Array {
    if (length > this.#rest.length) throw refuse('it ends too early');
    const taken = this.#rest.slice(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const [digit = 0] = this.take(1);
      value += (digit % 128) * scale;
      if (!Number.isSafeInteger(value)) throw refuse('a number is too large');
      if (digit < 128) return value;
    }
  }

  /** So many of something: at most `most`. */
  list<T>(most: number, read: () => T): T[] {
    const count = this.number();
    if (count > most) throw refuse('it has too many parts');
    return Array.from({ length: count }, read);
  }

  bytes(): Uint8Array {
    return this.take(this.number());
  }

  end(): void {
    if (this.#rest.length > 0) throw refuse('something follows its end');
  }
}

// Entries

type Form<T> = T extends number ? 'number' : T extends string ? 'text' : 'hash' | 'bytes';
type Forms<K extends EntryKind> = { readonly [N in Exclude<keyof EntryOf<K>, 'kind'>]: Form<EntryOf<K>[N]> };

/** The entries that an owner's history has, with their fields in the order of the binary form. A kind's place is its number. */
const ENTRIES = {
  registration: { hour: 'number', mark: 'hash', row: 'hash', epoch: 'number' },
  action: { hour: 'number', mark: 'hash', action: 'text', row: 'hash' },
  match: { hour: 'number', mark: 'hash', lookup: 'number' },
  opening: {
    hour: 'number',
    request: 'hash',
    mark: 'hash',
    caseCommitment: 'hash',
    force: 'text',
    first: 'text',
    second: 'text',
  },
  delayed: { hour: 'number', of: 'text', commitment: 'hash', revealBy: 'number' },
  reveal: { hour: 'number', entry: 'number', salt: 'hash', plain: 'bytes' },
} as const satisfies { readonly [K in EntryKind]?: Forms<K> };

const KINDS = Object.keys(ENTRIES) as readonly (keyof typeof ENTRIES)[];

function formatEntry(entry: LogEntry): Uint8Array | null {
  const number = KINDS.findIndex((kind) => kind === entry.kind);
  const kind = KINDS[number];
  if (kind === undefined) return null;
  const values = entry as unknown as Readonly<Record<string, unknown>>;
  const fields = Object.entries(ENTRIES[kind]).map(([name, form]) => {
    const value = values[name];
    if (form === 'number') return formatNumber(value as number);
    if (form === 'text') return formatBytes(utf8ToBytes(value as string));
    return form === 'hash' ? (value as Uint8Array) : formatBytes(value as Uint8Array);
  });
  return concatBytes(Uint8Array.of(number), ...fields);
}

function parseEntry(parts: Parts): Uint8Array {
  const kind = KINDS[parts.number()];
  if (kind === undefined) throw refuse('it holds an entry of an unknown kind');
  const values = Object.entries(ENTRIES[kind]).map(([name, form]): [string, unknown] => {
    if (form === 'number') return [name, parts.number()];
    if (form === 'text') return [name, parseUtf8(name, parts.bytes())];
    return [name, form === 'hash' ? parts.take(HASH_LENGTH) : parts.bytes()];
  });
  return formatLogEntry({ kind, ...Object.fromEntries(values) } as LogEntry);
}

// Receipts

function logSignature({ log, ...roster }: Roster): { name: string; type: 0x01; publicKey: Uint8Array } {
  return { name: logName({ ...roster, log }), type: SIGNATURE_TYPES.ed25519, publicKey: log.publicKey };
}

/**
 * A receipt as the text of a QR code.
 *
 * @param receipt a C2SP tlog-proof
 * @param rosters all verified rosters of the registry, first to current
 * @returns in the characters of QR's alphanumeric mode, about 1,450 of them for two cosignatures in a log of a million entries;
 *   null where it would have more than {@link MAX_RECEIPT_QR_LENGTH}, or the entry is of no registration
 * @throws BlindmarkError `badFile`; those of `verifyReceipt` for a receipt that does not verify
 */
export function formatReceiptQr(receipt: string, rosters: readonly VerifiedRoster[]): string | null {
  const { checkpoint: note, logged, salt } = parseReceipt(receipt);
  const { entry, checkpoint, roster } = verifyReceipt({ checkpoint: note, logged, salt }, rosters);
  const { version, guardians, threshold } = roster.roster;
  const packed = formatEntry(entry);
  if (packed === null) return null;
  const [signature] = signaturesBy(parseCheckpoint(note).note, logSignature(roster.roster));
  const cosignatures = [...verifyCosigned(note, roster.roster).cosignatures]
    .map(([id, bytes]) => ({ guardian: guardians.find((each) => each.id === id)?.index as number, bytes }))
    .sort((a, b) => cosignatureTime(a.bytes) - cosignatureTime(b.bytes))
    .slice(0, threshold);
  const times = [0, ...cosignatures.map(({ bytes }) => cosignatureTime(bytes))];
  const bytes = concatBytes(
    (rosters[0] as VerifiedRoster).hash.slice(0, FINGERPRINT_BYTES),
    formatNumber(version),
    salt,
    packed,
    formatNumber(logged.index),
    formatNumber(checkpoint.size),
    formatNumber(logged.proof.length),
    ...logged.proof,
    signature as Uint8Array,
    formatNumber(cosignatures.length),
    ...cosignatures.flatMap(({ guardian, bytes: cosignature }, i) => [
      formatNumber(guardian),
      formatNumber((times[i + 1] as number) - (times[i] as number)),
      cosignature.subarray(TIME_BYTES),
    ]),
  );
  const text = PREFIX + formatBase45(bytes);
  return text.length > MAX_RECEIPT_QR_LENGTH ? null : text;
}

/** Whether a text says to be a receipt's QR code. */
export function isReceiptQr(text: string): boolean {
  return text.trimStart().startsWith(PREFIX);
}

/** A cosignature with its time as a 64-bit number in front (C2SP tlog-cosignature). */
function timed(time: number, signature: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(TIME_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(time));
  return concatBytes(bytes, signature);
}

function parseSignatures(parts: Parts, roster: Roster): NoteSignature[] {
  const key = logSignature(roster);
  const own = {
    name: key.name,
    keyId: noteKeyId(key.name, key.type, key.publicKey),
    signature: parts.take(SIGNATURE_BYTES),
  };
  let time = 0;
  const cosignatures = parts.list(MAX_GUARDIANS, (): NoteSignature => {
    const number = parts.number();
    const guardian = roster.guardians.find(({ index }) => index === number);
    if (guardian === undefined) throw refuse('it names a guardian that the registry does not have');
    time += parts.number();
    const name = cosignerName(roster.origin, guardian.id);
    const keyId = noteKeyId(name, SIGNATURE_TYPES.cosignature, guardian.witnessKey);
    return { name, keyId, signature: timed(time, parts.take(SIGNATURE_BYTES)) };
  });
  return [own, ...cosignatures];
}

function findRoster(parts: Parts, rosters: readonly VerifiedRoster[]): Roster {
  const [first] = rosters;
  const fingerprint = parts.take(FINGERPRINT_BYTES);
  if (first === undefined || !equalBytes(fingerprint, first.hash.subarray(0, FINGERPRINT_BYTES))) {
    throw new BlindmarkError('badRoster', 'The receipt is of another registry', {
      field: 'receipt',
      remedy: `Verify it with the registry whose fingerprint begins with ${bytesToHex(fingerprint)} in hexadecimal, or use its file.`,
    });
  }
  const version = parts.number();
  const found = rosters.find(({ roster }) => roster.version === version);
  if (found !== undefined) return found.roster;
  throw new BlindmarkError('badRoster', 'The receipt was given under a roster that is not known here', {
    field: 'roster',
    remedy: 'Fetch the registry’s rosters again.',
  });
}

/** Runs what throws `badInput` or `badProof` for malformed parts, and throws `badFile` in their place. */
function refusing<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (isBlindmarkError(error, 'badInput', 'badProof', 'badCheckpoint'))
      throw refuse('a part of it is malformed', error);
    throw error;
  }
}

/**
 * Reads the text of a receipt's QR code. Nothing is verified.
 *
 * @param rosters all verified rosters of the registry, first to current
 * @returns the receipt as a C2SP tlog-proof
 * @throws BlindmarkError `badFile`; `badRoster` for a receipt of another registry, or, with the field `roster`, under a roster
 *   that is not among these: the registry may have made it since
 */
export function parseReceiptQr(text: string, rosters: readonly VerifiedRoster[]): string {
  // No Base45 text ends in a space.
  const trimmed = text.trim();
  if (!trimmed.startsWith(PREFIX)) throw refuse(`it does not begin with ${PREFIX}`);
  if (trimmed.length > MAX_RECEIPT_QR_LENGTH) throw refuse('it is too long');
  const parts = new Parts(refusing(() => parseBase45('receipt', trimmed.slice(PREFIX.length))));
  const roster = findRoster(parts, rosters);
  return refusing(() => {
    const salt = parts.take(SALT_BYTES);
    const entry = parseEntry(parts);
    const [index, size] = [parts.number(), parts.number()];
    const proof = parts.list(MAX_PROOF_HASHES, () => parts.take(HASH_LENGTH));
    const root = rootOfInclusion({ index, size, leafHash: leafHash(entry), proof });
    const signatures = parseSignatures(parts, roster);
    parts.end();
    const checkpoint = formatNote({ text: formatCheckpoint({ origin: logName(roster), size, root }), signatures });
    const receipt = formatReceipt({ checkpoint, logged: { index, entry, proof }, salt });
    parseReceipt(receipt);
    parseLogEntry(entry);
    return receipt;
  });
}
