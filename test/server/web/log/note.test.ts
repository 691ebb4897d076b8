/** What the page of the public log reads of a checkpoint by itself is what the SDK reads. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBase64url } from '../../../../crypto/bytes.ts';
import { addCosignatures, cosignatureTime, cosignCheckpoint, signCheckpoint } from '../../../../crypto/checkpoint.ts';
import { formatBase64 } from '../../../../crypto/note.ts';
import { createSigningKey } from '../../../../crypto/signature.ts';
import { decodeBase64, readCheckpoint, statedTime } from '../../../../server/web/log/note.ts';

const [log, first, second] = [1, 2, 3].map(() => createSigningKey()) as [
  ReturnType<typeof createSigningKey>,
  ReturnType<typeof createSigningKey>,
  ReturnType<typeof createSigningKey>,
];
const root = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** The last second of the year 9999. */
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;
const time = fc.integer({ min: 1, max: LAST });

describe('a checkpoint', () => {
  it('is read as it was signed, with the times of its cosignatures', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), root, time, time, (size, hash, one, two) => {
        const checkpoint = { origin: 'registry.example/log', size, root: hash };
        const cosign = (name: string, key: typeof first, at: number) => ({
          name,
          publicKey: key.publicKey,
          cosignature: cosignCheckpoint(checkpoint, key, at),
        });
        const note = addCosignatures(signCheckpoint(checkpoint, log), [
          cosign('registry.example/guardian/g1', first, one),
          cosign('registry.example/guardian/g2', second, two),
        ]);
        const read = readCheckpoint(note);
        expect(read).toMatchObject({ origin: 'registry.example/log', size, root: formatBase64(hash) });
        if (read === null) throw new Error('it is not read');
        expect(statedTime(read, 'registry.example/guardian/g1')).toBe(one);
        expect(statedTime(read, 'registry.example/guardian/g2')).toBe(two);
        expect(statedTime(read, 'registry.example/guardian/g3')).toBeNull();
        // The log's own signature has no time.
        expect(statedTime(read, 'registry.example/log')).toBeNull();
      }),
      { numRuns: 20 },
    );
  });

  it('that carries two cosignatures by one name shows the later time', () => {
    const checkpoint = { origin: 'log', size: 1, root: new Uint8Array(32) };
    const cosigned = [first, second].map((key, i) => ({
      name: 'g1',
      publicKey: key.publicKey,
      cosignature: cosignCheckpoint(checkpoint, key, 100 - i),
    }));
    const read = readCheckpoint(addCosignatures(signCheckpoint(checkpoint, log), cosigned));
    expect(read === null ? null : statedTime(read, 'g1')).toBe(100);
    expect(cosigned.map(({ cosignature }) => cosignatureTime(cosignature))).toEqual([100, 99]);
  });

  it.each([LAST + 1, 2 ** 53, 2 ** 64 - 2 ** 11])(
    'whose cosignature is of the second %d has no time: no calendar has it',
    (at) => {
      const signature = new Uint8Array(76);
      new DataView(signature.buffer).setBigUint64(4, BigInt(at));
      const note = `${signCheckpoint({ origin: 'log', size: 1, root: new Uint8Array(32) }, log)}— g1 ${formatBase64(signature)}\n`;
      const read = readCheckpoint(note);
      expect(read?.signatures.map(({ name }) => name)).toContain('g1');
      expect(read === null ? 0 : statedTime(read, 'g1')).toBeNull();
    },
  );

  const good = signCheckpoint({ origin: 'log', size: 7, root: new Uint8Array(32) }, log);
  it.each([
    ['nothing', ''],
    ['no empty line', good.replace('\n\n', '\n')],
    ['a size that is no number', good.replace('\n7\n', '\nseven\n')],
    ['a size below 0', good.replace('\n7\n', '\n-7\n')],
    ['a root that is too short', good.replace(formatBase64(new Uint8Array(32)), formatBase64(new Uint8Array(31)))],
    ['a root that is no base64', good.replace(formatBase64(new Uint8Array(32)), '!')],
    ['a line more', good.replace('\n\n', '\nmore\n\n')],
    ['no name', good.replace(/^log/u, '')],
  ])('is not read of %s', (_, note) => {
    expect(readCheckpoint(good)?.size).toBe(7);
    expect(readCheckpoint(note)).toBeNull();
  });

  it('is read without lines that are no signatures', () => {
    expect(readCheckpoint(`${good}— g1 !\nnothing\n— g1\n`)?.signatures).toHaveLength(1);
  });
});

describe('base64', () => {
  it('is read in both alphabets, with and without padding', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        for (const text of [formatBase64(bytes), formatBase64url(bytes)]) expect(decodeBase64(text)).toEqual(bytes);
      }),
    );
    expect(decodeBase64('a')).toBeNull();
    expect(decodeBase64('ä')).toBeNull();
  });
});
