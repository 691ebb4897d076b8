/**
 * A log in memory for unit tests of what guardians, registry and clients demand of one: no service, no file. Two of them with
 * one key are a fork.
 */
import { addCosignatures, cosignCheckpoint, signCheckpoint, type Checkpoint } from '../../crypto/checkpoint.ts';
import { hourOf, formatLogEntry, type LogEntry } from '../../crypto/log-entry.ts';
import {
  cosignerName,
  logName,
  type DelayedFields,
  type LogEvidence,
  type LoggedEntry,
} from '../../crypto/log-proof.ts';
import type { Receipt } from '../../crypto/receipt.ts';
import { rosterEntry, type SignedRoster, type VerifiedRoster } from '../../crypto/roster.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import { naiveConsistency, naiveInclusion, naiveRoot } from './naive-tree.ts';

/** Whose log it is. A {@link Fixture} is one. */
export interface LogOwner {
  readonly roster: VerifiedRoster;
  /** The last is `roster`. */
  readonly chain: readonly SignedRoster[];
  readonly logKey: SigningKey;
  /** In the order of the roster's guardians. */
  readonly witnesses: readonly SigningKey[];
  /** Epoch seconds. */
  readonly now: number;
}

export interface NoteOptions {
  /** Default: the log's. */
  readonly size?: number;
  /** Indexes from 1 of the guardians that cosign; default: the first t. */
  readonly cosigners?: readonly number[];
  /** Epoch seconds of the cosignatures; default: the owner's now. */
  readonly at?: number;
}

export interface TestLog {
  readonly size: number;
  /** Adds an entry (or bytes that are none) and returns its index. The roster's entry has 0. */
  readonly append: (entry: LogEntry | Uint8Array) => number;
  readonly head: (size?: number) => Checkpoint;
  /** A signed and cosigned checkpoint. */
  readonly note: (options?: NoteOptions) => string;
  readonly logged: (index: number, size?: number) => LoggedEntry;
  readonly consistency: (from: number, to?: number) => Uint8Array[];
  /**
   * What a guardian is shown of the entry at `index`: under the log's signature alone unless `cosigners` are named, with a
   * consistency proof if `from` names the size that it knows.
   */
  readonly evidence: (
    index: number,
    options?: NoteOptions & { readonly from?: number; readonly delayed?: DelayedFields },
  ) => LogEvidence;
  readonly receipt: (index: number, salt: Uint8Array, options?: NoteOptions) => Receipt;
}

/** A log that begins with the roster's entry. */
export function createTestLog(owner: LogOwner, entries: readonly (LogEntry | Uint8Array)[] = []): TestLog {
  const { roster, chain, logKey, witnesses, now } = owner;
  const leaves: Uint8Array[] = [];
  const append = (entry: LogEntry | Uint8Array): number =>
    leaves.push(entry instanceof Uint8Array ? entry : formatLogEntry(entry)) - 1;
  append(rosterEntry(chain.at(-1) as SignedRoster, roster, hourOf(now)));
  entries.forEach(append);
  const head = (size = leaves.length): Checkpoint => ({
    origin: logName(roster.roster),
    size,
    root: naiveRoot(leaves.slice(0, size)),
  });
  const note = ({ size, cosigners, at = now }: NoteOptions = {}): string => {
    const checkpoint = head(size);
    const signed = signCheckpoint(checkpoint, logKey);
    const numbers = cosigners ?? Array.from({ length: roster.roster.threshold }, (_, i) => i + 1);
    const cosignatures = numbers.map((number) => {
      const key = witnesses[number - 1] as SigningKey;
      const name = cosignerName(roster.roster.origin, roster.roster.guardians[number - 1]?.id ?? `g${number}`);
      return { name, publicKey: key.publicKey, cosignature: cosignCheckpoint(checkpoint, key, at) };
    });
    return addCosignatures(signed, cosignatures);
  };
  const logged = (index: number, size = leaves.length): LoggedEntry => {
    const entry = leaves[index];
    if (entry === undefined || index >= size) throw new Error(`the log has no entry ${index} at size ${size}`);
    return { index, entry, proof: naiveInclusion(index, leaves.slice(0, size)) };
  };
  const consistency = (from: number, to = leaves.length): Uint8Array[] =>
    from === 0 ? [] : naiveConsistency(from, leaves.slice(0, to));
  return {
    get size() {
      return leaves.length;
    },
    append,
    head,
    note,
    logged,
    consistency,
    evidence: (index, { from, delayed = null, ...options } = {}) => ({
      checkpoint: note({ cosigners: [], ...options }),
      logged: logged(index, options.size),
      delayed,
      roster: logged(0, options.size),
      consistency: from === undefined ? null : { size: from, proof: consistency(from, options.size) },
    }),
    receipt: (index, salt, options = {}) => ({ checkpoint: note(options), logged: logged(index, options.size), salt }),
  };
}
