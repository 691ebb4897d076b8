/** A force's revocations: the file that it keeps, and how it publishes the list that guardians ask for. */
import { z } from 'zod';
import { equalBytes } from '../crypto/bytes.ts';
import type { ForceFile } from '../crypto/credential-files.ts';
import { badInput, BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import { bytesField, formatMessage, identifierField } from '../crypto/message.ts';
import { createRevocationList, MAX_REVOCATION_AGE, MAX_REVOKED } from '../crypto/revocation-list.ts';
import { originField } from '../crypto/roster.ts';
import { createSigningKey } from '../crypto/signature.ts';
import { revocationsReplySchema, revocationsSchema } from '../crypto/wire-openings.ts';
import { checkAddress, pause, type JsonClient } from './http.ts';

/** For how long an entry stays in the published list, in seconds: credentials end long before. */
export const REVOKED_SECONDS = 2 * 86_400;

/** How often a list is published unless its force says otherwise, in seconds. */
export const PUBLISH_SECONDS = 300;

/** The longest between two lists, in seconds: one that fails leaves time for another try. */
export const MAX_PUBLISH_SECONDS = MAX_REVOCATION_AGE - 300;

/** What is revoked: a key with whatever credentials it has, one credential, or all credentials under a pseudonym. */
export const REVOKED_KINDS = ['key', 'credential', 'pseudonym'] as const;

/** `revoked.json`: what a force has revoked. Holds no secret. */
export const revokedFileSchema = z.strictObject({
  format: z.literal('blindmark-revoked-v1'),
  origin: originField,
  force: identifierField,
  revoked: z.array(
    z.strictObject({
      kind: z.enum(REVOKED_KINDS),
      /** `officerThumbprint`, `officerCredentialHash` or `pseudonymHash`. */
      hash: bytesField(32),
      /** Epoch seconds. */
      since: z.int().min(0),
    }),
  ),
});
export type RevokedFile = z.output<typeof revokedFileSchema>;
export type Revoked = RevokedFile['revoked'][number];

/** The file of a force that has revoked nothing. */
export function createRevokedFile({ origin, force }: Pick<ForceFile, 'origin' | 'force'>): RevokedFile {
  return { format: 'blindmark-revoked-v1', origin, force, revoked: [] };
}

/** The entries that are to be published at `now`. */
export function currentlyRevoked({ revoked }: RevokedFile, now: number): Revoked[] {
  return revoked.filter(({ since }) => now - since < REVOKED_SECONDS);
}

/**
 * The file with further entries. One that is there already begins anew.
 *
 * @throws BlindmarkError `badInput` when more would have to be published than a list holds
 */
export function addRevoked(file: RevokedFile, entries: readonly Omit<Revoked, 'since'>[], now: number): RevokedFile {
  const others = file.revoked.filter(({ hash }) => !entries.some((entry) => equalBytes(entry.hash, hash)));
  const changed = { ...file, revoked: [...others, ...entries.map(({ kind, hash }) => ({ kind, hash, since: now }))] };
  if (currentlyRevoked(changed, now).length > MAX_REVOKED) {
    throw badInput('revoked', `at most ${MAX_REVOKED} revocations within two days`);
  }
  return changed;
}

/** Where and by whom a list is published. */
export interface Publisher {
  readonly http: JsonClient;
  /** The registry's address. */
  readonly url: string;
  readonly force: ForceFile;
}

function checkSameForce(file: RevokedFile, force: ForceFile): void {
  if (file.force === force.force && file.origin === force.origin) return;
  throw new BlindmarkError('badFile', 'The list of revocations is another force’s, or for another registry', {
    field: 'list',
    remedy: 'Name the list that belongs to the force’s file.',
  });
}

/**
 * Signs the list as it is now and pushes it to the registry.
 *
 * @param now epoch seconds
 * @returns `again` when the registry has one of this moment or later
 * @throws BlindmarkError `badFile` for another force's file; the registry's refusals
 */
export async function publishRevoked(
  { http, url, force }: Publisher,
  file: RevokedFile,
  now: number,
  signal?: AbortSignal,
): Promise<'taken' | 'again'> {
  checkSameForce(file, force);
  const { seed, force: id, origin, forceCredential } = force;
  const hashes = currentlyRevoked(file, now).map(({ hash }) => hash);
  const signer = { key: createSigningKey(seed), id, origin, forceCredential };
  const body = JSON.stringify(formatMessage(revocationsSchema, await createRevocationList(signer, hashes, now)));
  const reply = revocationsReplySchema;
  return (await http.ask({ url: `${checkAddress(url)}/v1/revocations`, reply, body, signal })).result;
}

/** What one round of publishing came to. */
export type PublishOutcome =
  | { readonly at: number; readonly result: 'taken' | 'again'; readonly revoked: number }
  | { readonly at: number; readonly error: BlindmarkError; readonly retryInSeconds: number };

export interface KeepPublishingOptions {
  /** The file as it is at that moment. */
  readonly read: () => RevokedFile;
  /** Seconds between two lists; default {@link PUBLISH_SECONDS}, 30 to {@link MAX_PUBLISH_SECONDS}. */
  readonly everySeconds?: number | undefined;
  /** Seconds between two looks at the file, whose change is published at once; default 5. */
  readonly lookSeconds?: number | undefined;
  /** Epoch seconds; default: the clock's. */
  readonly now?: (() => number) | undefined;
  /** Waits so many milliseconds; default: by the clock. */
  readonly wait?: ((milliseconds: number, signal?: AbortSignal) => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Seconds until the next try after so many that failed in a row. */
function backoff(failures: number, everySeconds: number): number {
  return Math.min(everySeconds, 60, 5 * 2 ** (failures - 1));
}

/**
 * Publishes a list again and again, and at once whenever the file changes. A round that fails is reported and tried again soon:
 * nothing but cancelling ends it.
 *
 * @throws BlindmarkError `cancelled`; `badInput`
 */
export async function* keepPublishing(
  publisher: Publisher,
  options: KeepPublishingOptions,
): AsyncGenerator<PublishOutcome, never, undefined> {
  const { read, everySeconds = PUBLISH_SECONDS, lookSeconds = 5, wait = pause, signal } = options;
  const now = options.now ?? ((): number => Math.floor(Date.now() / 1000));
  if (!Number.isInteger(everySeconds) || everySeconds < 30 || everySeconds > MAX_PUBLISH_SECONDS) {
    throw badInput('every', `30 to ${MAX_PUBLISH_SECONDS} seconds`);
  }
  let failures = 0;
  for (;;) {
    const at = now();
    let published = '';
    let pauseSeconds = everySeconds;
    try {
      const file = read();
      published = textOf(file, at);
      const result = await publishRevoked(publisher, file, at, signal);
      failures = 0;
      yield { at, result, revoked: currentlyRevoked(file, at).length };
    } catch (error) {
      if (!isBlindmarkError(error) || error.code === 'cancelled') throw error;
      failures += 1;
      pauseSeconds = backoff(failures, everySeconds);
      yield { at, error, retryInSeconds: pauseSeconds };
    }
    const isDue = failures > 0 ? () => false : () => hasChanged(read, published, now());
    // What failed is tried again after its pause, whatever becomes of the file.
    for (let left = pauseSeconds; left > 0 && !isDue(); left -= lookSeconds) {
      await wait(Math.min(lookSeconds, left) * 1000, signal);
    }
  }
}

const textOf = (file: RevokedFile, now: number): string =>
  JSON.stringify(formatMessage(revokedFileSchema, { ...file, revoked: currentlyRevoked(file, now) }));

/** A file that cannot be read has changed too: the next round says what is wrong with it. */
function hasChanged(read: () => RevokedFile, published: string, now: number): boolean {
  try {
    return textOf(read(), now) !== published;
  } catch {
    return true;
  }
}
