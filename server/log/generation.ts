/** How a log begins: empty, where it ended, or as the successor of one that forked or lost entries (DESIGN 3.5). */
import { equalBytes } from '../../crypto/bytes.ts';
import { parseCheckpoint, signCheckpoint, verifyCheckpoint, type Checkpoint } from '../../crypto/checkpoint.ts';
import { BlindmarkError, isBlindmarkError } from '../../crypto/errors.ts';
import { EMPTY_ROOT, type TreeHead } from '../../crypto/merkle.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import { EMPTY_EDGE, readEdge, type TreeEdge } from '../../crypto/tree-edge.ts';
import { readRoot, tilesOfSize } from '../../crypto/tile.ts';
import { storageFailed } from '../database/database.ts';
import type { CosignedNote, LogHead, LogStore } from '../store/log-store.ts';
import { createTileReader, damagedLog, readCheckedEdge } from './stored-tree.ts';

/** Which log it is: all of it follows from the roster in force, but the secret half of the key. */
export interface LogIdentity {
  /** `logName(roster)`. */
  readonly name: string;
  /** The roster's `log.generation`. */
  readonly generation: number;
  readonly key: SigningKey;
  /** The roster's `log.start`: null for the first generation. */
  readonly start: TreeHead | null;
}

export interface OpenedTree {
  readonly head: LogHead;
  readonly edge: TreeEdge;
  readonly cosigned: CosignedNote | null;
}

function signHead({ name, generation, key }: LogIdentity, { size, root }: TreeHead): LogHead {
  return { generation, size, root, checkpoint: signCheckpoint({ origin: name, size, root }, key) };
}

function sameTree(a: TreeHead, b: TreeHead): boolean {
  return a.size === b.size && equalBytes(a.root, b.root);
}

/** That the note beside a head says what the head says, and is signed by this log if it is of its generation. */
function checkNote({ name, generation, key }: LogIdentity, head: LogHead): void {
  let checkpoint: Checkpoint;
  try {
    checkpoint =
      head.generation === generation
        ? verifyCheckpoint(head.checkpoint, { origin: name, publicKey: key.publicKey })
        : parseCheckpoint(head.checkpoint).checkpoint;
  } catch (cause) {
    if (!isBlindmarkError(cause)) throw cause;
    throw new BlindmarkError('badFile', 'The stored checkpoint is not signed by this log. Nothing was signed.', {
      field: 'the checkpoint',
      remedy: 'See that the log key and the database belong to the registry whose roster this is.',
      cause,
    });
  }
  if (!sameTree(checkpoint, head)) throw damagedLog('the checkpoint', 'says another size or root than the tree');
}

async function begin(store: LogStore, identity: LogIdentity): Promise<OpenedTree> {
  const start = identity.start ?? { size: 0, root: EMPTY_ROOT };
  if (start.size > 0) throw missingStart(start.size, 0);
  const head = signHead(identity, start);
  const result = await store.commit({ expected: null, head, entries: [], tiles: [] });
  // Another process began it at the same moment.
  if (result === 'conflict') return openTree(store, identity);
  return { head, edge: EMPTY_EDGE, cosigned: null };
}

function missingStart(needed: number, found: number): BlindmarkError {
  return new BlindmarkError(
    'badFile',
    `The successor log starts at ${needed} entries, of which this database has ${found} as they were. Nothing was changed.`,
    {
      field: 'log.start',
      remedy: 'Restore a copy of the database that holds them, or have guardian operators sign another start.',
    },
  );
}

/** Cuts the log of the generation before to the successor's start, under the new name and key. */
async function succeed(store: LogStore, identity: LogIdentity, before: LogHead): Promise<OpenedTree> {
  const { start } = identity;
  if (start === null) throw missingStart(0, before.size);
  if (start.size > before.size) throw missingStart(start.size, before.size);
  const read = createTileReader(store);
  if (!equalBytes(await readRoot(start.size, read), start.root)) throw missingStart(start.size, 0);
  const head = signHead(identity, start);
  const edge = await readEdge(start.size, read);
  const tiles = tilesOfSize(start.size).map(({ level, index }) => ({
    level,
    index,
    bytes: edge.partialTiles[level] as Uint8Array,
  }));
  const result = await store.restart({ expected: before, head, tiles });
  if (result === 'conflict') throw storageFailed('Another process changed this log at the same moment');
  return { head, edge, cosigned: null };
}

/**
 * Opens the tree in a store, checked wholly if it is small. A log of an older generation is succeeded, a missing one begun.
 *
 * @throws BlindmarkError `badFile` for a damaged log, another log's, one of a newer generation, or one that lacks what the
 *   successor starts with; `storageFailed`
 */
export async function openTree(store: LogStore, identity: LogIdentity): Promise<OpenedTree> {
  const stored = await store.load();
  if (stored === null) return begin(store, identity);
  const { head, cosigned } = stored;
  if (head.generation > identity.generation) {
    throw new BlindmarkError('badFile', 'The log was succeeded under a newer roster. Nothing was changed.', {
      field: 'log.generation',
      remedy: 'Give the registry the newest roster.',
    });
  }
  checkNote(identity, head);
  const edge = await readCheckedEdge(store, head, { whole: true });
  if (head.generation < identity.generation) return succeed(store, identity, head);
  return { head, edge, cosigned };
}

/**
 * Reads the tree again after a write of unknown outcome, and makes sure by a write that it is on disk.
 *
 * @returns null when the head was moved by somebody else meanwhile
 */
export async function reopenTree(store: LogStore, identity: LogIdentity): Promise<OpenedTree | null> {
  const stored = await store.load();
  if (stored === null) throw damagedLog('the checkpoint', 'is missing');
  const { head, cosigned } = stored;
  if (head.generation !== identity.generation) return null;
  checkNote(identity, head);
  const edge = await readCheckedEdge(store, head);
  const result = await store.commit({ expected: head, head, entries: [], tiles: [] });
  return result === 'conflict' ? null : { head, edge, cosigned };
}
