/** Running the project's own programs, as their operators would. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { BlindmarkError } from '../../crypto/errors.ts';
import { PROJECT_FOLDER } from './layout.ts';

/** Where Node keeps what it compiled. A program of the set-up starts in half the time when one before it was of the same code. */
const COMPILE_CACHE = join(PROJECT_FOLDER, 'node_modules/.cache/blindmark-compiled');

/** Variables that a child needs; nothing else of the environment is handed on. */
function environment(passphrase: string | undefined): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG, TZ, NODE_COMPILE_CACHE, BLINDMARK_LOG_LEVEL } = process.env;
  return {
    PATH,
    HOME,
    LANG,
    TZ,
    NODE_COMPILE_CACHE: NODE_COMPILE_CACHE ?? COMPILE_CACHE,
    ...(BLINDMARK_LOG_LEVEL === undefined ? {} : { BLINDMARK_LOG_LEVEL }),
    ...(passphrase === undefined ? {} : { BLINDMARK_PASSPHRASE: passphrase }),
  };
}

/** Options as a program takes them: `{ folder: 'F', signature: ['a', 'b'] }` as `--folder F --signature a --signature b`. */
export function flags(options: Readonly<Record<string, string | number | readonly string[]>>): string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as string[]) : [String(value)]).flatMap((one) => [`--${name}`, one]),
  );
}

export interface ProgramOptions {
  /** Flags for Node itself. */
  readonly nodeFlags?: readonly string[];
  readonly passphrase?: string | undefined;
  /** What to do when it fails; default: set up anew. */
  readonly remedy?: string;
}

/**
 * Runs a program to its end.
 *
 * @returns what it printed
 * @throws BlindmarkError `internal` with what it said, when it fails
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const child = spawn(process.execPath, [...(options.nodeFlags ?? []), program, ...args], {
    env: environment(options.passphrase),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    printed.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    printed.err += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return printed.out;
  throw new BlindmarkError('internal', `${args.slice(0, 2).join(' ')} failed: ${printed.err.trim()}`, {
    remedy: options.remedy ?? 'Delete the data folder and start again; if it fails again, report it.',
  });
}

/**
 * Starts a service that ends with this process, however this process ends: its standard input ends then.
 *
 * @param log descriptor of the file that takes its output
 */
export function startProgram(
  program: string,
  args: readonly string[],
  log: number,
  options: ProgramOptions = {},
): ChildProcess {
  return spawn(process.execPath, [...(options.nodeFlags ?? []), program, ...args, '--stop-with-stdin'], {
    env: environment(options.passphrase),
    stdio: ['pipe', log, log],
  });
}
