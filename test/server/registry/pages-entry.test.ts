/** Which pages a registry serves, as its log says: one entry for each change, whatever fails in between. */
import { beforeAll, describe, expect, it } from 'vitest';
import { equalBytes } from '../../../crypto/bytes.ts';
import { formatLogEntry, hourOf, parseLogEntry, type EntryOf } from '../../../crypto/log-entry.ts';
import { parseCheckpoint } from '../../../crypto/checkpoint.ts';
import type { Log } from '../../../server/log/log.ts';
import { appendPages, pagesEntryKey } from '../../../server/registry/pages-entry.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import { refusal } from '../../support/refusal.ts';
import { createLogWorld } from '../log/world.ts';
import { createWorld, entriesOf, eventually } from './world.ts';

const NOW = 1_795_521_600;
const now = (): number => NOW;
const [A, B, C] = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill)) as [Uint8Array, Uint8Array, Uint8Array];

async function buildsIn(log: Log): Promise<Uint8Array[]> {
  const note = log.latest();
  const size = note === null ? 0 : parseCheckpoint(note).checkpoint.size;
  const { entries } = await log.prove(Array.from({ length: size }, (_, i) => i));
  return entries.map(({ entry }) => (parseLogEntry(entry) as EntryOf<'pages'>).build);
}

describe('the entries of pages', () => {
  it('are one for each change, back to what was before among them', async () => {
    const { log } = await (await createLogWorld()).open();
    for (const build of [A, A, B, B, A, C]) await appendPages(build, { publicLog: log, now });
    expect(await buildsIn(log)).toEqual([A, B, A, C]);
    const { entries } = await log.prove([0]);
    expect(parseLogEntry(entries[0]?.entry as Uint8Array)).toEqual({ kind: 'pages', hour: hourOf(NOW), build: A });
  });

  it('stay what they were when the registry starts anew, with no guardian needed for that', async () => {
    const world = await createLogWorld();
    const first = await world.open();
    await appendPages(A, { publicLog: first.log, now });
    await first.close();
    for (const witness of world.witnesses) await witness.close();
    const { log } = await world.open({ timeoutMs: 1000 });
    await appendPages(A, { publicLog: log, now });
    expect(await buildsIn(log)).toEqual([A]);
    await expect(appendPages(B, { publicLog: log, now })).rejects.toThrow(refusal('guardiansUnavailable'));
  });

  it('have one order for all who append at one moment', async () => {
    const { log } = await (await createLogWorld()).open();
    await Promise.all([A, B, C, A].map(async (build) => appendPages(build, { publicLog: log, now })));
    const builds = await buildsIn(log);
    for (const [i, build] of builds.entries()) if (i > 0) expect(build).not.toEqual(builds[i - 1]);
    for (const build of [A, B, C]) expect(builds).toContainEqual(build);
  });

  it('go on behind one that was appended and is not cosigned yet', async () => {
    const { log } = await (await createLogWorld()).open();
    await appendPages(A, { publicLog: log, now });
    const key = pagesEntryKey(2);
    await log.append([{ key, entry: formatLogEntry({ kind: 'pages', hour: 0, build: B }) }]);
    // As after a crash between writing and cosigning: it is there, and nobody has been shown it.
    const publicLog: Pick<Log, 'append' | 'find' | 'has'> = {
      append: (requests) => log.append(requests),
      has: (wanted) => log.has(wanted),
      find: async (wanted) => (equalBytes(wanted, key) ? null : log.find(wanted)),
    };
    await appendPages(A, { publicLog, now });
    expect(await buildsIn(log)).toEqual([A, B, A]);
  });

  it('are never made under the key of another entry', async () => {
    const { log } = await (await createLogWorld()).open();
    await log.append([{ key: pagesEntryKey(1), entry: formatLogEntry({ kind: 'check', hour: 0, request: A }) }]);
    await expect(appendPages(A, { publicLog: log, now })).rejects.toThrow(refusal('storageFailed'));
  });
});

describe('a registry', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await createFixture();
  });

  it('logs which pages it serves, at each start with others', async () => {
    const world = await createWorld(fixture, { pages: [A, A, B] });
    const builds = async (): Promise<Uint8Array[]> =>
      (await entriesOf(world)).flatMap((entry) => (entry.kind === 'pages' ? [entry.build] : []));
    await eventually(async () => expect(await builds()).toEqual([A]));
    await world.restart();
    await world.restart();
    await eventually(async () => expect(await builds()).toEqual([A, B]));
    expect(world.log.join('')).toContain('the hash of the pages is in the log');
  });

  it('serves without pages, and logs none', async () => {
    const world = await createWorld(fixture);
    await eventually(async () => expect((await entriesOf(world)).map(({ kind }) => kind)).toEqual(['roster']));
  });

  it('logs them once guardians answer', async () => {
    const world = await createWorld(fixture, { pages: [A], witnesses: 'resetting' });
    await eventually(() => expect(world.log.join('')).toContain('the hash of the pages could not be logged'));
    expect(await entriesOf(world)).toEqual([]);
    for (const { witness } of world.guardians) witness.behaviour = 'honest';
    await eventually(() => expect(world.log.join('')).toContain('the hash of the pages is in the log'));
    expect(await entriesOf(world)).toContainEqual({ kind: 'pages', hour: hourOf(fixture.now), build: A });
  });
});
