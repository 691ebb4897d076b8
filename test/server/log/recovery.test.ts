/** The sequencer's steps broken one by one: each failed, and each stored and reported as failed; and what comes after. */
import { cpSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Log } from '../../../server/log/log.ts';
import type { LogStore } from '../../../server/store/log-store.ts';
import {
  createFailingLogStore,
  neverFails,
  type FailingLogStore,
  type Failure,
  type FailurePlan,
  type LogOperation,
} from '../../support/failing-log-store.ts';
import { namedRequest } from '../../support/log-request.ts';
import { refusal } from '../../support/refusal.ts';
import { createLogWorld, type LogWorld, type OpenedLog } from './world.ts';

/** Asks for all at once; what is answered is checked, what is refused is refused for the store. Returns what was refused. */
async function tryToAppend(world: LogWorld, log: Log, names: readonly string[]): Promise<string[]> {
  const results = await Promise.allSettled(names.map(async (name) => log.append([namedRequest(name)])));
  return results.flatMap((result, i) => {
    const name = names[i] as string;
    if (result.status === 'fulfilled') {
      world.check(result.value, [namedRequest(name)]);
      return [];
    }
    expect(result.reason).toMatchObject({ code: 'storageFailed' });
    return [name];
  });
}

/** A log whose store fails when told to. */
async function openFailing(world: LogWorld): Promise<OpenedLog & { readonly failing: FailingLogStore }> {
  let failing: FailingLogStore | undefined;
  const wrap = (inner: LogStore): LogStore => (failing = createFailingLogStore(inner));
  const opened = await world.open({ wrap });
  await opened.log.append([]);
  return Object.assign(opened, { failing: failing as FailingLogStore });
}

/** Asks while every call of one operation is broken. */
async function tryBroken(
  { failing, log }: OpenedLog & { readonly failing: FailingLogStore },
  world: LogWorld,
  [operation, failure]: readonly [LogOperation, Failure],
  names: readonly string[],
): Promise<string[]> {
  failing.plan = (called) => (called === operation ? failure : null);
  const refused = await tryToAppend(world, log, names);
  failing.plan = neverFails;
  return refused;
}

const STEPS = [
  ['commit', 'failed'],
  ['commit', 'persisted'],
  ['saveCosigned', 'failed'],
  ['saveCosigned', 'persisted'],
] as const;

describe.each(STEPS)('%s, %s', (operation, failure) => {
  it.each([
    [0, 1],
    [0, 256],
    [253, 2],
    [254, 1],
    [254, 2],
    [254, 3],
    [255, 1],
    [255, 2],
    [256, 1],
    [511, 2],
  ])('at %i entries and %i more: goes on without a gap, in this process and after a reload', async (size, count) => {
    const world = await createLogWorld();
    if (size > 0) await world.preload(size);
    const first = await openFailing(world);
    const names = Array.from({ length: count }, (_, i) => `new ${i}`);

    expect(await tryBroken(first, world, [operation, failure], names)).toEqual(names);
    expect(first.log.obstacle()).toMatchObject({ code: 'storageFailed' });
    // Somebody else comes next: a place that was given to what failed is not given again.
    await world.append(first.log, ['other']);
    await world.append(first.log, names);
    expect(first.log.obstacle()).toBeNull();

    expect(await tryBroken(first, world, [operation, failure], ['last'])).toEqual(['last']);
    await first.close();
    const second = await world.open();
    await world.append(second.log, [...names, 'after', 'last', 'other']);
    await second.close();
    expect(await world.audit()).toBe(size + count + 3);
  });
});

describe('around 65,536 entries', () => {
  it('goes on over the edge of a level, whatever fails, in one process and by reloads', async () => {
    const world = await createLogWorld();
    await world.preload(65_533);
    cpSync(world.file, `${world.file}.reloaded`);
    const first = await openFailing(world);
    let expected = 65_533;
    for (const [i, step] of STEPS.entries()) {
      expect(await tryBroken(first, world, step, [`${i}`])).toEqual([`${i}`]);
      await world.append(first.log, [`${i}`]);
      expected += 1;
    }
    await first.close();
    expect(await world.audit()).toBe(expected);

    // The same again, over a reload each time, on the copy: for its witnesses another log.
    const other = await createLogWorld({ seed: world.key.seed });
    cpSync(`${world.file}.reloaded`, other.file);
    for (const [i, step] of STEPS.entries()) {
      const opened = await openFailing(other);
      expect(await tryBroken(opened, other, step, [`${i}`])).toEqual([`${i}`]);
      await opened.close();
      const reloaded = await other.open();
      await other.append(reloaded.log, [`${i}`]);
      await reloaded.close();
    }
    expect(await other.audit()).toBe(expected);
  });
});

describe('every call to the store', () => {
  const script = async (world: LogWorld, log: Log): Promise<string[]> => [
    ...(await tryToAppend(world, log, ['a'])),
    ...(await tryToAppend(world, log, ['b', 'c', 'a'])),
    ...(await tryToAppend(world, log, ['d'])),
  ];

  it.each(['failed', 'persisted'] as const)('may be the one that is broken: %s', async (failure) => {
    let hasFailed = true;
    for (let n = 1; hasFailed; n++) {
      const world = await createLogWorld({ guardians: 2 });
      await world.preload(255);
      hasFailed = false;
      let calls = 0;
      const plan: FailurePlan = () => {
        calls += 1;
        hasFailed ||= calls === n;
        return calls === n ? failure : null;
      };
      let refused = ['a', 'b', 'c', 'd'];
      try {
        const { log, close } = await world.open({ wrap: (inner) => createFailingLogStore(inner, plan) });
        refused = await script(world, log);
        // Whatever it was, it is over.
        await world.append(log, refused);
        await close();
      } catch (error) {
        // The log could not even be opened.
        expect(error).toEqual(refusal('storageFailed'));
      }
      const { log, close } = await world.open();
      await world.append(log, ['d', 'c', 'b', 'a', 'e']);
      await close();
      expect(await world.audit()).toBe(260);
    }
  });

  it('may be broken again and again', async () => {
    const world = await createLogWorld();
    const { log, failing, close } = await openFailing(world);
    let calls = 0;
    failing.plan = () => {
      calls += 1;
      return calls % 23 === 3 ? 'failed' : calls % 31 === 5 ? 'persisted' : null;
    };
    const names = Array.from({ length: 30 }, (_, i) => `${i}`);
    let waiting = names;
    for (let turn = 0; turn < 200 && waiting.length > 0; turn++) {
      const now = waiting.slice(0, 3);
      waiting = [...(await tryToAppend(world, log, now)), ...waiting.slice(3)];
    }
    expect(waiting).toEqual([]);
    failing.plan = neverFails;
    await world.append(log, names);
    await close();
    expect(await world.audit()).toBe(30);
  });
});

describe('a disk that takes nothing', () => {
  it('refuses every append, those of lookups that find nothing too, and says why; then it goes on', async () => {
    const world = await createLogWorld();
    let isFull = false;
    const beforeCommit = (): void => {
      if (isFull) throw new Error('no space left on device');
    };
    const { log, close, lines } = await world.open({ hooks: { beforeCommit } });
    await world.append(log, ['a']);
    isFull = true;
    const published = log.latest();
    for (const requests of [[namedRequest('b')], [], [namedRequest('a')]]) {
      await expect(log.append(requests)).rejects.toThrow(refusal('storageFailed'));
    }
    expect(log.latest()).toBe(published);
    expect(log.obstacle()).toMatchObject({ code: 'storageFailed' });
    expect(lines.join('')).toContain('the log takes no entries');
    isFull = false;
    await world.append(log, ['b', 'a']);
    await close();
    expect(await world.audit()).toBe(2);
  });

  it('keeps what was written although the disk said that it was not', async () => {
    const world = await createLogWorld();
    let isBroken = false;
    const afterCommit = (): void => {
      if (isBroken) throw new Error('input/output error');
    };
    const { log, close } = await world.open({ hooks: { afterCommit } });
    await world.append(log, ['a']);
    isBroken = true;
    expect(await tryToAppend(world, log, ['b', 'c'])).toEqual(['b', 'c']);
    expect(await tryToAppend(world, log, ['b'])).toEqual(['b']);
    isBroken = false;
    await world.append(log, ['d', 'c', 'b']);
    await close();
    expect(await world.audit()).toBe(4);
  });
});
