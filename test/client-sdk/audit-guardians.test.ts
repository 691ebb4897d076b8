/** What an audit demands of guardians: recent cosignatures of one history, which it may compare by asking them. */
import { describe, expect, it } from 'vitest';
import type { AuditState } from '../../client-sdk/audit-state.ts';
import { bytesToHex, utf8ToBytes } from '../../crypto/bytes.ts';
import { sodium } from '../../crypto/sodium.ts';
import { activation, activations, addressOf, type AuditWorld, signersOf, worldOf } from '../support/audit-world.ts';
import { refusal } from '../support/refusal.ts';
import { NOON, smallRoster } from '../support/small-roster.ts';

describe('a guardian', () => {
  const { witnesses } = signersOf(smallRoster());

  it('that has not cosigned within 24 hours is found', async () => {
    const world = worldOf(5);
    world.log.publish(NOON - 24 * 3600 + 1);
    expect((await world.audit(null, { publish: false })).report.findings).toEqual([]);
    world.log.publish(NOON - 24 * 3600);
    const { report } = await world.audit(null, { publish: false });
    expect(report.findings.map(({ rule, guardian }) => [rule, guardian])).toEqual([
      ['guardian', 'g1'],
      ['guardian', 'g2'],
      ['guardian', 'g3'],
    ]);
    expect(report.audited, 'the rest is audited all the same').toBe(5);
  });

  it('that never cosigned is found', async () => {
    const world = worldOf(5);
    world.log.publish(NOON, witnesses.slice(0, 2));
    const { report } = await world.audit(null, { publish: false });
    expect(report.findings).toMatchObject([{ rule: 'guardian', guardian: 'g3' }]);
    expect(report.guardians.at(-1)).toEqual({ id: 'g3', cosignedAt: null });
  });

  it('whose cosignature comes from the future is found', async () => {
    const world = worldOf(5);
    world.log.publish(NOON + 601);
    expect((await world.audit(null, { publish: false })).report.findings).toHaveLength(3);
  });

  it('that cosigns a moment later than the others is waited for', async () => {
    const world = worldOf(5);
    world.log.publish(NOON, witnesses.slice(0, 2));
    const fetch = world.fetch();
    let asked = 0;
    const { report } = await world.audit(null, {
      publish: false,
      fetch: async (url, init) => {
        if (addressOf(url).endsWith('/checkpoint') && (asked += 1) === 3) world.log.publish(NOON);
        return fetch(url, init);
      },
    });
    expect(report.findings).toEqual([]);
  });

  it('that missed this checkpoint, but cosigned within 24 hours, is known from the last audit', async () => {
    const world = worldOf(5);
    const { state } = await world.audit();
    world.append(activation());
    world.now += 23 * 3600;
    world.log.publish(world.now, witnesses.slice(0, 2));
    expect((await world.audit(state, { publish: false })).report.findings).toEqual([]);
    world.now += 2 * 3600;
    world.log.publish(world.now, witnesses.slice(0, 2));
    const { report } = await world.audit(state, { publish: false });
    expect(report.findings).toMatchObject([{ rule: 'guardian', guardian: 'g3' }]);
  });

  describe('that is asked itself', () => {
    const address = 'https://guardian.example';
    const nameHash = bytesToHex(sodium.crypto_hash_sha256(utf8ToBytes('registry.example/log')));
    const viewUrl = `${address}/v1/${nameHash}/checkpoint`;
    const guardians = new Map([['g3', address]]);
    const ask = async (world: AuditWorld, view: string) => {
      return (await world.audit(null, { publish: false, guardians, fetch: world.fetch([], { [viewUrl]: view }) }))
        .report;
    };

    it('agrees, with an older checkpoint too, and counts as fresh', async () => {
      const world = worldOf(300);
      const view = world.log.publish(NOON, witnesses.slice(2));
      world.append(...activations(300));
      world.log.publish(NOON, witnesses.slice(0, 2));
      expect(await ask(world, view)).toMatchObject({ findings: [], size: 600 });
    });

    it('was shown another log: a fork, of which both checkpoints are kept', async () => {
      const [world, other] = [worldOf(300), worldOf(300)];
      const view = other.log.publish(NOON, witnesses.slice(2));
      const note = world.log.publish(NOON, witnesses.slice(0, 2));
      const report = await ask(world, view);
      expect(report.findings).toMatchObject([
        { rule: 'fork', message: 'the log’s first 300 entries are not those of what guardian g3 cosigned' },
      ]);
      expect(JSON.parse(report.evidence as string)).toMatchObject({ checkpoint: note, contradictions: [view] });
    });

    it('knows more than the registry shows: soon, but not for ever', async () => {
      const world = worldOf(300);
      const note = world.log.publish(NOON, witnesses.slice(0, 2));
      world.append(activation());
      const view = world.log.publish(NOON, witnesses.slice(2));
      world.log.falsify('log/checkpoint', () => utf8ToBytes(note));
      const report = await ask(world, view);
      expect(report.findings).toEqual([]);
      expect(report.guardians.at(-1)?.error).toContain('more than the registry shows yet');
      const old = world.log.publish(NOON - 25 * 3600, witnesses.slice(2));
      expect((await ask(world, old)).findings).toContainEqual({
        rule: 'shrunk',
        message: 'the log has 300 entries; what guardian g3 cosigned has 301',
      });
    });

    describe('is ahead at each audit, with a fresh cosignature:', () => {
      const worlds = () => ({ world: worldOf(300), secret: worldOf(310) });
      type Worlds = ReturnType<typeof worlds>;
      /** An audit after both logs have grown, the secret one to be ahead. */
      const next = async ({ world, secret }: Worlds, state: AuditState | null, growth: number) => {
        world.append(...activations(growth));
        secret.append(...activations(20));
        const view = secret.log.publish(world.now, witnesses.slice(2));
        world.log.publish(world.now, witnesses.slice(0, 2));
        return world.audit(state, { publish: false, guardians, fetch: world.fetch([], { [viewUrl]: view }) });
      };

      it('the registry must show what it had cosigned the first time', async () => {
        const both = worlds();
        const first = await next(both, null, 5);
        const second = await next(both, first.state, 5);
        expect([first, second].map(({ report }) => report.findings)).toEqual([[], []]);
        const { report } = await next(both, second.state, 30);
        expect(report.findings).toMatchObject([
          { rule: 'fork', message: 'the log’s first 330 entries are not those of what guardian g3 cosigned' },
        ]);
        const { contradictions } = JSON.parse(report.evidence as string) as { contradictions: string[] };
        expect(contradictions.map((note) => note.split('\n')[1])).toEqual(['330']);
      });

      it('the registry must show it within 24 hours', async () => {
        const both = worlds();
        const { state } = await next(both, null, 5);
        both.world.now += 24 * 3600;
        const { report } = await next(both, state, 5);
        expect(report.findings).toMatchObject([
          { rule: 'shrunk', message: 'the log has 310 entries; what guardian g3 cosigned has 330' },
        ]);
      });
    });

    it('was ahead, and is caught up with', async () => {
      const world = worldOf(300);
      const shown = world.log.publish(NOON, witnesses.slice(0, 2));
      world.append(...activations(10));
      const view = world.log.publish(NOON, witnesses.slice(2));
      world.log.falsify('log/checkpoint', () => utf8ToBytes(shown));
      const options = { publish: false, guardians, fetch: world.fetch([], { [viewUrl]: view }) };
      const { report, state } = await world.audit(null, options);
      expect(report).toMatchObject({ findings: [], size: 300 });
      world.log.falsify('log/checkpoint', (honest) => honest);
      world.log.publish(NOON);
      const caughtUp = await world.audit(state, options);
      expect(caughtUp.report).toMatchObject({ findings: [], size: 310 });
      expect([state?.ahead.length, caughtUp.state?.ahead.length]).toEqual([1, 0]);
    });

    it('cannot be read: which is said, and is no finding', async () => {
      const world = worldOf(3);
      world.log.publish(NOON);
      const report = await ask(world, 'nothing');
      expect(report.findings).toEqual([]);
      expect(report.guardians.at(-1)?.error).toContain('no checkpoint that the log and it have signed');
    });

    it('is in the roster', async () => {
      const strangers = new Map([['g9', address]]);
      await expect(worldOf(3).audit(null, { guardians: strangers })).rejects.toThrow(refusal('badInput', 'guardian'));
    });
  });
});
