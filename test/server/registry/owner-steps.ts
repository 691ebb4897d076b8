/** An owner's requests about one registration, for tests: each signed as an owner's client does it, or as a thief might. */
import type { Response } from 'supertest';
import { formatMessage, parseMessage } from '../../../crypto/message.ts';
import { historyHash, withdrawalHash, type RegistrationRow } from '../../../crypto/registration.ts';
import { sign } from '../../../crypto/signature.ts';
import {
  actionRequestSchema,
  historyReplySchema,
  historyRequestSchema,
  type ActionRequest,
  type HistoryReply,
} from '../../../crypto/wire.ts';
import { changeRow, pathOf, type Mark, type World } from './world.ts';

export const witness = ({ lookupTag, signingKey }: Mark) => ({ lookupTag, ownerPublicKey: signingKey.publicKey });

export const act = async (world: World, commitment: Uint8Array, action: ActionRequest): Promise<Response> =>
  world.post(pathOf(commitment, 'actions'), formatMessage(actionRequestSchema, action));

export const change = async (
  world: World,
  kind: 'status' | 'replace',
  mark: Mark,
  row: RegistrationRow,
): Promise<Response> => act(world, mark.row.commitment, { kind, ...witness(mark), row });

export const setStatus = async (
  world: World,
  mark: Mark,
  status: RegistrationRow['status'],
  version = 2,
): Promise<Response> => change(world, 'status', mark, changeRow(world.fixture, mark, { status, version }));

export function withdrawal(
  { origin }: World['fixture'],
  mark: Mark,
  version = 1,
): Extract<ActionRequest, { kind: 'withdraw' }> {
  const signature = sign(mark.signingKey, withdrawalHash(origin, mark.row.commitment, version));
  return { kind: 'withdraw', ...witness(mark), version, signature };
}

export const withdraw = async (world: World, mark: Mark, version = 1): Promise<Response> =>
  act(world, mark.row.commitment, withdrawal(world.fixture, mark, version));

export async function read(
  world: World,
  mark: Mark,
  options: { issuedAt?: number; key?: Mark['signingKey']; origin?: string } = {},
): Promise<Response> {
  const { issuedAt = world.clock.now, key = mark.signingKey, origin = world.fixture.origin } = options;
  const signature = sign(key, historyHash(origin, mark.row.commitment, issuedAt));
  const body = { ...witness(mark), ownerPublicKey: key.publicKey, issuedAt, signature };
  return world.post(pathOf(mark.row.commitment, 'history'), formatMessage(historyRequestSchema, body));
}

/** The history of a registration; throws on a refusal. */
export async function historyOf(world: World, mark: Mark): Promise<HistoryReply> {
  return parseMessage(historyReplySchema, (await read(world, mark)).body);
}

/** The row as it is stored, as its owner reads it. */
export async function stored(world: World, mark: Mark): Promise<RegistrationRow> {
  return (await historyOf(world, mark)).registration;
}
