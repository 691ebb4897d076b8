/** `blindmark owner history` and `owner receipt`: what the public log has of a registration, and proof of it to keep. */
import type { Command } from 'commander';
import { badInput } from '../../crypto/errors.ts';
import { formatHour, type Action } from '../../crypto/log-entry.ts';
import { formatReceipt } from '../../crypto/receipt.ts';
import type { Roster } from '../../crypto/roster.ts';
import type { HistoryEntry, HistoryLine } from '../history.ts';
import { writeFile } from '../node/files.ts';
import { createReceiptFile, findReceipt, formatProofFile, keptReceipts } from '../receipts.ts';
import type { MarkRecord, Vault } from '../vault.ts';
import { formatCount, formatHourWords, type Output } from './output.ts';
import { codeCommand, codeOf, withKeptMark, withOwner, type CodeOptions } from './vault-command.ts';

/** A command that takes one receipt of a mark out of the vault. */
export interface ReceiptOptions extends CodeOptions {
  readonly out: string;
  readonly entry?: string;
}

/** The index that was given with `--entry`. @throws BlindmarkError `badInput` */
export function readEntryIndex(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/u.test(text)) return Number(text);
  throw badInput('entry', 'the number of an entry, as blindmark owner history shows it');
}

const ACTION_WORDS: Readonly<Record<Action, string>> = {
  status: 'its status was changed',
  replace: 'its description or contact was replaced',
  withdraw: 'it was withdrawn',
};

function describeEntry(entry: HistoryEntry, roster: Roster): string {
  if (entry.kind === 'registration') return 'it was registered';
  if (entry.kind === 'action') return ACTION_WORDS[entry.action];
  if (entry.kind === 'match') return `an officer’s lookup found it; entry ${entry.lookup} says which force’s`;
  const force = roster.forces.find(({ id }) => id === entry.force)?.name ?? entry.force;
  return `two officers of ${force}, ${entry.first} and ${entry.second}, had its contact opened`;
}

function factsOf(entry: HistoryEntry): Record<string, unknown> {
  if (entry.kind === 'action') return { action: entry.action };
  if (entry.kind === 'match') return { lookup: entry.lookup };
  if (entry.kind === 'opening') return { force: entry.force, first: entry.first, second: entry.second };
  return {};
}

function print({ index, entry, revealedBy, receipt }: HistoryLine, roster: Roster, output: Output): void {
  const revealed = revealedBy === null ? '' : `, hidden until entry ${revealedBy}`;
  output.result(
    {
      index,
      kind: entry.kind,
      hour: formatHour(entry.hour),
      ...factsOf(entry),
      ...(revealedBy === null ? {} : { revealedBy }),
      receipt: formatReceipt(receipt),
    },
    `${formatHourWords(entry.hour)}: ${describeEntry(entry, roster)} (entry ${index}${revealed})`,
  );
}

/** What a vault has kept of a registration that is gone. */
function keptLines(vault: Vault, mark: MarkRecord): HistoryLine[] {
  return keptReceipts(vault, mark).map(({ receipt, entry }) => {
    return { index: receipt.logged.index, entry: entry as HistoryEntry, revealedBy: null, receipt };
  });
}

async function history(argument: string | undefined, options: CodeOptions): Promise<void> {
  const code = codeOf(argument, options);
  await withOwner(options, async (owner, output, signal) => {
    const mark = owner.find(code, options.scheme);
    const isGone = mark.stage === 'withdrawn';
    const lines = isGone ? keptLines(owner.vault, mark) : (await owner.history(mark, signal)).lines;
    const { roster } = owner.registry.roster;
    for (const line of lines) print(line, roster, output);
    output.remark(
      isGone
        ? 'It was withdrawn: the registry has erased it, and this is what the vault has kept.'
        : `${formatCount(lines.length, 'line')}, each verified in the public log, for which at least ${roster.threshold} guardians vouch. What a force hides at first appears after at most 28 days.`,
    );
  });
}

async function receipt(argument: string | undefined, options: ReceiptOptions): Promise<void> {
  const index = readEntryIndex(options.entry);
  await withKeptMark(codeOf(argument, options), options, async (vault, mark, output) => {
    const { entry, receipt: found } = findReceipt(vault, mark, index);
    writeFile(options.out, formatProofFile(createReceiptFile(vault, mark, index)));
    output.result(
      { out: options.out, index: found.logged.index, kind: entry.kind, hour: formatHour(entry.hour) },
      `${options.out}: the receipt of entry ${found.logged.index}, of ${formatHourWords(entry.hour)}. It names neither code nor owner; verify it with blindmark receipt verify.`,
    );
  });
}

/** The commands of `blindmark owner` about the public log. */
export function historyCommands(): Command[] {
  return [
    codeCommand('history', 'show all that happened to a registration, verified in the public log').action(history),
    codeCommand('receipt', 'write a receipt from the vault into a file, for anyone to verify; asks no registry')
      .requiredOption('--out <file>', 'where to write it')
      .option('--entry <n>', 'of which entry of the log; default: the registration’s')
      .action(receipt),
  ];
}
