import { describe, expect, it } from 'vitest';
import { Turns } from '../../../server/registry/turns.ts';

const [one, other] = [new Uint8Array([1]), new Uint8Array([2])];

describe('turns', () => {
  it('of one key are taken one after the other, in their order, whether they fail or not', async () => {
    const turns = new Turns();
    const seen: string[] = [];
    const results = await Promise.allSettled(
      [1, 2, 3].map(async (turn) =>
        turns.run(one, async () => {
          seen.push(`${turn} begins`);
          await Promise.resolve();
          seen.push(`${turn} ends`);
          if (turn === 2) throw new Error('the second');
          return turn;
        }),
      ),
    );
    expect(seen).toEqual(['1 begins', '1 ends', '2 begins', '2 ends', '3 begins', '3 ends']);
    expect(results).toMatchObject([{ value: 1 }, { reason: { message: 'the second' } }, { value: 3 }]);
  });

  it('of other keys do not wait', async () => {
    const turns = new Turns();
    const held = Promise.withResolvers<void>();
    const waiting = turns.run(one, async () => held.promise);
    expect(await turns.run(other, async () => Promise.resolve('done'))).toBe('done');
    held.resolve();
    await waiting;
    expect(await turns.run(one, async () => Promise.resolve('next'))).toBe('next');
  });
});
