/** What a thief carries away: folders of services, as they lie on disk while the services run, and their logs. */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { bytesToHex, formatBase64url } from '../../crypto/bytes.ts';

/** Everything of it, and how it is searched. */
export interface Loot {
  /** Whether a byte string stands anywhere in it: in raw bytes, hex or base64url. */
  readonly holds: (bytes: Uint8Array) => boolean;
  /** Whether a text stands anywhere in it, in any case. */
  readonly mentions: (text: string) => boolean;
  /** Names of the files, as `registry/registry.db-wal`. */
  readonly files: readonly string[];
}

/** @param texts logs, metrics and whatever else there is beside files */
export function takeLoot(folder: string, files: readonly string[], texts: readonly string[]): Loot {
  const raw = Buffer.concat([...files.map((file) => readFileSync(join(folder, file))), Buffer.from(texts.join('\n'))]);
  const lower = raw.toString('latin1').toLowerCase();
  // Most of what is looked for is not there, as its first four bytes tell at once.
  const starts = new Set<number>();
  for (let at = 0; at + 4 <= raw.length; at++) starts.add(raw.readUInt32BE(at));
  const isIn = (part: Buffer): boolean => starts.has(part.readUInt32BE(0)) && raw.includes(part);
  const holds = (bytes: Uint8Array): boolean => {
    const hex = bytesToHex(bytes);
    return [
      Buffer.from(bytes),
      ...[formatBase64url(bytes), hex, hex.toUpperCase()].map((form) => Buffer.from(form)),
    ].some(isIn);
  };
  return { holds, mentions: (word) => lower.includes(word.toLowerCase()), files };
}

/** Every file below a folder. */
export function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** One row of a stolen table. */
export type StolenRow = Record<string, SQLOutputValue>;

/** The tables of a stolen database, write-ahead log included, each in the order in which it is kept. */
export function readStolen(path: string): ReadonlyMap<string, readonly StolenRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'blindmark-stolen-'));
  const copy = join(folder, 'copy.db');
  copyFileSync(path, copy);
  copyFileSync(`${path}-wal`, `${copy}-wal`);
  const db = new DatabaseSync(copy);
  try {
    const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
    return new Map(
      names.map(({ name }) => {
        const statement = db.prepare(`SELECT * FROM "${name}"`);
        statement.setReadBigInts(true);
        return [name, statement.all()];
      }),
    );
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every byte string in the tables. */
export function bytesIn(tables: ReadonlyMap<string, readonly StolenRow[]>): Uint8Array[] {
  return [...tables.values()]
    .flat()
    .flatMap((row) => Object.values(row).filter((value) => value instanceof Uint8Array));
}
