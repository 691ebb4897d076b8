/**
 * An owner's bundle for a court: everything from which anyone recomputes, offline, that a receipt's entry is of this code, this
 * owner's key and these items. Whoever has it knows the code; the owner decides to whom to give it.
 */
import { z } from 'zod';
import { equalBytes, parseJsonBytes, utf8ToBytes } from './bytes.ts';
import { BlindmarkError, isBlindmarkError } from './errors.ts';
import { openItemEnvelope, type Item } from './item-envelope.ts';
import { formatHour, markHash } from './log-entry.ts';
import { bytesField, formatMessage, identifierField, parseMessage, textField } from './message.ts';
import { blindBy, codeInput, finalize } from './oprf.ts';
import { parseReceipt, verifyReceipt, type VerifiedReceipt } from './receipt.ts';
import { registrationRowSchema, rowHash, verifyRow, type RegistrationRow } from './registration.ts';
import { MAX_GUARDIANS, type VerifiedRoster } from './roster.ts';
import { stretch, type Argon2id } from './stretch.ts';
import { combineVerified, type GuardianAnswer } from './threshold.ts';

export const disclosureSchema = z.strictObject({
  format: z.literal('blindmark-disclosure-v1'),
  scheme: identifierField,
  /** The code in its scheme's canonical form. */
  canonical: textField(400),
  /** The blind that hid the code from the guardians. */
  blind: bytesField(32),
  /** What guardians answered for the blinded code, under the row's epoch: at least t of them, each with its own proof. */
  evaluations: z
    .array(z.strictObject({ guardian: identifierField, element: bytesField(32), proof: bytesField(64) }))
    .min(1)
    .max(MAX_GUARDIANS),
  ownerPublicKey: bytesField(32),
  /** The registration as it was when the receipt's entry was made. */
  row: registrationRowSchema,
  /** As text: {@link parseReceipt}. */
  receipt: z
    .string()
    .min(1)
    .max(32 * 1024),
});
export type Disclosure = z.output<typeof disclosureSchema>;

/** The text of a disclosure: JSON. */
export function formatDisclosure(disclosure: Disclosure): string {
  return `${JSON.stringify(formatMessage(disclosureSchema, disclosure), null, 2)}\n`;
}

/**
 * Reads a disclosure. Nothing is verified.
 *
 * @throws BlindmarkError `badFile`
 */
export function parseDisclosure(text: string): Disclosure {
  try {
    return parseMessage(disclosureSchema, parseJsonBytes('disclosure', utf8ToBytes(text)), 'disclosure');
  } catch (cause) {
    throw new BlindmarkError('badFile', 'The disclosure cannot be read', {
      field: 'disclosure',
      remedy: 'Use the file as it was saved; a disclosure is not to be edited.',
      cause,
    });
  }
}

/** What a disclosure proves. */
export interface VerifiedDisclosure {
  readonly scheme: string;
  readonly canonical: string;
  readonly ownerPublicKey: Uint8Array;
  readonly row: RegistrationRow;
  readonly items: readonly Item[];
  readonly receipt: VerifiedReceipt;
}

/**
 * Verifies a disclosure: code to tag to commitment to the log's entry.
 *
 * @param rosters all verified rosters of the registry
 * @param argon2id default: in WebAssembly
 * @throws BlindmarkError `badFile` for a receipt that does not parse; those of {@link verifyReceipt}; `badProof` or
 *   `guardiansUnavailable` when the guardians' answers are not of this code; `badRow` when the registration is not of this code
 *   and key; `badEnvelope`; `notLogged` when the receipt's entry is not of this registration
 */
export async function verifyDisclosure(
  disclosure: Disclosure,
  rosters: readonly VerifiedRoster[],
  argon2id?: Argon2id,
): Promise<VerifiedDisclosure> {
  const { scheme, canonical, ownerPublicKey, row } = disclosure;
  const receipt = parseReceipt(disclosure.receipt);
  const verified = verifyReceipt(receipt, rosters);
  const { origin } = verified.roster.roster;
  const { y, parameters } = recompute(disclosure, rosters, origin);
  const { lookupTag, codeKey } = await stretch(y, { origin, epoch: row.epoch, parameters }, argon2id);
  verifyRow(origin, row, { lookupTag, ownerPublicKey });
  const content = openItemEnvelope(row.itemEnvelope, codeKey, row.commitment);
  if (!equalBytes(content.ownerPublicKey, ownerPublicKey)) {
    throw new BlindmarkError('badRow', 'The items name another owner’s key', { field: 'ownerPublicKey' });
  }
  const { entry } = verified;
  const isOfRow =
    (entry.kind === 'registration' || entry.kind === 'action') &&
    equalBytes(entry.mark, markHash(receipt.salt, row.commitment)) &&
    equalBytes(entry.row, rowHash(origin, row));
  if (!isOfRow) {
    throw new BlindmarkError('notLogged', `The log’s entry of ${formatHour(entry.hour)} is of another registration`, {
      field: 'receipt',
    });
  }
  return { scheme, canonical, ownerPublicKey, row, items: content.items, receipt: verified };
}

/** The OPRF's output for the disclosed code, by the guardians' answers, and how it is stretched. */
function recompute(
  { scheme, canonical, blind, evaluations, row }: Disclosure,
  rosters: readonly VerifiedRoster[],
  origin: string,
) {
  const input = codeInput(origin, scheme, canonical);
  const element = blindBy(blind, input);
  let reason: unknown = new BlindmarkError('badProof', 'No roster has the registration’s epoch', {
    field: 'row.epoch',
  });
  // Shares change when they are refreshed; the newest roster under which the answers hold decides. The key stays the same.
  for (const { roster } of rosters.toReversed()) {
    const epoch = roster.epochs.find((candidate) => candidate.epoch === row.epoch);
    if (epoch === undefined) continue;
    const answers = roster.guardians.flatMap(({ id, index }): GuardianAnswer[] => {
      const found = evaluations.find(({ guardian }) => guardian === id);
      if (found === undefined) return [];
      const publicShare = epoch.publicShares[index - 1] as Uint8Array;
      return [{ guardian: id, index, publicShare, evaluatedElements: [found.element], proof: found.proof }];
    });
    try {
      const { combined } = combineVerified([element], answers, roster.threshold, epoch.groupKey);
      return { y: finalize(input, blind, combined[0] as Uint8Array), parameters: epoch.stretch };
    } catch (error) {
      if (!isBlindmarkError(error, 'badProof', 'guardiansUnavailable')) throw error;
      reason = error;
    }
  }
  throw reason;
}
