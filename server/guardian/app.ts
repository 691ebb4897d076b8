/** The guardian's HTTP interface: it evaluates what it may, says which keys it serves, and nothing else. */
import type { Express } from 'express';
import { EVALUATION_ERRORS } from '../../crypto/evaluation.ts';
import { liveEpochs } from '../../crypto/roster.ts';
import { evaluationRequestSchema, guardianEvaluationSchema, guardianInfoSchema } from '../../crypto/wire.ts';
import { createServiceApp } from '../http/app.ts';
import type { Log } from '../http/log.ts';
import type { Metrics } from '../http/metrics.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { evaluate, type EvaluationDependencies } from './evaluate.ts';
import type { GuardianLedger } from './ledger.ts';

/** What the guardian's app depends on. */
export interface GuardianDependencies extends EvaluationDependencies {
  readonly ledger: EvaluationDependencies['ledger'] & Pick<GuardianLedger, 'isReady'>;
  /** Its position in the threshold key, from 1. */
  readonly index: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

function evaluateRoute(dependencies: GuardianDependencies): Route {
  const codes = dependencies.metrics.counter(
    'blindmark_guardian_codes_total',
    'Codes evaluated, by purpose and by whether they were charged',
    ['purpose', 'charged'],
  );
  return defineRoute({
    method: 'post',
    path: '/v1/evaluate',
    summary: 'Evaluate blinded elements under this guardian’s shares.',
    description:
      'For registries, which relay an owner’s or an officer’s request as it is. This guardian verifies by itself: an activation ' +
      'token, which pays for one element for ever; or an officer’s signed request with the chain up to an authority root, which ' +
      'is charged to the officer’s and the force’s quota of the day. The same officer’s request again is answered again and costs nothing.',
    body: evaluationRequestSchema,
    reply: guardianEvaluationSchema,
    errors: [...EVALUATION_ERRORS, 'tokenRequired', 'quotaExceeded', 'storageFailed', 'unavailable'],
    handle: async ({ body }) => {
      const { reply, admission } = await evaluate(body, dependencies);
      codes.inc({ purpose: body.purpose, charged: admission === 'again' ? 'no' : 'yes' }, body.elements.length);
      return reply;
    },
  });
}

function infoRoute({ guardian, index, roster }: GuardianDependencies): Route {
  const info = {
    guardian,
    origin: roster.roster.origin,
    roster: roster.hash,
    epochs: liveEpochs(roster.roster).map(({ epoch, publicShares }) => ({
      epoch,
      publicShare: publicShares[index - 1] as Uint8Array,
    })),
  };
  return defineRoute({
    method: 'get',
    path: '/v1/info',
    summary: 'Which guardian this is, the roster that it follows, and its public shares.',
    description: 'None of it counts unless the signed roster says the same.',
    reply: guardianInfoSchema,
    errors: [],
    handle: async () => Promise.resolve(info),
  });
}

/** The guardian's routes. */
export function createGuardianRoutes(dependencies: GuardianDependencies): Route[] {
  return [evaluateRoute(dependencies), infoRoute(dependencies)];
}

/** The guardian's app. It does not listen. */
export function createGuardianApp(dependencies: GuardianDependencies): Express {
  return createServiceApp({
    description: {
      title: `Blindmark guardian ${dependencies.guardian}`,
      version: '1',
      description: 'Holds one share of each threshold key, and evaluates blinded codes for those who may ask.',
    },
    routes: createGuardianRoutes(dependencies),
    log: dependencies.log,
    metrics: dependencies.metrics,
    isReady: () => dependencies.ledger.isReady(),
  });
}
