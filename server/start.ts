/**
 * `npm start`: a whole Blindmark on one machine, to try it. Registry with its public log, three guardians after real
 * distributed key generations, an issuer, a force with two officers that publishes its revocations, and a vendor with ten packs;
 * each service a process of its own. And the pages for browsers, built when they are not yet.
 */
import type { Command } from 'commander';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseBase64url, parseJsonBytes } from '../crypto/bytes.ts';
import { BlindmarkError } from '../crypto/errors.ts';
import { MAX_REVOCATION_AGE } from '../crypto/revocation-list.ts';
import { createCommand, parsePort, runCommand, say, systemClock } from './command.ts';
import {
  DEFAULT_PORT,
  FORCE_ID,
  GUARDIANS,
  layoutOf,
  portOf,
  PROGRAMS,
  PROJECT_FOLDER,
  SERVICES,
  type GuardianId,
  type Layout,
  type ServiceName,
} from './demonstration/layout.ts';
import { isSetUp, resumeSetUp } from './demonstration/data-folder.ts';
import { flags, runProgram, startProgram } from './demonstration/programs.ts';
import { readPort, setUp } from './demonstration/set-up.ts';
import { readText } from './files.ts';
import { readConfig as readGuardianConfig } from './guardian/config.ts';
import { guardianPermissionFlags } from './guardian/permissions.ts';
import { readConfig as readIssuerConfig } from './issuer/config.ts';
import { readConfig as readRegistryConfig } from './registry/config.ts';
import { verifierKeys } from './registry/log-status.ts';
import { loadRoster } from './registry/roster.ts';

/** An officer's credential is good for twelve hours. */
const RENEWAL_MS = 6 * 3_600_000;
const READY_MS = 60_000;

/** The roster says where guardians fetch revocations, and the registry's file where everybody finds it. */
const OTHER_PORTS =
  'Once a demonstration is set up, it keeps its ports; for others, set up another one: BLINDMARK_DATA=data2 npm start -- --port 9080';

/** What to do about a port that another program has. */
function describeOtherPorts(isNew: boolean): string {
  return isNew
    ? 'Stop that program, or choose other ports: npm start -- --port 9080'
    : `Stop that program. ${OTHER_PORTS}`;
}

async function checkPort(service: ServiceName, port: number, isNew: boolean): Promise<void> {
  await new Promise<void>((done, reject) => {
    const probe = createServer();
    probe.once('error', (cause) => {
      reject(
        new BlindmarkError('unavailable', `Port ${port}, for the ${service}, is in use by another program`, {
          field: 'port',
          remedy: describeOtherPorts(isNew),
          cause,
        }),
      );
    });
    probe.listen(port, '127.0.0.1', () => {
      probe.close(() => {
        done();
      });
    });
  });
}

const isGuardian = (service: ServiceName): service is GuardianId => (GUARDIANS as readonly string[]).includes(service);

function configuredPort(layout: Layout, service: ServiceName): number {
  const folder = layout.folderOf(service);
  if (service === 'registry') return readRegistryConfig(folder).port;
  return isGuardian(service) ? readGuardianConfig(folder).port : readIssuerConfig(folder).port;
}

/** A program that runs beside the others. */
interface Program {
  readonly name: string;
  readonly child: ChildProcess;
  /** File that takes its output. */
  readonly log: string;
}

function startService(layout: Layout, service: ServiceName, port: number): Program {
  const folder = layout.folderOf(service);
  const file = join(folder, 'service.log');
  const log = openSync(file, 'a', 0o600);
  const args = ['serve', '--folder', folder, '--port', String(port)];
  const startChild = (): ChildProcess => {
    if (service === 'registry') return startProgram(PROGRAMS.registry, args, log);
    const passphrase = readText(layout.passphraseOf(service)).trim();
    if (service === 'issuer') return startProgram(PROGRAMS.issuer, args, log, { passphrase });
    return startProgram(PROGRAMS.guardian, args, log, {
      passphrase,
      nodeFlags: guardianPermissionFlags(PROJECT_FOLDER, folder),
    });
  };
  try {
    return { name: service, child: startChild(), log: file };
  } finally {
    closeSync(log);
  }
}

/** Publishes the force's list of revocations every few minutes, and whenever its file changes. */
function startRevocations(layout: Layout): Program {
  const file = layout.revocationsLog;
  const log = openSync(file, 'a', 0o600);
  const passphrase = readText(layout.passphraseOf('authority')).trim();
  const options = { 'force': layout.forceFile, 'registry-file': layout.registryFile, 'revoked': layout.revokedFile };
  try {
    const args = ['authority', 'revocations', ...flags(options)];
    return {
      name: 'program that publishes revocations',
      child: startProgram(PROGRAMS.blindmark, args, log, { passphrase }),
      log: file,
    };
  } finally {
    closeSync(log);
  }
}

/** Waits until an address answers as it should, as long as the program lives that is to answer. */
async function until(program: Program, url: string, isGood: (reply: Response) => Promise<boolean>): Promise<void> {
  const { name, child, log } = program;
  const failed = (what: string): BlindmarkError =>
    new BlindmarkError('unavailable', `The ${name} ${what}`, { remedy: `Its log says why: ${log}` });
  for (const end = Date.now() + READY_MS; Date.now() < end; await wait(50)) {
    if (child.exitCode !== null || child.signalCode !== null) throw failed('ended while it was starting');
    const reply = await fetch(url).catch(() => undefined);
    if (reply !== undefined && (await isGood(reply))) return;
  }
  throw failed('did not become ready within a minute');
}

const isOk = async (reply: Response): Promise<boolean> => {
  await reply.arrayBuffer();
  return reply.ok;
};

/** Whether the force has published a list that guardians will take for a while, and not the one of the last run. */
const hasFreshList = async (reply: Response): Promise<boolean> => {
  const { list } = (await reply.json()) as { readonly list?: string };
  if (list === undefined) return false;
  const payload = parseBase64url('list', list.split('.')[1] ?? '');
  const { iat } = parseJsonBytes('list', payload) as { readonly iat: number };
  return systemClock() - iat < MAX_REVOCATION_AGE / 2;
};

/** Clients go on only once guardians have cosigned the roster's entry in the log. */
const hasRosterInLog = async (reply: Response): Promise<boolean> =>
  reply.ok && ((await reply.json()) as { readonly log: unknown }).log !== null;

async function renewOfficers(layout: Layout): Promise<void> {
  const passphrase = readText(layout.passphraseOf('authority')).trim();
  const issue = ['authority', 'officer', '--force', layout.forceFile, '--registry-file', layout.registryFile];
  await Promise.all(
    Object.entries(layout.officerFiles).map(async ([officer, out]) =>
      runProgram(PROGRAMS.blindmark, [...issue, '--officer', officer, '--out', out], { passphrase }),
    ),
  );
}

async function mintPacks(layout: Layout): Promise<void> {
  if (existsSync(layout.packs)) return;
  await runProgram(PROGRAMS.blindmark, [
    'vendor',
    'mint',
    '--credential',
    layout.vendorFile,
    '--count',
    '10',
    '--out',
    layout.packs,
  ]);
}

/** The registry serves them: they are built before it starts. */
async function buildPages(): Promise<void> {
  say('Looking after the pages …');
  await runProgram(PROGRAMS.pages, ['--if-needed'], {
    remedy: 'Install what they are built with, and build them by hand: npm ci && npm run pages',
  });
}

/** Stops all programs, and waits until they have. */
async function stopAll(programs: readonly Program[]): Promise<void> {
  const stopping = programs
    .map(({ child }) => child)
    .filter((child) => child.exitCode === null && child.signalCode === null)
    .map(
      async (child) =>
        new Promise<void>((done) => {
          child.once('exit', () => {
            done();
          });
          child.stdin?.end();
        }),
    );
  await Promise.all(stopping);
}

/** The verifier key of the log (C2SP signed-note). */
function logKey(layout: Layout): string {
  const folder = layout.folderOf('registry');
  const { current } = loadRoster(folder, readRegistryConfig(folder));
  return verifierKeys(current.roster)[0] as string;
}

function printGuide(layout: Layout, firstPort: number, ports: ReadonlyMap<ServiceName, number>): void {
  const demo = relative(process.cwd(), layout.demo) || '.';
  const services = [...ports].map(([service, port]) => `  ${service.padEnd(9)} http://127.0.0.1:${port}`).join('\n');
  say(`
Blindmark is running.
${services}

In a browser:
  http://127.0.0.1:${firstPort}/         what this is, and who can see what
  http://127.0.0.1:${firstPort}/owner/   for owners: register a mark with an activation key of ${join(demo, 'packs.csv')}
  http://127.0.0.1:${firstPort}/police/  for officers: sign in with ${join(demo, 'officer-a.json')}, and a colleague with officer-b.json
  http://127.0.0.1:${firstPort}/check/   for anyone: check a receipt
  http://127.0.0.1:${firstPort}/log/     for anyone: what the register has been asked

  To read:  http://127.0.0.1:${firstPort}/docs
  The log:  http://127.0.0.1:${firstPort}/log/checkpoint
  Its key:  ${logKey(layout)}

ATTENTION: these guardians live under one roof, and so protect nobody. This is to try Blindmark.
In production each guardian belongs to another organisation, on machines of its own.

Or in another terminal, with BLINDMARK_PASSPHRASE set to a passphrase of your choice:

  npx blindmark owner new --vault my.vault
  npx blindmark owner register --vault my.vault --registry-file ${join(demo, 'registry.json')} \\
    --activation-key "$(sed -n 2p ${join(demo, 'packs.csv')})" \\
    --code 8EQ7-1S02-SG3J-TS93 --item "category=Shotgun,make=AYA,model=No. 4"
  npx blindmark officer lookup --credential ${join(demo, 'officer-a.json')} --case CR/1234/26 "8EQ7 1S02 SG?J TS93"
  npx blindmark audit --registry-file ${join(demo, 'registry.json')}

Ctrl-C stops everything; what was registered stays in ${relative(process.cwd(), layout.data) || '.'}.`);
}

/** The ports of the services: those that were chosen when the demonstration was set up. */
function choosePorts(layout: Layout, isNew: boolean, port: number | undefined): ReadonlyMap<ServiceName, number> {
  if (!isNew && port !== undefined && port !== readPort(layout)) {
    throw new BlindmarkError('badInput', `The demonstration has its registry on port ${readPort(layout)} already`, {
      field: '--port',
      remedy: OTHER_PORTS,
    });
  }
  const firstPort = port ?? DEFAULT_PORT;
  return new Map(
    SERVICES.map((service) => [service, isNew ? portOf(service, firstPort) : configuredPort(layout, service)]),
  );
}

async function start(options: { readonly port?: number }): Promise<void> {
  const data = resolve(process.env['BLINDMARK_DATA'] ?? join(PROJECT_FOLDER, 'data'));
  const layout = layoutOf(data);
  resumeSetUp(data);
  const isNew = !isSetUp(data);
  const ports = choosePorts(layout, isNew, options.port);
  const firstPort = ports.get('registry') as number;
  for (const [service, port] of ports) await checkPort(service, port, isNew);
  await buildPages();
  if (isNew) await setUp(data, firstPort, say);

  const programs: Program[] = [];
  let isStopping = false;
  const stop = async (exitCode: number): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await stopAll(programs);
    process.exit(exitCode);
  };
  // Whoever read this output is gone: nobody would see what goes on.
  process.stdout.on('error', () => void stop(0));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      say('\nStopping …');
      void stop(0);
    });
  }
  const watch = (started: Program): Program => {
    programs.push(started);
    started.child.once('exit', () => {
      if (isStopping) return;
      process.stderr.write(`The ${started.name} has ended; stopping the rest. Its log: ${started.log}\n`);
      void stop(4);
    });
    return started;
  };
  try {
    const services = new Map(
      [...ports].map(([service, port]) => [service, watch(startService(layout, service, port))]),
    );
    const ready = [...services].map(async ([service, started]) =>
      until(started, `http://127.0.0.1:${ports.get(service) as number}/readyz`, isOk),
    );
    await Promise.all(ready);
    const registry = `http://127.0.0.1:${firstPort}`;
    await until(services.get('registry') as Program, `${registry}/v1/roster`, hasRosterInLog);
    await until(watch(startRevocations(layout)), `${registry}/v1/revocations/${FORCE_ID}`, hasFreshList);
    await renewOfficers(layout);
    await mintPacks(layout);
  } catch (error) {
    isStopping = true;
    await stopAll(programs);
    throw error;
  }
  setInterval(() => {
    void renewOfficers(layout).catch((error: unknown) => {
      process.stderr.write(`The officers’ credentials could not be renewed: ${String(error)}\n`);
    });
  }, RENEWAL_MS);
  printGuide(layout, firstPort, ports);
}

const program: Command = createCommand('npm start --', 'runs a whole Blindmark on this machine, to try it')
  .option(
    '--port <n>',
    `the registry’s port, when the demonstration is set up; default: ${DEFAULT_PORT}. Guardians and issuer take the four after it. ` +
      'All keep their ports',
    parsePort,
  )
  .addHelpText('after', '\nData: ./data, or the folder that BLINDMARK_DATA names, which may be empty.')
  .action(start);

await runCommand(program);
