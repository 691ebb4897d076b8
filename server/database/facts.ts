/** Single numbers that a database remembers beside its rows, and what they are for: the purge of what has expired. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BlindmarkError } from '../../crypto/errors.ts';

/** SQL of the table that {@link Facts} keeps. */
export const FACTS_TABLE = 'CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;';

/** Durable numbers by name; 0 before they are set. Written inside a transaction. */
export class Facts<Name extends string> {
  readonly #get: StatementSync;
  readonly #set: StatementSync;

  constructor(db: DatabaseSync) {
    this.#get = db.prepare('SELECT value FROM facts WHERE name = ?');
    this.#set = db.prepare('INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value');
  }

  get(name: Name): number {
    return (this.#get.get(name) as { value: number } | undefined)?.value ?? 0;
  }

  set(name: Name, value: number): void {
    this.#set.run(name, value);
  }
}

/**
 * Purges a table with a column `expires_at` (epoch seconds), and remembers how far. Since a purged request is forgotten, it
 * could be replayed once the clock is set back to before its end; so nothing that ends before the last purged one is taken.
 * A clock that ran ahead for a while costs no more than what ended in that while.
 */
export class Expiry {
  readonly #facts: Facts<'purgedUntil'>;
  readonly #last: StatementSync;
  readonly #purge: StatementSync;

  constructor(db: DatabaseSync, table: 'evaluations' | 'requests') {
    this.#facts = new Facts(db);
    this.#last = db.prepare(`SELECT max(expires_at) AS last FROM ${table} WHERE expires_at <= ?`);
    this.#purge = db.prepare(`DELETE FROM ${table} WHERE expires_at <= ?`);
  }

  /** Inside a transaction: forgets what ended at `now` or before. */
  purge(now: number): void {
    const { last } = this.#last.get(now) as { last: number | null };
    if (last === null) return;
    this.#purge.run(now);
    this.#facts.set('purgedUntil', Math.max(last, this.#facts.get('purgedUntil')));
  }

  /** @throws BlindmarkError `credentialExpired` for what may have been purged already */
  check(expiresAt: number): void {
    if (expiresAt > this.#facts.get('purgedUntil')) return;
    throw new BlindmarkError('credentialExpired', 'The request ends before others that have ended here already', {
      field: 'request',
      remedy: 'Sign a new request; if it is refused too, the operator checks the clock of this service',
    });
  }
}
