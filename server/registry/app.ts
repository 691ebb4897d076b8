/** The registry's app: its routes, and what they depend on. */
import type { Express, RequestHandler } from 'express';
import { isBlindmarkError } from '../../crypto/errors.ts';
import type { RsaVerifier } from '../../crypto/token.ts';
import { createServiceApp } from '../http/app.ts';
import type { Log as ServiceLog } from '../http/log.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Route } from '../http/route.ts';
import type { Log } from '../log/log.ts';
import { logRoutes } from '../log/routes.ts';
import type { RevocationWatch } from '../revocations.ts';
import type { LogStore } from '../store/log-store.ts';
import type { OpeningStore } from '../store/opening-store.ts';
import type { RegistryStore } from '../store/store.ts';
import { actionRoute } from './actions.ts';
import type { Budgets } from './budgets.ts';
import type { DelayedEntries } from './delayed-entries.ts';
import { evaluationRoute } from './evaluations.ts';
import type { Evidence } from './evidence.ts';
import type { FanOut } from './fan-out.ts';
import { historyRoute } from './history.ts';
import { lookupRoute } from './lookups.ts';
import { openingRoutes } from './opening-routes.ts';
import { RegistrationEntries } from './registration-entries.ts';
import { registrationRoute } from './registrations.ts';
import { rosterRoute, type LoadedRoster } from './roster.ts';

export interface RegistryDependencies {
  readonly roster: LoadedRoster;
  readonly store: RegistryStore;
  readonly openings: OpeningStore;
  /** Where the public log is kept: tiles and entries are read from it. */
  readonly logStore: LogStore;
  /** The public log. */
  readonly publicLog: Log;
  readonly delayed: DelayedEntries;
  readonly evidence: Evidence;
  /** 32 bytes, from `log-key.json`: salts of entries follow from it. */
  readonly saltKey: Uint8Array;
  readonly fanOut: FanOut;
  readonly budgets: Budgets;
  readonly revocations: Pick<RevocationWatch, 'add' | 'check'>;
  readonly rsa: RsaVerifier;
  readonly log: ServiceLog;
  readonly metrics: Metrics;
  /** Serves the pages, where it has some. */
  readonly pages?: RequestHandler | undefined;
  /** Epoch seconds. */
  readonly now: () => number;
}

/**
 * The registry's routes. Whatever takes a registration out of the store names its tag or its commitment; none lists, counts,
 * exports or searches.
 */
export function createRegistryRoutes({ roster: loaded, metrics, ...dependencies }: RegistryDependencies): Route[] {
  const { store, publicLog, delayed, saltKey, now } = dependencies;
  const { counter } = metrics;
  const roster = loaded.current;
  const { origin } = roster.roster;
  const shared = {
    ...dependencies,
    roster,
    registrationEntries: new RegistrationEntries({ origin, store, publicLog, delayed, saltKey, now }),
  };
  return [
    rosterRoute(loaded, publicLog),
    evaluationRoute({
      ...shared,
      evaluations: counter('blindmark_evaluations_total', 'Evaluation requests answered', ['purpose']),
    }),
    registrationRoute({
      ...shared,
      registrations: counter('blindmark_registrations_total', 'Registrations answered', ['result']),
    }),
    actionRoute({
      ...shared,
      actions: counter('blindmark_actions_total', 'Owners’ actions answered', ['kind', 'result']),
    }),
    historyRoute(shared),
    // By result, never by hit or miss.
    lookupRoute({ ...shared, lookups: counter('blindmark_lookups_total', 'Lookups answered', ['result']) }),
    ...openingRoutes({ ...shared, metrics }),
    ...logRoutes({ log: publicLog, store: dependencies.logStore }),
  ];
}

/** The registry's app. It does not listen. */
export function createRegistryApp(dependencies: RegistryDependencies): Express {
  const { store, publicLog, log, metrics, pages } = dependencies;
  return createServiceApp({
    description: {
      title: 'Blindmark registry',
      version: '1',
      description:
        'Keeps registrations of marked property that nobody can browse: whoever asks names a code’s tag or a registration’s commitment. Every evaluation, registration, change, lookup, match and opening is in a public log before it is answered.',
    },
    routes: createRegistryRoutes(dependencies),
    log,
    metrics,
    // Without guardians it still serves the roster and the log, so it is ready; not with a log that nothing is added to until
    // its operator has done something.
    isReady: async () => !isBlindmarkError(publicLog.obstacle(), 'logBehind', 'logForked') && store.isReady(),
    isOpenToPages: true,
    pages,
  });
}
