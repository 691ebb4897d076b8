/** What a registry's storage means, in the plainest form: the reference that engines are held against. */
import { checkBytes, formatBase64url } from '../../crypto/bytes.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { MAX_CLAIMS, type RegistrationRow } from '../../crypto/registration.ts';
import { MAX_ELEMENTS } from '../../crypto/wire.ts';
import {
  MAX_MATCHES,
  type ClaimResult,
  type HistoryRecord,
  type LookupClaim,
  type RecordedEvaluation,
  type RegisterResult,
  type RegistrationKey,
  type RegistryStore,
} from '../../server/store/store.ts';

const name = (bytes: Uint8Array, field = 'bytes'): string => formatBase64url(checkBytes(field, bytes, 32));
const text = (row: RegistrationRow): string =>
  JSON.stringify(row, (_, value: unknown) => (value instanceof Uint8Array ? formatBase64url(value) : value));

/** What outlives a closed store. */
export interface RegistryModelState {
  /** By index, in order of registration. */
  readonly claims: Map<string, readonly RegistrationRow[]>;
  /** By commitment, in the order of adding. */
  readonly history: Map<string, readonly HistoryRecord[]>;
  /** Nonces of accepted elements, and whether each made a registration. */
  readonly nonces: Map<string, boolean>;
  readonly evaluations: Map<string, RecordedEvaluation & { lookup?: string; matches?: readonly Uint8Array[] }>;
  purgedUntil: number;
}

export function createModelState(): RegistryModelState {
  return { claims: new Map(), history: new Map(), nonces: new Map(), evaluations: new Map(), purgedUntil: 0 };
}

/** {@link RegistryStore} in memory, one step after the other. */
export class RegistryModel implements RegistryStore {
  readonly #state: RegistryModelState;
  #isOpen = true;

  constructor(state: RegistryModelState = createModelState()) {
    this.#state = state;
  }

  async register(row: RegistrationRow, tokenNonce: Uint8Array): Promise<RegisterResult> {
    this.#checkOpen();
    const [commitment, nonce] = [name(row.commitment, 'commitment'), name(tokenNonce, 'tokenNonce')];
    const claims = this.#claims(row.index);
    const stored = claims.find((claim) => name(claim.commitment) === commitment);
    if (stored !== undefined) return text(stored) === text(row) ? 'again' : 'alreadyRegistered';
    if (this.#state.nonces.get(nonce) === true) return 'tokenSpent';
    if (claims.length >= MAX_CLAIMS) return 'claimsFull';
    this.#state.claims.set(name(row.index), [...claims, structuredClone(row)]);
    this.#state.nonces.set(nonce, true);
    return 'registered';
  }

  async findByIndexes(indexes: readonly Uint8Array[]): Promise<RegistrationRow[][]> {
    this.#checkOpen();
    if (indexes.length > MAX_ELEMENTS) throw badInput('indexes', `at most ${MAX_ELEMENTS} indexes`);
    return indexes.map((index) => this.#claims(index).map((row) => structuredClone(row)));
  }

  async findByCommitment(key: RegistrationKey): Promise<RegistrationRow | null> {
    this.#checkOpen();
    return structuredClone(this.#find(key) ?? null);
  }

  async replace(
    row: RegistrationRow,
    expectedVersion: number,
    history: readonly HistoryRecord[],
  ): Promise<'replaced' | 'versionConflict' | 'notFound'> {
    this.#checkOpen();
    for (const { key } of history) name(key, 'key');
    const stored = this.#find(row);
    if (stored === undefined) return 'notFound';
    if (stored.version !== expectedVersion) return 'versionConflict';
    const claims = this.#claims(row.index).map((claim) => (claim === stored ? structuredClone(row) : claim));
    this.#state.claims.set(name(row.index), claims);
    for (const record of history) this.#addRecord(row, record);
    return 'replaced';
  }

  async addHistory(key: RegistrationKey, record: HistoryRecord): Promise<'added' | 'again' | 'notFound'> {
    this.#checkOpen();
    if (this.#find(key) === undefined) return 'notFound';
    return this.#addRecord(key, record) ? 'added' : 'again';
  }

  async findHistory(key: RegistrationKey, first: Uint8Array, limit: number): Promise<HistoryRecord[]> {
    this.#checkOpen();
    const rank = (record: HistoryRecord): number =>
      record.kind === 'registration' ? 0 : name(record.key) === name(first) ? 1 : 2;
    const byKey = (a: HistoryRecord, b: HistoryRecord): number => Buffer.compare(a.key, b.key);
    const records = this.#state.history.get(name(key.commitment)) ?? [];
    const sorted = records.toSorted((a, b) => rank(a) - rank(b) || b.hour - a.hour || byKey(a, b));
    return sorted.slice(0, limit).map((record) => structuredClone(record));
  }

  async erase(key: RegistrationKey, expectedVersion: number): Promise<'erased' | 'versionConflict' | 'notFound'> {
    this.#checkOpen();
    const stored = this.#find(key);
    if (stored === undefined) return 'notFound';
    if (stored.version !== expectedVersion) return 'versionConflict';
    this.#state.claims.set(
      name(key.index),
      this.#claims(key.index).filter((claim) => claim !== stored),
    );
    this.#state.history.delete(name(key.commitment));
    return 'erased';
  }

  async recordEvaluation(evaluation: RecordedEvaluation): Promise<void> {
    this.#checkOpen();
    const hash = name(evaluation.hash, 'hash');
    name(evaluation.officer, 'officer');
    if (evaluation.expiresAt <= this.#state.purgedUntil) {
      throw new BlindmarkError('credentialExpired', 'Records of that time are purged');
    }
    if (!this.#state.evaluations.has(hash)) this.#state.evaluations.set(hash, structuredClone(evaluation));
  }

  async claimLookup(claim: LookupClaim): Promise<ClaimResult> {
    this.#checkOpen();
    const [hash, request] = [name(claim.evaluation), name(claim.requestHash)];
    for (const [key, { expiresAt }] of this.#state.evaluations) {
      if (expiresAt > claim.now) continue;
      this.#state.evaluations.delete(key);
      this.#state.purgedUntil = Math.max(this.#state.purgedUntil, expiresAt);
    }
    const evaluation = this.#state.evaluations.get(hash);
    if (evaluation === undefined || name(evaluation.officer) !== name(claim.officer)) {
      return { result: 'evaluationRequired' };
    }
    if (claim.tags > evaluation.tagLimit) return { result: 'evaluationRequired' };
    const { entry } = evaluation;
    if (evaluation.lookup !== undefined) {
      return evaluation.lookup === request ? { result: 'again', entry } : { result: 'replayed' };
    }
    evaluation.lookup = request;
    return { result: 'claimed', entry };
  }

  async settleLookup(evaluation: Uint8Array, matches: readonly Uint8Array[]): Promise<Uint8Array[] | null> {
    this.#checkOpen();
    if (matches.length > MAX_MATCHES) throw badInput('matches', `at most ${MAX_MATCHES} commitments`);
    for (const commitment of matches) name(commitment, 'matches');
    const recorded = this.#state.evaluations.get(name(evaluation));
    if (recorded === undefined) return null;
    recorded.matches ??= structuredClone(matches);
    return structuredClone([...recorded.matches]);
  }

  async acceptElement(nonce: Uint8Array): Promise<void> {
    this.#checkOpen();
    const accepted = name(nonce, 'nonce');
    if (!this.#state.nonces.has(accepted)) this.#state.nonces.set(accepted, false);
  }

  async isAccepted(nonce: Uint8Array): Promise<boolean> {
    this.#checkOpen();
    return this.#state.nonces.has(name(nonce, 'nonce'));
  }

  async isReady(): Promise<boolean> {
    return this.#isOpen;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  #claims(index: Uint8Array): readonly RegistrationRow[] {
    return this.#state.claims.get(name(index, 'index')) ?? [];
  }

  #find(key: RegistrationKey): RegistrationRow | undefined {
    const commitment = name(key.commitment);
    return this.#claims(key.index).find((claim) => name(claim.commitment) === commitment);
  }

  /** Whether it was not there. */
  #addRecord({ commitment }: RegistrationKey, record: HistoryRecord): boolean {
    const key = name(record.key, 'key');
    const records = this.#state.history.get(name(commitment)) ?? [];
    if (records.some((known) => name(known.key) === key)) return false;
    this.#state.history.set(name(commitment), [...records, structuredClone(record)]);
    return true;
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new BlindmarkError('storageFailed', 'The store is closed');
  }
}
