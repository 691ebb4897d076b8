/** The engine's part of the public log: the newest entries of a real registry, and what a lying one is told apart by. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomBytes } from '../../../../crypto/bytes.ts';
import { formatLogEntry, hourOf, type LogEntry } from '../../../../crypto/log-entry.ts';
import type { CallProgress } from '../../../../server/web/engine/calls.ts';
import type { EngineOptions } from '../../../../server/web/engine/options.ts';
import { createProofsEngine } from '../../../../server/web/engine/proofs-engine.ts';
import { addressOf } from '../../../support/audit-world.ts';
import { refusal } from '../../../support/refusal.ts';
import { startServices, type Services } from '../../../support/services.ts';

let services: Services;
let hour: number;
beforeAll(async () => {
  services = await startServices();
  hour = hourOf(services.clock.now);
  const hash = () => randomBytes(32);
  const entries: LogEntry[] = [
    { kind: 'activation', hour, request: hash() },
    {
      kind: 'lookup',
      hour,
      request: hash(),
      force: 'demo-force',
      officer: 'p-1',
      caseCommitment: hash(),
      codes: '1',
    },
    { kind: 'match', hour, mark: hash(), lookup: 2 },
  ];
  await services.publicLog().append(entries.map((entry) => ({ key: hash(), entry: formatLogEntry(entry) })));
});
afterAll(async () => {
  await services.stopAll();
});

const engineOf = (changes: Partial<EngineOptions> = {}) =>
  createProofsEngine({
    registryFile: async () => Promise.resolve(services.registryFile),
    retry: { attempts: 1 },
    now: () => services.clock.now,
    ...changes,
  });

const context = (onProgress: (progress: CallProgress) => void = () => undefined) => ({
  signal: new AbortController().signal,
  onProgress,
});

describe('the newest entries', () => {
  it('are told by number, kind, hour and force, with the names of who vouches for them', async () => {
    const progress: CallProgress[] = [];
    const view = await engineOf().verifyRecent(
      { count: 100 },
      context((step) => progress.push(step)),
    );
    const iso = new Date(hour * 3_600_000).toISOString().replace(':00:00.000', '');
    expect(view).toMatchObject({
      size: 4,
      from: 0,
      verified: 4,
      kinds: { roster: 1, activation: 1, lookup: 1, match: 1 },
      entries: [
        { index: 0, kind: 'roster', force: null },
        { index: 1, kind: 'activation', hour: iso, force: null },
        { index: 2, kind: 'lookup', hour: iso, force: 'demo-force' },
        { index: 3, kind: 'match', hour: iso, force: null },
      ],
    });
    const names = services.fixture.roster.roster.guardians.map(({ name }) => name);
    expect(view.witnesses.length).toBeGreaterThanOrEqual(services.fixture.roster.roster.threshold);
    for (const name of view.witnesses) expect(names).toContain(name);
    expect(progress.at(-1)).toEqual({ phase: 'verify', done: 4, total: 4 });
    // What a page is told must be able to travel to it.
    expect(structuredClone(view)).toEqual(view);
  });

  it.each([
    [2, 2],
    [0, 1],
    [1.9, 1],
  ])('are as many as asked for, and at least one: %d', async (count, verified) => {
    expect(await engineOf().verifyRecent({ count }, context())).toMatchObject({ from: 4 - verified, verified });
  });

  it('are refused where the log is smaller than it was a moment ago', async () => {
    let kept: Uint8Array<ArrayBuffer> | null = null;
    const replaying: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!addressOf(input).endsWith('/log/checkpoint')) return response;
      kept ??= await response.clone().bytes();
      return isReplaying ? new Response(kept) : response;
    };
    let isReplaying = false;
    const engine = engineOf({ fetch: replaying });
    const { size } = await engine.verifyRecent({ count: 1 }, context());
    const request = randomBytes(32);
    const entry = formatLogEntry({ kind: 'activation', hour, request });
    await services.publicLog().append([{ key: request, entry }]);
    expect(await engine.verifyRecent({ count: 1 }, context())).toMatchObject({ size: size + 1 });
    isReplaying = true;
    await expect(engine.verifyRecent({ count: 1 }, context())).rejects.toThrow(refusal('logBehind'));
  });

  it('are refused where a tile was altered, which is named', async () => {
    const altering: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!addressOf(input).includes('/log/tile/entries/')) return response;
      const bytes = await response.bytes();
      return new Response(bytes.map((byte, i) => (i === bytes.length - 2 ? byte ^ 1 : byte)));
    };
    const reading = engineOf({ fetch: altering }).verifyRecent({ count: 10 }, context());
    await expect(reading).rejects.toThrow(
      refusal('badProof', expect.stringMatching(/^tile\/entries\/000\.p\/\d$/u) as string),
    );
  });
});
