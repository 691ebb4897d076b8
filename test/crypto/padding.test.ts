import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, formatUint } from '../../crypto/bytes.ts';
import { pad, PADDING_OVERHEAD, unpad } from '../../crypto/padding.ts';
import { refusal } from '../support/refusal.ts';

describe('padding', () => {
  it('gives any content one length, and gives it back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(40), (content, room) => {
        const size = content.length + PADDING_OVERHEAD + room;
        const padded = pad(content, size);
        expect(padded).toHaveLength(size);
        expect(unpad(padded)).toEqual(content);
      }),
    );
  });

  it('takes what just fits, and no more', () => {
    expect(unpad(pad(new Uint8Array(28).fill(7), 32))).toHaveLength(28);
    expect(() => pad(new Uint8Array(29), 32)).toThrow(refusal('badInput', 'content'));
  });

  it('means one content: any other bytes are none, or another', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const content = unpad(bytes);
        expect(content === null ? bytes : pad(content, bytes.length)).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['less than a length', new Uint8Array(3)],
    ['a length past the end', concatBytes(formatUint(2, 4), new Uint8Array(1))],
    ['the greatest length', concatBytes(formatUint(2 ** 32 - 1, 4), new Uint8Array(9))],
    ['something behind the content', concatBytes(formatUint(1, 4), new Uint8Array([9, 0, 0, 1]))],
  ])('is not %s', (_, bytes) => {
    expect(unpad(bytes)).toBeNull();
  });

  it('reads a part of a longer buffer', () => {
    const padded = pad(new Uint8Array([1, 2, 3]), 16);
    expect(unpad(concatBytes(new Uint8Array(5).fill(255), padded).subarray(5))).toEqual(new Uint8Array([1, 2, 3]));
  });
});
