/** QR codes as the pages draw them, read as the pages read them. */
import { decodeQR } from 'qr/decode.js';
import { describe, expect, it } from 'vitest';
import { drawQr } from '../../../server/web/ui/draw-qr.ts';
import { modulesOf, photograph, toRgba, type PictureOptions } from './qr-picture.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
/** As long as a receipt's of two guardians in a log of a million entries. */
const receipt = Array.from({ length: 1444 }, (_, i) => ALPHABET[(i * i * 7 + i * 3) % 45]).join('');
/** As long as one of five guardians in a log of a thousand million. */
const large = Array.from({ length: 2227 }, (_, i) => ALPHABET[(i * i * 11 + i) % 45]).join('');
const pack = 'BLINDMARK:1:0W8J4CT4ANK7F24SNAXWSQFES:0123456789ABCDEFGHJKMNPQRSTVWXYZ0123456789ABCDEFGHJK';

describe('a drawn code', () => {
  it.each([
    ['a pack’s', pack, 33],
    // Version 25 with medium error correction.
    ['a receipt’s', receipt, 117],
    // Version 29 with low error correction: with medium it would be version 33.
    ['a large receipt’s', large, 133],
    ['any other', 'https://xn--e1afmkfd.example/приклад', 33],
  ])('of %s text has its size, and its margin', async (_, text, modules) => {
    const code = await drawQr(text);
    expect(code.size).toBe(modules + 8);
    const rows = modulesOf(code);
    const dark = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [[x, y]] : []))).flat();
    expect(Math.min(...dark)).toBe(4);
    expect(Math.max(...dark)).toBe(code.size - 5);
  });

  it('is none of a text that is too long', async () => {
    await expect(drawQr('x'.repeat(3000))).rejects.toThrow();
  });
});

describe('a picture of a code', () => {
  it.each<[string, string, PictureOptions]>([
    ['as it is', pack, { module: 3 }],
    ['with three pixels a module', receipt, { module: 3, angle: 0.05, noise: 10 }],
    ['turned and unsharp', receipt, { module: 5, angle: 0.1, noise: 30, blur: 1 }],
    ['upside down', receipt, { module: 4, angle: Math.PI + 0.1, noise: 10 }],
    ['of the largest', large, { module: 4, angle: 0.07, noise: 10, blur: 2 }],
  ])('%s is read', async (_, text, options) => {
    expect(decodeQR(toRgba(photograph(await drawQr(text), options)))).toBe(text);
  });

  it('that shows none is refused', () => {
    const empty = { size: 40, path: '' };
    expect(() => decodeQR(toRgba(photograph(empty, { noise: 60 })))).toThrow();
  });
});
