/** The registry's app: its routes, and what they depend on. */
import type { Express } from 'express';
import type { RsaVerifier } from '../../crypto/token.ts';
import { createServiceApp } from '../http/app.ts';
import type { Log } from '../http/log.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Route } from '../http/route.ts';
import type { RegistryStore } from '../store/store.ts';
import { actionRoute } from './actions.ts';
import { evaluationRoute } from './evaluations.ts';
import type { FanOut } from './fan-out.ts';
import { historyRoute } from './history.ts';
import { lookupRoute } from './lookups.ts';
import { registrationRoute } from './registrations.ts';
import { rosterRoute, type LoadedRoster } from './roster.ts';

export interface RegistryDependencies {
  readonly roster: LoadedRoster;
  readonly store: RegistryStore;
  readonly fanOut: FanOut;
  readonly rsa: RsaVerifier;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Epoch seconds. */
  readonly now: () => number;
}

/**
 * The registry's routes. Whatever takes a registration out of the store names its tag or its commitment; none lists, counts,
 * exports or searches.
 */
export function createRegistryRoutes({ roster, store, fanOut, rsa, metrics, now }: RegistryDependencies): Route[] {
  const { counter } = metrics;
  const shared = { roster: roster.current, store, rsa, now };
  return [
    rosterRoute(roster),
    evaluationRoute({
      ...shared,
      fanOut,
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
  ];
}

/** The registry's app. It does not listen. */
export function createRegistryApp(dependencies: RegistryDependencies): Express {
  const { store, log, metrics } = dependencies;
  return createServiceApp({
    description: {
      title: 'Blindmark registry',
      version: '1',
      description:
        'Keeps registrations of marked property that nobody can browse: whoever asks names a code’s tag or a registration’s commitment.',
    },
    routes: createRegistryRoutes(dependencies),
    log,
    metrics,
    // Without guardians it still serves owners and the roster, so readiness is the store's alone.
    isReady: () => store.isReady(),
  });
}
