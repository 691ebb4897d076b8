import { createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { createExchangeKey, openSealed, openWithKey, SEAL_OVERHEAD, sealTo, sealWithKey } from '../../crypto/seal.ts';
import { sodium } from '../../crypto/sodium.ts';
import { refusal } from '../support/refusal.ts';
import { hasForeignVectors, readForeignVectors, readVectors } from '../support/vectors.ts';

interface AeadCase {
  readonly tcId: number;
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
  readonly result: 'valid' | 'invalid';
}

const key = new Uint8Array(32).fill(7);
const plaintext = utf8ToBytes('what is sealed');
const context = utf8ToBytes('context');

const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] as number) ^ (1 << (at % 8)));

describe('sealWithKey', () => {
  const box = sealWithKey(key, plaintext, context);

  it('opens again, whatever is sealed', () => {
    const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), bytes(200), bytes(50), (secret, text, data) => {
        const sealed = sealWithKey(secret, text, data);
        expect(sealed).toHaveLength(text.length + SEAL_OVERHEAD);
        expect(openWithKey(secret, sealed, data)).toEqual(text);
      }),
    );
  });

  it('never seals twice under one nonce', () => {
    expect(sealWithKey(key, plaintext, context).subarray(0, 24)).not.toEqual(box.subarray(0, 24));
  });

  it('refuses any flipped bit', () => {
    for (let i = 0; i < box.length; i++) {
      expect(() => openWithKey(key, flip(box, i), context)).toThrow(refusal('badEnvelope'));
    }
  });

  it.each([
    ['another key', () => openWithKey(flip(key, 31), box, context)],
    ['other associated data', () => openWithKey(key, box, utf8ToBytes('contexu'))],
    ['no associated data', () => openWithKey(key, box, new Uint8Array())],
    ['a truncated box', () => openWithKey(key, box.subarray(0, -1), context)],
    ['a longer box', () => openWithKey(key, concatBytes(box, new Uint8Array(1)), context)],
    ['a box shorter than nonce and tag', () => openWithKey(key, box.subarray(0, SEAL_OVERHEAD - 1), context)],
    ['no box', () => openWithKey(key, new Uint8Array(), context)],
  ])('refuses %s', (_, action) => {
    expect(action).toThrow(refusal('badEnvelope'));
  });

  it('refuses a key of another length', () => {
    expect(() => sealWithKey(key.subarray(1), plaintext, context)).toThrow(refusal('badInput', 'key'));
    expect(() => openWithKey(new Uint8Array(33), box, context)).toThrow(refusal('badInput', 'key'));
  });
});

describe('XChaCha20-Poly1305', () => {
  const split = (test: AeadCase) => concatBytes(hexToBytes(test.iv), hexToBytes(test.ct), hexToBytes(test.tag));

  function check(test: AeadCase): void {
    const [secret, data] = [hexToBytes(test.key), hexToBytes(test.aad)];
    const sealed = sealWithKey(secret, hexToBytes(test.msg), data, () => hexToBytes(test.iv));
    expect(bytesToHex(sealed), `tcId ${test.tcId}`).toBe(bytesToHex(split(test)));
    expect(bytesToHex(openWithKey(secret, split(test), data)), `tcId ${test.tcId}`).toBe(test.msg);
  }

  it('gives the published value', () => {
    check(readVectors('xchacha20-poly1305.json') as AeadCase);
  });

  it.runIf(hasForeignVectors)('passes Wycheproof', () => {
    const suite = readForeignVectors('wycheproof-xchacha20_poly1305.json') as { testGroups: { tests: AeadCase[] }[] };
    const tests = suite.testGroups.flatMap((group) => group.tests);
    expect(tests.length).toBeGreaterThan(300);
    for (const test of tests) {
      if (test.result === 'valid') check(test);
      else {
        const open = () => openWithKey(hexToBytes(test.key), split(test), hexToBytes(test.aad));
        expect(open, `tcId ${test.tcId}`).toThrow(refusal('badEnvelope'));
      }
    }
  });
});

describe('X25519', () => {
  interface Pair {
    readonly secret: string;
    readonly publicKey: string;
  }
  const { alice, bob, shared } = readVectors('rfc7748-x25519.json') as { alice: Pair; bob: Pair; shared: string };

  it('gives the values of RFC 7748 section 6.1', () => {
    for (const pair of [alice, bob]) {
      expect(bytesToHex(createExchangeKey(hexToBytes(pair.secret)).publicKey)).toBe(pair.publicKey);
    }
    for (const [mine, theirs] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      expect(bytesToHex(sodium.crypto_scalarmult(hexToBytes(mine.secret), hexToBytes(theirs.publicKey)))).toBe(shared);
    }
  });

  it('seals as its docstring says, recomputed with Node’s X25519 and HKDF and libsodium’s AEAD', () => {
    const randomness = [hexToBytes(alice.secret), new Uint8Array(24).fill(9)];
    const box = sealTo(hexToBytes(bob.publicKey), plaintext, context, () => randomness.shift() as Uint8Array);
    const jwk = { kty: 'OKP', crv: 'X25519' };
    const of = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');
    const secret = diffieHellman({
      privateKey: createPrivateKey({ format: 'jwk', key: { ...jwk, x: of(alice.publicKey), d: of(alice.secret) } }),
      publicKey: createPublicKey({ format: 'jwk', key: { ...jwk, x: of(bob.publicKey) } }),
    });
    expect(secret.toString('hex')).toBe(shared);
    const info = labelledHash('sealed-to-recipient', hexToBytes(alice.publicKey), hexToBytes(bob.publicKey));
    const boxKey = new Uint8Array(hkdfSync('sha512', secret, new Uint8Array(), info, 32));
    const nonce = new Uint8Array(24).fill(9);
    const ciphertext = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, context, null, nonce, boxKey);
    expect(bytesToHex(box)).toBe(bytesToHex(concatBytes(hexToBytes(alice.publicKey), nonce, ciphertext)));
  });
});

describe('sealTo', () => {
  const recipient = createExchangeKey();
  const box = sealTo(recipient.publicKey, plaintext, context);

  it('opens for the recipient alone', () => {
    expect(openSealed(recipient, box, context)).toEqual(plaintext);
    expect(() => openSealed(createExchangeKey(), box, context)).toThrow(refusal('badEnvelope'));
  });

  it('refuses any flipped bit, of the ephemeral key too', () => {
    for (let i = 0; i < box.length; i++) {
      expect(() => openSealed(recipient, flip(box, i), context)).toThrow(refusal('badEnvelope'));
    }
    // X25519 ignores the top bit of a public key: the derivation does not.
    expect(() => openSealed(recipient, box.with(31, (box[31] as number) ^ 0x80), context)).toThrow(
      refusal('badEnvelope'),
    );
  });

  it('refuses other associated data and a box too short', () => {
    expect(() => openSealed(recipient, box, new Uint8Array())).toThrow(refusal('badEnvelope'));
    expect(() => openSealed(recipient, box.subarray(0, 32 + SEAL_OVERHEAD - 1), context)).toThrow(
      refusal('badEnvelope'),
    );
  });

  // RFC 7748 section 6.1: points of small order give the shared secret zero, which anybody knows.
  it.each([
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ])('refuses the key of small order %s on both sides', (hex) => {
    const small = hexToBytes(hex);
    expect(() => sealTo(small, plaintext, context)).toThrow(refusal('badInput', 'recipient'));
    const zeroKeyed = concatBytes(small, box.subarray(32));
    expect(() => openSealed(recipient, zeroKeyed, context)).toThrow(refusal('badEnvelope'));
  });

  it('refuses keys of another length', () => {
    expect(() => sealTo(recipient.publicKey.subarray(1), plaintext, context)).toThrow(refusal('badInput', 'recipient'));
    expect(() => createExchangeKey(new Uint8Array(31))).toThrow(refusal('badInput', 'secret'));
  });
});
