import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { cosignatureTime, parseCheckpoint, readCosignature } from '../../../crypto/checkpoint.ts';
import { EMPTY_ROOT, verifyConsistency } from '../../../crypto/merkle.ts';
import { namedRequest } from '../../support/log-request.ts';
import { refusal } from '../../support/refusal.ts';
import { createFailingLogStore } from '../../support/failing-log-store.ts';
import type { LoggedEntries } from '../../../server/log/log.ts';
import { createLogWorld, eventually, type LogWorld } from './world.ts';

const treeOf = (note: string) => parseCheckpoint(note).checkpoint;

describe('append', () => {
  it('gives each entry the next place, proven under a checkpoint that two guardians cosigned', async () => {
    const world = await createLogWorld();
    const { log, close } = await world.open();
    expect(await world.append(log, ['a'])).toEqual([0]);
    expect(await world.append(log, ['b', 'c', 'd'])).toEqual([1, 2, 3]);
    await close();
    expect(await world.audit()).toBe(4);
  });

  it('gives a known key its first entry, whatever is asked now, in this process and the next', async () => {
    const world = await createLogWorld();
    const first = await world.open();
    await world.append(first.log, ['a', 'b']);
    const request = namedRequest('a');
    const other = { key: request.key, entry: namedRequest('something else').entry };
    expect(world.check(await first.log.append([other]), [request])).toEqual([0]);
    await first.close();
    const { log } = await world.open();
    expect(world.check(await log.append([other, namedRequest('c')]), [request, namedRequest('c')])).toEqual([0, 2]);
  });

  it('appends one entry for a key that comes several times at once', async () => {
    const world = await createLogWorld();
    const { log, close } = await world.open();
    const request = namedRequest('a');
    const results = await Promise.all([log.append([request, request]), log.append([request]), log.append([request])]);
    expect(results.flatMap((result) => result.entries.map(({ index }) => index))).toEqual([0, 0, 0, 0]);
    await close();
    expect(await world.audit()).toBe(1);
  });

  it('answers a call without entries with the latest checkpoint, on which it too has waited', async () => {
    const world = await createLogWorld();
    const { log } = await world.open();
    const empty = await log.append([]);
    expect([empty.size, empty.entries]).toEqual([0, []]);
    expect(treeOf(empty.checkpoint).root).toEqual(EMPTY_ROOT);
    await world.append(log, ['a', 'b']);
    const asked = world.witnesses.map(({ requests }) => requests.length);
    world.check(await log.append([]), []);
    await eventually(() => {
      expect(world.witnesses.map(({ requests }) => requests.length)).toEqual(asked.map((count) => count + 1));
    });
  });

  it('shares a batch among those who come at once, and makes nobody wait alone', async () => {
    const world = await createLogWorld();
    const store: { commits: number } = { commits: 0 };
    const { log } = await world.open({
      wrap: (inner) => {
        const failing = createFailingLogStore(inner);
        failing.plan = (operation) => {
          if (operation === 'commit') store.commits += 1;
          return null;
        };
        return failing;
      },
    });
    await log.append([]);
    const before = store.commits;
    const names = Array.from({ length: 300 }, (_, i) => `at once ${i}`);
    const indexes = await world.append(log, names);
    expect(indexes).toEqual(names.map((_, i) => i));
    expect(store.commits - before).toBe(1);
    await world.append(log, ['alone']);
    expect(store.commits - before).toBe(2);
  });

  it('keeps a call’s entries together and batches at a thousand', async () => {
    const world = await createLogWorld();
    const { log, close } = await world.open();
    await log.append([]);
    const calls = Array.from({ length: 5 }, (_, call) =>
      Array.from({ length: 256 }, (_unused, i) => namedRequest(`${call} ${i}`)),
    );
    const results = await Promise.all(calls.map(async (requests) => log.append(requests)));
    const indexes = results.flatMap((result, i) => world.check(result, calls[i] ?? []));
    expect(indexes).toEqual(Array.from({ length: 1280 }, (_, i) => i));
    // Three calls of 256 fit into the first thousand; the rest is the second batch.
    expect(new Set(results.map(({ size }) => size))).toEqual(new Set([768, 1280]));
    await close();
    expect(await world.audit()).toBe(1280);
  });

  it('refuses more than it can hold, and no more than that', async () => {
    const world = await createLogWorld();
    const { log, close } = await world.open({ maxWaiting: 40 });
    await log.append([]);
    const names = Array.from({ length: 400 }, (_, i) => `load ${i}`);
    const results = await Promise.allSettled(names.map(async (name) => log.append([namedRequest(name)])));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.length).toBe(360);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'overloaded', retryAfter: 1 });
    const answered = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
    expect(answered).toEqual(Array.from({ length: 40 }, (_, i) => i));
    // What was refused can be asked again.
    await world.append(log, ['load 399']);
    await close();
    expect(await world.audit()).toBe(41);
  });

  it('keeps serving under ten times the load that it can hold', async () => {
    const world = await createLogWorld();
    const { log, close } = await world.open({ maxWaiting: 32 });
    await log.append([]);
    let [done, overloaded] = [0, 0];
    const client = async (name: number): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        const request = namedRequest(`${name} ${i}`);
        try {
          world.check(await log.append([request]), [request]);
          done += 1;
        } catch (error) {
          expect(error).toMatchObject({ code: 'overloaded' });
          overloaded += 1;
          await new Promise(setImmediate);
        }
      }
    };
    await Promise.all(Array.from({ length: 320 }, async (_, i) => client(i)));
    expect(done + overloaded).toBe(3200);
    expect(done).toBeGreaterThan(32);
    expect(overloaded).toBeGreaterThan(0);
    await close();
    expect(await world.audit()).toBe(done);
  });

  it('refuses what is no request', async () => {
    const world = await createLogWorld();
    const { log } = await world.open();
    const { key, entry } = namedRequest('a');
    await expect(log.append([{ key: key.slice(1), entry }])).rejects.toThrow(refusal('badInput', 'key'));
    await expect(log.append([{ key, entry: new Uint8Array(1025) }])).rejects.toThrow(refusal('badInput', 'entry'));
    const many = Array.from({ length: 257 }, (_, i) => namedRequest(`${i}`));
    await expect(log.append(many)).rejects.toThrow(refusal('badInput', 'requests'));
    expect(world.check(await log.append(many.slice(1)), many.slice(1))).toHaveLength(256);
    expect(
      world.check(await log.append([{ key, entry: new Uint8Array(1024) }]), [{ key, entry: new Uint8Array(1024) }]),
    ).toEqual([256]);
  });

  it('answers whatever order and number of calls: no gap, no duplicate, each proof holds', async () => {
    const calls = fc.array(fc.array(fc.nat(30), { maxLength: 6 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(calls, async (plan) => {
        const world = await createLogWorld({ guardians: 2 });
        const { log, close } = await world.open();
        const run = randomBytes(4).join('-');
        const results = plan.map(async (names, i): Promise<[LoggedEntries, ReturnType<typeof namedRequest>[]]> => {
          for (let turn = 0; turn < i % 5; turn++) await new Promise(setImmediate);
          const requests = names.map((name) => namedRequest(`${run} ${name}`));
          return [await log.append(requests), requests];
        });
        for (const [result, requests] of await Promise.all(results)) world.check(result, requests);
        await close();
        expect(await world.audit()).toBe(new Set(plan.flat()).size);
      }),
      { numRuns: 25 },
    );
  });
});

describe('reading', () => {
  async function createFilled(): Promise<{ world: LogWorld } & Awaited<ReturnType<LogWorld['open']>>> {
    const world = await createLogWorld();
    const opened = await world.open();
    await world.append(opened.log, ['a', 'b', 'c']);
    return { world, ...opened };
  }

  it('finds by key what is in the latest cosigned checkpoint, and nothing else', async () => {
    const { log } = await createFilled();
    const { key, entry } = namedRequest('b');
    expect(await log.find(key)).toEqual({ index: 1, entry });
    expect(await log.find(namedRequest('z').key)).toBeNull();
  });

  it('proves entries and consistency under the latest checkpoint', async () => {
    const { world, log } = await createFilled();
    const result = await log.prove([2, 0, 2]);
    expect(world.check(result, [namedRequest('c'), namedRequest('a'), namedRequest('c')])).toEqual([2, 0, 2]);
    expect(result.checkpoint).toBe(log.latest());
    const before = treeOf(result.checkpoint);
    await world.append(log, ['d', 'e']);
    const proof = await log.proveConsistency(3, 5);
    verifyConsistency({ first: before, second: treeOf(log.latest() as string), proof });
    expect(await log.proveConsistency(0, 5)).toEqual([]);
  });

  it('refuses indexes and sizes beyond the log', async () => {
    const { log } = await createFilled();
    for (const index of [3, -1, 0.5, NaN]) {
      await expect(log.prove([0, index])).rejects.toThrow(refusal('badInput'));
    }
    for (const [first, second] of [
      [1, 4],
      [4, 3],
      [-1, 3],
      [1, NaN],
    ] as const) {
      await expect(log.proveConsistency(first, second)).rejects.toThrow(refusal('badInput'));
    }
  });

  it('shows nothing that is not cosigned', async () => {
    const { world, log } = await createFilled();
    for (const witness of world.witnesses) witness.behaviour = 'resetting';
    await expect(log.append([namedRequest('d')])).rejects.toThrow(refusal('guardiansUnavailable'));
    expect(treeOf(log.latest() as string).size).toBe(3);
    expect(await log.find(namedRequest('d').key)).toBeNull();
    expect([await log.has(namedRequest('d').key), await log.has(namedRequest('e').key)]).toEqual([true, false]);
    await expect(log.prove([3])).rejects.toThrow(refusal('badInput'));
    expect(log.obstacle()).toMatchObject({ code: 'guardiansUnavailable' });
    for (const witness of world.witnesses) witness.behaviour = 'honest';
    expect(await world.append(log, ['d'])).toEqual([3]);
    expect(log.obstacle()).toBeNull();
  });

  it('shows after a restart what it had published, before any guardian answers', async () => {
    const { world, log, close } = await createFilled();
    const note = log.latest();
    await close();
    for (const witness of world.witnesses) witness.behaviour = 'resetting';
    const again = await world.open();
    expect(treeOf(again.log.latest() as string)).toEqual(treeOf(note as string));
    expect(world.check(await again.log.prove([1]), [namedRequest('b')])).toEqual([1]);
    await expect(again.log.append([namedRequest('d')])).rejects.toThrow(refusal('guardiansUnavailable'));
  });

  it('has nothing to show before the first cosigned checkpoint, or under guardians of whom too few cosigned', async () => {
    const { world, close } = await createFilled();
    await close();
    for (const witness of world.witnesses) witness.behaviour = 'resetting';
    const [first, ...others] = world.witnesses;
    const strangers = others.map((witness) => Object.assign(witness, { publicKey: randomBytes(32) }));
    const { log } = await world.open({ witnesses: [first as (typeof others)[0], ...strangers] });
    expect(log.latest()).toBeNull();
    await expect(log.prove([0])).rejects.toThrow(refusal('guardiansUnavailable'));
    const fresh = await world.open({ file: `${world.file}.2` });
    expect(fresh.log.latest()).toBeNull();
    expect(await fresh.log.find(namedRequest('a').key)).toBeNull();
  });
});

describe('cosignatures', () => {
  /** Of each witness, 0 where none is. */
  const timesIn = (world: LogWorld, note: string): number[] =>
    world.witnesses.map((witness) => {
      const cosignature = readCosignature(parseCheckpoint(note).note, witness);
      return cosignature === null ? 0 : cosignatureTime(cosignature);
    });

  it('are renewed after an hour without requests, and asked for where one is missing', async () => {
    const world = await createLogWorld();
    let now = 1_800_000_000;
    for (const witness of world.witnesses) witness.clock = () => now;
    (world.witnesses[2] as (typeof world.witnesses)[0]).behaviour = 'resetting';
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { log } = await world.open({ now: () => now });
    await world.append(log, ['a']);
    expect(timesIn(world, log.latest() as string)).toEqual([now, now, 0]);
    (world.witnesses[2] as (typeof world.witnesses)[0]).behaviour = 'honest';
    now += 60;
    await vi.advanceTimersByTimeAsync(60_000);
    await eventually(() => {
      expect(timesIn(world, log.latest() as string)).toEqual([now, now, now]);
    });
    const asked = world.witnesses[0]?.requests.length;
    const first = now;
    now += 3600;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(world.witnesses[0]?.requests.length).toBe(asked);
    now += 1;
    await vi.advanceTimersByTimeAsync(60_000);
    await eventually(() => {
      expect(timesIn(world, log.latest() as string)).toEqual([now, now, now]);
    });
    expect(now - first).toBe(3601);
  });

  /** A log that has one entry, of an hour and a second ago by now. */
  async function createOld() {
    const world = await createLogWorld();
    const clock = { now: 1_800_000_000 };
    for (const witness of world.witnesses) witness.clock = () => clock.now;
    const { log } = await world.open({ now: () => clock.now });
    await world.append(log, ['a']);
    await eventually(() => {
      expect(timesIn(world, log.latest() as string)).toEqual([clock.now, clock.now, clock.now]);
    });
    const made = clock.now;
    clock.now += 3601;
    const asked = (): number => world.witnesses[0]?.requests.length ?? 0;
    return { world, clock, log, made, asked };
  }

  it('are renewed before anything is proved under a checkpoint that is older than an hour, once for all who ask', async () => {
    const { world, clock, log, asked } = await createOld();
    const before = asked();
    const proved = await Promise.all(Array.from({ length: 20 }, async () => log.prove([0])));
    for (const { checkpoint } of proved) {
      expect(timesIn(world, checkpoint).filter((time) => time === clock.now).length).toBeGreaterThanOrEqual(2);
    }
    expect(asked() - before).toBe(1);
    await log.prove([0]);
    expect(asked() - before).toBe(1);
  });

  it('are not asked for to prove something within the hour', async () => {
    const { clock, log, asked } = await createOld();
    clock.now -= 1;
    const before = asked();
    await log.prove([0]);
    expect(asked()).toBe(before);
  });

  it('are shown as old as they are while guardians do not renew them, which is not tried for each request', async () => {
    const { world, clock, log, made, asked } = await createOld();
    for (const witness of world.witnesses) witness.behaviour = 'resetting';
    const old = log.latest();
    const before = asked();
    for (let i = 0; i < 20; i++) expect(await log.prove([0])).toMatchObject({ checkpoint: old, size: 1 });
    expect(timesIn(world, old as string)).toEqual([made, made, made]);
    // Whatever a lone request costs; not twenty of them.
    expect(asked() - before).toBeLessThan(20);
    for (const witness of world.witnesses) witness.behaviour = 'honest';
    await eventually(async () => {
      const { checkpoint } = await log.prove([0]);
      expect(timesIn(world, checkpoint).filter((time) => time === clock.now).length).toBeGreaterThanOrEqual(2);
    });
  });
});

describe('close', () => {
  it('refuses what waits and what comes, and loses nothing that was answered', async () => {
    const world = await createLogWorld();
    const { log, close } = await world.open();
    await world.append(log, ['a']);
    for (const witness of world.witnesses) witness.behaviour = 'hanging';
    const under = log.append([namedRequest('b')]);
    const waiting = log.append([namedRequest('c')]);
    const both = Promise.allSettled([under, waiting]);
    await eventually(() => {
      expect(log.obstacle()).toBeNull();
    });
    await close();
    for (const result of await both) expect(result.status).toBe('rejected');
    await expect(log.append([])).rejects.toThrow(refusal('unavailable'));
    await world.audit();
  });
});
