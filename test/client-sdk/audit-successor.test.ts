/** The audit across generations of a log: a successor begins where the log before it ended. */
import { describe, expect, it } from 'vitest';
import type { TreeHead } from '../../crypto/merkle.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { formatTilePath } from '../../crypto/tile.ts';
import { activation, type AuditWorld, signersOf, worldOf } from '../support/audit-world.ts';
import { refusal } from '../support/refusal.ts';
import { createServedLog } from '../support/served-log.ts';

describe('a successor log', () => {
  const newKey = createSigningKey();

  /** A log of the second generation that begins with the first `kept` entries of another. */
  function succeed(world: AuditWorld, kept: number, closed: TreeHead, start?: TreeHead): AuditWorld {
    const entries = Array.from({ length: kept }, (_, i) => entryAt(world, i));
    const prefix = createServedLog({ name: 'unused', key: newKey, witnesses: [] });
    prefix.append(entries);
    const { size, root } = prefix.head();
    const log = { generation: 2, publicKey: newKey.publicKey, start: start ?? { size, root }, closed };
    world.addRoster(world.nextRoster({ log }));
    world.log = createServedLog(signersOf(world.roster, newKey));
    world.log.append(entries);
    world.append(world.rosterEntry());
    return world;
  }

  function entryAt(world: AuditWorld, index: number): Uint8Array {
    const bytes = world.log.get(
      `log/${formatTilePath({ level: 'entries', index: Math.floor(index / 256), width: 256 })}`,
    );
    const bundle = bytes ?? world.log.get(`log/tile/entries/000.p/${world.log.size}`);
    if (bundle === null) throw new Error('there is no such bundle');
    let offset = 0;
    for (let i = index % 256; i > 0; i -= 1) offset += 2 + readLength(bundle, offset);
    return bundle.slice(offset + 2, offset + 2 + readLength(bundle, offset));
  }

  const readLength = (bytes: Uint8Array, at: number) => (bytes[at] as number) * 256 + (bytes[at + 1] as number);
  const headOf = ({ size, root }: TreeHead): TreeHead => ({ size, root });

  it('is followed from where the one before it ended', async () => {
    const world = worldOf(100);
    const { state } = await world.audit();
    succeed(world, 100, headOf(world.log.head()));
    const { report, state: after } = await world.audit(state);
    expect(report).toMatchObject({
      findings: [],
      log: 'registry.example/log-2',
      auditedBefore: 100,
      audited: 101,
      lost: 0,
    });
    expect(after?.generation).toBe(2);
    expect((await world.audit()).report.findings).toEqual([]);
  });

  it('that gave up entries is audited anew', async () => {
    const world = worldOf(100);
    const { state } = await world.audit();
    succeed(world, 90, headOf(world.log.head()));
    const { report } = await world.audit(state);
    expect(report).toMatchObject({ findings: [], auditedBefore: 0, audited: 91, lost: 10 });
  });

  it('that hides how far the one before it went is found', async () => {
    const world = worldOf(100);
    const { state } = await world.audit();
    const shorter = createServedLog({ name: 'unused', key: newKey, witnesses: [] });
    shorter.append(Array.from({ length: 90 }, (_, i) => entryAt(world, i)));
    succeed(world, 90, headOf(shorter.head()));
    const { report } = await world.audit(state);
    expect(report.findings).toMatchObject([{ rule: 'successor' }]);
    expect(JSON.parse(report.evidence as string)).toMatchObject({ contradictions: [state?.checkpoint] });
  });

  it('that does not begin where its roster says is found', async () => {
    const world = worldOf(100);
    const closed = headOf(world.log.head());
    succeed(world, 99, closed, closed);
    world.append(activation());
    const { report } = await world.audit();
    expect(report.findings).toMatchObject([
      { rule: 'successor', message: 'the log’s first 100 entries are not those of the log before it' },
    ]);
  });

  it('cannot be followed back to the one before it', async () => {
    const world = worldOf(100);
    succeed(world, 100, headOf(world.log.head()));
    const { state } = await world.audit();
    await expect(worldOf(100).audit(state)).rejects.toThrow(refusal('badInput', 'state'));
  });
});
