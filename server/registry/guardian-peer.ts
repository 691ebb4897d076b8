/** One guardian as the registry sees it: where it is, whether its answer holds, and how it did lately. */
import type { Agent } from 'node:http';
import { BlindmarkError, isBlindmarkError, type ErrorCode } from '../../crypto/errors.ts';
import { findLiveEpoch, type Roster, type RosterGuardian } from '../../crypto/roster.ts';
import { guardianEvaluationSchema, type EvaluationRequest, type GuardianEvaluation } from '../../crypto/wire.ts';
import { askService, createServiceAgent } from '../http/client.ts';
import type { ProofChecker } from './proof-checker.ts';

/** Questions that go on although their request has been answered. Above it they are given up, with their connections. */
const MAX_LINGERING = 32;

/** Codes with which a guardian refuses a request for what it is. They say nothing against the guardian. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'badToken',
  'credentialExpired',
  'quotaExceeded',
  'tokenForAnotherElement',
  'tokenRequired',
  'unknownIssuer',
]);

/** Whether a guardian that answers `code` works, and refuses the request. */
export function isRefusal(code: ErrorCode): boolean {
  return REFUSALS.has(code);
}

/** What came of asking. `unchecked`: the registry could not look at the answer. */
export type PeerOutcome =
  | { readonly kind: 'answered'; readonly evaluation: GuardianEvaluation }
  | { readonly kind: 'fault'; readonly code: ErrorCode; readonly retryAfter: number | undefined }
  | { readonly kind: 'unchecked'; readonly error: BlindmarkError };

/** A request on its way to a guardian. */
export interface Question {
  readonly peer: GuardianPeer;
  readonly outcome: Promise<PeerOutcome>;
  /** Says that nobody waits for the outcome any more. */
  readonly leave: () => void;
}

export interface PeerOptions {
  readonly guardian: RosterGuardian;
  readonly url: string;
  readonly roster: Roster;
  readonly proofs: ProofChecker;
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

  /** @param body `request` as JSON: all guardians get the same bytes */
  ask(request: EvaluationRequest, body: string): Question {
    const giveUp = new AbortController();
    let state: 'awaited' | 'left' | 'over' = 'awaited';
    this.#open.add(giveUp);
    const outcome = this.#ask(request, body, giveUp.signal, () => state === 'left').finally(() => {
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

  async #ask(
    request: EvaluationRequest,
    body: string,
    signal: AbortSignal,
    isLeft: () => boolean,
  ): Promise<PeerOutcome> {
    const { url, timeoutMs } = this.#options;
    let evaluation: GuardianEvaluation;
    try {
      const options = { body, timeoutMs, signal, agent: this.#agent };
      evaluation = await askService(new URL('/v1/evaluate', url).href, guardianEvaluationSchema, options);
      this.#checkStructure(evaluation, request);
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      if (!signal.aborted) this.#learn(error.code);
      return { kind: 'fault', code: error.code, retryAfter: error.retryAfter };
    }
    return this.#checkProofs(evaluation, request, isLeft());
  }

  #checkStructure(evaluation: GuardianEvaluation, request: EvaluationRequest): void {
    const { guardian, evaluations } = evaluation;
    const fits =
      guardian === this.id &&
      evaluations.map(({ epoch }) => epoch).join() === request.epochs.join() &&
      evaluations.every(({ elements }) => elements.length === request.elements.length);
    if (!fits) throw new BlindmarkError('badReply', 'The guardian answered something else than was asked');
  }

  async #checkProofs(
    evaluation: GuardianEvaluation,
    request: EvaluationRequest,
    isLate: boolean,
  ): Promise<PeerOutcome> {
    // Answers that nobody waits for are checked one at a time: enough to find a liar, and little work.
    if (isLate && this.#isCheckingLate) return { kind: 'answered', evaluation };
    this.#isCheckingLate ||= isLate;
    try {
      const code = await this.#options.proofs.check({
        elements: request.elements,
        evaluations: evaluation.evaluations.map(({ epoch, elements, proof }) => ({
          publicShare: this.#publicShare(epoch),
          evaluated: elements,
          proof,
        })),
      });
      this.#learn(code);
      return code === null ? { kind: 'answered', evaluation } : { kind: 'fault', code, retryAfter: undefined };
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      return { kind: 'unchecked', error };
    } finally {
      if (isLate) this.#isCheckingLate = false;
    }
  }

  #publicShare(epoch: number): Uint8Array {
    const { guardian, roster } = this.#options;
    return findLiveEpoch(roster, epoch).publicShares[guardian.index - 1] as Uint8Array;
  }

  #learn(code: ErrorCode | null): void {
    this.#fault = code === null || isRefusal(code) ? null : code;
    this.#options.onHealth(this.id, code);
  }
}
