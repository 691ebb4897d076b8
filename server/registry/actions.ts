/**
 * `POST /v1/registrations/{commitment}/actions`: an owner changes the status or the envelopes, or withdraws. A change is stored
 * first and logged next; a withdrawal is logged first, since nothing is left of it once it is done. So that the log tells of no
 * withdrawal that never happened, nothing is stored between the two, and a row whose withdrawal is in the log takes no change:
 * it is erased instead, should a crash have left it.
 */
import type { Counter } from 'prom-client';
import { z } from 'zod';
import { equalBytes } from '../../crypto/bytes.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { bytesField } from '../../crypto/message.ts';
import type { Receipt } from '../../crypto/receipt.ts';
import { verifyRow, withdrawalHash, type RegistrationRow, type RowWitness } from '../../crypto/registration.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import { isSignature } from '../../crypto/signature.ts';
import { actionReplySchema, actionRequestSchema, type ActionRequest } from '../../crypto/wire.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { OpeningStore } from '../store/opening-store.ts';
import type { HistoryRecord, RegistryStore } from '../store/store.ts';
import type { Budgets } from './budgets.ts';
import { findOwn, isSameRow, notFound } from './owner-right.ts';
import { afterStoring, LOG_ERRORS, type RegistrationEntries } from './registration-entries.ts';
import { Turns } from './turns.ts';

/** The path's parameter of the routes that name one registration. */
export const commitmentParams = z.strictObject({ commitment: bytesField(32) });

export interface ActionDependencies {
  readonly roster: VerifiedRoster;
  readonly store: RegistryStore;
  readonly openings: Pick<OpeningStore, 'eraseRegistration'>;
  readonly registrationEntries: RegistrationEntries;
  readonly budgets: Pick<Budgets, 'chargeAction'>;
  readonly actions: Counter<'kind' | 'result'>;
}

type Reply = z.output<typeof actionReplySchema>;
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

export function actionRoute(dependencies: ActionDependencies): Route {
  const { roster, store, openings, registrationEntries, budgets, actions } = dependencies;
  const { origin } = roster.roster;
  const turns = new Turns();

  const erase = async (row: RegistrationRow): Promise<'erased' | 'versionConflict' | 'notFound'> => {
    await openings.eraseRegistration(row.commitment);
    return store.erase(row, row.version);
  };

  const replace = async (stored: RegistrationRow, row: RegistrationRow, record: HistoryRecord) => {
    const withdrawal = withdrawalHash(origin, stored.commitment, stored.version);
    if (await registrationEntries.isWithdrawn(withdrawal)) {
      await registrationEntries.withdrawalReceipt(stored.commitment, withdrawal);
      await erase(stored);
      throw notFound();
    }
    // Before its row is gone: what the entry of the row before says could not be told any more.
    await registrationEntries.complete(stored);
    const before = stored.version === 1 ? [registrationEntries.record(stored, 'registration')] : [];
    return store.replace(row, stored.version, [...before, record]);
  };

  const receipt = async (row: RegistrationRow): Promise<Receipt> =>
    afterStoring('The change is stored', registrationEntries.receipt(row));

  const change = async ({ kind, row, ...witness }: Change, commitment: Uint8Array): Promise<Reply> => {
    if (!equalBytes(row.commitment, commitment)) throw badInput('row.commitment', 'the commitment of the address');
    verifyRow(origin, row, witness);
    const stored = await findOwn(store, origin, commitment, witness);
    if (isSameRow(origin, stored, row)) return { result: 'again', receipt: await receipt(row) };
    checkChange(kind, stored, row);
    const record = registrationEntries.record(row, kind);
    budgets.chargeAction(record.key, commitment);
    const result = await turns.run(commitment, async () => replace(stored, row, record));
    if (result === 'replaced') return { result: 'done', receipt: await receipt(row) };
    // Somebody was faster: perhaps this very request, sent twice.
    if (isSameRow(origin, await findOwn(store, origin, commitment, witness), row)) {
      return { result: 'again', receipt: await receipt(row) };
    }
    throw versionConflict();
  };

  const withdraw = async (request: Withdrawal, commitment: Uint8Array): Promise<Reply> => {
    const { version, signature } = request;
    const witness: RowWitness = request;
    const withdrawal = withdrawalHash(origin, commitment, version);
    if (!isSignature(witness.ownerPublicKey, withdrawal, signature)) {
      throw new BlindmarkError('badSignature', 'The withdrawal is not signed by the key in it', { field: 'signature' });
    }
    return turns.run(commitment, async () => {
      const stored = await findOwn(store, origin, commitment, witness);
      if (stored.version !== version) throw versionConflict();
      budgets.chargeAction(withdrawal, commitment);
      await registrationEntries.complete(stored);
      const logged = await registrationEntries.withdrawalReceipt(commitment, withdrawal);
      const result = await erase(stored);
      if (result === 'versionConflict') throw versionConflict();
      return { result: result === 'erased' ? 'done' : 'again', receipt: logged };
    });
  };

  return defineRoute({
    method: 'post',
    path: '/v1/registrations/{commitment}/actions',
    summary: 'Changes or withdraws a registration',
    description:
      'For the owner of this one registration, shown by lookup tag, public key and signature. `status` and `replace` carry the row’s next version, in which nothing but the status, or the envelopes, is other than stored; sent again, it is answered `again`. `withdraw` erases the row: nothing remains of it, so the same withdrawal sent again is answered `notFound`, which means that it is done. Answers with a receipt, as for the registration. Somebody else’s registration is answered `notFound` too.',
    params: commitmentParams,
    body: actionRequestSchema,
    reply: actionReplySchema,
    errors: ['badRow', 'badSignature', 'notFound', 'versionConflict', 'quotaExceeded', ...LOG_ERRORS],
    handle: async ({ body: request, params: { commitment } }) => {
      const reply =
        request.kind === 'withdraw' ? await withdraw(request, commitment) : await change(request, commitment);
      actions.inc({ kind: request.kind, result: reply.result });
      return reply;
    },
  });
}
