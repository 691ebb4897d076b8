import * as fc from 'fast-check';
import supertest from 'supertest';
import { describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { delayedCommitment, formatLogEntry, type LogEntry } from '../../../crypto/log-entry.ts';
import { parseMessage } from '../../../crypto/message.ts';
import { statisticsReplySchema, type StatisticsReply } from '../../../crypto/wire.ts';
import { logRoutes } from '../../../server/log/routes.ts';
import { createStatistics, type Statistics } from '../../../server/log/statistics.ts';
import { createFailingLogStore } from '../../support/failing-log-store.ts';
import { refusal } from '../../support/refusal.ts';
import { createTestService } from '../../support/service.ts';
import { createLogWorld, eventually, type LogWorld, type OpenedLog } from './world.ts';

const hash = (): Uint8Array => randomBytes(32);
const hourAt = (month: string, day = 3): number => Date.parse(`${month}-0${day}T09:00:00Z`) / 3_600_000;
const lookup = (force: string, month: string): LogEntry => ({
  kind: 'lookup',
  hour: hourAt(month),
  request: hash(),
  force,
  officer: 'pseudonym-1',
  caseCommitment: hash(),
  codes: '1',
});
const match = (index: number, month: string): LogEntry => ({
  kind: 'match',
  hour: hourAt(month),
  mark: hash(),
  lookup: index,
});
const opening = (force: string, month: string): LogEntry => ({
  kind: 'opening',
  hour: hourAt(month),
  request: hash(),
  mark: hash(),
  caseCommitment: hash(),
  force,
  first: 'pseudonym-1',
  second: 'pseudonym-2',
});
const activation = (month: string): LogEntry => ({ kind: 'activation', hour: hourAt(month), request: hash() });

function delay(plain: LogEntry): { delayed: LogEntry; reveal: (index: number, month: string) => LogEntry } {
  const salt = hash();
  const bytes = formatLogEntry(plain);
  return {
    delayed: {
      kind: 'delayed',
      hour: plain.hour,
      of: plain.kind as 'lookup',
      commitment: delayedCommitment(salt, bytes),
      revealBy: plain.hour + 24,
    },
    reveal: (index, month) => ({ kind: 'reveal', hour: hourAt(month), entry: index, salt, plain: bytes }),
  };
}

interface Counted extends OpenedLog {
  readonly world: LogWorld;
  readonly statistics: Statistics;
  readonly add: (...entries: LogEntry[]) => Promise<number[]>;
}

async function count(): Promise<Counted> {
  const world = await createLogWorld({ guardians: 2 });
  const opened = await world.open();
  await opened.log.append([]);
  const add = async (...entries: LogEntry[]): Promise<number[]> => {
    const requests = entries.map((entry) => ({ key: hash(), entry: formatLogEntry(entry) }));
    return (await opened.log.append(requests)).entries.map(({ index }) => index);
  };
  return { ...opened, world, statistics: createStatistics({ log: opened.log, store: opened.store }), add };
}

const line = (month: string, force: string, [lookups, hits, openings]: readonly number[]) =>
  ({ month, force, lookups, hits, openings }) as StatisticsReply['months'][number];

describe('statistics', () => {
  it('count lookups, hits and openings by month and force, and nothing else', async () => {
    const { statistics, add } = await count();
    expect(await statistics.read()).toEqual({ size: 0, months: [], delayed: 0 });
    await add(
      activation('2026-11'),
      lookup('north', '2026-11'),
      lookup('south', '2026-11'),
      match(1, '2026-11'),
      match(1, '2026-12'),
      opening('north', '2026-12'),
    );
    await add(match(2, '2026-11'), lookup('north', '2026-12'));
    expect(await statistics.read()).toEqual({
      size: 8,
      months: [
        line('2026-11', 'north', [1, 1, 0]),
        line('2026-11', 'south', [1, 1, 0]),
        line('2026-12', 'north', [1, 1, 1]),
      ],
      delayed: 0,
    });
  });

  it('count a delayed entry once it is revealed, in its own month, in whatever order', async () => {
    const { statistics, add } = await count();
    const hidden = delay(lookup('north', '2026-11'));
    const hit = delay(match(0, '2026-11'));
    const open = delay(opening('north', '2026-11'));
    await add(hidden.delayed, hit.delayed, open.delayed);
    expect(await statistics.read()).toEqual({ size: 3, months: [], delayed: 3 });
    // The match is revealed before its lookup: nobody can say yet whose it is.
    await add(hit.reveal(1, '2026-12'));
    expect(await statistics.read()).toEqual({ size: 4, months: [], delayed: 2 });
    await add(hidden.reveal(0, '2026-12'), open.reveal(2, '2026-12'));
    expect(await statistics.read()).toEqual({
      size: 6,
      months: [line('2026-11', 'north', [1, 1, 1])],
      delayed: 0,
    });
    await add(match(0, '2026-12'), hidden.reveal(0, '2026-12'));
    expect((await statistics.read()).months).toEqual([
      line('2026-11', 'north', [1, 1, 1]),
      line('2026-12', 'north', [0, 1, 0]),
    ]);
  });

  it('are the same however the log is read in steps, and after a restart', async () => {
    const steps = fc.array(fc.array(fc.constantFrom('a', 'l', 'm', 'o'), { maxLength: 8 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const { statistics, add, log, store, close } = await count();
        const lookups: number[] = [];
        let size = 0;
        for (const kinds of plan) {
          const entries = kinds.map((kind, i) => {
            if (kind === 'l') lookups.push(size + i);
            if (kind === 'm' && lookups.length > 0) return match(lookups[(size + i) % lookups.length] ?? 0, '2026-11');
            return kind === 'l'
              ? lookup('north', '2026-11')
              : kind === 'o'
                ? opening('north', '2026-11')
                : activation('2026-11');
          });
          await add(...entries);
          size += entries.length;
          await statistics.read();
        }
        const whole = createStatistics({ log, store });
        expect(await whole.read()).toEqual(await statistics.read());
        expect((await whole.read()).size).toBe(size);
        await close();
      }),
      { numRuns: 10 },
    );
  });

  it('answer at once where much is missing, and count on in the background', async () => {
    const { add, log, store } = await count();
    for (let i = 0; i < 67; i++) {
      await add(...Array.from({ length: 256 }, () => (i === 66 ? opening('north', '2026-11') : activation('2026-11'))));
    }
    const statistics = createStatistics({ log, store });
    expect((await statistics.read()).size).toBeLessThan(256 * 67);
    await eventually(async () => {
      expect(await statistics.read()).toEqual({
        size: 256 * 67,
        months: [line('2026-11', 'north', [0, 0, 256])],
        delayed: 0,
      });
    });
  });

  it('go on after a failure of the store where they were', async () => {
    const { add, log, store } = await count();
    const failing = createFailingLogStore(store);
    const statistics = createStatistics({ log, store: failing });
    await add(lookup('north', '2026-11'), match(0, '2026-11'));
    for (const broken of [1, 2]) {
      failing.calls.length = 0;
      failing.plan = (_, call) => (call === broken ? 'failed' : null);
      await expect(statistics.read()).rejects.toThrow(refusal('storageFailed'));
    }
    failing.plan = () => null;
    expect(await statistics.read()).toEqual({ size: 2, months: [line('2026-11', 'north', [1, 1, 0])], delayed: 0 });
  });

  it('are served to anyone', async () => {
    const { add, log, store } = await count();
    await add(lookup('north', '2026-11'));
    const { app } = createTestService(logRoutes({ log, store }));
    const response = await supertest(app).get('/v1/statistics');
    expect(response.headers['cache-control']).toBe('public, max-age=60');
    expect(parseMessage(statisticsReplySchema, response.body)).toEqual({
      size: 1,
      months: [line('2026-11', 'north', [1, 0, 0])],
      delayed: 0,
    });
  });
});
