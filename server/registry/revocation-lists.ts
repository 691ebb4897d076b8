/**
 * What forces revoke, kept and shown by the log: `POST /v1/revocations`, where a force may publish its list, lists that were
 * fetched from where else a force publishes, and `GET /v1/revocations/{force}`.
 */
import { z } from 'zod';
import { equalBytes, formatUint } from '../../crypto/bytes.ts';
import { verifyForceCredential } from '../../crypto/credential.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { formatLogEntry, hourOf } from '../../crypto/log-entry.ts';
import { identifierField } from '../../crypto/message.ts';
import {
  REVOCATION_ERRORS,
  revocationEntry,
  revocationListHash,
  type SignedRevocationList,
  type VerifiedRevocationList,
} from '../../crypto/revocation-list.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import { revocationsReplySchema, revocationsSchema } from '../../crypto/wire-openings.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { LOG_ERRORS } from './registration-entries.ts';
import type { Log } from '../log/log.ts';
import type { RevocationWatch, RevocationWatchOptions } from '../revocations.ts';
import type { OpeningStore, StoredRevocations } from '../store/opening-store.ts';
import type { Budgets } from './budgets.ts';

export interface RevocationRecordDependencies {
  readonly openings: Pick<OpeningStore, 'findRevocations' | 'saveRevocations'>;
  readonly publicLog: Pick<Log, 'append' | 'find'>;
  readonly budgets: Budgets;
  /** Epoch seconds. */
  readonly now: () => number;
}

export interface RevocationListDependencies extends RevocationRecordDependencies {
  readonly roster: VerifiedRoster;
  readonly openings: OpeningStore;
  readonly publicLog: Log;
  readonly revocations: Pick<RevocationWatch, 'add'>;
}

/** The append key of a list's entry. What is revoked again after it was not, is another entry. */
export function revocationEntryKey({ force, hash, since }: StoredRevocations): Uint8Array {
  return labelledHash('revocation-entry', force, hash, formatUint(since, 6));
}

/**
 * Keeps a force's list, and has the log show it where it changes what is revoked. The same list again completes what was
 * interrupted.
 *
 * @param list verified; it must not be older than what is known of the force
 * @returns `again` for a list that is not younger than the stored one
 * @throws BlindmarkError `quotaExceeded`; `storageFailed`, and those of `Log.append`
 */
export async function recordRevocations(
  signed: SignedRevocationList,
  list: VerifiedRevocationList,
  { openings, publicLog, budgets, now }: RevocationRecordDependencies,
): Promise<'taken' | 'again'> {
  const { issuedAt, hash } = list;
  const { result, stored } = await openings.saveRevocations({ force: list.force.id, issuedAt, hash, ...signed });
  const key = revocationEntryKey(stored);
  if (!equalBytes(stored.hash, hash) || (await publicLog.find(key)) !== null) return result;
  budgets.chargeRevocation(key, list.force.id);
  await publicLog.append([{ key, entry: formatLogEntry(revocationEntry(list, hourOf(now()))) }]);
  return result;
}

/**
 * What a watch does with lists that it has fetched: as if the force had sent them here. Of a force that has never revoked
 * anything there is nothing to show.
 */
export function recordFetched(
  origin: string,
  dependencies: RevocationRecordDependencies,
): NonNullable<RevocationWatchOptions['onFetched']> {
  return async (signed, list) => {
    const { id } = list.force;
    const isEmpty = equalBytes(list.hash, revocationListHash(origin, id, []));
    if (isEmpty && (await dependencies.openings.findRevocations(id)) === null) return;
    await recordRevocations(signed, list, dependencies);
  };
}

/** `POST /v1/revocations` */
export function revocationRoute(dependencies: RevocationListDependencies): Route {
  const { roster, revocations, now } = dependencies;

  return defineRoute({
    method: 'post',
    path: '/v1/revocations',
    summary: 'Publishes a force’s list of revocations',
    description:
      'For forces: a list that the force signed in the last minutes. It counts here at once; guardians fetch it themselves from where the roster says. A list that is not newer than the one that is here changes nothing, and is answered `again`. The log shows each change of what is revoked.',
    body: revocationsSchema,
    reply: revocationsReplySchema,
    errors: [...REVOCATION_ERRORS, 'quotaExceeded', ...LOG_ERRORS],
    handle: async ({ body }) => {
      const { force } = await verifyForceCredential(body.forceCredential, roster.roster, now());
      const { list } = await revocations.add(body, force.id);
      return { result: await recordRevocations(body, list, dependencies) };
    },
  });
}

/** `GET /v1/revocations/{force}` */
export function revocationListRoute({ openings }: Pick<RevocationListDependencies, 'openings'>): Route {
  return defineRoute({
    method: 'get',
    path: '/v1/revocations/{force}',
    summary: 'A force’s list of revocations',
    description:
      'For guardians, and anyone: the last list that the force has published here, or that was fetched from where it publishes. It is as old as it says: verify it, and its time.',
    params: z.strictObject({ force: identifierField }),
    reply: revocationsSchema,
    errors: ['notFound', 'storageFailed'],
    handle: async ({ params: { force } }) => {
      const stored = await openings.findRevocations(force);
      if (stored === null) {
        throw new BlindmarkError('notFound', 'The force has published no list of revocations here', {
          field: 'force',
          remedy: 'The roster says where the force publishes its list.',
        });
      }
      const { forceCredential, list } = stored;
      return { forceCredential, list };
    },
  });
}
