/**
 * The sealed way to reach a mark's keeper: opens with the code's key and t guardians together, and with nothing less (DESIGN
 * 3.3). Threshold encryption TDH2 (Shoup and Gennaro 1998, "Securing Threshold Cryptosystems against Chosen Ciphertext
 * Attack") over ristretto255, whose label is the registration's commitment.
 */
import {
  checkBytes,
  concatBytes,
  equalBytes,
  formatJsonBytes,
  parseJsonBytes,
  randomBytes,
  type RandomSource,
} from './bytes.ts';
import { checkContact, contactSchema, type Contact } from './contact.ts';
import { randomScalar } from './dleq.ts';
import { badInput, BlindmarkError } from './errors.ts';
import { sodiumGroup } from './group-sodium.ts';
import { checkElement, isScalar, type GroupBackend } from './group.ts';
import { deriveKey, labelledHash } from './hash.ts';
import { formatMessage, parseMessage } from './message.ts';
import { pad, PADDING_OVERHEAD, unpad } from './padding.ts';
import { CONTACT_ENVELOPE_SIZES } from './registration.ts';
import { openWithKey, SEAL_OVERHEAD, sealWithKey } from './seal.ts';

const PART_BYTES = 32;
/** R, R', challenge, response. */
const PROOF_END = 4 * PART_BYTES;

/** Bytes of an envelope that are no contact. */
export const CONTACT_ENVELOPE_OVERHEAD = PROOF_END + SEAL_OVERHEAD + PADDING_OVERHEAD;

const GENERATOR_DOMAIN = 'HashToGroup-BLINDMARK-TDH2-v1-ristretto255-SHA512';
const CHALLENGE_DOMAIN = 'HashToScalar-BLINDMARK-TDH2-v1-ristretto255-SHA512';

/** B': nobody knows its logarithm to the base B, since it is hashed to the group. */
export function secondGenerator(group: GroupBackend = sodiumGroup): Uint8Array {
  return group.hashToElement(labelledHash('contact-generator'), GENERATOR_DOMAIN);
}

const sodiumSecondGenerator = secondGenerator();
const generatorOf = (group: GroupBackend): Uint8Array =>
  group === sodiumGroup ? sodiumSecondGenerator : secondGenerator(group);

interface EnvelopeParts {
  readonly r: Uint8Array;
  readonly rPrime: Uint8Array;
  readonly challenge: Uint8Array;
  readonly response: Uint8Array;
  /** Nonce, ciphertext, tag. */
  readonly box: Uint8Array;
}

function refuse(what: string, cause?: unknown): BlindmarkError {
  return new BlindmarkError('badEnvelope', `The contact envelope ${what}`, { field: 'contactEnvelope', cause });
}

function splitEnvelope(envelope: Uint8Array): EnvelopeParts {
  if (!(CONTACT_ENVELOPE_SIZES as readonly number[]).includes(envelope.length)) throw refuse('has another size');
  const part = (i: number): Uint8Array => envelope.subarray(i * PART_BYTES, (i + 1) * PART_BYTES);
  return { r: part(0), rPrime: part(1), challenge: part(2), response: part(3), box: envelope.subarray(PROOF_END) };
}

/** TDH2's H2: binds label, ciphertext, both elements and both commitments of the proof. */
function challengeOf(
  commitment: Uint8Array,
  box: Uint8Array,
  elements: readonly [r: Uint8Array, rPrime: Uint8Array, w: Uint8Array, wPrime: Uint8Array],
  group: GroupBackend,
): Uint8Array {
  return group.hashToScalar(labelledHash('contact-proof', commitment, box, ...elements), CHALLENGE_DOMAIN);
}

function envelopeKey(shared: Uint8Array, codeKey: Uint8Array, commitment: Uint8Array): Uint8Array {
  const secret = concatBytes(checkBytes('shared', shared, 32), checkBytes('codeKey', codeKey, 32));
  return deriveKey(secret, 32, commitment, 'contact-envelope');
}

/** Hash that identifies an envelope's bytes. */
export function contactEnvelopeHash(envelope: Uint8Array): Uint8Array {
  return labelledHash('contact-envelope', envelope);
}

/**
 * Seals a contact, padded to the next of {@link CONTACT_ENVELOPE_SIZES}.
 *
 * @param keys.groupKey the epoch's public decryption key
 * @param keys.codeKey 32 bytes
 * @param keys.commitment 32 bytes: the label, which the proof and the seal are bound to
 * @param random 64 bytes for the ephemeral scalar, 24 for the nonce, 64 for the proof
 * @throws BlindmarkError `badInput` for a contact that is malformed, names no way to reach anybody or does not fit into 1,024
 *   bytes
 */
export function sealContactEnvelope(
  contact: Contact,
  keys: { readonly groupKey: Uint8Array; readonly codeKey: Uint8Array; readonly commitment: Uint8Array },
  random: RandomSource = randomBytes,
  group: GroupBackend = sodiumGroup,
): Uint8Array {
  const commitment = checkBytes('commitment', keys.commitment, 32);
  const json = formatJsonBytes(formatMessage(contactSchema, checkContact(contact)));
  const size = CONTACT_ENVELOPE_SIZES.find((candidate) => json.length + CONTACT_ENVELOPE_OVERHEAD <= candidate);
  if (size === undefined) {
    const limit = Math.max(...CONTACT_ENVELOPE_SIZES) - CONTACT_ENVELOPE_OVERHEAD;
    throw badInput('contact', `a contact of at most ${limit} bytes in all, not ${json.length}`);
  }
  const plaintext = pad(json, size - PROOF_END - SEAL_OVERHEAD);
  const generator = generatorOf(group);
  const scalar = randomScalar(random, group);
  const r = group.multiplyBase(scalar);
  const rPrime = group.multiply(scalar, generator);
  const shared = group.multiply(scalar, keys.groupKey, 'groupKey');
  const box = sealWithKey(envelopeKey(shared, keys.codeKey, commitment), plaintext, commitment, random);
  const s = randomScalar(random, group);
  const commitments = [group.multiplyBase(s), group.multiply(s, generator)] as const;
  const challenge = challengeOf(commitment, box, [r, rPrime, ...commitments], group);
  const response = group.subtractScalars(s, group.multiplyScalars(challenge, scalar));
  return concatBytes(r, rPrime, challenge, response, box);
}

/**
 * Verifies that whoever sealed an envelope knew its ephemeral scalar and sealed it for this registration: so its element is
 * nobody else's, copied or rescaled, and a guardian may multiply it.
 *
 * @param commitment the registration's
 * @throws BlindmarkError `badElement` for elements that are not valid, `badEnvelope` for whatever else does not fit
 */
export function verifyContactEnvelope(
  envelope: Uint8Array,
  commitment: Uint8Array,
  group: GroupBackend = sodiumGroup,
): void {
  const { r, rPrime, challenge, response, box } = splitEnvelope(envelope);
  checkElement('contactEnvelope.R', r);
  checkElement('contactEnvelope.R′', rPrime);
  if (!isScalar(challenge) || !isScalar(response)) throw refuse('has a malformed proof');
  const w = group.add(group.multiplyBase(response), group.multiply(challenge, r));
  const wPrime = group.add(group.multiply(response, generatorOf(group)), group.multiply(challenge, rPrime));
  if (!equalBytes(challenge, challengeOf(commitment, box, [r, rPrime, w, wPrime], group))) {
    throw refuse('was not made for this registration, or was altered');
  }
}

/** The element that the guardians multiply. Counts only once {@link verifyContactEnvelope} has passed. */
export function contactElement(envelope: Uint8Array): Uint8Array {
  return splitEnvelope(envelope).r.slice();
}

/**
 * Opens an envelope.
 *
 * @param keys.shared what the guardians' parts combine to (`combineDecryptions`)
 * @throws BlindmarkError `badEnvelope` when it was not sealed under these keys for this registration, or is malformed inside
 */
export function openContactEnvelope(
  envelope: Uint8Array,
  keys: { readonly shared: Uint8Array; readonly codeKey: Uint8Array; readonly commitment: Uint8Array },
): Contact {
  const { box } = splitEnvelope(envelope);
  const { shared, codeKey, commitment } = keys;
  const json = unpad(openWithKey(envelopeKey(shared, codeKey, commitment), box, commitment));
  if (json === null) throw refuse('is padded wrongly');
  try {
    return parseMessage(contactSchema, parseJsonBytes('contact', json), 'contact');
  } catch (cause) {
    throw refuse('holds something else than a contact', cause);
  }
}
