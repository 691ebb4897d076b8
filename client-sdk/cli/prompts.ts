/** Questions to whoever runs a command in a terminal. Asked on standard error: standard output is for results. */
import { createInterface } from 'node:readline/promises';
import { BlindmarkError } from '../../crypto/errors.ts';
import { cancelled } from '../http.ts';

/**
 * Asks questions one after the other.
 *
 * @param remedy how to do without a terminal
 * @throws BlindmarkError `badInput` when there is nobody to ask; `cancelled` by Ctrl-C or Ctrl-D
 */
export async function withQuestions<T>(
  what: string,
  remedy: string,
  work: (ask: (question: string) => Promise<string>) => Promise<T>,
): Promise<T> {
  if (!process.stdin.isTTY) {
    throw new BlindmarkError('badInput', `${what}, and there is nobody to ask`, { remedy });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D end the questions; without this, nobody would hear of the latter.
  const ended = new Promise<never>((_, reject) => {
    lines.once('close', () => {
      reject(cancelled());
    });
  });
  ended.catch(() => undefined);
  const answer = async (question: string): Promise<string> => {
    try {
      return (await Promise.race([lines.question(`${question} `), ended])).trim();
    } catch {
      throw cancelled();
    }
  };
  try {
    return await work(answer);
  } finally {
    lines.close();
  }
}

/** Asks whether to go on; no unless the answer is yes. */
export async function confirm(question: string, remedy: string): Promise<boolean> {
  return withQuestions('It must be confirmed', remedy, async (ask) =>
    /^y(?:es)?$/iu.test(await ask(`${question} [y/N]`)),
  );
}
