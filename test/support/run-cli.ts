/** Runs the `blindmark` command: as its users do, in a process of its own, or, for what was run so already, in this one. */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { runCommand } from '../../client-sdk/cli/command.ts';
import { createProgram } from '../../client-sdk/cli/program.ts';
import { runHere, type Printed } from './run-here.ts';

const program = join(resolve(import.meta.dirname, '../..'), 'client-sdk/cli/main.ts');

export interface CliResult extends Printed {
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
  return resultOf({ code, out, err });
}

/**
 * Runs each command once as {@link runCli} does, and from then on in this process, which asks the same of it in a fraction of
 * the time. Make one for each test file.
 */
export function createCli(): typeof runCli {
  const ran = new Set<string>();
  return async (args, env) => {
    // `owner register`, `audit`.
    const command = args.slice(0, args[1]?.startsWith('-') === true ? 1 : 2).join(' ');
    if (!ran.has(command)) {
      ran.add(command);
      return runCli(args, env);
    }
    return resultOf(await runHere(async () => runCommand(createProgram(), [process.execPath, program, ...args]), env));
  };
}

function resultOf({ code, out, err }: Printed): CliResult {
  const records = (): Record<string, unknown>[] =>
    out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, out, err, records };
}
