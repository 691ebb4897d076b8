/** The running registry: everything opened from its folder, listening. */
import { availableParallelism } from 'node:os';
import { listen, type RunningService } from '../http/listen.ts';
import type { Log } from '../http/log.ts';
import { createMetrics } from '../http/metrics.ts';
import { nodeRsaVerifier } from '../rsa.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import { createRegistryApp } from './app.ts';
import { guardianAddresses, readConfig, registryFiles } from './config.ts';
import { createFanOut } from './fan-out.ts';
import { watchGuardians } from './guardian-health.ts';
import { createProofChecker } from './proof-checker.ts';
import { loadRoster } from './roster.ts';

/**
 * Opens the registry in `folder` and listens.
 *
 * @param options.port in place of the configuration's; 0 takes a free one
 * @param options.now default: the system's clock, in epoch seconds
 * @throws BlindmarkError `badFile`, `badRoster`, `wrongOrigin`, `storageFailed`, or `unavailable` when the port is taken
 */
export async function serveRegistry(
  folder: string,
  options: { readonly port?: number | undefined; readonly log: Log; readonly now?: () => number },
): Promise<RunningService> {
  const { log, now = () => Math.floor(Date.now() / 1000) } = options;
  const config = readConfig(folder);
  const roster = loadRoster(folder, config);
  const addresses = guardianAddresses(folder, config, roster.current.roster);
  const store = SqliteStore.open(registryFiles(folder).database);
  const proofs = createProofChecker(config.threads ?? Math.max(1, Math.floor(availableParallelism() / 2)));
  const metrics = createMetrics('registry');
  const fanOut = createFanOut({
    roster: roster.current.roster,
    addresses,
    proofs,
    timeoutMs: config.guardianTimeoutMs,
    onHealth: watchGuardians(log, metrics),
  });
  const app = createRegistryApp({ roster, store, fanOut, rsa: nodeRsaVerifier, log, metrics, now });
  const onStop = async (): Promise<void> => {
    fanOut.close();
    await Promise.all([proofs.close(), store.close()]);
  };
  try {
    return await listen(app, { host: config.host, port: options.port ?? config.port, log, onStop });
  } catch (error) {
    await onStop();
    throw error;
  }
}
