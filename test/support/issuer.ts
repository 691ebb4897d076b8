/** An issuer for tests: the real app on a real database and real RSA keys, without a socket. */
import { join } from 'node:path';
import type { Express } from 'express';
import request from 'supertest';
import { activationKeyHash, createActivationKey, type ActivationKey } from '../../crypto/activation-key.ts';
import { formatMessage } from '../../crypto/message.ts';
import { quarterOf, shiftQuarter } from '../../crypto/roster.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { tokenKeyId } from '../../crypto/token-key.ts';
import { signPacksRequest } from '../../crypto/vendor-request.ts';
import { packsRequestSchema, tokenRequestSchema } from '../../crypto/wire.ts';
import { createLog } from '../../server/http/log.ts';
import { createMetrics, type Metrics } from '../../server/http/metrics.ts';
import { createIssuerApp } from '../../server/issuer/app.ts';
import type { IssuerTokenKey } from '../../server/issuer/config.ts';
import { IssuerLedger } from '../../server/issuer/ledger.ts';
import { createTokenKey } from '../../server/issuer/token-key.ts';
import { createFolder } from './folder.ts';

export const ISSUER_NUMBER = 7;

export interface TestIssuer {
  readonly app: Express;
  readonly ledger: IssuerLedger;
  readonly metrics: Metrics;
  /** Path of the database. */
  readonly file: string;
  readonly tokenKeys: readonly IssuerTokenKey[];
  /** The key id of the quarter that is `by` quarters from now. */
  readonly keyId: (by?: number) => Uint8Array;
  /** Epoch seconds; may be set. */
  clock: { now: number };
  /** Every line that was logged. */
  readonly lines: string[];
}

export const vendorKey = createSigningKey();
export const otherVendorKey = createSigningKey();

/** Token keys for each quarter from two before that of `now` to the next. */
export async function createTokenKeys(now: number): Promise<IssuerTokenKey[]> {
  const quarters = [-2, -1, 0, 1].map((by) => shiftQuarter(quarterOf(now), by));
  const pairs = await Promise.all(quarters.map(createTokenKey));
  return pairs.map(({ publicKey, privateKey }, i) => ({ quarter: quarters[i] as string, publicKey, privateKey }));
}

/** Opens an issuer `demo-issuer` with the vendors `acme` and `other`; on the same file again, if it is given. */
export function openIssuer(options: {
  readonly now: number;
  readonly tokenKeys: readonly IssuerTokenKey[];
  readonly file?: string;
  readonly id?: string;
}): TestIssuer {
  const { tokenKeys, now } = options;
  const file = options.file ?? join(createFolder(), 'issuer.db');
  const lines: string[] = [];
  const log = createLog('issuer', { level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const metrics = createMetrics('issuer');
  const ledger = IssuerLedger.open(file);
  const clock = { now };
  const app = createIssuerApp({
    config: {
      id: options.id ?? 'demo-issuer',
      name: 'Demonstration issuer',
      number: ISSUER_NUMBER,
      vendors: [
        { id: 'other', name: 'Other', publicKey: otherVendorKey.publicKey },
        { id: 'acme', name: 'Acme Marking', publicKey: vendorKey.publicKey },
      ],
    },
    tokenKeys,
    ledger,
    log,
    metrics,
    now: () => clock.now,
  });
  const keyId = (by = 0): Uint8Array => {
    const quarter = shiftQuarter(quarterOf(now), by);
    return tokenKeyId((tokenKeys.find((key) => key.quarter === quarter) as IssuerTokenKey).publicKey);
  };
  return { app, ledger, metrics, file, tokenKeys, keyId, clock, lines };
}

/** Sends packs as the vendor, or whoever signs. */
export async function postPacks(
  { app, clock }: TestIssuer,
  keys: readonly ActivationKey[],
  { issuer = 'demo-issuer', vendor = 'acme', signer = vendorKey } = {},
) {
  const keyHashes = keys.map((key) => activationKeyHash(key.bytes));
  const body = await signPacksRequest(signer, { issuer, vendor, keyHashes, now: clock.now });
  return request(app).post('/v1/packs').send(formatMessage(packsRequestSchema, body));
}

/** A new activation key that the issuer knows. */
export async function sellPack(issuer: TestIssuer): Promise<ActivationKey> {
  const key = createActivationKey(ISSUER_NUMBER);
  const reply = await postPacks(issuer, [key]);
  if (reply.status !== 200) throw new Error('the pack was not taken');
  return key;
}

/** Asks for a blind signature. */
export async function postToken(
  issuer: TestIssuer,
  key: ActivationKey,
  blindedMessage: Uint8Array,
  keyId = issuer.keyId(),
) {
  const body = { activationKey: key.bytes, tokenKeyId: keyId, blindedMessage };
  return request(issuer.app).post('/v1/tokens').send(formatMessage(tokenRequestSchema, body));
}
