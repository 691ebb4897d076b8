/**
 * The guardian as a witness of the registry's log (C2SP tlog-witness, tlog-cosignature): it cosigns a checkpoint only once it
 * has verified that the log's tree there and all that it has cosigned before are one tree, and what it cosigns is on disk first.
 * Two different trees of one size, both signed by the log, are a fork: the guardian keeps both, and stops until its roster
 * names a successor of the log.
 */
import { equalBytes } from '../../crypto/bytes.ts';
import {
  addCosignatures,
  cosignCheckpoint,
  cosignatureTime,
  formatCheckpoint,
  formatCosignatures,
  parseAddCheckpoint,
  parseCheckpoint,
  type Checkpoint,
} from '../../crypto/checkpoint.ts';
import { CLOCK_TOLERANCE } from '../../crypto/credential.ts';
import { badInput, BlindmarkError, isBlindmarkError } from '../../crypto/errors.ts';
import { cosignerName, logName, verifyLogCheckpoint } from '../../crypto/log-proof.ts';
import { EMPTY_ROOT, verifyConsistency, type TreeHead } from '../../crypto/merkle.ts';
import { formatNote, noteKeyId, SIGNATURE_TYPES } from '../../crypto/note.ts';
import type { Roster } from '../../crypto/roster.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import type { GroupCommit } from '../database/group-commit.ts';
import type { Log } from '../http/log.ts';
import type { Metrics } from '../http/metrics.ts';
import { reportFork } from './fork-report.ts';
import type { GuardianHandle } from './handle.ts';
import { WitnessStore, type Fork, type WitnessedHead } from './witness-store.ts';

/** Seconds after which a cosignature of the largest checkpoint is renewed: it says that it is the largest at its time. */
const RENEWAL_SECONDS = 3600;

/** What a witness depends on. */
export interface WitnessOptions {
  readonly roster: Roster;
  /** This guardian's identifier in the roster. */
  readonly guardian: string;
  /** The key that the roster lists as its witness key. */
  readonly key: SigningKey;
  /** The guardian's folder: evidence of a fork is put there. */
  readonly folder: string;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A consistency proof between a checkpoint and the head of another size (RFC 6962 section 2.1.2). */
export interface Consistency {
  /** The other size, above or below the checkpoint's. */
  readonly size: number;
  readonly proof: readonly Uint8Array[];
}

/** A checkpoint that the log has signed. */
interface SignedCheckpoint extends Checkpoint {
  /** The note, with the log's signature alone. */
  readonly note: string;
}

type Decision =
  | { readonly cosignature: Uint8Array; readonly isNew: boolean; readonly largest: number }
  | { readonly refusal: BlindmarkError; readonly fork?: Fork; readonly isUnexplained?: boolean };

function logForked(): BlindmarkError {
  return new BlindmarkError(
    'logForked',
    'The log has forked: this guardian has seen two trees of one size and stopped',
    {
      field: 'log',
      remedy: 'Do not go on with this log. Each guardian’s operator holds the evidence; only a successor log helps.',
    },
  );
}

function sizeConflict(size: number): BlindmarkError {
  return new BlindmarkError('sizeConflict', `This guardian knows the log at size ${size}`, {
    field: 'log.consistency',
    remedy: 'Send the consistency proof between that size and the checkpoint’s.',
    size,
  });
}

/** One guardian's view of one generation of the log. */
export class Witness {
  readonly #options: WitnessOptions;
  readonly #group: GroupCommit;
  readonly #store: WitnessStore;
  readonly #name: string;
  readonly #cosigner: { readonly name: string; readonly publicKey: Uint8Array };
  /** Where the log begins: it needs no proof, since the roster says so. */
  readonly #start: TreeHead;
  readonly #metrics;

  constructor({ db, group }: GuardianHandle, options: WitnessOptions) {
    const { roster, guardian, key, metrics } = options;
    this.#options = options;
    this.#group = group;
    this.#store = new WitnessStore(db, roster.log.generation);
    this.#name = logName(roster);
    this.#cosigner = { name: cosignerName(roster.origin, guardian), publicKey: key.publicKey };
    this.#start = roster.log.start ?? { size: 0, root: EMPTY_ROOT };
    this.#metrics = {
      size: metrics.gauge('blindmark_guardian_witnessed_size', 'Largest size of the log that was cosigned', []),
      isForked: metrics.gauge('blindmark_guardian_log_forked', 'Whether the log has been seen to fork', []),
      cosignatures: metrics.counter('blindmark_guardian_cosignatures_total', 'Checkpoints cosigned', []),
      refusals: metrics.counter('blindmark_guardian_checkpoint_refusals_total', 'Checkpoints refused, by code', [
        'code',
      ]),
    };
    this.#metrics.size.set(this.#largest().size);
    this.#metrics.isForked.set(0);
    this.#checkStart(new WitnessStore(db, roster.log.generation - 1));
    const fork = this.#store.fork();
    if (fork !== undefined) this.#report(fork);
  }

  /** The operators have decided; one who had cosigned something else must hear of it. */
  #checkStart(before: WitnessStore): void {
    const known = before.find(this.#start.size);
    if (known === undefined || equalBytes(known.root, this.#start.root)) return;
    const fields = { generation: this.#options.roster.log.generation, size: known.size };
    this.#options.log.warn(
      fields,
      'THE LOG BEGINS WITH ANOTHER TREE than this guardian had cosigned in the one before',
    );
  }

  /** The log's name, as its checkpoints begin. */
  get name(): string {
    return this.#name;
  }

  /** Whether the log has forked: then nothing is answered any more. */
  isForked(): boolean {
    return this.#group.read(() => this.#store.fork() !== undefined);
  }

  /**
   * Verifies a checkpoint against what was cosigned before, and cosigns it. On disk when it resolves.
   *
   * A known size takes no proof. A larger one takes the proof from the largest known; a smaller one the proof to any known
   * one above it, and is cosigned with the time at which that was first seen: a cosignature says that nothing larger was known.
   *
   * @param note a checkpoint; signatures other than the log's do not count
   * @param consistency null from the empty tree
   * @returns the cosignature, 72 bytes
   * @throws BlindmarkError `badCheckpoint` when the log did not sign it; `sizeConflict`, with the largest size, when the proof
   *   does not connect it with what is known; `badProof`, `logForked`; `storageFailed`, `overloaded`
   */
  async observe(note: string, consistency: Consistency | null): Promise<Uint8Array> {
    return this.#count(async () => {
      const signed = this.#verify(note);
      const known = this.#group.read(() => this.#findFresh(signed));
      if (known !== undefined) return known;
      return this.#settle(signed, consistency ?? { size: 0, proof: [] }, false);
    });
  }

  /**
   * Answers a request of tlog-witness, add-checkpoint. The old size must be the largest that was cosigned.
   *
   * @param body the request's text
   * @returns the cosignature as a signature line
   * @throws BlindmarkError as C2SP tlog-witness lists them: `badInput` (400), `wrongOrigin` for another log (404),
   *   `badCheckpoint` for one that the log did not sign (403), `sizeConflict` with the size (409), `badProof` (422), `logForked`
   */
  async addCheckpoint(body: string): Promise<string> {
    return this.#count(async () => {
      const { oldSize, proof, checkpoint: note } = parseAddCheckpoint(body);
      const { origin, size } = parseRequested(note);
      if (origin !== this.#name) {
        throw new BlindmarkError('wrongOrigin', 'This guardian does not witness that log', { field: 'checkpoint' });
      }
      const signed = this.#verify(note);
      if (oldSize > size) throw badInput('old size', 'at most the checkpoint’s size');
      const cosignature = await this.#settle(signed, { size: oldSize, proof }, true);
      return formatCosignatures([{ ...this.#cosigner, cosignature }]);
    });
  }

  /** The largest checkpoint that was cosigned, with its cosignature (tlog-witness, monitor retrieval); undefined before the first. */
  latest(): string | undefined {
    const head = this.#group.read(() => this.#store.largest());
    return head && this.#withCosignature(head);
  }

  /** Checkpoints that the log signed and that nobody has shown to belong to its tree, oldest first: at most the last 100. */
  unexplained(): string[] {
    return this.#group.read(() => this.#store.unexplained());
  }

  /** What may be refused is counted. */
  async #count<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isBlindmarkError(error)) this.#metrics.refusals.inc({ code: error.code });
      throw error;
    }
  }

  #verify(note: string): SignedCheckpoint {
    const { roster } = this.#options;
    const checkpoint = verifyLogCheckpoint(note, roster);
    const { text, signatures } = parseCheckpoint(note).note;
    const keyId = noteKeyId(this.#name, SIGNATURE_TYPES.ed25519, roster.log.publicKey);
    // Whatever else was put under it is not kept.
    const own = signatures.find((signature) => signature.name === this.#name && signature.keyId === keyId);
    return { ...checkpoint, note: formatNote({ text, signatures: own === undefined ? [] : [own] }) };
  }

  /** The cosignature of a checkpoint that is known and needs no writing. */
  #findFresh(signed: SignedCheckpoint): Uint8Array | undefined {
    if (this.#store.fork() !== undefined) return undefined;
    const head = this.#store.find(signed.size);
    if (head === undefined || !equalBytes(head.root, signed.root) || this.#isDue(head)) return undefined;
    return head.cosignature;
  }

  #isDue(head: WitnessedHead): boolean {
    if (head.size !== this.#largest().size) return false;
    const age = this.#options.now() - cosignatureTime(head.cosignature);
    // One from the future was made before this clock was set back, and nobody takes it.
    return age >= RENEWAL_SECONDS || age < -CLOCK_TOLERANCE;
  }

  /** Decides inside a transaction, so that no two requests decide on the same state. */
  async #settle(signed: SignedCheckpoint, consistency: Consistency, isStrict: boolean): Promise<Uint8Array> {
    const decision = await this.#group.run(() => this.#decide(signed, consistency, isStrict));
    if ('cosignature' in decision) {
      if (decision.isNew) this.#metrics.cosignatures.inc();
      this.#metrics.size.set(decision.largest);
      return decision.cosignature;
    }
    const { refusal, fork } = decision;
    if (fork !== undefined) this.#report(fork);
    if (decision.isUnexplained === true) {
      this.#options.log.warn(
        { size: signed.size },
        'a checkpoint that the log signed came with a proof that does not hold',
      );
    }
    throw refusal;
  }

  #decide(signed: SignedCheckpoint, { size, proof }: Consistency, isStrict: boolean): Decision {
    if (this.#store.fork() !== undefined) return { refusal: logForked() };
    const known = this.#find(signed.size);
    if (known !== undefined && !equalBytes(known.root, signed.root)) return this.#foundFork(signed);
    const largest = this.#largest();
    if (isStrict ? size !== largest.size : known === undefined && !this.#isConnecting(signed, size)) {
      return { refusal: sizeConflict(largest.size) };
    }
    if (isStrict || known === undefined) {
      const refusal = this.#findContradiction(signed, this.#find(size) as TreeHead, proof);
      if (refusal !== undefined) {
        // A wrong proof for a tree that is known says nothing against the log: anybody can send one.
        const isUnexplained = known === undefined && this.#store.addUnexplained(signed.note, this.#options.now());
        return { refusal, isUnexplained };
      }
    }
    return this.#cosign(signed);
  }

  /** Whether a proof between this size and the checkpoint's shows that the checkpoint fits all that is known. */
  #isConnecting(signed: SignedCheckpoint, size: number): boolean {
    const largest = this.#largest();
    return signed.size > largest.size ? size === largest.size : size > signed.size && this.#find(size) !== undefined;
  }

  #findContradiction(
    signed: SignedCheckpoint,
    other: TreeHead,
    proof: readonly Uint8Array[],
  ): BlindmarkError | undefined {
    if (signed.size < this.#start.size)
      return new BlindmarkError('badProof', 'The checkpoint lies before this log’s start');
    const [first, second] = other.size <= signed.size ? [other, signed] : [signed, other];
    try {
      verifyConsistency({ first, second, proof });
      return undefined;
    } catch (error) {
      if (isBlindmarkError(error, 'badProof')) return error;
      throw error;
    }
  }

  #cosign(signed: SignedCheckpoint): Decision {
    const { key, now } = this.#options;
    const head = this.#store.find(signed.size);
    const largest = Math.max(signed.size, this.#largest().size);
    if (head !== undefined && !this.#isDue(head)) return { cosignature: head.cosignature, isNew: false, largest };
    // At any later time this would not have been the largest.
    const time = this.#store.nextLarger(signed.size)?.observedAt ?? now();
    const cosignature = cosignCheckpoint(signed, key, time);
    const { size, root, note } = signed;
    this.#store.put({ size, root, checkpoint: note, cosignature, observedAt: time });
    return { cosignature, isNew: true, largest };
  }

  #find(size: number): TreeHead | undefined {
    return this.#store.find(size) ?? (size === this.#start.size ? this.#start : undefined);
  }

  #largest(): TreeHead {
    return this.#store.largest() ?? this.#start;
  }

  #foundFork(signed: SignedCheckpoint): Decision {
    // No two trees: what the hash of nothing is, nobody can differ about (tlog-witness: 422).
    if (signed.size === 0) return { refusal: new BlindmarkError('badProof', 'The empty tree has another root') };
    const head = this.#store.find(signed.size);
    // Where a successor log begins there is no note: the roster itself says which tree it is.
    const known = head ? this.#withCosignature(head) : formatCheckpoint({ origin: this.#name, ...this.#start });
    const fork = { size: signed.size, known, other: signed.note, seenAt: this.#options.now() };
    this.#store.setFork(fork);
    return { refusal: logForked(), fork };
  }

  #withCosignature({ checkpoint, cosignature }: WitnessedHead): string {
    return addCosignatures(checkpoint, [{ ...this.#cosigner, cosignature }]);
  }

  #report(fork: Fork): void {
    this.#metrics.isForked.set(1);
    const { folder, roster, log } = this.#options;
    reportFork(fork, { folder, roster, cosigner: this.#cosigner, log });
  }
}

/** What does not parse is a malformed request; what parses and was not signed is refused (tlog-witness). */
function parseRequested(note: string): Checkpoint {
  try {
    return parseCheckpoint(note).checkpoint;
  } catch (cause) {
    if (isBlindmarkError(cause, 'badCheckpoint'))
      throw badInput('checkpoint', 'a checkpoint: a signed note of three lines', cause);
    throw cause;
  }
}
