/** `POST /v1/openings` and `GET /v1/openings/{id}`: a first officer asks for a contact, and both officers read what came of it. */
import type { Counter } from 'prom-client';
import { z } from 'zod';
import { badInput, BlindmarkError, isBlindmarkError } from '../../crypto/errors.ts';
import { bytesField } from '../../crypto/message.ts';
import { checkOpeningEnvelope, OPENING_ERRORS, verifyAskedOpening } from '../../crypto/opening.ts';
import { registrationIndex } from '../../crypto/registration.ts';
import {
  openingAskedSchema,
  openingReplySchema,
  openingRequestSchema,
  type OpeningAsked,
  type OpeningReply,
  type OpeningRequest,
} from '../../crypto/wire-openings.ts';
import type { Fault } from '../../crypto/wire.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { Budgets } from './budgets.ts';
import { openingNotFound, type Completion, type CompletionDependencies } from './opening-completion.ts';
import { checkMatch, type MatchDependencies } from './opening-match.ts';
import { formatOpening, openingReply, parseOpening, stateOf, type Opening } from './opening-record.ts';

/** The path's parameter of the routes that name one opening. */
export const openingParams = z.strictObject({ id: bytesField(32) });

/** What every route of openings depends on. */
export interface OpeningDependencies extends CompletionDependencies, MatchDependencies {
  readonly completion: Completion;
  readonly budgets: Budgets;
  readonly counted: Counter<'step' | 'result'>;
}

/** Route and approvals read an opening in one way. */
export async function findOpening(openings: OpeningDependencies['openings'], id: Uint8Array): Promise<Opening> {
  const stored = await openings.findOpening(id);
  if (stored === null) throw openingNotFound();
  return parseOpening(stored);
}

function registrationNotFound(): BlindmarkError {
  return new BlindmarkError('notFound', 'There is no such registration', {
    field: 'details.commitment',
    remedy: 'Look the item up again: its keeper may have withdrawn it.',
  });
}

/** `POST /v1/openings` */
export function openingRoute(dependencies: OpeningDependencies): Route {
  const { roster, store, openings, revocations, budgets, now, counted } = dependencies;
  const { origin } = roster.roster;

  const ask = async ({ details, lookupTag, authorization }: OpeningRequest): Promise<OpeningAsked> => {
    const at = now();
    const asked = await verifyAskedOpening({ details, first: authorization }, { roster, now: at });
    await revocations.check(asked.first.officer, at);
    const { id } = asked;
    const reply = { id, expiresAt: details.expiresAt };
    if ((await openings.findOpening(id)) !== null) return reply;
    const { commitment } = details;
    // Before anything is said of the registration: whoever has no match, or no quota, learns nothing of it by asking.
    await checkMatch(asked, dependencies);
    budgets.chargeOfficer(id, asked.first.officer, 1);
    const index = registrationIndex(origin, lookupTag);
    const row = await store.findByCommitment({ index, commitment });
    if (row === null) throw registrationNotFound();
    if (row.contactEnvelope === null) {
      throw new BlindmarkError('badEnvelope', 'The keeper left no way to be reached', {
        field: 'details.envelopeHash',
      });
    }
    if (row.epoch !== details.epoch) throw badInput('details.epoch', 'the registration’s epoch');
    checkOpeningEnvelope(details, row.contactEnvelope);
    await openings.addOpening(formatOpening(asked, authorization, { index, envelope: row.contactEnvelope }));
    // The keeper may have withdrawn it since it was read; nothing of it may outlast that.
    if ((await store.findByCommitment({ index, commitment })) === null) {
      await openings.eraseRegistration(commitment);
      throw registrationNotFound();
    }
    return reply;
  };

  return defineRoute({
    method: 'post',
    path: '/v1/openings',
    summary: 'Asks for a keeper’s contact',
    description:
      'For an officer whose force has a match on the registration, under the same case. Nothing is opened: another officer of the force approves it by its identifier, within the time that the request says. Sent again, it is answered the same.',
    body: openingRequestSchema,
    reply: openingAskedSchema,
    errors: [
      ...OPENING_ERRORS,
      'credentialRevoked',
      'revocationsStale',
      'notFound',
      'notMatched',
      'quotaExceeded',
      'guardiansUnavailable',
      'storageFailed',
    ],
    handle: async ({ body }) => {
      const asked = await ask(body);
      counted.inc({ step: 'ask', result: 'asked' });
      return asked;
    },
  });
}

/** The guardians that an error says are at fault. */
function faultsOf(error: BlindmarkError): Fault[] {
  return (error.guardians ?? []).map((guardian) => ({ guardian, code: error.code }));
}

/** `GET /v1/openings/{id}` */
export function openingStateRoute({ openings, completion, now, counted }: OpeningDependencies): Route {
  const read = async (opening: Opening): Promise<OpeningReply> => {
    const { second } = opening;
    if (second === null || stateOf(opening, now()) !== 'approved') return openingReply(opening, now());
    try {
      const { opening: completed, faults } = await completion.complete({ ...opening, second });
      return openingReply(completed, now(), faults);
    } catch (error) {
      // What may be mended by waiting is the state of the opening; what is not is said.
      if (!isBlindmarkError(error) || error.kind !== 'unavailable') throw error;
      return openingReply(opening, now(), faultsOf(error));
    }
  };

  return defineRoute({
    method: 'get',
    path: '/v1/openings/{id}',
    summary: 'Reads an opening',
    description:
      'For whoever has its identifier: what was asked, who approved it, and, until its time is over, the guardians’ partial decryptions, which are useless without the code. Where it is approved and too few guardians have answered, they are asked again; that appends nothing to the log.',
    params: openingParams,
    reply: openingReplySchema,
    errors: [...OPENING_ERRORS, 'credentialRevoked', 'notFound', 'quotaExceeded', 'storageFailed'],
    handle: async ({ params: { id } }) => {
      const reply = await read(await findOpening(openings, id));
      counted.inc({ step: 'read', result: reply.status });
      return reply;
    },
  });
}
