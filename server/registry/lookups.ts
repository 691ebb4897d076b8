/**
 * `POST /v1/lookups`: an officer learns which registrations the tags have that the guardians' evaluations led to. Each that is
 * shown has its entry in the log before.
 */
import type { Counter } from 'prom-client';
import { formatBase64url } from '../../crypto/bytes.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { hourOf } from '../../crypto/log-entry.ts';
import type { DelayedFields, LoggedEntry } from '../../crypto/log-proof.ts';
import { OFFICER_REQUEST_ERRORS, verifyOfficerRequest } from '../../crypto/officer-request.ts';
import { registrationIndex, type RegistrationRow } from '../../crypto/registration.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import { lookupReplySchema, lookupRequestSchema, type LookupReply, type LookupRequest } from '../../crypto/wire.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { Log } from '../log/log.ts';
import type { RevocationWatch } from '../revocations.ts';
import type { ClaimResult, RegistryStore } from '../store/store.ts';
import type { DelayedEntries, EntryRequest } from './delayed-entries.ts';
import { formatSlots, type ShownRegistration } from './lookup-slot.ts';
import { LOG_ERRORS, matchEntryKey, type RegistrationEntries } from './registration-entries.ts';

export interface LookupDependencies {
  readonly roster: VerifiedRoster;
  readonly store: RegistryStore;
  readonly publicLog: Log;
  readonly delayed: DelayedEntries;
  readonly registrationEntries: RegistrationEntries;
  readonly revocations: Pick<RevocationWatch, 'check'>;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly lookups: Counter<'result'>;
}

function refusal(result: Exclude<ClaimResult['result'], 'claimed' | 'again'>): BlindmarkError {
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

const nameOf = ({ commitment }: RegistrationRow): string => formatBase64url(commitment);

/** A registration with where the log has its entries. */
interface Placed {
  readonly row: RegistrationRow;
  readonly registered: { readonly key: Uint8Array; readonly index: number };
  readonly match: { readonly key: Uint8Array; readonly index: number; readonly delayed: DelayedFields };
}

export function lookupRoute(dependencies: LookupDependencies): Route {
  const { roster, store, publicLog, delayed, registrationEntries, revocations, now, lookups } = dependencies;
  const { origin } = roster.roster;

  /** The registrations that this lookup shows: those that were there when it was first sent. */
  const settle = async (
    evaluation: Uint8Array,
    lookup: number,
    rows: readonly RegistrationRow[],
  ): Promise<RegistrationRow[]> => {
    const hour = hourOf(now());
    // All at once: they share one write to disk, which takes place whether there is a match or not.
    const [settled] = await Promise.all([
      store.settleLookup(
        evaluation,
        rows.map(({ commitment }) => commitment),
      ),
      ...rows.map(async (row) =>
        store.addHistory(row, { key: matchEntryKey(lookup, row.commitment), kind: 'match', hour }),
      ),
    ]);
    if (settled === null) throw refusal('evaluationRequired');
    const shown = new Set(settled.map((commitment) => formatBase64url(commitment)));
    return rows.filter((row) => shown.has(nameOf(row)));
  };

  /** Appends what is missing and the matches; without any of them, nothing, on the same way. */
  const logMatches = async (lookup: number, rows: readonly RegistrationRow[], delayDays: number): Promise<Placed[]> => {
    await Promise.all(
      rows.map(async (row) => {
        if ((await registrationEntries.findRegistered(row)).found === null) await registrationEntries.complete(row);
      }),
    );
    const requests: EntryRequest[] = rows.map(({ commitment }) =>
      registrationEntries.matchRequest(lookup, commitment, delayDays),
    );
    const { entries } = await delayed.append(requests, delayDays > 0);
    return Promise.all(
      rows.map(async (row, i) => {
        const { key, found } = await registrationEntries.findRegistered(row);
        const entry = entries[i] as (typeof entries)[number];
        // What was appended is found from then on.
        if (found === null) throw new BlindmarkError('unavailable', 'The log does not find what it has');
        return {
          row,
          registered: { key, index: found.index },
          match: { key: (requests[i] as EntryRequest).key, index: entry.index, delayed: entry.delayed },
        };
      }),
    );
  };

  /** Proofs of all entries under one checkpoint. */
  const prove = async (placed: readonly Placed[]) => {
    const indexes = placed.flatMap(({ registered, match }) => [registered.index, match.index]);
    const { checkpoint, size, entries } = await publicLog.prove(indexes);
    const shown = placed.map(({ row, registered, match }, i): [string, ShownRegistration] => [
      nameOf(row),
      {
        registration: row,
        registered: {
          logged: entries[2 * i] as LoggedEntry,
          salt: registrationEntries.salt(registered.key),
        },
        match: {
          logged: entries[2 * i + 1] as LoggedEntry,
          salt: registrationEntries.salt(match.key),
          delayed: match.delayed,
        },
      },
    ]);
    return { checkpoint, size, shown: new Map(shown) };
  };

  const show = async ({ evaluation, tags }: LookupRequest, lookup: number, delayDays: number): Promise<LookupReply> => {
    const found = await store.findByIndexes(tags.map((tag) => registrationIndex(origin, tag)));
    const rows = [...new Map(found.flat().map((row) => [nameOf(row), row])).values()];
    const settled = await settle(evaluation, lookup, rows);
    const { checkpoint, size, shown } = await prove(await logMatches(lookup, settled, delayDays));
    const results = found.map((claims) => claims.flatMap((row) => shown.get(nameOf(row)) ?? []));
    return { checkpoint, results: formatSlots(size, results) };
  };

  return defineRoute({
    method: 'post',
    path: '/v1/lookups',
    summary: 'The registrations of codes that were read',
    description:
      'For officers: the lookup tags of codes whose evaluation the same officer’s key asked for, once, and at most as many. Answers with four places for each tag, in the order asked; a place is a registration with its entries in the public log, or none, and both are of one length. That a registration is shown is in the log before it is shown. A byte-identical request is answered again while it is valid, with the same matches. There is no other way to ask what is registered.',
    body: lookupRequestSchema,
    reply: lookupReplySchema,
    errors: [
      ...OFFICER_REQUEST_ERRORS,
      'credentialRevoked',
      'revocationsStale',
      'evaluationRequired',
      'replayed',
      ...LOG_ERRORS,
    ],
    handle: async ({ body }) => {
      const { evaluation, tags, authorization } = body;
      const at = now();
      const { officer, hash } = await verifyOfficerRequest(authorization, {
        purpose: 'lookup',
        content: [evaluation, ...tags],
        roster,
        now: at,
      });
      await revocations.check(officer, at);
      const claim = await store.claimLookup({
        evaluation,
        officer: officer.thumbprint,
        tags: tags.length,
        requestHash: hash,
        now: at,
      });
      if (claim.result !== 'claimed' && claim.result !== 'again') throw refusal(claim.result);
      const reply = await show(body, claim.entry, officer.force.delayDays);
      lookups.inc({ result: claim.result });
      return reply;
    },
  });
}
