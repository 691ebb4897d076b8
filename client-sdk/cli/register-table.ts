/** Registering a table of marks: rows of one code are one registration; each row is reported, and a run may be resumed. */
import { formatActivationKey } from '../../crypto/activation-key.ts';
import { BlindmarkError, isBlindmarkError } from '../../crypto/errors.ts';
import type { Item } from '../../crypto/item-envelope.ts';
import { chooseCode } from '../mark-code.ts';
import { readBytes } from '../node/files.ts';
import type { Owner, RegisterOutcome, RegisterRequest } from '../owner.ts';
import type { SchemeCode } from '../registry.ts';
import { checkCodeCell, parseTable, type TableRow } from '../tables.ts';
import { describeError, noteFailure } from './command.ts';
import { itemOfRow } from './items.ts';
import { formatCount, type Output } from './output.ts';

/** One registration to make, and the rows that it is of. */
interface Group extends SchemeCode {
  readonly rows: string[];
  readonly items: Item[];
}

type Failure = readonly [row: string, error: BlindmarkError];

const rowId = (row: TableRow): string => row.cells['id'] || `row ${row.number}`;

function groupRows(owner: Owner, rows: readonly TableRow[]): { groups: Group[]; failures: Failure[] } {
  const groups = new Map<string, Group>();
  const failures: Failure[] = [];
  for (const row of rows) {
    try {
      const code = chooseCode(
        owner.registry.roster.roster.schemes,
        checkCodeCell(row, 'code'),
        row.cells['scheme'] || undefined,
      );
      const key = JSON.stringify(code);
      const group = groups.get(key) ?? { ...code, rows: [], items: [] };
      group.items.push(itemOfRow(row));
      group.rows.push(rowId(row));
      groups.set(key, group);
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      failures.push([rowId(row), error]);
    }
  }
  return { groups: [...groups.values()], failures };
}

/**
 * An activation key for each registration: the one whose pack holds its code, or else the next of those without a code. A
 * resumed run over the same tables gives each the same; one that has begun keeps the key that it began with.
 */
function assignKeys(owner: Owner, groups: readonly Group[], packs: readonly TableRow[]): Map<Group, string> {
  const { schemes, origin } = owner.registry.roster.roster;
  const free: string[] = [];
  const byCode = new Map<string, string>();
  for (const pack of packs) {
    const key = pack.cells['activation_key'] as string;
    const code = checkCodeCell(pack, 'code');
    if (code === '') free.push(key);
    else byCode.set(JSON.stringify(chooseCode(schemes, code, pack.cells['scheme'] || undefined)), key);
  }
  const keys = new Map<Group, string>();
  for (const group of groups) {
    const { scheme, canonical } = group;
    const begun = owner.vault.marksOf(origin, scheme, canonical).at(-1);
    const own = byCode.get(JSON.stringify({ scheme, canonical }));
    const assigned = own ?? free.shift();
    const kept =
      begun?.stage === 'pending' && begun.activationKey !== undefined
        ? formatActivationKey(begun.activationKey)
        : undefined;
    const key = kept ?? assigned;
    if (key !== undefined) keys.set(group, key);
  }
  return keys;
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
 * @param options.packs path of a table with `activation_key` and, where the packs have codes, `scheme` and `code`
 */
export async function registerFromTable(
  owner: Owner,
  options: { readonly marks: string; readonly packs: string; readonly parallel: number | undefined },
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const marks = parseTable(options.marks, readBytes(options.marks), ['code', 'category']);
  const packs = parseTable(options.packs, readBytes(options.packs), ['activation_key']);
  const { groups, failures } = groupRows(owner, marks.rows);
  for (const [row, error] of failures) report(output, row, { error });
  const keys = assignKeys(owner, groups, packs.rows);
  for (const group of groups.filter((candidate) => !keys.has(candidate))) {
    for (const row of group.rows) report(output, row, { error: noKeyLeft() });
  }
  const payable = groups.filter((group) => keys.has(group));
  const warning = ' A run of many shows the registry which registrations belong together; --unhurried does not.';
  output.remark(`Registering ${formatCount(payable.length, 'code')}.${options.parallel === undefined ? '' : warning}`);
  const requests = payable.map((group, i): RegisterRequest & { id: string } => ({
    id: String(i),
    code: group.canonical,
    scheme: group.scheme,
    items: group.items,
    activationKey: keys.get(group) as string,
  }));
  const { parallel } = options;
  for await (const outcome of owner.registerMany(requests, { parallel, signal, onProgress: output.onProgress })) {
    for (const row of (payable[Number(outcome.id)] as Group).rows) report(output, row, outcome);
  }
}
