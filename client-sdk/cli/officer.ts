/** `blindmark officer`: looking up readings. */
import type { Command } from 'commander';
import { appendFileSync, existsSync } from 'node:fs';
import { formatBase64url, parseUtf8 } from '../../crypto/bytes.ts';
import { officerFileSchema } from '../../crypto/credential-files.ts';
import { badInput, BlindmarkError, isBlindmarkError } from '../../crypto/errors.ts';
import { readBytes, unwritable } from '../node/files.ts';
import { Officer, type LookupFailure, type LookupReading, type LookupResult } from '../officer.ts';
import { checkCodeCell, parseTable } from '../tables.ts';
import { createCommand, describeError, noteFailure, signalOfInterrupt } from './command.ts';
import { connectOptions } from './connection.ts';
import { describeItem } from './items.ts';
import { createOutput, formatCount, formatDate, formatNumber, type Output } from './output.ts';
import { describeStatus } from './owner.ts';
import { readCredential, readSecret } from './secrets.ts';

interface LookupCommandOptions {
  readonly credential: string;
  readonly case?: string;
  readonly from?: string;
  readonly scheme?: string;
  readonly maxCandidates?: string;
  readonly dryRun?: boolean;
  readonly resume?: string;
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
  const { id, result: verdict, candidates, registrations, omitted, misread, refused, evidence } = result;
  return {
    id,
    result: verdict,
    candidates,
    registrations: registrations.map(({ scheme, status, items, registeredOn }) => ({
      status,
      items,
      registeredOn,
      scheme,
    })),
    ...(omitted.length > 0 ? { omitted } : {}),
    ...(misread.length > 0 ? { misread } : {}),
    ...(refused > 0 ? { refused } : {}),
    evidence: {
      caseSalt: formatBase64url(evidence.caseSalt),
      evaluations: evidence.evaluations.map(formatBase64url),
    },
  };
}

function wordsOf(result: LookupResult): string {
  const { id, candidates, registrations, omitted, misread, refused } = result;
  const asked = candidates === 1 ? '' : ` (${formatCount(candidates, 'possible code')} asked for)`;
  const lines = registrations.map(({ scheme, status, items, registeredOn }, i) => {
    const claim = registrations.length > 1 ? `claim ${i + 1} of ${registrations.length}: ` : '';
    const described = items.map((item) => `\n    ${describeItem(item)}`).join('');
    return `  ${claim}${describeStatus(status)}, registered on ${formatDate(registeredOn)}, scheme ${scheme}${described}`;
  });
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
          `  ${formatCount(refused, 'registration')} refused: not as its owner signed it. Tell the registry and a guardian.`,
        ];
  const verdict = registrations.length > 0 ? 'REGISTERED' : 'not registered';
  return [`${id}: ${verdict}${asked}`, ...lines, ...doubtful, ...left, ...altered].join('\n');
}

/** How many results an earlier run has written of each id: JSON lines. */
function readDone(path: string): Map<string, number> {
  const done = new Map<string, number>();
  if (!existsSync(path)) return done;
  for (const line of parseUtf8('file', readBytes(path)).split('\n')) {
    try {
      const { id } = JSON.parse(line) as { id?: unknown };
      if (typeof id === 'string') done.set(id, (done.get(id) ?? 0) + 1);
    } catch {
      // A torn last line: its row is asked for again.
    }
  }
  return done;
}

/** Leaves out what is done: of several rows with one id, the first ones. */
function withoutDone(readings: readonly LookupReading[], done: ReadonlyMap<string, number>): LookupReading[] {
  const left = new Map(done);
  return readings.filter(({ id }) => {
    const count = left.get(id) ?? 0;
    left.set(id, count - 1);
    return count <= 0;
  });
}

function createReporter(output: Output, resume: string | undefined) {
  return (record: Record<string, unknown>, text: string): void => {
    output.result(record, text);
    if (resume === undefined || 'error' in record) return;
    try {
      appendFileSync(resume, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    } catch (cause) {
      throw unwritable(resume, cause);
    }
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
  const done = options.resume === undefined ? new Map<string, number>() : readDone(options.resume);
  const readings = withoutDone([...typed, ...table.readings], done);
  if (typed.length + table.readings.length + table.failures.length === 0)
    throw badInput('reading', 'a reading, or a table with --from');
  if (done.size > 0) output.remark(`${formatCount(done.size, 'row')} were looked up before and are left out.`);
  const report = createReporter(output, options.resume);
  const fail = ({ id, error }: LookupFailure): void => {
    noteFailure(error);
    report({ id, error: describeError(error) }, `${id}: not looked up. ${error.message} ${error.remedy ?? ''}`);
  };
  table.failures.forEach(fail);
  const file = await readCredential(options.credential, officerFileSchema, 'officer');
  const officer = await Officer.connect(file, connectOptions(output, signal));
  const plan = officer.plan(readings, readMaxCandidates(options.maxCandidates));
  output.remark(
    `${formatCount(readings.length, 'reading')}: ${formatCount(plan.codes, 'code')} to ask for, each counted against the day’s quota.`,
  );
  if (options.dryRun === true) return;
  const caseReference =
    options.case ??
    (await readSecret({ name: 'case reference', variable: 'BLINDMARK_CASE', prompt: 'Case reference:' }));
  let hits = 0;
  try {
    for await (const result of officer.lookup(plan, { caseReference, signal, onProgress: output.onProgress })) {
      if ('error' in result) {
        fail(result);
        continue;
      }
      if (result.result === 'hit') hits += 1;
      report(recordOf(result), wordsOf(result));
    }
  } finally {
    output.endProgress();
  }
  output.remark(
    `${formatNumber(hits)} of ${formatCount(readings.length, 'reading')} registered. A registration is a claim that was made on its date; it is no proof of title.`,
  );
}

/** `blindmark officer`. */
export function officerCommand(): Command {
  return createCommand('officer', 'look up what was read off recovered items').addCommand(
    createCommand('lookup', 'say of readings whether they are registered, and what they are')
      .argument('[readings...]', 'as read: ? for an unread character, [8B] for one of these')
      .requiredOption('--credential <file>', 'the officer’s credential of this shift')
      .option('--case <reference>', 'the case, at most 64 characters; only a salted hash of it leaves this machine')
      .option('--from <file>', 'a table of readings: id, scheme, read')
      .option('--scheme <scheme>', 'the scheme, where it is known; default: every one that fits')
      .option('--max-candidates <n>', 'most codes that one reading may stand for; default: 256')
      .option('--dry-run', 'only say how many codes would be asked for')
      .option('--resume <file>', 'keep results in this file, and leave out rows that it holds already')
      .option('--json', 'print JSON, one object a line')
      .action(lookup),
  );
}
