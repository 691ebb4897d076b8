/** `POST /v1/lookups`: an officer learns which registrations the tags have that the guardians' evaluations led to. */
import type { Counter } from 'prom-client';
import { BlindmarkError } from '../../crypto/errors.ts';
import { OFFICER_REQUEST_ERRORS, verifyOfficerRequest } from '../../crypto/officer-request.ts';
import { registrationIndex } from '../../crypto/registration.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import { lookupReplySchema, lookupRequestSchema } from '../../crypto/wire.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { ClaimResult, RegistryStore } from '../store/store.ts';
import { formatSlots } from './lookup-slot.ts';

export interface LookupDependencies {
  readonly roster: VerifiedRoster;
  readonly store: RegistryStore;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly lookups: Counter<'result'>;
}

function refusal(result: Exclude<ClaimResult, 'claimed' | 'again'>): BlindmarkError {
  if (result === 'replayed') {
    return new BlindmarkError('replayed', 'Another lookup was made under this evaluation', {
      field: 'evaluation',
      remedy: 'Ask for a new evaluation.',
    });
  }
  return new BlindmarkError(
    'evaluationRequired',
    'The lookup names no valid evaluation of this officer for so many tags',
    {
      field: 'evaluation',
      remedy: 'Ask for the evaluation first, and look up its tags within five minutes.',
    },
  );
}

export function lookupRoute({ roster, store, now, lookups }: LookupDependencies): Route {
  const { origin } = roster.roster;
  return defineRoute({
    method: 'post',
    path: '/v1/lookups',
    summary: 'The registrations of codes that were read',
    description:
      'For officers: the lookup tags of codes whose evaluation the same officer’s key asked for, once, and at most as many. Answers with four places for each tag, in the order asked; a place is a registration or none, and both are of one length. A byte-identical request is answered again while it is valid. There is no other way to ask what is registered.',
    body: lookupRequestSchema,
    reply: lookupReplySchema,
    errors: [...OFFICER_REQUEST_ERRORS, 'evaluationRequired', 'replayed', 'storageFailed'],
    handle: async ({ body: { evaluation, tags, authorization } }) => {
      const content = [evaluation, ...tags];
      const at = now();
      const { officer, hash } = await verifyOfficerRequest(authorization, {
        purpose: 'lookup',
        content,
        roster,
        now: at,
      });
      const result = await store.claimLookup({
        evaluation,
        officer: officer.thumbprint,
        tags: tags.length,
        requestHash: hash,
        now: at,
      });
      if (result !== 'claimed' && result !== 'again') throw refusal(result);
      const found = await store.findByIndexes(tags.map((tag) => registrationIndex(origin, tag)));
      lookups.inc({ result });
      return { results: found.map(formatSlots) };
    },
  });
}
