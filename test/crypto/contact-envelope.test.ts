import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, formatJsonBytes, formatUint, randomBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import {
  CONTACT_ENVELOPE_OVERHEAD,
  contactElement,
  contactEnvelopeHash,
  openContactEnvelope,
  sealContactEnvelope,
  secondGenerator,
  verifyContactEnvelope,
} from '../../crypto/contact-envelope.ts';
import type { Contact } from '../../crypto/contact.ts';
import { combineDecryptions, decryptShare } from '../../crypto/decryption.ts';
import { isBlindmarkError } from '../../crypto/errors.ts';
import { nobleGroup } from '../../crypto/group-noble.ts';
import { sodiumGroup } from '../../crypto/group-sodium.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { blindEvaluate } from '../../crypto/oprf.ts';
import { pad } from '../../crypto/padding.ts';
import { CONTACT_ENVELOPE_SIZES } from '../../crypto/registration.ts';
import { combine } from '../../crypto/threshold.ts';
import { refusal, refusalOf } from '../support/refusal.ts';
import { drawScalar, splitKey, subsets, type KeyShare } from '../support/split-key.ts';

const { groupKey, shares } = splitKey(2, 3);
const [codeKey, commitment, otherCommitment] = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const keys = { groupKey, codeKey, commitment };
const contact: Contact = {
  kind: 'details',
  name: 'A. Keeper',
  email: 'keeper@example.org',
  second: { name: 'B. Executor', telephone: '+44 20 7946 0000' },
};
const envelope = sealContactEnvelope(contact, keys);

function decrypt(of: Uint8Array, by: readonly KeyShare[] = shares.slice(0, 2), whole = groupKey): Uint8Array {
  const element = contactElement(of);
  const partials = by.map(({ index, secret, publicShare }) => ({
    guardian: `g${index}`,
    index,
    publicShare,
    ...decryptShare(secret, publicShare, element),
  }));
  return combineDecryptions(element, partials, 2, whole).shared;
}

const text = (maxLength: number) => fc.string({ minLength: 1, maxLength, unit: 'grapheme-ascii' });
const anyContact: fc.Arbitrary<Contact> = fc.oneof(
  fc.record({ kind: fc.constant('relay' as const), exchangeKey: fc.uint8Array({ minLength: 32, maxLength: 32 }) }),
  fc.record(
    {
      kind: fc.constant('details' as const),
      name: text(100),
      telephone: text(40),
      note: text(200),
      second: fc.record({ name: text(60), note: text(100) }, { requiredKeys: [] }),
    },
    { requiredKeys: ['kind', 'note'] },
  ),
);

describe('a contact envelope', () => {
  it('opens with the code’s key and any t shares, for its registration', () => {
    for (const by of [...subsets(shares, 2), shares]) {
      expect(openContactEnvelope(envelope, { shared: decrypt(envelope, by), codeKey, commitment })).toEqual(contact);
    }
  });

  it('opens again whatever was sealed, in one of two sizes', () => {
    fc.assert(
      fc.property(anyContact, fc.uint8Array({ minLength: 32, maxLength: 32 }), (any, label) => {
        const sealed = sealContactEnvelope(any, { ...keys, commitment: label });
        expect(CONTACT_ENVELOPE_SIZES).toContain(sealed.length);
        expect(() => {
          verifyContactEnvelope(sealed, label);
        }).not.toThrow();
        const opened = openContactEnvelope(sealed, { shared: decrypt(sealed), codeKey, commitment: label });
        expect(opened).toEqual(any);
      }),
      { numRuns: 30 },
    );
  });

  it('is padded to 512 bytes up to the last that fits, then to 1,024, then refused', () => {
    const person = { name: 'n'.repeat(100), telephone: '1'.repeat(40) };
    /** A contact that takes so many bytes. */
    const ofLength = (length: number): Contact => {
      const base: Contact = {
        kind: 'details',
        ...person,
        note: 'n',
        ...(length > 400 ? { second: { ...person, note: 'n'.repeat(250) } } : {}),
      };
      return { ...base, note: 'n'.repeat(1 + length - formatJsonBytes(base).length) };
    };
    const [small, large] = CONTACT_ENVELOPE_SIZES;
    const note = small - CONTACT_ENVELOPE_OVERHEAD;
    expect(sealContactEnvelope(ofLength(note), keys)).toHaveLength(small);
    expect(sealContactEnvelope(ofLength(note + 1), keys)).toHaveLength(large);
    expect(sealContactEnvelope(ofLength(large - CONTACT_ENVELOPE_OVERHEAD), keys)).toHaveLength(large);
    expect(() => sealContactEnvelope(ofLength(large - CONTACT_ENVELOPE_OVERHEAD + 1), keys)).toThrow(
      refusal('badInput', 'contact'),
    );
  });

  it('is another each time, under another element', () => {
    const again = sealContactEnvelope(contact, keys);
    expect(again).not.toEqual(envelope);
    expect(contactElement(again)).not.toEqual(contactElement(envelope));
    expect(contactEnvelopeHash(again)).not.toEqual(contactEnvelopeHash(envelope));
  });

  it('has the same bytes by noble and by libsodium', () => {
    const fixed = (length: number) => new Uint8Array(length).fill(7);
    const byNoble = sealContactEnvelope(contact, keys, fixed, nobleGroup);
    expect(byNoble).toEqual(sealContactEnvelope(contact, keys, fixed, sodiumGroup));
    expect(secondGenerator(nobleGroup)).toEqual(secondGenerator(sodiumGroup));
    for (const group of [nobleGroup, sodiumGroup]) verifyContactEnvelope(byNoble, commitment, group);
  });

  it.each<[string, unknown]>([
    ['a contact that reaches nobody', { kind: 'details', name: 'A. Keeper' }],
    ['a malformed one', { kind: 'details', email: 'nobody' }],
  ])('is not made of %s', (_, bad) => {
    expect(() => sealContactEnvelope(bad as Contact, keys)).toThrow(refusal('badInput'));
  });

  it('is not made for a key that is no element', () => {
    expect(() => sealContactEnvelope(contact, { ...keys, groupKey: new Uint8Array(32) })).toThrow(
      refusal('badElement', 'groupKey'),
    );
  });
});

describe('TDH2, written once more from the paper with noble’s numbers', () => {
  const { Point } = ristretto255;
  const { Fn } = Point;
  const B2 = ristretto255_hasher.hashToCurve(labelledHash('contact-generator'), {
    DST: 'HashToGroup-BLINDMARK-TDH2-v1-ristretto255-SHA512',
  });
  const parse = (of: Uint8Array) => {
    const part = (i: number): Uint8Array => of.slice(32 * i, 32 * i + 32);
    return {
      R: Point.fromBytes(part(0)),
      R2: Point.fromBytes(part(1)),
      c: Fn.fromBytes(part(2)),
      f: Fn.fromBytes(part(3)),
      box: of.slice(128),
    };
  };
  const H2 = (label: Uint8Array, box: Uint8Array, ...elements: Uint8Array[]): bigint =>
    ristretto255_hasher.hashToScalar(labelledHash('contact-proof', label, box, ...elements), {
      DST: 'HashToScalar-BLINDMARK-TDH2-v1-ristretto255-SHA512',
    });

  it('verifies and decrypts the same envelope', () => {
    const { R, R2, c, f, box } = parse(envelope);
    const W = Point.BASE.multiply(f).add(R.multiply(c));
    const W2 = B2.multiply(f).add(R2.multiply(c));
    expect(H2(commitment, box, R.toBytes(), R2.toBytes(), W.toBytes(), W2.toBytes())).toBe(c);
    // Lagrange at 0 for the shares 1 and 3: 3/2 and -1/2.
    const half = Fn.inv(2n);
    const S = R.multiply(Fn.mul(Fn.fromBytes((shares[0] as KeyShare).secret), Fn.mul(3n, half))).add(
      R.multiply(Fn.mul(Fn.fromBytes((shares[2] as KeyShare).secret), Fn.neg(half))),
    );
    const info = labelledHash('contact-envelope');
    const key = hkdf(sha512, concatBytes(S.toBytes(), codeKey), commitment, info, 32);
    const plain = xchacha20poly1305(key, box.slice(0, 24), commitment).decrypt(box.slice(24));
    const length = new DataView(plain.buffer, plain.byteOffset).getUint32(0);
    expect(JSON.parse(new TextDecoder().decode(plain.slice(4, 4 + length)))).toEqual(contact);
  });

  it('makes envelopes that this code takes', () => {
    const [r, s] = [drawScalar(), drawScalar()].map((bytes) => Fn.fromBytes(bytes)) as [bigint, bigint];
    const [R, R2] = [Point.BASE.multiply(r), B2.multiply(r)];
    const S = Point.fromBytes(groupKey).multiply(r);
    const key = hkdf(sha512, concatBytes(S.toBytes(), codeKey), commitment, labelledHash('contact-envelope'), 32);
    const nonce = randomBytes(24);
    const plain = pad(formatJsonBytes(contact), 512 - 128 - 40);
    const box = concatBytes(nonce, xchacha20poly1305(key, nonce, commitment).encrypt(plain));
    const [W, W2] = [Point.BASE.multiply(s), B2.multiply(s)];
    const c = H2(commitment, box, R.toBytes(), R2.toBytes(), W.toBytes(), W2.toBytes());
    const f = Fn.sub(s, Fn.mul(c, r));
    const made = concatBytes(R.toBytes(), R2.toBytes(), Fn.toBytes(c), Fn.toBytes(f), box);
    verifyContactEnvelope(made, commitment);
    expect(openContactEnvelope(made, { shared: decrypt(made), codeKey, commitment })).toEqual(contact);
  });
});

describe('verifyContactEnvelope', () => {
  const verify =
    (of: Uint8Array, label = commitment) =>
    () => {
      verifyContactEnvelope(of, label);
    };
  const part = (i: number): Uint8Array => envelope.slice(32 * i, 32 * i + 32);
  const [R, R2, challenge, response] = [0, 1, 2, 3].map(part) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const box = envelope.slice(128);

  it('refuses any flipped byte', () => {
    for (let i = 0; i < envelope.length; i++) {
      const flipped = envelope.with(i, (envelope[i] as number) ^ (1 << (i % 8)));
      const { code } = refusalOf(verify(flipped));
      expect(i < 64 ? ['badEnvelope', 'badElement'] : ['badEnvelope']).toContain(code);
    }
  });

  it('refuses another registration’s commitment', () => {
    expect(verify(envelope, otherCommitment)).toThrow(refusal('badEnvelope', 'contactEnvelope'));
    expect(verify(envelope, new Uint8Array())).toThrow(refusal('badEnvelope'));
  });

  it.each([0, 128, 511, 513, 1023, 2048])('refuses %d bytes', (length) => {
    expect(verify(new Uint8Array(length))).toThrow(refusal('badEnvelope'));
  });

  it.each([
    ['identity', 0, new Uint8Array(32)],
    ['identity', 1, new Uint8Array(32)],
    ['non-canonical encoding', 0, new Uint8Array(32).fill(0xff)],
    ['non-canonical encoding', 1, new Uint8Array(32).fill(0xff)],
  ])('refuses the %s as element %d', (_, position, bad) => {
    expect(verify(concatBytes(...[R, R2].with(position, bad), challenge, response, box))).toThrow(
      refusal('badElement', position === 0 ? 'contactEnvelope.R' : 'contactEnvelope.R′'),
    );
  });

  it.each([
    ['zero challenge', new Uint8Array(32), response],
    ['zero response', challenge, new Uint8Array(32)],
    ['challenge out of range', new Uint8Array(32).fill(0xff), response],
    ['response out of range', challenge, new Uint8Array(32).fill(0xff)],
  ])('refuses a %s', (_, c, f) => {
    expect(verify(concatBytes(R, R2, c, f, box))).toThrow(refusal('badEnvelope'));
  });

  it('refuses parts of two envelopes of one registration', () => {
    const other = sealContactEnvelope(contact, keys);
    for (let split = 32; split <= 128; split += 32) {
      expect(verify(concatBytes(envelope.slice(0, split), other.slice(split)))).toThrow(refusal('badEnvelope'));
    }
  });

  /** What somebody can make who wants R multiplied, knows neither r nor the code, and chooses the rest freely. */
  function forge(elements: readonly [Uint8Array, Uint8Array], label: Uint8Array, scalar: Uint8Array): Uint8Array[] {
    const [X, X2] = elements;
    const s = drawScalar();
    const [W, W2] = [sodiumGroup.multiplyBase(s), sodiumGroup.multiply(s, secondGenerator())];
    const c = sodiumGroup.hashToScalar(
      labelledHash('contact-proof', label, box, X, X2, W, W2),
      'HashToScalar-BLINDMARK-TDH2-v1-ristretto255-SHA512',
    );
    // The response of an honest prover who had `scalar`, and the old one, rescaled or not.
    const responses = [
      sodiumGroup.subtractScalars(s, sodiumGroup.multiplyScalars(c, scalar)),
      response,
      sodiumGroup.multiplyScalars(response, scalar),
    ];
    const challenges = [c, challenge, sodiumGroup.multiplyScalars(challenge, scalar)];
    return challenges.flatMap((first) => responses.map((second) => concatBytes(X, X2, first, second, box)));
  }

  it('refuses R copied under another label, with whatever proof', () => {
    for (const forged of forge([R, R2], otherCommitment, drawScalar())) {
      expect(verify(forged, otherCommitment)).toThrow(refusal('badEnvelope'));
    }
  });

  it('refuses R rescaled under another label or its own, with whatever proof', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (bytes) => {
        const factor = sodiumGroup.reduceScalar(bytes.with(0, 3));
        const scaled = [sodiumGroup.multiply(factor, R), sodiumGroup.multiply(factor, R2)] as const;
        for (const label of [commitment, otherCommitment]) {
          for (const forged of forge(scaled, label, factor)) {
            expect(verify(forged, label)).toThrow(refusal('badEnvelope'));
          }
        }
      }),
      { numRuns: 5 },
    );
  });

  it('refuses R and R′ that do not share their scalar, even by who knows both', () => {
    const [r, r2] = [drawScalar(), drawScalar()];
    const X = sodiumGroup.multiplyBase(r);
    for (const X2 of [sodiumGroup.multiply(r2, secondGenerator()), X, R2]) {
      for (const scalar of [r, r2]) {
        for (const forged of forge([X, X2], commitment, scalar)) {
          expect(verify(forged)).toThrow(refusal('badEnvelope'));
        }
      }
    }
    const honest = forge([X, sodiumGroup.multiply(r, secondGenerator())], commitment, r)[0] as Uint8Array;
    expect(verify(honest)).not.toThrow();
  });
});

describe('openContactEnvelope', () => {
  const shared = decrypt(envelope);

  it.each([
    ['another shared element', { shared: groupKey, codeKey, commitment }],
    ['another code’s key', { shared, codeKey: codeKey.with(0, 9), commitment }],
    ['another commitment', { shared, codeKey, commitment: otherCommitment }],
  ])('refuses %s', (_, given) => {
    expect(() => openContactEnvelope(envelope, given)).toThrow(refusal('badEnvelope'));
  });

  it.each([
    ['no contact', formatJsonBytes({ items: [] })],
    ['a field too many', formatJsonBytes({ ...contact, owner: 1 })],
    ['a control character', formatJsonBytes({ kind: 'details', note: '\u001b]0;x\u0007' })],
    ['no JSON', utf8ToBytes('{')],
    ['no UTF-8', new Uint8Array([0xff])],
    ['nothing', new Uint8Array()],
  ])('refuses what a dishonest owner sealed: %s', (_, content) => {
    expect(() =>
      openContactEnvelope(sealRaw(pad(content, 512 - 168)), { shared: rawShared, codeKey, commitment }),
    ).toThrow(refusal('badEnvelope', 'contactEnvelope'));
  });

  it('refuses wrong padding', () => {
    const raw = concatBytes(formatUint(1, 4), new Uint8Array(512 - 172).fill(1));
    expect(() => openContactEnvelope(sealRaw(raw), { shared: rawShared, codeKey, commitment })).toThrow(
      refusal('badEnvelope', 'contactEnvelope'),
    );
  });

  const rawShared = sodiumGroup.multiplyBase(drawScalar());
  function sealRaw(plaintext: Uint8Array): Uint8Array {
    const key = hkdf(sha512, concatBytes(rawShared, codeKey), commitment, labelledHash('contact-envelope'), 32);
    const nonce = randomBytes(24);
    return concatBytes(new Uint8Array(128), nonce, xchacha20poly1305(key, nonce, commitment).encrypt(plaintext));
  }
});

describe('who may open it', () => {
  const evaluation = splitKey(2, 3);
  const lookupTag = randomBytes(32);
  /** What somebody may have come to hold. The registry's data are always at hand: row, tag, roster. */
  const HOLDINGS = ['codeKey', 'share1', 'share2', 'share3', 'evaluation1', 'evaluation2', 'evaluation3'] as const;

  /** Every shared element that can be made from the holdings: by interpolation as if they were enough, and by guessing. */
  function guesses(held: ReadonlySet<string>): Uint8Array[] {
    const element = contactElement(envelope);
    const partOf = ({ index, secret }: KeyShare) => ({
      index,
      evaluatedElements: [sodiumGroup.multiply(secret, element)],
    });
    const decryption = shares.filter(({ index }) => held.has(`share${index}`)).map(partOf);
    const evaluations = evaluation.shares
      .filter(({ index }) => held.has(`evaluation${index}`))
      .map(({ index, secret, publicShare }) => {
        const { evaluatedElements } = blindEvaluate(secret, publicShare, [element]);
        return { index, evaluatedElements };
      });
    const pools = [decryption, evaluations, [...decryption, ...evaluations]];
    const combined = pools.flatMap((pool) =>
      [1, 2, 3].flatMap((size) =>
        subsets(pool, size).flatMap((chosen) =>
          new Set(chosen.map(({ index }) => index)).size < size ? [] : combine(chosen, size),
        ),
      ),
    );
    return [
      ...combined,
      element,
      envelope.slice(32, 64),
      groupKey,
      evaluation.groupKey,
      new Uint8Array(32),
      ...publicShares,
    ];
  }
  const publicShares = [...shares, ...evaluation.shares].map(({ publicShare }) => publicShare);

  function opens(held: ReadonlySet<string>): boolean {
    const codeKeys = held.has('codeKey') ? [codeKey] : [lookupTag, commitment, new Uint8Array(32), groupKey];
    return guesses(held).some((shared) =>
      codeKeys.some((guess) => {
        try {
          return openContactEnvelope(envelope, { shared, codeKey: guess, commitment }).kind === 'details';
        } catch (error) {
          if (isBlindmarkError(error, 'badEnvelope')) return false;
          throw error;
        }
      }),
    );
  }

  it('is who has the code’s key and t shares of the decryption key: of all 128 subsets, those alone', () => {
    for (let mask = 0; mask < 2 ** HOLDINGS.length; mask++) {
      const held = new Set<string>(HOLDINGS.filter((_, i) => (mask & (1 << i)) !== 0));
      const count = ['share1', 'share2', 'share3'].filter((share) => held.has(share)).length;
      expect({ held, opens: opens(held) }).toEqual({ held, opens: held.has('codeKey') && count >= 2 });
    }
  });

  it('is not who has the parts of another envelope', () => {
    const other = sealContactEnvelope(contact, keys);
    expect(equalBytes(decrypt(other), decrypt(envelope))).toBe(false);
    expect(() => openContactEnvelope(envelope, { shared: decrypt(other), codeKey, commitment })).toThrow(
      refusal('badEnvelope'),
    );
  });
});
