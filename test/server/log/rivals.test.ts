/** Two sequencers on one store, and witnesses of both. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Log } from '../../../server/log/log.ts';
import { namedRequest } from '../../support/log-request.ts';
import { refusal } from '../../support/refusal.ts';
import { createFailingLogStore } from '../../support/failing-log-store.ts';
import { createLogWorld, type LogWorld, type OpenedLog } from './world.ts';

/** `answered`, or the code of the refusal. */
async function tryToAppend(world: LogWorld, log: Log, name: string): Promise<string> {
  const request = namedRequest(name);
  try {
    world.check(await log.append([request]), [request]);
    return 'answered';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('two sequencers on one store', () => {
  async function openTwo(): Promise<{ world: LogWorld; first: OpenedLog; second: OpenedLog }> {
    const world = await createLogWorld();
    const first = await world.open();
    await world.append(first.log, ['a']);
    const second = await world.open();
    await second.log.append([]);
    return { world, first, second };
  }

  it('one loses, says so, and appends nothing any more; the other goes on', async () => {
    const { world, first, second } = await openTwo();
    await world.append(second.log, ['b', 'c']);
    await expect(first.log.append([namedRequest('d')])).rejects.toThrow(refusal('unavailable'));
    await expect(first.log.append([])).rejects.toThrow(/Another process appends/u);
    expect(first.log.obstacle()?.remedy).toContain('one registry alone');
    expect(first.lines.join('')).toContain('the log has stopped');
    await world.append(second.log, ['d', 'e']);
    await first.close();
    await second.close();
    expect(await world.audit()).toBe(5);
  });

  it('the one that only asks for cosignatures loses too', async () => {
    const { world, first, second } = await openTwo();
    await world.append(second.log, ['b']);
    await expect(first.log.append([])).rejects.toThrow(refusal('unavailable'));
    await second.close();
    expect(await world.audit()).toBe(2);
  });

  it('a rival’s entries in the place of a write of unknown outcome are not taken for one’s own', async () => {
    const world = await createLogWorld();
    const rival = await world.open();
    await world.append(rival.log, ['a']);
    let isBroken = false;
    const first = await world.open({
      wrap: (inner) =>
        createFailingLogStore(inner, (operation) => (isBroken && operation === 'commit' ? 'failed' : null)),
    });
    await first.log.append([]);
    isBroken = true;
    expect(await tryToAppend(world, first.log, 'b')).toBe('storageFailed');
    isBroken = false;
    await world.append(rival.log, ['c']);
    expect(await tryToAppend(world, first.log, 'b')).toBe('unavailable');
    await rival.close();
    expect(await world.audit()).toBe(2);
  });

  it('never fork, whoever asks what in which order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), fc.nat(3)), { minLength: 1, maxLength: 20 }), async (plan) => {
        const { world, first, second } = await openTwo();
        const calls = plan.map(async ([isFirst, turns], i) => {
          for (let turn = 0; turn < turns * i; turn++) await new Promise(setImmediate);
          return tryToAppend(world, isFirst ? first.log : second.log, `${i}`);
        });
        const answers = await Promise.all(calls);
        for (const answer of answers) expect(['answered', 'unavailable']).toContain(answer);
        const alive = [first, second].filter(({ log }) => log.obstacle() === null);
        expect(alive.length).toBeGreaterThan(0);
        await first.close();
        await second.close();
        expect(await world.audit()).toBeGreaterThanOrEqual(world.answered.size);
        // No witness was ever shown what it could not follow.
        const statuses = world.witnesses.flatMap(({ requests }) => requests.map(({ status }) => status));
        for (const status of statuses) expect([200, 409]).toContain(status);
      }),
      { numRuns: 15 },
    );
  });
});
