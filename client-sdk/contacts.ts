/** How an owner chooses to be reached. */
import { sealContactEnvelope } from '../crypto/contact-envelope.ts';
import { checkContact, type Contact, type ContactDetails } from '../crypto/contact.ts';
import type { RandomSource } from '../crypto/bytes.ts';
import type { MarkSecrets } from '../crypto/owner-keys.ts';
import type { RosterEpoch } from '../crypto/roster.ts';

/** Details; `relay` for messages alone, sealed to the mark's own key; or null for no contact. */
export type ContactChoice = ContactDetails | { readonly kind: 'relay' } | null;

/** The contact that a choice stands for: with the mark's key for messages. @throws BlindmarkError `badInput` */
export function contactOf(
  choice: NonNullable<ContactChoice>,
  { exchangeKey }: Pick<MarkSecrets, 'exchangeKey'>,
): Contact {
  return checkContact(choice.kind === 'relay' ? { kind: 'relay', exchangeKey: exchangeKey.publicKey } : choice);
}

/**
 * Checks a choice before anything is used up.
 *
 * @throws BlindmarkError `badInput`, also for a contact that does not fit into the largest envelope
 */
export function checkContactChoice(choice: ContactChoice, groupKey: Uint8Array): void {
  if (choice === null) return;
  const nothing = new Uint8Array(32);
  const exchangeKey = { publicKey: nothing, secret: nothing };
  sealContactEnvelope(contactOf(choice, { exchangeKey }), { groupKey, codeKey: nothing, commitment: nothing });
}

/** The contact envelope of a choice; null for none. */
export function sealContactChoice(
  choice: ContactChoice,
  mark: {
    readonly secrets: Pick<MarkSecrets, 'exchangeKey'>;
    readonly epoch: Pick<RosterEpoch, 'decryption'>;
    readonly codeKey: Uint8Array;
    readonly commitment: Uint8Array;
  },
  random?: RandomSource,
): Uint8Array | null {
  if (choice === null) return null;
  const { secrets, epoch, codeKey, commitment } = mark;
  const keys = { groupKey: epoch.decryption.groupKey, codeKey, commitment };
  return sealContactEnvelope(contactOf(choice, secrets), keys, random);
}
