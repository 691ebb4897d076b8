/** `blindmark owner`: registering marks and looking after them. */
import { Option, type Command } from 'commander';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseActivationQr, formatActivationKey } from '../../crypto/activation-key.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import type { RegistryFile } from '../../crypto/credential-files.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { createRecoveryPhrase, parseRecoveryPhrase } from '../../crypto/owner-keys.ts';
import { STATUSES, type Status } from '../../crypto/registration.ts';
import { createVaultFile, type OpenVault } from '../node/vault-file.ts';
import type { ContactChoice } from '../contacts.ts';
import type { Owner } from '../owner.ts';
import { createCommand } from './command.ts';
import { readContactChoice, withContactOptions, type ContactOptions } from './contact.ts';
import { historyCommands } from './history.ts';
import { readRegistryFile } from '../node/index.ts';
import { describeItem, parseItem } from './items.ts';
import { createOutput, type Output } from './output.ts';
import { contactCommands } from './owner-contact.ts';
import { registerFromTable } from './register-table.ts';
import { readNewPassphrase, readSecret } from './secrets.ts';
import {
  describeStatus,
  markCommand,
  openVault,
  recordOf,
  vaultCommand,
  withOwner,
  wordsOf,
  type MarkOptions,
  type VaultOptions,
} from './vault-command.ts';

interface RegisterOptions extends VaultOptions, Omit<ContactOptions, 'contact'> {
  readonly registryFile: string;
  readonly activationKey?: string;
  readonly activationKeys?: string;
  readonly code?: string;
  readonly scheme?: string;
  readonly item?: string[];
  readonly status?: 'withKeeper' | 'stolen' | 'lost';
  readonly from?: string;
  readonly parallel?: string;
  readonly unhurried?: boolean;
  readonly contact?: ContactOptions['contact'] | 'table';
}

async function createNew(options: VaultOptions): Promise<void> {
  const passphrase = await readNewPassphrase(`Passphrase to seal ${options.vault} under:`, options.passphraseFile);
  const phrase = createRecoveryPhrase();
  const { close } = await createVaultFile(options.vault, { phrase, passphrase });
  close();
  const words = phrase.split(' ').map((word, i) => `${String(i + 1).padStart(4)}. ${word}`);
  createOutput(options.json === true).result(
    { phrase },
    `Write down these twelve words in their order, and keep them away from this computer.\nWith them and a code you regain everything, and so does whoever else has them.\n\n${words.join('\n')}`,
  );
}

/** Reads an activation key as printed or as a pack's QR code says it; the code's fingerprint must be the registry's. */
async function readActivationKey(given: string | undefined, registry: RegistryFile): Promise<string> {
  const text =
    given ??
    (await readSecret({
      name: 'activation key',
      variable: 'BLINDMARK_ACTIVATION_KEY',
      prompt: 'Activation key from the pack:',
    }));
  if (!/^\s*BLINDMARK:/iu.test(text)) return text;
  const { bytes, rosterFingerprint } = parseActivationQr(text);
  if (equalBytes(rosterFingerprint, registry.rosterFingerprint)) return formatActivationKey(bytes);
  throw new BlindmarkError('badRoster', 'The pack is for another registry than the one that was named', {
    field: 'registry-file',
    remedy: 'Use the registry file that came with the pack.',
  });
}

async function registerOne(
  options: RegisterOptions,
  contact: ContactChoice | undefined,
  owner: Owner,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { code, item = [], scheme, status } = options;
  if (code === undefined) throw badInput('code', 'a code, with --code; or a table, with --from');
  const activationKey = await readActivationKey(options.activationKey, readRegistryFile(options.registryFile));
  const before = new Set(owner.marks.filter((mark) => mark.stage === 'registered').map((mark) => mark.canonical));
  const request = { code, scheme, status, activationKey, items: item.map(parseItem), contact };
  const mark = await owner.register(request, { signal });
  const verdict = before.has(mark.canonical) ? 'Was registered before, as it is.' : 'Registered.';
  output.result(recordOf(mark), `${verdict}\n${wordsOf(mark, owner)}`);
  if (contact === undefined && mark.contact === null) {
    output.remark('No contact was left: police who find it cannot reach you. blindmark owner contact leaves one.');
  }
}

function readParallel(text: string | undefined): number {
  const parallel = text === undefined ? 2 * availableParallelism() : Number(text);
  if (Number.isInteger(parallel) && parallel >= 1 && parallel <= 64) return parallel;
  throw badInput('parallel', 'a whole number from 1 to 64');
}

/** The contact for what is registered; `table` for what stands in each row. */
async function readContact({
  from,
  contact,
  contactFile,
}: RegisterOptions): Promise<ContactChoice | 'table' | undefined> {
  if (contact !== 'table') return readContactChoice({ contact, contactFile });
  if (from === undefined || contactFile !== undefined) throw badInput('contact', 'table beside --from alone');
  return contact;
}

async function register(options: RegisterOptions): Promise<void> {
  const contact = await readContact(options);
  await withOwner(options, async (owner, output, signal) => {
    const { from, activationKeys } = options;
    if (from === undefined) {
      await registerOne(options, contact as ContactChoice | undefined, owner, output, signal);
      return;
    }
    const ofOne = (['code', 'item', 'activationKey'] as const).find((name) => options[name] !== undefined);
    if (ofOne !== undefined)
      throw badInput(ofOne === 'activationKey' ? 'activation-key' : ofOne, 'nothing beside --from');
    if (activationKeys === undefined) throw badInput('activation-keys', 'a table of packs, with --activation-keys');
    const parallel = options.unhurried === true ? undefined : readParallel(options.parallel);
    await registerFromTable(
      owner,
      { marks: from, packs: activationKeys, parallel, scheme: options.scheme, status: options.status, contact },
      output,
      signal,
    );
  });
}

async function list(options: VaultOptions): Promise<void> {
  const output = createOutput(options.json === true);
  const { vault, close } = await openVault(options);
  close();
  const marks = [...vault.registries.keys()].flatMap((origin) => vault.latestMarks(origin));
  for (const mark of marks) {
    const items = mark.items.map((item) => `  ${describeItem(item)}`).join('\n');
    const state = mark.stage === 'registered' ? describeStatus(mark.status) : mark.stage;
    output.result({ origin: mark.origin, ...recordOf(mark) }, `${mark.canonical} (${mark.scheme}): ${state}\n${items}`);
  }
  if (marks.length === 0) output.remark('This vault has no marks yet.');
}

async function status(options: MarkOptions & { readonly set?: Status }): Promise<void> {
  await withOwner(options, async (owner, output, signal) => {
    const mark = owner.find(options.code, options.scheme);
    const current =
      options.set === undefined ? await owner.refresh(mark, signal) : await owner.setStatus(mark, options.set, signal);
    output.result(recordOf(current), wordsOf(current, owner));
  });
}

async function replaceItems(options: MarkOptions & { readonly item: string[] }): Promise<void> {
  await withOwner(options, async (owner, output, signal) => {
    const mark = owner.find(options.code, options.scheme);
    const current = await owner.replaceItems(mark, options.item.map(parseItem), signal);
    output.result(recordOf(current), wordsOf(current, owner));
  });
}

async function withdraw(options: MarkOptions): Promise<void> {
  await withOwner(options, async (owner, output, signal) => {
    const gone = await owner.withdraw(owner.find(options.code, options.scheme), signal);
    output.result(recordOf(gone), 'Withdrawn: the registry has erased it, and the code finds nothing any more.');
  });
}

/** The vault of the phrase; a new one on an empty machine. A phrase that is given must be the vault's own. */
async function openForRecovery(options: MarkOptions & { readonly phraseFile?: string }): Promise<OpenVault> {
  const source = { name: 'recovery phrase', variable: 'BLINDMARK_PHRASE', file: options.phraseFile };
  const readPhrase = async (): Promise<string> =>
    parseRecoveryPhrase(await readSecret({ ...source, prompt: 'The twelve words:' }));
  if (!existsSync(options.vault)) {
    const phrase = await readPhrase();
    const passphrase = await readNewPassphrase(`Passphrase to seal ${options.vault} under:`, options.passphraseFile);
    return createVaultFile(options.vault, { phrase, passphrase });
  }
  const opened = await openVault(options);
  const isGiven = options.phraseFile !== undefined || process.env[source.variable] !== undefined;
  if (!isGiven || (await readPhrase()) === opened.vault.phrase) return opened;
  opened.close();
  throw new BlindmarkError('badPhrase', 'The vault is of another recovery phrase than the one that was given', {
    field: 'vault',
    remedy: 'Name another vault file with --vault; one that does not exist is made.',
  });
}

async function recover(options: MarkOptions & { readonly phraseFile?: string }): Promise<void> {
  const recoverMark = async (owner: Owner, output: Output, signal: AbortSignal): Promise<void> => {
    const mark = await owner.recover(options.code, options.scheme, { signal });
    output.result(recordOf(mark), `Recovered.\n${wordsOf(mark, owner)}`);
  };
  await withOwner(options, recoverMark, async () => openForRecovery(options));
}

const collect = (value: string, values: string[] = []): string[] => [...values, value];

/** `blindmark owner`. */
export function ownerCommand(): Command {
  const itemHelp = 'category=Shotgun,make=AYA,model=No. 4 (also serial=, description=); once for each item';
  const registerCommand = withContactOptions(vaultCommand('register', 'register a mark, or a table of marks'), {
    table: 'of a table, its columns keeper and contact',
  })
    .requiredOption('--registry-file <file>', 'the registry’s address and fingerprint')
    .option('--code <code>', 'the code as it stands on the mark')
    .option('--scheme <scheme>', 'the code’s scheme, where it fits several')
    .option('--item <fields>', itemHelp, collect)
    .option('--activation-key <key>', 'from the pack; default: BLINDMARK_ACTIVATION_KEY or a prompt')
    .addOption(new Option('--status <status>', 'what became of it').choices(['withKeeper', 'stolen', 'lost']))
    .option(
      '--from <file>',
      'a table of marks: id, scheme, code, category, make, model; rows of one code are one registration',
    )
    .option('--activation-keys <file>', 'a table of packs: activation_key, and scheme and code where they have one')
    .option('--parallel <n>', 'registrations at once, of a table; default: twice the number of cores')
    .option(
      '--unhurried',
      'a table’s marks one by one with random pauses, so that neither connections nor times show which belong together; your address still may',
    )
    .action(register);
  const setOption = new Option('--set <status>', 'say what became of it; without it, ask the registry').choices([
    ...STATUSES,
  ]);
  const command = createCommand('owner', 'register marked property, and look after it')
    .addCommand(vaultCommand('new', 'make a vault with a new recovery phrase').action(createNew))
    .addCommand(registerCommand)
    .addCommand(vaultCommand('list', 'show the marks in a vault').action(list))
    .addCommand(markCommand('status', 'show or change what became of the property').addOption(setOption).action(status))
    .addCommand(
      markCommand('replace', 'replace the description of the items')
        .requiredOption('--item <fields>', itemHelp, collect)
        .action(replaceItems),
    )
    .addCommand(markCommand('withdraw', 'erase a registration').action(withdraw))
    .addCommand(
      markCommand('recover', 'rebuild the right to a registration from recovery phrase and code')
        .option(
          '--phrase-file <file>',
          'read the recovery phrase from this file; default: BLINDMARK_PHRASE or a prompt',
        )
        .action(recover),
    );
  for (const subcommand of [...historyCommands(), ...contactCommands()]) command.addCommand(subcommand);
  return command;
}
