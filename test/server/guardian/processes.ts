/** The guardian's real program, for tests: folders of several guardians, run as their operators run them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ceremonySchema, guardianCardSchema, type KeyPurpose } from '../../../crypto/dkg-messages.ts';
import { runCommand } from '../../../server/command.ts';
import { readJson, writeJson } from '../../../server/files.ts';
import { guardianFiles } from '../../../server/guardian/config.ts';
import { createProgram } from '../../../server/guardian/program.ts';
import { runHere } from '../../support/run-here.ts';

export const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const PROGRAM = join(PROJECT, 'server/guardian/main.ts');
export const PASSPHRASE = 'canary passphrase of the guardians';

export interface Ended {
  readonly code: number | null;
  /** Both streams. */
  readonly said: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  /** Everything that it wrote so far. */
  readonly said: () => string;
}

function start(args: readonly string[], flags: readonly string[], passphrase: string) {
  const child = spawn(process.execPath, [...flags, PROGRAM, ...args], {
    env: { ...process.env, BLINDMARK_PASSPHRASE: passphrase },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return { child, said: () => output };
}

/** Commands that ran in a process of their own. */
const ran = new Set<string>();

/**
 * Runs a command to its end: in a process of its own the first time, and from then on in this one. Those that wait for each
 * other, or take hold of their process, always have their own.
 */
export async function run(args: readonly string[], passphrase = PASSPHRASE): Promise<Ended> {
  const [command = ''] = args;
  if (ran.has(command) && !['dkg', 'serve'].includes(command)) {
    const work = async (): Promise<void> => runCommand(createProgram(), [process.execPath, PROGRAM, ...args]);
    const { code, out, err } = await runHere(work, { BLINDMARK_PASSPHRASE: passphrase });
    return { code, said: out + err };
  }
  ran.add(command);
  const { child, said } = start(args, [], passphrase);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said: said() };
}

/** Runs a command that must succeed. */
export async function succeed(args: readonly string[]): Promise<string> {
  const { code, said } = await run(args);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${said}`);
  return said;
}

/** Starts a guardian and waits until it listens. */
export async function serve(folder: string, flags: readonly string[] = []): Promise<Running> {
  const { child, said } = start(['serve', '--folder', folder, '--port', '0', '--stop-with-stdin'], flags, PASSPHRASE);
  let port: string | undefined;
  while (port === undefined) {
    if (child.exitCode !== null) throw new Error(`the guardian did not start: ${said()}`);
    await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
    [, port] = /"port":(\d+),"msg":"listening"/u.exec(said()) ?? [];
  }
  return { child, url: `http://127.0.0.1:${port}`, said };
}

/** Stops a guardian by a signal, or by the end of its standard input. */
export async function stop({ child }: Running, how: NodeJS.Signals | 'stdin' = 'stdin'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const closed = once(child, 'exit') as Promise<[number | null]>;
  if (how === 'stdin') child.stdin?.end();
  else child.kill(how);
  return (await closed)[0];
}

export interface Workspace {
  readonly root: string;
  /** Of each guardian, `g1` first. */
  readonly folders: readonly string[];
  /** One for each key. */
  readonly ceremonies: Readonly<Record<KeyPurpose, { readonly file: string; readonly board: string }>>;
  readonly remove: () => void;
}

/** Guardians that have run `init`, and the ceremonies that they agree on. */
export async function initGuardians(threshold: number, total: number, origin: string): Promise<Workspace> {
  const root = mkdtempSync(join(tmpdir(), 'guardians-'));
  const ids = Array.from({ length: total }, (_, i) => `g${i + 1}`);
  const folders = ids.map((id) => join(root, id));
  await Promise.all(
    folders.map(async (folder, i) => {
      const id = ids[i] as string;
      await succeed(['init', '--folder', folder, '--id', id, '--name', `Guardian ${id}`, '--allow-test-roster']);
    }),
  );
  const guardians = folders.map((folder) => readJson(guardianFiles(folder).card, guardianCardSchema));
  const prepare = (purpose: KeyPurpose): { file: string; board: string } => {
    const [file, board] = [join(root, `ceremony-${purpose}.json`), join(root, `board-${purpose}`)];
    const ceremony = { format: 'blindmark-ceremony-v1' as const, purpose, origin, epoch: 1, threshold, guardians };
    writeJson(file, ceremonySchema, ceremony);
    mkdirSync(board);
    return { file, board };
  };
  const ceremonies = { evaluation: prepare('evaluation'), decryption: prepare('decryption') };
  return { root, folders, ceremonies, remove: () => rmSync(root, { recursive: true, force: true }) };
}
