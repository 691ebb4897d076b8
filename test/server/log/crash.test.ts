/** Real processes that append to one file: killed at any moment, out of disk, two at once. */
import { describe, expect, it } from 'vitest';
import { bytesToHex } from '../../../crypto/bytes.ts';
import { runLoad, type LoadOptions, type LoadResult } from '../../support/load.ts';
import { createLogWorld, type LogWorld } from './world.ts';

const isIndex = (answer: string): boolean => /^\d+$/u.test(answer);

function run(world: LogWorld, name: string, options: Partial<LoadOptions>): Promise<LoadResult> {
  const settings = {
    logName: world.name,
    seed: bytesToHex(world.key.seed),
    threshold: 2,
    witnesses: world.witnesses.map(({ id, url, name: cosigner, publicKey }) => ({
      id,
      url,
      name: cosigner,
      publicKey: bytesToHex(publicKey),
    })),
  };
  return runLoad({ service: 'log', file: world.file, name, writes: 1_000_000, settings, ...options });
}

/** What a process was answered holds from now on. Returns the names that were answered. */
function remember(world: LogWorld, name: string, { answers }: LoadResult): string[] {
  const answered = [...answers].filter(([, answer]) => isIndex(answer));
  for (const [i, index] of answered) world.answered.set(`entry ${name} ${i}\n`, Number(index));
  return answered.map(([i]) => `${name} ${i}`);
}

/** No witness was ever shown a tree that does not grow out of what it had cosigned. */
function expectNoFork(world: LogWorld): void {
  const statuses = world.witnesses.flatMap(({ requests }) => requests.map(({ status }) => status));
  for (const status of statuses) expect([200, 409]).toContain(status);
}

describe('processes', () => {
  it('killed at any moment lose no answered entry, and fork nothing', async () => {
    const world = await createLogWorld();
    for (const [i, killAfter] of [1, 3, 20, 50, 130, 257, 300, 700].entries()) {
      const name = `process ${i}`;
      const result = await run(world, name, { killAfter });
      expect(result.isReady).toBeNull();
      const answered = remember(world, name, result);
      expect(answered.length).toBeGreaterThanOrEqual(killAfter);
      // Every second time the next process begins where the killed one left off, without another look at the file.
      if (i % 2 === 0) continue;
      const { log, close } = await world.open();
      // Each answered one is found at its place; whatever was on its way is appended once.
      await world.append(log, [...answered.slice(0, 100), `${name} 0`, `after ${name}`]);
      await close();
      await world.audit();
    }
    expect(await world.audit()).toBeGreaterThan(1461);
    expectNoFork(world);
  });

  it('out of disk refuse, and answer nothing that is not there', async () => {
    const world = await createLogWorld();
    const result = await run(world, 'full', { writes: 3000, fileBlocks: 3000 });
    const answers = [...result.answers.values()];
    expect(new Set(answers.filter((answer) => !isIndex(answer)))).toEqual(new Set(['storageFailed']));
    const answered = remember(world, 'full', result);
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.length).toBeLessThan(3000);
    expect(result.isReady).toBe(false);
    const { log, close } = await world.open();
    await world.append(log, [...answered.slice(-50), ...Array.from({ length: 50 }, (_, i) => `full ${2950 + i}`)]);
    await close();
    await world.audit();
    expectNoFork(world);
  });

  it('two at once on one file: one loses and says so, and nothing forks', async () => {
    const world = await createLogWorld();
    const names = ['one', 'other'];
    const results = await Promise.all(names.map(async (name) => run(world, name, { writes: 600 })));
    const losers = results.filter(({ answers }) => [...answers.values()].some((answer) => !isIndex(answer)));
    for (const { answers } of losers) {
      expect(new Set([...answers.values()].filter((answer) => !isIndex(answer)))).toEqual(new Set(['unavailable']));
    }
    expect(losers.length).toBeLessThan(2);
    for (const [i, name] of names.entries()) remember(world, name, results[i] as LoadResult);
    expect(await world.audit()).toBeGreaterThanOrEqual(600);
    expectNoFork(world);
  });
});
