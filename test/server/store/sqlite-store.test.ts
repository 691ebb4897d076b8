import * as fc from 'fast-check';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import type { RegistrationRow } from '../../../crypto/registration.ts';
import { openSqliteStores } from '../../../server/store/sqlite/open-stores.ts';
import type { SqliteStore } from '../../../server/store/sqlite/sqlite-store.ts';
import type { CommitHooks } from '../../../server/database/group-commit.ts';
import { HISTORY_KINDS, type HistoryRecord, type RegistryStore } from '../../../server/store/store.ts';
import { createFolder } from '../../support/folder.ts';
import { runLoad, type LoadResult } from '../../support/load.ts';
import { refusal } from '../../support/refusal.ts';
import { createModelState, RegistryModel } from '../../support/registry-model.ts';
import { createRow, namedBytes, namedRow, nextVersion } from '../../support/rows.ts';
import { loadRegistration } from '../../support/write-under-load.ts';
import { describeRegistryStore, type StorePlace } from './contract.ts';
import { describeRegistryMemory } from './memory-contract.ts';

const NOW = 1_800_000_000;

const createPlace = async (): Promise<StorePlace> => {
  const folder = mkdtempSync(join(tmpdir(), 'blindmark-'));
  return {
    open: async () => openSqliteStores(join(folder, 'registry.db')).registrations,
    destroy: async () => rmSync(folder, { recursive: true, force: true }),
  };
};

describeRegistryStore('SQLite', createPlace);
describeRegistryMemory('SQLite', createPlace);

function openStore(file: string, hooks: CommitHooks = {}): SqliteStore {
  const store = openSqliteStores(file, { hooks }).registrations;
  onTestFinished(() => store.close());
  return store;
}

/** Runs SQL on the file from another connection. */
function execute(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  try {
    db.exec(sql);
  } finally {
    db.close();
  }
}

/** Every operation that writes, on data that `prepareWrites` makes, with its answers: first, and after it was written. */
const first = namedRow('first', 'code');
const second = namedRow('second', 'code');
const fresh = namedRow('fresh', 'code');
const nonce = namedBytes('fresh nonce');
const evaluation = {
  hash: namedBytes('evaluation'),
  officer: namedBytes('officer'),
  tagLimit: 2,
  entry: 7,
  expiresAt: NOW + 60,
};
const ended = { ...evaluation, hash: namedBytes('ended'), expiresAt: NOW - 60 };
const recorded = { ...evaluation, hash: namedBytes('recorded') };
const lookup = {
  evaluation: recorded.hash,
  officer: recorded.officer,
  tags: 2,
  requestHash: namedBytes('l'),
  now: NOW,
};

async function prepareWrites(store: RegistryStore): Promise<void> {
  await store.register(first, namedBytes('first nonce'));
  await store.register(second, namedBytes('second nonce'));
  await store.recordEvaluation(ended);
  await store.recordEvaluation(recorded);
  await store.addHistory(first, { ...record, key: namedBytes('earlier entry') });
}

const next = { ...nextVersion(first), rowSignature: namedRow('next').rowSignature };
const record = { key: namedBytes('entry'), kind: 'status', hour: NOW / 3600 } as const;
const WRITES = {
  register: {
    run: (store: RegistryStore) => store.register(fresh, nonce),
    answer: 'registered',
    answerAfter: 'again',
    steps: ['INSERT ON registrations', 'INSERT ON nonces'],
  },
  replace: {
    run: (store: RegistryStore) => store.replace(next, 1, [record]),
    answer: 'replaced',
    answerAfter: 'versionConflict',
    steps: ['UPDATE ON registrations', 'INSERT ON history', 'INSERT ON facts'],
  },
  erase: {
    run: (store: RegistryStore) => store.erase(first, 1),
    answer: 'erased',
    answerAfter: 'notFound',
    steps: ['DELETE ON registrations', 'DELETE ON history', 'UPDATE ON registrations', 'INSERT ON facts'],
  },
  addHistory: {
    run: (store: RegistryStore) => store.addHistory(second, record),
    answer: 'added',
    answerAfter: 'again',
    steps: ['INSERT ON history'],
  },
  acceptElement: {
    run: (store: RegistryStore) => store.acceptElement(nonce),
    answer: undefined,
    answerAfter: undefined,
    steps: ['INSERT ON nonces'],
  },
  settleLookup: {
    run: (store: RegistryStore) => store.settleLookup(recorded.hash, [first.commitment]),
    answer: [first.commitment],
    answerAfter: [first.commitment],
    steps: ['UPDATE ON evaluations'],
  },
  recordEvaluation: {
    run: (store: RegistryStore) => store.recordEvaluation(evaluation),
    answer: undefined,
    answerAfter: undefined,
    steps: ['INSERT ON evaluations'],
  },
  claimLookup: {
    run: (store: RegistryStore) => store.claimLookup(lookup),
    answer: { result: 'claimed', entry: 7 },
    answerAfter: { result: 'again', entry: 7 },
    steps: ['DELETE ON evaluations', 'INSERT ON facts', 'UPDATE ON evaluations'],
  },
} as const;
type Write = keyof typeof WRITES;
const WRITE_NAMES = Object.keys(WRITES) as Write[];

/** Every row of every table, as text. */
function dump(file: string): string {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
    const rows = tables.map(({ name }) => {
      const statement = db.prepare(`SELECT * FROM ${String(name)} ORDER BY 1`);
      statement.setReadBigInts(true);
      return statement.all();
    });
    return JSON.stringify(rows, (_, value: unknown) => {
      if (typeof value === 'bigint') return String(value);
      return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
    });
  } finally {
    db.close();
  }
}

describe('a write that is broken', () => {
  const file = (): string => join(createFolder(), 'registry.db');

  it.each(WRITE_NAMES)('%s: before the commit, nothing of it is stored', async (name) => {
    const path = file();
    const { run, answer } = WRITES[name];
    let isBroken = false;
    const beforeCommit = (): void => {
      if (isBroken) throw new Error('broken by the test');
    };
    const store = openStore(path, { beforeCommit });
    await prepareWrites(store);
    const before = dump(path);
    isBroken = true;
    await expect(run(store)).rejects.toEqual(refusal('storageFailed'));
    expect(await store.isReady()).toBe(false);
    expect(dump(path)).toBe(before);
    isBroken = false;
    expect(await store.isReady()).toBe(true);
    expect(await run(store)).toEqual(answer);
  });

  it.each(WRITE_NAMES)('%s: after the commit, it is stored and a second call shows it', async (name) => {
    const path = file();
    const { run, answerAfter } = WRITES[name];
    let isBroken = false;
    const afterCommit = (): void => {
      if (isBroken) throw new Error('broken by the test');
    };
    const store = openStore(path, { afterCommit });
    await prepareWrites(store);
    isBroken = true;
    await expect(run(store)).rejects.toEqual(refusal('storageFailed'));
    isBroken = false;
    expect(await run(store)).toEqual(answerAfter);
    await store.close();
    const stored = dump(path);
    const again = openStore(path);
    expect(await run(again)).toEqual(answerAfter);
    expect(dump(path)).toBe(stored);
  });

  const steps = WRITE_NAMES.flatMap((name) => WRITES[name].steps.map((step) => [name, step] as const));

  it.each(steps)('%s: at its %s, nothing of it is stored, and its neighbours are', async (name, step) => {
    const path = file();
    const { run, answer } = WRITES[name];
    const store = openStore(path);
    await prepareWrites(store);
    const before = dump(path);
    execute(path, `CREATE TRIGGER broken BEFORE ${step} BEGIN SELECT RAISE(FAIL, 'broken'); END`);
    await expect(run(store)).rejects.toEqual(refusal('storageFailed'));
    expect(dump(path)).toBe(before);
    execute(path, 'DROP TRIGGER broken');
    const [left, middle, right] = [createRow(), createRow(), createRow()];
    const kept = createRow();
    execute(path, `CREATE TRIGGER broken BEFORE ${step} WHEN ${isNeighbour(step)} BEGIN SELECT RAISE(FAIL, 'x'); END`);
    const results = await Promise.allSettled([store.register(left, randomBytes(32)), run(store)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await store.findByCommitment(left)).toEqual(left);
    execute(path, 'DROP TRIGGER broken');
    // An error after which SQLite ends the transaction takes the whole batch along, and says so to each.
    execute(
      path,
      `CREATE TRIGGER broken BEFORE ${step} WHEN ${isNeighbour(step)} BEGIN SELECT RAISE(ROLLBACK, 'x'); END`,
    );
    const batch = await Promise.allSettled([
      store.register(middle, randomBytes(32)),
      run(store),
      store.register(right, randomBytes(32)),
    ]);
    expect(batch.map((result) => result.status === 'rejected' && (result.reason as { code: string }).code)).toEqual(
      Array.from({ length: 3 }, () => 'storageFailed'),
    );
    expect(await store.findByCommitment(middle)).toBeNull();
    expect(await store.findByCommitment(right)).toBeNull();
    execute(path, 'DROP TRIGGER broken');
    expect(await store.register(kept, randomBytes(32))).toBe('registered');
    expect(await run(store)).toEqual(answer);
  });
});

/** SQL: whether a row belongs to the write under test, not to a registration beside it. */
function isNeighbour(step: string): string {
  const hex = (bytes: Uint8Array): string => `x'${Buffer.from(bytes).toString('hex')}'`;
  if (step === 'INSERT ON registrations') return `NEW.commitment = ${hex(fresh.commitment)}`;
  if (step === 'INSERT ON nonces') return `NEW.nonce = ${hex(nonce)}`;
  return 'true';
}

describe('a full disk', () => {
  it('refuses what needs room, serves the rest, and goes on when there is room again', async () => {
    const path = join(createFolder(), 'registry.db');
    let pages: number | null = null;
    const store = openStore(path, {
      beforeCommit: (db) => {
        if (pages !== null) db.exec(`PRAGMA max_page_count = ${pages}`);
      },
    });
    const [row, big] = [createRow(), createRow({ itemEnvelope: randomBytes(4096) })];
    await store.register(row, randomBytes(32));
    pages = 1;
    expect(await store.isReady()).toBe(true);
    const refused: RegistrationRow[] = [];
    for (let i = 0; i < 40; i++) {
      const each = createRow({ itemEnvelope: randomBytes(4096), contactEnvelope: randomBytes(1024) });
      const result = await store.register(each, namedBytes(`nonce ${i}`)).catch((error: unknown) => error);
      if (result === 'registered') continue;
      expect(result).toEqual(refusal('storageFailed'));
      refused.push(each);
    }
    expect(refused.length).toBeGreaterThan(30);
    for (const each of refused) expect(await store.findByCommitment(each)).toBeNull();
    expect(await store.findByCommitment(row)).toEqual(row);
    expect(await store.replace(nextVersion(row), 1, [])).toBe('replaced');
    pages = 1_000_000;
    expect(await store.isReady()).toBe(true);
    expect(await store.register(big, namedBytes('nonce 39'))).toBe('registered');
  });

  it('stops writing after an I/O error, and has every acknowledged registration when it is opened anew', async () => {
    const file = join(createFolder(), 'registry.db');
    const { answers, isReady } = await runLoad({
      service: 'registry',
      file,
      name: 'a',
      writes: 3000,
      fileBlocks: 4000,
    });
    expect(isReady).toBe(false);
    expect(new Set(answers.values())).toEqual(new Set(['registered', 'storageFailed']));
    await expectWhole(file, 'a', answers, 3000);
  });
});

/** Whether each acknowledged registration is there, and each other one is there with its nonce or not at all. */
async function expectWhole(file: string, name: string, answers: LoadResult['answers'], writes: number): Promise<void> {
  const store = openStore(file);
  for (let i = 0; i < writes; i++) {
    const { row, nonce: own } = loadRegistration(name, i);
    const stored = await store.findByCommitment(row);
    if (answers.get(i) === 'registered') expect(stored).toEqual(row);
    if (stored !== null) expect(await store.register(createRow(), own)).toBe('tokenSpent');
    else if (answers.get(i) === undefined) expect(await store.register(row, own)).toMatch(/registered|claimsFull/u);
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

describe('files', () => {
  it.each([
    ['a damaged schema', (bytes: Buffer) => bytes.fill(0xff, 100, 4096), 'damaged'],
    ['a torn end', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2), 'damaged'],
    ['damaged pages', (bytes: Buffer) => bytes.fill(0xff, 16384), 'damaged'],
    ['text', () => Buffer.from('{"format": "something else"}'.repeat(300)), 'not a database'],
  ])('refuses %s and leaves it as it is', async (_, damage, says) => {
    const file = join(createFolder(), 'registry.db');
    const store = openSqliteStores(file).registrations;
    for (let i = 0; i < 100; i++) await store.register(createRow(), randomBytes(32));
    await store.close();
    const damaged = damage(readFileSync(file));
    writeFileSync(file, damaged);
    expect(() => openSqliteStores(file).registrations).toThrow(refusal('badFile', file));
    expect(() => openSqliteStores(file).registrations).toThrow(says);
    expect(readFileSync(file).equals(damaged)).toBe(true);
    expect(existsSync(`${file}-wal`)).toBe(false);
  });

  it('refuses and never lies when pages are damaged while it is open', async () => {
    const file = join(createFolder(), 'registry.db');
    const rows = Array.from({ length: 4000 }, () => createRow());
    const store = openStore(file);
    await Promise.all(rows.map((row) => store.register(row, randomBytes(32))));
    await store.close();
    const bytes = readFileSync(file);
    const reopened = openStore(file);
    writeFileSync(file, bytes.fill(0xff, 16384));
    const found = await Promise.allSettled(rows.map((row) => reopened.findByCommitment(row)));
    const reasons = found.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason).toEqual(refusal('storageFailed'));
    // Pages that were still in memory serve.
    for (const [i, result] of found.entries()) {
      if (result.status === 'fulfilled') expect(result.value).toEqual(rows[i]);
    }
    const writes = rows.map(() => reopened.register(createRow(), randomBytes(32)));
    expect((await Promise.allSettled(writes)).some(({ status }) => status === 'rejected')).toBe(true);
    await expect(reopened.register(createRow(), randomBytes(32))).rejects.toEqual(refusal('storageFailed'));
    expect(await reopened.isReady()).toBe(false);
  });

  it('lets its owner alone read what it writes', async () => {
    const folder = createFolder();
    const store = openStore(join(folder, 'registry.db'));
    await store.register(createRow(), randomBytes(32));
    const names = readdirSync(folder).toSorted();
    expect(names).toEqual(['registry.db', 'registry.db-shm', 'registry.db-wal']);
    for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it('keeps nothing of erased and replaced rows once it is closed', async () => {
    const folder = createFolder();
    const store = openStore(join(folder, 'registry.db'));
    // Rows of all sizes that grow and shrink, so that SQLite moves many of them between pages and leaves copies behind.
    const sized = (i: number) => ({ itemEnvelope: randomBytes(512 * 2 ** (i % 4)) });
    const rows = Array.from({ length: 1500 }, (_, i) => createRow(sized(i)));
    await Promise.all(rows.map((row) => store.register(row, randomBytes(32))));
    const gone = new Set<string>();
    const pieces = (bytes: Uint8Array): string[] =>
      Array.from({ length: bytes.length / 32 }, (_, at) => latin1(bytes.subarray(at * 32, at * 32 + 8)));
    const forget = (...parts: Uint8Array[]): void => {
      for (const piece of parts.flatMap(pieces)) gone.add(piece);
    };
    const replaced = rows.map((row, i) => (i % 3 === 0 ? nextVersion(row, sized(i * 7 + 1)) : row));
    await Promise.all(replaced.filter((row) => row.version === 2).map((row) => store.replace(row, 1, [])));
    for (const row of rows.filter((_, i) => i % 3 === 0)) forget(row.itemEnvelope, row.rowSignature);
    const erased = replaced.filter((_, i) => i % 2 === 0);
    await Promise.all(erased.map((row) => store.erase(row, row.version)));
    for (const row of erased) forget(row.index, row.salt, row.commitment, row.itemEnvelope, row.rowSignature);
    await store.close();
    expect(readdirSync(folder)).toEqual(['registry.db']);
    const content = latin1(readFileSync(join(folder, 'registry.db')));
    for (const row of replaced.filter((_, i) => i % 2 === 1)) expect(content).toContain(latin1(row.commitment));
    let left = 0;
    for (let at = 0; at < content.length; at++) if (gone.has(content.slice(at, at + 8))) left++;
    expect(left).toBe(0);
  });

  it('erases on closing what an earlier run could not', async () => {
    const file = join(createFolder(), 'registry.db');
    const row = createRow();
    const store = openStore(file);
    await store.register(row, randomBytes(32));
    await store.replace(nextVersion(row, { itemEnvelope: randomBytes(2048) }), 1, []);
    execute(file, "INSERT INTO facts VALUES ('mark', 7) ON CONFLICT DO NOTHING");
    expect(dump(file)).toContain('uncompacted');
    await store.close();
    expect(dump(file)).toContain('"name":"uncompacted","value":"0"');
  });
});

describe('processes', () => {
  it('has every acknowledged registration after kill -9 under load', async () => {
    const folder = createFolder();
    for (const [name, killAfter] of [
      ['a', 150],
      ['b', 1000],
      ['c', 2500],
    ] as const) {
      const file = join(folder, `${name}.db`);
      const { answers, isReady } = await runLoad({ service: 'registry', file, name, writes: 100_000, killAfter });
      expect(isReady).toBeNull();
      expect(answers.size).toBeGreaterThanOrEqual(killAfter - 1);
      await expectWhole(file, name, answers, Math.max(...answers.keys()) + 64);
    }
  });

  it('lets two write to one file', async () => {
    const file = join(createFolder(), 'registry.db');
    const writes = 1200;
    const load = { service: 'registry', file, writes } as const;
    const results = await Promise.all([runLoad({ ...load, name: 'a' }), runLoad({ ...load, name: 'b' })]);
    const store = openStore(file);
    for (let i = 0; i < writes; i++) {
      const answers = results.map(({ answers: of }) => of.get(i));
      const rows = ['a', 'b'].map((name) => loadRegistration(name, i).row);
      const stored = await Promise.all(rows.map((row) => store.findByCommitment(row)));
      expect(stored).toEqual(rows.map((row, at) => (answers[at] === 'registered' ? row : null)));
      if (i % 8 === 0) expect(new Set(answers)).toEqual(new Set(['registered', 'tokenSpent']));
      else if (i % 4 !== 0) expect(answers).toEqual(['registered', 'registered']);
    }
    // Eight rows, four of each process, contended for the four places of each of these codes.
    for (let code = 0; code < Math.floor(writes / 32); code++) {
      const [claims] = await store.findByIndexes([namedBytes(`code shared ${code}`)]);
      expect(claims).toHaveLength(4);
    }
  });
});

describe('against the model', () => {
  const small = (max: number) => fc.nat({ max });
  /** Few codes, nonces and times, so that operations meet. */
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('register' as const), row: small(11), nonce: small(11), edit: small(9) }),
    fc.record({ kind: fc.constant('replace' as const), row: small(11), expected: small(3), record: small(5) }),
    fc.record({ kind: fc.constant('erase' as const), row: small(11), expected: small(3) }),
    fc.record({ kind: fc.constant('record' as const), evaluation: small(5), end: small(20), limit: small(3) }),
    fc.record({
      kind: fc.constant('claim' as const),
      evaluation: small(5),
      request: small(3),
      tags: small(3),
      now: small(20),
    }),
    fc.record({ kind: fc.constant('settle' as const), evaluation: small(5), matches: small(3) }),
    fc.record({ kind: fc.constant('addHistory' as const), row: small(11), record: small(5) }),
    fc.record({ kind: fc.constant('findHistory' as const), row: small(11), first: small(5), limit: small(4) }),
    fc.record({ kind: fc.constant('accept' as const), nonce: small(11) }),
    fc.record({ kind: fc.constant('isAccepted' as const), nonce: small(11) }),
    fc.record({ kind: fc.constant('reopen' as const) }),
  );
  /** Reads show what is stored, not what is under way. */
  const write = operation.filter(({ kind }) => kind !== 'findHistory' && kind !== 'isAccepted');
  type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

  const base = (row: number): RegistrationRow => namedRow(`row ${row}`, `code ${row % 2}`);

  const recordOf = (record: number): HistoryRecord => ({
    key: namedBytes(`entry ${record}`),
    kind: HISTORY_KINDS[record % HISTORY_KINDS.length] as HistoryRecord['kind'],
    hour: record % 3,
  });

  async function apply(store: RegistryStore, step: Operation): Promise<unknown> {
    switch (step.kind) {
      case 'register':
        return store.register({ ...base(step.row), epoch: step.edit === 0 ? 2 : 1 }, namedBytes(`nonce ${step.nonce}`));
      case 'replace':
        return store.replace({ ...base(step.row), version: step.expected + 1, status: 'lost' }, step.expected, [
          recordOf(step.record),
        ]);
      case 'erase':
        return store.erase(base(step.row), step.expected);
      case 'record':
        return store.recordEvaluation({
          hash: namedBytes(`evaluation ${step.evaluation}`),
          officer: namedBytes(`officer ${step.evaluation % 2}`),
          tagLimit: step.limit,
          entry: step.evaluation,
          expiresAt: NOW + step.end,
        });
      case 'claim':
        return store.claimLookup({
          evaluation: namedBytes(`evaluation ${step.evaluation}`),
          officer: namedBytes(`officer ${step.evaluation % 2}`),
          tags: step.tags,
          requestHash: namedBytes(`request ${step.request}`),
          now: NOW + step.now,
        });
      case 'settle':
        return store.settleLookup(
          namedBytes(`evaluation ${step.evaluation}`),
          Array.from({ length: step.matches }, (_, i) => namedBytes(`match ${i}`)),
        );
      case 'addHistory':
        return store.addHistory(base(step.row), recordOf(step.record));
      case 'findHistory':
        return store.findHistory(base(step.row), namedBytes(`entry ${step.first}`), step.limit);
      case 'accept':
        return store.acceptElement(namedBytes(`nonce ${step.nonce}`));
      case 'isAccepted':
        return store.isAccepted(namedBytes(`nonce ${step.nonce}`));
      default:
        return undefined;
    }
  }

  const answerOf = (store: RegistryStore, step: Operation): Promise<unknown> =>
    apply(store, step).catch((error: unknown) => (error as { code?: string }).code ?? error);

  const contents = (store: RegistryStore): Promise<RegistrationRow[][]> =>
    store.findByIndexes([namedBytes('code code 0'), namedBytes('code code 1')]);

  it('answers any sequence of operations alike', async () => {
    const folder = createFolder();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 60 }), async (steps) => {
        const file = join(folder, `${runs++}.db`);
        let store = openSqliteStores(file).registrations;
        const model = new RegistryModel(createModelState());
        try {
          for (const step of steps) {
            if (step.kind === 'reopen') {
              await store.close();
              store = openSqliteStores(file).registrations;
            }
            expect(await answerOf(store, step)).toEqual(await answerOf(model, step));
          }
          expect(await contents(store)).toEqual(await contents(model));
        } finally {
          await store.close();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('answers operations that are made at once in the order of the calls', async () => {
    const folder = createFolder();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 2, maxLength: 60 }), async (steps) => {
        const store = openSqliteStores(join(folder, `${runs++}.db`), { maxBatch: 7 }).registrations;
        const model = new RegistryModel(createModelState());
        try {
          const answers = await Promise.all(steps.map((step) => answerOf(store, step)));
          const expected: unknown[] = [];
          for (const step of steps) expected.push(await answerOf(model, step));
          expect(answers).toEqual(expected);
          expect(await contents(store)).toEqual(await contents(model));
        } finally {
          await store.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
