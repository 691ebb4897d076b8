/** A log with its witnesses on loopback, and what a test checks of it whatever has happened. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { parseCheckpoint, readCosignature, signCheckpoint, verifyCheckpoint } from '../../../crypto/checkpoint.ts';
import { leafHash, verifyInclusion, type TreeHead } from '../../../crypto/merkle.ts';
import { createSigningKey, type SigningKey } from '../../../crypto/signature.ts';
import { appendLeaves, edgeRoot, EMPTY_EDGE } from '../../../crypto/tree-edge.ts';
import { createLog } from '../../../server/http/log.ts';
import { createMetrics } from '../../../server/http/metrics.ts';
import type { CommitHooks } from '../../../server/database/group-commit.ts';
import type { AppendRequest, Log, LoggedEntries } from '../../../server/log/log.ts';
import { openLog } from '../../../server/log/sequencer.ts';
import { createWitnesses } from '../../../server/log/witnesses.ts';
import type { LogStore } from '../../../server/store/log-store.ts';
import { openSqliteStores } from '../../../server/store/sqlite/open-stores.ts';
import { namedRequest } from '../../support/log-request.ts';
import { naiveRoot } from '../../support/naive-tree.ts';
import { startWitness, type TestWitness } from '../../support/witness.ts';

const ORIGIN = 'registry.test';

/** Resolves once `check` passes, however slow the machine is. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 50_000, interval: 10 });
}

export interface OpenOptions {
  readonly file?: string;
  readonly wrap?: (store: LogStore) => LogStore;
  readonly hooks?: CommitHooks;
  readonly timeoutMs?: number;
  readonly maxWaiting?: number;
  readonly threshold?: number;
  readonly witnesses?: readonly TestWitness[];
  readonly name?: string;
  readonly generation?: number;
  readonly key?: SigningKey;
  readonly start?: TreeHead | null;
  readonly now?: () => number;
}

export interface OpenedLog {
  readonly log: Log;
  readonly store: LogStore;
  readonly lines: string[];
  readonly faults: [guardian: string, code: string | null][];
  readonly close: () => Promise<void>;
}

export interface LogWorld {
  readonly folder: string;
  readonly file: string;
  readonly name: string;
  readonly key: SigningKey;
  readonly witnesses: TestWitness[];
  /** Opens the log in the world's file, or in another. Closed at the end of the test, unless before. */
  readonly open: (options?: OpenOptions) => Promise<OpenedLog>;
  /** Fills an empty file with entries named `preloaded 0` and so on. */
  readonly preload: (count: number, file?: string) => Promise<void>;
  /** Appends named entries by as many calls, and checks what is answered. Returns their indexes. */
  readonly append: (log: Log, names: readonly string[]) => Promise<number[]>;
  /** Checks an answer: cosigned by t, each entry included. */
  readonly check: (result: LoggedEntries, requests: readonly AppendRequest[]) => number[];
  /** Reads the whole log from its file: contiguous, as signed, with each answered entry at its place. Returns its size. */
  readonly audit: (file?: string) => Promise<number>;
  /** Each entry that was answered, by its text. */
  readonly answered: Map<string, number>;
}

/** Cosignatures that a note must have. */
const THRESHOLD = 2;

export interface LogWorldOptions {
  readonly guardians?: number;
  /** For another process to open the same log: the seed of its key. */
  readonly seed?: Uint8Array;
}

export async function createLogWorld({ guardians = 3, seed }: LogWorldOptions = {}): Promise<LogWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'blindmark-'));
  const name = `${ORIGIN}/log`;
  const key = createSigningKey(seed);
  const log = { origin: name, publicKey: key.publicKey };
  const witnesses = await Promise.all(
    Array.from({ length: guardians }, async (_, i) =>
      startWitness({ id: `g${i + 1}`, name: `${ORIGIN}/guardian/g${i + 1}`, log }),
    ),
  );
  const answered = new Map<string, number>();
  const closers: (() => Promise<void>)[] = [];
  onTestFinished(async () => {
    for (const close of closers) await close();
    await Promise.all(witnesses.map(async (witness) => witness.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  const world: LogWorld = {
    folder,
    file: join(folder, 'registry.db'),
    name,
    key,
    witnesses,
    answered,
    open: async (options = {}) => {
      const { file = world.file, wrap = (store) => store, threshold = THRESHOLD, timeoutMs = 30_000 } = options;
      const stores = openSqliteStores(file, options.hooks === undefined ? {} : { hooks: options.hooks });
      const lines: string[] = [];
      const faults: [string, string | null][] = [];
      const store = wrap(stores.log);
      const chosen = options.witnesses ?? witnesses;
      const now = options.now ?? (() => Math.floor(Date.now() / 1000));
      const onHealth = (guardian: string, code: string | null): void => void faults.push([guardian, code]);
      const serviceLog = createLog('registry', { destination: { write: (line: string) => void lines.push(line) } });
      try {
        const opened = await openLog({
          store,
          key: options.key ?? key,
          name: options.name ?? name,
          generation: options.generation ?? 1,
          start: options.start ?? null,
          witnesses: createWitnesses({ guardians: chosen, threshold, timeoutMs, now, onHealth }),
          now,
          log: serviceLog,
          metrics: createMetrics('registry'),
          ...(options.maxWaiting === undefined ? {} : { maxWaiting: options.maxWaiting }),
        });
        let isOpen = true;
        const close = async (): Promise<void> => {
          if (!isOpen) return;
          isOpen = false;
          await opened.close();
          await stores.close();
        };
        closers.push(close);
        return { log: opened, store, lines, faults, close };
      } catch (error) {
        await stores.close();
        throw error;
      }
    },
    preload: async (count, file = world.file) => {
      const stores = openSqliteStores(file);
      const requests = Array.from({ length: count }, (_, i) => namedRequest(`preloaded ${i}`));
      const leaves = requests.map(({ entry }) => leafHash(entry));
      const { edge, tiles } = appendLeaves(EMPTY_EDGE, leaves);
      const head = { size: count, root: edgeRoot(edge) };
      const checkpoint = signCheckpoint({ origin: name, ...head }, key);
      await stores.log.commit({
        expected: null,
        head: { generation: 1, ...head, checkpoint },
        entries: requests.map(({ key: entryKey, entry }) => ({ key: entryKey, bytes: entry })),
        tiles,
      });
      await stores.close();
    },
    check: (result, requests) => {
      const checkpoint = verifyCheckpoint(result.checkpoint, log);
      expect(checkpoint.size).toBe(result.size);
      const { note } = parseCheckpoint(result.checkpoint);
      expect(witnesses.filter((each) => readCosignature(note, each) !== null).length).toBeGreaterThanOrEqual(THRESHOLD);
      expect(result.entries).toHaveLength(requests.length);
      return result.entries.map(({ index, entry, proof }, i) => {
        expect(entry).toEqual((requests[i] as AppendRequest).entry);
        verifyInclusion({ ...checkpoint, index, leafHash: leafHash(entry), proof });
        const text = Buffer.from(entry).toString('utf8');
        expect(answered.get(text) ?? index).toBe(index);
        answered.set(text, index);
        return index;
      });
    },
    append: async (opened, names) => {
      const requests = names.map(namedRequest);
      const results = await Promise.all(requests.map(async (request) => opened.append([request])));
      return results.flatMap((result, i) => world.check(result, [requests[i] as AppendRequest]));
    },
    audit: async (file = world.file) => {
      const stores = openSqliteStores(file);
      try {
        const stored = await stores.log.load();
        if (stored === null) throw new Error('there is no log');
        const { size, root, checkpoint } = stored.head;
        expect(verifyCheckpoint(checkpoint, log)).toEqual({ origin: name, size, root });
        const entries = await stores.log.readEntries(0, size + 1000);
        expect(entries).toHaveLength(size);
        expect(
          size < 2000 ? naiveRoot(entries) : edgeRoot(appendLeaves(EMPTY_EDGE, entries.map(leafHash)).edge),
        ).toEqual(root);
        const texts = entries.map((entry) => Buffer.from(entry).toString('utf8'));
        expect(new Set(texts).size).toBe(size);
        for (const [text, index] of answered) expect(texts[index]).toBe(text);
        return size;
      } finally {
        await stores.close();
      }
    },
  };
  return world;
}
