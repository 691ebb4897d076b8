/** The command line of `blindmark-guardian`, as a whole. */
import type { Command } from 'commander';
import { existsSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ceremonySchema, guardianCardSchema } from '../../crypto/dkg-messages.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { parseMessage } from '../../crypto/message.ts';
import {
  parseRoster,
  parseRosterFingerprint,
  rosterChainSchema,
  rosterDraftSchema,
  rosterSignatureSchema,
  type VerifiedRoster,
} from '../../crypto/roster.ts';
import {
  createCommand,
  FOLDER_OPTION,
  parseCount,
  parsePort,
  PASSPHRASE_OPTION,
  readNewPassphrase,
  readPassphrase,
  say,
  systemClock,
} from '../command.ts';
import { readJson, writeJson } from '../files.ts';
import { stopOnSignals } from '../http/listen.ts';
import { createLog } from '../http/log.ts';
import { Board } from './board.ts';
import { guardianConfigSchema, guardianFiles, readConfig, writeConfig } from './config.ts';
import { openGuardianDatabase } from './database.ts';
import { describeLog, describeRoster } from './describe-roster.ts';
import { guardianPermissionFlags } from './permissions.ts';
import { KeyGenerationSession, type KeyGenerationProgress } from './key-generation.ts';
import { createKeys, readKeys, readShares, writeKeys } from './keys.ts';
import { acceptRoster, loadRoster, readChain, signDraft, type KnownLog } from './roster.ts';
import { serveGuardian } from './serve.ts';
import { WitnessStore } from './witness-store.ts';

/** Milliseconds between looks at the board. */
const BOARD_INTERVAL = 300;

interface FolderOptions {
  readonly folder: string;
  readonly passphraseFile?: string;
}

interface InitOptions extends FolderOptions {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly codesPerOfficerAndDay: number;
  readonly codesPerForceAndDay: number;
  readonly codesPerIssuerAndDay: number;
  readonly threads?: number;
  readonly allowTestRoster?: true;
}

async function init(options: InitOptions): Promise<void> {
  const { folder, id, name, host, port, threads } = options;
  const { codesPerOfficerAndDay, codesPerForceAndDay, codesPerIssuerAndDay } = options;
  const files = guardianFiles(folder);
  if (existsSync(files.config) || existsSync(files.keys)) {
    throw new BlindmarkError('badInput', `${folder}: there is a guardian in this folder already`, {
      field: 'folder',
      remedy: 'Name another folder with --folder.',
    });
  }
  const config = parseMessage(guardianConfigSchema, {
    format: 'blindmark-guardian-config-v1',
    id,
    name,
    host,
    port,
    maxima: { codesPerOfficerAndDay, codesPerForceAndDay, codesPerIssuerAndDay },
    rosterFingerprint: null,
    allowTestRoster: options.allowTestRoster === true,
    ...(threads === undefined ? {} : { threads }),
  });
  const passphrase = await readNewPassphrase(options.passphraseFile, 'New passphrase for the guardian’s keys:');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keys = createKeys();
  await writeKeys(folder, passphrase, keys);
  writeJson(
    files.card,
    guardianCardSchema,
    {
      format: 'blindmark-guardian-card-v1',
      id,
      name,
      operatorKey: keys.operator.publicKey,
      exchangeKey: keys.exchange.publicKey,
      witnessKey: keys.witness.publicKey,
    },
    0o644,
  );
  writeConfig(folder, config);
  say(`Guardian ${id} is set up in ${folder}.`);
  say(`Give ${files.card} to whoever prepares the key generation, on a way that nobody can change it.`);
}

/** Goes on until the key is made or the time is over. */
async function waitForKey(session: KeyGenerationSession, seconds: number): Promise<KeyGenerationProgress> {
  const end = Date.now() + seconds * 1000;
  let told = '';
  for (;;) {
    const progress = await session.advance();
    if (progress.done || Date.now() >= end) return progress;
    const waiting = `Waiting for ${progress.waitingFor} of ${progress.missing.join(', ')}.`;
    if (waiting !== told) say(waiting);
    told = waiting;
    await sleep(BOARD_INTERVAL);
  }
}

async function generateKey(options: FolderOptions & { ceremony: string; board: string; wait: number }): Promise<void> {
  const { folder } = options;
  const config = readConfig(folder);
  const ceremony = readJson(options.ceremony, ceremonySchema);
  const board = new Board(options.board);
  const passphrase = await readPassphrase(options.passphraseFile, 'Passphrase of the guardian’s keys:');
  const keys = await readKeys(folder, passphrase);
  const session = new KeyGenerationSession({ folder, passphrase, guardian: config.id, keys, ceremony, board });
  const progress = await waitForKey(session, options.wait);
  if (!progress.done) {
    throw new BlindmarkError(
      'unavailable',
      `Not finished: ${progress.waitingFor} of ${progress.missing.join(', ')} is not on the board yet`,
      {
        remedy:
          'All that this guardian can say now is on the board. Run the same command again once the others have run it.',
      },
    );
  }
  const { purpose, epoch, threshold, guardians } = progress.outcome;
  say(
    `The ${purpose} key of epoch ${epoch} is made, and all ${guardians.length} guardians have confirmed it: any ${threshold} of them can use it.`,
  );
  say(
    `This guardian’s share is sealed in ${guardianFiles(folder).shares}. Back that file up, with keys.json and witness.json.`,
  );
  say('Give key-generation.json from the board to the registry’s operator, for the roster.');
}

/** Lets `work` look at what this guardian has cosigned of its roster's log; also beside the guardian at work. */
async function withKnownLog<T>(
  folder: string,
  current: VerifiedRoster | undefined,
  work: (known: KnownLog | undefined) => Promise<T>,
): Promise<T> {
  const { database } = guardianFiles(folder);
  if (current === undefined || !existsSync(database)) return work(undefined);
  const { db, group } = openGuardianDatabase(database);
  try {
    const store = new WitnessStore(db, current.roster.log.generation);
    return await work({ largest: () => store.largest(), find: (size) => store.find(size) });
  } finally {
    await group.close();
  }
}

async function sign(options: FolderOptions & { draft: string; out: string; acceptLoss?: true }): Promise<void> {
  const { folder, acceptLoss = false } = options;
  const config = readConfig(folder);
  const { roster: draft } = readJson(options.draft, rosterDraftSchema);
  const current = readChain(folder).length === 0 ? undefined : loadRoster(folder, config);
  await withKnownLog(folder, current, async (known) => {
    say(describeRoster(parseRoster(draft), draft, current?.roster, known));
    const passphrase = await readPassphrase(options.passphraseFile, 'Passphrase of the guardian’s keys, to sign this:');
    const [keys, shares] = [await readKeys(folder, passphrase), await readShares(folder, passphrase)];
    const signature = signDraft(draft, { config, keys, shares, current, known, acceptLoss });
    writeJson(options.out, rosterSignatureSchema, signature, 0o644);
  });
  say(`Signed. Give ${options.out} to the registry’s operator.`);
}

function accept(options: { folder: string; roster: string; fingerprint?: string }): void {
  const { chain } = readJson(options.roster, rosterChainSchema);
  const fingerprint = options.fingerprint === undefined ? undefined : parseRosterFingerprint(options.fingerprint);
  const before = readChain(options.folder).at(-1);
  const { roster } = acceptRoster(options.folder, chain, fingerprint);
  for (const line of describeLog(roster, before && parseRoster(before.roster))) say(line);
  say(
    `Version ${roster.version} of the roster of ${roster.origin} is accepted. A running guardian takes it up when it is started again.`,
  );
}

function printFlags(options: { folder: string }): void {
  const folder = resolve(options.folder);
  readConfig(folder);
  const flags = guardianPermissionFlags(resolve(import.meta.dirname, '../..'), folder);
  if (flags.some((flag) => /\s/u.test(flag))) {
    throw new BlindmarkError('badInput', 'A path with a space in it does not go through a shell like this', {
      field: '--folder',
      remedy: 'Move the guardian’s folder, or the program, to a path without spaces.',
    });
  }
  say(flags.join(' '));
}

async function serve(options: FolderOptions & { port?: number; stopWithStdin?: true }): Promise<void> {
  const passphrase = await readPassphrase(options.passphraseFile, 'Passphrase of the guardian’s keys:');
  const folder = resolve(options.folder);
  readConfig(folder);
  // Under the permission model, Node 24 lets worker threads read the working directory, whatever the flags say.
  process.chdir(folder);
  const log = createLog('guardian');
  // Node's types say that it is always there.
  if ((process.permission as unknown) === undefined) {
    log.warn('runs without Node’s permission model: see blindmark-guardian flags --help');
  }
  const service = await serveGuardian(folder, { passphrase, port: options.port, log, now: systemClock });
  stopOnSignals(service, log, options.stopWithStdin === true);
}

/** `blindmark-guardian` with all its commands. One parses one command line: make another for the next. */
export function createProgram(): Command {
  const program = createCommand('blindmark-guardian', 'Holds one share of each threshold key of a registry.');

  program
    .command('init')
    .description('set up a guardian in a folder, with its operator’s keys')
    .option(...FOLDER_OPTION)
    .requiredOption('--id <id>', 'identifier in the roster: small letters, digits, hyphens')
    .requiredOption('--name <name>', 'name that people read')
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on', parsePort, 8081)
    .option('--codes-per-officer-and-day <count>', 'most that an officer may have evaluated a day', parseCount, 500)
    .option('--codes-per-force-and-day <count>', 'most that a force may have evaluated a day', parseCount, 20_000)
    .option(
      '--codes-per-issuer-and-day <count>',
      'most that an issuer’s tokens may have evaluated a day',
      parseCount,
      20_000,
    )
    .option('--threads <count>', 'worker threads that evaluate; default: one a processor', parseCount)
    .option('--allow-test-roster', 'sign and serve rosters whose codes are not protected by stretching')
    .option(...PASSPHRASE_OPTION)
    .action(init);
  program
    .command('dkg')
    .description(
      'make a threshold key with the other guardians: one for evaluation, one for decryption; run it until it is done',
    )
    .option(...FOLDER_OPTION)
    .requiredOption('--ceremony <file>', 'what all guardians have agreed on: ceremony.json')
    .requiredOption('--board <folder>', 'folder through which the guardians’ messages travel; one for each ceremony')
    .option('--wait <seconds>', 'how long to wait for the others', parseCount, 0)
    .option(...PASSPHRASE_OPTION)
    .action(generateKey);
  program
    .command('sign-roster')
    .description('show a draft of a roster, check it and sign it')
    .option(...FOLDER_OPTION)
    .requiredOption('--draft <file>', 'the draft, from the registry’s operator')
    .requiredOption('--out <file>', 'where to write the signature')
    .option('--accept-loss', 'sign a successor log that leaves out entries which were cosigned')
    .option(...PASSPHRASE_OPTION)
    .action(sign);
  program
    .command('accept-roster')
    .description('verify a signed roster and follow it')
    .option(...FOLDER_OPTION)
    .requiredOption('--roster <file>', 'the registry’s chain of rosters: roster.json')
    .option('--fingerprint <fingerprint>', 'fingerprint of the first roster: needed the first time')
    .action(accept);
  program
    .command('flags')
    .description('print the flags under which Node lets the guardian touch its code and its own folder alone')
    .option(...FOLDER_OPTION)
    .addHelpText(
      'after',
      '\nFor: node $(blindmark-guardian flags --folder F) server/guardian/main.ts serve --folder F' +
        '\nThe passphrase then comes from BLINDMARK_PASSPHRASE: a file elsewhere can’t be read.',
    )
    .action(printFlags);
  program
    .command('serve')
    .description('run the guardian')
    .option(...FOLDER_OPTION)
    .option('--port <port>', 'another port than the configuration’s; 0 takes a free one', parsePort)
    .option(...PASSPHRASE_OPTION)
    .option('--stop-with-stdin', 'stop when standard input ends')
    .action(serve);
  return program;
}
