import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { leafHash } from '../../../crypto/merkle.ts';
import { appendLeaves, edgeRoot, EMPTY_EDGE } from '../../../crypto/tree-edge.ts';
import type { LogHead } from '../../../server/store/log-store.ts';
import { openSqliteStores } from '../../../server/store/sqlite/open-stores.ts';
import { createFolder } from '../../support/folder.ts';
import { refusal } from '../../support/refusal.ts';
import { createRow, namedBytes } from '../../support/rows.ts';
import { describeLogStore } from './log-contract.ts';

describeLogStore('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'blindmark-'));
  return {
    open: async () => {
      const stores = openSqliteStores(join(folder, 'registry.db'));
      return { store: stores.log, close: () => stores.close() };
    },
    destroy: async () => rmSync(folder, { recursive: true, force: true }),
  };
});

function firstCommit(count: number) {
  const entries = Array.from({ length: count }, (_, i) => ({ key: namedBytes(`key ${i}`), bytes: namedBytes(`${i}`) }));
  const { edge, tiles } = appendLeaves(
    EMPTY_EDGE,
    entries.map(({ bytes }) => leafHash(bytes)),
  );
  const head = { generation: 1, size: count, root: edgeRoot(edge), checkpoint: 'checkpoint\n' };
  return { expected: null, head, entries, tiles };
}

describe('one file of several stores', () => {
  it('shares one writer: registrations and log entries in one commit', async () => {
    let commits = 0;
    const file = join(createFolder(), 'registry.db');
    const stores = openSqliteStores(file, { hooks: { beforeCommit: () => void (commits += 1) } });
    const results = await Promise.all([
      stores.registrations.register(createRow(), namedBytes('nonce')),
      stores.log.commit(firstCommit(3)),
    ]);
    expect([results, commits]).toEqual([['registered', 'committed'], 1]);
    expect(await stores.isReady()).toBe(true);
    await stores.close();
    expect(await stores.isReady()).toBe(false);
    await expect(stores.registrations.findByIndexes([])).rejects.toThrow(refusal('storageFailed'));
    await expect(stores.log.load()).rejects.toThrow(refusal('storageFailed'));
  });

  it('undoes a commit that fails in the middle, and not the work beside it', async () => {
    const file = join(createFolder(), 'registry.db');
    const stores = openSqliteStores(file);
    const commit = firstCommit(3);
    const [, second, third] = commit.entries;
    if (second === undefined || third === undefined) throw new Error('there are three entries');
    // Two entries under one key, which no sequencer asks for.
    const entries = [second, third, second];
    const results = await Promise.allSettled([
      stores.log.commit({ ...commit, entries }),
      stores.registrations.register(createRow(), namedBytes('nonce')),
    ]);
    expect(results).toEqual([
      { status: 'rejected', reason: refusal('storageFailed') },
      { status: 'fulfilled', value: 'registered' },
    ]);
    expect(await stores.log.load()).toBeNull();
    expect(await stores.log.readEntries(0, 5)).toEqual([]);
    expect(await stores.log.readTile(0, 0)).toBeNull();
    expect(await stores.log.commit(commit)).toBe('committed');
    await stores.close();
  });

  it('finds every key while they are moved on, as many to a page as possible', async () => {
    const file = join(createFolder(), 'registry.db');
    const stores = openSqliteStores(file);
    const keyOf = (i: number): Uint8Array => namedBytes(`key ${i}`);
    let [edge, head] = [EMPTY_EDGE, null as LogHead | null];
    const add = async (count: number): Promise<void> => {
      const entries = Array.from({ length: count }, (_, i) => ({
        key: keyOf(edge.size + i),
        bytes: namedBytes('entry'),
      }));
      const grown = appendLeaves(
        edge,
        entries.map(({ bytes }) => leafHash(bytes)),
      );
      const next = { generation: 1, size: grown.edge.size, root: edgeRoot(grown.edge), checkpoint: 'checkpoint\n' };
      expect(await stores.log.commit({ expected: head, head: next, entries, tiles: grown.tiles })).toBe('committed');
      [edge, head] = [grown.edge, next];
    };
    const countKeys = (): [recent: number, settled: number, said: number] => {
      const db = new DatabaseSync(file, { readOnly: true });
      const count = (sql: string): number => Number(Object.values(db.prepare(sql).get() ?? {})[0]);
      const counts = ['SELECT count(*) FROM log_recent_keys', 'SELECT count(*) FROM log_keys'].map(count);
      const said = count('SELECT settled_keys FROM log_head');
      db.close();
      return [counts[0] ?? 0, counts[1] ?? 0, said];
    };
    await add(16_000);
    await add(384);
    expect(countKeys()).toEqual([16_384, 0, 0]);
    for (const count of [1, 1000, 7, 5000, 8000, 300, 0, 10_000]) {
      await add(count);
      const [recent, settled, said] = countKeys();
      expect([recent + settled, said]).toEqual([edge.size, settled]);
      expect(recent).toBeLessThanOrEqual(16_384 + count);
    }
    const sample = Array.from({ length: 500 }, (_, i) => Math.floor((i * edge.size) / 500));
    expect(await stores.log.findKeys([...sample, edge.size].map(keyOf))).toEqual([...sample, null]);
    await stores.close();
    const again = openSqliteStores(file);
    expect(await again.log.findKeys(sample.map(keyOf))).toEqual(sample);
    await again.close();
  });

  it('takes about 350 bytes an entry of 130', async () => {
    const file = join(createFolder(), 'registry.db');
    const stores = openSqliteStores(file);
    const entries = Array.from({ length: 20_000 }, (_, i) => ({
      key: namedBytes(`key ${i}`),
      bytes: new Uint8Array(130).fill(i & 255),
    }));
    const { edge, tiles } = appendLeaves(
      EMPTY_EDGE,
      entries.map(({ bytes }) => leafHash(bytes)),
    );
    const head = { generation: 1, size: entries.length, root: edgeRoot(edge), checkpoint: 'checkpoint\n' };
    await stores.log.commit({ expected: null, head, entries, tiles });
    await stores.close();
    const db = new DatabaseSync(file);
    const { size } = db
      .prepare('SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size')
      .get() as {
      size: number;
    };
    db.close();
    expect(size / entries.length).toBeLessThan(350);
  });
});
