/**
 * Two registries with one log key, which show two logs to two guardians. Both hold copies of one database, so that both can find
 * what was registered before. Two of three guardians decide, so the third would have to serve both: it cannot and stay honest.
 * With a third that is dishonest both are believed, and the audit finds it by what guardians show themselves.
 */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLog } from '../../client-sdk/audit.ts';
import { Officer } from '../../client-sdk/officer.ts';
import { bytesToHex, equalBytes, parseBase64url, randomBytes } from '../../crypto/bytes.ts';
import { formatAddCheckpoint, type Checkpoint } from '../../crypto/checkpoint.ts';
import { formatCredentialFile, registryFileSchema } from '../../crypto/credential-files.ts';
import { formatLogEntry } from '../../crypto/log-entry.ts';
import { cosignerName, logName, verifyLogCheckpoint } from '../../crypto/log-proof.ts';
import { verifyConsistency } from '../../crypto/merkle.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { sodium } from '../../crypto/sodium.ts';
import { createLog } from '../../server/http/log.ts';
import { createMetrics } from '../../server/http/metrics.ts';
import { openLog } from '../../server/log/sequencer.ts';
import { createWitnesses } from '../../server/log/witnesses.ts';
import { openSqliteStores } from '../../server/store/sqlite/open-stores.ts';
import { officerRequest } from '../server/guardian/world.ts';
import { activation } from '../support/audit-world.ts';
import { refusal } from '../support/refusal.ts';
import { NOWHERE, startRivalRegistry, startTwin, type RivalRegistry } from '../support/rivals.ts';
import { runCli } from '../support/run-cli.ts';
import { connect, createOwner, lookUp } from '../support/sdk.ts';
import { startServices, type Services } from '../support/services.ts';
import { randomElement } from '../support/tokens.ts';
import { askGuardian, send } from './ask.ts';

const code = mintCode();
let services: Services;
let folder: string;
let left: RivalRegistry;
let right: RivalRegistry;
/** Of both logs, at one size. */
let notes: string[] = [];

/** The services, with another registry in the place of their own. */
const behind = (url: string): Services => ({ ...services, registryFile: { ...services.registryFile, url } });

async function officerAt({ url }: RivalRegistry): Promise<Officer> {
  return new Officer(await connect(behind(url)), await services.createOfficer());
}

const database = (name: string): string => join(folder, `${name}.db`);
const forkFiles = (guardian: string): string[] =>
  readdirSync(join(services.folder, guardian)).filter((name) => name.startsWith('fork-'));
const urlOf = (guardian: string): string => services.guardianUrls.get(guardian) as string;

/** A checkpoint that the log has signed. */
const signed = (note: string): Checkpoint => verifyLogCheckpoint(note, services.fixture.roster.roster);

/** What a guardian shows that it has cosigned last. */
async function viewOf(guardian: string): Promise<string> {
  const name = sodium.crypto_hash_sha256(Buffer.from(logName(services.fixture.roster.roster)));
  return (await send(`${urlOf(guardian)}/v1/${bytesToHex(name)}/checkpoint`)).text;
}

async function audit(url: string, guardians: ReadonlyMap<string, string>) {
  const { rosterFingerprint } = services.registryFile;
  const now = (): number => services.clock.now;
  return auditLog({ url, rosterFingerprint, allowTestRoster: true, guardians, now, settleMs: 10 });
}

beforeAll(async () => {
  services = await startServices();
  folder = mkdtempSync(join(tmpdir(), 'blindmark-split-'));
  const owner = await createOwner(services);
  const [activationKey = ''] = await services.createActivationKeys(1);
  await owner.register({ code, items: [{ category: 'Shotgun' }], activationKey });
  await services.stop('registry');
  for (const name of ['left', 'right']) copyFileSync(join(services.folder, 'registry', 'registry.db'), database(name));
  left = await startRivalRegistry(services, { database: database('left'), instead: { g2: NOWHERE } });
  right = await startRivalRegistry(services, { database: database('right'), instead: { g1: NOWHERE } });
});
afterAll(async () => {
  await Promise.all([left.stop(), right.stop()]);
  await services.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

describe('two logs under one key', () => {
  it('are not both answered: the guardian that is to serve both stops, and then neither is', async () => {
    const [onLeft, onRight] = [await officerAt(left), await officerAt(right)];
    expect((await lookUp(onLeft, code)).result).toBe('hit');
    // What the guardian shows is larger than what is signed here.
    await expect(lookUp(onRight, code)).rejects.toThrow(refusal('logBehind'));
    await expect(lookUp(onLeft, code)).rejects.toThrow(refusal('logForked'));
    // Whoever comes anew sees what was cosigned before, and gets nothing either.
    await expect(lookUp(await officerAt(right), code)).rejects.toThrow(refusal('logBehind'));
    await expect(lookUp(await officerAt(left), code)).rejects.toThrow(refusal('logForked'));
  });

  it('are both kept by the guardian that met them, as evidence that anybody can verify', async () => {
    expect(['g1', 'g2', 'g3'].map((id) => forkFiles(id).length)).toEqual([0, 0, 1]);
    const text = readFileSync(join(services.folder, 'g3', forkFiles('g3')[0] as string), 'utf8');
    const notes = [/had verified:\n\n(.*?\n\n.*?\n)\n/su, /shown then:\n\n(.*)$/su].map(
      (part) => part.exec(text)?.[1] ?? '',
    );
    const [known, other] = notes.map(signed) as [Checkpoint, Checkpoint];
    expect(known.size).toBe(other.size);
    expect(equalBytes(known.root, other.root)).toBe(false);
    expect(text).toContain(cosignerName(services.fixture.origin, 'g3'));

    await services.restart('g3');
    expect((await send(`${urlOf('g3')}/readyz`)).status).toBe(503);
    const said = services.lines.filter((line) => line.includes('THE LOG HAS FORKED'));
    expect(said.map((line) => (JSON.parse(line) as { service: string; level: string }).level)).toEqual([
      'error',
      'error',
    ]);
    const checkpoint = await viewOf('g1');
    const body = formatAddCheckpoint({ oldSize: signed(checkpoint).size, proof: [], checkpoint });
    const answer = await send(`${urlOf('g3')}/v1/add-checkpoint`, { method: 'POST', body });
    expect(answer).toMatchObject({ status: 422, code: 'logForked' });
  });

  it('are found by the audit from what guardians show themselves, with evidence that proves itself', async () => {
    const file = join(folder, 'registry.json');
    const evidenceFile = join(folder, 'evidence.json');
    writeFileSync(file, formatCredentialFile(registryFileSchema, behind(left.url).registryFile));
    const guardians = ['g2', 'g3'].flatMap((id) => ['--guardian', `${id}=${urlOf(id)}`]);
    const { code: exit, out } = await runCli([
      'audit',
      '--registry-file',
      file,
      ...guardians,
      '--evidence',
      evidenceFile,
    ]);
    expect(exit).toBe(1);
    expect(out).toContain('what guardian g2 cosigned (fork)');
    expect(out).toContain(evidenceFile);
    expect(readdirSync(folder)).toContain('evidence.json');

    const evidence = JSON.parse(readFileSync(evidenceFile, 'utf8')) as {
      findings: { rule: string }[];
      checkpoint: string;
      contradictions: string[];
      prefixes: { size: number; root: string; consistency: string[] }[];
    };
    expect(evidence.findings.map(({ rule }) => rule)).toEqual(['fork']);
    expect(evidence.contradictions).toEqual([await viewOf('g2')]);
    const [shown, other] = [evidence.checkpoint, ...evidence.contradictions].map(signed) as [Checkpoint, Checkpoint];
    const [prefix] = evidence.prefixes as [(typeof evidence.prefixes)[number]];
    const first = { size: prefix.size, root: parseBase64url('root', prefix.root, 32) };
    verifyConsistency({
      first,
      second: shown,
      proof: prefix.consistency.map((hash) => parseBase64url('hash', hash, 32)),
    });
    expect(first.size).toBe(other.size);
    expect(equalBytes(first.root, other.root)).toBe(false);
  });

  it('are both believed where the third guardian is dishonest: which the audit of either finds', async () => {
    await Promise.all([left.stop(), right.stop()]);
    const [forLeft, forRight] = [await startTwin(services, 'g3', 'left'), await startTwin(services, 'g3', 'right')];
    left = await startRivalRegistry(services, {
      database: database('left'),
      instead: { g2: NOWHERE, g3: forLeft.url },
    });
    right = await startRivalRegistry(services, {
      database: database('right'),
      instead: { g1: NOWHERE, g3: forRight.url },
    });
    try {
      for (const side of [left, right]) expect((await lookUp(await officerAt(side), code)).result).toBe('hit');
      // One client that is led from the one to the other does not follow.
      let current = left.url;
      const led = await connect(behind(left.url), {
        fetch: async (url, init) => fetch((url as string).replace(left.url, current), init),
      });
      const officer = new Officer(led, await services.createOfficer());
      expect((await lookUp(officer, code)).result).toBe('hit');
      current = right.url;
      await expect(lookUp(officer, code)).rejects.toThrow(refusal('logBehind'));

      // A log that is merely behind may be about to catch up.
      const sizeOf = ({ publicLog }: RivalRegistry): number => signed(publicLog.latest() as string).size;
      for (const [one, other] of [
        [left, right],
        [right, left],
      ] as const) {
        const entry = (): Uint8Array => formatLogEntry(activation());
        while (sizeOf(one) < sizeOf(other)) await one.publicLog.append([{ key: randomBytes(32), entry: entry() }]);
      }
      notes = [left, right].map(({ publicLog }) => publicLog.latest() as string);
      const views = (third: string) => new Map([...services.guardianUrls, ['g3', third]]);
      const foundAt = async (side: RivalRegistry, third: string): Promise<string[]> =>
        (await audit(side.url, views(third))).findings.map(({ rule, message }) => `${rule}: ${message}`);
      expect(await foundAt(left, forLeft.url)).toEqual([expect.stringMatching(/^fork: .* guardian g2 cosigned$/u)]);
      expect(await foundAt(right, forRight.url)).toEqual([expect.stringMatching(/^fork: .* guardian g1 cosigned$/u)]);
    } finally {
      await Promise.all([left.stop(), right.stop()]);
      await Promise.all([forLeft.stop(), forRight.stop()]);
    }
  });

  it('give a request that one guardian alone has seen logged one answer, which is one too few', async () => {
    // Whoever has the key can run a log for g2 alone, in which anything is logged, and show that to everybody.
    const { fixture, clock } = services;
    const { roster } = fixture.roster;
    const stores = openSqliteStores(database('right'));
    const g2 = roster.guardians[1] as (typeof roster.guardians)[number];
    const witness = { id: 'g2', url: urlOf('g2'), name: cosignerName(roster.origin, 'g2'), publicKey: g2.witnessKey };
    const secret = await openLog({
      store: stores.log,
      key: fixture.logKey,
      name: logName(roster),
      generation: 1,
      start: null,
      witnesses: createWitnesses({ guardians: [witness], threshold: 1, timeoutMs: 30_000, now: () => clock.now }),
      now: () => clock.now,
      log: createLog('secret', { level: 'silent' }),
      metrics: createMetrics('secret'),
    });
    const attacker = { ...services, publicLog: () => secret };
    const request = await officerRequest(fixture, await services.createOfficer(), [randomElement()], clock.now);
    const answers = [];
    for (const id of ['g2', 'g1', 'g3']) answers.push(await askGuardian(attacker, id, request));
    const [own, ...others] = answers.map((answer) => answer.code);
    expect(own).toBe('ok');
    // Of a size that g1 knows, it is a fork, and g1 stops; of another, a tree that does not follow from g1's.
    expect(['logForked', 'notLogged']).toContain(others[0]);
    expect(others[1]).toBe('logForked');
    await secret.close();
    await stores.close();
  });

  it('stop each guardian that is shown both', async () => {
    const [onLeft, onRight] = notes as [string, string];
    for (const [id, note] of [
      ['g1', onRight],
      ['g2', onLeft],
    ] as const) {
      const { size } = signed(note);
      const body = formatAddCheckpoint({ oldSize: size, proof: [], checkpoint: note });
      const answer = await send(`${urlOf(id)}/v1/add-checkpoint`, { method: 'POST', body });
      expect(answer.code).toBe('logForked');
      expect(forkFiles(id)).toEqual([`fork-1-${size}.txt`]);
    }
  });
});
