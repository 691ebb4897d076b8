/** Building the pages, when they are not built yet. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { build } from 'vite';
import { BlindmarkError } from '../../../crypto/errors.ts';
import { MANIFEST_PATH, pagesHash, parsePagesManifest } from '../../../crypto/pages.ts';
import config from '../vite.config.ts';

const PROJECT = resolve(import.meta.dirname, '../../..');

/** Where a registry finds the pages, unless its configuration names another folder. */
export const PAGES_FOLDER = join(PROJECT, 'server/web/dist');

/** Holds the hash of the sources that a build was made from. Not served. */
const STAMP = '.sources';

/** What a build is made from: `server/web`, and what it imports. */
const SOURCES = ['server/web', 'client-sdk', 'crypto'];
const NO_SOURCE = /^(?:server\/web\/dist|client-sdk\/(?:cli|node)$)/u;
const LOCK_FILE = 'package-lock.json';

function listFolder(folder: string): string[] {
  return readdirSync(join(PROJECT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    // Builds come and go meanwhile: they are not looked into.
    if (NO_SOURCE.test(path)) return [];
    return entry.isDirectory() ? listFolder(path) : [path];
  });
}

/** A hash of all that the pages are built from. */
function hashSources(): string {
  const hash = createHash('sha256');
  for (const path of [...SOURCES.flatMap(listFolder), LOCK_FILE].toSorted()) {
    const content = readFileSync(join(PROJECT, path));
    hash.update(`${path}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/** The hash of the build in `folder`. */
export function readBuildHash(folder: string): Uint8Array {
  return pagesHash(parsePagesManifest(readFileSync(join(folder, MANIFEST_PATH))));
}

/** Whether `folder` holds a build of the sources as they are now. */
function isBuilt(folder: string): boolean {
  const stamp = join(folder, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hashSources();
}

/** Puts a whole build in the place of the one before. */
function replaceFolder(built: string, folder: string): void {
  const old = `${folder}.${randomUUID()}`;
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(built, folder);
  rmSync(old, { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Milliseconds for which another process's build is waited for. */
const PATIENCE_MS = 120_000;

/**
 * Does `work` while no other process does the same for that folder.
 *
 * @throws BlindmarkError `unavailable` when another process is at it for minutes
 */
async function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = `${folder}.lock`;
  for (const end = Date.now() + PATIENCE_MS; ;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(existsSync(lock) ? readFileSync(lock, 'utf8') : '');
    if (Date.now() > end) {
      throw new BlindmarkError('unavailable', `Another process has been building ${folder} for minutes`, {
        remedy: `If none is, remove ${lock}, and try again.`,
      });
    }
    if (holder > 0 && !isRunning(holder)) rmSync(lock, { force: true });
    else await wait(100);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Builds the pages into `folder` unless it holds a build of the sources as they are now. */
export async function ensurePages(folder: string): Promise<void> {
  if (isBuilt(folder)) return;
  await alone(folder, async () => {
    // Another process may have done so meanwhile.
    if (!isBuilt(folder)) await buildInto(folder);
  });
}

/**
 * Builds the pages into `folder`, whole or not at all. The same sources make the same files, byte for byte, wherever and
 * whenever it is done.
 */
export async function buildPages(folder: string): Promise<void> {
  await alone(folder, async () => buildInto(folder));
}

async function buildInto(folder: string): Promise<void> {
  // Packages look at it, and so what is built would depend on who builds.
  process.env['NODE_ENV'] = 'production';
  const sources = hashSources();
  const outDir = `${folder}.${randomUUID()}`;
  try {
    await build({ ...config, configFile: false, mode: 'production', build: { ...config.build, outDir } });
    writeFileSync(join(outDir, STAMP), sources);
    replaceFolder(outDir, folder);
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}
