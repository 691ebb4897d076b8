/** Registering a table of marks: rows of one code are one registration; each row is reported, and a run may be resumed. */
import { formatActivationKey, parseActivationKey } from '../../crypto/activation-key.ts';
import { BlindmarkError, isBlindmarkError } from '../../crypto/errors.ts';
import type { Item } from '../../crypto/item-envelope.ts';
import { chooseCode } from '../mark-code.ts';
import { readBytes } from '../node/files.ts';
import type { Owner, RegisterOutcome, RegisterRequest } from '../owner.ts';
import type { SchemeCode } from '../registry.ts';
import { checkCodeCell, parseTable, type TableRow } from '../tables.ts';
import type { ContactChoice } from '../contacts.ts';
import { describeError, noteFailure } from './command.ts';
import { contactOfRow } from './contact.ts';
import { itemOfRow } from './items.ts';
import { formatCount, type Output } from './output.ts';

/** One registration to make, and the rows that it is of. */
interface Group extends SchemeCode {
  readonly rows: string[];
  readonly items: Item[];
  /** The first of the rows that has one; undefined where the table is not asked for any. */
  contact?: ContactChoice;
}

type Failure = readonly [row: string, error: BlindmarkError];

const rowId = (row: TableRow): string => row.cells['id'] || `row ${row.number}`;

function groupRows(
  owner: Owner,
  rows: readonly TableRow[],
  scheme: string | undefined,
  withContacts: boolean,
): { groups: Group[]; failures: Failure[] } {
  const groups = new Map<string, Group>();
  const failures: Failure[] = [];
  for (const row of rows) {
    try {
      const code = chooseCode(
        owner.registry.roster.roster.schemes,
        checkCodeCell(row, 'code'),
        row.cells['scheme'] || scheme,
      );
      const key = JSON.stringify(code);
      const group = groups.get(key) ?? { ...code, rows: [], items: [] };
      const contact = withContacts ? contactOfRow(row) : undefined;
      group.items.push(itemOfRow(row));
      if (contact !== undefined) group.contact = group.contact ?? contact;
      group.rows.push(rowId(row));
      groups.set(key, group);
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      failures.push([rowId(row), error]);
    }
  }
  return { groups: [...groups.values()], failures };
}

/** Packs of a table: activation keys by the code that stands beside them, and those without a code. */
function readPacks(owner: Owner, packs: readonly TableRow[]): { byCode: Map<string, string>; free: string[] } {
  const { schemes, origin } = owner.registry.roster.roster;
  const used = new Set(
    owner.vault
      .latestMarks(origin)
      .flatMap(({ activationKey }) => (activationKey === undefined ? [] : [formatActivationKey(activationKey)])),
  );
  const free: string[] = [];
  const byCode = new Map<string, string>();
  for (const pack of packs) {
    const key = formatActivationKey(parseActivationKey(pack.cells['activation_key'] as string).bytes);
    const code = checkCodeCell(pack, 'code');
    if (code !== '') byCode.set(JSON.stringify(chooseCode(schemes, code, pack.cells['scheme'] || undefined)), key);
    else if (!used.has(key)) free.push(key);
  }
  return { byCode, free };
}

/**
 * An activation key for each registration that needs one: what it has begun with, or else the one whose pack holds its code,
 * or else the next of those without a code that no mark of the vault has used.
 */
function assignKeys(owner: Owner, groups: readonly Group[], packs: readonly TableRow[]): Map<Group, string> {
  const { byCode, free } = readPacks(owner, packs);
  const keys = new Map<Group, string>();
  for (const group of groups) {
    const { scheme, canonical } = group;
    const last = owner.vault.marksOf(owner.registry.roster.roster.origin, scheme, canonical).at(-1);
    const begun = last !== undefined && last.stage !== 'withdrawn' ? last.activationKey : undefined;
    const key =
      begun === undefined
        ? (byCode.get(JSON.stringify({ scheme, canonical })) ?? free.shift())
        : formatActivationKey(begun);
    // What is registered already, recovered perhaps, needs none.
    if (key !== undefined || last?.stage === 'registered') keys.set(group, key ?? '');
  }
  return keys;
}

/** What to say of numbers out of a spreadsheet, which drops zeros at their beginning and shows nothing of it. */
function remarkOnZeros(groups: readonly Group[], output: Output): void {
  const numbers = groups.filter(({ canonical }) => /^\d+$/u.test(canonical));
  if (numbers.length === 0 || numbers.some(({ canonical }) => canonical.startsWith('0'))) return;
  output.remark(
    `None of the ${formatCount(numbers.length, 'numeric code')} begins with 0. Spreadsheets drop zeros there: see that the column of codes was formatted as text.`,
  );
}

function noKeyLeft(): BlindmarkError {
  return new BlindmarkError('activationKeyUsedUp', 'The table of packs has no activation key left for this row', {
    field: 'activation-keys',
    remedy: 'Give a table with at least as many packs as there are different codes.',
  });
}

function report(output: Output, row: string, outcome: RegisterOutcome | { readonly error: BlindmarkError }): void {
  if ('error' in outcome) {
    noteFailure(outcome.error);
    const { message, remedy = '' } = outcome.error;
    output.result({ id: row, error: describeError(outcome.error) }, `${row}: not registered. ${message} ${remedy}`);
    return;
  }
  const result = outcome.again ? 'again' : 'registered';
  output.result({ id: row, result }, `${row}: ${outcome.again ? 'was registered before' : 'registered'}`);
}

/**
 * Registers the marks of a table.
 *
 * @param options.marks path of a table with `code` and, where there are any, `id`, `scheme`, `category`, `make`, `model`
 * @param options.parallel registrations at once; undefined: one by one, with random pauses
 * @param options.scheme of rows that name none
 * @param options.status of every mark
 * @param options.contact of every mark; `table` for that of each row
 * @param options.packs path of a table with `activation_key` and, where the packs have codes, `scheme` and `code`
 */
export async function registerFromTable(
  owner: Owner,
  options: {
    readonly marks: string;
    readonly packs: string;
    readonly parallel: number | undefined;
    readonly scheme?: string | undefined;
    readonly status?: RegisterRequest['status'];
    readonly contact?: ContactChoice | 'table' | undefined;
  },
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const marks = parseTable(options.marks, readBytes(options.marks), ['code', 'category']);
  const packs = parseTable(options.packs, readBytes(options.packs), ['activation_key']);
  const { groups, failures } = groupRows(owner, marks.rows, options.scheme, options.contact === 'table');
  for (const [row, error] of failures) report(output, row, { error });
  remarkOnZeros(groups, output);
  const keys = assignKeys(owner, groups, packs.rows);
  for (const group of groups.filter((candidate) => !keys.has(candidate))) {
    for (const row of group.rows) report(output, row, { error: noKeyLeft() });
  }
  const payable = groups.filter((group) => keys.has(group));
  const warning = ' A run of many shows the registry which registrations belong together; --unhurried shows less.';
  output.remark(`Registering ${formatCount(payable.length, 'code')}.${options.parallel === undefined ? '' : warning}`);
  const requests = payable.map((group, i): RegisterRequest & { id: string } => ({
    id: String(i),
    code: group.canonical,
    scheme: group.scheme,
    items: group.items,
    status: options.status,
    contact: options.contact === 'table' ? group.contact : options.contact,
    activationKey: keys.get(group) as string,
  }));
  const { parallel } = options;
  for await (const outcome of owner.registerMany(requests, { parallel, signal, onProgress: output.onProgress })) {
    for (const row of (payable[Number(outcome.id)] as Group).rows) report(output, row, outcome);
  }
}
