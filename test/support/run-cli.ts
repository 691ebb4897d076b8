/** Runs the `blindmark` command: as its users do, in a process of its own, or, for what was run so already, in this one. */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { vi } from 'vitest';
import { runCommand } from '../../client-sdk/cli/command.ts';
import { createProgram } from '../../client-sdk/cli/program.ts';

const program = join(resolve(import.meta.dirname, '../..'), 'client-sdk/cli/main.ts');

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Standard output's lines as JSON, for `--json`. */
  readonly records: () => Record<string, unknown>[];
}

/**
 * @param env added to an environment that holds no secrets
 * @param onOut hears of output while it comes
 */
export async function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  onOut: (text: string) => void = () => undefined,
): Promise<CliResult> {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH, NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    onOut(chunk.toString());
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const code = await new Promise<number | null>((done) => {
    child.once('close', done);
  });
  return resultOf(code, out, err);
}

/** Thrown in the place of the process's end. */
class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

const exitCode = (): number => Number(process.exitCode ?? 0);

/** Runs a command in this process, with its output, environment and exit taken over. One at a time. */
async function runHere(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  let [out, err] = ['', ''];
  const mocks = [
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      out += chunk.toString();
      return true;
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      err += chunk.toString();
      return true;
    }),
    vi.spyOn(process, 'exit').mockImplementation((ended) => {
      throw new Exit(Number(ended ?? exitCode()));
    }),
  ];
  const { env: environment, exitCode: codeBefore } = process;
  const listeners = process.stdout.listeners('error');
  const { PATH } = environment;
  process.env = { PATH, ...env };
  process.exitCode = undefined;
  let code: number;
  try {
    await runCommand(createProgram(), [process.execPath, program, ...args]);
    code = exitCode();
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    ({ code } = error);
  } finally {
    for (const mock of mocks) mock.mockRestore();
    process.env = environment;
    process.exitCode = codeBefore;
    for (const listener of process.stdout.listeners('error')) {
      if (!listeners.includes(listener)) process.stdout.off('error', listener as () => void);
    }
  }
  return resultOf(code, out, err);
}

/**
 * Runs each command once as {@link runCli} does, and from then on in this process, which asks the same of it in a fraction of
 * the time. Make one for each test file.
 */
export function createCli(): typeof runCli {
  const ran = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  return async (args, env) => {
    // `owner register`, `audit`.
    const command = args.slice(0, args[1]?.startsWith('-') === true ? 1 : 2).join(' ');
    if (!ran.has(command)) {
      ran.add(command);
      return runCli(args, env);
    }
    const result = last.then(async () => runHere(args, env));
    last = result.catch(() => undefined);
    return result;
  };
}

function resultOf(code: number | null, out: string, err: string): CliResult {
  const records = (): Record<string, unknown>[] =>
    out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, out, err, records };
}
