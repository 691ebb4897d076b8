/** What the services' command lines share: how they are built, how they ask for a passphrase, how they fail. */
import password from '@inquirer/password';
import { Command, InvalidArgumentError } from 'commander';
import { BlindmarkError, EXIT_CODES, isBlindmarkError } from '../crypto/errors.ts';
import { readText } from './files.ts';

/** A command whose mistakes in use end with exit code 2. */
export function createCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .showHelpAfterError('(--help says what this command takes)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : EXIT_CODES.input);
    });
}

/** The option of every command: where the service's files lie. */
export const FOLDER_OPTION = ['--folder <folder>', 'folder of the service’s files', '.'] as const;

export const PASSPHRASE_OPTION = [
  '--passphrase-file <file>',
  'file whose first line is the passphrase; else BLINDMARK_PASSPHRASE, or a prompt',
] as const;

/** Reads a whole number from 0 to 999,999,999, as an option's value. */
export function parseCount(text: string): number {
  if (!/^\d{1,9}$/u.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

/** Reads a port, as an option's value; 0 takes a free one. */
export function parsePort(text: string): number {
  const port = parseCount(text);
  if (port > 65_535) throw new InvalidArgumentError('Expected a port, 0 to 65535.');
  return port;
}

/** Prints a line for whoever ran the command. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The system's clock, in epoch seconds. */
export function systemClock(): number {
  return Math.floor(Date.now() / 1000);
}

function describe(error: BlindmarkError): string {
  const remedy = error.remedy === undefined ? '' : `\n${error.remedy}`;
  const guardians = error.guardians?.length ? `\nAt fault: ${error.guardians.join(', ')}` : '';
  return `${error.message}${guardians}${remedy}\n`;
}

/** Runs a command line to its end: errors go to standard error, and to the exit code by their kind. */
export async function runCommand(command: Command, argv: readonly string[] = process.argv): Promise<void> {
  try {
    await command.parseAsync(argv);
  } catch (error) {
    // Ctrl-C at a prompt.
    if (error instanceof Error && error.name === 'ExitPromptError') process.exit(EXIT_CODES.unavailable);
    if (!isBlindmarkError(error)) throw error;
    process.stderr.write(describe(error));
    process.exitCode = EXIT_CODES[error.kind];
  }
}

/**
 * The passphrase that a service's keys are sealed under: from a file, from `BLINDMARK_PASSPHRASE`, or from a prompt.
 *
 * @param file path of a file whose first line it is
 * @throws BlindmarkError `badPassphrase` when there is none and nobody to ask
 */
export async function readPassphrase(file: string | undefined, prompt: string): Promise<string> {
  if (file !== undefined) return readText(file).split(/\r?\n/u, 1)[0] as string;
  const fromEnvironment = process.env['BLINDMARK_PASSPHRASE'];
  if (fromEnvironment !== undefined) return fromEnvironment;
  if (process.stdin.isTTY) return password({ message: prompt, mask: true });
  throw new BlindmarkError('badPassphrase', 'A passphrase is needed, and there is nobody to ask', {
    field: 'passphrase',
    remedy: 'Set BLINDMARK_PASSPHRASE, or name a file with --passphrase-file.',
  });
}
