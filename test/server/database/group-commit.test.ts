import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { badInput } from '../../../crypto/errors.ts';
import { openDatabase } from '../../../server/database/database.ts';
import { GroupCommit, type GroupCommitOptions } from '../../../server/database/group-commit.ts';
import { createFolder } from '../../support/folder.ts';
import { refusal } from '../../support/refusal.ts';

function createGroup(options: GroupCommitOptions = {}) {
  const file = join(createFolder(), 'test.db');
  const migrations = ['CREATE TABLE numbers (value INTEGER PRIMARY KEY, padding BLOB) STRICT'];
  const db = openDatabase(file, { program: 'test', applicationId: 1, pageSize: 4096, migrations });
  const group = new GroupCommit(db, options);
  onTestFinished(() => group.close());
  const insert = (value: number) =>
    group.run((on) => Number(on.prepare('INSERT INTO numbers (value) VALUES (?)').run(value).changes));
  /** What another connection sees: what is committed. */
  const stored = (): unknown[] => {
    const reader = new DatabaseSync(file, { readOnly: true });
    const rows = reader.prepare('SELECT value FROM numbers ORDER BY value').all();
    reader.close();
    return rows.map(({ value }) => value);
  };
  return { db, file, group, insert, stored, walSize: () => statSync(`${file}-wal`).size };
}

afterEach(() => vi.useRealTimers());

describe('GroupCommit', () => {
  it('runs work in the order of the calls, in one transaction, and answers once it is on disk', async () => {
    let commits = 0;
    const { group, insert, stored } = createGroup({
      beforeCommit: undefined,
      hooks: { afterCommit: () => commits++ },
    } as GroupCommitOptions);
    const seen: unknown[] = [];
    const counts = [1, 2, 3].map(async (value) => {
      await insert(value);
      seen.push([value, stored()]);
    });
    const read = group.run((db) => db.prepare('SELECT max(value) AS last FROM numbers').get());
    expect(stored()).toEqual([]);
    await Promise.all(counts);
    expect(await read).toEqual({ last: 3 });
    expect(seen).toEqual([1, 2, 3].map((value) => [value, [1, 2, 3]]));
    expect(commits).toBe(1);
  });

  it('commits no more than a batch at once', async () => {
    const sizes: number[] = [];
    const { insert, stored } = createGroup({ maxBatch: 4, hooks: { afterCommit: () => sizes.push(stored().length) } });
    await Promise.all(Array.from({ length: 10 }, (_, i) => insert(i)));
    expect(sizes).toEqual([4, 8, 10]);
  });

  it('undoes the writes of work that throws, and of no other', async () => {
    const { group, insert, stored } = createGroup();
    const error = badInput('value', 'another');
    const results = await Promise.allSettled([
      insert(1),
      group.run((db) => {
        db.exec('INSERT INTO numbers (value) VALUES (2)');
        throw error;
      }),
      insert(3),
      insert(1),
      group.run((db) => db.exec('INSERT INTO nowhere VALUES (1)')),
      insert(4),
    ]);
    expect(results.map(({ status }) => status[0])).toEqual(['f', 'r', 'f', 'r', 'r', 'f']);
    expect(results[1]).toEqual({ status: 'rejected', reason: error });
    expect(results[3]).toEqual({ status: 'rejected', reason: refusal('storageFailed') });
    expect(results[4]).toEqual({ status: 'rejected', reason: refusal('storageFailed') });
    expect(stored()).toEqual([1, 3, 4]);
  });

  it("gives a batch that is lost storageFailed, never another caller's refusal", async () => {
    const { group, insert, stored } = createGroup();
    const results = await Promise.allSettled([
      insert(1),
      group.run((db) => {
        db.exec('ROLLBACK');
        throw badInput('value', 'another');
      }),
      insert(2),
    ]);
    expect(results).toEqual(
      Array.from({ length: 3 }, () => ({ status: 'rejected', reason: refusal('storageFailed') })),
    );
    expect(stored()).toEqual([]);
    expect(await insert(3)).toBe(1);
  });

  it.each([
    ['beforeCommit', []],
    ['afterCommit', [1, 2]],
  ] as const)('fails a batch that breaks at %s, and goes on', async (hook, left) => {
    let isBroken = true;
    const { insert, stored } = createGroup({
      hooks: {
        [hook]: () => {
          if (isBroken) throw new Error('broken by the test');
        },
      },
    });
    const results = await Promise.allSettled([insert(1), insert(2)]);
    expect(results).toEqual([1, 2].map(() => ({ status: 'rejected', reason: refusal('storageFailed') })));
    expect(stored()).toEqual(left);
    isBroken = false;
    await insert(3);
    expect(stored()).toEqual([...left, 3]);
  });

  it('fails a batch that cannot begin, and goes on', async () => {
    const { file, db, insert, stored } = createGroup();
    db.exec('PRAGMA busy_timeout = 0');
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(insert(1)).rejects.toEqual(refusal('storageFailed'));
    other.exec('ROLLBACK');
    other.close();
    expect(await insert(2)).toBe(1);
    expect(stored()).toEqual([2]);
  });

  it('refuses what would wait behind too much', async () => {
    const { insert, stored } = createGroup({ maxQueue: 3 });
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map((value) => insert(value)));
    expect(results.map(({ status }) => status[0])).toEqual(['f', 'f', 'f', 'r', 'r']);
    expect(results[4]).toEqual({ status: 'rejected', reason: refusal('overloaded') });
    expect(await insert(6)).toBe(1);
    expect(stored()).toEqual([1, 2, 3, 6]);
  });

  it('goes on with what is stored when a page is refused for want of room', async () => {
    const { db, group, insert, stored } = createGroup();
    await insert(1);
    const { page_count: pages } = db.prepare('PRAGMA page_count').get() as { page_count: number };
    db.exec(`PRAGMA max_page_count = ${pages}`);
    const big = group.run((on) => on.prepare('INSERT INTO numbers VALUES (2, ?)').run(new Uint8Array(20_000)));
    const results = await Promise.allSettled([insert(3), big, insert(4)]);
    expect(results[1]).toEqual({ status: 'rejected', reason: refusal('storageFailed') });
    expect(stored()).toEqual(results[0]?.status === 'fulfilled' ? [1, 3, 4] : [1]);
    db.exec('PRAGMA max_page_count = 10000');
    await insert(5);
    expect(stored().at(-1)).toBe(5);
  });

  it.each([
    ['an I/O error', 10],
    ['a damaged page', 11],
  ])('fails the batch of %s, and writes nothing until the file is opened anew', async (_, errcode) => {
    const { group, insert, stored } = createGroup();
    await insert(1);
    const broken = group.run(() => {
      throw Object.assign(new Error('from SQLite'), { errcode });
    });
    const results = await Promise.allSettled([insert(2), broken, insert(3)]);
    for (const result of results) expect(result).toEqual({ status: 'rejected', reason: refusal('storageFailed') });
    await expect(insert(4)).rejects.toEqual(refusal('storageFailed'));
    expect(() => group.vacuum()).toThrow(refusal('storageFailed'));
    expect(await group.isReady()).toBe(false);
    expect(stored()).toEqual([1]);
  });

  it('writes at once what waits, when told to flush', async () => {
    const { group, insert, stored } = createGroup({ maxBatch: 2 });
    const waiting = [1, 2, 3].map((value) => insert(value));
    group.flush();
    expect(stored()).toEqual([1, 2, 3]);
    expect(await Promise.all(waiting)).toEqual([1, 1, 1]);
  });

  it('reads outside a transaction what is committed', async () => {
    const { group, insert } = createGroup();
    const waiting = insert(1);
    const read = () => group.read((db) => db.prepare('SELECT count(*) AS n FROM numbers').get());
    expect(read()).toEqual({ n: 0 });
    await waiting;
    expect(read()).toEqual({ n: 1 });
    expect(() => group.read((db) => db.prepare('SELECT * FROM nowhere'))).toThrow(refusal('storageFailed'));
    expect(() =>
      group.read(() => {
        throw badInput('value', 'another');
      }),
    ).toThrow(refusal('badInput', 'value'));
  });

  it('is ready when a write reaches the disk', async () => {
    let isBroken = false;
    const { group, walSize } = createGroup({
      hooks: {
        beforeCommit: () => {
          if (isBroken) throw new Error('broken by the test');
        },
      },
    });
    group.checkpoint();
    expect(walSize()).toBe(0);
    expect(await group.isReady()).toBe(true);
    expect(walSize()).toBeGreaterThan(4096);
    isBroken = true;
    expect(await group.isReady()).toBe(false);
  });

  it('empties the write-ahead log, by itself some seconds after a commit', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { group, insert, walSize, stored } = createGroup();
    await insert(1);
    expect(walSize()).toBeGreaterThan(0);
    group.checkpoint();
    expect(walSize()).toBe(0);
    await insert(2);
    vi.advanceTimersByTime(9_000);
    expect(walSize()).toBeGreaterThan(0);
    vi.advanceTimersByTime(1_500);
    expect(walSize()).toBe(0);
    expect(stored()).toEqual([1, 2]);
  });

  it('waits for no reader to empty the log, and tries again later', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { db, file, group, insert, walSize } = createGroup();
    await insert(1);
    const reader = new DatabaseSync(file, { readOnly: true });
    reader.exec('BEGIN; SELECT * FROM numbers');
    await insert(2);
    group.checkpoint();
    expect(walSize()).toBeGreaterThan(0);
    expect(db.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 2000 });
    reader.exec('COMMIT');
    reader.close();
    vi.advanceTimersByTime(10_500);
    expect(walSize()).toBe(0);
  });

  it('closes after what waits, leaves no log, and refuses from then on', async () => {
    const { db, file, group, insert, stored } = createGroup();
    const waiting = insert(1);
    await group.close();
    await group.close();
    expect(await waiting).toBe(1);
    expect(db.isOpen).toBe(false);
    expect(() => statSync(`${file}-wal`)).toThrow('ENOENT');
    await expect(insert(2)).rejects.toEqual(refusal('storageFailed'));
    expect(() => group.read(() => 1)).toThrow(refusal('storageFailed'));
    expect(() => group.vacuum()).toThrow(refusal('storageFailed'));
    expect(await group.isReady()).toBe(false);
    group.checkpoint();
    expect(stored()).toEqual([1]);
  });
});
