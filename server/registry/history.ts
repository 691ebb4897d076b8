/** `POST /v1/registrations/{commitment}/history`: an owner reads a registration, and every entry of it in the log. */
import { equalBytes } from '../../crypto/bytes.ts';
import { CLOCK_TOLERANCE } from '../../crypto/credential.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { parseLogEntry } from '../../crypto/log-entry.ts';
import type { LoggedEntry } from '../../crypto/log-proof.ts';
import { REQUEST_SECONDS } from '../../crypto/officer-request.ts';
import { historyHash, type RegistrationRow } from '../../crypto/registration.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import { isSignature } from '../../crypto/signature.ts';
import { historyReplySchema, historyRequestSchema, MAX_HISTORY, type HistoryReply } from '../../crypto/wire.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { FoundEntry, Log } from '../log/log.ts';
import type { HistoryRecord, RegistryStore } from '../store/store.ts';
import { commitmentParams } from './actions.ts';
import type { DelayedEntries } from './delayed-entries.ts';
import { findOwn } from './owner-right.ts';
import { LOG_ERRORS, type RegistrationEntries } from './registration-entries.ts';

export interface HistoryDependencies {
  readonly roster: VerifiedRoster;
  readonly store: RegistryStore;
  readonly publicLog: Log;
  readonly delayed: DelayedEntries;
  readonly registrationEntries: RegistrationEntries;
  /** Epoch seconds. */
  readonly now: () => number;
}

/**
 * Checks that an owner’s request is young. It may be repeated while it is; no memory of it is kept.
 *
 * @throws BlindmarkError `credentialExpired`
 */
export function checkAge(issuedAt: number, now: number): void {
  if (issuedAt <= now + CLOCK_TOLERANCE && now <= issuedAt + REQUEST_SECONDS) return;
  throw new BlindmarkError('credentialExpired', `The request is not of the last ${REQUEST_SECONDS} seconds`, {
    field: 'issuedAt',
    remedy: 'Sign it anew, and check this computer’s clock.',
  });
}

/** An entry that the log shows of a registration. */
interface Shown {
  readonly index: number;
  readonly record: HistoryRecord;
}

export function historyRoute(dependencies: HistoryDependencies): Route {
  const { roster, store, publicLog, delayed, registrationEntries, now } = dependencies;
  const { origin } = roster.roster;

  const recordsOf = async (row: RegistrationRow): Promise<HistoryRecord[]> => {
    // Of a later version the record is stored, and this one only says its key.
    const own = registrationEntries.record(row, 'registration');
    const stored = await store.findHistory(row, own.key, MAX_HISTORY);
    const isStored = stored.some(({ key }) => equalBytes(key, own.key));
    return isStored ? stored : [own, ...stored].slice(0, MAX_HISTORY);
  };

  /** What the log shows of a record; none where the entry is not there, or is still hidden. */
  const find = async (record: HistoryRecord): Promise<Shown[]> => {
    const found = await publicLog.find(record.key);
    if (found === null) return [];
    const shown: FoundEntry | null =
      parseLogEntry(found.entry).kind === 'delayed' ? await delayed.revealedOf(found.index) : found;
    return shown === null ? [] : [{ index: shown.index, record }];
  };

  const read = async (registration: RegistrationRow): Promise<HistoryReply> => {
    await registrationEntries.complete(registration);
    const found = (await Promise.all((await recordsOf(registration)).map(find))).flat();
    const isLater = ({ record }: Shown): number => (record.kind === 'registration' ? 0 : 1);
    const shown = found.toSorted((a, b) => isLater(a) - isLater(b) || a.index - b.index);
    const { checkpoint, entries } = await publicLog.prove(shown.map(({ index }) => index));
    return {
      registration,
      checkpoint,
      entries: shown.map(({ record }, i) => ({
        logged: entries[i] as LoggedEntry,
        salt: registrationEntries.salt(record.key),
      })),
    };
  };

  return defineRoute({
    method: 'post',
    path: '/v1/registrations/{commitment}/history',
    summary: 'Reads a registration, and what the log has of it',
    description:
      'For the owner of this one registration, shown by lookup tag, public key and a signature of the last five minutes. Answers with the registration and its entries in the public log, each with its proof and the salt of its mark: the registration, every change, every lookup that was shown it and every opening, as far as a force’s policy does not hide it yet. Somebody else’s registration, and one that does not exist, are answered `notFound`.',
    params: commitmentParams,
    body: historyRequestSchema,
    reply: historyReplySchema,
    errors: ['badSignature', 'credentialExpired', 'notFound', ...LOG_ERRORS],
    handle: async ({ body, params: { commitment } }) => {
      if (!isSignature(body.ownerPublicKey, historyHash(origin, commitment, body.issuedAt), body.signature)) {
        throw new BlindmarkError('badSignature', 'The request is not signed by the key in it', { field: 'signature' });
      }
      checkAge(body.issuedAt, now());
      return read(await findOwn(store, origin, commitment, body));
    },
  });
}
