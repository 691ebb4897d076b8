/** Witnesses that are slow, hung, down or lying: t honest ones are enough, and none alone can stop the log. */
import { describe, expect, it } from 'vitest';
import { parseCheckpoint, readCosignature, signCheckpoint, verifyCheckpoint } from '../../../crypto/checkpoint.ts';
import { randomBytes } from '../../../crypto/bytes.ts';
import { namedRequest } from '../../support/log-request.ts';
import { refusal } from '../../support/refusal.ts';
import { startWitness, type TestWitness, type WitnessBehaviour } from '../../support/witness.ts';
import { createLogWorld, eventually, type LogWorld } from './world.ts';

const LIARS = [
  'badCosignature',
  'otherKey',
  'noCosignature',
  'garbage',
  'claimsLarger',
  'wandering',
  'claimsFork',
  'htmlError',
] as const satisfies WitnessBehaviour[];

const CODES: Partial<Record<WitnessBehaviour, string>> = {
  badCosignature: 'badCheckpoint',
  otherKey: 'badCheckpoint',
  noCosignature: 'badReply',
  garbage: 'badInput',
  claimsLarger: 'sizeConflict',
  wandering: 'sizeConflict',
  claimsFork: 'logForked',
  htmlError: 'badReply',
  hanging: 'timedOut',
  resetting: 'unreachable',
};

function witnessAt(world: LogWorld, number: number): TestWitness {
  const witness = world.witnesses[number - 1];
  if (witness === undefined) throw new Error(`there is no witness ${number}`);
  return witness;
}

/** The guardians whose cosignatures a note has. */
function cosignersOf(world: LogWorld, note: string): string[] {
  const parsed = parseCheckpoint(note).note;
  return world.witnesses.filter((witness) => readCosignature(parsed, witness) !== null).map(({ id }) => id);
}

describe('one witness of three', () => {
  it.each([...LIARS, 'resetting', 'hanging'] as const)('may be %s: the other two are enough', async (behaviour) => {
    const world = await createLogWorld();
    const { log, faults, close } = await world.open({ timeoutMs: behaviour === 'hanging' ? 1500 : 30_000 });
    await world.append(log, ['a']);
    witnessAt(world, 2).behaviour = behaviour;
    for (const name of ['b', 'c', 'd']) await world.append(log, [name]);
    expect(cosignersOf(world, log.latest() as string)).toEqual(['g1', 'g3']);
    await eventually(() => {
      expect(faults).toContainEqual(['g2', CODES[behaviour]]);
    });
    expect(log.obstacle()).toBeNull();
    witnessAt(world, 2).behaviour = 'honest';
    await eventually(async () => {
      await log.append([]);
      expect(cosignersOf(world, log.latest() as string)).toEqual(['g1', 'g2', 'g3']);
    });
    await close();
    expect(await world.audit()).toBe(4);
  });

  it('may date its cosignature into the future: that would spoil what receipts say of the time, and does not count', async () => {
    const world = await createLogWorld();
    const { log, faults } = await world.open();
    const late = witnessAt(world, 2);
    late.clock = () => Math.floor(Date.now() / 1000) + 3600;
    await world.append(log, ['a']);
    expect(cosignersOf(world, log.latest() as string)).toEqual(['g1', 'g3']);
    await eventually(() => {
      expect(faults).toContainEqual(['g2', 'badCheckpoint']);
    });
  });

  it('may be slow: its cosignature is merged when it comes', async () => {
    const world = await createLogWorld();
    const { log, close } = await world.open();
    await world.append(log, ['a']);
    witnessAt(world, 1).behaviour = 'held';
    await world.append(log, ['b']);
    expect(cosignersOf(world, log.latest() as string)).toEqual(['g2', 'g3']);
    witnessAt(world, 1).release();
    await eventually(() => {
      expect(cosignersOf(world, log.latest() as string)).toEqual(['g1', 'g2', 'g3']);
    });
    const note = log.latest();
    await close();
    // What came late is kept too.
    const again = await world.open();
    expect(cosignersOf(world, again.log.latest() as string)).toEqual(['g1', 'g2', 'g3']);
    expect(parseCheckpoint(again.log.latest() as string)).toEqual(parseCheckpoint(note as string));
  });

  it('that is slow is asked for the newest checkpoint alone, once it is free', async () => {
    const world = await createLogWorld();
    const { log } = await world.open();
    await world.append(log, ['a']);
    const slow = witnessAt(world, 1);
    await eventually(() => {
      expect(slow.size).toBe(1);
    });
    slow.behaviour = 'held';
    for (const name of ['b', 'c', 'd', 'e']) await world.append(log, [name]);
    const asked = slow.requests.length;
    slow.behaviour = 'honest';
    slow.release();
    await eventually(() => {
      expect(slow.size).toBe(5);
    });
    expect(slow.requests.slice(asked).map(({ size }) => size)).toEqual([2, 5]);
  });

  it('that has seen a newer checkpoint in a request’s evidence is no liar', async () => {
    const world = await createLogWorld();
    const { log, faults } = await world.open();
    await world.append(log, ['a']);
    const ahead = witnessAt(world, 1);
    await eventually(() => {
      expect(ahead.size).toBe(1);
    });
    ahead.behaviour = 'held';
    await world.append(log, ['b']);
    await world.append(log, ['c']);
    const note = log.latest() as string;
    ahead.learn(parseCheckpoint(note).checkpoint, note);
    ahead.behaviour = 'honest';
    const asked = ahead.requests.length;
    // It was asked for the second checkpoint, and knows the third.
    ahead.release();
    await eventually(() => {
      expect(ahead.requests.slice(asked)).toEqual([
        { oldSize: 1, size: 2, status: 409 },
        { oldSize: 1, size: 3, status: 409 },
        { oldSize: 3, size: 3, status: 200 },
      ]);
    });
    await world.append(log, ['d']);
    expect(log.obstacle()).toBeNull();
    expect(faults.filter(([, code]) => code !== null)).toEqual([]);
  });

  it('that is new, or lost its memory, is brought up to date by what it says it knows', async () => {
    const world = await createLogWorld();
    const { log } = await world.open();
    await world.append(log, ['a', 'b', 'c']);
    const fresh = await startWitness({
      id: 'g2',
      name: witnessAt(world, 2).name,
      key: witnessAt(world, 2).key,
      log: { origin: world.name, publicKey: world.key.publicKey },
    });
    const again = await world.open({ witnesses: [witnessAt(world, 1), fresh, witnessAt(world, 3)] });
    await again.log.append([]);
    await eventually(() => {
      expect(fresh.requests.slice(0, 2)).toEqual([
        { oldSize: 3, size: 3, status: 409 },
        { oldSize: 0, size: 3, status: 200 },
      ]);
    });
    await fresh.close();
  });
});

describe('two witnesses of three that fail', () => {
  it.each([...LIARS, 'resetting', 'hanging'] as const)('%s: nothing is answered; then all is', async (behaviour) => {
    const world = await createLogWorld();
    const { log, close } = await world.open({ timeoutMs: behaviour === 'hanging' ? 1500 : 30_000 });
    await world.append(log, ['a']);
    const published = log.latest();
    for (const number of [1, 3]) witnessAt(world, number).behaviour = behaviour;
    const code = behaviour === 'claimsFork' ? 'logForked' : 'guardiansUnavailable';
    const failure = await log.append([namedRequest('b')]).catch((error: unknown) => error);
    expect(failure).toEqual(refusal(code));
    expect((failure as { guardians: string[] }).guardians.toSorted()).toEqual(['g1', 'g3']);
    await expect(log.append([])).rejects.toThrow(refusal(code));
    expect(parseCheckpoint(log.latest() as string).checkpoint).toEqual(parseCheckpoint(published as string).checkpoint);
    for (const number of [1, 3]) witnessAt(world, number).behaviour = 'honest';
    await world.append(log, ['b', 'c']);
    await close();
    expect(await world.audit()).toBe(3);
  });

  it('nothing is appended while they do: of a batch that nobody cosigned there is one', async () => {
    const world = await createLogWorld();
    const { log, close } = await world.open();
    await world.append(log, ['a']);
    for (const number of [1, 3]) witnessAt(world, number).behaviour = 'resetting';
    for (let i = 0; i < 5; i++) {
      await expect(log.append([namedRequest(`${i}`)])).rejects.toThrow(refusal('guardiansUnavailable'));
    }
    await close();
    expect(await world.audit()).toBe(2);
  });
});

describe('before the first entry', () => {
  it('each witness is waited for, since one may know more than the others', async () => {
    const world = await createLogWorld();
    witnessAt(world, 3).behaviour = 'held';
    const { log } = await world.open();
    let isDone = false;
    const appended = world.append(log, ['a']).then((indexes) => {
      isDone = true;
      return indexes;
    });
    await eventually(() => {
      expect(witnessAt(world, 1).requests).toHaveLength(1);
      expect(witnessAt(world, 2).requests).toHaveLength(1);
    });
    expect(isDone).toBe(false);
    witnessAt(world, 3).behaviour = 'honest';
    witnessAt(world, 3).release();
    expect(await appended).toEqual([0]);
  });

  it('a hung one is waited for as long as a witness may take, and no longer', async () => {
    const world = await createLogWorld();
    witnessAt(world, 3).behaviour = 'hanging';
    const { log } = await world.open({ timeoutMs: 1500 });
    expect(await world.append(log, ['a'])).toEqual([0]);
  });
});

describe('a claim to know more', () => {
  it('is believed with a checkpoint that the log signed, and stops the log for good', async () => {
    const world = await createLogWorld();
    const { log, lines } = await world.open();
    await world.append(log, ['a']);
    const checkpoint = { origin: world.name, size: 77, root: randomBytes(32) };
    witnessAt(world, 3).learn(checkpoint, signCheckpoint(checkpoint, world.key));
    await log.append([]);
    await eventually(() => {
      expect(log.obstacle()).toMatchObject({ code: 'logBehind', size: 77, guardians: ['g3'] });
    });
    witnessAt(world, 3).behaviour = 'resetting';
    await expect(log.append([namedRequest('b')])).rejects.toThrow(refusal('logBehind'));
    expect(lines.join('')).toContain('the log has stopped');
  });

  it('is not believed with a checkpoint that somebody else signed', async () => {
    const world = await createLogWorld();
    const { log } = await world.open();
    await world.append(log, ['a']);
    const checkpoint = { origin: world.name, size: 77, root: randomBytes(32) };
    const forged = signCheckpoint(checkpoint, witnessAt(world, 3).key);
    witnessAt(world, 3).learn(checkpoint, forged);
    expect(() => verifyCheckpoint(forged, { origin: world.name, publicKey: world.key.publicKey })).toThrow(
      refusal('badCheckpoint'),
    );
    await world.append(log, ['b']);
    await world.append(log, ['c']);
    expect(log.obstacle()).toBeNull();
  });

  it('of another tree of the same size, signed by the log, is a fork, and stops the log for good', async () => {
    const world = await createLogWorld();
    const { log } = await world.open();
    await world.append(log, ['a', 'b']);
    const checkpoint = { origin: world.name, size: 2, root: randomBytes(32) };
    await eventually(() => {
      expect(witnessAt(world, 1).size).toBe(2);
    });
    witnessAt(world, 1).learn(checkpoint, signCheckpoint(checkpoint, world.key));
    await log.append([]);
    await eventually(() => {
      expect(log.obstacle()).toMatchObject({ code: 'logForked', guardians: ['g1'] });
    });
    expect(log.obstacle()?.remedy).toContain('successor log');
    await expect(log.append([namedRequest('c')])).rejects.toThrow(refusal('logForked'));
  });
});
