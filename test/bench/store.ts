/** The registry's SQLite file: what a row takes, and how a lookup's time grows with the rows. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { randomBytes } from '../../crypto/bytes.ts';
import { openDatabase } from '../../server/database/database.ts';
import { COLUMNS, firstPlace, formatColumns } from '../../server/store/sqlite/rows.ts';
import { REGISTRY_SCHEMA } from '../../server/store/sqlite/schema.ts';
import { openSqliteStores } from '../../server/store/sqlite/open-stores.ts';
import type { SqliteStore } from '../../server/store/sqlite/sqlite-store.ts';
import { createRow } from '../support/rows.ts';
import { compare, cpuClock, ratio, summarise, type Contender, type Effort, type Figure } from './measure.ts';
import type { Row } from './report.ts';

/** The smallest item envelope. */
const ENVELOPE_BYTES = 512;

/** DESIGN section 7: what a row may take beside its envelopes. */
const MOST_BESIDE = 400;

/** Tags of one lookup by the store. */
const TAGS = 8;

/** Bytes a row of the plainest table that serves the purpose: a key of 32 bytes, and all else as one value. */
function measurePlainTable(file: string, rows: number, valueBytes: number): number {
  const db = new DatabaseSync(file);
  db.exec('CREATE TABLE rows (key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID; BEGIN');
  const insert = db.prepare('INSERT INTO rows VALUES (?, ?)');
  for (let i = 0; i < rows; i++) insert.run(randomBytes(32), randomBytes(valueBytes));
  db.exec('COMMIT');
  db.close();
  return statSync(file).size / rows;
}

/** Registers rows as the registry does, with their nonces, and looks at the file. */
export async function measureRowSize(
  options: { readonly folder: string; readonly rows: number },
  say: (text: string) => void,
): Promise<Row[]> {
  const { rows } = options;
  const root = mkdtempSync(join(options.folder, 'blindmark-bench-'));
  try {
    say(`${rows} registrations`);
    const file = join(root, 'registry.db');
    const store = openSqliteStores(file).registrations;
    for (let done = 0; done < rows; done += 1000) {
      const results = await Promise.all(
        Array.from({ length: Math.min(1000, rows - done) }, async () => store.register(createRow(), randomBytes(32))),
      );
      if (results.some((result) => result !== 'registered')) throw new Error('a row was not registered');
    }
    await store.close();
    const perRow = statSync(file).size / rows;
    const plain = measurePlainTable(join(root, 'plain.db'), rows, ENVELOPE_BYTES);
    return [
      {
        work: `registration row on disk, envelope of ${ENVELOPE_BYTES}, its spent nonce included`,
        unit: 'B',
        better: 'less',
        figure: summarise([perRow]),
        peers: [{ name: `SQLite, key of 32 and value of ${ENVELOPE_BYTES}`, figure: summarise([plain]) }],
        verdict: { target: `<= envelope + ${MOST_BESIDE} B`, isMet: perRow <= ENVELOPE_BYTES + MOST_BESIDE },
        note: `${(perRow - ENVELOPE_BYTES).toFixed(0)} B beside the envelope.`,
      },
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The i-th of `total` indexes that are spread evenly over all, in their order. */
function spreadIndex(i: number, total: number): Uint8Array {
  const index = randomBytes(32);
  new DataView(index.buffer).setBigInt64(0, -(2n ** 63n) + (2n ** 64n / BigInt(total)) * BigInt(i));
  return index;
}

/** Writes a database of so many rows in the order of the file, without waiting for the disk. Returns some indexes. */
function fill(file: string, rows: number, say: (text: string) => void): Uint8Array[] {
  const db = openDatabase(file, REGISTRY_SCHEMA);
  const insert = db.prepare(
    `INSERT INTO registrations (id, ${COLUMNS.join(', ')}) VALUES (${'?, '.repeat(COLUMNS.length)}?)`,
  );
  const known: Uint8Array[] = [];
  db.exec('PRAGMA synchronous = OFF; BEGIN');
  for (let i = 0; i < rows; i++) {
    const index = spreadIndex(i, rows);
    insert.run(firstPlace(index), ...formatColumns(createRow({ index })));
    if (i % Math.ceil(rows / 5000) === 0) known.push(index);
    if ((i + 1) % 100_000 !== 0) continue;
    say(`${i + 1} of ${rows} rows`);
    db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE); BEGIN');
  }
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  return known;
}

function lookingUp(name: string, store: SqliteStore, known: readonly Uint8Array[]): Contender {
  return {
    name,
    run: async (times) => {
      for (let i = 0; i < times; i++) {
        const tags = Array.from({ length: TAGS }, (_, tag) =>
          tag % 2 === 0 ? (known[Math.floor(Math.random() * known.length)] as Uint8Array) : randomBytes(32),
        );
        const found = await store.findByIndexes(tags);
        if (found.some((rows, tag) => rows.length !== (tag + 1) % 2)) throw new Error('the lookup went wrong');
      }
    },
  };
}

/** Lookups of the store alone, which is where rows count: half hits, half misses, all over the file. */
export async function measureGrowth(
  options: { readonly folder: string; readonly maxRows: number; readonly effort: Effort },
  say: (text: string) => void,
): Promise<Row[]> {
  const sizes = [10_000, 100_000, 1_000_000, 10_000_000]
    .filter((size) => size < options.maxRows)
    .concat(options.maxRows);
  const root = mkdtempSync(join(options.folder, 'blindmark-bench-'));
  const stores: SqliteStore[] = [];
  try {
    const contenders = sizes.map((rows) => {
      const file = join(root, `${rows}.db`);
      const known = fill(file, rows, say);
      const store = openSqliteStores(file).registrations;
      stores.push(store);
      return lookingUp(`${rows.toLocaleString('en')} rows`, store, known);
    });
    const figures = await compare(contenders, options.effort, cpuClock, say);
    const [first] = figures as [Figure];
    return contenders.map(({ name }, i): Row => {
      const figure = figures[i] as Figure;
      const row: Row = {
        work: `lookup in the store, ${TAGS} tags, ${name}`,
        unit: 'ms',
        better: 'less',
        figure,
        peers: [],
      };
      if (i === 0) return row;
      const verdict = { target: '<= 1.5 times of 10^4 rows', isMet: ratio(figure, first).median <= 1.5 };
      return Object.assign(row, { peers: [{ name: (contenders[0] as Contender).name, figure: first }], verdict });
    });
  } finally {
    for (const store of stores) await store.close();
    rmSync(root, { recursive: true, force: true });
  }
}
