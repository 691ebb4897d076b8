/** The registry put together: its log, what it asks of guardians, what it does by itself, and its app. */
import type { Express } from 'express';
import type { ErrorCode } from '../../crypto/errors.ts';
import { cosignerName, logName } from '../../crypto/log-proof.ts';
import type { Roster } from '../../crypto/roster.ts';
import type { Log as ServiceLog } from '../http/log.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Log } from '../log/log.ts';
import { openLog } from '../log/sequencer.ts';
import { createWitnesses, type Witnesses } from '../log/witnesses.ts';
import { RevocationWatch, type RevocationWatchOptions } from '../revocations.ts';
import { nodeRsaVerifier } from '../rsa.ts';
import type { LogStore } from '../store/log-store.ts';
import type { OpeningStore } from '../store/opening-store.ts';
import type { RegistryStore } from '../store/store.ts';
import { createRegistryApp } from './app.ts';
import { Budgets } from './budgets.ts';
import { createDelayedEntries, startReveals } from './delayed-entries.ts';
import { createEvidence, startLoggingRosters } from './evidence.ts';
import { createFanOut, guardianUrl } from './fan-out.ts';
import { watchGuardians } from './guardian-health.ts';
import { logSigningKey, type LogKeys } from './log-key.ts';
import { appendPages } from './pages-entry.ts';
import type { Pages } from './pages.ts';
import type { ProofChecker } from './proof-checker.ts';
import { recordFetched } from './revocation-lists.ts';
import type { LoadedRoster } from './roster.ts';
import { startLogging } from './until-logged.ts';

/** The stores of a registry, whatever engine they are in. */
export interface RegistryStores {
  readonly registrations: RegistryStore;
  readonly log: LogStore;
  readonly openings: OpeningStore;
}

export interface RegistryOptions {
  readonly roster: LoadedRoster;
  /** Stay open when the registry closes: whoever opened them closes them. */
  readonly stores: RegistryStores;
  readonly keys: LogKeys;
  /** One address for each guardian of the roster. */
  readonly addresses: readonly { readonly id: string; readonly url: string }[];
  /** Milliseconds after which a guardian's answer is not waited for any more. */
  readonly guardianTimeoutMs: number;
  /** Checks guardians' answers. Stays open when the registry closes. */
  readonly proofs: ProofChecker;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly log: ServiceLog;
  readonly metrics: Metrics;
  /** The pages that are served beside the interface: the log says which. */
  readonly pages?: Pages | null | undefined;
  /** How forces' lists of revocations are fetched; default: from each force's address. */
  readonly fetchRevocations?: RevocationWatchOptions['fetch'];
  /** Milliseconds between two looks at what delayed entries are to be revealed; default: a minute. */
  readonly revealIntervalMs?: number;
}

export interface OpenRegistry {
  readonly app: Express;
  readonly publicLog: Log;
  readonly revocations: RevocationWatch;
  /** Ends what is under way. */
  readonly close: () => Promise<void>;
}

function witnessesOf(
  roster: Roster,
  { addresses, guardianTimeoutMs: timeoutMs, now }: RegistryOptions,
  onHealth: (guardian: string, fault: ErrorCode | null) => void,
): Witnesses {
  const guardians = roster.guardians.map(({ id, witnessKey: publicKey }) => ({
    id,
    url: guardianUrl(addresses, id),
    name: cosignerName(roster.origin, id),
    publicKey,
  }));
  return createWitnesses({ guardians, threshold: roster.threshold, timeoutMs, now, onHealth });
}

function startLoggingPages({ pages, now, log }: RegistryOptions, publicLog: Log): () => Promise<void> {
  if (pages === null || pages === undefined) return async () => Promise.resolve();
  return startLogging('the hash of the pages', () => appendPages(pages.build, { publicLog, now }), log);
}

/**
 * Opens a registry on its stores. The rosters, and which pages are served, are logged in the background, as soon as guardians answer.
 *
 * @throws BlindmarkError `badInput` for a guardian without an address; `badFile` when `log-key.json` is not the roster's, or the stored log does not hold together;
 *   `storageFailed`
 */
export async function openRegistry(options: RegistryOptions): Promise<OpenRegistry> {
  const { roster, stores, keys, log, metrics, now } = options;
  const { roster: current } = roster.current;
  const { generation, start } = current.log;
  const key = logSigningKey(keys, current.log);
  const watch = watchGuardians(log, metrics);
  const publicLog = await openLog({
    store: stores.log,
    key,
    name: logName(current),
    generation,
    start,
    witnesses: witnessesOf(current, options, watch('witness')),
    now,
    log,
    metrics,
  });
  const fanOut = createFanOut({
    roster: current,
    addresses: options.addresses,
    publicLog,
    proofs: options.proofs,
    timeoutMs: options.guardianTimeoutMs,
    onHealth: watch('answer'),
  });
  const { fetchRevocations: fetch, revealIntervalMs: intervalMs } = options;
  const budgets = new Budgets(now);
  const revocations = new RevocationWatch({
    roster: current,
    now,
    log,
    onFetched: recordFetched(current.origin, { openings: stores.openings, publicLog, budgets, now }),
    ...(fetch === undefined ? {} : { fetch }),
  });
  const { saltKey } = keys;
  const delayed = createDelayedEntries({ log: publicLog, store: stores.openings, saltKey, now });
  const evidence = createEvidence({ roster, delayed, now });
  const stopLogging = startLoggingRosters(evidence, log);
  const stopPages = startLoggingPages(options, publicLog);
  const stopReveals = startReveals({ delayed, log, ...(intervalMs === undefined ? {} : { intervalMs }) });
  const app = createRegistryApp({
    roster,
    store: stores.registrations,
    openings: stores.openings,
    logStore: stores.log,
    publicLog,
    delayed,
    evidence,
    saltKey,
    fanOut,
    budgets,
    revocations,
    rsa: nodeRsaVerifier,
    log,
    metrics,
    pages: options.pages?.handle,
    now,
  });
  const close = async (): Promise<void> => {
    fanOut.close();
    // What waits for guardians in the background ends with the log.
    const background = Promise.all([stopLogging(), stopPages(), stopReveals(), revocations.close()]);
    await publicLog.close();
    await background;
  };
  return { app, publicLog, revocations, close };
}
