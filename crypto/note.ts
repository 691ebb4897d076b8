/** Signed notes and verifier keys (C2SP signed-note), with Ed25519 as the one signature type that this file makes and checks. */
import { base64 } from '@scure/base';
import { checkBytes, concatBytes, equalBytes, formatUint, utf8ToBytes } from './bytes.ts';
import { badInput, BlindmarkError } from './errors.ts';
import { isPublicSignature, sign, type SigningKey } from './signature.ts';
import { sodium } from './sodium.ts';

/** The longest note that is read, in bytes of UTF-8. */
export const MAX_NOTE_LENGTH = 65_536;

/** The most signatures that a note may carry. The specification asks for at least 16. */
export const MAX_NOTE_SIGNATURES = 64;

/** Signature types of C2SP signed-note that Blindmark speaks: plain Ed25519, and timestamped cosignatures by Ed25519. */
export const SIGNATURE_TYPES = { ed25519: 0x01, cosignature: 0x04 } as const;

export type SignatureType = (typeof SIGNATURE_TYPES)[keyof typeof SIGNATURE_TYPES];

/** One signature line. */
export interface NoteSignature {
  /** Of the key: not empty, without spaces and `+`. */
  readonly name: string;
  /** 32 bits that tell keys of one name apart: {@link noteKeyId}. */
  readonly keyId: number;
  /** What follows the key ID; its form depends on the signature type. Not empty. */
  readonly signature: Uint8Array;
}

/** A note that parses. Nothing in it is to be believed before a signature verifies. */
export interface Note {
  /** Up to and with its last newline, which is what was signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Whose signatures to look for. */
export interface VerifierKey {
  readonly name: string;
  readonly type: SignatureType;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Standard base64 with padding (RFC 4648 section 4), as notes spell binary. */
export function formatBase64(bytes: Uint8Array): string {
  return base64.encode(bytes);
}

/**
 * Reads standard base64 with padding; refuses any other spelling of the same bytes.
 *
 * @param length bytes; any length when left out
 * @throws BlindmarkError `badInput`, naming `name`
 */
export function parseBase64(name: string, text: string, length?: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = base64.decode(text);
  } catch (cause) {
    throw badInput(name, 'standard base64 with padding', cause);
  }
  return checkBytes(name, bytes, length);
}

/** Whether a key may be called so (C2SP signed-note, Format). */
export function isKeyName(name: string): boolean {
  return name.isWellFormed() && /^[^\p{White_Space}+]+$/u.test(name) && !hasControls(name);
}

function hasControls(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- Refusing control characters is the purpose.
  return /[\u0000-\u0009\u000b-\u001f]/u.test(text);
}

function checkKeyName(name: string): string {
  if (!isKeyName(name)) throw badInput('name', 'a key name without spaces, controls and +');
  return name;
}

/** The first four bytes of SHA-256 of name, newline, type and public key, as a number (C2SP signed-note, Signatures). */
export function noteKeyId(name: string, type: SignatureType, publicKey: Uint8Array): number {
  const hash = sodium.crypto_hash_sha256(concatBytes(utf8ToBytes(`${name}\n`), Uint8Array.of(type), publicKey));
  return hash.subarray(0, 4).reduce((id, byte) => id * 256 + byte, 0);
}

const KEY_ID_LENGTH = 4;
const SIGNATURE_LINE = /^— (?<name>\S+) (?<signature>\S+)$/u;

/**
 * Reads signature lines, each ended by a newline.
 *
 * @throws BlindmarkError `badInput`
 */
export function parseSignatureLines(text: string): NoteSignature[] {
  if (!text.endsWith('\n')) throw badInput('note', 'signature lines that end in a newline');
  const lines = text.slice(0, -1).split('\n');
  if (lines.length > MAX_NOTE_SIGNATURES) throw badInput('note', `at most ${MAX_NOTE_SIGNATURES} signatures`);
  return lines.map((line) => {
    const { name, signature } = SIGNATURE_LINE.exec(line)?.groups ?? {};
    if (name === undefined || signature === undefined || !isKeyName(name)) {
      throw badInput('note', 'signature lines: em dash, key name and signature, with one space between');
    }
    const bytes = parseBase64('note signature', signature);
    if (bytes.length <= KEY_ID_LENGTH) throw badInput('note signature', 'a key ID of 4 bytes and a signature');
    const keyId = bytes.subarray(0, KEY_ID_LENGTH).reduce((id, byte) => id * 256 + byte, 0);
    return { name, keyId, signature: bytes.subarray(KEY_ID_LENGTH) };
  });
}

/** Signature lines: em dash, name, and key ID and signature in base64, each ended by a newline. */
export function formatSignatureLines(signatures: readonly NoteSignature[]): string {
  return signatures
    .map(({ name, keyId, signature }) => {
      return `— ${checkKeyName(name)} ${formatBase64(concatBytes(formatUint(keyId, KEY_ID_LENGTH), signature))}\n`;
    })
    .join('');
}

/**
 * Reads a note: its text up to the last empty line, then its signatures.
 *
 * @throws BlindmarkError `badInput` for what is longer than 64 KiB, holds control characters or unpaired surrogates, has no
 * empty line before its signatures, or more than 64 of them, or one that is malformed
 */
export function parseNote(text: string): Note {
  // UTF-8 takes at least as many bytes as UTF-16 has units, so that long text is refused before it is encoded.
  if (text.length > MAX_NOTE_LENGTH || utf8ToBytes(text).length > MAX_NOTE_LENGTH) {
    throw badInput('note', 'at most 65,536 bytes');
  }
  if (!text.isWellFormed() || hasControls(text)) {
    throw badInput('note', 'well-formed text without control characters other than newlines');
  }
  const end = text.lastIndexOf('\n\n');
  if (end < 0) throw badInput('note', 'an empty line before the signatures');
  return { text: text.slice(0, end + 1), signatures: parseSignatureLines(text.slice(end + 2)) };
}

/**
 * Writes a note.
 *
 * @throws BlindmarkError `badInput` for text that does not end in a newline, or whatever {@link parseNote} refuses
 */
export function formatNote({ text, signatures }: Note): string {
  if (!text.endsWith('\n')) throw badInput('text', 'text that ends in a newline');
  const note = `${text}\n${formatSignatureLines(signatures)}`;
  parseNote(note);
  return note;
}

/** Signs text that ends in a newline: a note with one Ed25519 signature of type 0x01 under `name`. */
export function signNote(text: string, { name, key }: { readonly name: string; readonly key: SigningKey }): string {
  const keyId = noteKeyId(name, SIGNATURE_TYPES.ed25519, key.publicKey);
  return formatNote({ text, signatures: [{ name, keyId, signature: sign(key, utf8ToBytes(text)) }] });
}

/** The signatures of a note that say to be by this key. They are not verified. */
export function signaturesBy(note: Note, { name, type, publicKey }: VerifierKey): Uint8Array[] {
  const keyId = noteKeyId(name, type, checkBytes('publicKey', publicKey, 32));
  return note.signatures
    .filter((signature) => signature.name === name && signature.keyId === keyId)
    .map(({ signature }) => signature);
}

/**
 * Whether a note is signed by an Ed25519 key. Signatures by other keys are ignored, whoever they say to be by.
 *
 * @returns false if it carries no signature by this name and key ID
 * @throws BlindmarkError `badSignature` if it does, and one of them does not verify (C2SP signed-note, Signatures)
 */
export function verifyNote(note: Note, { name, publicKey }: Omit<VerifierKey, 'type'>): boolean {
  const signatures = signaturesBy(note, { name, type: SIGNATURE_TYPES.ed25519, publicKey });
  const message = utf8ToBytes(note.text);
  if (!signatures.every((signature) => isPublicSignature(publicKey, message, signature))) {
    throw new BlindmarkError('badSignature', 'the note’s signature does not verify', { field: 'note' });
  }
  return signatures.length > 0;
}

/** A verifier key (vkey): name, key ID in hexadecimal, type and public key in base64, joined by `+`. */
export function formatVerifierKey({ name, type, publicKey }: VerifierKey): string {
  const keyId = noteKeyId(checkKeyName(name), type, checkBytes('publicKey', publicKey, 32));
  return `${name}+${keyId.toString(16).padStart(8, '0')}+${formatBase64(concatBytes(Uint8Array.of(type), publicKey))}`;
}

/**
 * Reads a verifier key of type 0x01 or 0x04.
 *
 * @throws BlindmarkError `badInput` for one of another type, or whose key ID is not that of its name and key
 */
export function parseVerifierKey(text: string): VerifierKey {
  const [name = '', keyId = '', ...rest] = text.split('+');
  checkKeyName(name);
  // Standard base64 has a + of its own.
  const bytes = parseBase64('verifier key', rest.join('+'), 33);
  const type = Object.values(SIGNATURE_TYPES).find((known) => known === bytes[0]);
  if (type === undefined) throw badInput('verifier key', 'a key of type 0x01 or 0x04');
  const key: VerifierKey = { name, type, publicKey: bytes.slice(1) };
  const expected = noteKeyId(name, type, key.publicKey).toString(16).padStart(8, '0');
  if (!equalBytes(utf8ToBytes(expected), utf8ToBytes(keyId))) throw badInput('verifier key', 'the key ID of its key');
  return key;
}
