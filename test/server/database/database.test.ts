import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isBlindmarkError } from '../../../crypto/errors.ts';
import { type DatabaseSchema, openDatabase } from '../../../server/database/database.ts';
import { createFolder } from '../../support/folder.ts';
import { refusal } from '../../support/refusal.ts';

const SCHEMA: DatabaseSchema = {
  program: 'Blindmark test',
  applicationId: 0x424d7474,
  pageSize: 8192,
  migrations: ['CREATE TABLE first (value INTEGER) STRICT', 'CREATE TABLE second (value INTEGER) STRICT'],
};

function open(file: string, schema: DatabaseSchema = SCHEMA): DatabaseSync {
  const db = openDatabase(file, schema);
  onTestFinished(() => {
    if (db.isOpen) db.close();
  });
  return db;
}

/** What SQLite answers to a PRAGMA. */
function pragma(db: DatabaseSync, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

function tables(db: DatabaseSync): unknown[] {
  return db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all()
    .map(({ name }) => name);
}

/** Makes a file by hand. */
function make(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

function expectUntouched(file: string, says: string, schema: DatabaseSchema = SCHEMA): void {
  const before = readFileSync(file);
  expect(() => open(file, schema)).toThrow(refusal('badFile', file));
  expect(() => open(file, schema)).toThrow(says);
  expect(readFileSync(file).equals(before)).toBe(true);
}

describe('openDatabase', () => {
  it('makes a durable file for its owner alone', () => {
    const file = join(createFolder(), 'test.db');
    const db = open(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(tables(db)).toEqual(['first', 'second']);
    const settings = ['journal_mode', 'synchronous', 'secure_delete', 'temp_store', 'trusted_schema', 'page_size'];
    expect(settings.map((name) => pragma(db, name))).toEqual(['wal', 2, 1, 2, 0, 8192]);
    expect([pragma(db, 'application_id'), pragma(db, 'user_version')]).toEqual([SCHEMA.applicationId, 2]);
  });

  it('takes an empty file, and its own again with what it holds', () => {
    const file = join(createFolder(), 'test.db');
    writeFileSync(file, '');
    const db = open(file);
    db.exec('INSERT INTO first VALUES (7)');
    db.close();
    expect(open(file).prepare('SELECT value FROM first').get()).toEqual({ value: 7 });
  });

  it('runs the migrations that an older file lacks', () => {
    const file = join(createFolder(), 'test.db');
    const old = open(file, { ...SCHEMA, migrations: SCHEMA.migrations.slice(0, 1) });
    old.exec('INSERT INTO first VALUES (7)');
    expect(tables(old)).toEqual(['first']);
    old.close();
    const db = open(file);
    expect(tables(db)).toEqual(['first', 'second']);
    expect(db.prepare('SELECT value FROM first').get()).toEqual({ value: 7 });
  });

  it('runs all migrations that are missing, or none', () => {
    const file = join(createFolder(), 'test.db');
    const broken = { ...SCHEMA, migrations: [...SCHEMA.migrations, 'CREATE TABLE third (x) STRICT; this is not SQL'] };
    open(file).close();
    expect(() => open(file, broken)).toThrow(refusal('storageFailed'));
    const db = open(file);
    expect([tables(db), pragma(db, 'user_version')]).toEqual([['first', 'second'], 2]);
  });

  it("refuses another program's file and leaves it as it is", () => {
    const file = join(createFolder(), 'test.db');
    make(file, 'CREATE TABLE theirs (x)');
    expectUntouched(file, 'not a file of the Blindmark test');
    make(file, 'PRAGMA application_id = 5');
    expectUntouched(file, 'not a file of the Blindmark test');
  });

  it("refuses another service's file and leaves it as it is", () => {
    const file = join(createFolder(), 'test.db');
    open(file).close();
    expectUntouched(file, 'not a file of', { ...SCHEMA, applicationId: SCHEMA.applicationId + 1 });
  });

  it('refuses the file of a newer version and leaves it as it is', () => {
    const file = join(createFolder(), 'test.db');
    open(file, { ...SCHEMA, migrations: [...SCHEMA.migrations, 'CREATE TABLE third (value INTEGER) STRICT'] }).close();
    expectUntouched(file, 'written by a newer');
  });

  it.each([
    ['text', () => Buffer.from('not a database '.repeat(100)), 'not a database'],
    ['a torn file', (whole: Buffer) => whole.subarray(0, 10_000), 'damaged'],
    ['damaged pages', (whole: Buffer) => whole.fill(0x55, 8192), 'damaged'],
    ['a damaged schema', (whole: Buffer) => whole.fill(0x55, 100, 8192), 'damaged'],
  ])('refuses %s and leaves it as it is', (_, damage, says) => {
    const file = join(createFolder(), 'test.db');
    const db = open(file);
    db.exec(
      'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO first SELECT i FROM n',
    );
    db.close();
    writeFileSync(file, damage(readFileSync(file)));
    expectUntouched(file, says);
  });

  it('refuses what cannot be opened', () => {
    const folder = createFolder();
    expect(() => open(join(folder, 'missing', 'test.db'))).toThrow(refusal('badFile'));
    mkdirSync(join(folder, 'directory'));
    expect(() => open(join(folder, 'directory'))).toThrow(refusal('badFile'));
  });

  it('refuses a file that this user may not write', () => {
    const folder = createFolder();
    const file = join(folder, 'test.db');
    open(file).close();
    chmodSync(folder, 0o755);
    chmodSync(file, 0o444);
    const program = `
      import { openDatabase } from ${JSON.stringify(new URL('../../../server/database/database.ts', import.meta.url))};
      try { openDatabase(${JSON.stringify(file)}, ${JSON.stringify(SCHEMA)}) } catch (error) { console.log(error.code) }`;
    // To root nothing is forbidden, so root asks as nobody.
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', ...user });
    expect(result.stdout).toBe('badFile\n');
  });

  it('says storageFailed while another process keeps the file to itself', () => {
    const file = join(createFolder(), 'test.db');
    make(file, 'CREATE TABLE first (value)');
    const other = new DatabaseSync(file);
    onTestFinished(() => other.close());
    other.exec('BEGIN EXCLUSIVE');
    try {
      open(file);
      expect.unreachable();
    } catch (error) {
      expect(isBlindmarkError(error, 'storageFailed') && error.retryAfter).toBe(5);
    }
  });
});
