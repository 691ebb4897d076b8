/** `blindmark authority`: who may look up. */
import type { Command } from 'commander';
import { formatBase64url } from '../../crypto/bytes.ts';
import { forceFileSchema, officerFileSchema, rootFileSchema } from '../../crypto/credential-files.ts';
import { badInput } from '../../crypto/errors.ts';
import { createExchangeKey } from '../../crypto/seal.ts';
import { createForce, createOfficer, createRoot } from '../authority.ts';
import { createCommand } from './command.ts';
import { readRegistryFile } from '../node/index.ts';
import { createOutput } from './output.ts';
import { forceCommands } from './revocations.ts';
import { readCredential, writeCredential } from './secrets.ts';

interface OutOptions {
  readonly out: string;
  readonly plain?: boolean;
  readonly json?: boolean;
}

const now = (): number => Math.floor(Date.now() / 1000);

function readAmount(field: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0) || value > most) throw badInput(field, `a number above 0 and up to ${most}`);
  return value;
}

async function root(options: OutOptions & { readonly origin: string }): Promise<void> {
  const { file, publicKey } = createRoot(options.origin);
  await writeCredential(options.out, rootFileSchema, file, {
    purpose: 'authority-root',
    plain: options.plain === true,
  });
  const text = formatBase64url(publicKey);
  createOutput(options.json === true).result(
    { publicKey: text },
    `For the roster, the authority root’s public key: ${text}`,
  );
}

async function force(
  options: OutOptions & { readonly root: string; readonly id: string; readonly days?: string },
): Promise<void> {
  const rootFile = await readCredential(options.root, rootFileSchema, 'authority-root');
  const validDays = readAmount('days', options.days, 3660);
  const file = await createForce(rootFile, { force: options.id, now: now(), validDays });
  await writeCredential(options.out, forceFileSchema, file, { purpose: 'force', plain: options.plain === true });
  const exchangeKey = formatBase64url(createExchangeKey(file.exchangeSecret).publicKey);
  createOutput(options.json === true).result(
    { force: options.id, out: options.out, exchangeKey },
    `${options.out}: the key and certificate of ${options.id}.\nFor the roster, the force’s exchange key: ${exchangeKey}`,
  );
}

async function officer(
  options: OutOptions & {
    readonly force: string;
    readonly registryFile: string;
    readonly officer: string;
    readonly pseudonym?: string;
    readonly hours?: string;
    readonly seal?: boolean;
  },
): Promise<void> {
  const forceFile = await readCredential(options.force, forceFileSchema, 'force');
  const registry = readRegistryFile(options.registryFile);
  const validHours = readAmount('hours', options.hours, 12);
  const { officer: staffId, pseudonym } = options;
  const file = await createOfficer(forceFile, { registry, now: now(), officer: staffId, pseudonym, validHours });
  await writeCredential(options.out, officerFileSchema, file, { purpose: 'officer', plain: options.seal !== true });
  const until = new Date((now() + (validHours ?? 12) * 3600) * 1000);
  const words = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short' }).format(until);
  createOutput(options.json === true).result(
    { out: options.out, validUntil: until.toISOString() },
    `${options.out}: good until ${words}.`,
  );
}

const sealed = (name: string, description: string): Command =>
  createCommand(name, description)
    .requiredOption('--out <file>', 'where to write it')
    .option('--plain', 'do not seal it under a passphrase: for demonstrations')
    .option('--json', 'print JSON');

/** `blindmark authority`. */
export function authorityCommand(): Command {
  const command = createCommand('authority', 'certify forces and officers, and revoke')
    .addCommand(
      sealed('root', 'make the authority root of a registry')
        .requiredOption('--origin <origin>', 'the registry’s name in its roster')
        .action(root),
    )
    .addCommand(
      sealed('force', 'make a force’s key, certified by the root')
        .requiredOption('--root <file>', 'the authority root')
        .requiredOption('--id <id>', 'the force’s identifier in the roster')
        .option('--days <n>', 'how long the certificate is good; default: 365')
        .action(force),
    )
    .addCommand(
      createCommand('officer', 'make an officer’s credential for one shift')
        .requiredOption('--force <file>', 'the force’s key')
        .requiredOption('--registry-file <file>', 'the registry’s address and fingerprint')
        .requiredOption('--out <file>', 'where to write it')
        .requiredOption('--officer <id>', 'the force’s own identifier of the person: nobody else can read it')
        .option('--pseudonym <name>', 'what the public log shows; default: a random one')
        .option('--hours <n>', 'how long it is good; default and most: 12')
        .option('--seal', 'seal it under a passphrase')
        .option('--json', 'print JSON')
        .action(officer),
    );
  for (const subcommand of forceCommands()) command.addCommand(subcommand);
  return command;
}
