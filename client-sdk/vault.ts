/**
 * An owner's vault: the recovery phrase, and what is known of each mark. It is a list of sealed records that only grows: each
 * mark's last record counts. So a change is durable by adding one line, and a torn last line loses nothing acknowledged.
 */
import { z } from 'zod';
import {
  equalBytes,
  formatBase64url,
  formatJsonBytes,
  formatUint,
  parseBase64url,
  parseJsonBytes,
} from '../crypto/bytes.ts';
import { contactSchema } from '../crypto/contact.ts';
import { registryFileSchema, type RegistryFile } from '../crypto/credential-files.ts';
import { BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import { labelledHash } from '../crypto/hash.ts';
import { itemSchema } from '../crypto/item-envelope.ts';
import { bytesField, formatMessage, identifierField, parseMessage } from '../crypto/message.ts';
import {
  badPassphrase,
  createPassphraseLock,
  derivePassphraseKey,
  passphraseLockSchema,
} from '../crypto/passphrase.ts';
import { registrationRowSchema, STATUSES } from '../crypto/registration.ts';
import { MAX_GUARDIANS, originField, signedRosterSchema, type SignedRoster } from '../crypto/roster.ts';
import { openWithKey, sealWithKey } from '../crypto/seal.ts';
import type { Argon2id, StretchParameters } from '../crypto/stretch.ts';
import { pendingTokenSchema } from '../crypto/token-request.ts';
import { TOKEN_BYTES } from '../crypto/wire.ts';

/** Which registration of which code a record is of. */
const markName = {
  origin: originField,
  scheme: identifierField,
  canonical: z.string().min(1).max(256),
  /** 0 for the code's first registration; one more for each after a withdrawal. */
  counter: z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
};

/** What is known of one registration of one code. */
export const markRecordSchema = z.strictObject({
  kind: z.literal('mark'),
  ...markName,
  /**
   * `pending`: begun, and to be gone on with by the same requests; `registered`: the registry has acknowledged it;
   * `withdrawn`: the registry has erased it.
   */
  stage: z.enum(['pending', 'registered', 'withdrawn']),
  /** What the owner asked for, or what the registration says. */
  status: z.enum(STATUSES),
  /** None where the registration was found withdrawn, and its items were never known here. */
  items: z.array(itemSchema).max(20),
  /** How the owner chose to be reached; absent where it was not chosen here. */
  contact: z
    .discriminatedUnion('kind', [contactSchema.options[0], z.strictObject({ kind: z.literal('relay') })])
    .nullable()
    .optional(),
  /** What pays or has paid for it; kept, so that no other mark is given the same. */
  activationKey: bytesField(15).optional(),
  /** While pending: the blinded token request that was sent, or is about to be. */
  pendingToken: pendingTokenSchema.optional(),
  /** While pending: the token, made from `pendingToken`. */
  token: bytesField(TOKEN_BYTES).optional(),
  lookupTag: bytesField(32).optional(),
  codeKey: bytesField(32).optional(),
  /** What guardians answered for the code under the row's epoch: proves to others whose code it is. */
  evaluations: z
    .array(z.strictObject({ guardian: identifierField, element: bytesField(32), proof: bytesField(64) }))
    .max(MAX_GUARDIANS)
    .optional(),
  /** The row as it was last sent. */
  row: registrationRowSchema.optional(),
});
export type MarkRecord = z.output<typeof markRecordSchema>;

/** A verified receipt of one registration. */
const receiptRecordSchema = z.strictObject({
  kind: z.literal('receipt'),
  ...markName,
  /** A C2SP tlog-proof: `parseReceipt` reads it. */
  receipt: z.string().max(32 * 1024),
  /** The row that its entry is of; null where it is not known here, and for a withdrawal. */
  row: registrationRowSchema.nullable(),
});
export type ReceiptRecord = z.output<typeof receiptRecordSchema>;

const ownerRecordSchema = z.strictObject({ kind: z.literal('owner'), phrase: z.string() });
const registryRecordSchema = z.strictObject({
  kind: z.literal('registry'),
  origin: originField,
  registry: registryFileSchema,
});
/** One roster of a registry, after those before it: receipts are verified by them, without the registry. */
const rosterRecordSchema = z.strictObject({
  kind: z.literal('roster'),
  origin: originField,
  roster: signedRosterSchema,
});
const recordSchema = z.discriminatedUnion('kind', [
  ownerRecordSchema,
  registryRecordSchema,
  rosterRecordSchema,
  markRecordSchema,
  receiptRecordSchema,
]);

/** One record of a vault. */
export type VaultRecord = z.output<typeof recordSchema>;

const headerSchema = z.strictObject({ format: z.literal('blindmark-vault-v1'), lock: passphraseLockSchema });

/** Where a vault's lines are kept. */
export interface VaultStorage {
  /** Adds lines after those that are there; resolves once they are durable. */
  append(lines: readonly string[]): Promise<void>;
  /**
   * Whether an `append` that fails has added nothing, for certain. A vault can then go on after a failure; otherwise it takes no
   * further record, for nobody knows behind what it would stand.
   */
  readonly isAtomic?: boolean | undefined;
}

/** The text of a vault file: its lines, each ended by a line feed. */
export function formatVaultText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** The lines of a vault file's text. A last one without its line feed was never acknowledged, and is left out. */
export function parseVaultText(text: string): string[] {
  return text.split(/\r?\n/u).slice(0, -1);
}

const badVault = (what: string): BlindmarkError =>
  new BlindmarkError('badFile', `The vault ${what}`, {
    field: 'vault',
    remedy: 'Restore it from a copy, or start a new vault from the recovery phrase and recover each mark by its code.',
  });

/** Names a code within a vault. */
function codeKeyOf(mark: Pick<MarkRecord, 'origin' | 'scheme' | 'canonical'>): string {
  return JSON.stringify([mark.origin, mark.scheme, mark.canonical]);
}

/** One registration of a code. */
export type MarkName = Pick<MarkRecord, 'origin' | 'scheme' | 'canonical' | 'counter'>;

function markKeyOf(mark: MarkName): string {
  return JSON.stringify([mark.origin, mark.scheme, mark.canonical, mark.counter]);
}

function byCounter(registrations: ReadonlyMap<number, MarkRecord>): MarkRecord[] {
  return [...registrations.values()].sort((a, b) => a.counter - b.counter);
}

/** An open vault. */
export class Vault {
  readonly #key: Uint8Array;
  readonly #header: string;
  readonly #storage: VaultStorage;
  #length = 0;
  #writing: Promise<void> = Promise.resolve();
  #phrase = '';
  readonly #registries = new Map<string, RegistryFile>();
  /** By origin. */
  readonly #rosters = new Map<string, SignedRoster[]>();
  /** By registration, in the order in which they were kept. */
  readonly #receipts = new Map<string, ReceiptRecord[]>();
  /** By code, then by counter. */
  readonly #marks = new Map<string, Map<number, MarkRecord>>();

  private constructor(key: Uint8Array, header: string, storage: VaultStorage) {
    this.#key = key;
    this.#header = header;
    this.#storage = storage;
  }

  /**
   * A new vault of an owner.
   *
   * @param options.phrase a valid recovery phrase
   * @param options.storage empty
   */
  static async create(options: {
    readonly phrase: string;
    readonly passphrase: string;
    readonly storage: VaultStorage;
    readonly argon2id?: Argon2id | undefined;
    /** Default: the stretching floor, 64 MiB. */
    readonly parameters?: StretchParameters | undefined;
  }): Promise<Vault> {
    const lock = createPassphraseLock(options.parameters);
    const header = JSON.stringify(formatMessage(headerSchema, { format: 'blindmark-vault-v1', lock }));
    const key = await derivePassphraseKey(options.passphrase, lock, options.argon2id);
    const vault = new Vault(key, header, options.storage);
    await vault.#append([{ kind: 'owner', phrase: options.phrase }], [header]);
    return vault;
  }

  /**
   * Opens a vault.
   *
   * @param options.lines all its whole lines; the storage drops a torn last one
   * @throws BlindmarkError `badPassphrase`; `badFile` when it is no vault or a line of it was altered
   */
  static async open(options: {
    readonly lines: readonly string[];
    readonly passphrase: string;
    readonly storage: VaultStorage;
    readonly argon2id?: Argon2id | undefined;
  }): Promise<Vault> {
    const [header = '', ...sealed] = options.lines;
    const { lock } = parseHeader(header);
    const key = await derivePassphraseKey(options.passphrase, lock, options.argon2id);
    const vault = new Vault(key, header, options.storage);
    for (const line of sealed) vault.#replay(line);
    if (vault.#phrase === '') throw badVault('holds no recovery phrase');
    return vault;
  }

  get phrase(): string {
    return this.#phrase;
  }

  /** Registries that marks are registered with, by origin. */
  get registries(): ReadonlyMap<string, RegistryFile> {
    return this.#registries;
  }

  /** Every mark, in the order in which they were begun. */
  get marks(): MarkRecord[] {
    return [...this.#marks.values()].flatMap(byCounter);
  }

  /** Marks at one registry: of each code the latest registration. */
  latestMarks(origin: string): MarkRecord[] {
    const latest = [...this.#marks.values()].map((registrations) => byCounter(registrations).at(-1) as MarkRecord);
    return latest.filter((mark) => mark.origin === origin);
  }

  /** Registrations of a code, by counter. */
  marksOf(origin: string, scheme: string, canonical: string): MarkRecord[] {
    return byCounter(this.#marks.get(codeKeyOf({ origin, scheme, canonical })) ?? new Map());
  }

  /** Remembers how a registry is reached. */
  async keepRegistry(origin: string, registry: RegistryFile): Promise<void> {
    const known = this.#registries.get(origin);
    if (known !== undefined && JSON.stringify(known) === JSON.stringify(registry)) return;
    await this.#append([{ kind: 'registry', origin, registry }]);
  }

  /** The rosters of a registry, first to current, as far as they are known here. */
  rostersOf(origin: string): readonly SignedRoster[] {
    return this.#rosters.get(origin) ?? [];
  }

  /** Remembers a registry's rosters: those that have come since. They are verified by their chain, again with each use. */
  async keepRosters(origin: string, chain: readonly SignedRoster[]): Promise<void> {
    const added = chain.slice(this.rostersOf(origin).length);
    if (added.length > 0) await this.#append(added.map((roster) => ({ kind: 'roster', origin, roster })));
  }

  /** The receipts of one registration, in the order in which they were kept. */
  receiptsOf(mark: MarkName): readonly ReceiptRecord[] {
    return this.#receipts.get(markKeyOf(mark)) ?? [];
  }

  /**
   * Keeps marks, each in the place of what was known of it before, and receipts, beside those that were kept before. Resolves once
   * that is durable. A crash may leave the first ones alone.
   */
  async keep(...records: (MarkRecord | ReceiptRecord)[]): Promise<void> {
    await this.#append(records);
  }

  async #append(records: readonly VaultRecord[], before: readonly string[] = []): Promise<void> {
    const plaintexts = records.map((record) => formatJsonBytes(formatMessage(recordSchema, record)));
    const write = async (): Promise<void> => {
      const sealed = plaintexts.map((plaintext, i) => this.#seal(plaintext, this.#length + i));
      await this.#storage.append([...before, ...sealed]);
      this.#length += sealed.length;
      for (const record of records) this.#apply(record);
    };
    // The seal of a line binds its place: one write after the other, and none after one that may have been written or not.
    const writing = this.#writing.then(write);
    // Whoever awaits a write hears of its failure; the chain itself must not count as unhandled.
    const settled = writing.catch(() => undefined);
    this.#writing = this.#storage.isAtomic === true ? settled : writing;
    await writing;
  }

  #binding(position: number): Uint8Array {
    return labelledHash('vault-record', this.#header, formatUint(position, 4));
  }

  #seal(plaintext: Uint8Array, position: number): string {
    return formatBase64url(sealWithKey(this.#key, plaintext, this.#binding(position)));
  }

  #replay(line: string): void {
    const position = this.#length++;
    let plaintext: Uint8Array;
    try {
      plaintext = openWithKey(this.#key, parseBase64url('vault', line), this.#binding(position));
    } catch (cause) {
      // The first record opens under the right passphrase, whatever became of the rest.
      if (position === 0 && isBlindmarkError(cause, 'badEnvelope')) throw badPassphrase(cause);
      throw badVault(`was altered at record ${position + 1}`);
    }
    this.#apply(parseMessage(recordSchema, parseJsonBytes('vault', plaintext), 'vault'));
  }

  #apply(record: VaultRecord): void {
    switch (record.kind) {
      case 'owner':
        this.#phrase = record.phrase;
        break;
      case 'registry':
        this.#registries.set(record.origin, record.registry);
        break;
      case 'roster': {
        // Two calls at once may both have found it missing.
        const isKnown = this.rostersOf(record.origin).some(({ roster }) => equalBytes(roster, record.roster.roster));
        if (!isKnown) addTo(this.#rosters, record.origin, record.roster);
        break;
      }
      case 'receipt':
        addTo(this.#receipts, markKeyOf(record), record);
        break;
      case 'mark': {
        const key = codeKeyOf(record);
        const registrations = this.#marks.get(key) ?? new Map<number, MarkRecord>();
        this.#marks.set(key, registrations.set(record.counter, record));
      }
    }
  }
}

function addTo<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  lists.set(key, [...(lists.get(key) ?? []), value]);
}

function parseHeader(line: string): z.output<typeof headerSchema> {
  try {
    return parseMessage(headerSchema, JSON.parse(line));
  } catch {
    throw badVault('is not a vault of this program');
  }
}
