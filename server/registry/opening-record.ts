/** An opening as the registry keeps it: what was asked, who approved, and what came of it. The store takes all of it as text. */
import { z } from 'zod';
import { CLOCK_TOLERANCE } from '../../crypto/credential.ts';
import { bytesField, formatMessage, identifierField, parseMessage } from '../../crypto/message.ts';
import { officerAuthorizationSchema, type OfficerAuthorization } from '../../crypto/officer-request.ts';
import { openingDetailsSchema, type AskedOpening } from '../../crypto/opening.ts';
import { CONTACT_ENVELOPE_SIZES, envelopeField } from '../../crypto/registration.ts';
import type { Fault } from '../../crypto/wire.ts';
import { openingResultSchema, type OpeningReply, type OpeningState } from '../../crypto/wire-openings.ts';
import type { NewOpening, StoredOpening } from '../store/opening-store.ts';

/** Seconds after its end for which an opening is kept: so long messages can be left. Its result is read until the end alone. */
const KEPT_SECONDS = 30 * 86_400;

const askSchema = z.strictObject({
  details: openingDetailsSchema,
  first: officerAuthorizationSchema,
  force: identifierField,
  caseCommitment: bytesField(32),
  /** As it was when the first officer asked. */
  envelope: envelopeField(CONTACT_ENVELOPE_SIZES),
});
type Ask = z.output<typeof askSchema>;

export type OpeningResult = z.output<typeof openingResultSchema>;

/** An opening. `second` is null until it is approved, `result` until t guardians have answered. */
export interface Opening extends Ask {
  readonly id: Uint8Array;
  /** Where its registration is found. */
  readonly index: Uint8Array;
  readonly second: OfficerAuthorization | null;
  readonly result: OpeningResult | null;
}

const formatText = <T extends z.ZodType>(schema: T, value: z.output<T>): string =>
  JSON.stringify(formatMessage(schema, value));
const parseText = <T extends z.ZodType>(schema: T, text: string): z.output<T> => parseMessage(schema, JSON.parse(text));

/** The text of an approval or of a message's author. */
export const formatAuthorization = (authorization: OfficerAuthorization): string =>
  formatText(officerAuthorizationSchema, authorization);

/** Reads {@link formatAuthorization}. */
export const parseAuthorization = (text: string): OfficerAuthorization => parseText(officerAuthorizationSchema, text);

/** The text of a result. */
export const formatResult = (result: OpeningResult): string => formatText(openingResultSchema, result);

/** Reads {@link formatResult}. */
export const parseResult = (text: string): OpeningResult => parseText(openingResultSchema, text);

/** What is stored of an opening that the first officer asks for. */
export function formatOpening(
  asked: AskedOpening,
  first: OfficerAuthorization,
  registration: { readonly index: Uint8Array; readonly envelope: Uint8Array },
): NewOpening {
  const { id, details, force, caseCommitment } = asked;
  const { index, envelope } = registration;
  return {
    id,
    index,
    commitment: details.commitment,
    ask: formatText(askSchema, { details, first, force: force.id, caseCommitment, envelope }),
    keptUntil: details.expiresAt + KEPT_SECONDS,
  };
}

/** Reads what is stored of an opening. */
export function parseOpening({ id, index, ask, approval, result }: StoredOpening): Opening {
  return {
    ...parseText(askSchema, ask),
    id,
    index,
    second: approval === null ? null : parseAuthorization(approval),
    result: result === null ? null : parseResult(result),
  };
}

const isOver = ({ details }: Opening, now: number): boolean => now > details.expiresAt + CLOCK_TOLERANCE;

/** How far an opening is at `now`, in epoch seconds. */
export function stateOf(opening: Opening, now: number): OpeningState {
  if (opening.result !== null) return 'opened';
  if (isOver(opening, now)) return 'expired';
  return opening.second === null ? 'pending' : 'approved';
}

/** An opening as its officers read it. What guardians answered is handed out in its time alone. */
export function openingReply(opening: Opening, now: number, faults: readonly Fault[] = []): OpeningReply {
  const { details, first, second } = opening;
  const result = isOver(opening, now) ? null : opening.result;
  return { status: stateOf(opening, now), details, first, second, result, faults: [...faults] };
}
