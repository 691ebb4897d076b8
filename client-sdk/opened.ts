/** What an opening's reply must hold before a client believes it: both officers, the log's entry, the guardians' parts. */
import { equalBytes, formatBase64url } from '../crypto/bytes.ts';
import { isCosignature, type Checkpoint } from '../crypto/checkpoint.ts';
import { contactElement } from '../crypto/contact-envelope.ts';
import { combineDecryptions, type GuardianPartialDecryption } from '../crypto/decryption.ts';
import { BlindmarkError } from '../crypto/errors.ts';
import { markHash } from '../crypto/log-entry.ts';
import { verifyEntryOf } from '../crypto/log-proof.ts';
import {
  openingEntry,
  verifyApproval,
  verifyAskedOpening,
  type AskedOpening,
  type VerifiedOpening,
} from '../crypto/opening.ts';
import type { VerifiedRoster } from '../crypto/roster.ts';
import { openingReplySchema, type OpeningReply } from '../crypto/wire-openings.ts';
import type { Fault } from '../crypto/wire.ts';
import { readEntry } from './entries.ts';
import { signedUnder } from './past-request.ts';
import type { Registry } from './registry.ts';

export type OpeningResult = NonNullable<OpeningReply['result']>;

/** Fetches an opening. Nothing of it is verified. @throws BlindmarkError `notFound` */
export async function readOpening(registry: Registry, id: Uint8Array, signal?: AbortSignal): Promise<OpeningReply> {
  const url = `${registry.url}/v1/openings/${formatBase64url(id)}`;
  return registry.http.ask({ url, reply: openingReplySchema, signal });
}

function badReply(what: string): BlindmarkError {
  return new BlindmarkError('badReply', `The registry answered for ${what}`, {
    field: 'id',
    remedy: 'Do not rely on this answer, and tell the registry’s operator.',
  });
}

/**
 * Verifies what the first officer asked for, as of when it was asked: for whoever only reads it.
 *
 * @throws BlindmarkError `badReply` for another opening than was asked after; those of {@link verifyAskedOpening}
 */
export async function verifyAskedReply(
  { details, first }: Pick<OpeningReply, 'details' | 'first'>,
  id: Uint8Array,
  rosters: readonly VerifiedRoster[],
): Promise<AskedOpening> {
  const asked = await verifyAskedOpening({ details, first }, signedUnder(first, rosters));
  if (!equalBytes(asked.id, id)) throw badReply('another opening');
  return asked;
}

/**
 * Verifies that two officers of one force stand for an opening, as of when the second approved it.
 *
 * @throws BlindmarkError `badReply`; those of {@link verifyAskedOpening} and {@link verifyApproval}
 */
export async function verifyApprovedReply(
  { details, first, second }: OpeningReply,
  id: Uint8Array,
  rosters: readonly VerifiedRoster[],
): Promise<{ readonly opening: VerifiedOpening; readonly roster: VerifiedRoster }> {
  if (second === null) throw badReply('an opening that nobody approved');
  const moment = signedUnder(second, rosters);
  const asked = await verifyAskedOpening({ details, first }, moment);
  if (!equalBytes(asked.id, id)) throw badReply('another opening');
  return { opening: await verifyApproval(asked, second, moment), roster: moment.roster };
}

/**
 * Verifies that the log holds just this opening.
 *
 * @param checkpoint the result's, verified
 * @returns the hour that the log says, in whole hours since 1970
 * @throws BlindmarkError `badProof`, `notLogged`
 */
export function verifyOpeningLogged(result: OpeningResult, checkpoint: Checkpoint, opening: VerifiedOpening): number {
  const { logged, delayed, markSalt } = result;
  const expected = openingEntry(opening, markHash(markSalt, opening.details.commitment), 0);
  const entry = readEntry('opening', logged, checkpoint);
  return verifyEntryOf(entry, expected, { delayed, delayDays: opening.force.delayDays }).hour;
}

/**
 * Combines the parts of guardians that cosigned this very checkpoint.
 *
 * @param envelope the contact envelope that was opened
 * @param checkpoint the result's, verified
 * @returns the shared element, and whose part did not count
 * @throws BlindmarkError `guardiansUnavailable` naming who is at fault when fewer than the threshold are good; `badProof`
 */
export function combineParts(
  { decryptions }: OpeningResult,
  envelope: Uint8Array,
  checkpoint: Checkpoint,
  { opening, roster }: { readonly opening: VerifiedOpening; readonly roster: VerifiedRoster },
): { shared: Uint8Array; faults: Fault[] } {
  const { groupKey, publicShares } = opening.epoch.decryption;
  const faults: Fault[] = [];
  const partials = roster.roster.guardians.flatMap(({ id, index, witnessKey }): GuardianPartialDecryption[] => {
    const part = decryptions.find(({ guardian, epoch }) => guardian === id && epoch === opening.epoch.epoch);
    if (part === undefined) return [];
    if (!isCosignature(checkpoint, witnessKey, part.cosignature)) {
      faults.push({ guardian: id, code: 'badCheckpoint' });
      return [];
    }
    const publicShare = publicShares[index - 1] as Uint8Array;
    return [{ guardian: id, index, publicShare, element: part.element, proof: part.proof }];
  });
  const element = contactElement(envelope);
  const combined = combineDecryptions(element, partials, roster.roster.threshold, groupKey);
  return { shared: combined.shared, faults: [...faults, ...combined.faults] };
}
