/** Asks all guardians at once, and answers with the first t whose proofs hold (DESIGN 3.1 step 2, section 8). */
import { parseCheckpoint } from '../../crypto/checkpoint.ts';
import { BlindmarkError, ERROR_CODES, type ErrorCode } from '../../crypto/errors.ts';
import type { Roster } from '../../crypto/roster.ts';
import type { Fault } from '../../crypto/wire.ts';
import { GuardianPeer, isRefusal, type PeerOptions, type PeerOutcome, type Question } from './guardian-peer.ts';
import type { GuardianAnswer, Inquiry } from './inquiry.ts';

/** Seconds after which a request that too few guardians answered may be tried again: at least and at most. */
const OUTAGE_RETRY = { least: 5, most: 60 };

/** The same for a refusal that ends by itself, as a spent quota within a day. Guardians say when; they are believed up to here. */
const REFUSAL_RETRY = { least: 1, most: 86_400 };

/** Refusals that end by themselves. */
const ENDS_BY_ITSELF: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['quotaExceeded', 'revocationsStale']);

/** What t guardians said. */
export interface GuardianAnswers<Answer> {
  /** Of t guardians, with good proofs and cosignatures of the evidence's checkpoint. */
  readonly answers: Answer[];
  /** Who is at fault, as far as is known by then. */
  readonly faults: Fault[];
}

/** Asks guardians on behalf of a verified request that is in the log. */
export interface FanOut {
  /**
   * @throws BlindmarkError `guardiansUnavailable` naming the guardians at fault; the guardians' own refusal, or `logForked`,
   *   where so many agree in it that the rest are too few; `overloaded` when the registry can't check the answers
   */
  ask<Answer extends GuardianAnswer>(inquiry: Inquiry<Answer>): Promise<GuardianAnswers<Answer>>;
  /** Gives up what is under way. */
  close(): void;
}

export interface FanOutOptions extends Omit<PeerOptions, 'guardian' | 'url'> {
  /** One address for each guardian of the roster. */
  readonly addresses: readonly { readonly id: string; readonly url: string }[];
}

interface Failure {
  readonly guardian: string;
  readonly code: ErrorCode;
  readonly retryAfter: number | undefined;
}

/** Outcomes so far. */
interface Tally<Answer> {
  readonly good: Answer[];
  readonly failures: Failure[];
  /** Why answers could not be checked. */
  readonly unchecked: BlindmarkError[];
}

function count<Answer>(tally: Tally<Answer>, guardian: string, outcome: PeerOutcome<Answer>): void {
  if (outcome.kind === 'answered') tally.good.push(outcome.answer);
  else if (outcome.kind === 'fault') tally.failures.push({ guardian, ...outcome });
  else tally.unchecked.push(outcome.error);
}

function latestRetry(failures: readonly Failure[], { least, most }: typeof OUTAGE_RETRY): number {
  return Math.min(Math.max(least, ...failures.map(({ retryAfter }) => retryAfter ?? 0)), most);
}

/** The refusal in which so many guardians agree that the rest are fewer than t, if there is one. */
function agreedRefusal(failures: readonly Failure[], roster: Roster): BlindmarkError | undefined {
  const refusals = Map.groupBy(failures, ({ code }) => code);
  for (const [code, agreed] of refusals) {
    // A fork is no refusal of this request: it is why guardians answer none.
    const counts = isRefusal(code) || code === 'logForked';
    if (!counts || roster.guardians.length - agreed.length >= roster.threshold) continue;
    return new BlindmarkError(code, `${ERROR_CODES[code].title}, say ${agreed.length} guardians`, {
      guardians: agreed.map(({ guardian }) => guardian),
      ...(ENDS_BY_ITSELF.has(code) ? { retryAfter: latestRetry(agreed, REFUSAL_RETRY) } : {}),
    });
  }
  return undefined;
}

function tooFew({ good, failures, unchecked }: Tally<unknown>, roster: Roster): BlindmarkError {
  const refusal = agreedRefusal(failures, roster);
  if (refusal !== undefined) return refusal;
  const [own] = unchecked;
  if (own !== undefined) {
    return new BlindmarkError('overloaded', 'The registry has too much to do to check the guardians’ answers', {
      retryAfter: own.retryAfter ?? 1,
      cause: own,
    });
  }
  const { threshold } = roster;
  const answered = good.length === 1 ? '1 guardian answers' : `${good.length} guardians answer`;
  return new BlindmarkError('guardiansUnavailable', `${answered} as they should; ${threshold} are needed`, {
    guardians: failures.map(({ guardian }) => guardian),
    remedy: 'Send the same request again later: what guardians have charged for it, they do not charge again.',
    retryAfter: latestRetry(
      failures.filter(({ code }) => !isRefusal(code)),
      OUTAGE_RETRY,
    ),
  });
}

async function next<Answer>(
  pending: ReadonlySet<Question<Answer>>,
): Promise<{ question: Question<Answer>; outcome: PeerOutcome<Answer> }> {
  return Promise.race([...pending].map(async (question) => ({ question, outcome: await question.outcome })));
}

/** Where a guardian is reached. Throws `badInput` for one without an address. */
export function guardianUrl(addresses: FanOutOptions['addresses'], id: string): string {
  const found = addresses.find((address) => address.id === id);
  if (found !== undefined) return found.url;
  throw new BlindmarkError('badInput', `No address for the guardian ${id}`, { field: 'guardians' });
}

/** A {@link FanOut} to the guardians of a roster. */
export function createFanOut({ addresses, ...options }: FanOutOptions): FanOut {
  const { roster } = options;
  const peers = roster.guardians.map(
    (guardian) => new GuardianPeer({ ...options, guardian, url: guardianUrl(addresses, guardian.id) }),
  );

  const ask = async <Answer extends GuardianAnswer>(inquiry: Inquiry<Answer>): Promise<GuardianAnswers<Answer>> => {
    const { checkpoint } = parseCheckpoint(inquiry.evidence.checkpoint);
    const prepared = { ...inquiry, checkpoint, plainBody: inquiry.body(inquiry.evidence) };
    const pending = new Set(peers.map((peer) => peer.ask(prepared)));
    const tally: Tally<Answer> = { good: [], failures: [], unchecked: [] };
    const { good, failures } = tally;
    // Where t good answers can't come any more, the rest still says whether this is a refusal, and who else is at fault.
    while (good.length < roster.threshold && pending.size > 0 && agreedRefusal(failures, roster) === undefined) {
      const { question, outcome } = await next(pending);
      pending.delete(question);
      count(tally, question.peer.id, outcome);
    }
    for (const question of pending) question.leave();
    if (good.length < roster.threshold) throw tooFew(tally, roster);
    // Whoever is not waited for is named by what is known: how it failed the last time.
    const late = [...pending].flatMap(({ peer: { id, fault } }) =>
      fault === null ? [] : [{ guardian: id, code: fault }],
    );
    return { answers: good, faults: [...failures.map(({ guardian, code }) => ({ guardian, code })), ...late] };
  };

  return {
    ask,
    close: () => {
      for (const peer of peers) peer.close();
    },
  };
}
