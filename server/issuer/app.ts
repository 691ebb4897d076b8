/**
 * The issuer's HTTP interface: activation keys in, blind signatures out. It learns which of its packs is used and on which
 * day, and neither the token nor the code nor the owner.
 */
import type { Express } from 'express';
import { activationKeyHash } from '../../crypto/activation-key.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { currentTokenKeys } from '../../crypto/roster.ts';
import { verifyPacksRequest } from '../../crypto/vendor-request.ts';
import {
  issuerInfoSchema,
  packsReplySchema,
  packsRequestSchema,
  tokenReplySchema,
  tokenRequestSchema,
} from '../../crypto/wire.ts';
import { createServiceApp } from '../http/app.ts';
import type { Log } from '../http/log.ts';
import type { Metrics } from '../http/metrics.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { IssuerConfig, IssuerTokenKey } from './config.ts';
import type { IssuerLedger } from './ledger.ts';
import { BlindSigner } from './token-key.ts';

/** What the issuer's app depends on. */
export interface IssuerDependencies {
  readonly config: Pick<IssuerConfig, 'id' | 'name' | 'number' | 'vendors'>;
  readonly tokenKeys: readonly IssuerTokenKey[];
  readonly ledger: Pick<IssuerLedger, 'addKeys' | 'use' | 'isReady'>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Epoch seconds. */
  readonly now: () => number;
}

function packsRoute(dependencies: IssuerDependencies): Route {
  const { config, ledger, metrics, now } = dependencies;
  const counter = metrics.counter('blindmark_issuer_packs_added_total', 'Activation keys that vendors added', []);
  return defineRoute({
    method: 'post',
    path: '/v1/packs',
    summary: 'Add packs.',
    description:
      'For vendors: hashes of activation keys that the vendor minted, in a request that the vendor signed for this issuer ' +
      'within the last five minutes. Codes are not sent. Adding a key again changes nothing.',
    body: packsRequestSchema,
    reply: packsReplySchema,
    errors: ['unknownVendor', 'badSignature', 'wrongIssuer', 'credentialExpired', 'storageFailed'],
    handle: async ({ body }) => {
      const { vendor } = await verifyPacksRequest(body, { issuer: config.id, vendors: config.vendors, now: now() });
      const result = await ledger.addKeys(body.keyHashes, vendor);
      counter.inc(result.added);
      return result;
    },
  });
}

/** Finds the signer of a token key that counts now: this quarter's or the last one's. */
function createSignerLookup({ tokenKeys, now }: IssuerDependencies): (tokenKeyId: Uint8Array) => BlindSigner {
  const signers = tokenKeys.map((key) => ({ quarter: key.quarter, signer: new BlindSigner(key) }));
  return (tokenKeyId) => {
    const current = currentTokenKeys({ tokenKeys: signers }, now());
    const found = current.find(({ signer }) => equalBytes(signer.tokenKeyId, tokenKeyId));
    if (found !== undefined) return found.signer;
    throw new BlindmarkError(
      'unknownTokenKey',
      'The issuer does not sign under this token key now. Nothing was spent.',
      {
        field: 'tokenKeyId',
        remedy: 'Fetch the roster again, and make a new request under this quarter’s token key.',
      },
    );
  };
}

function tokensRoute(dependencies: IssuerDependencies): Route {
  const { ledger, metrics } = dependencies;
  const findSigner = createSignerLookup(dependencies);
  const counter = metrics.counter(
    'blindmark_issuer_tokens_signed_total',
    'Blind signatures, by whether a use was spent',
    ['result'],
  );
  return defineRoute({
    method: 'post',
    path: '/v1/tokens',
    summary: 'Exchange one use of an activation key for a blind signature.',
    description:
      'For owners: RFC 9578 section 6.2 with an activation key. A key is good for three tokens, so that a mistyped code can ' +
      'be corrected. The same request again is answered again and spends nothing. The issuer sees neither token nor code.',
    body: tokenRequestSchema,
    reply: tokenReplySchema,
    errors: ['unknownTokenKey', 'activationKeyUnknown', 'activationKeyUsedUp', 'storageFailed'],
    handle: async ({ body: { activationKey, tokenKeyId, blindedMessage } }) => {
      const signer = findSigner(tokenKeyId);
      signer.checkMessage('blindedMessage', blindedMessage);
      // Spent last, when nothing can be refused any more, and durably before anything is signed.
      const requestHash = labelledHash('token-request', tokenKeyId, blindedMessage);
      const result = await ledger.use(activationKeyHash(activationKey), requestHash);
      const blindSignature = signer.sign(blindedMessage);
      counter.inc({ result });
      return { blindSignature };
    },
  });
}

function infoRoute({ config, tokenKeys }: IssuerDependencies): Route {
  return defineRoute({
    method: 'get',
    path: '/v1/info',
    summary: 'Which issuer this is, and its token keys.',
    description:
      'Its token keys count only as they stand in a registry’s roster; those of later quarters are not used yet.',
    reply: issuerInfoSchema,
    errors: [],
    handle: async () => ({
      issuer: config.id,
      number: config.number,
      tokenKeys: tokenKeys.map(({ quarter, publicKey }) => ({ quarter, publicKey })),
    }),
  });
}

/** The issuer's routes. */
export function createIssuerRoutes(dependencies: IssuerDependencies): Route[] {
  return [packsRoute(dependencies), tokensRoute(dependencies), infoRoute(dependencies)];
}

/**
 * The issuer's app. It does not listen.
 *
 * @throws BlindmarkError `badFile` when a token key's halves do not belong together
 */
export function createIssuerApp(dependencies: IssuerDependencies): Express {
  return createServiceApp({
    description: {
      title: `Blindmark issuer: ${dependencies.config.name}`,
      version: '1',
      description: 'Exchanges activation keys for unlinkable activation tokens (RFC 9578 type 0x0002).',
    },
    routes: createIssuerRoutes(dependencies),
    log: dependencies.log,
    metrics: dependencies.metrics,
    isReady: () => dependencies.ledger.isReady(),
    // Owners' browsers exchange their activation keys themselves.
    isOpenToPages: true,
  });
}
