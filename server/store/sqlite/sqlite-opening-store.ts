/** Openings, hidden entries, messages and revocation lists in the registry's SQLite file. */
import { randomInt } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { checkBytes, equalBytes } from '../../../crypto/bytes.ts';
import { MAX_MESSAGES, MAX_MESSAGES_OF_OPENING } from '../../../crypto/relay-message.ts';
import { Facts } from '../../database/facts.ts';
import type {
  ApproveResult,
  HiddenEntry,
  MessageResult,
  NewOpening,
  OpeningStore,
  StoredMessage,
  StoredOpening,
  StoredRevocations,
} from '../opening-store.ts';
import type { SqliteHandle } from './handle.ts';

/**
 * All of it is sorted by hashes, not by time. `relay_messages.place` orders the messages of one registration; an acknowledged
 * message has neither box nor author.
 */
export const OPENING_TABLES = `
    CREATE TABLE hidden_entries (
      commitment BLOB PRIMARY KEY,
      key BLOB NOT NULL,
      reveal_by INTEGER NOT NULL,
      salt BLOB NOT NULL,
      plain BLOB NOT NULL,
      is_revealed INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX hidden_entries_by_key ON hidden_entries (key);
    CREATE INDEX hidden_entries_by_end ON hidden_entries (is_revealed, reveal_by, commitment);
    CREATE TABLE openings (
      id BLOB PRIMARY KEY,
      index_hash BLOB NOT NULL,
      commitment BLOB NOT NULL,
      ask TEXT NOT NULL,
      kept_until INTEGER NOT NULL,
      approval TEXT,
      result TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX openings_by_commitment ON openings (commitment);
    CREATE INDEX openings_by_end ON openings (kept_until);
    CREATE TABLE relay_messages (
      commitment BLOB NOT NULL,
      place INTEGER NOT NULL,
      id BLOB NOT NULL,
      opening BLOB NOT NULL,
      received_on TEXT NOT NULL,
      author TEXT,
      box BLOB,
      PRIMARY KEY (commitment, place)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX relay_messages_by_opening ON relay_messages (opening);
    CREATE TABLE revocation_lists (
      force TEXT PRIMARY KEY,
      issued_at INTEGER NOT NULL,
      hash BLOB NOT NULL,
      since INTEGER NOT NULL,
      force_credential TEXT NOT NULL,
      list TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
`;

const HIDDEN = 'commitment, key, reveal_by AS revealBy, salt, plain';
const OPENING = 'id, index_hash AS "index", commitment, ask, kept_until AS keptUntil, approval, result';
const MESSAGE = 'id, opening, commitment, received_on AS receivedOn, author AS authorization, box';
const REVOCATIONS = 'force, issued_at AS issuedAt, hash, since, force_credential AS forceCredential, list';

function prepare(db: DatabaseSync) {
  return {
    addHidden: db.prepare('INSERT INTO hidden_entries VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (commitment) DO NOTHING'),
    hiddenByKey: db.prepare(`SELECT ${HIDDEN} FROM hidden_entries WHERE key = ? ORDER BY reveal_by DESC, commitment`),
    hidden: db.prepare(`SELECT ${HIDDEN} FROM hidden_entries WHERE commitment = ?`),
    listHidden: db.prepare(
      `SELECT ${HIDDEN} FROM hidden_entries WHERE is_revealed = 0 AND reveal_by <= ? AND (reveal_by, commitment) > (?, ?)
        ORDER BY reveal_by, commitment LIMIT ?`,
    ),
    markRevealed: db.prepare('UPDATE hidden_entries SET is_revealed = 1 WHERE commitment = ?'),
    removeHidden: db.prepare('DELETE FROM hidden_entries WHERE commitment = ?'),
    purgeHidden: db.prepare('DELETE FROM hidden_entries WHERE is_revealed = ? AND reveal_by <= ?'),
    addOpening: db.prepare('INSERT INTO openings VALUES (?, ?, ?, ?, ?, NULL, NULL) ON CONFLICT (id) DO NOTHING'),
    opening: db.prepare(`SELECT ${OPENING} FROM openings WHERE id = ?`),
    approve: db.prepare('UPDATE openings SET approval = ? WHERE id = ?'),
    saveResult: db.prepare('UPDATE openings SET result = ? WHERE id = ?'),
    eraseOpenings: db.prepare('DELETE FROM openings WHERE commitment = ?'),
    purgeOpenings: db.prepare('DELETE FROM openings WHERE kept_until <= ?'),
    forgetMessages: db.prepare(
      `DELETE FROM relay_messages WHERE box IS NULL AND opening IN (SELECT id FROM openings WHERE kept_until <= ?)`,
    ),
    placesOf: db.prepare('SELECT place, id, opening, box IS NULL AS isDone FROM relay_messages WHERE commitment = ?'),
    addMessage: db.prepare('INSERT INTO relay_messages VALUES (?, ?, ?, ?, ?, ?, ?)'),
    messages: db.prepare(
      `SELECT ${MESSAGE} FROM relay_messages WHERE commitment = ? AND box IS NOT NULL ORDER BY place`,
    ),
    acknowledge: db.prepare('UPDATE relay_messages SET author = NULL, box = NULL WHERE commitment = ? AND id = ?'),
    eraseMessages: db.prepare('DELETE FROM relay_messages WHERE commitment = ?'),
    revocations: db.prepare(`SELECT ${REVOCATIONS} FROM revocation_lists WHERE force = ?`),
    saveRevocations: db.prepare('INSERT OR REPLACE INTO revocation_lists VALUES (?, ?, ?, ?, ?, ?)'),
  };
}

interface Place {
  readonly place: number;
  readonly id: Uint8Array;
  readonly opening: Uint8Array;
  readonly isDone: number;
}

/** {@link OpeningStore} in tables of a shared SQLite file. */
export class SqliteOpeningStore implements OpeningStore {
  readonly #handle: SqliteHandle;
  readonly #statements: ReturnType<typeof prepare>;
  /** `hidden`: a number drawn anew by each {@link addHidden}. */
  readonly #facts: Facts<'hidden'>;

  constructor(handle: SqliteHandle) {
    this.#handle = handle;
    this.#facts = new Facts(handle.db);
    this.#statements = prepare(handle.db);
  }

  async addHidden(entries: readonly HiddenEntry[]): Promise<void> {
    for (const { commitment, key, salt } of entries) {
      checkBytes('commitment', commitment, 32);
      checkBytes('key', key, 32);
      checkBytes('salt', salt, 32);
    }
    await this.#handle.group.run(() => {
      // Without any change, a commit would not wait for the disk.
      this.#facts.set('hidden', randomInt(1, 2 ** 48 - 1));
      for (const { commitment, key, revealBy, salt, plain } of entries) {
        this.#statements.addHidden.run(commitment, key, revealBy, salt, plain);
      }
    });
  }

  async findHiddenByKey(key: Uint8Array): Promise<HiddenEntry[]> {
    return this.#handle.group.read(() => this.#statements.hiddenByKey.all(key) as unknown as HiddenEntry[]);
  }

  async findHidden(commitment: Uint8Array): Promise<HiddenEntry | null> {
    const row = this.#handle.group.read(() => this.#statements.hidden.get(commitment));
    return (row as HiddenEntry | undefined) ?? null;
  }

  async listHidden(until: number, after: HiddenEntry | null, limit: number): Promise<HiddenEntry[]> {
    const { revealBy, commitment } = after ?? { revealBy: -1, commitment: new Uint8Array() };
    return this.#handle.group.read(
      () => this.#statements.listHidden.all(until, revealBy, commitment, limit) as unknown as HiddenEntry[],
    );
  }

  async markRevealed(commitments: readonly Uint8Array[]): Promise<void> {
    await this.#handle.group.run(() => {
      for (const commitment of commitments) this.#statements.markRevealed.run(commitment);
    });
  }

  async removeHidden(commitments: readonly Uint8Array[]): Promise<void> {
    await this.#handle.group.run(() => {
      for (const commitment of commitments) this.#statements.removeHidden.run(commitment);
    });
  }

  async addOpening({ id, index, commitment, ask, keptUntil }: NewOpening): Promise<'added' | 'again'> {
    checkBytes('id', id, 32);
    checkBytes('index', index, 32);
    checkBytes('commitment', commitment, 32);
    return this.#handle.group.run(() => {
      const { changes } = this.#statements.addOpening.run(id, index, commitment, ask, keptUntil);
      return changes === 1 ? 'added' : 'again';
    });
  }

  async findOpening(id: Uint8Array): Promise<StoredOpening | null> {
    return this.#handle.group.read(() => this.#opening(id));
  }

  async approve(id: Uint8Array, approval: string): Promise<ApproveResult> {
    return this.#handle.group.run(() => {
      const opening = this.#opening(id);
      if (opening === null) return 'notFound';
      if (opening.approval !== null) return opening.approval === approval ? 'again' : 'taken';
      this.#statements.approve.run(approval, id);
      return 'approved';
    });
  }

  async saveResult(id: Uint8Array, result: string): Promise<string | null> {
    return this.#handle.group.run(() => {
      const opening = this.#opening(id);
      if (opening === null || opening.approval === null) return null;
      if (opening.result !== null) return opening.result;
      this.#statements.saveResult.run(result, id);
      return result;
    });
  }

  async addMessage({ id, opening, commitment, receivedOn, authorization, box }: StoredMessage): Promise<MessageResult> {
    checkBytes('id', id, 32);
    return this.#handle.group.run(() => {
      const opened = this.#opening(opening);
      if (opened === null || opened.result === null || !equalBytes(opened.commitment, commitment)) return 'notOpened';
      const known = this.#statements.placesOf.all(commitment) as unknown as Place[];
      if (known.some((message) => equalBytes(message.id, id))) return 'again';
      const waiting = known.filter(({ isDone }) => isDone === 0);
      const ofOpening = waiting.filter((message) => equalBytes(message.opening, opening)).length;
      if (waiting.length >= MAX_MESSAGES || ofOpening >= MAX_MESSAGES_OF_OPENING) return 'full';
      const place = Math.max(-1, ...known.map((message) => message.place)) + 1;
      this.#statements.addMessage.run(commitment, place, id, opening, receivedOn, authorization, box);
      return 'added';
    });
  }

  async listMessages(commitment: Uint8Array): Promise<StoredMessage[]> {
    return this.#handle.group.read(() => this.#statements.messages.all(commitment) as unknown as StoredMessage[]);
  }

  async acknowledgeMessages(commitment: Uint8Array, ids: readonly Uint8Array[]): Promise<void> {
    await this.#handle.group.run(() => {
      for (const id of ids) this.#statements.acknowledge.run(commitment, id);
    });
  }

  async eraseRegistration(commitment: Uint8Array): Promise<void> {
    await this.#handle.group.run(() => {
      this.#statements.eraseMessages.run(commitment);
      this.#statements.eraseOpenings.run(commitment);
    });
  }

  async saveRevocations(
    list: Omit<StoredRevocations, 'since'>,
  ): Promise<{ result: 'taken' | 'again'; stored: StoredRevocations }> {
    const { force, issuedAt, hash, forceCredential } = list;
    checkBytes('hash', hash, 32);
    return this.#handle.group.run(() => {
      const stored = this.#revocations(force);
      if (stored !== null && stored.issuedAt >= issuedAt) return { result: 'again', stored };
      const since = stored !== null && equalBytes(stored.hash, hash) ? stored.since : issuedAt;
      this.#statements.saveRevocations.run(force, issuedAt, hash, since, forceCredential, list.list);
      return { result: 'taken', stored: { ...list, since } };
    });
  }

  async findRevocations(force: string): Promise<StoredRevocations | null> {
    return this.#handle.group.read(() => this.#revocations(force));
  }

  async purge(limits: { openings: number; revealed: number; unused: number }): Promise<void> {
    await this.#handle.group.run(() => {
      this.#statements.forgetMessages.run(limits.openings);
      this.#statements.purgeOpenings.run(limits.openings);
      this.#statements.purgeHidden.run(1, limits.revealed);
      this.#statements.purgeHidden.run(0, limits.unused);
    });
  }

  #opening(id: Uint8Array): StoredOpening | null {
    const row = this.#statements.opening.get(checkBytes('id', id, 32));
    return (row as StoredOpening | undefined) ?? null;
  }

  #revocations(force: string): StoredRevocations | null {
    const row = this.#statements.revocations.get(force);
    return (row as StoredRevocations | undefined) ?? null;
  }
}
