import * as fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { BlindmarkError } from '../../../crypto/errors.ts';
import { formatLogEntry, hourOf, parseLogEntry, type EntryOf, type LogEntry } from '../../../crypto/log-entry.ts';
import { openDelayed, verifyEntryOf } from '../../../crypto/log-proof.ts';
import { createLog } from '../../../server/http/log.ts';
import type { Log } from '../../../server/log/log.ts';
import {
  createDelayedEntries,
  revealEntryKey,
  startReveals,
  type AppendedEntry,
  type DelayedEntries,
} from '../../../server/registry/delayed-entries.ts';
import type { OpeningStore } from '../../../server/store/opening-store.ts';
import { openSqliteStores } from '../../../server/store/sqlite/open-stores.ts';
import { delayableEntry } from '../../support/entries.ts';
import { refusal } from '../../support/refusal.ts';
import { createLogWorld, type LogWorld, type OpenedLog } from '../log/world.ts';
import { eventually } from './world.ts';

/** 2026-10-17 12:30 UTC. */
const START = 1_792_240_200;
const HOUR = 3600;
const DAY = 24 * HOUR;

interface DelayedWorld {
  readonly clock: { now: number };
  readonly saltKey: Uint8Array;
  readonly logs: LogWorld;
  readonly log: Log;
  /** The real store; what `breaking` names fails as long as it is named. */
  readonly store: OpeningStore;
  readonly breaking: Set<keyof OpeningStore>;
  readonly delayed: DelayedEntries;
  /** Entries of the log, parsed. */
  readonly entries: () => Promise<LogEntry[]>;
}

/** The store, whose named operations fail: before they do anything, as a full disk makes them. */
function breakable(store: OpeningStore, breaking: ReadonlySet<keyof OpeningStore>): OpeningStore {
  return new Proxy(store, {
    get:
      (target, name: keyof OpeningStore) =>
      async (...values: unknown[]) => {
        if (breaking.has(name)) throw new BlindmarkError('storageFailed', 'Broken by the test');
        return (target[name] as (...all: unknown[]) => Promise<unknown>)(...values);
      },
  });
}

/** The log with another way to append. */
function appending(log: Log, append: Log['append']): Log {
  return {
    append,
    find: async (key) => log.find(key),
    has: async (key) => log.has(key),
    prove: async (indexes) => log.prove(indexes),
    proveConsistency: async (first, second) => log.proveConsistency(first, second),
    latest: () => log.latest(),
    obstacle: () => log.obstacle(),
    close: async () => log.close(),
  };
}

async function createDelayedWorld(wrap: (log: Log) => Log = (log) => log): Promise<DelayedWorld> {
  const clock = { now: START };
  const logs = await createLogWorld();
  for (const witness of logs.witnesses) witness.clock = () => clock.now;
  const opened: OpenedLog = await logs.open({ now: () => clock.now });
  const log = wrap(opened.log);
  const stores = openSqliteStores(join(logs.folder, 'openings.db'));
  onTestFinished(() => stores.close());
  const breaking = new Set<keyof OpeningStore>();
  const [store, saltKey] = [breakable(stores.openings, breaking), randomBytes(32)];
  const delayed = createDelayedEntries({ log, store, saltKey, now: () => clock.now });
  const entries = async (): Promise<LogEntry[]> => (await opened.store.readEntries(0, 1000)).map(parseLogEntry);
  return { clock, saltKey, logs, log, store, breaking, delayed, entries };
}

const lookupAt = (seconds: number): EntryOf<'lookup'> => ({
  kind: 'lookup',
  hour: hourOf(seconds),
  request: randomBytes(32),
  force: 'demo-force',
  officer: 'officer-a',
  caseCommitment: randomBytes(32),
  codes: '1',
});

async function appendOne(delayed: DelayedEntries, key: Uint8Array, entry: LogEntry, delayDays = 7) {
  const { entries } = await delayed.append([{ key, entry, delayDays }]);
  return entries[0] as AppendedEntry;
}

function asDelayed(bytes: Uint8Array): EntryOf<'delayed'> {
  const entry = parseLogEntry(bytes);
  if (entry.kind !== 'delayed') throw new Error(`the entry is a ${entry.kind}`);
  return entry;
}

describe('append', () => {
  it('leaves entries plain where nothing is to be hidden', async () => {
    const { delayed, store, entries } = await createDelayedWorld();
    const lookup = lookupAt(START);
    const activation: LogEntry = { kind: 'activation', hour: hourOf(START), request: randomBytes(32) };
    const appended = await delayed.append([
      { key: randomBytes(32), entry: lookup, delayDays: 0 },
      // Not a kind that a force's policy may hide.
      { key: randomBytes(32), entry: activation, delayDays: 7 },
    ]);
    expect(appended.entries.map(({ delayed: hides }) => hides)).toEqual([null, null]);
    expect(await entries()).toEqual([lookup, activation]);
    expect(await store.listHidden(10 ** 7, null, 10)).toEqual([]);
    expect((await delayed.append([])).entries).toEqual([]);
  });

  it('hides an entry behind a commitment, and gives back what shows it', async () => {
    const { delayed, store } = await createDelayedWorld();
    const [key, lookup] = [randomBytes(32), lookupAt(START)];
    const logged = await appendOne(delayed, key, lookup, 28);
    const entry = asDelayed(logged.entry);
    expect(entry).toMatchObject({ of: 'lookup', hour: hourOf(START), revealBy: hourOf(START) + 28 * 24 });
    expect(openDelayed(entry, logged.delayed as NonNullable<AppendedEntry['delayed']>)).toEqual(lookup);
    expect(await delayed.plainOf(logged)).toEqual(lookup);
    expect(await store.findHiddenByKey(key)).toMatchObject([{ revealBy: entry.revealBy }]);
    expect(await delayed.revealedOf(logged.index)).toBeNull();
  });

  it('hides every kind that may be hidden so that guardians and clients find it again', async () => {
    const { delayed } = await createDelayedWorld();
    const request = fc.record({ entry: delayableEntry, delayDays: fc.integer({ min: 1, max: 28 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 20 }), async (requests) => {
        const hour = hourOf(START);
        const now = requests.map(({ entry, delayDays }) => ({ entry: { ...entry, hour }, delayDays }));
        const { entries } = await delayed.append(now.map((each) => ({ key: randomBytes(32), ...each })));
        entries.forEach((logged, i) => {
          const { entry, delayDays } = now[i] as (typeof now)[number];
          const hides = { delayed: logged.delayed, delayDays };
          expect(verifyEntryOf(parseLogEntry(logged.entry), entry, hides)).toEqual(entry);
        });
      }),
      { numRuns: 10 },
    );
  });

  it('answers a retry with the first entry, over a restart and in another hour', async () => {
    const { clock, delayed, log, store, saltKey, entries } = await createDelayedWorld();
    const [key, lookup] = [randomBytes(32), lookupAt(START)];
    const first = await appendOne(delayed, key, lookup);
    clock.now += 5 * HOUR;
    const restarted = createDelayedEntries({ log, store, saltKey, now: () => clock.now });
    const again = await appendOne(restarted, key, { ...lookup, hour: hourOf(clock.now) });
    expect(again).toMatchObject({ index: first.index, entry: first.entry, delayed: first.delayed });
    // Even when the force has given up its policy.
    expect(await appendOne(restarted, key, lookup, 0)).toMatchObject({ index: first.index, delayed: first.delayed });
    expect(await entries()).toHaveLength(1);
  });

  it('makes one entry of many equal calls', async () => {
    const { delayed, entries } = await createDelayedWorld();
    const [key, lookup] = [randomBytes(32), lookupAt(START)];
    const all = await Promise.all(Array.from({ length: 10 }, () => appendOne(delayed, key, lookup)));
    expect(new Set(all.map(({ index }) => index)).size).toBe(1);
    expect(await entries()).toHaveLength(1);
  });

  it('appends nothing when it can’t keep what it hides', async () => {
    const { delayed, breaking, entries } = await createDelayedWorld();
    const [key, lookup] = [randomBytes(32), lookupAt(START)];
    breaking.add('addHidden');
    await expect(appendOne(delayed, key, lookup)).rejects.toThrow(refusal('storageFailed'));
    expect(await entries()).toEqual([]);
    breaking.clear();
    expect(await delayed.plainOf(await appendOne(delayed, key, lookup))).toEqual(lookup);
  });

  it('writes to disk for nothing as for something, where something might have been hidden', async () => {
    const { delayed, breaking } = await createDelayedWorld();
    breaking.add('addHidden');
    await expect(delayed.append([], true)).rejects.toThrow(refusal('storageFailed'));
    expect((await delayed.append([], false)).entries).toEqual([]);
  });

  it('finds what was logged without guardians, however late they come back', async () => {
    const { clock, delayed, logs, store, entries } = await createDelayedWorld();
    const [key, lookup] = [randomBytes(32), lookupAt(START)];
    for (const witness of logs.witnesses) witness.behaviour = 'resetting';
    await expect(appendOne(delayed, key, lookup)).rejects.toThrow(refusal('guardiansUnavailable'));
    clock.now += 5 * HOUR;
    for (const witness of logs.witnesses) witness.behaviour = 'honest';
    const late = { ...lookup, hour: hourOf(clock.now) };
    const logged = await appendOne(delayed, key, late);
    // Another record was made, in case that nothing had been logged; the log says which one counts.
    expect(await store.findHiddenByKey(key)).toHaveLength(2);
    expect(await entries()).toEqual([parseLogEntry(logged.entry)]);
    const shown = openDelayed(asDelayed(logged.entry), logged.delayed as NonNullable<AppendedEntry['delayed']>);
    expect([lookup, late]).toContainEqual(shown);
  });

  it('takes a new hour when nothing was logged for more than an hour, and forgets the old one in the end', async () => {
    let isBroken = true;
    const { clock, delayed, store } = await createDelayedWorld((log) =>
      appending(log, async (requests) => {
        if (isBroken) throw new BlindmarkError('overloaded', 'Broken by the test');
        return log.append(requests);
      }),
    );
    const [key, lookup] = [randomBytes(32), lookupAt(START)];
    await expect(appendOne(delayed, key, lookup)).rejects.toThrow(refusal('overloaded'));
    clock.now += 3 * HOUR;
    isBroken = false;
    const late = { ...lookup, hour: hourOf(clock.now) };
    const logged = await appendOne(delayed, key, late);
    expect(await delayed.plainOf(logged)).toEqual(late);
    expect(asDelayed(logged.entry).hour).toBe(late.hour);
    clock.now = START + 7 * DAY + 4 * HOUR;
    expect(await delayed.revealDue()).toBe(1);
    expect(await store.findHiddenByKey(key)).toMatchObject([{ commitment: asDelayed(logged.entry).commitment }]);
  });
});

describe('revealDue', () => {
  it('reveals within the last two hours, once, and not before', async () => {
    const { clock, delayed, entries } = await createDelayedWorld();
    const lookup = lookupAt(START);
    const { index, entry } = await appendOne(delayed, randomBytes(32), lookup);
    clock.now = START + 7 * DAY - 3 * HOUR;
    expect(await delayed.revealDue()).toBe(0);
    clock.now += HOUR;
    expect(await delayed.revealDue()).toBe(1);
    const hour = hourOf(clock.now);
    expect(hour).toBeLessThanOrEqual(asDelayed(entry).revealBy - 1);
    const [, revealed] = await entries();
    expect(revealed).toMatchObject({ kind: 'reveal', hour, entry: index, plain: formatLogEntry(lookup) });
    expect(openDelayed(asDelayed(entry), revealed as EntryOf<'reveal'>)).toEqual(lookup);
    expect(await delayed.revealDue()).toBe(0);
    expect(await entries()).toHaveLength(2);
    expect(await delayed.revealedOf(index)).toEqual({ index: 1, entry: formatLogEntry(revealed as LogEntry) });
  });

  it('reveals whatever is due, however much it is', async () => {
    const { clock, delayed, entries } = await createDelayedWorld();
    const requests = Array.from({ length: 150 }, () => ({
      key: randomBytes(32),
      entry: lookupAt(START),
      delayDays: 1,
    }));
    await delayed.append(requests);
    await appendOne(delayed, randomBytes(32), lookupAt(START), 2);
    clock.now = START + DAY;
    expect(await delayed.revealDue()).toBe(150);
    expect((await entries()).filter(({ kind }) => kind === 'reveal')).toHaveLength(150);
  });

  it('knows the plain entry from the log once what was hidden is forgotten here', async () => {
    const { clock, delayed, store } = await createDelayedWorld();
    const lookup = lookupAt(START);
    const logged = await appendOne(delayed, randomBytes(32), lookup, 1);
    clock.now = START + DAY;
    await delayed.revealDue();
    clock.now = START + 3 * DAY + HOUR;
    await delayed.revealDue();
    expect(await store.findHidden(asDelayed(logged.entry).commitment)).toBeNull();
    expect(await delayed.plainOf(logged)).toEqual(lookup);
  });

  it('does not know what was neither kept nor revealed', async () => {
    const { delayed, store } = await createDelayedWorld();
    const logged = await appendOne(delayed, randomBytes(32), lookupAt(START), 1);
    await store.removeHidden([asDelayed(logged.entry).commitment]);
    expect(await delayed.plainOf(logged)).toBeNull();
  });

  it.each(['listHidden', 'markRevealed', 'purge'] as const)(
    'appends nothing twice when %s fails, over a restart too',
    async (operation) => {
      const { clock, delayed, breaking, log, store, saltKey, entries } = await createDelayedWorld();
      await appendOne(delayed, randomBytes(32), lookupAt(START), 1);
      clock.now = START + DAY;
      breaking.add(operation);
      await expect(delayed.revealDue()).rejects.toThrow(refusal('storageFailed'));
      breaking.clear();
      const restarted = createDelayedEntries({ log, store, saltKey, now: () => clock.now });
      await restarted.revealDue();
      expect((await entries()).map(({ kind }) => kind)).toEqual(['delayed', 'reveal']);
      expect(await store.listHidden(10 ** 7, null, 10)).toEqual([]);
    },
  );

  it('goes on when guardians are back, with one entry', async () => {
    const { clock, delayed, logs, entries } = await createDelayedWorld();
    const { index } = await appendOne(delayed, randomBytes(32), lookupAt(START), 1);
    clock.now = START + DAY;
    for (const witness of logs.witnesses) witness.behaviour = 'resetting';
    await expect(delayed.revealDue()).rejects.toThrow(refusal('guardiansUnavailable'));
    for (const witness of logs.witnesses) witness.behaviour = 'honest';
    expect(await delayed.revealDue()).toBe(1);
    expect((await entries()).map(({ kind }) => kind)).toEqual(['delayed', 'reveal']);
    expect(await delayed.revealedOf(index)).not.toBeNull();
  });

  it('keeps what was never logged for a month, then forgets it', async () => {
    const { clock, delayed, store } = await createDelayedWorld((log) =>
      appending(log, async () => Promise.reject(new BlindmarkError('overloaded', 'Broken by the test'))),
    );
    const key = randomBytes(32);
    await expect(appendOne(delayed, key, lookupAt(START), 1)).rejects.toThrow(refusal('overloaded'));
    clock.now = START + 30 * DAY;
    expect(await delayed.revealDue()).toBe(0);
    expect(await store.findHiddenByKey(key)).toHaveLength(1);
    clock.now = START + 32 * DAY;
    expect(await delayed.revealDue()).toBe(0);
    expect(await store.findHiddenByKey(key)).toEqual([]);
  });
});

describe('startReveals', () => {
  function quietLog() {
    const lines: string[] = [];
    return { lines, log: createLog('registry', { destination: { write: (line) => void lines.push(line) } }) };
  }

  it('reveals in time across a restart', async () => {
    const { clock, delayed, log, store, saltKey } = await createDelayedWorld();
    const quiet = quietLog();
    const stop = startReveals({ delayed, log: quiet.log, intervalMs: 5 });
    const { index } = await appendOne(delayed, randomBytes(32), lookupAt(START), 1);
    await stop();
    clock.now = START + DAY - 2 * HOUR;
    const restarted = createDelayedEntries({ log, store, saltKey, now: () => clock.now });
    const stopAgain = startReveals({ delayed: restarted, log: quiet.log, intervalMs: 5 });
    onTestFinished(stopAgain);
    await eventually(async () => expect(await delayed.revealedOf(index)).not.toBeNull());
    expect(quiet.lines).toEqual([]);
  });

  it('says what fails, and tries again', async () => {
    const { clock, delayed, breaking } = await createDelayedWorld();
    const { index } = await appendOne(delayed, randomBytes(32), lookupAt(START), 1);
    clock.now = START + DAY;
    breaking.add('listHidden');
    const quiet = quietLog();
    const stop = startReveals({ delayed, log: quiet.log, intervalMs: 5 });
    onTestFinished(stop);
    await eventually(() => expect(quiet.lines.length).toBeGreaterThan(1));
    expect(JSON.parse(quiet.lines[0] as string)).toMatchObject({ level: 'error', code: 'storageFailed' });
    breaking.clear();
    await eventually(async () => expect(await delayed.revealedOf(index)).not.toBeNull());
  });

  it('stops for good', async () => {
    const { clock, delayed } = await createDelayedWorld();
    const stop = startReveals({ delayed, log: quietLog().log, intervalMs: 1 });
    await stop();
    const { index } = await appendOne(delayed, randomBytes(32), lookupAt(START), 1);
    clock.now = START + DAY;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await delayed.revealedOf(index)).toBeNull();
  });
});

it('names the reveal of each entry differently', () => {
  expect(revealEntryKey(1)).toHaveLength(32);
  expect(revealEntryKey(1)).not.toEqual(revealEntryKey(2));
});
