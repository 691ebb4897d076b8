/** A guardian at work: everything is opened and held against each other before it listens. */
import type { GuardianCard } from '../../crypto/dkg-messages.ts';
import { guardianCardSchema } from '../../crypto/dkg-messages.ts';
import type { RosterGuardian } from '../../crypto/roster.ts';
import { readJson } from '../files.ts';
import { listen, type RunningService } from '../http/listen.ts';
import type { Log } from '../http/log.ts';
import { createMetrics } from '../http/metrics.ts';
import { nodeRsaVerifier } from '../rsa.ts';
import { createGuardianApp } from './app.ts';
import { guardianFiles, readConfig } from './config.ts';
import { ThreadedEvaluator } from './evaluator.ts';
import { readShares } from './keys.ts';
import { GuardianLedger } from './ledger.ts';
import { loadRoster, selectShares } from './roster.ts';

/**
 * Starts a guardian from its folder.
 *
 * @param options.port instead of the configuration's
 * @throws BlindmarkError `badFile`, `badPassphrase`; `badRoster`, `wrongOrigin` when roster and shares do not belong together;
 *   `unavailable` when the port is taken
 */
export async function serveGuardian(
  folder: string,
  options: {
    readonly passphrase: string;
    readonly port?: number | undefined;
    readonly log: Log;
    /** Epoch seconds. */
    readonly now: () => number;
  },
): Promise<RunningService> {
  const { passphrase, log, now } = options;
  const files = guardianFiles(folder);
  const config = readConfig(folder);
  const roster = loadRoster(folder, config);
  const card: GuardianCard = readJson(files.card, guardianCardSchema);
  const shares = await readShares(folder, passphrase);
  const { live, waiting } = selectShares(roster.roster, config.id, card.operatorKey, shares);
  for (const { epoch } of waiting) log.warn({ epoch }, 'a share waits for a roster that lists its epoch');
  const { index } = roster.roster.guardians.find(({ id }) => id === config.id) as RosterGuardian;
  const ledger = GuardianLedger.open(files.database);
  const evaluator = new ThreadedEvaluator(
    live.map(({ epoch, secret, publicShares }) => ({
      epoch,
      secret,
      publicShare: publicShares[index - 1] as Uint8Array,
    })),
    config.threads,
  );
  const onStop = async (): Promise<void> => {
    await evaluator.close();
    await ledger.close();
  };
  try {
    const app = createGuardianApp({
      guardian: config.id,
      index,
      roster,
      maxima: config.maxima,
      ledger,
      evaluator,
      rsa: nodeRsaVerifier,
      now,
      log,
      metrics: createMetrics('guardian'),
    });
    return await listen(app, { host: config.host, port: options.port ?? config.port, log, onStop });
  } catch (error) {
    await onStop();
    throw error;
  }
}
