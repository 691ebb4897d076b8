/** A guardian at work: everything is opened and held against each other before it listens. */
import { guardianCardSchema, type GuardianCard } from '../../crypto/dkg-messages.ts';
import { readJson } from '../files.ts';
import { listen, type RunningService } from '../http/listen.ts';
import type { Log } from '../http/log.ts';
import { createMetrics } from '../http/metrics.ts';
import { guardianFiles, readConfig } from './config.ts';
import type { KeyShare } from './evaluator.ts';
import { openGuardian } from './guardian.ts';
import { readShares, readWitnessKey, type GuardianShare } from './keys.ts';
import { loadRoster, selectShares } from './roster.ts';

function toKeyShare({ index, secret, publicShares }: GuardianShare): KeyShare {
  return { secret, publicShare: publicShares[index - 1] as Uint8Array };
}

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
  const [shares, witnessKey] = [await readShares(folder, passphrase), await readWitnessKey(folder, passphrase)];
  // The card can be altered by whoever can write here; the sealed key can't.
  const keys = { operatorKey: card.operatorKey, witnessKey: witnessKey.publicKey };
  const { live, waiting } = selectShares(roster.roster, config.id, keys, shares);
  for (const { epoch } of waiting) log.warn({ epoch }, 'a share waits for a roster that lists its epoch');
  const guardian = openGuardian({
    id: config.id,
    roster,
    keys: live.map(({ epoch, evaluation, decryption }) => ({
      epoch,
      evaluation: toKeyShare(evaluation),
      decryption: toKeyShare(decryption),
    })),
    witnessKey,
    maxima: config.maxima,
    folder,
    threads: config.threads,
    now,
    log,
    metrics: createMetrics('guardian'),
  });
  try {
    const port = options.port ?? config.port;
    return await listen(guardian.app, { host: config.host, port, log, onStop: guardian.close });
  } catch (error) {
    await guardian.close();
    throw error;
  }
}
