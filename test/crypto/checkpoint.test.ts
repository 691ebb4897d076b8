import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, formatUint, utf8ToBytes } from '../../crypto/bytes.ts';
import {
  addCosignatures,
  type Checkpoint,
  cosignatureTime,
  cosignCheckpoint,
  formatAddCheckpoint,
  formatCheckpoint,
  formatCosignatures,
  formatSizeReply,
  isCosignature,
  parseAddCheckpoint,
  parseCheckpoint,
  parseSizeReply,
  readCosignature,
  signCheckpoint,
  verifyCheckpoint,
} from '../../crypto/checkpoint.ts';
import {
  formatNote,
  noteKeyId,
  parseBase64,
  parseSignatureLines,
  SIGNATURE_TYPES,
  signNote,
} from '../../crypto/note.ts';
import { createSigningKey, isSignature, sign } from '../../crypto/signature.ts';
import { refusal } from '../support/refusal.ts';
import { readVectors } from '../support/vectors.ts';

const published = readVectors('c2sp-logs.json') as {
  readonly checkpoint: {
    readonly origin: string;
    readonly size: number;
    readonly root: string;
    readonly note: string;
    readonly cosigner: string;
    readonly cosignatureTime: number;
  };
  readonly addCheckpoint: { readonly oldSize: number; readonly request: string; readonly reply: string };
};

const origin = 'registry.example/log';
const logKey = createSigningKey();
const checkpoint: Checkpoint = { origin, size: 70_000, root: new Uint8Array(32).fill(7) };
const signed = signCheckpoint(checkpoint, logKey);
const log = { origin, publicKey: logKey.publicKey };

const guardianKey = createSigningKey();
const guardian = { name: 'registry.example/guardian/one', publicKey: guardianKey.publicKey };
const TIME = 1_795_500_000;

describe('C2SP’s own examples', () => {
  it('parse: a checkpoint with a cosignature', () => {
    const parsed = parseCheckpoint(published.checkpoint.note);
    const { size, root } = published.checkpoint;
    expect(parsed.checkpoint).toEqual({ origin: published.checkpoint.origin, size, root: parseBase64('root', root) });
    expect(formatCheckpoint(parsed.checkpoint)).toBe(parsed.note.text);
    expect(formatNote(parsed.note)).toBe(published.checkpoint.note);
    const [, cosignature] = parsed.note.signatures;
    expect(cosignature?.name).toBe(published.checkpoint.cosigner);
    expect(cosignatureTime(cosignature?.signature as Uint8Array)).toBe(published.checkpoint.cosignatureTime);
  });

  it('parse: a request to add a checkpoint, and its answer', () => {
    const parsed = parseAddCheckpoint(published.addCheckpoint.request);
    expect(parsed.oldSize).toBe(published.addCheckpoint.oldSize);
    expect(parsed.proof).toHaveLength(4);
    expect(parseCheckpoint(parsed.checkpoint).note.signatures).toHaveLength(2);
    expect(formatAddCheckpoint(parsed)).toBe(published.addCheckpoint.request);
    const lines = parseSignatureLines(published.addCheckpoint.reply);
    expect(lines.map(({ name }) => name)).toEqual(['witness.example/w1', 'witness.example/w1', 'witness.example/w2']);
    // Of the published form; their bytes are random, times included.
    expect(lines.every(({ signature }) => signature.length === 72)).toBe(true);
  });
});

describe('a checkpoint', () => {
  it('is verified as what was signed', () => {
    expect(verifyCheckpoint(signed, log)).toEqual(checkpoint);
    expect(parseCheckpoint(signed).checkpoint).toEqual(checkpoint);
  });

  it('has one spelling', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (size, root) => {
        const note = signCheckpoint({ origin, size, root }, logKey);
        expect(verifyCheckpoint(note, log)).toEqual({ origin, size, root });
      }),
    );
  });

  const body = formatCheckpoint(checkpoint);
  const sealed = (text: string) => signNote(text, { name: origin, key: logKey });

  it.each([
    ['is no note', 'nothing', 'an empty line before'],
    ['has two lines', sealed(`${origin}\n70000\n`), '32 bytes'],
    ['has an extension line', sealed(`${body}more\n`), 'without extension lines'],
    ['has an empty origin', sealed(`\n70000\n${body.split('\n')[2]}\n`), 'a name'],
    ['has an origin with spaces', sealed(body.replace('registry', 'the registry')), 'a name'],
    ['has a size with a zero in front', sealed(body.replace('70000', '070000')), 'without zeros'],
    ['has a negative size', sealed(body.replace('70000', '-1')), 'decimal'],
    ['has an empty size', sealed(body.replace('70000', '')), 'decimal'],
    ['has a size in hexadecimal', sealed(body.replace('70000', '0x1')), 'decimal'],
    ['has a size beyond 2^53', sealed(body.replace('70000', '9007199254740992')), 'counted with'],
    ['has a size of 20 digits', sealed(body.replace('70000', '18446744073709551615')), 'decimal'],
    ['has a root of 31 bytes', sealed(`${origin}\n1\n${Buffer.alloc(31).toString('base64')}\n`), '32 bytes'],
    ['has a root in base64url', sealed(body.replace(/.(?==\n$)/u, '_')), 'base64'],
    ['is of another log', signCheckpoint({ ...checkpoint, origin: 'other.example/log' }, logKey), 'of another log'],
    ['is signed by another key', signCheckpoint(checkpoint, createSigningKey()), 'does not carry'],
    ['is signed under another name', signNote(body, { name: 'other.example', key: logKey }), 'does not carry'],
    ['says another size than was signed', signed.replace('70000', '70001'), 'does not verify'],
  ])('is refused if it %s', (_, note, reason) => {
    expect(() => verifyCheckpoint(note, log)).toThrow(refusal('badCheckpoint'));
    expect(() => verifyCheckpoint(note, log)).toThrow(reason);
  });

  it('is not made of what could not be read', () => {
    expect(() => formatCheckpoint({ ...checkpoint, origin: 'a b' })).toThrow(refusal('badInput', 'origin'));
    expect(() => formatCheckpoint({ ...checkpoint, size: 2 ** 53 })).toThrow(refusal('badInput', 'size'));
    expect(() => formatCheckpoint({ ...checkpoint, root: new Uint8Array(31) })).toThrow(refusal('badInput', 'root'));
  });
});

describe('a cosignature', () => {
  const cosignature = cosignCheckpoint(checkpoint, guardianKey, TIME);
  const cosigned = addCosignatures(signed, [{ ...guardian, cosignature }]);

  it('signs the words of tlog-cosignature', () => {
    const message = `cosignature/v1\ntime ${TIME}\n${formatCheckpoint(checkpoint)}`;
    expect(cosignature).toHaveLength(72);
    expect(isSignature(guardian.publicKey, utf8ToBytes(message), cosignature.subarray(8))).toBe(true);
    expect(cosignatureTime(cosignature)).toBe(TIME);
  });

  it('is read from the checkpoint, whose log still signed it', () => {
    expect(readCosignature(parseCheckpoint(cosigned).note, guardian)).toEqual(cosignature);
    expect(verifyCheckpoint(cosigned, log)).toEqual(checkpoint);
    expect(readCosignature(parseCheckpoint(signed).note, guardian)).toBeNull();
    expect(readCosignature(parseCheckpoint(cosigned).note, { ...guardian, name: 'another' })).toBeNull();
    const stranger = { ...guardian, publicKey: createSigningKey().publicKey };
    expect(readCosignature(parseCheckpoint(cosigned).note, stranger)).toBeNull();
  });

  it('is of this checkpoint and this key alone', () => {
    const { publicKey } = guardian;
    expect(isCosignature(checkpoint, publicKey, cosignature)).toBe(true);
    expect(isCosignature({ ...checkpoint, size: 70_001 }, publicKey, cosignature)).toBe(false);
    expect(isCosignature({ ...checkpoint, origin: `${origin}2` }, publicKey, cosignature)).toBe(false);
    expect(isCosignature({ ...checkpoint, root: new Uint8Array(32) }, publicKey, cosignature)).toBe(false);
    expect(isCosignature(checkpoint, logKey.publicKey, cosignature)).toBe(false);
    const later = concatBytes(formatUint(0, 2), formatUint(TIME + 1, 6), cosignature.subarray(8));
    expect(isCosignature(checkpoint, publicKey, later)).toBe(false);
    expect(isCosignature(checkpoint, publicKey, cosignature.subarray(1))).toBe(false);
    expect(isCosignature(checkpoint, publicKey, new Uint8Array(72))).toBe(false);
  });

  it('is not a plain signature over the checkpoint', () => {
    const plain = sign(guardianKey, utf8ToBytes(formatCheckpoint(checkpoint)));
    const forged = concatBytes(formatUint(TIME, 6), formatUint(0, 2), plain);
    expect(isCosignature(checkpoint, guardian.publicKey, forged)).toBe(false);
  });

  it('takes the place of an older one', () => {
    const later = cosignCheckpoint(checkpoint, guardianKey, TIME + 3_600);
    const renewed = addCosignatures(cosigned, [{ ...guardian, cosignature: later }]);
    expect(parseCheckpoint(renewed).note.signatures).toHaveLength(2);
    expect(readCosignature(parseCheckpoint(renewed).note, guardian)).toEqual(later);
    expect(addCosignatures(renewed, [])).toBe(renewed);
  });

  it('is the latest of several by one key', () => {
    const times = [TIME, TIME + 7_200, TIME + 3_600];
    const { note } = parseCheckpoint(signed);
    const signatures = times.flatMap((time) => {
      const line = formatCosignatures([{ ...guardian, cosignature: cosignCheckpoint(checkpoint, guardianKey, time) }]);
      return parseSignatureLines(line);
    });
    const latest = readCosignature({ ...note, signatures }, guardian);
    expect(cosignatureTime(latest as Uint8Array)).toBe(TIME + 7_200);
  });

  it('is read from a witness’s answer', () => {
    const signatures = parseSignatureLines(formatCosignatures([{ ...guardian, cosignature }]));
    expect(readCosignature({ text: formatCheckpoint(checkpoint), signatures }, guardian)).toEqual(cosignature);
  });

  it('carries times beyond 32 bits', () => {
    const time = 2 ** 40 + 5;
    const far = cosignCheckpoint(checkpoint, guardianKey, time);
    expect(cosignatureTime(far)).toBe(time);
    expect(isCosignature(checkpoint, guardian.publicKey, far)).toBe(true);
  });

  const line = (signature: Uint8Array) => {
    const keyId = noteKeyId(guardian.name, SIGNATURE_TYPES.cosignature, guardian.publicKey);
    const { note } = parseCheckpoint(signed);
    return { ...note, signatures: [...note.signatures, { name: guardian.name, keyId, signature }] };
  };

  it.each([
    ['of 71 bytes', cosignature.subarray(0, 71), '72 bytes'],
    ['of 73 bytes', concatBytes(cosignature, new Uint8Array(1)), '72 bytes'],
    ['without a time', concatBytes(new Uint8Array(8), cosignature.subarray(8)), 'no time'],
    ['with a time beyond 2^53', concatBytes(new Uint8Array(8).fill(255), cosignature.subarray(8)), 'no time'],
    ['of another checkpoint', cosignCheckpoint({ ...checkpoint, size: 1 }, guardianKey, TIME), 'does not verify'],
    ['by another key under this key ID', cosignCheckpoint(checkpoint, logKey, TIME), 'does not verify'],
  ])('is refused %s', (_, signature, reason) => {
    expect(() => readCosignature(line(signature), guardian)).toThrow(refusal('badCheckpoint'));
    expect(() => readCosignature(line(signature), guardian)).toThrow(reason);
  });

  it('is refused beside a good one by the same key', () => {
    const good = line(cosignature);
    const bad = line(cosignCheckpoint({ ...checkpoint, size: 1 }, guardianKey, TIME)).signatures.slice(-1);
    expect(() => readCosignature({ ...good, signatures: [...good.signatures, ...bad] }, guardian)).toThrow(
      refusal('badCheckpoint'),
    );
  });

  it('is not made without a time, nor put under what is no checkpoint', () => {
    expect(() => cosignCheckpoint(checkpoint, guardianKey, 0)).toThrow(refusal('badInput', 'timestamp'));
    expect(() => cosignCheckpoint(checkpoint, guardianKey, 1.5)).toThrow(refusal('badInput', 'timestamp'));
    expect(() => addCosignatures('text', [])).toThrow(refusal('badCheckpoint'));
    const short = { ...guardian, cosignature: cosignature.subarray(8) };
    expect(() => addCosignatures(signed, [short])).toThrow(refusal('badInput', 'cosignature'));
  });
});

describe('a request to add a checkpoint (tlog-witness)', () => {
  const hash = new Uint8Array(32).fill(9);
  const request = formatAddCheckpoint({ oldSize: 5, proof: [hash, hash], checkpoint: signed });

  it('reads back whatever is written', () => {
    const hashes = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 });
    fc.assert(
      fc.property(fc.maxSafeNat(), hashes, (oldSize, proof) => {
        const written = { oldSize, proof, checkpoint: signed };
        expect(parseAddCheckpoint(formatAddCheckpoint(written))).toEqual(written);
      }),
    );
  });

  it.each([
    ['without an empty line', 'old 5\n', 'an empty line'],
    ['without an old size', request.replace('old 5\n', ''), 'the old size'],
    ['with another first word', request.replace('old 5', 'size 5'), 'the old size'],
    ['with two spaces', request.replace('old 5', 'old  5'), 'decimal'],
    ['with a zero in front', request.replace('old 5', 'old 05'), 'without zeros'],
    ['with a sign', request.replace('old 5', 'old +5'), 'decimal'],
    ['with a size beyond 2^53', request.replace('old 5', 'old 9007199254740993'), 'counted with'],
    ['with a hash of 31 bytes', request.replace('CQk=', 'CQ=='), '32 bytes'],
    ['with a hash that is no base64', request.replace('CQk=', 'CQk*'), 'base64'],
    [
      'with 64 hashes',
      formatAddCheckpoint({ oldSize: 5, proof: Array(64).fill(hash), checkpoint: signed }),
      'at most 63',
    ],
  ])('is refused %s', (_, text, reason) => {
    expect(() => parseAddCheckpoint(text)).toThrow(refusal('badInput'));
    expect(() => parseAddCheckpoint(text)).toThrow(reason);
  });
});

describe('the size that a witness knows', () => {
  it('reads back whatever is written', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (size) => parseSizeReply(formatSizeReply(size)) === size));
  });

  it.each(['', '5', '05\n', '-5\n', '5\n\n', ' 5\n', '5.0\n', '9007199254740992\n'])('is refused as %j', (text) => {
    expect(() => parseSizeReply(text)).toThrow(refusal('badInput', 'size'));
  });
});
