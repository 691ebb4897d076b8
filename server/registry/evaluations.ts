/** `POST /v1/evaluations`: verified, logged, then relayed to all guardians, which see for themselves that it is in the log. */
import type { Counter } from 'prom-client';
import { CLOCK_TOLERANCE } from '../../crypto/credential.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import {
  EVALUATION_ERRORS,
  evaluationEntry,
  verifyEvaluationRequest,
  type OwnerEvaluation,
  type VerifiedEvaluation,
} from '../../crypto/evaluation.ts';
import { hourOf } from '../../crypto/log-entry.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import type { RsaVerifier } from '../../crypto/token.ts';
import { evaluationReplySchema, evaluationRequestSchema, type EvaluationRequest } from '../../crypto/wire.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { RevocationWatch } from '../revocations.ts';
import type { RegistryStore } from '../store/store.ts';
import type { Budgets } from './budgets.ts';
import type { Evidence } from './evidence.ts';
import type { FanOut } from './fan-out.ts';
import { evaluationInquiry } from './inquiry.ts';
import { LOG_ERRORS } from './registration-entries.ts';

export interface EvaluationDependencies {
  readonly roster: VerifiedRoster;
  readonly store: RegistryStore;
  readonly evidence: Evidence;
  readonly fanOut: FanOut;
  readonly budgets: Budgets;
  readonly revocations: Pick<RevocationWatch, 'check'>;
  readonly rsa: RsaVerifier;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly evaluations: Counter<'purpose'>;
}

/**
 * Decides whether an owner's request may go into the log: its element comes with a token, or came with one before. Guardians
 * decide again, by their own memory.
 */
async function admitOwner(
  { hash, issuer, nonces }: OwnerEvaluation,
  { store, budgets }: EvaluationDependencies,
): Promise<void> {
  const [nonce] = nonces as [Uint8Array];
  if (await store.isAccepted(nonce)) {
    budgets.chargeRecovery(hash, nonce);
    return;
  }
  if (issuer === null) {
    throw new BlindmarkError('tokenRequired', 'The element was never accepted under a token here', {
      field: 'token',
      remedy: 'Send the element with its own activation token, once.',
    });
  }
  budgets.chargeIssuer(hash, issuer);
  // Before guardians accept it: an owner who loses everything right then asks for it again without the token.
  await store.acceptElement(nonce);
}

async function admit(
  verified: VerifiedEvaluation,
  codes: number,
  now: number,
  dependencies: EvaluationDependencies,
): Promise<void> {
  if (verified.purpose === 'registration') return admitOwner(verified, dependencies);
  await dependencies.revocations.check(verified.officer, now);
  dependencies.budgets.chargeOfficer(verified.hash, verified.officer, codes);
}

/** The delay that the force's policy asks for; none for an owner. */
function delayDaysOf(verified: VerifiedEvaluation): number {
  return verified.purpose === 'lookup' ? verified.officer.force.delayDays : 0;
}

export function evaluationRoute(dependencies: EvaluationDependencies): Route {
  const { roster, store, evidence, fanOut, rsa, now, evaluations } = dependencies;

  const evaluate = async (request: EvaluationRequest) => {
    const at = now();
    const verified = await verifyEvaluationRequest(request, roster, at, rsa);
    await admit(verified, request.elements.length, at, dependencies);
    const entry = evaluationEntry(verified, request, hourOf(at));
    const shown = await evidence.append({ key: verified.hash, entry, delayDays: delayDaysOf(verified) });
    const { answers, faults } = await fanOut.ask(evaluationInquiry(request, shown, roster.roster));
    // Not before the guardians have charged it: what they refuse leads to no lookup. A request that is interrupted here is
    // sent again, and costs nothing.
    if (verified.purpose === 'lookup') {
      await store.recordEvaluation({
        hash: verified.hash,
        officer: verified.officer.thumbprint,
        tagLimit: request.elements.length * request.epochs.length,
        entry: shown.logged.index,
        // As long as the request verifies: once it is forgotten, it can't come back.
        expiresAt: verified.claims.exp + CLOCK_TOLERANCE + 1,
      });
    }
    const { checkpoint, logged, delayed } = shown;
    return { evaluations: answers, faults, log: { checkpoint, logged, delayed } };
  };

  return defineRoute({
    method: 'post',
    path: '/v1/evaluations',
    summary: 'Evaluations of blinded codes by the guardians',
    description:
      'For owners, with an activation token (or none for an element that was accepted under one before), and for officers, signed. The request is put into the public log first; then each guardian verifies that it is there. Answers with its entry and proof, and the evaluations of t guardians, who all cosigned the checkpoint of that proof; this registry has verified them, and you verify them again. Names the guardians at fault. A request may be repeated byte for byte while it is valid: that costs no second token, no quota and no second entry.',
    body: evaluationRequestSchema,
    reply: evaluationReplySchema,
    errors: [
      ...EVALUATION_ERRORS,
      'tokenRequired',
      'quotaExceeded',
      'credentialRevoked',
      'revocationsStale',
      ...LOG_ERRORS,
    ],
    handle: async ({ body: request }) => {
      const reply = await evaluate(request);
      evaluations.inc({ purpose: request.purpose });
      return reply;
    },
  });
}
