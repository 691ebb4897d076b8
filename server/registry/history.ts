/** `POST /v1/registrations/{commitment}/history`: an owner reads a registration, as recovery needs it. */
import { CLOCK_TOLERANCE } from '../../crypto/credential.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { historyHash } from '../../crypto/registration.ts';
import { REQUEST_SECONDS } from '../../crypto/officer-request.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import { isSignature } from '../../crypto/signature.ts';
import { historyReplySchema, historyRequestSchema } from '../../crypto/wire.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { RegistryStore } from '../store/store.ts';
import { commitmentParams } from './actions.ts';
import { findOwn } from './owner-right.ts';

export interface HistoryDependencies {
  readonly roster: VerifiedRoster;
  readonly store: RegistryStore;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** Reading changes nothing, so a request may be repeated while it is young; no memory of it is kept. */
function checkAge(issuedAt: number, now: number): void {
  if (issuedAt <= now + CLOCK_TOLERANCE && now <= issuedAt + REQUEST_SECONDS) return;
  throw new BlindmarkError('credentialExpired', `The request is not of the last ${REQUEST_SECONDS} seconds`, {
    field: 'issuedAt',
    remedy: 'Sign it anew, and check this computer’s clock.',
  });
}

export function historyRoute({ roster, store, now }: HistoryDependencies): Route {
  const { origin } = roster.roster;
  return defineRoute({
    method: 'post',
    path: '/v1/registrations/{commitment}/history',
    summary: 'Reads a registration',
    description:
      'For the owner of this one registration, shown by lookup tag, public key and a signature of the last five minutes. Somebody else’s registration, and one that does not exist, are answered `notFound`.',
    params: commitmentParams,
    body: historyRequestSchema,
    reply: historyReplySchema,
    errors: ['badSignature', 'credentialExpired', 'notFound'],
    handle: async ({ body, params: { commitment } }) => {
      if (!isSignature(body.ownerPublicKey, historyHash(origin, commitment, body.issuedAt), body.signature)) {
        throw new BlindmarkError('badSignature', 'The request is not signed by the key in it', { field: 'signature' });
      }
      checkAge(body.issuedAt, now());
      return { registration: await findOwn(store, origin, commitment, body) };
    },
  });
}
