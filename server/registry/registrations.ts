/** `POST /v1/registrations`: stores a first row, spends its activation token, and gives a receipt once the log has it. */
import type { Counter } from 'prom-client';
import { CLOCK_TOLERANCE } from '../../crypto/credential.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { verifyRosterToken } from '../../crypto/evaluation.ts';
import { registrationIndex, verifyRow, type RegistrationRow } from '../../crypto/registration.ts';
import { liveEpochs, type Roster, type VerifiedRoster } from '../../crypto/roster.ts';
import { activationNonce, redemptionCommitment, type RsaVerifier } from '../../crypto/token.ts';
import { registrationReplySchema, registrationRequestSchema, type RegistrationRequest } from '../../crypto/wire.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { RegisterResult, RegistryStore } from '../store/store.ts';
import { isSameRow } from './owner-right.ts';
import { afterStoring, LOG_ERRORS, type RegistrationEntries } from './registration-entries.ts';

const SECONDS_A_DAY = 86_400;

export interface RegistrationDependencies {
  readonly roster: VerifiedRoster;
  readonly store: RegistryStore;
  readonly registrationEntries: RegistrationEntries;
  readonly rsa: RsaVerifier;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly registrations: Counter<'result'>;
}

/** A first row: in the newest live epoch, of a status that marked property starts with. */
function checkFirstRow(row: RegistrationRow, roster: Roster): void {
  if (row.version !== 1) throw badInput('row.version', '1 for a new registration');
  if (row.status === 'recovered') throw badInput('row.status', 'withKeeper, stolen or lost for a new registration');
  if (row.epoch === liveEpochs(roster)[0]?.epoch) return;
  throw new BlindmarkError('wrongEpoch', 'New registrations are made in the newest live epoch', {
    field: 'row.epoch',
    remedy: 'Fetch the roster again, and repeat the work under its newest live epoch.',
  });
}

/**
 * Today, or yesterday so that a request may be repeated over midnight; in UTC. Clocks may be {@link CLOCK_TOLERANCE} ahead.
 */
function isRecent(date: string, now: number): boolean {
  const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);
  return date >= day(now - SECONDS_A_DAY) && date <= day(now + CLOCK_TOLERANCE);
}

const REFUSALS = {
  tokenSpent: new BlindmarkError('tokenSpent', 'The activation token has made a registration already', {
    field: 'token',
    remedy: 'Exchange an activation key for another token.',
  }),
  alreadyRegistered: new BlindmarkError('alreadyRegistered', 'This registration exists, with another content', {
    field: 'row',
    remedy: 'Read it with …/history, and change it with …/actions. The token is unspent.',
  }),
  claimsFull: new BlindmarkError('claimsFull', 'No further registration of this code is taken', {
    field: 'row.index',
    remedy: 'Compare the code with the pack. If it is yours, turn to the police. The token is unspent.',
  }),
} as const satisfies Partial<Record<RegisterResult, BlindmarkError>>;

export function registrationRoute(dependencies: RegistrationDependencies): Route {
  const { roster, store, registrationEntries, rsa, now, registrations } = dependencies;
  const { origin } = roster.roster;

  const isStored = async ({ row, lookupTag }: RegistrationRequest): Promise<boolean> => {
    const { commitment } = row;
    const stored = await store.findByCommitment({ index: registrationIndex(origin, lookupTag), commitment });
    return stored !== null && isSameRow(origin, stored, row);
  };

  const register = async ({
    row,
    token,
    element,
    redemptionSecret,
  }: RegistrationRequest): Promise<'registered' | 'again'> => {
    checkFirstRow(row, roster.roster);
    if (!isRecent(row.registeredOn, now())) throw badInput('row.registeredOn', 'the date of today, in UTC');
    // Whoever saw the token on its way, a guardian for one, does not know the secret behind its nonce.
    const nonce = activationNonce(origin, element, redemptionCommitment(redemptionSecret));
    await verifyRosterToken(token, nonce, roster, now(), rsa);
    const result = await store.register(row, nonce);
    if (result !== 'registered' && result !== 'again') throw REFUSALS[result];
    return result;
  };

  return defineRoute({
    method: 'post',
    path: '/v1/registrations',
    summary: 'Registers a mark',
    description:
      'For owners: the first row of a registration, signed by the mark’s key, with lookup tag and public key, which are checked and not kept, and an activation token, which makes one registration. Answers with a receipt: the registration’s entry in the public log, its proof and its salt. The same row sent again is answered `again`, however late, with the receipt of the same entry.',
    body: registrationRequestSchema,
    reply: registrationReplySchema,
    errors: [
      'badRow',
      'wrongEpoch',
      'badToken',
      'tokenForAnotherElement',
      'unknownIssuer',
      'tokenSpent',
      'alreadyRegistered',
      'claimsFull',
      ...LOG_ERRORS,
    ],
    handle: async ({ body: request }) => {
      verifyRow(origin, request.row, request);
      // A lost reply is asked for again at any time, when epoch, date or token may no longer do for a new registration.
      const result = (await isStored(request)) ? 'again' : await register(request);
      const receipt = await afterStoring('The registration is stored', registrationEntries.receipt(request.row));
      registrations.inc({ result });
      return { result, receipt };
    },
  });
}
