/** All guardians as witnesses: the fastest t cosignatures win, later ones are merged. */
import type { Cosignature, Cosigner } from '../../crypto/checkpoint.ts';
import { BlindmarkError, type ErrorCode } from '../../crypto/errors.ts';
import { Witness, type Submission, type WitnessIdentity, type WitnessOutcome } from './witness.ts';

export interface WitnessesOptions {
  readonly guardians: readonly WitnessIdentity[];
  /** t: cosignatures that a checkpoint must have. */
  readonly threshold: number;
  /** For one witness and one checkpoint. */
  readonly timeoutMs: number;
  /** Epoch seconds; default: the clock's. */
  readonly now?: () => number;
  /** Hears of each outcome: a witness's fault, or null when it cosigned. */
  readonly onHealth?: (guardian: string, fault: ErrorCode | null) => void;
}

/** Hears of what comes after a {@link Witnesses.collect} has been answered. */
export interface LateListener {
  readonly onCosigned: (cosignature: Cosignature) => void;
  /** A witness showed that the checkpoint is behind another, or forks from one. */
  readonly onRefuted: (error: BlindmarkError) => void;
}

/**
 * - `cosigned`: at least t cosignatures
 * - `refuted`: `logBehind` or `logForked`, shown by a checkpoint that the log signed
 * - `short`: fewer than t witnesses cosigned. `logForked` where a witness says that it has seen a fork, which it did not show
 */
export type CollectOutcome =
  | { readonly kind: 'cosigned'; readonly cosignatures: readonly Cosignature[] }
  | { readonly kind: 'refuted'; readonly error: BlindmarkError }
  | { readonly kind: 'short'; readonly error: BlindmarkError };

export interface Witnesses {
  readonly threshold: number;
  /** In the roster's order. */
  readonly cosigners: readonly Cosigner[];
  /**
   * Has a checkpoint cosigned.
   *
   * @param options.patient waits until each witness has answered or failed, not for the fastest t alone
   */
  readonly collect: (
    submission: Submission,
    listener: LateListener,
    options?: { readonly patient?: boolean },
  ) => Promise<CollectOutcome>;
  /** Gives up what is under way and closes the connections. */
  readonly close: () => void;
}

interface Fault {
  readonly id: string;
  readonly code: ErrorCode;
}

function tooFew(faults: readonly Fault[], threshold: number): BlindmarkError {
  const forks = faults.filter(({ code }) => code === 'logForked');
  const guardians = (forks.length > 0 ? forks : faults).map(({ id }) => id);
  if (forks.length > 0) {
    return new BlindmarkError('logForked', 'Guardians have seen the log fork and cosign no more of it', {
      guardians,
      remedy: 'The operator looks at the checkpoints that these guardians keep. Nothing is answered meanwhile.',
    });
  }
  return new BlindmarkError(
    'guardiansUnavailable',
    `Fewer than ${threshold} guardians cosign the log, so nothing is answered. The request may be in the log already; that does no harm.`,
    { guardians, retryAfter: 5, remedy: 'Send the same request again' },
  );
}

/** Creates the witnesses of a log. They are asked when something is to be cosigned, and not before. */
export function createWitnesses(options: WitnessesOptions): Witnesses {
  const { guardians, threshold, timeoutMs, now = () => Math.floor(Date.now() / 1000), onHealth } = options;
  const witnesses = guardians.map((identity) => new Witness(identity, timeoutMs, now));

  async function submit(witness: Witness, submission: Submission): Promise<WitnessOutcome> {
    const outcome = await witness.submit(submission);
    if (outcome.kind === 'cosigned') onHealth?.(witness.identity.id, null);
    if (outcome.kind === 'fault') onHealth?.(witness.identity.id, outcome.code);
    return outcome;
  }

  return {
    threshold,
    cosigners: guardians,
    collect: (submission, listener, { patient = false } = {}) =>
      new Promise((resolve, reject) => {
        const cosignatures: Cosignature[] = [];
        const faults: Fault[] = [];
        let [isSettled, open] = [false, witnesses.length];
        const settle = (outcome: CollectOutcome): void => {
          isSettled = true;
          resolve(outcome);
        };
        const take = (id: string, outcome: WitnessOutcome): void => {
          open -= 1;
          if (outcome.kind === 'refuted') {
            if (isSettled) listener.onRefuted(outcome.error);
            else settle(outcome);
            return;
          }
          if (outcome.kind === 'cosigned' && isSettled) listener.onCosigned(outcome.cosignature);
          if (isSettled) return;
          if (outcome.kind === 'cosigned') cosignatures.push(outcome.cosignature);
          else faults.push({ id, code: outcome.kind === 'fault' ? outcome.code : 'timedOut' });
          if (cosignatures.length >= threshold && (!patient || open === 0)) settle({ kind: 'cosigned', cosignatures });
          else if (cosignatures.length + open < threshold) settle({ kind: 'short', error: tooFew(faults, threshold) });
        };
        for (const witness of witnesses) {
          submit(witness, submission).then((outcome) => take(witness.identity.id, outcome), reject);
        }
      }),
    close: () => {
      for (const witness of witnesses) witness.close();
    },
  };
}
