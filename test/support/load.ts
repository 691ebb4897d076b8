/** Runs write-under-load.ts in a process of its own. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LogLoadSettings } from './write-under-load.ts';

const PROGRAM = fileURLToPath(new URL('write-under-load.ts', import.meta.url));

export interface LoadOptions {
  readonly service: 'registry' | 'guardian' | 'issuer' | 'log';
  readonly file: string;
  /** What the process's writes are derived from. */
  readonly name: string;
  readonly writes: number;
  /** For the log: whose it is, and who its witnesses are. */
  readonly settings?: LogLoadSettings;
  /** Kills the process once so many writes were acknowledged. */
  readonly killAfter?: number;
  /** Largest size that a file of the process may reach, in blocks of 512 bytes. */
  readonly fileBlocks?: number;
}

export interface LoadResult {
  /** What was answered to each write that was answered. */
  readonly answers: ReadonlyMap<number, string>;
  /** Whether the process said that it was ready at its end; null when it was killed. */
  readonly isReady: boolean | null;
}

/** Resolves when the process has ended. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { service, file, name, writes, settings = null, killAfter = Infinity, fileBlocks } = options;
  const command = [process.execPath, PROGRAM, service, file, name, String(writes), JSON.stringify(settings)];
  const limited = ['/bin/sh', '-c', `ulimit -f ${fileBlocks}; exec "$0" "$@"`, ...command];
  const [program, ...args] = (fileBlocks === undefined ? command : limited) as [string, ...string[]];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let lines = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    lines += chunk.split('\n').length - 1;
    if (lines >= killAfter) child.kill('SIGKILL');
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  const isKilled = signal === 'SIGKILL' && killAfter !== Infinity;
  if (code !== 0 && !isKilled) throw new Error(`the loading process ended with ${code ?? signal}`);
  // The last line may be torn.
  const whole = output.split('\n').slice(0, -1);
  const pairs = whole.map((line) => line.split(' ') as [string, string]);
  const ready = pairs.find(([key]) => key === 'ready');
  const answers = new Map(pairs.filter(([key]) => key !== 'ready').map(([key, value]) => [Number(key), value]));
  return { answers, isReady: ready === undefined ? null : ready[1] === 'true' };
}
