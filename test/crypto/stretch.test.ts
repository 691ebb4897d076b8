import { argon2Sync, hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bytesToHex, utf8ToBytes } from '../../crypto/bytes.ts';
import { labelledHash } from '../../crypto/hash.ts';
import {
  argon2idWasm,
  checkStretchParameters,
  stretch,
  STRETCH_CEILING,
  STRETCH_FLOOR,
  type Argon2id,
  type StretchParameters,
} from '../../crypto/stretch.ts';
import { refusal } from '../support/refusal.ts';
import { readVectors } from '../support/vectors.ts';

interface PublishedHash {
  readonly passes: number;
  readonly memoryKiB: number;
  readonly lanes: number;
  readonly password: string;
  readonly salt: string;
  readonly hash: string;
}

const cheap: StretchParameters = { memoryKiB: 8, passes: 1, lanes: 1 };
const y = new Uint8Array(64).fill(3);

const argon2idNode: Argon2id = async (password, salt, parameters, length) =>
  new Uint8Array(
    argon2Sync('argon2id', {
      message: password,
      nonce: salt,
      memory: parameters.memoryKiB,
      passes: parameters.passes,
      parallelism: parameters.lanes,
      tagLength: length,
    }),
  );

const published = readVectors('argon2id.json') as PublishedHash[];
const cases = published.map((test): [string, PublishedHash] => [
  `m=${test.memoryKiB} t=${test.passes} p=${test.lanes} ${test.password}`,
  test,
]);

describe('Argon2id', () => {
  it.each(cases)('gives the published value for %s', async (_, test) => {
    const hash = await argon2idWasm(utf8ToBytes(test.password), utf8ToBytes(test.salt), test, 32);
    expect(bytesToHex(hash)).toBe(test.hash);
  });

  it.each<[string, StretchParameters, number]>([
    ['the least', cheap, 64],
    ['several lanes', { memoryKiB: 96, passes: 2, lanes: 3 }, 64],
    ['memory that is no multiple of the lanes', { memoryKiB: 101, passes: 1, lanes: 4 }, 32],
    ['long output', { memoryKiB: 64, passes: 1, lanes: 1 }, 200],
    ['the floor', STRETCH_FLOOR, 64],
  ])('agrees with Node: %s', async (_, parameters, length) => {
    for (const password of [y, utf8ToBytes('x'), new Uint8Array(200).fill(255)]) {
      const salt = labelledHash('salt', password).subarray(0, 16);
      const [ours, theirs] = [argon2idWasm, argon2idNode].map((run) => run(password, salt, parameters, length));
      expect(bytesToHex((await ours) as Uint8Array)).toBe(bytesToHex((await theirs) as Uint8Array));
      if (parameters === STRETCH_FLOOR) break;
    }
  });
});

describe('checkStretchParameters', () => {
  const check =
    (change: Partial<StretchParameters>, belowFloor = false) =>
    () =>
      checkStretchParameters('stretch', { ...STRETCH_FLOOR, ...change }, belowFloor);

  it('takes the floor, the ceiling, and less only where the floor is set aside', () => {
    expect(check({})).not.toThrow();
    expect(check(STRETCH_CEILING)).not.toThrow();
    expect(check(cheap, true)).not.toThrow();
    expect(check(cheap)).toThrow(refusal('badInput', 'stretch.memoryKiB'));
  });

  it('has the floor of DESIGN 3.1: 64 MiB, three passes, one lane', () => {
    expect(STRETCH_FLOOR).toEqual({ memoryKiB: 64 * 1024, passes: 3, lanes: 1 });
  });

  it.each<[string, Partial<StretchParameters>, string]>([
    ['less memory than the floor', { memoryKiB: STRETCH_FLOOR.memoryKiB - 1 }, 'stretch.memoryKiB'],
    ['fewer passes', { passes: 2 }, 'stretch.passes'],
    ['no lane', { lanes: 0 }, 'stretch.lanes'],
    ['more memory than the ceiling', { memoryKiB: STRETCH_CEILING.memoryKiB + 1 }, 'stretch.memoryKiB'],
    ['more passes', { passes: STRETCH_CEILING.passes + 1 }, 'stretch.passes'],
    ['more lanes', { lanes: STRETCH_CEILING.lanes + 1 }, 'stretch.lanes'],
    ['half a pass', { passes: 3.5 }, 'stretch.passes'],
    ['no number', { memoryKiB: Number.NaN }, 'stretch.memoryKiB'],
  ])('refuses %s, naming the field', (_, change, field) => {
    expect(check(change)).toThrow(refusal('badInput', field));
  });

  it.each<[string, StretchParameters, string]>([
    ['nothing at all', { memoryKiB: 0, passes: 0, lanes: 0 }, 'stretch.memoryKiB'],
    ['less than 8 KiB a lane', { memoryKiB: 15, passes: 1, lanes: 2 }, 'stretch.memoryKiB'],
    ['more than the ceiling', { ...cheap, passes: 17 }, 'stretch.passes'],
  ])('refuses %s even below the floor', (_, parameters, field) => {
    expect(check(parameters, true)).toThrow(refusal('badInput', field));
  });
});

describe('stretch', () => {
  const context = { origin: 'registry.example', epoch: 7, parameters: cheap };

  it('is steps 3 and 4 of DESIGN 3.1, recomputed with Node', async () => {
    const salt = labelledHash('stretch', 'registry.example', new Uint8Array([0, 0, 0, 7])).subarray(0, 16);
    const z = await argon2idNode(y, salt, cheap, 64);
    const derive = (label: string) => new Uint8Array(hkdfSync('sha512', z, new Uint8Array(), labelledHash(label), 32));
    expect(await stretch(y, context)).toEqual({ lookupTag: derive('lookup-tag'), codeKey: derive('code-key') });
  });

  it('differs by input, origin, epoch and parameters, and gives tag and key apart', async () => {
    const results = await Promise.all([
      stretch(y, context),
      stretch(y.with(63, 4), context),
      stretch(y, { ...context, origin: 'registry.example2' }),
      stretch(y, { ...context, epoch: 8 }),
      stretch(y, { ...context, parameters: { ...cheap, passes: 2 } }),
    ]);
    const values = results.flatMap(({ lookupTag, codeKey }) => [lookupTag, codeKey].map(bytesToHex));
    expect(new Set(values).size).toBe(10);
    expect(values.every((value) => value.length === 64)).toBe(true);
  });

  it('takes any implementation, and asks it for 64 bytes under a salt of 16', async () => {
    const asked: unknown[] = [];
    const implementation: Argon2id = async (password, salt, parameters, length) => {
      asked.push(password, salt.length, parameters, length);
      return argon2idNode(password, salt, parameters, length);
    };
    expect(await stretch(y, context, implementation)).toEqual(await stretch(y, context));
    expect(asked).toEqual([y, 16, cheap, 64]);
  });

  it('refuses anything but 64 bytes, and an epoch that is no number', async () => {
    await expect(stretch(y.subarray(1), context)).rejects.toThrow(refusal('badInput', 'y'));
    await expect(stretch(y, { ...context, epoch: -1 })).rejects.toThrow(refusal('badInput'));
  });
});
