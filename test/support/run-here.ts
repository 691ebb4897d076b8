/** Runs a command line in this process, with its output, environment and exit taken over: asks the same in a fraction of the time. */
import { vi } from 'vitest';

/** What a command line printed, and how it ended. */
export interface Printed {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
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

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs one after the other, however many are asked for at once.
 *
 * @param env added to an environment that holds no secrets
 */
export async function runHere(work: () => Promise<void>, env: Readonly<Record<string, string>> = {}): Promise<Printed> {
  const result = last.then(async () => runAlone(work, env));
  last = result.catch(() => undefined);
  return result;
}

async function runAlone(work: () => Promise<void>, env: Readonly<Record<string, string>>): Promise<Printed> {
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
    await work();
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
  return { code, out, err };
}
