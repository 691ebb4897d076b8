/**
 * Where a successor log begins, when the log has forked or lost entries (DESIGN 3.5): at the last checkpoint that t guardians
 * cosigned, or, where the database no longer holds all of that, at what it still holds.
 */
import { equalBytes } from '../../crypto/bytes.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { verifyCosigned } from '../../crypto/log-proof.ts';
import type { TreeHead } from '../../crypto/merkle.ts';
import { formatNote, parseNote, type NoteSignature } from '../../crypto/note.ts';
import type { Roster } from '../../crypto/roster.ts';
import { readRoot } from '../../crypto/tile.ts';
import { createTileReader } from '../log/stored-tree.ts';
import type { LogStore } from '../store/log-store.ts';

const OPTION = '--successor-log';

/** What a roster says of a successor log beside its key. */
export interface LogStart {
  /** Where its tree begins. */
  readonly start: TreeHead;
  /** The last cosigned checkpoint of the log before it. */
  readonly closed: TreeHead;
}

/** One checkpoint with the cosignatures of all its copies: each guardian has one that carries its own. */
function joinNotes(texts: readonly string[]): string {
  const notes = texts.map(parseNote);
  const [first] = notes;
  if (first === undefined) throw badInput(OPTION, 'a file with the last cosigned checkpoint');
  if (notes.some(({ text }) => text !== first.text)) throw badInput(OPTION, 'copies of one and the same checkpoint');
  const signatures = new Map<string, NoteSignature>();
  for (const signature of notes.flatMap((note) => note.signatures)) {
    signatures.set(`${signature.name} ${signature.keyId}`, signature);
  }
  return formatNote({ text: first.text, signatures: [...signatures.values()] });
}

/**
 * Works out where a successor of the roster's log begins.
 *
 * @param store the registry's database as it is now
 * @param checkpoints the last cosigned checkpoint: one note with t cosignatures, or copies that have so many together
 * @throws BlindmarkError `badCheckpoint` when it is not cosigned, `badInput` when the files hold different ones, `logForked`
 *   when the database went another way, `badFile` when the database holds no log of that roster or is damaged
 */
export async function planSuccessor(
  roster: Roster,
  store: LogStore,
  checkpoints: readonly string[],
): Promise<LogStart> {
  const { size, root } = verifyCosigned(joinNotes(checkpoints), roster).checkpoint;
  const closed = { size, root };
  const stored = await store.load();
  if (stored === null || stored.head.generation !== roster.log.generation) {
    throw new BlindmarkError('badFile', 'The database does not hold the log of the current roster', {
      field: 'registry.db',
      remedy: 'Restore a copy of the database: the successor log needs the entries that the log before it still has.',
    });
  }
  const kept = Math.min(stored.head.size, size);
  const start = { size: kept, root: await readRoot(kept, createTileReader(store)) };
  if (kept < size || equalBytes(start.root, root)) return { start, closed };
  throw new BlindmarkError('logForked', 'The database and the cosigned checkpoint hold different entries', {
    field: OPTION,
    remedy: 'Restore a copy of the database that leads to the cosigned checkpoint, or one from before the fork.',
  });
}
