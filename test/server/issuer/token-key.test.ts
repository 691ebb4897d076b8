import { RSABSSA } from '@cloudflare/blindrsa-ts';
import { createPrivateKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { isTokenKey, tokenKeyModulus } from '../../../crypto/token-key.ts';
import { BlindSigner, createTokenKey, type TokenKeyPair } from '../../../server/issuer/token-key.ts';

let pair: TokenKeyPair;
beforeAll(async () => {
  pair = await createTokenKey();
});

/** Random, and below every modulus of 2,048 bits. */
function randomMessage(): Uint8Array {
  const message = randomBytes(256);
  message[0] = (message[0] as number) & 0x7f;
  return message;
}

describe('a token key', () => {
  it('is new each time, in the RFC’s form', async () => {
    const other = await createTokenKey();
    expect(isTokenKey(pair.publicKey)).toBe(true);
    expect(other.publicKey).not.toEqual(pair.publicKey);
    const details = createPrivateKey({ key: Buffer.from(pair.privateKey), format: 'der', type: 'pkcs8' });
    expect(details.asymmetricKeyDetails).toEqual({ modulusLength: 2048, publicExponent: 65_537n });
  });

  it('whose halves do not belong together is refused', async () => {
    const { publicKey } = await createTokenKey();
    expect(() => new BlindSigner({ ...pair, publicKey })).toThrow(expect.objectContaining({ code: 'badFile' }));
  });
});

describe('a blind signature', () => {
  it('is the one that RFC 9474’s reference makes, bit for bit', async () => {
    const signer = new BlindSigner(pair);
    const algorithm = { name: 'RSA-PSS', hash: 'SHA-384' };
    const reference = await crypto.subtle.importKey('pkcs8', pair.privateKey.slice(), algorithm, true, ['sign']);
    const message = randomMessage();
    expect(signer.sign(message)).toEqual(await RSABSSA.SHA384.PSS.Deterministic().blindSign(reference, message));
  });

  it('is the same for the same message', () => {
    const signer = new BlindSigner(pair);
    const message = randomMessage();
    expect(signer.sign(message)).toEqual(signer.sign(message));
  });

  it('that a fault has spoilt does not leave the process', () => {
    const whole = createPrivateKey({ key: Buffer.from(pair.privateKey), format: 'der', type: 'pkcs8' });
    const jwk = whole.export({ format: 'jwk' });
    // A wrong private exponent, and a wrong one for the Chinese remainders: OpenSSL mends either alone.
    const spoilt = createPrivateKey({ key: { ...jwk, d: jwk.dp as string, dp: jwk.dq as string }, format: 'jwk' });
    const privateKey = new Uint8Array(spoilt.export({ format: 'der', type: 'pkcs8' }));
    expect(() => new BlindSigner({ ...pair, privateKey }).sign(randomMessage())).toThrow('signing failure');
  });

  it('is made of every message between zero and the modulus, and of no other', () => {
    const signer = new BlindSigner(pair);
    const modulus = tokenKeyModulus(pair.publicKey);
    const one = new Uint8Array(256).fill(1, 255);
    const last = modulus.slice();
    last[255] = (last[255] as number) - 1;
    expect(signer.sign(one)).toEqual(one);
    expect(signer.sign(last)).toHaveLength(256);
    for (const message of [
      new Uint8Array(256),
      modulus,
      new Uint8Array(256).fill(255),
      one.slice(1),
      new Uint8Array(),
    ]) {
      expect(() => signer.checkMessage('blindedMessage', message)).toThrow(
        expect.objectContaining({ code: 'badInput', field: 'blindedMessage' }),
      );
      expect(() => signer.sign(message)).toThrow(expect.objectContaining({ code: 'badInput' }));
    }
  });
});
