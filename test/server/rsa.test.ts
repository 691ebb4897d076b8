import { constants, createPrivateKey, sign } from 'node:crypto';
import { expect, it } from 'vitest';
import { randomBytes } from '../../crypto/bytes.ts';
import { createTokenKey, type TokenKeyPair } from '../../server/issuer/token-key.ts';
import { nodeRsaVerifier } from '../../server/rsa.ts';
import { refusal } from '../support/refusal.ts';

function signPss({ privateKey }: TokenKeyPair, message: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
  return sign('sha384', message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 });
}

it('verifies under the key that is given, however often and in whatever order keys come', async () => {
  const keys = [await createTokenKey(), await createTokenKey()] as const;
  const messages = [randomBytes(98), randomBytes(98)] as const;
  const signatures = keys.map((key, i) => signPss(key, messages[i] as Uint8Array));
  for (const [key, message, signature] of [
    [0, 0, 0],
    [1, 1, 1],
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [0, 0, 0],
  ] as const) {
    const isGood = key === message && message === signature;
    const { publicKey } = keys[key];
    expect(nodeRsaVerifier(publicKey, messages[message], signatures[signature] as Uint8Array)).toBe(isGood);
    // The same key in other bytes, as another message has it.
    expect(nodeRsaVerifier(publicKey.slice(), messages[message], signatures[signature] as Uint8Array)).toBe(isGood);
  }
});

it('refuses what is no key, each time', () => {
  const noKey = new Uint8Array(342);
  for (let i = 0; i < 2; i++) {
    expect(() => nodeRsaVerifier(noKey, randomBytes(98), randomBytes(256))).toThrow(refusal('badInput'));
  }
});
