/** How every command of `blindmark` is built, what it is given to work with, and how it fails. */
import { Command } from 'commander';
import { z } from 'zod';
import { BlindmarkError, EXIT_CODES, isBlindmarkError } from '../../crypto/errors.ts';
import { describeInvalid } from '../../crypto/message.ts';

/**
 * What commander says of a mistake in use, without what was typed: a code, an activation key or a case reference may have come
 * to stand in the wrong place, and standard error is often kept.
 */
function withoutValues(text: string): string {
  return text
    .replace(/unknown command '.*'/su, 'unknown command')
    .replace(/unknown option '(--[a-z-]+)?.*'/su, (_, name: string | undefined) =>
      `unknown option ${name ?? ''}`.trim(),
    )
    .replace(/argument '.*' is invalid/su, 'argument is invalid');
}

/** A command whose mistakes in use end with exit code 2. */
export function createCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .configureOutput({
      outputError: (text, write) => {
        write(withoutValues(text));
      },
    })
    .showHelpAfterError('(--help says what this command takes)')
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : EXIT_CODES.input);
    });
}

/** An error as a line of `--json` output has it. */
export function describeError(error: BlindmarkError): Record<string, unknown> {
  const { code, message, field, remedy, retryAfter, guardians } = error;
  return { code, message, field, remedy, retryAfter, guardians };
}

function printError(error: BlindmarkError, asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ error: describeError(error) })}\n`);
    return;
  }
  const guardians = error.guardians?.length ? `\nAt fault: ${error.guardians.join(', ')}` : '';
  const remedy = error.remedy === undefined ? '' : `\n${error.remedy}`;
  process.stderr.write(`${error.message}${guardians}${remedy}\n`);
}

/** Aborts on the first Ctrl-C, so that work ends in order; a second one ends the program. */
export function signalOfInterrupt(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => {
    controller.abort();
  });
  return controller.signal;
}

/** Keeps the exit code of the gravest failure: of many rows some may fail. */
export function noteFailure(error: BlindmarkError): void {
  process.exitCode = Math.max(Number(process.exitCode ?? 0), EXIT_CODES[error.kind]);
}

/** A mistake in an argument or a file's name, as the error that it is; undefined for a defect. */
function toKnown(error: unknown): BlindmarkError | undefined {
  if (isBlindmarkError(error)) return error;
  if (error instanceof z.ZodError) return describeInvalid(error, '');
  if (!(error instanceof Error) || !('syscall' in error)) return undefined;
  const { path = 'A file', code = 'unknown' } = error as NodeJS.ErrnoException;
  return new BlindmarkError('badFile', `${path}: ${code}`, {
    field: path,
    remedy: 'See that the folder exists and that you may use it.',
  });
}

/** Runs the command line to its end. Exit codes: 0 done, 1 a defect, 2 bad input, 3 refused, 4 unavailable. */
export async function runCommand(command: Command, argv: readonly string[]): Promise<void> {
  // `blindmark … | head`: whoever reads has had enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  try {
    await command.parseAsync(argv);
  } catch (error) {
    // Ctrl-C at a prompt.
    if (error instanceof Error && error.name === 'ExitPromptError') process.exit(EXIT_CODES.unavailable);
    const known = toKnown(error);
    if (known === undefined) throw error;
    printError(known, argv.includes('--json'));
    noteFailure(known);
  }
}
