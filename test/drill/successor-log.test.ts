/**
 * The drill of a successor log, on the whole stack: the log forks, guardians stop, operators sign a successor, and the service
 * goes on; then the database is lost, an old copy is restored, and the next successor goes on without what the copy lacks. Owners
 * and officers keep their clients through all of it.
 */
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLog, type AuditReport } from '../../client-sdk/audit.ts';
import type { AuditState } from '../../client-sdk/audit-state.ts';
import { Officer, type LookupResult } from '../../client-sdk/officer.ts';
import { Openings, type OpenableHit } from '../../client-sdk/openings.ts';
import type { Owner } from '../../client-sdk/owner.ts';
import { createReceiptFile, verifyProofFile } from '../../client-sdk/receipts.ts';
import type { MarkRecord } from '../../client-sdk/vault.ts';
import { randomBytes } from '../../crypto/bytes.ts';
import { parseCheckpoint } from '../../crypto/checkpoint.ts';
import { isBlindmarkError, type BlindmarkError } from '../../crypto/errors.ts';
import { formatLogEntry } from '../../crypto/log-entry.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import type { OfficerSigner } from '../../crypto/officer-request.ts';
import { send } from '../attack/ask.ts';
import { activations } from '../support/audit-world.ts';
import { refusal } from '../support/refusal.ts';
import { startRivalRegistry } from '../support/rivals.ts';
import { connect, createOwner, lookUp } from '../support/sdk.ts';
import { startServices, type Services } from '../support/services.ts';
import { Operators } from './operators.ts';

const CASE = 'CR/1/26';
const GUARDIANS = ['g1', 'g2', 'g3'] as const;
let services: Services;
let operators: Operators;
let owner: Owner;
let signer: OfficerSigner;
let officer: Officer;
let audited: AuditState | null = null;

const database = (): string => join(services.folder, 'registry', 'registry.db');

/** A copy of the registry's database as it is now, though it is open. */
function copyDatabase(name: string): string {
  const target = join(services.folder, name);
  const db = new DatabaseSync(database());
  db.exec(`VACUUM INTO '${target}'`);
  db.close();
  return target;
}

async function register(activationKey: string): Promise<MarkRecord> {
  const contact = { kind: 'details', telephone: '+44 20 7946 0000' } as const;
  return owner.register({ code: mintCode(), items: [{ category: 'Shotgun' }], activationKey, contact });
}

async function find({ canonical }: MarkRecord): Promise<OpenableHit | null> {
  const plan = officer.plan([{ id: '1', reading: canonical, scheme: 'bm1' }]);
  const [result] = (await Array.fromAsync(officer.lookup(plan, { caseReference: CASE }))) as [LookupResult];
  const [found] = result.registrations;
  return found === undefined ? null : { caseReference: CASE, caseSalt: result.evidence.caseSalt, ...found.evidence };
}

/** The officer at another registry. */
async function officerAt(url: string): Promise<Officer> {
  return new Officer(await connect({ ...services, registryFile: { ...services.registryFile, url } }), signer);
}

/** Audits from where the last one ended, if `state` is that one's. */
async function audit(state: AuditState | null): Promise<AuditReport> {
  const { url, rosterFingerprint } = services.registryFile;
  return auditLog({
    url,
    rosterFingerprint,
    allowTestRoster: true,
    guardians: services.guardianUrls,
    now: () => services.clock.now,
    settleMs: 200,
    state,
    onState: (kept) => {
      audited = kept;
    },
  });
}

async function errorOf(work: Promise<unknown>): Promise<BlindmarkError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (isBlindmarkError(error)) return error;
  throw new Error('it was not refused');
}

/** That the first receipt of a mark proves, offline, that it was registered. */
async function expectReceipt(mark: MarkRecord): Promise<void> {
  const file = createReceiptFile(owner.vault, mark);
  // With the rosters of all logs: a later one says where the log before it ended.
  expect(file.chain).toEqual(owner.vault.rostersOf(services.fixture.origin));
  const { receipt } = await verifyProofFile(file, services.fixture.fingerprint);
  expect(receipt.entry.kind).toBe('registration');
}

const kindsOf = async (mark: MarkRecord): Promise<string[]> =>
  (await owner.history(mark)).lines.map(({ entry }) => entry.kind);

const sizeOf = (note: string): number => parseCheckpoint(note).checkpoint.size;
const keys: string[] = [];

beforeAll(async () => {
  services = await startServices();
  operators = new Operators(services);
  owner = await createOwner(services);
  signer = await services.createOfficer('officer-a');
  officer = new Officer(await connect(services), signer);
  keys.push(...(await services.createActivationKeys(4)));
});
afterAll(async () => {
  await services.stopAll();
});

let first: MarkRecord;
let hit: OpenableHit;

describe('after a fork', () => {
  it('guardians stop, and nothing is answered', async () => {
    first = await register(keys[0] as string);
    hit = (await find(first)) as OpenableHit;
    expect(await audit(null)).toMatchObject({ findings: [], log: `${services.fixture.origin}/log` });
    // Somebody signs with the log's key, on a copy.
    const rival = await startRivalRegistry(services, { database: copyDatabase('rival.db') });
    await expect.poll(() => rival.publicLog.obstacle(), { timeout: 30_000 }).toBeNull();
    expect((await find(first))?.match).toBeDefined();
    const published = sizeOf(services.publicLog().latest() as string);
    await expect
      .poll(async () => (await operators.lastCheckpoints()).map(sizeOf), { timeout: 30_000 })
      .toEqual(GUARDIANS.map(() => published));
    // It comes to the same size, with other entries.
    const others = activations(published - sizeOf(rival.publicLog.latest() as string));
    const requests = others.map((entry) => ({ key: randomBytes(32), entry: formatLogEntry(entry) }));
    await expect(rival.publicLog.append(requests)).rejects.toThrow(refusal('logForked'));
    await expect(lookUp(await officerAt(rival.url), first.canonical)).rejects.toThrow(refusal('logForked'));
    await rival.stop();
    const hasEvidence = (id: string): boolean =>
      readdirSync(join(services.folder, id)).some((name) => name.startsWith('fork-1-'));
    await expect.poll(() => GUARDIANS.filter(hasEvidence), { timeout: 30_000 }).toEqual(GUARDIANS);
    await expect(find(first)).rejects.toThrow(refusal('logForked'));
    await expect(owner.setStatus(first, 'stolen')).rejects.toThrow(refusal('logForked'));
    expect((await send(`${services.registryFile.url}/readyz`)).status).toBe(503);
  });

  it('a roster with a successor, signed by t operators, has the service go on', async () => {
    const checkpoints = await operators.lastCheckpoints();
    await services.stop('registry');
    const { draft, successor } = await operators.draftSuccessor(checkpoints);
    // Nothing that was cosigned is given up; what the old log took since, and nobody cosigned, is.
    expect(successor.start).toEqual(successor.closed);
    expect(checkpoints.map(sizeOf)).toEqual(GUARDIANS.map(() => successor.closed.size));
    const signed = await Promise.all(['g1', 'g3'].map(async (id) => operators.sign(id, draft)));
    for (const { shown } of signed) {
      expect(shown).toContain(`A NEW LOG IS STARTED: ${services.fixture.origin}/log-2, generation 2`);
      expect(shown).toContain('IS CLOSED');
      expect(shown).not.toContain('LOST');
    }
    // One operator alone cannot.
    const [one] = signed.map(({ signature }) => signature);
    await expect(operators.publish(draft, [one as NonNullable<typeof one>])).rejects.toThrow(refusal('badRoster'));
    await operators.publish(
      draft,
      signed.map(({ signature }) => signature),
    );

    // The clients are those of before: each finds the new roster by itself.
    expect((await find(first))?.row.commitment).toEqual(hit.row.commitment);
    const stolen = await owner.setStatus(first, 'stolen');
    expect(await kindsOf(stolen)).toEqual(['registration', 'match', 'match', 'match', 'action']);
    const second = await register(keys[1] as string);
    expect((await find(second))?.match).toBeDefined();
    await Promise.all([first, second].map(expectReceipt));
  });

  it('what was found before can still be opened', async () => {
    const asking = new Openings(officer.registry, signer);
    const { token } = await asking.ask(hit, { reason: 'returnProperty' });
    const colleague = new Openings(await connect(services), await services.createOfficer('officer-b'));
    await colleague.approve(await colleague.inspect(token, CASE));
    expect(await asking.contact(token, hit)).toMatchObject({
      status: 'opened',
      contact: { telephone: '+44 20 7946 0000' },
    });
  });

  it('the audit goes on from where it was, and from the beginning', async () => {
    const before = audited;
    const followed = await audit(before);
    expect(followed).toMatchObject({ findings: [], log: `${services.fixture.origin}/log-2`, lost: 0 });
    expect(followed.auditedBefore).toBe(before?.audited);
    const anew = await audit(null);
    expect(anew).toMatchObject({ findings: [], auditedBefore: 0, totals: followed.totals });
  });

  it('the log before is cosigned by nobody any more', async () => {
    const rival = await startRivalRegistry(services, { database: join(services.folder, 'rival.db') });
    await expect(lookUp(await officerAt(rival.url), first.canonical)).rejects.toThrow(refusal('guardiansUnavailable'));
    await rival.stop();
  });
});

describe('after a loss', () => {
  let lost: MarkRecord;

  it('a restored old copy refuses to sign, and says how a successor is made', async () => {
    const backup = copyDatabase('backup.db');
    lost = await register(keys[2] as string);
    expect(await find(lost)).not.toBeNull();
    expect(await audit(audited)).toMatchObject({ findings: [] });
    await services.stop('registry');
    for (const end of ['', '-wal', '-shm']) rmSync(database() + end, { force: true });
    copyFileSync(backup, database());
    await services.restart('registry');

    const error = await errorOf(find(first));
    expect(error.code).toBe('logBehind');
    expect(error.message).toMatch(/The log has \d+ entries, but guardian g\d has cosigned a checkpoint of \d+/u);
    expect(error.remedy).toMatch(
      /make a successor log \(blindmark-registry draft-roster --successor-log\).* have t guardian operators sign it/u,
    );
    expect((await errorOf(register(keys[3] as string))).code).toBe('logBehind');
    expect((await send(`${services.registryFile.url}/readyz`)).status).toBe(503);
    // What is there is served, and no more is claimed than that.
    expect((await send(`${services.registryFile.url}/log/checkpoint`)).status).toBe(200);
  });

  it('a successor goes on from what is left, once operators accept what is lost', async () => {
    const checkpoints = await operators.lastCheckpoints();
    await services.stop('registry');
    const { draft, successor } = await operators.draftSuccessor(checkpoints);
    const gone = successor.closed.size - successor.start.size;
    // An activation, a registration, a lookup and its match.
    expect(gone).toBe(4);
    await expect(operators.sign('g1', draft)).rejects.toThrow(refusal('badRoster', 'log.closed'));
    const signed = await Promise.all(['g1', 'g2'].map(async (id) => operators.sign(id, draft, true)));
    for (const { shown } of signed) expect(shown).toContain(`${gone} ENTRIES ARE LOST`);
    const { current } = await operators.publish(
      draft,
      signed.map(({ signature }) => signature),
    );
    expect(current.roster.log).toMatchObject({ generation: 3, ...successor });

    expect(await find(first)).not.toBeNull();
    expect(await kindsOf(first)).toContain('opening');
    await expectReceipt(first);
  });

  it('what was lost is not found, can still be proven, and can be registered again', async () => {
    expect(await find(lost)).toBeNull();
    await expect(owner.history(lost)).rejects.toThrow(refusal('notFound'));
    await expectReceipt(lost);
    await owner.withdraw(lost);
    // The pack's key has further uses.
    const { canonical: code, items } = lost;
    const again = await owner.register({ code, items, activationKey: keys[2] as string });
    expect(await find(again)).not.toBeNull();
  });

  it('the audit begins anew, and says how much is lost', async () => {
    const report = await audit(audited);
    expect(report).toMatchObject({ findings: [], log: `${services.fixture.origin}/log-3`, auditedBefore: 0, lost: 4 });
    expect(await audit(audited)).toMatchObject({ findings: [], auditedBefore: report.audited });
  });
});
