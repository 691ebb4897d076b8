/** Exchanging an activation key for an activation token at its issuer. */
import type { z } from 'zod';
import { equalBytes } from '../crypto/bytes.ts';
import { BlindmarkError } from '../crypto/errors.ts';
import { formatMessage } from '../crypto/message.ts';
import { currentTokenKeys, quarterOf, type Roster, type RosterIssuer } from '../crypto/roster.ts';
import { createTokenRequest, finishToken, tokenRequestOf, type PendingToken } from '../crypto/token-request.ts';
import { tokenReplySchema, tokenRequestSchema } from '../crypto/wire.ts';
import { checkAddress, type JsonClient } from './http.ts';

/** The issuer whose packs hold this activation key: its first byte says which. */
function issuerOf(roster: Roster, activationKey: Uint8Array): RosterIssuer {
  const issuer = roster.issuers.find((candidate) => candidate.number === activationKey[0]);
  if (issuer !== undefined) return issuer;
  throw new BlindmarkError('unknownIssuer', 'The activation key is of an issuer that this registry does not know', {
    field: 'activationKey',
    remedy: 'See that the pack is meant for this registry; if it is, ask the vendor.',
  });
}

/** Whether tokens under this key count at `now`: this quarter's, or the last one's. */
export function isCurrentTokenKey(roster: Roster, publicKey: Uint8Array, now: number): boolean {
  return roster.issuers.some((issuer) =>
    currentTokenKeys(issuer, now).some((key) => equalBytes(key.publicKey, publicKey)),
  );
}

/**
 * Blinds a token request. It must be kept before {@link obtainToken} sends it.
 *
 * @param purpose what the token will pay for: the blinded element, and the commitment of whoever redeems it; 32 bytes each
 * @param now epoch seconds
 */
export async function startToken(
  roster: Roster,
  activationKey: Uint8Array,
  purpose: { readonly element: Uint8Array; readonly redemption: Uint8Array },
  now: number,
): Promise<PendingToken> {
  const issuer = issuerOf(roster, activationKey);
  const key = issuer.tokenKeys.find((candidate) => candidate.quarter === quarterOf(now));
  if (key === undefined) {
    throw new BlindmarkError('unknownIssuer', 'The issuer has no token key for this quarter in the roster', {
      field: 'activationKey',
      remedy: 'Check this computer’s clock; if it is right, tell the vendor.',
    });
  }
  const { pending } = await createTokenRequest({
    origin: roster.origin,
    issuerName: issuer.id,
    publicKey: key.publicKey,
    ...purpose,
  });
  return pending;
}

/** Sends a token request that was kept, and makes the token out of the reply: 354 bytes. */
export async function obtainToken(
  http: JsonClient,
  roster: Roster,
  activationKey: Uint8Array,
  pending: PendingToken,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const issuer = issuerOf(roster, activationKey);
  const request: z.output<typeof tokenRequestSchema> = { activationKey, ...tokenRequestOf(pending) };
  const body = JSON.stringify(formatMessage(tokenRequestSchema, request));
  const url = `${checkAddress(issuer.url)}/v1/tokens`;
  const { blindSignature } = await http.ask({ url, reply: tokenReplySchema, body, signal });
  return finishToken(pending, blindSignature);
}
