/** `blindmark authority revoke`, `revocations` and `explanation`: what a force does beside certifying its officers. */
import { Option, type Command } from 'commander';
import { existsSync } from 'node:fs';
import { parseBase64url } from '../../crypto/bytes.ts';
import {
  forceFileSchema,
  formatCredentialFile,
  officerFileSchema,
  parseCredentialFile,
  type ForceFile,
} from '../../crypto/credential-files.ts';
import { officerCredentialHash, officerThumbprint } from '../../crypto/credential.ts';
import { badInput, BlindmarkError, isBlindmarkError } from '../../crypto/errors.ts';
import { identifierField, parseMessage } from '../../crypto/message.ts';
import { pseudonymHash } from '../../crypto/revocation-list.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { JsonClient } from '../http.ts';
import { readExplanation } from '../explanations.ts';
import { readBytes, writeFile } from '../node/files.ts';
import { readRegistryFile } from '../node/index.ts';
import {
  addRevoked,
  createRevokedFile,
  currentlyRevoked,
  keepPublishing,
  publishRevoked,
  revokedFileSchema,
  type PublishOutcome,
  type Revoked,
  type RevokedFile,
} from '../revocations.ts';
import { createCommand, describeError } from './command.ts';
import { connect } from './connection.ts';
import { createOutput, formatCount, type Output } from './output.ts';
import { readCredential } from './secrets.ts';

const now = (): number => Math.floor(Date.now() / 1000);

interface RevokeOptions {
  readonly revoked: string;
  readonly force?: string;
  readonly credential?: string[];
  readonly pseudonym?: string[];
  readonly key?: string[];
  readonly json?: boolean;
}

interface PublishOptions {
  readonly revoked: string;
  readonly force: string;
  readonly registryFile: string;
  readonly every?: string;
  readonly once?: boolean;
  readonly stopWithStdin?: boolean;
  readonly json?: boolean;
}

interface ExplanationOptions {
  readonly force: string;
  readonly registryFile: string;
  readonly json?: boolean;
}

async function readForce(path: string): Promise<ForceFile> {
  return readCredential(path, forceFileSchema, 'force');
}

const readRevoked = (path: string): RevokedFile => parseCredentialFile(revokedFileSchema, path, readBytes(path));

/** The list in its file; a new one where there is none and the force's file says whose it is to be. */
async function readOrBegin({ revoked, force }: RevokeOptions): Promise<RevokedFile> {
  if (existsSync(revoked)) return readRevoked(revoked);
  if (force !== undefined) return createRevokedFile(await readForce(force));
  throw new BlindmarkError('badFile', `${revoked}: there is no such file`, {
    field: revoked,
    remedy: 'Check the name; or begin a new list by naming the force’s file with --force.',
  });
}

type Entry = Omit<Revoked, 'since'>;

/** Key and credential of an officer's file: whoever has it could use both. */
async function entriesOfCredential(path: string): Promise<Entry[]> {
  const { seed, officerCredential } = await readCredential(path, officerFileSchema, 'officer');
  return [
    { kind: 'key', hash: officerThumbprint(createSigningKey(seed).publicKey) },
    { kind: 'credential', hash: officerCredentialHash(officerCredential) },
  ];
}

async function revoke(options: RevokeOptions): Promise<void> {
  const output = createOutput(options.json === true);
  const { credential = [], pseudonym = [], key = [] } = options;
  const isNew = !existsSync(options.revoked);
  const file = await readOrBegin(options);
  const entries: Entry[] = [
    ...(await Promise.all(credential.map(entriesOfCredential))).flat(),
    ...pseudonym.map((name): Entry => {
      return { kind: 'pseudonym', hash: pseudonymHash(file.force, parseMessage(identifierField, name, 'pseudonym')) };
    }),
    ...key.map((text): Entry => ({ kind: 'key', hash: officerThumbprint(parseBase64url('key', text.trim(), 32)) })),
  ];
  if (entries.length === 0 && !isNew)
    throw badInput('credential', 'what to revoke: --credential, --pseudonym or --key');
  const changed = addRevoked(file, entries, now());
  writeFile(options.revoked, formatCredentialFile(revokedFileSchema, changed));
  const count = currentlyRevoked(changed, now()).length;
  const words =
    entries.length === 0
      ? `${options.revoked}: a new list, with nothing revoked.`
      : `${options.revoked}: ${formatCount(count, 'revocation')}. It counts once it is published: blindmark authority revocations does so within seconds where it runs.`;
  output.result({ revoked: options.revoked, added: entries.length, published: count }, words);
}

/** Ends the work in order: by Ctrl-C, by the system, or when whoever started the program is gone. */
function stopSignal(withStdin: boolean): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort();
    process.stdin.pause();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  if (withStdin) process.stdin.once('end', stop).once('error', stop).resume();
  return controller.signal;
}

function reportRound(outcome: PublishOutcome, output: Output): void {
  const { at } = outcome;
  if ('error' in outcome) {
    const { error, retryInSeconds } = outcome;
    output.result(
      { at, error: describeError(error), retryInSeconds },
      `Not published: ${error.message}. Trying again in ${formatCount(retryInSeconds, 'second')}.`,
    );
    return;
  }
  const { result, revoked } = outcome;
  output.result({ at, result, revoked }, `Published: ${formatCount(revoked, 'revocation')}.`);
}

async function publish(options: PublishOptions): Promise<void> {
  const output = createOutput(options.json === true);
  const force = await readForce(options.force);
  const { url } = readRegistryFile(options.registryFile);
  const publisher = { http: new JsonClient(), url, force };
  const read = (): RevokedFile => readRevoked(options.revoked);
  // Mistakes in use end the command; whatever goes wrong later does not.
  const file = read();
  const signal = stopSignal(options.stopWithStdin === true);
  if (options.once === true) {
    const at = now();
    const result = await publishRevoked(publisher, file, at, signal);
    reportRound({ at, result, revoked: currentlyRevoked(file, at).length }, output);
    process.stdin.pause();
    return;
  }
  const everySeconds = options.every === undefined ? undefined : Number(options.every);
  try {
    for await (const outcome of keepPublishing(publisher, { read, everySeconds, signal })) reportRound(outcome, output);
  } catch (error) {
    if (!isBlindmarkError(error, 'cancelled')) throw error;
    output.remark('Stopped. After 15 minutes without a new list, no guardian answers this force’s officers.');
  }
}

async function explanation(token: string, options: ExplanationOptions): Promise<void> {
  const output = createOutput(options.json === true);
  const force = await readForce(options.force);
  const signal = stopSignal(false);
  const registry = await connect(readRegistryFile(options.registryFile), output, signal, false);
  const { text, askedBy, reason, match } = await readExplanation(registry, token, force, signal);
  output.result(
    { explanation: text, askedBy, reason, match },
    `Officer ${askedBy}, match ${match}, ${reason}: ${text === '' ? 'no explanation was given.' : text}`,
  );
}

const collect = (value: string, values: string[] = []): string[] => [...values, value];
const LIST = ['--revoked <file>', 'the force’s list of what is revoked: revoked.json'] as const;

/** The commands of `blindmark authority` about revocations and openings. */
export function forceCommands(): Command[] {
  return [
    createCommand('revoke', 'revoke an officer’s key, credential or pseudonym, in the force’s list')
      .requiredOption(...LIST)
      .option('--force <file>', 'the force’s key: begins a new list')
      .option('--credential <file>', 'the officer’s file: its key and its credential', collect)
      .option('--pseudonym <name>', 'every credential under this pseudonym', collect)
      .option('--key <key>', 'the officer’s public key (base64url)', collect)
      .option('--json', 'print JSON')
      .action(revoke),
    createCommand('revocations', 'sign and publish the force’s list, again and again; without it no guardian answers')
      .requiredOption('--force <file>', 'the force’s key')
      .requiredOption('--registry-file <file>', 'the registry’s address and fingerprint')
      .requiredOption(...LIST)
      .option('--every <seconds>', 'how often, beside whenever the list changes; default: 300, most: 600')
      .option('--once', 'publish it once, and end')
      .addOption(new Option('--stop-with-stdin', 'stop when standard input ends'))
      .option('--json', 'print JSON, one object a line')
      .action(publish),
    createCommand('explanation', 'read what an officer wrote to the force about an opening')
      .argument('<token>', 'what blindmark officer open printed')
      .requiredOption('--force <file>', 'the force’s key')
      .requiredOption('--registry-file <file>', 'the registry’s address and fingerprint')
      .option('--json', 'print JSON')
      .action(explanation),
  ];
}
