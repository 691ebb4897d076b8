/** Runs the `blindmark` command as its users do: a process of its own. */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

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
  const { PATH } = process.env;
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH, ...env },
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
  const records = (): Record<string, unknown>[] =>
    out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, out, err, records };
}
