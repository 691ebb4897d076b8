/** The running registry: everything opened from its folder, listening. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { listen, type RunningService } from '../http/listen.ts';
import type { Log } from '../http/log.ts';
import { createMetrics } from '../http/metrics.ts';
import { openSqliteStores, type SqliteStores } from '../store/sqlite/open-stores.ts';
import { guardianAddresses, readConfig, registryFiles, type RegistryConfig } from './config.ts';
import { readLogKeys } from './log-key.ts';
import { readPages } from './pages-build.ts';
import { openPages, type Pages } from './pages.ts';
import { createProofChecker, type ProofChecker } from './proof-checker.ts';
import { openRegistry, type OpenRegistry } from './registry.ts';
import { loadRoster, type LoadedRoster } from './roster.ts';

/** Where `npm run pages` puts them. */
const OWN_PAGES = resolve(import.meta.dirname, '../web/dist');

/** The pages that the configuration names; null, and a line in the log, where there are none. */
function findPages(folder: string, config: RegistryConfig, { history, current }: LoadedRoster, log: Log): Pages | null {
  const { pages, url, allowTestRoster } = config;
  const build = pages === null ? null : readPages(pages === undefined ? OWN_PAGES : resolve(folder, pages));
  if (build === null) {
    log.info(
      pages === null ? 'no pages are served' : 'no pages are served: they are not built; npm run pages does that',
    );
    return null;
  }
  const first = history[0] as LoadedRoster['current'];
  return openPages(build, {
    registryFile: {
      format: 'blindmark-registry-v1',
      url,
      rosterFingerprint: first.hash,
      ...(allowTestRoster ? { allowTestRoster: true as const } : {}),
    },
    issuers: current.roster.issuers,
  });
}

/** Opens the registry on stores and a proof checker, which are closed with it, and when it can't be opened. */
async function open(
  stores: SqliteStores,
  proofs: ProofChecker,
  options: Omit<Parameters<typeof openRegistry>[0], 'stores' | 'proofs'>,
): Promise<OpenRegistry> {
  const closeOwn = async (): Promise<void> => {
    await proofs.close();
    await stores.close();
  };
  try {
    const registry = await openRegistry({ ...options, stores, proofs });
    const close = async (): Promise<void> => {
      await registry.close();
      await closeOwn();
    };
    return { ...registry, close };
  } catch (error) {
    await closeOwn();
    throw error;
  }
}

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
  const keys = readLogKeys(folder);
  const addresses = guardianAddresses(folder, config, roster.current.roster);
  const pages = findPages(folder, config, roster, log);
  const stores = openSqliteStores(registryFiles(folder).database);
  const proofs = createProofChecker(config.threads ?? Math.max(1, Math.floor(availableParallelism() / 2)));
  const registry = await open(stores, proofs, {
    roster,
    keys,
    addresses,
    guardianTimeoutMs: config.guardianTimeoutMs,
    now,
    log,
    metrics: createMetrics('registry'),
    pages,
  });
  try {
    const { host, port } = config;
    return await listen(registry.app, { host, port: options.port ?? port, log, onStop: registry.close });
  } catch (error) {
    await registry.close();
    throw error;
  }
}
