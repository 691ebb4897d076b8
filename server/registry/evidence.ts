/** What shows guardians that the log has a request, and the roster that it was made under. */
import { hourOf } from '../../crypto/log-entry.ts';
import type { LogEvidence, LoggedEntry } from '../../crypto/log-proof.ts';
import { rosterEntry, type SignedRoster, type VerifiedRoster } from '../../crypto/roster.ts';
import type { Log as ServiceLog } from '../http/log.ts';
import type { AppendedEntry, DelayedEntries, EntryRequest } from './delayed-entries.ts';
import type { LoadedRoster } from './roster.ts';
import { startLogging } from './until-logged.ts';

/** Rosters that are appended in one go. */
const BATCH = 32;

/** Logs requests before guardians are asked. */
export interface Evidence {
  /**
   * Appends the entry of a request, or finds it again.
   *
   * @returns evidence under one checkpoint with at least t cosignatures; its consistency proof is each guardian's own matter
   * @throws BlindmarkError as `Log.append`
   */
  append(request: EntryRequest): Promise<LogEvidence>;

  /** Appends the entry of every roster of the chain, in order, where there is none yet. Throws as `Log.append`. */
  appendRosters(): Promise<void>;
}

export interface EvidenceDependencies {
  readonly roster: LoadedRoster;
  readonly delayed: DelayedEntries;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** The entry as it travels. */
export function formatLogged({ index, entry, proof }: LoggedEntry): LoggedEntry {
  return { index, entry, proof };
}

/** Makes {@link Evidence} of requests under the roster in force. */
export function createEvidence({ roster, delayed, now }: EvidenceDependencies): Evidence {
  let areRostersLogged = false;
  const requestOf = (verified: VerifiedRoster, position: number): EntryRequest => ({
    key: verified.hash,
    entry: rosterEntry(roster.chain.at(position) as SignedRoster, verified, hourOf(now())),
    delayDays: 0,
  });
  const appendRosters = async (): Promise<void> => {
    const requests = roster.history.map(requestOf);
    for (let at = 0; at < requests.length; at += BATCH) await delayed.append(requests.slice(at, at + BATCH));
    areRostersLogged = true;
  };
  return {
    appendRosters,
    append: async (request) => {
      if (!areRostersLogged) await appendRosters();
      const { checkpoint, entries } = await delayed.append([requestOf(roster.current, -1), request]);
      const [own, logged] = entries as [AppendedEntry, AppendedEntry];
      return {
        checkpoint,
        logged: formatLogged(logged),
        delayed: logged.delayed,
        roster: formatLogged(own),
        consistency: null,
      };
    },
  };
}

/**
 * Logs the rosters, again and again until guardians answer: they may start after the registry.
 *
 * @returns stops, and waits for an attempt that is under way
 */
export function startLoggingRosters(evidence: Evidence, log: ServiceLog): () => Promise<void> {
  return startLogging('the roster', () => evidence.appendRosters(), log);
}
