/** `POST /v1/evaluations`: verified, remembered where a lookup may follow, and relayed to all guardians. */
import type { Counter } from 'prom-client';
import { CLOCK_TOLERANCE } from '../../crypto/credential.ts';
import { EVALUATION_ERRORS, verifyEvaluationRequest } from '../../crypto/evaluation.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import type { RsaVerifier } from '../../crypto/token.ts';
import { evaluationReplySchema, evaluationRequestSchema } from '../../crypto/wire.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { RegistryStore } from '../store/store.ts';
import type { FanOut } from './fan-out.ts';

export interface EvaluationDependencies {
  readonly roster: VerifiedRoster;
  readonly store: RegistryStore;
  readonly fanOut: FanOut;
  readonly rsa: RsaVerifier;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly evaluations: Counter<'purpose'>;
}

export function evaluationRoute(dependencies: EvaluationDependencies): Route {
  const { roster, store, fanOut, rsa, now, evaluations } = dependencies;
  return defineRoute({
    method: 'post',
    path: '/v1/evaluations',
    summary: 'Evaluations of blinded codes by the guardians',
    description:
      'For owners, with an activation token (or none for an element that was accepted under one before), and for officers, signed. Answers with the evaluations of t guardians, whose proofs this registry has verified and which you verify again, and names the guardians at fault. A request may be repeated byte for byte while it is valid: that costs no second token and no quota.',
    body: evaluationRequestSchema,
    reply: evaluationReplySchema,
    errors: [...EVALUATION_ERRORS, 'tokenRequired', 'quotaExceeded', 'guardiansUnavailable', 'storageFailed'],
    handle: async ({ body: request }) => {
      const verified = await verifyEvaluationRequest(request, roster, now(), rsa);
      const reply = await fanOut.evaluate(request);
      // Not before the guardians have charged it: what they refuse leads to no lookup. A request that is interrupted here is
      // sent again, and costs nothing.
      if (verified.purpose === 'lookup') {
        await store.recordEvaluation({
          hash: verified.hash,
          officer: verified.officer.thumbprint,
          tagLimit: request.elements.length * request.epochs.length,
          // As long as the request verifies: once it is forgotten, it can't come back.
          expiresAt: verified.claims.exp + CLOCK_TOLERANCE + 1,
        });
      }
      evaluations.inc({ purpose: verified.purpose });
      return reply;
    },
  });
}
