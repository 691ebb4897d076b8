/** Openings of a tray's hits: asked for, followed, and what they open; and a colleague's, approved. */
import {
  badInput,
  BlindmarkError,
  isBlindmarkError,
  REASONS,
  type Contact,
  type OpenableHit,
  type OpeningOutcome,
  type Reason,
} from '../../../client-sdk/index.ts';
import type { CallContext } from './calls.ts';
import type { ApprovalView, OpeningView, PoliceApi } from './police-api.ts';
import type { Connection, Session } from './police-session.ts';
import { openingView } from './police-views.ts';
import { createId, type StoredContact, type StoredOpening, type Tray } from './trays.ts';

type Args<Name extends keyof PoliceApi> = Parameters<PoliceApi[Name]>[0];

/** With whom and where openings are made. */
export interface OpeningDesk {
  readonly session: Session;
  readonly connection: Connection;
  /** ISO time. */
  readonly now: string;
  readonly context: CallContext;
}

/** The hit of a match, as its opening needs it. @throws BlindmarkError `notFound` */
async function findHit({ session }: OpeningDesk, tray: Tray, match: number): Promise<OpenableHit> {
  for (const { result } of (await session.trays.read(tray.id, 'answer')).values()) {
    const found = result.registrations.find(({ evidence }) => evidence.match.logged.index === match);
    if (found === undefined) continue;
    const { caseReference } = tray.header;
    return { caseReference, caseSalt: result.evidence.caseSalt, ...found.evidence };
  }
  throw new BlindmarkError('notFound', 'The tray has no such hit', {
    field: 'match',
    remedy: 'Open the case again, and choose one of its hits.',
  });
}

/** The last opening of a match. @throws BlindmarkError `notFound` */
function findOpening({ openings }: Tray, match: number): readonly [id: string, opening: StoredOpening] {
  const found = [...openings].findLast(([, opening]) => opening.match === match);
  if (found !== undefined) return found;
  throw new BlindmarkError('notFound', 'Nobody has asked for this contact yet', {
    field: 'match',
    remedy: 'Ask for the opening first.',
  });
}

function storedContact(contact: Contact): StoredContact {
  if (contact.kind === 'relay') return { kind: 'relay', exchangeKey: contact.exchangeKey };
  return contact;
}

const isReason = (text: string): text is Reason => (REASONS as readonly string[]).includes(text);

/** Asks for the contact of a hit, and keeps the token. */
export async function askOpening(
  { tray: id, match, reason, explanation, validHours }: Args<'askOpening'>,
  desk: OpeningDesk,
): Promise<OpeningView> {
  const { session, connection, now, context } = desk;
  if (!isReason(reason)) throw badInput('reason', `one of ${REASONS.join(', ')}`);
  if (validHours !== undefined && !(validHours > 0 && validHours <= 24))
    throw badInput('validHours', 'a number above 0 and up to 24');
  const tray = await session.trays.load(id);
  const hit = await findHit(desk, tray, match);
  const validSeconds = validHours === undefined ? undefined : Math.round(validHours * 3600);
  const { token, expiresAt } = await connection.openings.ask(
    hit,
    { reason, explanation, validSeconds },
    context.signal,
  );
  const order = Math.max(-1, ...[...tray.openings.values()].map((opening) => opening.order)) + 1;
  const asked = {
    order,
    match,
    token,
    status: 'pending',
    expiresAt,
    reason,
    contact: null,
    entry: null,
    officers: [],
  } as const;
  await session.trays.change(id, now, ({ put }) => {
    put('opening', createId(), asked);
  });
  return openingView(asked);
}

/** An opening as its outcome leaves it. */
function withOutcome(opening: StoredOpening, outcome: OpeningOutcome): StoredOpening {
  if (outcome.status !== 'opened') return { ...opening, status: outcome.status };
  const { contact, logged } = outcome;
  const officers = [logged.first, logged.second];
  return { ...opening, status: 'opened', contact: storedContact(contact), entry: logged.entry, officers };
}

/** How far an opening is. A contact that was opened once is read from the tray from then on. */
export async function checkOpening({ tray: id, match }: Args<'checkOpening'>, desk: OpeningDesk): Promise<OpeningView> {
  const { session, connection, now, context } = desk;
  const tray = await session.trays.load(id);
  const [name, opening] = findOpening(tray, match);
  if (opening.contact !== null || opening.status === 'expired') return openingView(opening);
  const hit = await findHit(desk, tray, match);
  let changed: StoredOpening;
  try {
    changed = withOutcome(opening, await connection.openings.contact(opening.token, hit, context.signal));
  } catch (error) {
    // Opened, and not read in time: it is to be asked for again, as one that nobody approved.
    if (!isBlindmarkError(error, 'openingExpired')) throw error;
    changed = { ...opening, status: 'expired' };
  }
  if (changed.status !== opening.status) {
    await session.trays.change(id, now, ({ put }) => {
      put('opening', name, changed);
    });
  }
  return openingView(changed);
}

/** What a colleague asks to have approved. */
export async function inspectOpening(
  { token, caseReference }: Args<'inspect'>,
  { connection, context }: OpeningDesk,
): Promise<ApprovalView> {
  const opening = await connection.openings.inspect(token, caseReference.trim(), context.signal);
  const { status, reason, askedBy, match, expiresAt } = opening;
  return { status, reason, askedBy, match, expiresAt };
}

/** Approves it. It is inspected once more: what the page showed is not what counts. */
export async function approveOpening(
  { token, caseReference }: Args<'approve'>,
  { connection, context }: OpeningDesk,
): Promise<number | null> {
  const { openings } = connection;
  const opening = await openings.inspect(token, caseReference.trim(), context.signal);
  return (await openings.approve(opening, context.signal))?.entry ?? null;
}

/** Leaves a message for a keeper whose contact was opened. */
export async function leaveMessage(
  { tray: id, match, text, reply }: Args<'leaveMessage'>,
  desk: OpeningDesk,
): Promise<'left' | 'again'> {
  const { session, connection, context } = desk;
  const tray = await session.trays.load(id);
  const [, { token, contact }] = findOpening(tray, match);
  if (contact === null) throw badInput('match', 'a hit whose contact has been opened');
  const hit = await findHit(desk, tray, match);
  const replyTo = reply?.trim() ?? '';
  const message = replyTo === '' ? { text } : { text, replyTo };
  return connection.openings.leaveMessage(token, hit, contact, message, context.signal);
}
