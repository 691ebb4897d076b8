/** `blindmark officer`: looking up readings. */
import type { Command } from 'commander';
import { appendFileSync, existsSync } from 'node:fs';
import { formatBase64url, parseBase64url, parseUtf8, randomBytes } from '../../crypto/bytes.ts';
import { officerFileSchema } from '../../crypto/credential-files.ts';
import { badInput, BlindmarkError, EXIT_CODES, isBlindmarkError } from '../../crypto/errors.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { caseRecordsOf } from '../case-file.ts';
import { evidenceOf } from '../evidence.ts';
import type { FoundRegistration } from '../found.ts';
import { readBytes, unwritable } from '../node/files.ts';
import { checkCaseReference, Officer, type LookupFailure, type LookupReading, type LookupResult } from '../officer.ts';
import { checkCodeCell, parseTable } from '../tables.ts';
import { createCaseKeeper } from './case-keeper.ts';
import { createCommand, describeError, noteFailure, signalOfInterrupt } from './command.ts';
import { connectOptions } from './connection.ts';
import { describeItem } from './items.ts';
import { openingCommands } from './openings.ts';
import { createOutput, formatCount, formatDate, formatMoment, formatNumber, type Output } from './output.ts';
import { readCredential, readSecret } from './secrets.ts';
import { describeStatus } from './vault-command.ts';

interface LookupCommandOptions {
  readonly credential: string;
  readonly case?: string;
  readonly from?: string;
  readonly scheme?: string;
  readonly maxCandidates?: string;
  readonly dryRun?: boolean;
  readonly resume?: string;
  readonly caseFile?: string;
  readonly json?: boolean;
}

/** Readings of a table, and rows that can't be one. */
function readingsOfTable(
  path: string,
  scheme: string | undefined,
): { readings: LookupReading[]; failures: LookupFailure[] } {
  const { rows, columns } = parseTable(path, readBytes(path), []);
  const column = ['read', 'reading', 'code'].find((name) => columns.includes(name));
  if (column === undefined) {
    throw new BlindmarkError('badFile', `${path}: there is no column read`, {
      field: path,
      remedy: 'The first line names the columns; the one with the readings is called read.',
    });
  }
  const readings: LookupReading[] = [];
  const failures: LookupFailure[] = [];
  for (const row of rows) {
    const id = row.cells['id'] || `row ${row.number}`;
    try {
      const reading = checkCodeCell(row, column);
      readings.push({ id, reading, scheme: row.cells['scheme'] || scheme, leadingZerosLost: true });
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      failures.push({ id, error });
    }
  }
  return { readings, failures };
}

function recordOf(result: LookupResult): Record<string, unknown> {
  return { id: result.id, ...evidenceOf(result, result.refusals.map(describeError)) };
}

function wordsOfLog({ registeredBefore, evidence }: FoundRegistration): string {
  const before = formatMoment(Date.parse(registeredBefore) / 1000);
  const { registered, match, lookup } = evidence;
  return `in the public log before ${before} (entry ${registered.logged.index}); shown to you by entry ${match.logged.index}, for your lookup in entry ${lookup}`;
}

function wordsOf(result: LookupResult): string {
  const { id, candidates, registrations, omitted, misread, refused, refusals } = result;
  const asked = candidates === 1 ? '' : ` (${formatCount(candidates, 'possible code')} asked for)`;
  const byCode = Map.groupBy(registrations, ({ scheme, code }) => `${code} (${scheme})`);
  const lines = [...byCode].flatMap(([code, claims]) =>
    claims.map((found, i) => {
      const { status, items, registeredOn, hasContact } = found;
      const claim = claims.length > 1 ? `, claim ${i + 1} of ${claims.length}` : '';
      const described = items.map((item) => `\n    ${describeItem(item)}`).join('');
      const contact = hasContact ? '\n    two officers can have its contact opened: blindmark officer open' : '';
      return `  ${code}${claim}: ${describeStatus(status)}, registered on ${formatDate(registeredOn)}${described}\n    ${wordsOfLog(found)}${contact}`;
    }),
  );
  const left = omitted.map(
    ({ count, schemeIds }) =>
      `  not asked for: ${formatCount(count, 'less likely code')} of ${schemeIds.join(', ')}; read more characters, or raise --max-candidates`,
  );
  const doubtful = misread.map(
    (scheme) => `  it looks like a ${scheme} code, but its check characters do not match: if it is one, it was misread`,
  );
  const altered =
    refused === 0
      ? []
      : [
          `  ${formatCount(refused, 'registration')} does not verify, and is not shown: altered since, or sealed so on purpose`,
          ...new Set(refusals.map(({ message }) => `    ${message}`)),
        ];
  const missed = refused > 0 ? 'CANNOT TELL' : 'not registered';
  const verdict = registrations.length > 0 ? 'REGISTERED' : missed;
  return [`${id}: ${verdict}${asked}`, ...lines, ...doubtful, ...left, ...altered].join('\n');
}

/** What a result in a resumed file is recognised by: everything that was asked, under a salt of its own. */
function resumeKey(reading: LookupReading, context: readonly string[], salt: Uint8Array): string {
  const { id, reading: text, scheme = '' } = reading;
  return formatBase64url(labelledHash('resume', salt, id, text, scheme, ...context));
}

/** The results that an earlier run has written, by id: JSON lines. */
function readResults(path: string): Map<string, { salt: string; key: string }[]> {
  const results = new Map<string, { salt: string; key: string }[]>();
  if (!existsSync(path)) return results;
  for (const line of parseUtf8('file', readBytes(path)).split('\n')) {
    try {
      const { id, resume } = JSON.parse(line) as { id: string; resume: { salt: string; key: string } };
      results.set(id, [...(results.get(id) ?? []), { salt: resume.salt, key: resume.key }]);
    } catch {
      // A torn last line: its row is asked for again.
    }
  }
  return results;
}

/** Leaves out what was looked up before: the same reading for the same case at the same registry. */
function withoutDone(readings: readonly LookupReading[], path: string, context: readonly string[]): LookupReading[] {
  const results = readResults(path);
  return readings.filter((reading) => {
    const same = (results.get(reading.id) ?? []).some(
      ({ salt, key }) => resumeKey(reading, context, parseBase64url('resume', salt)) === key,
    );
    return !same;
  });
}

/** Keeps results in a file, each on a line of its own, whatever became of the line before. */
function createKeeper(path: string, readings: readonly LookupReading[], context: readonly string[]) {
  const pending = Map.groupBy(readings, (reading) => reading.id);
  let before = existsSync(path) && !parseUtf8('file', readBytes(path)).endsWith('\n') ? '\n' : '';
  return (record: Record<string, unknown>): void => {
    const reading = pending.get(record['id'] as string)?.shift();
    if (reading === undefined) return;
    const salt = randomBytes(16);
    const resume = { salt: formatBase64url(salt), key: resumeKey(reading, context, salt) };
    try {
      appendFileSync(path, `${before}${JSON.stringify({ ...record, resume })}\n`, { mode: 0o600 });
    } catch (cause) {
      throw unwritable(path, cause);
    }
    before = '';
  };
}

function readMaxCandidates(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100_000)
    throw badInput('max-candidates', 'a whole number from 1 to 100,000');
  return value;
}

async function lookup(given: string[], options: LookupCommandOptions): Promise<void> {
  const output = createOutput(options.json === true);
  const signal = signalOfInterrupt();
  const typed = given.map((reading, i): LookupReading => ({ id: String(i + 1), reading, scheme: options.scheme }));
  const table =
    options.from === undefined ? { readings: [], failures: [] } : readingsOfTable(options.from, options.scheme);
  const all = [...typed, ...table.readings];
  if (all.length + table.failures.length === 0) throw badInput('reading', 'a reading, or a table with --from');
  for (const failure of table.failures) reportFailure(failure, output);
  const file = await readCredential(options.credential, officerFileSchema, 'officer');
  const officer = await Officer.connect(file, connectOptions(output, signal));
  if (options.dryRun === true) {
    const { codes } = officer.plan(all, readMaxCandidates(options.maxCandidates));
    const text = `${formatCount(all.length, 'reading')}: ${formatCount(codes, 'code')} to ask for. Nothing was asked.`;
    output.result({ readings: all.length, codes }, text);
    return;
  }
  const caseReference = checkCaseReference(
    options.case ??
      (await readSecret({ name: 'case reference', variable: 'BLINDMARK_CASE', prompt: 'Case reference:' })),
  );
  const context = [caseReference, formatBase64url(file.rosterFingerprint)];
  const { resume } = options;
  const readings = resume === undefined ? all : withoutDone(all, resume, context);
  if (readings.length < all.length) {
    output.remark(`${formatCount(all.length - readings.length, 'reading')} looked up before, and left out.`);
  }
  const keep = resume === undefined ? () => undefined : createKeeper(resume, readings, context);
  const { caseFile } = options;
  const keepHits = caseFile === undefined ? () => undefined : createCaseKeeper(caseFile, file.seed);
  const facts = { origin: officer.registry.roster.roster.origin, caseReference };
  const plan = officer.plan(readings, readMaxCandidates(options.maxCandidates));
  output.remark(
    `${formatCount(readings.length, 'reading')}: ${formatCount(plan.codes, 'code')} to ask for, each counted against the day’s quota.`,
  );
  let hits = 0;
  try {
    for await (const result of officer.lookup(plan, { caseReference, signal, onProgress: output.onProgress })) {
      if ('error' in result) {
        reportFailure(result, output);
        continue;
      }
      if (result.result === 'hit') hits += 1;
      if (result.refused > 0) process.exitCode = Math.max(Number(process.exitCode ?? 0), EXIT_CODES.refused);
      keepHits(caseRecordsOf(result, facts));
      const record = recordOf(result);
      output.result(record, wordsOf(result));
      keep(record);
    }
  } finally {
    output.endProgress();
  }
  output.remark(
    `${formatNumber(hits)} of ${formatCount(readings.length, 'reading')} registered. A registration is a claim that was made on its date; it is no proof of title.`,
  );
}

function reportFailure({ id, error }: LookupFailure, output: Output): void {
  noteFailure(error);
  output.result({ id, error: describeError(error) }, `${id}: not looked up. ${error.message} ${error.remedy ?? ''}`);
}

/** `blindmark officer`. */
export function officerCommand(): Command {
  const command = createCommand('officer', 'look up what was read off recovered items, and reach their keepers');
  command.addCommand(
    createCommand('lookup', 'say of readings whether they are registered, and what they are')
      .argument('[readings...]', 'as read: ? for an unread character, [8B] for one of these')
      .requiredOption('--credential <file>', 'the officer’s credential of this shift')
      .option('--case <reference>', 'the case, at most 64 characters; only a salted hash of it leaves this machine')
      .option('--from <file>', 'a table of readings: id, scheme, read')
      .option('--scheme <scheme>', 'the scheme, where it is known; default: every one that fits')
      .option('--max-candidates <n>', 'most codes that one reading may stand for; default: 256')
      .option('--dry-run', 'only say how many codes would be asked for')
      .option('--resume <file>', 'keep results in this file, and leave out rows that it holds already')
      .option(
        '--case-file <file>',
        'keep each hit in this file, sealed to the credential: what officer open needs, and what proves the hit',
      )
      .option('--json', 'print JSON, one object a line')
      .action(lookup),
  );
  for (const subcommand of openingCommands()) command.addCommand(subcommand);
  return command;
}
