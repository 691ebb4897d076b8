#!/usr/bin/env node
/** `blindmark-issuer`: the service that exchanges activation keys for tokens. */
import { existsSync, mkdirSync } from 'node:fs';
import { parseBase64url } from '../../crypto/bytes.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { parseMessage } from '../../crypto/message.ts';
import { quarterOf, shiftQuarter } from '../../crypto/roster.ts';
import {
  createCommand,
  FOLDER_OPTION,
  parseCount,
  parsePort,
  PASSPHRASE_OPTION,
  readNewPassphrase,
  readPassphrase,
  runCommand,
  say,
  systemClock,
} from '../command.ts';
import { listen, stopOnSignals } from '../http/listen.ts';
import { createLog } from '../http/log.ts';
import { createMetrics } from '../http/metrics.ts';
import { createIssuerApp } from './app.ts';
import {
  addTokenKey,
  issuerConfigSchema,
  issuerFiles,
  readConfig,
  readTokenKeys,
  writeCard,
  writeConfig,
  writeTokenKeys,
} from './config.ts';
import { IssuerLedger } from './ledger.ts';

interface FolderOptions {
  readonly folder: string;
  readonly passphraseFile?: string;
}

interface InitOptions extends FolderOptions {
  readonly id: string;
  readonly name: string;
  readonly number: number;
  readonly host: string;
  readonly port: number;
  readonly url?: string;
  readonly codesPerDay: number;
}

async function init(options: InitOptions): Promise<void> {
  const { folder, id, name, number, host, port, url = `http://${host}:${port}`, codesPerDay } = options;
  const files = issuerFiles(folder);
  if (existsSync(files.config) || existsSync(files.tokenKeys)) {
    throw new BlindmarkError('badInput', `${folder}: there is an issuer in this folder already`, {
      field: 'folder',
      remedy: 'Name another folder with --folder.',
    });
  }
  const config = parseMessage(issuerConfigSchema, {
    format: 'blindmark-issuer-config-v1',
    id,
    name,
    number,
    url,
    host,
    port,
    codesPerDay,
    vendors: [],
  });
  const passphrase = await readNewPassphrase(options.passphraseFile, 'New passphrase for the token keys:');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const quarter = quarterOf(systemClock());
  const tokenKeys = await addTokenKey(
    await addTokenKey([], quarter, systemClock()),
    shiftQuarter(quarter, 1),
    systemClock(),
  );
  await writeTokenKeys(folder, passphrase, tokenKeys);
  writeCard(folder, config, tokenKeys);
  writeConfig(folder, config);
  say(`Issuer ${id} is set up in ${folder}, with token keys for ${tokenKeys.map((key) => key.quarter).join(' and ')}.`);
  say(`Give ${files.card} to the registry’s operator, for its roster.`);
}

function addVendor(options: FolderOptions & { id: string; name: string; publicKey: string }): void {
  const { folder, id, name } = options;
  const publicKey = parseBase64url('--public-key', options.publicKey, 32);
  const config = readConfig(folder);
  if (config.vendors.some((vendor) => vendor.id === id)) throw badInput('--id', 'a vendor that is not there yet');
  parseMessage(issuerConfigSchema.shape.vendors.element.shape.id, id, '--id');
  parseMessage(issuerConfigSchema.shape.vendors.element.shape.name, name, '--name');
  writeConfig(folder, { ...config, vendors: [...config.vendors, { id, name, publicKey }] });
  say(`Vendor ${id} is added. A running issuer takes it up when it is started again.`);
}

async function addKey(options: FolderOptions & { quarter: string }): Promise<void> {
  const { folder, quarter } = options;
  const config = readConfig(folder);
  const passphrase = await readPassphrase(options.passphraseFile, 'Passphrase of the token keys:');
  const existing = await readTokenKeys(folder, passphrase);
  // First as it should be already, so that a run that was interrupted between the two files is mended by the next.
  writeCard(folder, config, existing);
  const tokenKeys = await addTokenKey(existing, quarter, systemClock());
  await writeTokenKeys(folder, passphrase, tokenKeys);
  writeCard(folder, config, tokenKeys);
  say(`The token key for ${quarter} is made. A running issuer takes it up when it is started again.`);
  say(`Give ${issuerFiles(folder).card} to the registry’s operator, for the next roster.`);
}

async function report({ folder }: FolderOptions): Promise<void> {
  const { vendors } = readConfig(folder);
  const ledger = IssuerLedger.open(issuerFiles(folder).database);
  try {
    for (const { id } of vendors) {
      const { keys, activated } = ledger.counts(id);
      say(`${id}: ${keys} packs, ${activated} activated`);
    }
  } finally {
    await ledger.close();
  }
}

async function serve(options: FolderOptions & { port?: number; stopWithStdin?: true }): Promise<void> {
  const { folder } = options;
  const config = readConfig(folder);
  const passphrase = await readPassphrase(options.passphraseFile, 'Passphrase of the token keys:');
  const tokenKeys = await readTokenKeys(folder, passphrase);
  const log = createLog('issuer');
  const ledger = IssuerLedger.open(issuerFiles(folder).database);
  try {
    const app = createIssuerApp({ config, tokenKeys, ledger, log, metrics: createMetrics('issuer'), now: systemClock });
    const service = await listen(app, {
      host: config.host,
      port: options.port ?? config.port,
      log,
      onStop: () => ledger.close(),
    });
    stopOnSignals(service, log, options.stopWithStdin === true);
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

const program = createCommand('blindmark-issuer', 'Exchanges activation keys for unlinkable activation tokens.');

program
  .command('init')
  .description('set up an issuer in a folder, with token keys for this quarter and the next')
  .option(...FOLDER_OPTION)
  .requiredOption('--id <id>', 'identifier in the roster: small letters, digits, hyphens')
  .requiredOption('--name <name>', 'name that people read')
  .requiredOption(
    '--number <number>',
    'number in the roster, 0 to 255: the first byte of its activation keys',
    parseCount,
  )
  .option('--host <host>', 'address to listen on', '127.0.0.1')
  .option('--port <port>', 'port to listen on', parsePort, 8090)
  .option('--url <url>', 'where owners reach it; default: host and port')
  .option('--codes-per-day <count>', 'evaluations a day that it asks the roster for', parseCount, 1000)
  .option(...PASSPHRASE_OPTION)
  .action(init);
program
  .command('serve')
  .description('run the issuer')
  .option(...FOLDER_OPTION)
  .option('--port <port>', 'another port than the configuration’s; 0 takes a free one', parsePort)
  .option(...PASSPHRASE_OPTION)
  .option('--stop-with-stdin', 'stop when standard input ends')
  .action(serve);
program
  .command('add-vendor')
  .description('let a vendor add packs')
  .option(...FOLDER_OPTION)
  .requiredOption('--id <id>', 'the vendor’s identifier')
  .requiredOption('--name <name>', 'name that people read')
  .requiredOption('--public-key <key>', 'the vendor’s Ed25519 key, base64url')
  .action(addVendor);
program
  .command('add-key')
  .description('make the token key of another quarter; keys older than the last quarter are erased')
  .option(...FOLDER_OPTION)
  .requiredOption('--quarter <quarter>', 'as 2027-Q1')
  .option(...PASSPHRASE_OPTION)
  .action(addKey);
program
  .command('report')
  .description('count each vendor’s packs')
  .option(...FOLDER_OPTION)
  .action(report);

await runCommand(program);
