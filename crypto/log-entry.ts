/**
 * The entries of the public log: one canonical text for each (DESIGN 3.5). A first line says the format and the kind; then one
 * `name value` line for each field, in one order; each line ends in a line feed. The text is ASCII, at most 1,024 bytes. Binary
 * is base64url without padding. An entry holds no direct identifier, and its time is an hour.
 */
import { equalBytes, formatBase64url, parseBase64url, parseUtf8, utf8ToBytes } from './bytes.ts';
import { badInput } from './errors.ts';
import { labelledHash } from './hash.ts';
import { identifierField } from './message.ts';

/** The longest entry, in bytes. */
export const MAX_ENTRY_BYTES = 1024;

/** The longest that a force's policy may hide an entry's plain fields, in days. */
export const MAX_DELAY_DAYS = 28;

/** Most signatures of a roster's entry: the highest threshold that a roster may have, so that its entry fits. */
export const MAX_ENTRY_SIGNATURES = 9;

/** In which steps the log shows how many codes a lookup asked for. */
export const SIZE_CLASSES = ['1', '2-4', '5-16', '17-64'] as const;
export type SizeClass = (typeof SIZE_CLASSES)[number];

/** What an owner may do to a registration. */
export const ACTIONS = ['status', 'replace', 'withdraw'] as const;
export type Action = (typeof ACTIONS)[number];

/** Kinds of entries whose plain fields a force's policy may delay. */
export const DELAYABLE = ['lookup', 'match', 'opening'] as const;
export type Delayable = (typeof DELAYABLE)[number];

/** One guardian operator's signature in a roster's entry. */
export interface EntrySignature {
  /** The guardian's index in the roster whose operators sign: the one before; a first roster's own. */
  readonly guardian: number;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** How a field is written. `parse` may take more spellings than one: {@link parseLogEntry} refuses all but the canonical one. */
interface Field<T> {
  readonly format: (value: T) => string;
  readonly parse: (name: string, text: string) => T;
}

const bytes = (length: number): Field<Uint8Array> => ({
  format: formatBase64url,
  parse: (name, text) => parseBase64url(name, text, length),
});

const identifier: Field<string> = {
  format: (text) => text,
  parse: (name, text) => {
    if (!identifierField.safeParse(text).success) throw badInput(name, 'an identifier');
    return text;
  },
};

const oneOf = <const T extends string>(values: readonly T[]): Field<T> => ({
  format: (value) => value,
  parse: (name, text) => {
    const value = values.find((candidate) => candidate === text);
    if (value === undefined) throw badInput(name, `one of ${values.join(', ')}`);
    return value;
  },
});

const integer = (least: number, most: number): Field<number> => ({
  format: String,
  parse: (name, text) => {
    const value = /^\d{1,16}$/u.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most)) throw badInput(name, `a whole number from ${least} to ${most}`);
    return value;
  },
});

/** The last hour of the year 9999. */
const LAST_HOUR = Date.UTC(9999, 11, 31, 23) / 3_600_000;

const hour: Field<number> = {
  format: (value) => {
    if (!Number.isInteger(value) || value < 0 || value > LAST_HOUR) throw badInput('hour', 'whole hours since 1970');
    return `${new Date(value * 3_600_000).toISOString().slice(0, 13)}Z`;
  },
  parse: (name, text) => {
    // What is no date, such as 30 February, is read as none, or as one that is not spelt like this.
    const time = /^\d{4}-\d\d-\d\dT\d\dZ$/u.test(text) ? Date.parse(text.replace('Z', ':00:00Z')) : NaN;
    if (!(time >= 0)) throw badInput(name, 'an hour such as 2026-11-24T12Z');
    return time / 3_600_000;
  },
};

const signatures: Field<readonly EntrySignature[]> = {
  format: (list) => list.map(({ guardian, signature }) => `${guardian}:${formatBase64url(signature)}`).join(','),
  parse: (name, text) => {
    const list = text.split(',').map((part) => {
      const [guardian = '', signature = ''] = part.split(':');
      return { guardian: index.parse(name, guardian), signature: parseBase64url(name, signature, 64) };
    });
    const ascends = list.every(({ guardian }, i) => i === 0 || guardian > (list[i - 1] as EntrySignature).guardian);
    if (!ascends || list.length > MAX_ENTRY_SIGNATURES) {
      throw badInput(name, `at most ${MAX_ENTRY_SIGNATURES} signatures in the order of their guardians`);
    }
    return list;
  },
};

/** The exact bytes of another entry, of a kind that may be delayed. */
const hidden: Field<Uint8Array> = {
  format: formatBase64url,
  parse: (name, text) => {
    const plain = parseBase64url(name, text);
    const { kind } = parseLogEntry(plain);
    if (!isDelayable(kind)) throw badInput(name, `an entry that may be delayed: ${DELAYABLE.join(', ')}`);
    return plain;
  },
};

const hash = bytes(32);
const signature = bytes(64);
const index = integer(1, 255);
const number = integer(0, Number.MAX_SAFE_INTEGER);
const version = integer(1, 2 ** 31 - 1);

/** The fields of each kind, in the order in which they are written, after `hour`, which every entry has first. */
const FIELDS = {
  /** An evaluation for an owner. `request`: hash of the request. */
  activation: { request: hash },
  /** A registration. `mark`: {@link markHash}; `row`: hash of the row. */
  registration: { mark: hash, row: hash, epoch: version },
  /** An evaluation for an officer. `request`: hash of the request; `officer`: the pseudonym; `codes`: how many. */
  lookup: { request: hash, force: identifier, officer: identifier, caseCommitment: hash, codes: oneOf(SIZE_CLASSES) },
  /** A registration was shown to an officer. `lookup`: index of the lookup's entry. */
  match: { mark: hash, lookup: number },
  /** Two officers had a contact envelope opened. `request`: hash of what they signed; `first`, `second`: their pseudonyms. */
  opening: {
    request: hash,
    mark: hash,
    caseCommitment: hash,
    force: identifier,
    first: identifier,
    second: identifier,
  },
  /** An owner changed a registration. `row`: hash of the new row; `withdrawalEntryHash` for `withdraw`. */
  action: { mark: hash, action: oneOf(ACTIONS), row: hash },
  /** Somebody asked whether an item is reported stolen. `request`: hash of the request. */
  check: { request: hash },
  /** A roster came into force. `roster`: its hash; `signatures`: of exactly the threshold of operators. */
  roster: { version, roster: hash, signatures },
  /** A force's list of revocations. `list`: hash of what is revoked. */
  revocation: { force: identifier, list: hash, signature },
  /** The registry serves these pages from now on. `build`: {@link pagesHash} of crypto/pages.ts. */
  pages: { build: hash },
  /** An entry whose plain fields are hidden for now. `commitment`: {@link delayedCommitment}; `revealBy`: an hour. */
  delayed: { of: oneOf(DELAYABLE), commitment: hash, revealBy: hour },
  /** The plain fields of the delayed entry with the index `entry`. `plain`: the exact bytes of the hidden entry. */
  reveal: { entry: number, salt: hash, plain: hidden },
} as const;

/** What an entry records. */
export type EntryKind = keyof typeof FIELDS;
export const ENTRY_KINDS = Object.keys(FIELDS) as readonly EntryKind[];

type ValueOf<F> = F extends Field<infer T> ? T : never;
type FieldsOf<K extends EntryKind> = { readonly [N in keyof (typeof FIELDS)[K]]: ValueOf<(typeof FIELDS)[K][N]> };

/** An entry of one kind. `hour`: whole hours since 1970-01-01 UTC. Hashes, salts and commitments have 32 bytes. */
export type EntryOf<K extends EntryKind> = { readonly kind: K; readonly hour: number } & FieldsOf<K>;

/** One entry of the log. */
export type LogEntry = { [K in EntryKind]: EntryOf<K> }[EntryKind];

const HEADER = 'blindmark-entry-v1';

function fieldsOf(kind: EntryKind): [name: string, field: Field<unknown>][] {
  return Object.entries({ hour, ...FIELDS[kind] } as unknown as Record<string, Field<unknown>>);
}

function isDelayable(kind: EntryKind): kind is Delayable {
  return DELAYABLE.some((candidate) => candidate === kind);
}

/**
 * The entry's canonical bytes.
 *
 * @throws BlindmarkError `badInput` naming a field that has no canonical form, or when the whole is longer than
 *   {@link MAX_ENTRY_BYTES}
 */
export function formatLogEntry(entry: LogEntry): Uint8Array {
  const values = entry as unknown as Readonly<Record<string, unknown>>;
  const lines = fieldsOf(entry.kind).map(([name, field]) => {
    const text = field.format(values[name]);
    field.parse(`entry.${name}`, text);
    return `${name} ${text}\n`;
  });
  const formatted = utf8ToBytes(`${HEADER} ${entry.kind}\n${lines.join('')}`);
  if (formatted.length > MAX_ENTRY_BYTES) throw badInput('entry', `at most ${MAX_ENTRY_BYTES} bytes`);
  return formatted;
}

/**
 * Reads an entry. Bytes mean one entry or none: whatever is not the canonical text of what was read is refused.
 *
 * @throws BlindmarkError `badInput` naming the field
 */
export function parseLogEntry(entry: Uint8Array): LogEntry {
  if (entry.length > MAX_ENTRY_BYTES) throw badInput('entry', `at most ${MAX_ENTRY_BYTES} bytes`);
  const [first = '', ...lines] = parseUtf8('entry', entry).split('\n');
  const kind = ENTRY_KINDS.find((candidate) => first === `${HEADER} ${candidate}`);
  if (kind === undefined) throw badInput('entry', `a first line of ${HEADER} and a known kind`);
  const fields = fieldsOf(kind);
  // What follows the last line feed.
  if (lines.length !== fields.length + 1) throw badInput('entry', `${fields.length} lines after the first`);
  const values = fields.map(([name, field], i): [string, unknown] => {
    const line = lines[i] as string;
    if (!line.startsWith(`${name} `)) throw badInput(`entry.${name}`, 'its line, in the documented order');
    return [name, field.parse(`entry.${name}`, line.slice(name.length + 1))];
  });
  const parsed = { kind, ...Object.fromEntries(values) } as LogEntry;
  if (!equalBytes(formatLogEntry(parsed), entry)) throw badInput('entry', 'the canonical spelling');
  return parsed;
}

/** The hour of a time in epoch seconds. */
export function hourOf(epochSeconds: number): number {
  return Math.floor(epochSeconds / 3600);
}

/** An hour as entries show it: `2026-11-24T12Z`. */
export function formatHour(value: number): string {
  return hour.format(value);
}

/**
 * What stands for a registration in one entry. Nobody without this entry's salt can link it with the registration or with
 * another entry.
 *
 * @param entrySalt 32 bytes, another for each entry: known to the owner and to officers who may see the registration
 */
export function markHash(entrySalt: Uint8Array, commitment: Uint8Array): Uint8Array {
  return labelledHash('mark', entrySalt, commitment);
}

/** The size class of a number of codes. */
export function sizeClassOf(codes: number): SizeClass {
  const found = SIZE_CLASSES.find((sizeClass) => codes <= maxCodesOf(sizeClass));
  if (found === undefined || !Number.isInteger(codes) || codes < 1) throw badInput('codes', 'a number from 1 to 64');
  return found;
}

/** The most codes of a size class. */
export function maxCodesOf(sizeClass: SizeClass): number {
  return Number(sizeClass.split('-').at(-1));
}

/**
 * What a delayed entry shows of the entry that it hides.
 *
 * @param salt 32 random bytes: hidden fields are guessable without it
 * @param plain the exact bytes of the hidden entry
 */
export function delayedCommitment(salt: Uint8Array, plain: Uint8Array): Uint8Array {
  return labelledHash('delayed-entry', salt, plain);
}
