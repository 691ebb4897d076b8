/** What the services' command lines share: how they are built, how they ask for a passphrase, how they fail. */
import password from '@inquirer/password';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { BlindmarkError, EXIT_CODES, isBlindmarkError } from '../crypto/errors.ts';
import { describeInvalid } from '../crypto/message.ts';
import { checkNewPassphrase } from '../crypto/passphrase.ts';
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

/** What a system call failed with, in one line; undefined for any other error. */
function describeSystemError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  const subject = 'path' in error ? error.path : error.syscall;
  return `${String(subject)}: ${String(error.code)}\n`;
}

/** Runs a command line to its end: errors go to standard error, and to the exit code by their kind. */
export async function runCommand(command: Command, argv: readonly string[] = process.argv): Promise<void> {
  try {
    await command.parseAsync(argv);
  } catch (error) {
    // Ctrl-C at a prompt.
    if (error instanceof Error && error.name === 'ExitPromptError') process.exit(EXIT_CODES.unavailable);
    const system = describeSystemError(error);
    // What was typed and does not fit may show only when it is to be written.
    const known = error instanceof z.ZodError ? describeInvalid(error, '') : error;
    if (isBlindmarkError(known)) {
      process.stderr.write(describe(known));
      process.exitCode = EXIT_CODES[known.kind];
    } else if (system === undefined) {
      throw error;
    } else {
      process.stderr.write(system);
      process.exitCode = EXIT_CODES.input;
    }
  }
}

/** Asks at the terminal. On standard error: standard output is a command's result, and may go to a file. */
async function ask(prompt: string): Promise<string> {
  return password({ message: prompt, mask: true }, { output: process.stderr });
}

/** The passphrase from a file or from the environment; undefined when a person is to be asked. */
function findPassphrase(file: string | undefined): string | undefined {
  if (file !== undefined) return readText(file).split(/\r?\n/u, 1)[0];
  const fromEnvironment = process.env['BLINDMARK_PASSPHRASE'];
  if (fromEnvironment !== undefined || process.stdin.isTTY) return fromEnvironment;
  throw new BlindmarkError('badPassphrase', 'A passphrase is needed, and there is nobody to ask', {
    field: 'passphrase',
    remedy: 'Set BLINDMARK_PASSPHRASE, or name a file with --passphrase-file.',
  });
}

/**
 * The passphrase that a service's keys are sealed under: from a file, from `BLINDMARK_PASSPHRASE`, or from a prompt.
 *
 * @param file path of a file whose first line it is
 * @throws BlindmarkError `badPassphrase` when there is none and nobody to ask
 */
export async function readPassphrase(file: string | undefined, prompt: string): Promise<string> {
  return findPassphrase(file) ?? ask(prompt);
}

/**
 * A passphrase that keys are to be sealed under: as {@link readPassphrase}, but typed twice at a prompt.
 *
 * @throws BlindmarkError `badPassphrase` also for one that is too short, or typed differently the second time
 */
export async function readNewPassphrase(file: string | undefined, prompt: string): Promise<string> {
  const found = findPassphrase(file);
  const passphrase = found ?? (await ask(prompt));
  checkNewPassphrase(passphrase);
  if (found === undefined && (await ask('The same once more:')) !== passphrase) {
    throw new BlindmarkError('badPassphrase', 'The two passphrases differ; nothing was written', {
      field: 'passphrase',
      remedy: 'Run the command again.',
    });
  }
  return passphrase;
}
