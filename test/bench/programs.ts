/** The real programs of a registry and its guardians, each a process of its own, on keys that were made by one hand. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { randomBytes } from '../../crypto/bytes.ts';
import { guardianCardSchema } from '../../crypto/dkg-messages.ts';
import { rosterChainSchema } from '../../crypto/roster.ts';
import { createExchangeKey } from '../../crypto/seal.ts';
import { PROGRAMS, PROJECT_FOLDER } from '../../server/demonstration/layout.ts';
import { writeJson } from '../../server/files.ts';
import * as guardian from '../../server/guardian/config.ts';
import { writeShares } from '../../server/guardian/keys.ts';
import { guardianPermissionFlags } from '../../server/guardian/permissions.ts';
import * as registry from '../../server/registry/config.ts';
import { CHEAP_STRETCH, createFixture, type Fixture } from '../support/fixture.ts';

const PASSPHRASE = 'a passphrase of the bench';
const MOST = 2 ** 31 - 1;

/** A program that listens. */
interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

/** A registry and, if asked for, three guardians of which two suffice. Codes are stretched as little as can be. */
export interface Programs {
  readonly fixture: Fixture;
  readonly url: string;
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

async function prepareGuardian(folder: string, position: number, fixture: Fixture): Promise<void> {
  const { roster } = fixture.roster;
  const entry = roster.guardians[position];
  const key = fixture.keys.get(1);
  const share = key?.shares[position];
  if (entry === undefined || key === undefined || share === undefined) throw new Error('there is no such guardian');
  const { id, index, name, operatorKey } = entry;
  mkdirSync(folder, { recursive: true });
  guardian.writeConfig(folder, {
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
  const files = guardian.guardianFiles(folder);
  const { publicKey: exchangeKey } = createExchangeKey();
  writeJson(files.card, guardianCardSchema, {
    format: 'blindmark-guardian-card-v1',
    id,
    name,
    operatorKey,
    exchangeKey,
  });
  writeJson(files.roster, rosterChainSchema, { chain: [...fixture.chain] });
  const { origin } = fixture;
  const { groupKey } = key;
  const publicShares = key.shares.map(({ publicShare }) => publicShare);
  const { secret } = share;
  const stored = {
    purpose: 'evaluation',
    origin,
    epoch: 1,
    ceremony: randomBytes(32),
    index,
    secret,
    groupKey,
    publicShares,
  } as const;
  await writeShares(folder, PASSPHRASE, [stored], CHEAP_STRETCH);
}

function prepareRegistry(folder: string, guardians: { id: string; url: string }[], fixture: Fixture): void {
  mkdirSync(folder, { recursive: true });
  registry.writeConfig(folder, {
    format: 'blindmark-registry-config-v1',
    origin: fixture.origin,
    url: 'http://127.0.0.1',
    host: '127.0.0.1',
    port: 0,
    rosterFingerprint: fixture.fingerprint,
    allowTestRoster: true,
    guardians,
    guardianTimeoutMs: 5000,
  });
  writeJson(registry.registryFiles(folder).roster, rosterChainSchema, { chain: [...fixture.chain] });
}

/**
 * Starts the programs.
 *
 * @param folder where a folder for them is made, which `stop` removes
 */
export async function startPrograms(folder: string, withGuardians: boolean): Promise<Programs> {
  const root = mkdtempSync(join(folder, 'blindmark-bench-'));
  const limits = { forceCodesPerDay: MOST, officerCodesPerDay: MOST, issuerCodesPerDay: MOST };
  const fixture = await createFixture({ origin: 'bench.blindmark.example', ...limits });
  const running: Running[] = [];
  const stop = async (): Promise<void> => {
    // The registry, which was started last, holds connections to the guardians.
    for (const program of running.reverse()) await stopProgram(program);
    rmSync(root, { recursive: true, force: true });
  };
  try {
    const addresses: { id: string; url: string }[] = [];
    for (const [position, { id }] of fixture.roster.roster.guardians.entries()) {
      if (!withGuardians) {
        addresses.push({ id, url: 'http://127.0.0.1:1' });
        continue;
      }
      const place = join(root, id);
      await prepareGuardian(place, position, fixture);
      const started = await serve(PROGRAMS.guardian, place, guardianPermissionFlags(PROJECT_FOLDER, place));
      running.push(started);
      addresses.push({ id, url: started.url });
    }
    const place = join(root, 'registry');
    prepareRegistry(place, addresses, fixture);
    const started = await serve(PROGRAMS.registry, place);
    running.push(started);
    return { fixture, url: started.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
