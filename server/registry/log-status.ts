/** What the registry's operator is told of the public log, offline: from the database and the roster alone. */
import { cosignatureTime, parseCheckpoint, readCosignature } from '../../crypto/checkpoint.ts';
import { formatBase64url } from '../../crypto/bytes.ts';
import { cosignerName, logName } from '../../crypto/log-proof.ts';
import { formatVerifierKey, SIGNATURE_TYPES } from '../../crypto/note.ts';
import type { Roster } from '../../crypto/roster.ts';
import type { LogStore } from '../store/log-store.ts';

/** Verifier keys (C2SP signed-note), one a line: the log's, then each guardian's. */
export function verifierKeys(roster: Roster): string[] {
  const { origin, guardians, log } = roster;
  return [
    { name: logName(roster), type: SIGNATURE_TYPES.ed25519, publicKey: log.publicKey },
    ...guardians.map(({ id, witnessKey: publicKey }) => ({
      name: cosignerName(origin, id),
      type: SIGNATURE_TYPES.cosignature,
      publicKey,
    })),
  ].map(formatVerifierKey);
}

/** Each guardian with the time of its cosignature under a note. */
function cosigners(noteText: string, { origin, guardians }: Roster): string[] {
  const { note } = parseCheckpoint(noteText);
  return guardians.map(({ id, witnessKey: publicKey }) => {
    const cosignature = readCosignature(note, { name: cosignerName(origin, id), publicKey });
    const time = cosignature === null ? 'no cosignature' : new Date(cosignatureTime(cosignature) * 1000).toISOString();
    return `  ${id}: ${time}`;
  });
}

/**
 * How far the log goes, in lines.
 *
 * @throws BlindmarkError `badCheckpoint` when a stored cosignature does not verify; `storageFailed`
 */
export async function describeLog(store: LogStore, roster: Roster): Promise<string[]> {
  const stored = await store.load();
  const lines = [`Log: ${logName(roster)}, generation ${roster.log.generation}`];
  if (stored === null) return [...lines, 'Nothing is in it yet.'];
  const { head, cosigned } = stored;
  if (head.generation !== roster.log.generation) {
    lines.push(`The database still holds generation ${head.generation}: the next start begins the roster’s.`);
  }
  lines.push(`Entries: ${head.size}`, `Root: ${formatBase64url(head.root)}`);
  if (cosigned === null) return [...lines, 'No checkpoint is cosigned yet.'];
  const isCurrent = head.generation === roster.log.generation;
  return [
    ...lines,
    `Last cosigned checkpoint: ${cosigned.size} entries`,
    ...(isCurrent ? cosigners(cosigned.note, roster) : []),
  ];
}
