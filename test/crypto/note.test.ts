import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8ToBytes } from '../../crypto/bytes.ts';
import {
  formatNote,
  formatSignatureLines,
  formatVerifierKey,
  isKeyName,
  type Note,
  noteKeyId,
  parseBase64,
  parseNote,
  parseSignatureLines,
  parseVerifierKey,
  SIGNATURE_TYPES,
  signNote,
  verifyNote,
} from '../../crypto/note.ts';
import { createSigningKey, sign } from '../../crypto/signature.ts';
import { refusal } from '../support/refusal.ts';
import { readVectors } from '../support/vectors.ts';

const { signedNote } = readVectors('c2sp-logs.json') as {
  readonly signedNote: { readonly verifierKey: string; readonly note: string; readonly unverified: string };
};

const key = createSigningKey();
const name = 'registry.example/log';
const note = signNote('first line\n\nlast line\n', { name, key });

describe('C2SP’s own example', () => {
  it('verifies under its verifier key', () => {
    const verifier = parseVerifierKey(signedNote.verifierKey);
    expect(verifier).toMatchObject({ name: 'example.com/foo', type: SIGNATURE_TYPES.ed25519 });
    expect(formatVerifierKey(verifier)).toBe(signedNote.verifierKey);
    const parsed = parseNote(signedNote.note);
    expect(parsed.text).toBe('This is an example message.\n');
    expect(verifyNote(parsed, verifier)).toBe(true);
    expect(formatNote(parsed)).toBe(signedNote.note);
  });

  it('no longer does with one letter changed', () => {
    const parsed = parseNote(signedNote.note.replace('example', 'exemple'));
    expect(() => verifyNote(parsed, parseVerifierKey(signedNote.verifierKey))).toThrow(refusal('badSignature', 'note'));
  });

  it('with empty lines and accents in its text parses, up to the last empty line', () => {
    const parsed = parseNote(signedNote.unverified);
    expect(parsed.text).toBe(
      'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n',
    );
    expect(parsed.signatures).toMatchObject([{ name: 'quasimodo.example/salvatore', keyId: 0x36_7b_a0_4b }]);
    expect(formatNote(parsed)).toBe(signedNote.unverified);
  });
});

describe('a signed note', () => {
  it('verifies, and is its own format', () => {
    const parsed = parseNote(note);
    expect(parsed.text).toBe('first line\n\nlast line\n');
    expect(verifyNote(parsed, { name, publicKey: key.publicKey })).toBe(true);
    expect(formatNote(parsed)).toBe(note);
  });

  it('is unsigned for whoever shares only the name or only the key', () => {
    const parsed = parseNote(note);
    expect(verifyNote(parsed, { name, publicKey: createSigningKey().publicKey })).toBe(false);
    expect(verifyNote(parsed, { name: 'registry.example', publicKey: key.publicKey })).toBe(false);
  });

  it('does not depend on signatures of unknown keys, even one that says to be by a known name', () => {
    const stranger = { name, keyId: 1, signature: new Uint8Array(5) };
    const parsed = parseNote(note);
    const more: Note = { ...parsed, signatures: [stranger, ...parsed.signatures, { ...stranger, name: 'other' }] };
    expect(verifyNote(parseNote(formatNote(more)), { name, publicKey: key.publicKey })).toBe(true);
  });

  it('is refused where any signature by a known key does not verify', () => {
    const parsed = parseNote(note);
    const keyId = noteKeyId(name, SIGNATURE_TYPES.ed25519, key.publicKey);
    for (const signature of [sign(key, utf8ToBytes('another text\n')), new Uint8Array(64), new Uint8Array(1)]) {
      for (const signatures of [
        [{ name, keyId, signature }],
        [...parsed.signatures, { name, keyId, signature }],
        [{ name, keyId, signature }, ...parsed.signatures],
      ]) {
        const verify = () => verifyNote({ ...parsed, signatures }, { name, publicKey: key.publicKey });
        expect(verify).toThrow(refusal('badSignature', 'note'));
      }
    }
  });

  it('reads back whatever can be written', () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/\p{Cc}/gu, '.'));
    const signature = fc.record({
      name: fc.string({ minLength: 1, unit: 'grapheme' }).filter(isKeyName),
      keyId: fc.nat(2 ** 31 - 1).map((id) => id * 2 + 1),
      signature: fc.uint8Array({ minLength: 1, maxLength: 100 }),
    });
    const signatures = fc.array(signature, { minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(fc.array(line), signatures, (lines, signed) => {
        const written = { text: `${lines.join('\n')}\n`, signatures: signed };
        expect(parseNote(formatNote(written))).toEqual(written);
      }),
    );
  });

  it.each([
    ['longer than 64 KiB', `${'x'.repeat(65_536)}\n\n— a AAAAAAA=\n`, '65,536 bytes'],
    ['longer than 64 KiB in UTF-8 alone', `${'€'.repeat(22_000)}\n\n— a AAAAAAA=\n`, '65,536 bytes'],
    ['with a carriage return', 'text\r\n\n— a AAAAAAA=\n', 'control characters'],
    ['with a zero byte', 'te\u0000xt\n\n— a AAAAAAA=\n', 'control characters'],
    ['with an unpaired surrogate', 'te\ud800xt\n\n— a AAAAAAA=\n', 'well-formed'],
    ['without an empty line', 'text\n— a AAAAAAA=\n', 'an empty line before'],
    ['without text', '\n— a AAAAAAA=\n', 'an empty line before'],
    ['without signatures', 'text\n\n', 'signature lines'],
    ['that ends within a line', 'text\n\n— a AAAAAAA=', 'end in a newline'],
    ['with a hyphen for the em dash', 'text\n\n- a AAAAAAA=\n', 'em dash'],
    ['with two spaces', 'text\n\n—  a AAAAAAA=\n', 'em dash'],
    ['with a third word', 'text\n\n— a AAAAAAA= b\n', 'em dash'],
    ['with text between the signatures', 'text\n\n— a AAAAAAA=\ntext\n— a AAAAAAA=\n', 'em dash'],
    ['by a name with +', 'text\n\n— a+b AAAAAAA=\n', 'em dash'],
    ['by a name with a wide space', 'text\n\n— a\u3000b AAAAAAA=\n', 'em dash'],
    ['with base64 of the other alphabet', 'text\n\n— a AAAAAA-=\n', 'base64'],
    ['with base64 without padding', 'text\n\n— a AAAAAAA\n', 'base64'],
    ['with bits left over in base64', 'text\n\n— a AAAAAAB=\n', 'base64'],
    ['with a key ID alone', 'text\n\n— a AAAAAA==\n', 'a key ID of 4 bytes and'],
    ['with 65 signatures', `text\n\n${'— a AAAAAAA=\n'.repeat(65)}`, 'at most 64'],
  ])('is refused %s', (_, text, reason) => {
    expect(() => parseNote(text)).toThrow(refusal('badInput'));
    expect(() => parseNote(text)).toThrow(reason);
  });

  it('is not written where it could not be read', () => {
    const { signatures } = parseNote(note);
    expect(() => formatNote({ text: 'no newline', signatures })).toThrow(refusal('badInput', 'text'));
    expect(() => formatNote({ text: 'a tab\t\n', signatures })).toThrow(refusal('badInput', 'note'));
    expect(() => formatNote({ text: 'text\n', signatures: [] })).toThrow(refusal('badInput', 'note'));
    expect(() => signNote('text\n', { name: 'with space', key })).toThrow(refusal('badInput', 'name'));
    expect(() => formatSignatureLines([{ name: '', keyId: 1, signature: new Uint8Array(1) }])).toThrow(
      refusal('badInput', 'name'),
    );
  });

  it('takes up to 64 signatures', () => {
    expect(parseNote(`text\n\n${'— a AAAAAAA=\n'.repeat(64)}`).signatures).toHaveLength(64);
    expect(parseSignatureLines('— a AAAAAAA=\n')).toEqual([{ name: 'a', keyId: 0, signature: new Uint8Array(1) }]);
  });
});

describe('a verifier key', () => {
  it('reads back whatever is written', () => {
    const types = fc.constantFrom(SIGNATURE_TYPES.ed25519, SIGNATURE_TYPES.cosignature);
    fc.assert(
      fc.property(types, fc.uint8Array({ minLength: 32, maxLength: 32 }), (type, publicKey) => {
        const verifier = { name: 'guardian.example/one', type, publicKey };
        expect(parseVerifierKey(formatVerifierKey(verifier))).toEqual(verifier);
      }),
    );
  });

  it.each([
    ['without a name', signedNote.verifierKey.replace('example.com/foo', ''), 'a key name'],
    ['of another name', signedNote.verifierKey.replace('foo', 'bar'), 'the key ID'],
    ['of another key ID', signedNote.verifierKey.replace('530d903a', '530d903b'), 'the key ID'],
    ['with its key ID in capitals', signedNote.verifierKey.replace('530d903a', '530D903A'), 'the key ID'],
    ['of another type', signedNote.verifierKey.replace('+Aekye', '+Bukye'), '0x01 or 0x04'],
    ['with a byte missing', signedNote.verifierKey.slice(0, -4), '33 bytes'],
    ['without material', 'example.com/foo+530d903a', '33 bytes'],
    ['with material that is no base64', 'example.com/foo+530d903a+*', 'base64'],
  ])('is refused %s', (_, text, reason) => {
    expect(() => parseVerifierKey(text)).toThrow(refusal('badInput'));
    expect(() => parseVerifierKey(text)).toThrow(reason);
  });
});

describe('base64', () => {
  it('checks the length that is asked for', () => {
    expect(parseBase64('hash', 'AAAA', 3)).toEqual(new Uint8Array(3));
    expect(() => parseBase64('hash', 'AAAA', 4)).toThrow(refusal('badInput', 'hash'));
  });
});
