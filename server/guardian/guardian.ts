/** A whole guardian from its parts: its file is opened, its threads are started, and its app is ready to be listened with. */
import type { Express } from 'express';
import type { VerifiedRoster, RosterGuardian } from '../../crypto/roster.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import type { CommitHooks } from '../database/group-commit.ts';
import type { Log } from '../http/log.ts';
import type { Metrics } from '../http/metrics.ts';
import { RevocationWatch, type RevocationWatchOptions } from '../revocations.ts';
import { nodeRsaVerifier } from '../rsa.ts';
import { createGuardianApp } from './app.ts';
import { guardianFiles, type LocalMaxima } from './config.ts';
import { openGuardianDatabase } from './database.ts';
import { ThreadedEvaluator, type Decryptor, type EpochShares, type Evaluator } from './evaluator.ts';
import { GuardianLedger } from './ledger.ts';
import { Witness } from './witness.ts';

/** What a guardian is made of. */
export interface GuardianOptions {
  /** Its identifier in the roster. */
  readonly id: string;
  /** The one that counts. */
  readonly roster: VerifiedRoster;
  /** Its shares of each live epoch's keys. */
  readonly keys: readonly EpochShares[];
  /** The key that the roster lists as its witness key. */
  readonly witnessKey: SigningKey;
  readonly maxima: LocalMaxima;
  /** Holds `guardian.db`, and evidence if the log forks. */
  readonly folder: string;
  /** Default: one a processor. */
  readonly threads?: number | undefined;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How forces' lists of revocations are got; default: over HTTP from where the roster says. */
  readonly fetchRevocations?: RevocationWatchOptions['fetch'];
  /** In the place of worker threads. */
  readonly evaluator?: Evaluator & Decryptor;
  /** Where tests break what is written. */
  readonly hooks?: CommitHooks;
}

/** A guardian that is open. */
export interface OpenGuardian {
  readonly app: Express;
  readonly witness: Witness;
  readonly revocations: RevocationWatch;
  /** Closes threads and file, once nothing is asked any more. */
  readonly close: () => Promise<void>;
}

function startThreads({ evaluator, keys, threads }: GuardianOptions): {
  readonly evaluator: Evaluator & Decryptor;
  readonly stopThreads: () => Promise<void>;
} {
  if (evaluator !== undefined) return { evaluator, stopThreads: async () => Promise.resolve() };
  const pool = new ThreadedEvaluator(keys, threads);
  return { evaluator: pool, stopThreads: async () => pool.close() };
}

/**
 * Opens a guardian. Keys and roster were held against each other before.
 *
 * @throws BlindmarkError as `openDatabase`
 */
export function openGuardian(options: GuardianOptions): OpenGuardian {
  const { id, roster, witnessKey, maxima, folder, now, log, metrics, fetchRevocations, hooks } = options;
  const { index } = roster.roster.guardians.find((guardian) => guardian.id === id) as RosterGuardian;
  const handle = openGuardianDatabase(guardianFiles(folder).database, hooks === undefined ? {} : { hooks });
  const ledger = new GuardianLedger(handle);
  const witness = new Witness(handle, {
    roster: roster.roster,
    guardian: id,
    key: witnessKey,
    folder,
    now,
    log,
    metrics,
  });
  const fetch = fetchRevocations === undefined ? {} : { fetch: fetchRevocations };
  const revocations = new RevocationWatch({ roster: roster.roster, now, log, ...fetch });
  const { evaluator, stopThreads } = startThreads(options);
  const app = createGuardianApp({
    guardian: id,
    index,
    roster,
    maxima,
    ledger,
    witness,
    revocations,
    evaluator,
    decryptor: evaluator,
    rsa: nodeRsaVerifier,
    now,
    log,
    metrics,
  });
  const close = async (): Promise<void> => {
    await revocations.close();
    await stopThreads();
    await ledger.close();
  };
  return { app, witness, revocations, close };
}
