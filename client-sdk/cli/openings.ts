/** `blindmark officer open`, `approve`, `contact` and `message`: from a hit to its keeper, by two officers. */
import { Option, type Command } from 'commander';
import { parseUtf8 } from '../../crypto/bytes.ts';
import { officerFileSchema, type OfficerFile } from '../../crypto/credential-files.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { formatHour } from '../../crypto/log-entry.ts';
import { REASONS, type Reason } from '../../crypto/opening.ts';
import type { Fault } from '../../crypto/wire.ts';
import { findCaseRecord, openCaseFile, type CaseRecord } from '../case-file.ts';
import { pause } from '../http.ts';
import { readBytes } from '../node/files.ts';
import { checkCaseReference } from '../officer.ts';
import { Openings, type LoggedOpening, type OpeningOutcome, type OpeningToApprove } from '../openings.ts';
import { createCommand, signalOfInterrupt } from './command.ts';
import { connectOptions } from './connection.ts';
import { describeContact, recordOfContact } from './contact.ts';
import { createOutput, formatCount, formatMoment, type Output } from './output.ts';
import { confirm, withQuestions } from './prompts.ts';
import { readCredential, readSecret } from './secrets.ts';

interface CommonOptions {
  readonly credential: string;
  readonly json?: boolean;
}

interface HitOptions extends CommonOptions {
  readonly caseFile: string;
  readonly match?: string;
}

interface OpenOptions extends HitOptions {
  readonly case?: string;
  readonly reason: Reason;
  readonly explanation?: string;
  readonly explanationFile?: string;
  readonly hours?: string;
}

interface ApproveOptions extends CommonOptions {
  readonly case?: string;
  readonly yes?: boolean;
  readonly show?: boolean;
}

interface ContactCommandOptions extends HitOptions {
  readonly wait?: boolean;
}

interface MessageOptions extends HitOptions {
  readonly textFile?: string;
  readonly replyTo?: string;
}

const REASON_WORDS: Readonly<Record<Reason, string>> = {
  returnProperty: 'to return property',
  suspectedTheft: 'on suspicion of theft',
  safety: 'for somebody’s safety',
  courtOrder: 'by order of a court',
  other: 'for another reason, explained to the force',
};

/** Milliseconds between two looks at an opening that is waited for. */
const LOOK_MS = 3000;

/** An officer's credential, connected, with what commands print by. */
interface Session {
  readonly file: OfficerFile;
  readonly openings: Openings;
  readonly output: Output;
  readonly signal: AbortSignal;
}

async function connect(options: CommonOptions): Promise<Session> {
  const output = createOutput(options.json === true);
  const signal = signalOfInterrupt();
  const file = await readCredential(options.credential, officerFileSchema, 'officer');
  return { file, openings: await Openings.connect(file, connectOptions(output, signal)), output, signal };
}

function readMatch(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/u.test(text)) throw badInput('match', 'the number of the match’s entry, as the lookup printed it');
  return Number(text);
}

function readHit(options: HitOptions, seed: Uint8Array, match = readMatch(options.match)): CaseRecord {
  return findCaseRecord(openCaseFile(parseUtf8('case-file', readBytes(options.caseFile)), seed), { match });
}

async function readCase(given: string | undefined): Promise<string> {
  const source = { name: 'case reference', variable: 'BLINDMARK_CASE', prompt: 'Case reference:' };
  return checkCaseReference(given ?? (await readSecret(source)));
}

async function readExplanation(options: OpenOptions): Promise<string> {
  const { explanation, explanationFile, reason } = options;
  if (explanation !== undefined && explanationFile !== undefined) {
    throw badInput('explanation', 'nothing beside --explanation-file');
  }
  if (explanationFile !== undefined) return parseUtf8('explanation', readBytes(explanationFile)).trim();
  if (explanation !== undefined || reason !== 'other') return explanation ?? '';
  const remedy = 'Write it into a file, and name that with --explanation-file.';
  return withQuestions('The reason other needs an explanation', remedy, async (ask) =>
    ask('Explanation, for the force:'),
  );
}

function readSeconds(hours: string | undefined): number | undefined {
  if (hours === undefined) return undefined;
  const value = Number(hours);
  if (!(value > 0) || value > 24) throw badInput('hours', 'a number above 0 and up to 24');
  return Math.round(value * 3600);
}

function formatLeft(seconds: number): string {
  const minutes = Math.max(0, Math.floor(seconds / 60));
  const hours = Math.floor(minutes / 60);
  return hours === 0
    ? formatCount(minutes, 'minute')
    : `${formatCount(hours, 'hour')} ${formatCount(minutes % 60, 'minute')}`;
}

function remarkFaults(faults: readonly Fault[], output: Output): void {
  for (const { guardian, code } of faults) output.remark(`Guardian ${guardian} did not contribute (${code}).`);
}

function wordsOfLogged({ entry, hour, first, second }: LoggedOpening): string {
  return `entry ${entry} of the public log, hour ${formatHour(hour)}: ${first} asked, ${second} approved`;
}

async function open(options: OpenOptions): Promise<void> {
  const explanation = await readExplanation(options);
  const validSeconds = readSeconds(options.hours);
  const { file, openings, output, signal } = await connect(options);
  const hit = readHit(options, file.seed);
  if (options.case !== undefined && checkCaseReference(options.case) !== hit.caseReference) {
    throw badInput('case', 'the case that the hit was looked up for');
  }
  const { token, expiresAt } = await openings.ask(hit, { reason: options.reason, explanation, validSeconds }, signal);
  output.result(
    { token, match: hit.match.index, reason: options.reason, expiresAt },
    `Asked for the contact of match ${hit.match.index}, ${REASON_WORDS[options.reason]}.\n` +
      `Another officer of your force approves it until ${formatMoment(expiresAt)}, knowing the case reference, by\n` +
      `  blindmark officer approve ${token}\n` +
      `Then fetch it: blindmark officer contact ${token}`,
  );
}

function recordOfInspected({
  status,
  reason,
  force,
  askedBy,
  match,
  expiresAt,
}: OpeningToApprove): Record<string, unknown> {
  return { status, reason, force, askedBy, match, expiresAt };
}

function wordsOfInspected(opening: OpeningToApprove, now: number): string {
  const { reason, force, askedBy, match, expiresAt, status } = opening;
  const left = status === 'pending' ? `, ${formatLeft(expiresAt - now)} left` : '';
  return [
    `Officer ${askedBy} of ${force} asks to open the keeper’s contact of match ${match},`,
    `${REASON_WORDS[reason]}, for the case that you named.`,
    `State: ${status}; to be approved until ${formatMoment(expiresAt)}${left}.`,
  ].join('\n');
}

async function approve(token: string, options: ApproveOptions): Promise<void> {
  const caseReference = await readCase(options.case);
  const { openings, output, signal } = await connect(options);
  const opening = await openings.inspect(token, caseReference, signal);
  const shown = wordsOfInspected(opening, openings.registry.now());
  if (options.show === true) {
    output.result(recordOfInspected(opening), shown);
    return;
  }
  if (opening.status === 'expired') throw expired();
  if (opening.status !== 'pending') {
    output.result(recordOfInspected(opening), `${shown}\nIt is approved already; nothing was changed.`);
    return;
  }
  output.remark(shown);
  if (
    options.yes !== true &&
    !(await confirm('Approve it? The log will show it.', 'Read it with --show, then approve it with --yes.'))
  ) {
    throw new BlindmarkError('cancelled', 'Nothing was approved');
  }
  const logged = await openings.approve(opening, signal);
  const said =
    logged === null
      ? 'Approved. Too few guardians have answered yet; the officer who asked can try again later.'
      : `Approved: ${wordsOfLogged(logged)}.`;
  output.result({ ...recordOfInspected(opening), status: logged === null ? 'approved' : 'opened', logged }, said);
}

/** The outcome of an opening; with `wait`, once there is one. */
async function outcomeOf(
  { openings, output, signal }: Session,
  token: string,
  hit: CaseRecord,
  wait: boolean,
): Promise<OpeningOutcome> {
  for (let said = false; ; said = true) {
    const outcome = await openings.contact(token, hit, signal);
    if (outcome.status === 'opened' || outcome.status === 'expired' || !wait) return outcome;
    if (!said)
      output.remark('Waiting for a colleague’s approval and the guardians. Ctrl-C ends the waiting; nothing is lost.');
    await pause(LOOK_MS, signal);
  }
}

function expired(): BlindmarkError {
  return new BlindmarkError('openingExpired', 'Nobody approved the opening in time', {
    remedy: 'Ask for it again with blindmark officer open.',
  });
}

/** @throws BlindmarkError `unavailable` or `openingExpired` for an opening that has not come so far */
function checkOpened(outcome: OpeningOutcome): asserts outcome is Extract<OpeningOutcome, { status: 'opened' }> {
  if (outcome.status === 'opened') return;
  if (outcome.status === 'expired') throw expired();
  const isPending = outcome.status === 'pending';
  throw new BlindmarkError(
    'unavailable',
    isPending
      ? 'No colleague has approved the opening yet'
      : 'The opening is approved, and too few guardians have answered yet',
    {
      remedy: isPending
        ? `It can be approved until ${formatMoment(outcome.expiresAt)}. Ask again later, or wait with --wait.`
        : 'Ask again in a minute, or wait with --wait.',
      guardians: outcome.faults.map(({ guardian }) => guardian),
    },
  );
}

async function contact(token: string, options: ContactCommandOptions): Promise<void> {
  const session = await connect(options);
  const hit = readHit(options, session.file.seed, await matchOf(session, token, options));
  const outcome = await outcomeOf(session, token, hit, options.wait === true);
  checkOpened(outcome);
  remarkFaults(outcome.faults, session.output);
  const { logged } = outcome;
  session.output.result(
    { contact: recordOfContact(outcome.contact), logged },
    `The keeper’s contact:\n${describeContact(outcome.contact)}\nOpened by ${wordsOfLogged(logged)}.`,
  );
  if (outcome.contact.kind === 'relay') session.output.remark(`Leave a message: blindmark officer message ${token}`);
}

/** Which hit of the case file an opening is of: the opening says it, unless the command does. */
async function matchOf({ openings, signal }: Session, token: string, options: HitOptions): Promise<number> {
  return readMatch(options.match) ?? openings.matchOf(token, signal);
}

async function readText(options: MessageOptions): Promise<string> {
  const { textFile } = options;
  if (textFile === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return parseUtf8('text', new Uint8Array(Buffer.concat(chunks))).trim();
  }
  if (textFile !== undefined) return parseUtf8('text', readBytes(textFile)).trim();
  const remedy = 'Write it into a file, and name that with --text-file; - reads standard input.';
  return withQuestions('A text is needed', remedy, async (ask) => ask('Message for the keeper:'));
}

async function message(token: string, options: MessageOptions): Promise<void> {
  const text = await readText(options);
  const session = await connect(options);
  const hit = readHit(options, session.file.seed, await matchOf(session, token, options));
  const outcome = await outcomeOf(session, token, hit, false);
  checkOpened(outcome);
  const { replyTo } = options;
  const sent = { text, ...(replyTo === undefined ? {} : { replyTo }) };
  const result = await session.openings.leaveMessage(token, hit, outcome.contact, sent, session.signal);
  session.output.result(
    { result },
    'Left: the keeper finds it the next time that their client asks the registry. Only the keeper can read it.',
  );
}

const common = (name: string, description: string): Command =>
  createCommand(name, description)
    .requiredOption('--credential <file>', 'the officer’s credential of this shift')
    .option('--json', 'print JSON, one object a line');

const ofHit = (name: string, description: string): Command =>
  common(name, description)
    .requiredOption('--case-file <file>', 'the case file that the lookup wrote')
    .option('--match <entry>', 'the match’s entry in the log, as the lookup printed it');

/** The commands of `blindmark officer` about a keeper's contact. */
export function openingCommands(): Command[] {
  const token = ['<token>', 'what blindmark officer open printed'] as const;
  return [
    ofHit('open', 'ask for the contact of a hit’s keeper; a colleague must approve')
      .addOption(
        new Option('--reason <reason>', 'why; the log does not show it').choices([...REASONS]).makeOptionMandatory(),
      )
      .option('--case <reference>', 'the case; must be the one that the hit was looked up for')
      .option('--explanation-file <file>', 'more, for the force’s records: sealed to the force’s key')
      .option('--explanation <text>', 'the same as an argument, which others on this machine can see')
      .option('--hours <n>', 'how long a colleague may approve it; default: 4, most: 24')
      .action(open),
    common('approve', 'approve a colleague’s opening, after reading what it is')
      .argument(...token)
      .option('--case <reference>', 'the case as you know it; default: BLINDMARK_CASE or a prompt')
      .option('--show', 'only show what would be approved')
      .option('--yes', 'approve without asking')
      .action(approve),
    ofHit('contact', 'fetch what came of an opening, and open the contact on this machine')
      .argument(...token)
      .option('--wait', 'wait until it is approved and opened, or has expired')
      .action(contact),
    ofHit('message', 'leave a message for a keeper who is reached by messages alone')
      .argument(...token)
      .option('--text-file <file>', 'the message; - reads standard input; default: a prompt')
      .option('--reply-to <address>', 'where the keeper may answer: a telephone number, an e-mail address')
      .action(message),
  ];
}
