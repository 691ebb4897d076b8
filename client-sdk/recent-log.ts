/** The newest entries of a registry's log, verified here and now: what anybody can do in a minute. All of it: audit.ts. */
import { equalBytes } from '../crypto/bytes.ts';
import { cosignatureTime } from '../crypto/checkpoint.ts';
import { BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import { parseLogEntry, type LogEntry } from '../crypto/log-entry.ts';
import { MAX_COSIGNATURE_AGE } from './checkpoints.ts';
import { notLogged } from './entries.ts';
import { createLogReader, VerifiedTree } from './log-reader.ts';
import type { WorkOptions } from './progress.ts';
import type { Registry } from './registry.ts';

export interface RecentOptions extends WorkOptions {
  /** How many entries, from the newest back; at least 1. */
  readonly count: number;
}

/** An entry that was verified. */
export interface RecentEntry {
  readonly index: number;
  readonly entry: LogEntry;
}

/** What was verified. */
export interface RecentLog {
  readonly origin: string;
  /** Of the whole log. */
  readonly size: number;
  /** Index of the first entry that was verified; `size` for an empty log. */
  readonly from: number;
  /** In the order of the log. */
  readonly entries: readonly RecentEntry[];
  /** Guardians that cosigned this very state of the log in the last day, and when, in epoch seconds: at least the threshold. */
  readonly cosignedAt: ReadonlyMap<string, number>;
}

/**
 * Reads the log's latest checkpoint and its newest entries, and verifies that the log signed it, that enough guardians cosigned
 * it in the last day, that it goes on from what this connection has seen, and that each entry, through every tile above it, is
 * the one that the checkpoint stands for.
 *
 * Progress has the phase `verify` and counts entries.
 *
 * @throws BlindmarkError `badCheckpoint`, `logBehind`, `logForked`; `badProof` with the path of the tile or bundle that was
 *   altered as `field`; `notLogged` for an entry that is none; `cancelled`; and those of `JsonClient.get`
 */
export async function readRecent(registry: Registry, options: RecentOptions): Promise<RecentLog> {
  const { count, signal, onProgress } = options;
  const reader = createLogReader(registry.url, { http: registry.http, signal });
  const { checkpoint, cosignatures, seen } = await registry.readCheckpoint(reader, signal);
  const tree = await VerifiedTree.open(reader, checkpoint);
  for (const { size, root } of seen) {
    if (!equalBytes(await tree.prover(size).root(), root)) throw rewritten();
  }
  const from = Math.max(0, checkpoint.size - count);
  const total = checkpoint.size - from;
  onProgress?.({ phase: 'verify', done: 0, total });
  const entries: RecentEntry[] = [];
  for await (const run of tree.entries(from, signal)) {
    entries.push(...run.entries.map((bytes, i) => ({ index: run.first + i, entry: readEntry(run.first + i, bytes) })));
    onProgress?.({ phase: 'verify', done: entries.length, total });
  }
  const youngest = registry.now() - MAX_COSIGNATURE_AGE;
  const times = [...cosignatures].map(([id, cosignature]) => [id, cosignatureTime(cosignature)] as const);
  const cosignedAt = new Map(times.filter(([, time]) => time >= youngest));
  return { origin: registry.roster.roster.origin, size: checkpoint.size, from, entries, cosignedAt };
}

function readEntry(index: number, bytes: Uint8Array): LogEntry {
  try {
    return parseLogEntry(bytes);
  } catch (error) {
    if (isBlindmarkError(error, 'badInput')) throw notLogged('log', `entry ${index} is malformed`);
    throw error;
  }
}

function rewritten(): BlindmarkError {
  return new BlindmarkError('logForked', 'The log is not the one that this registry showed a moment ago', {
    field: 'checkpoint',
    remedy: 'Do not rely on this registry. Tell a guardian, and run blindmark audit, which saves the evidence.',
  });
}
