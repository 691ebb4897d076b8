/** One guardian as a witness of the log: the client's side of C2SP tlog-witness. */
import { createHash } from 'node:crypto';
import type { Agent } from 'node:http';
import { equalBytes } from '../../crypto/bytes.ts';
import {
  formatAddCheckpoint,
  cosignatureTime,
  formatCheckpoint,
  parseSizeReply,
  readCosignature,
  verifyCheckpoint,
  type Checkpoint,
  type Cosignature,
} from '../../crypto/checkpoint.ts';
import { BlindmarkError, isBlindmarkError, type ErrorCode } from '../../crypto/errors.ts';
import { parseSignatureLines } from '../../crypto/note.ts';
import { problemSchema } from '../../crypto/wire.ts';
import { createServiceAgent, exchangeText, type Exchanged } from '../http/client.ts';

/** Where a witness is, and what it signs with. */
export interface WitnessIdentity {
  /** The guardian's identifier in the roster. */
  readonly id: string;
  /** Its service: the submission prefix is `/v1` there, and so is the monitoring prefix. */
  readonly url: string;
  /** `cosignerName(origin, id)`. */
  readonly name: string;
  /** The guardian's witness key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A checkpoint to be cosigned, and what a witness may want to see for it. Whatever it says is durable in the store. */
export interface Submission {
  readonly checkpoint: Checkpoint;
  /** Signed by the log. */
  readonly note: string;
  /** The log's key, 32 bytes. */
  readonly logKey: Uint8Array;
  /** The consistency proof from a smaller size, above 0. */
  readonly proveFrom: (size: number) => Promise<Uint8Array[]>;
  /** The root of the log's tree at any size, as far as it has grown by now; null beyond that. */
  readonly rootAt: (size: number) => Promise<Uint8Array | null>;
}

/**
 * - `cosigned`: the cosignature is verified
 * - `refuted`: the witness showed another checkpoint that the log signed, which this one contradicts or is older than
 * - `fault`: anything else; the witness's word alone is no reason to stop
 * - `superseded`: the witness knows a newer checkpoint of this log, or will be asked about one
 */
export type WitnessOutcome =
  | { readonly kind: 'cosigned'; readonly cosignature: Cosignature }
  | { readonly kind: 'refuted'; readonly error: BlindmarkError }
  | { readonly kind: 'fault'; readonly code: ErrorCode }
  | { readonly kind: 'superseded' };

type Eventual = WitnessOutcome | Promise<WitnessOutcome>;

/** Times that one submission is sent with another old size. More are needed only if somebody else submits meanwhile. */
const MAX_ATTEMPTS = 3;

const CONFLICT = 409;

/** Seconds by which a witness's clock may be ahead. A later cosignature would say nothing of when the entries were there. */
const CLOCK_AHEAD = 600;

const fault = (code: ErrorCode): WitnessOutcome => ({ kind: 'fault', code });

function readProblem({ text }: Exchanged): ErrorCode {
  try {
    return problemSchema.parse(JSON.parse(text)).code;
  } catch {
    return 'badReply';
  }
}

function behind(id: string, size: number, known: number): BlindmarkError {
  return new BlindmarkError(
    'logBehind',
    `The log has ${size} entries, but guardian ${id} has cosigned a checkpoint of ${known} that this log signed: the database is older than what was published. Nothing is signed any more.`,
    {
      size: known,
      guardians: [id],
      remedy: `Restore the newest database. If entries are lost, make a successor log (blindmark-registry draft-roster --successor-log): a roster whose log generation is one higher, with a new log key, starting at ${size} entries and closing the old log at the last cosigned checkpoint (${known} entries); have t guardian operators sign it, and publish it.`,
    },
  );
}

function forked(id: string, size: number): BlindmarkError {
  return new BlindmarkError(
    'logForked',
    `Guardian ${id} shows a checkpoint of ${size} entries that this log signed, over other entries than those in the database. Nothing is signed any more.`,
    {
      size,
      guardians: [id],
      remedy:
        'Find out who else signs with the log key. Then make a successor log (blindmark-registry draft-roster --successor-log): a roster whose log generation is one higher, with a new log key, starting at the last checkpoint that t guardians cosigned; have t guardian operators sign it, and publish it.',
    },
  );
}

/** One witness. Submissions go one after the other; of those that wait, the newest alone is sent. */
export class Witness {
  readonly identity: WitnessIdentity;
  readonly #timeoutMs: number;
  readonly #now: () => number;
  readonly #agent: Agent;
  readonly #stop = new AbortController();
  /** The size that it cosigned last, as far as known. */
  #known: number | null = null;
  #current: Promise<WitnessOutcome> | null = null;
  #waiting: { readonly submission: Submission; readonly resolve: (outcome: Eventual) => void } | null = null;

  /**
   * @param timeoutMs for one submission, all attempts included
   * @param now epoch seconds
   */
  constructor(identity: WitnessIdentity, timeoutMs: number, now: () => number) {
    this.identity = identity;
    this.#timeoutMs = timeoutMs;
    this.#now = now;
    this.#agent = createServiceAgent(identity.url);
  }

  /** Never rejects but for a defect, or when the log's own store cannot be read. */
  submit(submission: Submission): Promise<WitnessOutcome> {
    if (this.#current === null) return this.#begin(submission);
    this.#waiting?.resolve({ kind: 'superseded' });
    return new Promise((resolve) => {
      this.#waiting = { submission, resolve };
    });
  }

  /** Gives up what is under way and closes the connections. */
  close(): void {
    this.#stop.abort();
    this.#agent.destroy();
  }

  #begin(submission: Submission): Promise<WitnessOutcome> {
    const current = this.#ask(submission).finally(() => {
      this.#current = null;
      const next = this.#waiting;
      this.#waiting = null;
      if (next !== null) next.resolve(this.#begin(next.submission));
    });
    this.#current = current;
    return current;
  }

  async #ask(submission: Submission): Promise<WitnessOutcome> {
    const timeout = new AbortController();
    const timer = setTimeout(() => {
      timeout.abort();
    }, this.#timeoutMs).unref();
    const deadline = AbortSignal.any([timeout.signal, this.#stop.signal]);
    try {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const outcome = await this.#attempt(submission, deadline);
        if (outcome !== null) return outcome;
      }
      return fault('sizeConflict');
    } catch (error) {
      if (!isBlindmarkError(error, 'badReply', 'cancelled', 'timedOut', 'unreachable')) throw error;
      return fault(deadline.aborted && !this.#stop.signal.aborted ? 'timedOut' : error.code);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Null: the witness told another old size, with which to try again. */
  async #attempt(submission: Submission, signal: AbortSignal): Promise<WitnessOutcome | null> {
    const { checkpoint, note, proveFrom } = submission;
    // The first time it is taken to be up to date: if it is not, it says where it is.
    const oldSize = Math.min(this.#known ?? checkpoint.size, checkpoint.size);
    const proof = oldSize === 0 || oldSize === checkpoint.size ? [] : await proveFrom(oldSize);
    const body = formatAddCheckpoint({ oldSize, proof, checkpoint: note });
    const reply = await this.#exchange('/v1/add-checkpoint', signal, body);
    if (reply.status === 200) return this.#readCosignature(checkpoint, reply.text);
    const size = reply.status === CONFLICT ? this.#readSize(reply.text) : null;
    if (size !== null && size <= checkpoint.size && size !== oldSize) {
      this.#known = size;
      return null;
    }
    // It knows a larger size, or one that this checkpoint does not follow from, or has seen a fork: so it says.
    const code = size === null ? readProblem(reply) : 'sizeConflict';
    return (await this.#readEvidence(submission, signal)) ?? fault(code);
  }

  #exchange(path: string, signal: AbortSignal, body?: string): Promise<Exchanged> {
    const options = { timeoutMs: this.#timeoutMs, signal, agent: this.#agent };
    const url = new URL(path, this.identity.url).href;
    return exchangeText(url, body === undefined ? options : { ...options, body });
  }

  #readSize(text: string): number | null {
    try {
      return parseSizeReply(text);
    } catch (error) {
      if (isBlindmarkError(error)) return null;
      throw error;
    }
  }

  #readCosignature(checkpoint: Checkpoint, text: string): WitnessOutcome {
    const { name, publicKey } = this.identity;
    try {
      const note = { text: formatCheckpoint(checkpoint), signatures: parseSignatureLines(text) };
      const cosignature = readCosignature(note, { name, publicKey });
      if (cosignature === null) return fault('badReply');
      if (cosignatureTime(cosignature) > this.#now() + CLOCK_AHEAD) return fault('badCheckpoint');
      this.#known = checkpoint.size;
      return { kind: 'cosigned', cosignature: { name, publicKey, cosignature } };
    } catch (error) {
      if (isBlindmarkError(error)) return fault(error.code);
      throw error;
    }
  }

  /**
   * Looks at what the witness cosigned last (tlog-witness, Monitor Retrieval Mechanism). A guardian may have seen a newer
   * checkpoint in the evidence of a request. Null where it shows nothing that speaks against the log.
   */
  async #readEvidence(submission: Submission, signal: AbortSignal): Promise<WitnessOutcome | null> {
    const { checkpoint, logKey, rootAt } = submission;
    const originHash = createHash('sha256').update(checkpoint.origin).digest('hex');
    const reply = await this.#exchange(`/v1/${originHash}/checkpoint`, signal);
    let theirs: Checkpoint;
    try {
      theirs = verifyCheckpoint(reply.text, { origin: checkpoint.origin, publicKey: logKey });
    } catch (error) {
      if (isBlindmarkError(error)) return null;
      throw error;
    }
    const { id } = this.identity;
    const root = await rootAt(theirs.size);
    if (root === null) return { kind: 'refuted', error: behind(id, checkpoint.size, theirs.size) };
    if (!equalBytes(root, theirs.root)) return { kind: 'refuted', error: forked(id, theirs.size) };
    return theirs.size > checkpoint.size ? { kind: 'superseded' } : null;
  }
}
