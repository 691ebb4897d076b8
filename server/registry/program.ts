/** `blindmark-registry`: the registry's command line. */
import type { Command } from 'commander';
import { existsSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { formatBase64url, parseBase64url } from '../../crypto/bytes.ts';
import { keyGenerationSchema } from '../../crypto/dkg-messages.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { parseMessage } from '../../crypto/message.ts';
import {
  originField,
  rosterDraftSchema,
  rosterHash,
  rosterIssuerSchema,
  rosterSchema,
  rosterSignatureSchema,
  type VerifiedRoster,
} from '../../crypto/roster.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import { STRETCH_FLOOR } from '../../crypto/stretch.ts';
import { createCommand, FOLDER_OPTION, parseCount, parsePort, say, systemClock } from '../command.ts';
import { readJson, readText, writeJson } from '../files.ts';
import { stopOnSignals } from '../http/listen.ts';
import { createLog } from '../http/log.ts';
import { openSqliteStores, type SqliteStores } from '../store/sqlite/open-stores.ts';
import { parseGuardianOption, readConfig, registryConfigSchema, registryFiles, writeConfig } from './config.ts';
import { draftRoster, type RosterChanges } from './draft-roster.ts';
import { addGeneration, createLogKeys, generationKey, readLogKeys, writeLogKeys } from './log-key.ts';
import { describeLog, verifierKeys } from './log-status.ts';
import { publishRoster } from './publish-roster.ts';
import { loadRoster, readRosterChain } from './roster.ts';
import { serveRegistry } from './serve.ts';
import { planSuccessor } from './successor-log.ts';

const DEFAULT_PORT = 8080;

const collect = (text: string, list: readonly string[]): string[] => [...list, text];
const collectIntegers = (text: string, list: readonly number[]): number[] => [...list, parseCount(text)];

interface InitOptions {
  readonly folder: string;
  readonly origin: string;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly guardian: readonly string[];
  readonly allowTestRoster?: true;
  /** False for none. */
  readonly pages?: string | false;
}

function init(options: InitOptions): void {
  const { folder } = options;
  const { config } = registryFiles(folder);
  if (existsSync(config)) {
    throw new BlindmarkError('badInput', `${config} exists`, {
      field: '--folder',
      remedy: 'Name another folder, or edit that file. It was left as it is.',
    });
  }
  const content = {
    format: 'blindmark-registry-config-v1',
    origin: parseMessage(originField, options.origin, '--origin'),
    url: parseMessage(registryConfigSchema.shape.url, options.url, '--url'),
    host: options.host,
    port: options.port,
    rosterFingerprint: null,
    allowTestRoster: options.allowTestRoster ?? false,
    guardians: options.guardian.map(parseGuardianOption),
    ...(options.pages === undefined ? {} : { pages: options.pages === false ? null : resolve(options.pages) }),
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { logKey } = registryFiles(folder);
  // Never in the place of another: what that one signed could not go on.
  if (!existsSync(logKey)) writeLogKeys(folder, createLogKeys());
  writeConfig(folder, parseMessage(registryConfigSchema, content));
  say(`Wrote ${config} and ${logKey}, which is secret: keep a copy of it elsewhere.`);
  say('Next: draft-roster, once the guardians have generated their keys.');
}

interface DraftOptions {
  readonly folder: string;
  readonly out: string;
  readonly keyGeneration?: string;
  readonly decryptionKeyGeneration?: string;
  readonly successorLog: readonly string[];
  readonly stretchMemory: number;
  readonly stretchPasses: number;
  readonly stretchLanes: number;
  readonly retireEpoch: readonly number[];
  readonly issuer: readonly string[];
  readonly removeIssuer: readonly string[];
  readonly force: readonly string[];
  readonly removeForce: readonly string[];
  readonly authorityRoot: readonly string[];
  readonly updateSchemes?: true;
  readonly testRoster?: true;
}

const { forces: forcesSchema } = rosterSchema.shape;
/** A file of one force, or of several. */
const forceFileSchema = z.union([forcesSchema, forcesSchema.element.transform((force) => [force])]);

/** Works with the registry running or not. */
async function withStores<T>(folder: string, work: (stores: SqliteStores) => Promise<T>): Promise<T> {
  const stores = openSqliteStores(registryFiles(folder).database);
  try {
    return await work(stores);
  } finally {
    await stores.close();
  }
}

/** The public key of a log that begins. A successor's is made now, and used once its roster is published. */
function logPublicKey(folder: string, generation: number): Uint8Array {
  // Whoever lost the file, and the log with it, begins with another.
  const known = existsSync(registryFiles(folder).logKey) ? readLogKeys(folder) : null;
  const all = addGeneration(known ?? createLogKeys(), generation);
  if (all.seeds.length !== known?.seeds.length) writeLogKeys(folder, all);
  return (generationKey(all, generation) as SigningKey).publicKey;
}

/** The log of the next roster, where it is not just the current one's. */
async function draftLog(
  folder: string,
  current: VerifiedRoster | null,
  checkpoints: readonly string[],
): Promise<Pick<RosterChanges, 'logKey' | 'successor'>> {
  if (checkpoints.length === 0) return current === null ? { logKey: logPublicKey(folder, 1) } : {};
  if (current === null) throw badInput('--successor-log', 'a registry that has a roster, and a log, already');
  const { roster } = current;
  const texts = checkpoints.map(readText);
  const successor = await withStores(folder, async ({ log }) => planSuccessor(roster, log, texts));
  return { logKey: logPublicKey(folder, roster.log.generation + 1), successor };
}

async function draft(options: DraftOptions): Promise<void> {
  const { folder, out, keyGeneration, decryptionKeyGeneration, authorityRoot } = options;
  const config = readConfig(folder);
  const predecessor = readRosterChain(folder).length === 0 ? null : loadRoster(folder, config).current;
  const changes: RosterChanges = {
    origin: config.origin,
    now: systemClock(),
    ...(await draftLog(folder, predecessor, options.successorLog)),
    ...(keyGeneration === undefined ? {} : { keyGeneration: readJson(keyGeneration, keyGenerationSchema) }),
    ...(decryptionKeyGeneration === undefined
      ? {}
      : { decryptionKeyGeneration: readJson(decryptionKeyGeneration, keyGenerationSchema) }),
    stretch: { memoryKiB: options.stretchMemory, passes: options.stretchPasses, lanes: options.stretchLanes },
    retireEpochs: options.retireEpoch,
    issuers: options.issuer.map((path) => readJson(path, rosterIssuerSchema)),
    removeIssuers: options.removeIssuer,
    forces: options.force.flatMap((path) => readJson(path, forceFileSchema)),
    removeForces: options.removeForce,
    ...(authorityRoot.length === 0
      ? {}
      : { authorityRoots: authorityRoot.map((key) => parseBase64url('--authority-root', key, 32)) }),
    updateSchemes: options.updateSchemes === true,
    testRoster: options.testRoster === true,
  };
  if (changes.testRoster === true && !config.allowTestRoster) {
    throw badInput('--test-roster', 'a registry whose configuration says allowTestRoster');
  }
  const roster = draftRoster(changes, predecessor);
  writeJson(out, rosterDraftSchema, { format: 'blindmark-roster-draft-v1', roster }, 0o644);
  say(
    `Wrote ${out}, whose hash is ${formatBase64url(rosterHash(roster))}. Next: each guardian runs sign-roster on it.`,
  );
}

function publish(options: { folder: string; draft: string; signature: readonly string[] }): void {
  const { folder } = options;
  const signatures = options.signature.map((path) => readJson(path, rosterSignatureSchema));
  const { current } = publishRoster(folder, readJson(options.draft, rosterDraftSchema), signatures);
  const { rosterFingerprint } = readConfig(folder);
  say(`Published version ${current.roster.version} of the roster. Restart the registry to serve it.`);
  say(`Fingerprint: ${formatBase64url(rosterFingerprint as Uint8Array)}`);
}

async function status({ folder }: { folder: string }): Promise<void> {
  const { current } = loadRoster(folder, readConfig(folder));
  for (const line of await withStores(folder, async ({ log }) => describeLog(log, current.roster))) say(line);
}

function key({ folder }: { folder: string }): void {
  const { current } = loadRoster(folder, readConfig(folder));
  for (const line of verifierKeys(current.roster)) say(line);
}

async function serve(options: { folder: string; port?: number; stopWithStdin?: true }): Promise<void> {
  const log = createLog('registry');
  const service = await serveRegistry(options.folder, { port: options.port, log });
  stopOnSignals(service, log, options.stopWithStdin === true);
}

/** `blindmark-registry` with all its commands. One parses one command line: make another for the next. */
export function createProgram(): Command {
  const program = createCommand('blindmark-registry', 'The registry: keeps registrations that nobody can browse.');

  program
    .command('init')
    .description('makes a configuration')
    .option(...FOLDER_OPTION)
    .requiredOption('--origin <name>', 'the registry’s name, for ever: it goes into every hash and signature')
    .requiredOption('--url <url>', 'where clients reach the registry')
    .option('--host <address>', 'where it listens', '127.0.0.1')
    .option('--port <number>', 'where it listens', parsePort, DEFAULT_PORT)
    .option('--guardian <id=url>', 'where a guardian is reached; once for each', collect, [])
    .option('--allow-test-roster', 'take a roster whose codes are not protected by stretching')
    .option('--pages <folder>', 'where the pages that it serves are built; default: this project’s own, once they are')
    .option('--no-pages', 'serve the interface alone')
    .action(init);

  program
    .command('draft-roster')
    .description('drafts the first roster, or the next: what is not named stays as it is')
    .option(...FOLDER_OPTION)
    .requiredOption('--out <file>', 'where the draft goes')
    .option('--key-generation <file>', 'key-generation.json of a new epoch; the first roster needs one')
    .option('--decryption-key-generation <file>', 'the same for contact envelopes: a second key of that epoch')
    .option(
      '--successor-log <file>',
      'the log has forked or lost entries: begin another after this last cosigned checkpoint; once for each guardian’s copy',
      collect,
      [],
    )
    .option('--stretch-memory <KiB>', 'Argon2id memory of the new epoch', parseCount, STRETCH_FLOOR.memoryKiB)
    .option('--stretch-passes <number>', 'Argon2id passes of the new epoch', parseCount, STRETCH_FLOOR.passes)
    .option('--stretch-lanes <number>', 'Argon2id lanes of the new epoch', parseCount, STRETCH_FLOOR.lanes)
    .option('--retire-epoch <number>', 'an epoch that is not looked up any more', collectIntegers, [])
    .option('--issuer <file>', 'an issuer’s card.json: added, or put in its place', collect, [])
    .option('--remove-issuer <id>', 'an issuer whose tokens count no more', collect, [])
    .option('--force <file>', 'a force, or a list of forces: added, or put in their place', collect, [])
    .option('--remove-force <id>', 'a force whose officers count no more', collect, [])
    .option('--authority-root <key>', 'a public key that certifies forces; those named replace all', collect, [])
    .option('--update-schemes', 'take the schemes and makers’ names of this program')
    .option('--test-roster', 'set the stretching floor aside: for tests alone')
    .action(draft);

  program
    .command('publish-roster')
    .description('takes a draft that enough guardians have signed into the roster')
    .option(...FOLDER_OPTION)
    .requiredOption('--draft <file>', 'the draft')
    .requiredOption('--signature <file>', 'a guardian’s signature; once for each', collect, [])
    .action(publish);

  const logCommand = program.command('log').description('what an operator asks of the public log');

  logCommand
    .command('status')
    .description('says how far the log goes, and who has cosigned it, as the database has it')
    .option(...FOLDER_OPTION)
    .action(status);

  logCommand
    .command('key')
    .description('prints the verifier keys of the log and of its witnesses, for C2SP tools')
    .option(...FOLDER_OPTION)
    .action(key);

  program
    .command('serve')
    .description('runs the registry')
    .option(...FOLDER_OPTION)
    .option('--port <number>', 'in place of the configuration’s; 0 takes a free one', parsePort)
    .option('--stop-with-stdin', 'stop when standard input ends')
    .action(serve);
  return program;
}
