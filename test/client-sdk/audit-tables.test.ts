import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LookupTable, MAX_LIMIT, RequestTable } from '../../client-sdk/audit-tables.ts';
import { concatBytes, randomBytes } from '../../crypto/bytes.ts';
import { refusal } from '../support/refusal.ts';

describe('a table of requests', () => {
  const step = fc.tuple(fc.nat(300), fc.nat(2 ** 40));

  it('knows every request that was added, before and after it was saved', () => {
    const requests = Array.from({ length: 301 }, () => randomBytes(32));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.nat(400), (steps, savedAfter) => {
        const known = new Map<number, number>();
        let table = new RequestTable();
        for (const [i, [number, index]] of steps.entries()) {
          expect(table.add(requests[number] as Uint8Array, index)).toBe(known.get(number) ?? null);
          if (!known.has(number)) known.set(number, index);
          if (i === savedAfter) table = new RequestTable(table.save());
        }
      }),
      { numRuns: 40 },
    );
  });

  it('grows to many', () => {
    const table = new RequestTable();
    const requests = Array.from({ length: 20_000 }, () => randomBytes(32));
    for (const [index, request] of requests.entries()) expect(table.add(request, index)).toBeNull();
    const again = new RequestTable(table.save());
    for (const [index, request] of requests.entries()) expect(again.add(request, 0)).toBe(index);
    expect(table.save()).toHaveLength(20_000 * 14);
  });

  it('tells apart what differs within eight bytes, wherever', () => {
    const request = randomBytes(32);
    for (let byte = 0; byte < 8; byte += 1) {
      const table = new RequestTable();
      table.add(request, 1);
      expect(table.add(request.with(byte, (request[byte] as number) ^ 1), 2)).toBeNull();
    }
  });

  it('reads a request out of a longer array', () => {
    const request = randomBytes(32);
    const table = new RequestTable();
    table.add(concatBytes(randomBytes(5), request).subarray(5), 7);
    expect(table.add(request, 8)).toBe(7);
  });

  it('is not read from bytes that are none', () => {
    expect(() => new RequestTable(new Uint8Array(15))).toThrow(refusal('badFile', 'state'));
  });
});

describe('a table of lookups', () => {
  it('counts matches, and keeps all of it when it is saved', () => {
    let table = new LookupTable();
    for (let index = 10; index < 10_000; index += 3) table.add(index, { limit: index % 256, force: index % 7 });
    table.countMatch(13);
    table.countMatch(13);
    for (const _ of [1, 2]) {
      expect(table.find(13)).toEqual({ matches: 2, limit: 13, force: 6 });
      expect(table.find(9_997)).toEqual({ matches: 0, limit: 13, force: 1 });
      for (const missing of [0, 9, 11, 12, 10_000]) expect(table.find(missing)).toBeNull();
      table = new LookupTable(table.save());
    }
  });

  it('keeps a hidden one until it is revealed', () => {
    const table = new LookupTable();
    table.add(2 ** 33 + 1, null);
    table.countMatch(2 ** 33 + 1);
    const saved = new LookupTable(table.save());
    expect(saved.find(2 ** 33 + 1)).toEqual({ matches: 1, limit: null, force: null });
    saved.reveal(2 ** 33 + 1, { limit: MAX_LIMIT, force: 3 });
    expect(saved.find(2 ** 33 + 1)).toEqual({ matches: 1, limit: MAX_LIMIT, force: 3 });
  });

  it('is not read from bytes that are none, or out of order', () => {
    expect(() => new LookupTable(new Uint8Array(13))).toThrow(refusal('badFile', 'state'));
    const table = new LookupTable();
    table.add(5, null);
    expect(() => new LookupTable(concatBytes(table.save(), table.save()))).toThrow(refusal('badFile', 'state'));
  });
});
