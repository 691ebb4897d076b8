import * as fc from 'fast-check';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { Expiry, Facts, FACTS_TABLE } from '../../../server/database/facts.ts';
import { refusal } from '../../support/refusal.ts';

function createTables(): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  db.exec(`${FACTS_TABLE} CREATE TABLE requests (id INTEGER PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT`);
  return db;
}

describe('Facts', () => {
  it('is 0 before it is set, then what was set last', () => {
    const facts = new Facts<'a' | 'b'>(createTables());
    expect(facts.get('a')).toBe(0);
    facts.set('a', 5);
    facts.set('b', -1);
    facts.set('a', Number.MAX_SAFE_INTEGER);
    expect([facts.get('a'), facts.get('b')]).toEqual([Number.MAX_SAFE_INTEGER, -1]);
  });

  it('takes whole numbers alone', () => {
    expect(() => new Facts<'a'>(createTables()).set('a', 0.5)).toThrow('cannot store REAL value');
  });
});

describe('Expiry', () => {
  function createExpiry(ends: readonly number[]) {
    const db = createTables();
    const insert = db.prepare('INSERT INTO requests (expires_at) VALUES (?)');
    for (const end of ends) insert.run(end);
    const left = (): unknown[] =>
      db
        .prepare('SELECT expires_at FROM requests ORDER BY expires_at')
        .all()
        .map((row) => row['expires_at']);
    return { expiry: new Expiry(db, 'requests'), left, insert };
  }

  it('forgets what ended at that time or before, and takes nothing that may be among it', () => {
    const { expiry, left } = createExpiry([10, 20, 30]);
    expiry.purge(20);
    expect(left()).toEqual([30]);
    expect(() => expiry.check(20)).toThrow(refusal('credentialExpired'));
    expect(() => expiry.check(5)).toThrow(refusal('credentialExpired'));
    expiry.check(21);
  });

  it('takes anything while nothing was purged', () => {
    const { expiry, left } = createExpiry([10]);
    expiry.purge(9);
    expiry.check(1);
    expect(left()).toEqual([10]);
  });

  it('loses no more to a clock that ran ahead than what ended', () => {
    const { expiry } = createExpiry([10, 20]);
    expiry.purge(1_000_000);
    expiry.check(21);
    expect(() => expiry.check(20)).toThrow(refusal('credentialExpired'));
  });

  it('never takes a request twice, whatever the clock does', () => {
    const step = fc.record({ now: fc.nat({ max: 30 }), end: fc.nat({ max: 30 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { expiry, left, insert } = createExpiry([]);
        const taken = new Set<number>();
        for (const { now, end } of steps) {
          expiry.purge(now);
          try {
            expiry.check(end);
          } catch {
            continue;
          }
          // One request for each end: known ones are recognised by their row.
          if (left().includes(end)) continue;
          expect(taken.has(end)).toBe(false);
          taken.add(end);
          insert.run(end);
        }
      }),
    );
  });
});
