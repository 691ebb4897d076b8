/** The audit of real registries' logs: what owners, officers and guardians have done keeps every rule, hidden or not. */
import { afterEach, describe, expect, it } from 'vitest';
import { auditLog, type AuditOptions, type AuditReport } from '../../client-sdk/audit.ts';
import type { AuditState } from '../../client-sdk/audit-state.ts';
import { Officer, type LookupResult } from '../../client-sdk/officer.ts';
import { Openings } from '../../client-sdk/openings.ts';
import { Owner } from '../../client-sdk/owner.ts';
import { connectionOf, Registry } from '../../client-sdk/registry.ts';
import { Vault } from '../../client-sdk/vault.ts';
import { randomBytes } from '../../crypto/bytes.ts';
import { formatLogEntry, hourOf } from '../../crypto/log-entry.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { createRecoveryPhrase } from '../../crypto/owner-keys.ts';
import type { StatisticsReply } from '../../crypto/wire.ts';
import { CHEAP_STRETCH } from '../support/fixture.ts';
import { startServices, type Services, type ServicesOptions } from '../support/services.ts';

let services: Services | undefined;
afterEach(async () => {
  await services?.stopAll();
  services = undefined;
});

const CASE = 'CR/1/26';

/** A registration, its lookup by two codes, a miss, an opening, a new status and a withdrawal, in a registry of its own. */
async function play(options: ServicesOptions): Promise<Services> {
  const started = await startServices(options);
  services = started;
  const { registryFile, clock } = started;
  const connect = async () => {
    return Registry.connect(registryFile.url, { ...connectionOf(registryFile), now: () => clock.now });
  };
  const vault = await Vault.create({
    phrase: createRecoveryPhrase(),
    passphrase: 'a passphrase',
    storage: { append: async () => undefined },
    parameters: CHEAP_STRETCH,
  });
  const owner = await Owner.open(await connect(), vault, registryFile);
  const [activationKey = ''] = await started.createActivationKeys(1);
  const contact = { kind: 'details', telephone: '101' } as const;
  const mark = await owner.register({ code: mintCode(), items: [{ category: 'Shotgun' }], activationKey, contact });

  const signer = await started.createOfficer('officer-a');
  const officer = new Officer(await connect(), signer);
  const readings = [mark.canonical, mintCode()].map((reading, i) => ({ id: `${i}`, reading, scheme: 'bm1' }));
  const results = await Array.fromAsync(officer.lookup(officer.plan(readings), { caseReference: CASE }));
  const { registrations, evidence } = results[0] as LookupResult;
  const [found] = registrations;
  if (found === undefined) throw new Error('the registration is not found');
  const hit = { caseReference: CASE, caseSalt: evidence.caseSalt, ...found.evidence };
  const second = new Openings(await connect(), await started.createOfficer('officer-b'));
  const { token } = await new Openings(await connect(), signer).ask(hit, { reason: 'returnProperty' });
  await second.approve(await second.inspect(token, CASE));
  await owner.withdraw(await owner.setStatus(owner.find(mark.canonical), 'stolen'));
  return started;
}

async function audit(
  { registryFile, guardianUrls, clock }: Services,
  options: Partial<AuditOptions> = {},
): Promise<{ report: AuditReport; state: AuditState | null }> {
  let state: AuditState | null = null;
  const report = await auditLog({
    url: registryFile.url,
    rosterFingerprint: registryFile.rosterFingerprint,
    allowTestRoster: true,
    guardians: guardianUrls,
    now: () => clock.now,
    settleMs: 100,
    onState: (kept) => {
      state = kept;
    },
    ...options,
  });
  return { report, state };
}

async function statisticsOf({ registryFile }: Services): Promise<StatisticsReply> {
  return (await (await fetch(`${registryFile.url}/v1/statistics`)).json()) as StatisticsReply;
}

describe('the log of a registry that was used', () => {
  it('verifies, agrees with its guardians and its statistics, and goes on', async () => {
    const played = await play({});
    const { report, state } = await audit(played);
    expect(report.findings).toEqual([]);
    expect(report.guardians.map(({ id, error }) => [id, error])).toEqual(
      ['g1', 'g2', 'g3'].map((id) => [id, undefined]),
    );
    expect(report.totals).toEqual({
      kinds: {
        activation: 1,
        registration: 1,
        lookup: 1,
        match: 1,
        opening: 1,
        action: 2,
        check: 0,
        roster: 1,
        revocation: 0,
        pages: 0,
        delayed: 0,
        reveal: 0,
      },
      forces: [{ force: 'demo-force', lookups: 1, hits: 1, openings: 1 }],
      hidden: 0,
    });
    const { size, months } = await statisticsOf(played);
    expect(size).toBe(report.size);
    expect(months).toMatchObject(report.totals.forces);

    const hour = hourOf(played.clock.now);
    const requests = Array.from({ length: 300 }, () => {
      const request = randomBytes(32);
      return { key: request, entry: formatLogEntry({ kind: 'activation', hour, request }) };
    });
    await played.publicLog().append(requests.slice(0, 250));
    await played.publicLog().append(requests.slice(250));
    const next = await audit(played, { state });
    expect(next.report).toMatchObject({ findings: [], auditedBefore: size, audited: size + 300 });
  });

  it('shows what the registry itself logs against the rules', async () => {
    const played = await play({});
    const { state } = await audit(played);
    const entry = formatLogEntry({ kind: 'match', hour: hourOf(played.clock.now), mark: randomBytes(32), lookup: 0 });
    await played.publicLog().append([{ key: randomBytes(32), entry }]);
    const { report } = await audit(played, { state });
    expect(report.findings).toMatchObject([{ rule: 'match', index: report.audited - 1 }]);
  });

  it('hides what its force may hide, and reveals it in time', async () => {
    const played = await play({ delayDays: 1, revealIntervalMs: 50 });
    const { report, state } = await audit(played);
    expect(report.findings).toEqual([]);
    expect(report.totals).toMatchObject({ kinds: { delayed: 3, reveal: 0, lookup: 0 }, forces: [], hidden: 3 });
    played.clock.now += 24 * 3600 - 1800;
    for (;;) {
      const { months } = await statisticsOf(played);
      if (months.some(({ openings }) => openings === 1)) break;
      // The log grows once the timer of the reveals has run.
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
    const revealed = await audit(played, { state });
    expect(revealed.report.findings).toEqual([]);
    expect(revealed.report.totals).toMatchObject({
      kinds: { delayed: 3, reveal: 3 },
      forces: [{ force: 'demo-force', lookups: 1, hits: 1, openings: 1 }],
      hidden: 0,
    });
  });
});
