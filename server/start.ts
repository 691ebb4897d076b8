/**
 * `npm start`: a whole Blindmark on one machine, to try it. Registry, three guardians after a real distributed key
 * generation, an issuer, a force with two officers and a vendor with ten packs; each a process of its own.
 */
import type { Command } from 'commander';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BlindmarkError } from '../crypto/errors.ts';
import { createCommand, parsePort, runCommand, say } from './command.ts';
import {
  DEFAULT_PORT,
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
import { runProgram, startProgram } from './demonstration/programs.ts';
import { readFingerprint, readPort, setUp, writeRegistryFile } from './demonstration/set-up.ts';
import { readText } from './files.ts';
import { readConfig as readGuardianConfig } from './guardian/config.ts';
import { guardianPermissionFlags } from './guardian/permissions.ts';
import { readConfig as readIssuerConfig } from './issuer/config.ts';

/** An officer's credential is good for twelve hours. */
const RENEWAL_MS = 6 * 3_600_000;
const READY_MS = 60_000;

/** What to do about a port that another program has. */
function describeOtherPorts(service: ServiceName, isNew: boolean): string {
  if (isNew) return 'Stop that program, or choose other ports: npm start -- --port 9080';
  if (service === 'registry') return 'Stop that program, or choose another port: npm start -- --port 9080';
  return (
    'Stop that program. Once the demonstration is set up, only the registry’s port can be moved; ' +
    'for other ports, set up another one: BLINDMARK_DATA=data2 npm start -- --port 9080'
  );
}

async function checkPort(service: ServiceName, port: number, isNew: boolean): Promise<void> {
  await new Promise<void>((done, reject) => {
    const probe = createServer();
    probe.once('error', (cause) => {
      reject(
        new BlindmarkError('unavailable', `Port ${port}, for the ${service}, is in use by another program`, {
          field: 'port',
          remedy: describeOtherPorts(service, isNew),
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

/** Guardians and issuer keep the ports of their configuration: the roster and the registry name them. */
function configuredPort(layout: Layout, service: ServiceName, firstPort: number): number {
  if (service === 'registry') return firstPort;
  const folder = layout.folderOf(service);
  return isGuardian(service) ? readGuardianConfig(folder).port : readIssuerConfig(folder).port;
}

function startService(layout: Layout, service: ServiceName, port: number): ChildProcess {
  const folder = layout.folderOf(service);
  const log = openSync(join(folder, 'service.log'), 'a', 0o600);
  const args = ['serve', '--folder', folder, '--port', String(port)];
  try {
    if (service === 'registry') return startProgram(PROGRAMS.registry, args, log);
    const passphrase = readText(layout.passphraseOf(service)).trim();
    if (service === 'issuer') return startProgram(PROGRAMS.issuer, args, log, { passphrase });
    return startProgram(PROGRAMS.guardian, args, log, {
      passphrase,
      nodeFlags: guardianPermissionFlags(PROJECT_FOLDER, folder),
    });
  } finally {
    closeSync(log);
  }
}

async function untilReady(service: ServiceName, port: number, child: ChildProcess, log: string): Promise<void> {
  const failed = (what: string): BlindmarkError =>
    new BlindmarkError('unavailable', `The ${service} ${what}`, { remedy: `Its log says why: ${log}` });
  for (const until = Date.now() + READY_MS; Date.now() < until; await wait(50)) {
    if (child.exitCode !== null || child.signalCode !== null) throw failed('ended while it was starting');
    const reply = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (reply?.ok === true) return;
  }
  throw failed('did not become ready within a minute');
}

async function renewOfficers(layout: Layout): Promise<void> {
  const passphrase = readText(layout.passphraseOf('authority')).trim();
  const issue = ['authority', 'officer', '--force', layout.forceFile, '--registry-file', layout.registryFile];
  await Promise.all(
    Object.values(layout.officerFiles).map(async (out) =>
      runProgram(PROGRAMS.blindmark, [...issue, '--out', out], { passphrase }),
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

/** Stops all services, and waits until they have. */
async function stopAll(children: ReadonlyMap<ServiceName, ChildProcess>): Promise<void> {
  const stopping = [...children.values()]
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

function printGuide(layout: Layout, firstPort: number, ports: ReadonlyMap<ServiceName, number>): void {
  const demo = relative(process.cwd(), layout.demo) || '.';
  const services = [...ports].map(([service, port]) => `  ${service.padEnd(9)} http://127.0.0.1:${port}`).join('\n');
  say(`
Blindmark is running.
${services}
  To read:  http://127.0.0.1:${firstPort}/docs

ATTENTION: these guardians live under one roof, and so protect nobody. This is to try Blindmark.
In production each guardian belongs to another organisation, on machines of its own.

In another terminal, with BLINDMARK_PASSPHRASE set to a passphrase of your choice:

  npx blindmark owner new --vault my.vault
  npx blindmark owner register --vault my.vault --registry-file ${join(demo, 'registry.json')} \\
    --activation-key "$(sed -n 2p ${join(demo, 'packs.csv')})" \\
    --code 8EQ7-1S02-SG3J-TS93 --item "category=Shotgun,make=AYA,model=No. 4"
  npx blindmark officer lookup --credential ${join(demo, 'officer-a.json')} --case CR/1234/26 "8EQ7 1S02 SG?J TS93"

Ctrl-C stops everything; what was registered stays in ${relative(process.cwd(), layout.data) || '.'}.`);
}

async function start(options: { readonly port?: number }): Promise<void> {
  const data = resolve(process.env['BLINDMARK_DATA'] ?? join(PROJECT_FOLDER, 'data'));
  const layout = layoutOf(data);
  resumeSetUp(data);
  const isNew = !isSetUp(data);
  const firstPort = options.port ?? (isNew ? DEFAULT_PORT : readPort(layout));
  const ports = new Map(
    SERVICES.map((service) => [
      service,
      isNew ? portOf(service, firstPort) : configuredPort(layout, service, firstPort),
    ]),
  );
  for (const [service, port] of ports) await checkPort(service, port, isNew);
  if (isNew) await setUp(data, firstPort, say);
  writeRegistryFile(layout, readFingerprint(layout), firstPort);

  const children = new Map<ServiceName, ChildProcess>();
  let isStopping = false;
  const stop = async (exitCode: number): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await stopAll(children);
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
  try {
    for (const [service, port] of ports) {
      const child = startService(layout, service, port);
      children.set(service, child);
      child.once('exit', () => {
        if (isStopping) return;
        process.stderr.write(
          `The ${service} has ended; stopping the rest. Its log: ${join(layout.folderOf(service), 'service.log')}\n`,
        );
        void stop(4);
      });
    }
    const ready = [...children].map(async ([service, child]) =>
      untilReady(service, ports.get(service) as number, child, join(layout.folderOf(service), 'service.log')),
    );
    await Promise.all(ready);
    await renewOfficers(layout);
    await mintPacks(layout);
  } catch (error) {
    isStopping = true;
    await stopAll(children);
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
    `the registry’s port; default: the one it had, or ${DEFAULT_PORT}. Guardians and issuer take the four after it when the ` +
      'demonstration is set up, and keep them: after that, only the registry’s port can be moved',
    parsePort,
  )
  .addHelpText('after', '\nData: ./data, or the folder that BLINDMARK_DATA names, which may be empty.')
  .action(start);

await runCommand(program);
