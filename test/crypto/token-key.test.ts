import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  formatTokenKey,
  isTokenKey,
  TOKEN_KEY_BYTES,
  tokenKeyId,
  tokenKeyModulus,
  toRsaEncryptionKey,
} from '../../crypto/token-key.ts';
import { rosterIssuerSchema } from '../../crypto/roster.ts';
import { formatBase64url, hexToBytes } from '../../crypto/bytes.ts';
import { createTokenKey } from '../../server/issuer/token-key.ts';
import { readVectors } from '../support/vectors.ts';

let publicKey: Uint8Array;
beforeAll(async () => {
  ({ publicKey } = await createTokenKey());
});

describe('the form of a token key', () => {
  it('is the RFC’s', () => {
    for (const { pkS } of readVectors('rfc9578-type2.json') as { pkS: string }[]) {
      const rfc = hexToBytes(pkS);
      expect(isTokenKey(rfc)).toBe(true);
      expect(formatTokenKey(tokenKeyModulus(rfc))).toEqual(rfc);
    }
  });

  it('is read by node:crypto as the same key under both algorithm identifiers', () => {
    const read = (spki: Uint8Array) => createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    const [pss, rsa] = [read(publicKey), read(toRsaEncryptionKey(publicKey))];
    expect(pss.asymmetricKeyType).toBe('rsa-pss');
    expect(pss.asymmetricKeyDetails).toEqual({
      modulusLength: 2048,
      publicExponent: 65_537n,
      hashAlgorithm: 'sha384',
      mgf1HashAlgorithm: 'sha384',
      saltLength: 48,
    });
    expect(rsa.asymmetricKeyType).toBe('rsa');
    expect(rsa.export({ format: 'jwk' })['n']).toBe(formatBase64url(tokenKeyModulus(publicKey)));
    // What node:crypto writes for rsaEncryption is what is made here, byte for byte.
    expect(new Uint8Array(rsa.export({ format: 'der', type: 'spki' }))).toEqual(toRsaEncryptionKey(publicKey));
  });

  it('fits a roster', () => {
    const issuer = {
      number: 1,
      id: 'i',
      name: 'I',
      url: 'https://issuer.example',
      codesPerDay: 1,
      tokenKeys: [{ quarter: '2027-Q1', publicKey: formatBase64url(publicKey) }],
    };
    expect(rosterIssuerSchema.parse(issuer).tokenKeys[0]?.publicKey).toEqual(publicKey);
  });

  it('has an id that names the key', () => {
    expect(tokenKeyId(publicKey)).toHaveLength(32);
    expect(tokenKeyId(publicKey)).not.toEqual(tokenKeyId(toRsaEncryptionKey(publicKey)));
  });
});

describe('what is no token key', () => {
  const refused = (bytes: Uint8Array) => {
    expect(isTokenKey(bytes)).toBe(false);
    expect(() => tokenKeyModulus(bytes, 'tokenKeys[0]')).toThrow(
      expect.objectContaining({ code: 'badInput', field: 'tokenKeys[0]' }),
    );
  };

  it('differs in any byte but the modulus', () => {
    const start = TOKEN_KEY_BYTES - 5 - 256;
    for (let at = 0; at < TOKEN_KEY_BYTES; at++) {
      if (at >= start && at < TOKEN_KEY_BYTES - 5) continue;
      const changed = publicKey.slice();
      changed[at] = (changed[at] as number) ^ 1;
      refused(changed);
    }
  });

  it('is shorter or longer', () => {
    refused(publicKey.slice(0, -1));
    refused(Uint8Array.of(...publicKey, 0));
    refused(new Uint8Array());
  });

  it('has an even modulus, or one of fewer bits', () => {
    const even = tokenKeyModulus(publicKey);
    even[255] = (even[255] as number) & 0xfe;
    expect(() => formatTokenKey(even)).toThrow(expect.objectContaining({ code: 'badInput', field: 'modulus' }));
    const short = tokenKeyModulus(publicKey);
    short[0] = (short[0] as number) & 0x7f;
    expect(() => formatTokenKey(short)).toThrow(expect.objectContaining({ code: 'badInput', field: 'modulus' }));
    expect(() => formatTokenKey(short.slice(1))).toThrow(
      expect.objectContaining({ code: 'badInput', field: 'modulus' }),
    );
  });

  it('is a key of another form or length', () => {
    refused(toRsaEncryptionKey(publicKey));
    const longer = generateKeyPairSync('rsa', { modulusLength: 3072 }).publicKey;
    refused(new Uint8Array(longer.export({ format: 'der', type: 'spki' })));
    const otherHash = generateKeyPairSync('rsa-pss', { modulusLength: 2048, hashAlgorithm: 'sha256' }).publicKey;
    refused(new Uint8Array(otherHash.export({ format: 'der', type: 'spki' })));
  });
});
