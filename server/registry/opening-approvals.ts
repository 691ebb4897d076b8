/** `POST /v1/openings/{id}/approvals`: a second officer approves; then, and not before, anything is opened. */
import { BlindmarkError } from '../../crypto/errors.ts';
import type { OfficerAuthorization } from '../../crypto/officer-request.ts';
import { OPENING_ERRORS } from '../../crypto/opening.ts';
import { approvalRequestSchema, openingReplySchema } from '../../crypto/wire-openings.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { openingNotFound, type Completed } from './opening-completion.ts';
import { findOpening, openingParams, type OpeningDependencies } from './openings.ts';
import { formatAuthorization, openingReply, type Opening } from './opening-record.ts';

function notPending(): BlindmarkError {
  return new BlindmarkError('openingNotPending', 'Another approval of this opening was taken before', {
    field: 'id',
    remedy: 'Read the opening: the officer who asked finds there what came of it.',
  });
}

/** `POST /v1/openings/{id}/approvals` */
export function approvalRoute({ openings, completion, now, counted }: OpeningDependencies): Route {
  const approve = async (opening: Opening, second: OfficerAuthorization): Promise<Completed> => {
    const text = formatAuthorization(second);
    if (opening.second !== null && formatAuthorization(opening.second) !== text) throw notPending();
    // A lost reply is asked for again at any time, when the requests may have expired.
    if (opening.result !== null) return { opening, faults: [] };
    await completion.verify(opening, second);
    const result = await openings.approve(opening.id, text);
    if (result === 'taken') throw notPending();
    if (result === 'notFound') throw openingNotFound();
    return completion.complete({ ...opening, second });
  };

  return defineRoute({
    method: 'post',
    path: '/v1/openings/{id}/approvals',
    summary: 'Approves an opening, as a second officer',
    description:
      'For another officer of the same force, under the same case commitment. The opening is written into the log, then the guardians are asked for their partial decryptions, and the answer is that of reading the opening. Where too few guardians answer, it stays approved: the same approval may be sent again, or the opening read, and nothing more is written into the log.',
    params: openingParams,
    body: approvalRequestSchema,
    reply: openingReplySchema,
    errors: [
      ...OPENING_ERRORS,
      'credentialRevoked',
      'revocationsStale',
      'notFound',
      'openingNotPending',
      'quotaExceeded',
      'guardiansUnavailable',
      'logBehind',
      'logForked',
      'storageFailed',
    ],
    handle: async ({ body: { authorization }, params: { id } }) => {
      const { opening, faults } = await approve(await findOpening(openings, id), authorization);
      counted.inc({ step: 'approve', result: 'opened' });
      return openingReply(opening, now(), faults);
    },
  });
}
