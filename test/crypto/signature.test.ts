import { createPublicKey, verify } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import { createSigningKey, isPublicSignature, isSignature, sign } from '../../crypto/signature.ts';
import { refusal } from '../support/refusal.ts';
import { hasForeignVectors, readForeignVectors, readVectors } from '../support/vectors.ts';

interface PublishedSignature {
  readonly name: string;
  readonly seed: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
}

interface WycheproofSuite {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly msg: string;
      readonly sig: string;
      readonly result: string;
    }[];
  }[];
}

const key = createSigningKey();
const message = utf8ToBytes('what is signed');
const signature = sign(key, message);
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

describe('Ed25519', () => {
  it.each(readVectors('rfc8032-ed25519.json') as PublishedSignature[])('gives RFC 8032’s $name', (vector) => {
    const signer = createSigningKey(hexToBytes(vector.seed));
    expect(bytesToHex(signer.publicKey)).toBe(vector.publicKey);
    expect(bytesToHex(sign(signer, hexToBytes(vector.message)))).toBe(vector.signature);
    expect(isSignature(signer.publicKey, hexToBytes(vector.message), hexToBytes(vector.signature))).toBe(true);
  });

  it.runIf(hasForeignVectors)('decides every case of Wycheproof as Wycheproof does', () => {
    const suite = readForeignVectors('wycheproof-ed25519.json') as WycheproofSuite;
    let count = 0;
    for (const { publicKey, tests } of suite.testGroups) {
      for (const { tcId, msg, sig, result } of tests) {
        const decided = isSignature(hexToBytes(publicKey.pk), hexToBytes(msg), hexToBytes(sig));
        expect(decided, `tcId ${tcId}`).toBe(result === 'valid');
        count += 1;
      }
    }
    expect(count).toBeGreaterThanOrEqual(151);
  });

  it('signs what Node verifies, and verifies it itself', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 200 }), (seed, text) => {
        const signer = createSigningKey(seed);
        const signed = sign(signer, text);
        const x = Buffer.from(signer.publicKey).toString('base64url');
        const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
        expect(verify(null, text, publicKey, signed)).toBe(true);
        expect(isSignature(signer.publicKey, text, signed)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

describe('isSignature', () => {
  it('is false for any flipped bit in signature, message or key', () => {
    for (let i = 0; i < 64; i++) {
      expect(isSignature(key.publicKey, message, signature.with(i, (signature[i] as number) ^ (1 << (i % 8))))).toBe(
        false,
      );
    }
    for (let i = 0; i < 32; i++) {
      expect(
        isSignature(key.publicKey.with(i, (key.publicKey[i] as number) ^ (1 << (i % 8))), message, signature),
      ).toBe(false);
    }
    expect(isSignature(key.publicKey, utf8ToBytes('what is signeD'), signature)).toBe(false);
  });

  it('is false, without an error, for other lengths', () => {
    expect(isSignature(key.publicKey, message, signature.subarray(0, 63))).toBe(false);
    expect(isSignature(key.publicKey, message, new Uint8Array(65))).toBe(false);
    expect(isSignature(key.publicKey.subarray(1), message, signature)).toBe(false);
    expect(isSignature(new Uint8Array(), message, new Uint8Array())).toBe(false);
  });

  it('takes no second spelling of a signature: S plus the order (RFC 8032 section 5.1.7)', () => {
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + ORDER;
    const other = Uint8Array.from(signature);
    other.set(Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(), 32);
    expect(isSignature(key.publicKey, message, other)).toBe(false);
  });

  // RFC 8032 leaves these open; libsodium refuses them, and so do we: under such a key one signature fits any message.
  it.each([
    ['0100000000000000000000000000000000000000000000000000000000000000', 'the identity'],
    ['0000000000000000000000000000000000000000000000000000000000000000', 'order 4'],
    ['ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'order 2'],
    ['26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'order 8'],
    ['c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'order 8'],
    ['eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'a non-canonical identity'],
  ])('refuses the key of small order %s (%s)', (hex) => {
    const forged = new Uint8Array(64);
    forged[0] = 1; // R: the identity; S: zero.
    expect(isSignature(hexToBytes(hex), message, forged)).toBe(false);
  });
});

describe('isPublicSignature', () => {
  it('says the same as isSignature, the first time and later, also of what resembles what held', () => {
    const other = createSigningKey();
    const cases: [Uint8Array, Uint8Array, Uint8Array, boolean][] = [
      [key.publicKey, message, signature, true],
      [other.publicKey, message, signature, false],
      [key.publicKey, utf8ToBytes('what is signeD'), signature, false],
      [key.publicKey, message, sign(other, message), false],
      [key.publicKey, message, signature.subarray(0, 63), false],
    ];
    for (let time = 0; time < 3; time++) {
      for (const [publicKey, signed, by, holds] of cases) expect(isPublicSignature(publicKey, signed, by)).toBe(holds);
    }
  });

  it('goes on to say so when more has been verified than it remembers', () => {
    const signed = Array.from({ length: 1100 }, (_, i) => utf8ToBytes(`statement ${i}`));
    const signatures = signed.map((statement) => sign(key, statement));
    for (let time = 0; time < 2; time++) {
      const held = signed.map((statement, i) => {
        return isPublicSignature(key.publicKey, statement, signatures[i] as Uint8Array);
      });
      expect(held.every(Boolean)).toBe(true);
    }
    expect(isPublicSignature(key.publicKey, signed[0] as Uint8Array, signatures[1] as Uint8Array)).toBe(false);
  });
});

describe('createSigningKey', () => {
  it('draws another seed each time, and takes 32 bytes alone', () => {
    expect(createSigningKey().seed).not.toEqual(createSigningKey().seed);
    expect(() => createSigningKey(new Uint8Array(31))).toThrow(refusal('badInput', 'seed'));
    expect(() => sign({ ...key, seed: new Uint8Array(64) }, message)).toThrow(refusal('badInput', 'seed'));
  });

  it('signs by the seed, whatever public key stands beside it', () => {
    const other = createSigningKey();
    expect(sign({ seed: key.seed, publicKey: other.publicKey }, message)).toEqual(signature);
  });
});
