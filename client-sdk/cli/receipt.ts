/** `blindmark receipt`: proof of a registration for others, made and verified without asking anybody. */
import type { Command } from 'commander';
import { formatBase64url, parseUtf8 } from '../../crypto/bytes.ts';
import { formatCode } from '../../crypto/canonical.ts';
import type { VerifiedDisclosure } from '../../crypto/disclosure.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { formatHour, type EntryKind, type LogEntry } from '../../crypto/log-entry.ts';
import type { VerifiedReceipt } from '../../crypto/receipt.ts';
import { parseRosterFingerprint } from '../../crypto/roster.ts';
import { argon2idNode } from '../node/argon2id.ts';
import { readBytes, writeFile } from '../node/files.ts';
import { readRegistryFile } from '../node/index.ts';
import { verifyEvidence, type VerifiedEvidence, type VerifiedHit } from '../evidence-check.ts';
import { isEvidenceFile, parseEvidenceFile, recordOfFound } from '../evidence.ts';
import {
  createDisclosureFile,
  formatProofFile,
  parseProofFile,
  verifyProofFile,
  type VerifiedProof,
} from '../receipts.ts';
import { createCommand } from './command.ts';
import { readEntryIndex, type ReceiptOptions } from './history.ts';
import { describeItem } from './items.ts';
import { createOutput, formatCount, formatDate, formatMoment, type Output } from './output.ts';
import { confirm } from './prompts.ts';
import { codeCommand, codeOf, describeStatus, withKeptMark } from './vault-command.ts';

interface VerifyOptions {
  readonly fingerprint?: string;
  readonly registryFile?: string;
  readonly json?: boolean;
}

interface DiscloseOptions extends ReceiptOptions {
  readonly yes?: boolean;
}

function readFingerprint({ fingerprint, registryFile }: VerifyOptions): Uint8Array {
  if (fingerprint !== undefined && registryFile === undefined) return parseRosterFingerprint(fingerprint);
  if (registryFile !== undefined && fingerprint === undefined) return readRegistryFile(registryFile).rosterFingerprint;
  throw badInput('fingerprint', 'the registry’s fingerprint, with --fingerprint or --registry-file');
}

const KIND_WORDS: Readonly<Partial<Record<EntryKind, string>>> = {
  registration: 'that something was registered',
  match: 'that an officer’s lookup found a registration',
  opening: 'that two officers had a registration’s contact opened',
  delayed: 'something whose fields are hidden for now',
  reveal: 'what was hidden at first',
};

const ACTION_WORDS = {
  status: 'that a registration’s status was changed',
  replace: 'that a registration’s description or contact was replaced',
  withdraw: 'that a registration was withdrawn',
} as const;

function describeKind(entry: LogEntry): string {
  if (entry.kind === 'action') return ACTION_WORDS[entry.action];
  return KIND_WORDS[entry.kind] ?? `a ${entry.kind}`;
}

/** What is proven of a code, in the words of a court. */
function describeDisclosed({ scheme, canonical, row, items }: VerifiedDisclosure, receipt: VerifiedReceipt): string {
  const code = formatCode(receipt.roster.roster.schemes, scheme, canonical);
  const described = items.map(describeItem).join('; ');
  return `the code ${code} (${scheme}) as registered on ${formatDate(row.registeredOn)}, ${describeStatus(row.status)}, for ${described}, by the holder of the disclosed key`;
}

/** What a file proves, in one sentence. */
function describeProof({ origin, index, receipt, disclosure }: VerifiedProof): string {
  const { entry, cosignedAt, guardians } = receipt;
  const what = disclosure === null ? describeKind(entry) : describeDisclosed(disclosure, receipt);
  const limit = disclosure === null ? '; of which code and for whom, this receipt does not say' : '';
  return `Verified: by ${formatMoment(cosignedAt)} the guardians ${guardians.join(', ')} had vouched that entry ${index} of the public log of ${origin} records ${what}${limit}.`;
}

function recordOfProof({ origin, index, receipt, disclosure }: VerifiedProof): Record<string, unknown> {
  const { entry, cosignedAt, guardians, checkpoint, roster } = receipt;
  return {
    verified: true,
    origin,
    index,
    kind: entry.kind,
    ...(entry.kind === 'action' ? { action: entry.action } : {}),
    hour: formatHour(entry.hour),
    cosignedAt: new Date(cosignedAt * 1000).toISOString(),
    guardians,
    size: checkpoint.size,
    ...(roster.roster.testRoster === true ? { testRoster: true } : {}),
    ...(disclosure === null
      ? {}
      : {
          scheme: disclosure.scheme,
          code: disclosure.canonical,
          items: disclosure.items,
          status: disclosure.row.status,
          version: disclosure.row.version,
          registeredOn: disclosure.row.registeredOn,
          ownerPublicKey: formatBase64url(disclosure.ownerPublicKey),
        }),
  };
}

function describeHit({ label, reading, found }: VerifiedHit): string {
  const { scheme, code, status, items, registeredOn, registeredBefore, evidence } = found;
  const named = label === '' ? reading : `${label}, ${reading}`;
  const before = formatMoment(Date.parse(registeredBefore) / 1000);
  const { registered, match, lookup } = evidence;
  return [
    `  ${named}: ${code} (${scheme}), ${describeStatus(status)}, registered on ${formatDate(registeredOn)}`,
    ...items.map((item) => `    ${describeItem(item)}`),
    `    in the public log before ${before} (entry ${registered.logged.index}); shown by entry ${match.logged.index}, for the lookup in entry ${lookup}`,
  ].join('\n');
}

/** What is verified of an evidence file, and what is not. */
function describeEvidence(evidence: VerifiedEvidence): string {
  const { origin, caseReference, force, officer, lookups, hits, misses, unsure, notAsked, openings } = evidence;
  const counted = (count: number, what: string): string[] =>
    count === 0 ? [] : [`${formatCount(count, 'reading')}: ${what}`];
  return [
    `Verified: officer ${officer} of ${force} made ${formatCount(lookups.length, 'lookup')} at ${origin} for case ${caseReference}, in entries ${lookups.map(({ index }) => index).join(', ')} of its public log.`,
    ...(hits.length > 0 ? ['Registrations, each as its owner signed it, that were shown there:'] : []),
    ...hits.map(describeHit),
    ...counted(misses, 'the registry showed no registration. No file proves that there is none.'),
    ...counted(unsure, 'something was found that did not verify.'),
    ...counted(notAsked, 'not looked up.'),
    ...(openings > 0 ? [`${formatCount(openings, 'opening')}: named in the file, and not proven by it.`] : []),
    'Which reading goes with which exhibit, and that a code leads to its registration, the officer says. A registration is a claim that was made on its date; it is no proof of title.',
  ].join('\n');
}

function recordOfEvidence(evidence: VerifiedEvidence): Record<string, unknown> {
  const { isTestRegistry, hits, ...rest } = evidence;
  return {
    verified: true,
    ...rest,
    hits: hits.map(({ label, reading, found }) => ({ label, reading, registration: recordOfFound(found) })),
    ...(isTestRegistry ? { testRoster: true } : {}),
  };
}

function printEvidence(evidence: VerifiedEvidence, output: Output): void {
  output.result(recordOfEvidence(evidence), describeEvidence(evidence));
  if (evidence.isTestRegistry) output.remark('The registry says that it is one for tests.');
}

async function verify(path: string, options: VerifyOptions): Promise<void> {
  const output = createOutput(options.json === true);
  const fingerprint = readFingerprint(options);
  const text = parseUtf8('file', readBytes(path));
  if (isEvidenceFile(text)) {
    printEvidence(verifyEvidence(parseEvidenceFile(text), fingerprint), output);
    return;
  }
  const file = parseProofFile(text);
  const proof = await verifyProofFile(file, fingerprint, argon2idNode);
  output.result(recordOfProof(proof), describeProof(proof));
  if (proof.receipt.roster.roster.testRoster === true) output.remark('The registry says that it is one for tests.');
}

async function disclose(argument: string | undefined, options: DiscloseOptions): Promise<void> {
  const code = codeOf(argument, options);
  const index = readEntryIndex(options.entry);
  await withKeptMark(code, options, async (vault, mark, output) => {
    const file = await createDisclosureFile(vault, mark, index);
    const question = `Write the code and its items into ${options.out}, where whoever has the file can read them?`;
    const isAllowed = options.yes === true || (await confirm(question, 'Allow it with --yes.'));
    if (!isAllowed) throw new BlindmarkError('cancelled', 'Nothing was written');
    writeFile(options.out, formatProofFile(file));
    output.result(
      { out: options.out },
      `${options.out}: what proves this registration, for a court. It holds the code; hand it to nobody else. Anyone verifies it with blindmark receipt verify.`,
    );
  });
}

/** `blindmark receipt`. */
export function receiptCommand(): Command {
  return createCommand('receipt', 'proof of a registration for others, without asking anybody')
    .addCommand(
      createCommand('verify', 'say what a receipt, a disclosure or an officer’s evidence proves; asks nobody')
        .argument(
          '<file>',
          'what blindmark owner receipt or blindmark receipt disclose wrote, or the police pages saved',
        )
        .option('--fingerprint <text>', 'the registry’s fingerprint, from somebody you trust')
        .option('--registry-file <file>', 'a registry file with that fingerprint')
        .option('--json', 'print JSON')
        .action(verify),
    )
    .addCommand(
      codeCommand('disclose', 'write what proves that a registration is of this code and these items; asks no registry')
        .requiredOption('--out <file>', 'where to write it')
        .option('--entry <n>', 'as of which entry of the log; default: the first whose registration the vault has kept')
        .option('--yes', 'write the code into the file without asking')
        .action(disclose),
    );
}
