/** The real programs of a registry and its guardians, each a process of its own, on keys that were made by one hand. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { randomBytes } from '../../crypto/bytes.ts';
import { guardianCardSchema, type KeyPurpose } from '../../crypto/dkg-messages.ts';
import { cosignerName, logName } from '../../crypto/log-proof.ts';
import { rosterChainSchema, type RosterGuardian } from '../../crypto/roster.ts';
import { createExchangeKey } from '../../crypto/seal.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import { PROGRAMS, PROJECT_FOLDER } from '../../server/demonstration/layout.ts';
import { writeJson } from '../../server/files.ts';
import { guardianFiles, writeConfig as writeGuardianConfig } from '../../server/guardian/config.ts';
import { writeKeys, writeShares } from '../../server/guardian/keys.ts';
import { guardianPermissionFlags } from '../../server/guardian/permissions.ts';
import { createLog } from '../../server/http/log.ts';
import { createMetrics } from '../../server/http/metrics.ts';
import type { Log } from '../../server/log/log.ts';
import { openLog } from '../../server/log/sequencer.ts';
import { createWitnesses } from '../../server/log/witnesses.ts';
import { registryFiles, writeConfig as writeRegistryConfig } from '../../server/registry/config.ts';
import { createLogKeys, writeLogKeys } from '../../server/registry/log-key.ts';
import { openSqliteStores } from '../../server/store/sqlite/open-stores.ts';
import { CHEAP_STRETCH, createFixture, type Fixture } from '../support/fixture.ts';
import { startRevocationServer } from '../support/revocation-server.ts';
import type { SplitKey } from '../support/split-key.ts';

const PASSPHRASE = 'a passphrase of the bench';
const MOST = 2 ** 31 - 1;

/** The fixture's. */
const FORCE = 'demo-force';

/** A program that listens. */
interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

/**
 * A registry with its log, and three guardians of which two suffice. Codes are stretched as little as can be. The force's list
 * of revocations is published by this process.
 */
export interface Programs {
  readonly fixture: Fixture;
  readonly url: string;
  /** Ends the registry and opens its log in this process, with the guardians that still run as its witnesses. */
  readonly takeLog: () => Promise<{ readonly log: Log; readonly close: () => Promise<void> }>;
  readonly stop: () => Promise<void>;
}

async function serve(program: string, folder: string, flags: readonly string[] = []): Promise<Running> {
  const args = [
    '--disable-warning=PERM0006',
    ...flags,
    program,
    'serve',
    '--folder',
    folder,
    '--port',
    '0',
    '--stop-with-stdin',
  ];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, BLINDMARK_PASSPHRASE: PASSPHRASE },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const listening = Promise.withResolvers<number>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { msg, port } = JSON.parse(line) as { msg: string; port: number };
    if (msg === 'listening') listening.resolve(port);
  });
  child.once('exit', () => listening.reject(new Error(`${program} ended before it listened`)));
  return { child, url: `http://127.0.0.1:${await listening.promise}` };
}

async function stopProgram({ child }: Running): Promise<void> {
  const ended = once(child, 'exit');
  child.stdin?.end();
  await ended;
}

/** What a guardian keeps of one threshold key. */
function createShare(purpose: KeyPurpose, fixture: Fixture, { groupKey, shares }: SplitKey, index: number) {
  const { origin } = fixture;
  const { secret } = shares[index - 1] as SplitKey['shares'][number];
  const publicShares = shares.map(({ publicShare }) => publicShare);
  return { purpose, origin, epoch: 1, ceremony: randomBytes(32), index, secret, groupKey, publicShares };
}

async function prepareGuardian(folder: string, guardian: RosterGuardian, fixture: Fixture): Promise<void> {
  const { id, index, name, operatorKey, witnessKey } = guardian;
  mkdirSync(folder, { recursive: true });
  writeGuardianConfig(folder, {
    format: 'blindmark-guardian-config-v1',
    id,
    name,
    host: '127.0.0.1',
    port: 0,
    maxima: { codesPerOfficerAndDay: MOST, codesPerForceAndDay: MOST, codesPerIssuerAndDay: MOST },
    rosterFingerprint: fixture.fingerprint,
    allowTestRoster: true,
    threads: 1,
  });
  const files = guardianFiles(folder);
  const exchange = createExchangeKey();
  const card = { format: 'blindmark-guardian-card-v1', id, name, operatorKey, witnessKey } as const;
  writeJson(files.card, guardianCardSchema, { ...card, exchangeKey: exchange.publicKey });
  writeJson(files.roster, rosterChainSchema, { chain: [...fixture.chain] });
  const keys = {
    operator: fixture.operators[index - 1] as SigningKey,
    exchange,
    witness: fixture.witnesses[index - 1] as SigningKey,
  };
  await writeKeys(folder, PASSPHRASE, keys, CHEAP_STRETCH);
  const shares = [
    createShare('evaluation', fixture, fixture.keys.get(1) as SplitKey, index),
    createShare('decryption', fixture, fixture.decryptionKeys.get(1) as SplitKey, index),
  ];
  await writeShares(folder, PASSPHRASE, shares, CHEAP_STRETCH);
}

function prepareRegistry(folder: string, guardians: { id: string; url: string }[], fixture: Fixture): void {
  mkdirSync(folder, { recursive: true });
  writeRegistryConfig(folder, {
    format: 'blindmark-registry-config-v1',
    origin: fixture.origin,
    url: 'http://127.0.0.1',
    host: '127.0.0.1',
    port: 0,
    rosterFingerprint: fixture.fingerprint,
    allowTestRoster: true,
    guardians,
    guardianTimeoutMs: 5000,
    pages: null,
  });
  writeJson(registryFiles(folder).roster, rosterChainSchema, { chain: [...fixture.chain] });
  writeLogKeys(folder, { ...createLogKeys(), seeds: [fixture.logKey.seed] });
}

/** Waits until guardians have cosigned the roster's entry: clients go on only then. */
async function rosterLogged(url: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const { log } = (await (await fetch(`${url}/v1/roster`)).json()) as { readonly log: unknown };
    if (log !== null) return;
    await setTimeout(50);
  }
  throw new Error('the roster did not come into the log');
}

/** The log of a registry that does not run. */
async function openRegistryLog(folder: string, addresses: readonly { id: string; url: string }[], fixture: Fixture) {
  const { roster } = fixture.roster;
  const guardians = roster.guardians.map(({ id, witnessKey: publicKey }, i) => {
    const { url } = addresses[i] as (typeof addresses)[number];
    return { id, url, name: cosignerName(roster.origin, id), publicKey };
  });
  const stores = openSqliteStores(registryFiles(folder).database);
  const log = await openLog({
    store: stores.log,
    key: fixture.logKey,
    name: logName(roster),
    generation: 1,
    start: null,
    witnesses: createWitnesses({ guardians, threshold: roster.threshold, timeoutMs: 5000 }),
    now: () => Math.floor(Date.now() / 1000),
    log: createLog('bench', { level: 'silent' }),
    metrics: createMetrics('bench'),
  });
  const close = async (): Promise<void> => {
    await log.close();
    await stores.close();
  };
  return { log, close };
}

/**
 * Starts the programs.
 *
 * @param folder where a folder for them is made, which `stop` removes
 */
export async function startPrograms(folder: string): Promise<Programs> {
  const root = mkdtempSync(join(folder, 'blindmark-bench-'));
  const revocations = await startRevocationServer(() => Math.floor(Date.now() / 1000));
  const fixture = await createFixture({
    origin: 'bench.blindmark.example',
    forceCodesPerDay: MOST,
    officerCodesPerDay: MOST,
    issuerCodesPerDay: MOST,
    revocationUrl: revocations.urlOf(FORCE),
  });
  const { origin, forceKey: key, forceCredential } = fixture;
  revocations.signers.set(FORCE, { key, origin, forceCredential });
  const running: Running[] = [];
  const stop = async (): Promise<void> => {
    // The registry, which was started last, holds connections to the guardians.
    for (const program of running.reverse()) await stopProgram(program);
    await revocations.stop();
    rmSync(root, { recursive: true, force: true });
  };
  try {
    const addresses: { id: string; url: string }[] = [];
    for (const guardian of fixture.roster.roster.guardians) {
      const place = join(root, guardian.id);
      await prepareGuardian(place, guardian, fixture);
      const started = await serve(PROGRAMS.guardian, place, guardianPermissionFlags(PROJECT_FOLDER, place));
      running.push(started);
      addresses.push({ id: guardian.id, url: started.url });
    }
    const place = join(root, 'registry');
    prepareRegistry(place, addresses, fixture);
    const { child, url } = await serve(PROGRAMS.registry, place);
    running.push({ child, url });
    await rosterLogged(url);
    const takeLog = async () => {
      await stopProgram(running.pop() as Running);
      return openRegistryLog(place, addresses, fixture);
    };
    return { fixture, url, takeLog, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
