import { describe, expect, it } from 'vitest';
import { BlindmarkError, type ErrorCode } from '../../../../crypto/errors.ts';
import { Patience } from '../../../../server/web/engine/patience.ts';
import { packBatches } from '../../../../server/web/engine/tray-run.ts';
import { refusal } from '../../../support/refusal.ts';

const patience = new Patience({ firstDelayMs: 1, longestDelayMs: 2, tries: 3 });
const { signal } = new AbortController();

/** Work that fails so often with this code. */
function failing(code: ErrorCode, times: number): () => Promise<string> {
  let left = times;
  return async () => {
    if (left-- > 0) throw new BlindmarkError(code, 'not now');
    return 'done';
  };
}

describe('patience', () => {
  it.each<ErrorCode>(['unreachable', 'timedOut'])('has no end while nothing answers: %s', async (code) => {
    const waits: boolean[] = [];
    const onWaiting = (isWaiting: boolean): number => waits.push(isWaiting);
    expect(await patience.insist(failing(code, 20), { signal, onWaiting })).toBe('done');
    expect(waits).toEqual(Array.from({ length: 40 }, (_, i) => i % 2 === 0));
  });

  it.each<ErrorCode>(['unavailable', 'overloaded', 'guardiansUnavailable', 'revocationsStale', 'internal'])(
    'ends when a service goes on to answer that it cannot: %s',
    async (code) => {
      expect(await patience.insist(failing(code, 2), { signal })).toBe('done');
      await expect(patience.insist(failing(code, 3), { signal })).rejects.toThrow(refusal(code));
    },
  );

  it.each<ErrorCode>(['quotaExceeded', 'credentialExpired', 'badProof', 'cancelled', 'badInput'])(
    'is of no use for %s',
    async (code) => {
      await expect(patience.insist(failing(code, 1), { signal })).rejects.toThrow(refusal(code));
    },
  );

  it('is of no use for a defect', async () => {
    const work = async (): Promise<never> => {
      throw new TypeError('a defect');
    };
    await expect(patience.insist(work, { signal })).rejects.toThrow('a defect');
  });

  it('ends in the middle of a pause: as cancelled, or with what it waits for', async () => {
    const long = new Patience({ firstDelayMs: 1_000_000, longestDelayMs: 1_000_000 });
    const cancelling = new AbortController();
    const onWaiting = (): void => {
      cancelling.abort();
    };
    const work = failing('unreachable', 9);
    await expect(long.insist(work, { signal: cancelling.signal, onWaiting })).rejects.toThrow(refusal('cancelled'));
    const stopping = new AbortController();
    const stop = (): void => {
      stopping.abort();
    };
    await expect(long.insist(work, { signal, stop: stopping.signal, onWaiting: stop })).rejects.toThrow(
      refusal('unreachable'),
    );
  });

  it('wakes when the browser is online again', async () => {
    const long = new Patience({ firstDelayMs: 1_000_000, longestDelayMs: 1_000_000 });
    const events = new EventTarget();
    const globals = globalThis as { addEventListener?: unknown };
    globals.addEventListener = events.addEventListener.bind(events);
    try {
      const onWaiting = (isWaiting: boolean): void => {
        if (isWaiting) setImmediate(() => events.dispatchEvent(new Event('online')));
      };
      expect(await long.insist(failing('unreachable', 3), { signal, onWaiting })).toBe('done');
    } finally {
      delete globals.addEventListener;
    }
  });
});

describe('packBatches', () => {
  const codes = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) => ({ scheme: 's', canonical: String(from + i) }));
  const sizes = (...counts: number[]): number[] => {
    let from = 0;
    const readings = counts.map((count) => codes(count, (from += count) - count));
    return packBatches(readings, 16, 64).map((batch) => batch.length);
  };

  it('keeps the codes of a reading together where they fit', () => {
    expect(sizes()).toEqual([]);
    expect(sizes(1)).toEqual([1]);
    expect(sizes(...Array.from({ length: 40 }, () => 1))).toEqual([16, 16, 8]);
    expect(sizes(10, 10, 6, 1)).toEqual([10, 16, 1]);
    expect(sizes(3, 20, 3)).toEqual([3, 20, 3]);
    expect(sizes(256, 4)).toEqual([64, 64, 64, 64, 4]);
    expect(sizes(70, 4)).toEqual([64, 10]);
  });

  it('asks for each code once', () => {
    expect(packBatches([codes(3), codes(4), codes(2)], 16, 64)).toEqual([codes(4)]);
  });
});
