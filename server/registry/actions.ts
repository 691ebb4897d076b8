/** `POST /v1/registrations/{commitment}/actions`: an owner changes the status or the envelopes, or withdraws. */
import type { Counter } from 'prom-client';
import { z } from 'zod';
import { equalBytes } from '../../crypto/bytes.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { bytesField } from '../../crypto/message.ts';
import { verifyRow, withdrawalHash, type RegistrationRow, type RowWitness } from '../../crypto/registration.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import { isSignature } from '../../crypto/signature.ts';
import { actionReplySchema, actionRequestSchema, type ActionRequest } from '../../crypto/wire.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { RegistryStore } from '../store/store.ts';
import { findOwn, isSameRow, notFound } from './owner-right.ts';

/** The path's parameter of the routes that name one registration. */
export const commitmentParams = z.strictObject({ commitment: bytesField(32) });

export interface ActionDependencies {
  readonly roster: VerifiedRoster;
  readonly store: RegistryStore;
  readonly actions: Counter<'kind' | 'result'>;
}

type Result = z.output<typeof actionReplySchema>['result'];
type Change = Extract<ActionRequest, { kind: 'status' | 'replace' }>;
type Withdrawal = Extract<ActionRequest, { kind: 'withdraw' }>;

function versionConflict(): BlindmarkError {
  return new BlindmarkError(
    'versionConflict',
    'The registration has changed in the meantime; nothing was changed now',
    {
      field: 'version',
      remedy: 'Read the registration with …/history, and make the change anew.',
    },
  );
}

/** The fields that each kind of change leaves as they are, beside `index`, `salt` and `commitment`, which name the row. */
const KEPT = {
  status: ['itemEnvelope', 'contactEnvelope', 'epoch', 'registeredOn'],
  replace: ['status', 'epoch', 'registeredOn'],
} as const satisfies Record<Change['kind'], readonly (keyof RegistrationRow)[]>;

function isSameField(a: RegistrationRow[keyof RegistrationRow], b: RegistrationRow[keyof RegistrationRow]): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? equalBytes(a, b) : a === b;
}

function checkChange(kind: Change['kind'], stored: RegistrationRow, row: RegistrationRow): void {
  if (row.version !== stored.version + 1) throw versionConflict();
  const changed = KEPT[kind].find((field) => !isSameField(stored[field], row[field]));
  if (changed !== undefined) throw badInput(`row.${changed}`, `what is stored: ${kind} does not change it`);
}

export function actionRoute({ roster, store, actions }: ActionDependencies): Route {
  const { origin } = roster.roster;

  const change = async ({ kind, row, ...witness }: Change, commitment: Uint8Array): Promise<Result> => {
    if (!equalBytes(row.commitment, commitment)) throw badInput('row.commitment', 'the commitment of the address');
    verifyRow(origin, row, witness);
    const stored = await findOwn(store, origin, commitment, witness);
    if (isSameRow(origin, stored, row)) return 'again';
    checkChange(kind, stored, row);
    const result = await store.replace(row, stored.version);
    if (result === 'replaced') return 'done';
    // Somebody was faster: perhaps this very request, sent twice.
    if (isSameRow(origin, await findOwn(store, origin, commitment, witness), row)) return 'again';
    throw versionConflict();
  };

  const withdraw = async (request: Withdrawal, commitment: Uint8Array): Promise<Result> => {
    const { version, signature } = request;
    const witness: RowWitness = request;
    if (!isSignature(witness.ownerPublicKey, withdrawalHash(origin, commitment, version), signature)) {
      throw new BlindmarkError('badSignature', 'The withdrawal is not signed by the key in it', { field: 'signature' });
    }
    const { index } = await findOwn(store, origin, commitment, witness);
    const result = await store.erase({ index, commitment }, version);
    if (result === 'versionConflict') throw versionConflict();
    if (result === 'notFound') throw notFound();
    return 'done';
  };

  return defineRoute({
    method: 'post',
    path: '/v1/registrations/{commitment}/actions',
    summary: 'Changes or withdraws a registration',
    description:
      'For the owner of this one registration, shown by lookup tag, public key and signature. `status` and `replace` carry the row’s next version, in which nothing but the status, or the envelopes, is other than stored; sent again, it is answered `again`. `withdraw` erases the row: nothing remains of it, so the same withdrawal sent again is answered `notFound`, which means that it is done. Somebody else’s registration is answered `notFound` too.',
    params: commitmentParams,
    body: actionRequestSchema,
    reply: actionReplySchema,
    errors: ['badRow', 'badSignature', 'notFound', 'versionConflict', 'storageFailed'],
    handle: async ({ body: request, params: { commitment } }) => {
      const result =
        request.kind === 'withdraw' ? await withdraw(request, commitment) : await change(request, commitment);
      actions.inc({ kind: request.kind, result });
      return { result };
    },
  });
}
