/** One guardian as the registry sees it: where it is, whether its answer holds, and how it did lately. */
import type { Agent } from 'node:http';
import type { Checkpoint } from '../../crypto/checkpoint.ts';
import { BlindmarkError, isBlindmarkError, type ErrorCode } from '../../crypto/errors.ts';
import type { LogEvidence } from '../../crypto/log-proof.ts';
import type { Roster, RosterGuardian } from '../../crypto/roster.ts';
import { askService, createServiceAgent } from '../http/client.ts';
import type { Log } from '../log/log.ts';
import type { GuardianAnswer, Inquiry } from './inquiry.ts';
import type { ProofChecker } from './proof-checker.ts';

/** Questions that go on although their request has been answered. Above it they are given up, with their connections. */
const MAX_LINGERING = 32;

/** How often a guardian that knows another size of the log is given a consistency proof: it may move on meanwhile. */
const MAX_CATCH_UPS = 3;

/** Codes with which a guardian refuses a request for what it is. They say nothing against the guardian. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'badToken',
  'credentialExpired',
  'credentialRevoked',
  'openingExpired',
  'quotaExceeded',
  'revocationsStale',
  'tokenForAnotherElement',
  'tokenRequired',
  'unknownIssuer',
]);

/** Whether a guardian that answers `code` works, and refuses the request. */
export function isRefusal(code: ErrorCode): boolean {
  return REFUSALS.has(code);
}

/** What came of asking. `unchecked`: the registry could not look at the answer. */
export type PeerOutcome<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'fault'; readonly code: ErrorCode; readonly retryAfter: number | undefined }
  | { readonly kind: 'unchecked'; readonly error: BlindmarkError };

/** A request on its way to a guardian. */
export interface Question<Answer> {
  readonly peer: GuardianPeer;
  readonly outcome: Promise<PeerOutcome<Answer>>;
  /** Says that nobody waits for the outcome any more. */
  readonly leave: () => void;
}

/** An inquiry with what it comes to for every guardian. */
export interface PreparedInquiry<Answer extends GuardianAnswer> extends Inquiry<Answer> {
  /** The checkpoint of its evidence. */
  readonly checkpoint: Checkpoint;
  /** Its body without a consistency proof: all guardians get the same bytes. */
  readonly plainBody: string;
}

export interface PeerOptions {
  readonly guardian: RosterGuardian;
  readonly url: string;
  readonly roster: Roster;
  readonly publicLog: Pick<Log, 'proveConsistency'>;
  readonly proofs: ProofChecker;
  /** For a whole question. */
  readonly timeoutMs: number;
  /** Hears of each outcome that tells how the guardian is: its fault, or null when it answered well. */
  readonly onHealth: (guardian: string, fault: ErrorCode | null) => void;
}

/**
 * Asks one guardian, over kept and bounded connections.
 *
 * A question that nobody waits for goes on within its time limit, for it tells whether the guardian is well, and a kept
 * connection is worth more than the few bytes of the answer. Only so many do, however.
 */
export class GuardianPeer {
  readonly id: string;
  readonly #options: PeerOptions;
  readonly #agent: Agent;
  readonly #open = new Set<AbortController>();
  #lingering = 0;
  #isCheckingLate = false;
  #fault: ErrorCode | null = null;

  constructor(options: PeerOptions) {
    this.id = options.guardian.id;
    this.#options = options;
    this.#agent = createServiceAgent(options.url);
  }

  /** What was last wrong with this guardian; null when its last answer was good, or none has come yet. */
  get fault(): ErrorCode | null {
    return this.#fault;
  }

  ask<Answer extends GuardianAnswer>(inquiry: PreparedInquiry<Answer>): Question<Answer> {
    const giveUp = new AbortController();
    let state: 'awaited' | 'left' | 'over' = 'awaited';
    this.#open.add(giveUp);
    const outcome = this.#ask(inquiry, giveUp.signal, () => state === 'left').finally(() => {
      this.#open.delete(giveUp);
      if (state === 'left') this.#lingering -= 1;
      state = 'over';
    });
    // A defect reaches whoever waits; when nobody does, it must not end the process.
    outcome.catch(() => {});
    const leave = (): void => {
      if (state !== 'awaited') return;
      state = 'left';
      this.#lingering += 1;
      if (this.#lingering > MAX_LINGERING) giveUp.abort();
    };
    return { peer: this, outcome, leave };
  }

  /** Gives up what is under way and closes the connections. */
  close(): void {
    for (const question of this.#open) question.abort();
    this.#agent.destroy();
  }

  async #ask<Answer extends GuardianAnswer>(
    inquiry: PreparedInquiry<Answer>,
    signal: AbortSignal,
    isLeft: () => boolean,
  ): Promise<PeerOutcome<Answer>> {
    let answer: Answer;
    try {
      answer = await this.#exchange(inquiry, signal);
      if (answer.guardian !== this.id || !inquiry.fits(answer)) {
        throw new BlindmarkError('badReply', 'The guardian answered something else than was asked');
      }
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      if (!signal.aborted) this.#learn(error.code);
      return { kind: 'fault', code: error.code, retryAfter: error.retryAfter };
    }
    return this.#check(answer, inquiry, isLeft());
  }

  /** Asks, and asks again with a consistency proof when the guardian knows another size of the log (tlog-witness). */
  async #exchange<Answer extends GuardianAnswer>(
    inquiry: PreparedInquiry<Answer>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { url, timeoutMs } = this.#options;
    const address = new URL(inquiry.path, url).href;
    const endsAt = performance.now() + timeoutMs;
    let body = inquiry.plainBody;
    for (let catchUps = 0; ; catchUps++) {
      try {
        const left = Math.max(1, Math.ceil(endsAt - performance.now()));
        return await askService(address, inquiry.reply, { body, timeoutMs: left, signal, agent: this.#agent });
      } catch (error) {
        if (!isBlindmarkError(error, 'sizeConflict') || error.size === undefined || catchUps >= MAX_CATCH_UPS)
          throw error;
        const consistency = await this.#proveConsistency(error.size, inquiry.checkpoint.size);
        // A guardian that knows more of the log than there is here: the log's own witnesses say what that means.
        if (consistency === null) throw error;
        body = inquiry.body({ ...inquiry.evidence, consistency });
      }
    }
  }

  /** That the tree of `known` entries and the evidence's are of one log; null when this log is smaller than `known`. */
  async #proveConsistency(known: number, size: number): Promise<LogEvidence['consistency']> {
    try {
      const { publicLog } = this.#options;
      return { size: known, proof: await publicLog.proveConsistency(Math.min(known, size), Math.max(known, size)) };
    } catch (error) {
      if (isBlindmarkError(error, 'badInput')) return null;
      throw error;
    }
  }

  async #check<Answer extends GuardianAnswer>(
    answer: Answer,
    inquiry: PreparedInquiry<Answer>,
    isLate: boolean,
  ): Promise<PeerOutcome<Answer>> {
    // Answers that nobody waits for are checked one at a time: enough to find a liar, and little work.
    if (isLate && this.#isCheckingLate) return { kind: 'answered', answer };
    this.#isCheckingLate ||= isLate;
    const { guardian, proofs } = this.#options;
    const { cosignature } = answer;
    try {
      const cosigned = { checkpoint: inquiry.checkpoint, witnessKey: guardian.witnessKey, cosignature };
      const code = await proofs.check(inquiry.job(answer, guardian), cosigned);
      this.#learn(code);
      return code === null ? { kind: 'answered', answer } : { kind: 'fault', code, retryAfter: undefined };
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      return { kind: 'unchecked', error };
    } finally {
      if (isLate) this.#isCheckingLate = false;
    }
  }

  #learn(code: ErrorCode | null): void {
    this.#fault = code === null || isRefusal(code) ? null : code;
    this.#options.onHealth(this.id, code);
  }
}
