/** Receipts as a large log with many guardians gives them, whose other entries are not made up. */
import { randomBytes } from '../../crypto/bytes.ts';
import { addCosignatures, cosignCheckpoint, signCheckpoint } from '../../crypto/checkpoint.ts';
import { formatLogEntry, hourOf, type LogEntry } from '../../crypto/log-entry.ts';
import { cosignerName, logName } from '../../crypto/log-proof.ts';
import { leafHash, nodeHash } from '../../crypto/merkle.ts';
import type { Receipt } from '../../crypto/receipt.ts';
import type { Roster, VerifiedRoster } from '../../crypto/roster.ts';
import { createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import { STRETCH_FLOOR } from '../../crypto/stretch.ts';
import { logKey, NOON, smallRoster, verified } from './small-roster.ts';
import { publicPart, splitKey } from './split-key.ts';

type PublicPart = ReturnType<typeof publicPart>;

export interface LargeReceiptOptions {
  /** The log has 2^depth entries. */
  readonly depth: number;
  /** The guardians that cosign, by number, and how many seconds after {@link NOON}; default: the first t, at once. */
  readonly cosigners?: readonly (readonly [number: number, seconds: number])[];
  readonly entry?: LogEntry;
  /** Default: near the end. */
  readonly index?: number;
  /** 32 bytes. */
  readonly salt?: Uint8Array;
}

/** A registry of some guardians, and what its log gives. */
export interface LargeRegistry {
  readonly rosters: readonly VerifiedRoster[];
  readonly receipt: (options: LargeReceiptOptions) => Receipt;
}

export const REGISTRATION: LogEntry = {
  kind: 'registration',
  hour: hourOf(NOON),
  mark: randomBytes(32),
  row: randomBytes(32),
  epoch: 1,
};

/** A registry with `threshold` of `count` guardians; `changes` are of its roster. */
export function createLargeRegistry(threshold: number, count: number, changes: Partial<Roster> = {}): LargeRegistry {
  const witnesses = Array.from({ length: count }, () => createSigningKey());
  const [key, decryption] = [0, 1].map(() => publicPart(splitKey(threshold, count))) as [PublicPart, PublicPart];
  const roster = smallRoster({
    threshold,
    guardians: witnesses.map(({ publicKey }, i) => ({
      index: i + 1,
      id: `g${i + 1}`,
      name: `Guardian ${i + 1}`,
      operatorKey: createSigningKey().publicKey,
      witnessKey: publicKey,
    })),
    epochs: [{ epoch: 1, live: true, stretch: STRETCH_FLOOR, ...key, decryption }],
    ...changes,
  });
  const rosters = [verified(roster)];
  const receipt = ({ depth, ...options }: LargeReceiptOptions): Receipt => {
    const { index = 2 ** depth - Math.min(7, 2 ** depth), salt = randomBytes(32) } = options;
    const cosigners = options.cosigners ?? Array.from({ length: threshold }, (_, i) => [i + 1, 0] as const);
    const entry = formatLogEntry(options.entry ?? REGISTRATION);
    const proof = Array.from({ length: depth }, () => randomBytes(32));
    let head = leafHash(entry);
    proof.forEach((sibling, level) => {
      head = Math.floor(index / 2 ** level) % 2 === 1 ? nodeHash(sibling, head) : nodeHash(head, sibling);
    });
    const checkpoint = { origin: logName(roster), size: 2 ** depth, root: head };
    const cosignatures = cosigners.map(([number, seconds]) => {
      const key = witnesses[number - 1] as SigningKey;
      const name = cosignerName(roster.origin, `g${number}`);
      return { name, publicKey: key.publicKey, cosignature: cosignCheckpoint(checkpoint, key, NOON + seconds) };
    });
    const note = addCosignatures(signCheckpoint(checkpoint, logKey), cosignatures);
    return { checkpoint: note, logged: { index, entry, proof }, salt };
  };
  return { rosters, receipt };
}
