/**
 * Second copies of services that hold the same keys: a registry that somebody runs on a copy of the database, or on a store that
 * breaks, and a guardian with two faces.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRevocationList } from '../../crypto/revocation-list.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import { openGuardian } from '../../server/guardian/guardian.ts';
import { listen } from '../../server/http/listen.ts';
import { createLog } from '../../server/http/log.ts';
import { createMetrics } from '../../server/http/metrics.ts';
import type { Log } from '../../server/log/log.ts';
import { readLogKeys } from '../../server/registry/log-key.ts';
import { openRegistry } from '../../server/registry/registry.ts';
import type { LogStore } from '../../server/store/log-store.ts';
import { openSqliteStores } from '../../server/store/sqlite/open-stores.ts';
import { shareEvaluator } from './evaluator.ts';
import { sharesOf, type Services } from './services.ts';
import { sharedProofs } from './proof-checker.ts';

const HOST = '127.0.0.1';

/** Nobody answers here. */
export const NOWHERE = 'http://127.0.0.1:1';

/** A service beside those of {@link Services}. */
export interface Rival {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

export interface RivalRegistry extends Rival {
  readonly publicLog: Log;
}

export interface RivalRegistryOptions {
  /** Path of its database. */
  readonly database: string;
  /** Addresses in the place of guardians' own, by identifier. */
  readonly instead?: Readonly<Record<string, string>>;
  readonly wrapLog?: (store: LogStore) => LogStore;
}

type RivalServices = Pick<Services, 'clock' | 'fixture' | 'folder' | 'guardianUrls'>;

/** Starts a registry with all the secrets of the one in the services' folder, on another database. */
export async function startRivalRegistry(
  { fixture, clock, folder, guardianUrls }: RivalServices,
  { database, instead = {}, wrapLog = (store) => store }: RivalRegistryOptions,
): Promise<RivalRegistry> {
  const log = createLog('rival', { level: 'silent' });
  const stores = openSqliteStores(database);
  const { origin, forceKey: key, forceCredential } = fixture;
  const now = (): number => clock.now;
  const registry = await openRegistry({
    roster: { chain: fixture.chain, history: [fixture.roster], current: fixture.roster },
    stores: { registrations: stores.registrations, log: wrapLog(stores.log), openings: stores.openings },
    keys: readLogKeys(join(folder, 'registry')),
    addresses: [...guardianUrls].map(([id, url]) => ({ id, url: instead[id] ?? url })),
    guardianTimeoutMs: 30_000,
    proofs: sharedProofs,
    now,
    log,
    metrics: createMetrics('registry'),
    fetchRevocations: async () => createRevocationList({ key, id: 'demo-force', origin, forceCredential }, [], now()),
  });
  const onStop = async (): Promise<void> => {
    await registry.close();
    await stores.close();
  };
  const { port, stop } = await listen(registry.app, { host: HOST, port: 0, log, onStop });
  return { url: `http://${HOST}:${port}`, publicLog: registry.publicLog, stop };
}

/**
 * Starts a guardian that has another's keys and shares, and knows nothing of what that one has cosigned: a dishonest guardian's
 * second face.
 */
export async function startTwin({ fixture, clock, folder }: RivalServices, id: string, name: string): Promise<Rival> {
  const index = Number(id.slice(1));
  const place = join(folder, name);
  mkdirSync(place);
  const log = createLog('twin', { level: 'silent' });
  const { origin, forceKey: key, forceCredential } = fixture;
  const now = (): number => clock.now;
  const keys = sharesOf(fixture, index);
  const guardian = openGuardian({
    id,
    roster: fixture.roster,
    keys,
    witnessKey: fixture.witnesses[index - 1] as SigningKey,
    maxima: { codesPerOfficerAndDay: 1000, codesPerForceAndDay: 1000, codesPerIssuerAndDay: 1000 },
    folder: place,
    evaluator: shareEvaluator(keys),
    now,
    log,
    metrics: createMetrics('guardian'),
    fetchRevocations: async () => createRevocationList({ key, id: 'demo-force', origin, forceCredential }, [], now()),
  });
  const { port, stop } = await listen(guardian.app, { host: HOST, port: 0, log, onStop: guardian.close });
  return { url: `http://${HOST}:${port}`, stop };
}
