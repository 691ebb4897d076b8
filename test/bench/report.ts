/** What a run measured: as a table for people, as JSON for comparisons, with the machine that it was measured on. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { ratio, type Figure } from './measure.ts';

/** What `Blindmark >= 6 x peer` or `<= 40 ms` came to. */
export interface Verdict {
  /** As DESIGN section 7 has it. */
  readonly target: string;
  readonly isMet: boolean;
}

/** Whatever Blindmark is held against. */
export interface Peer {
  readonly name: string;
  /** Measured in the same rounds. */
  readonly figure?: Figure;
  /** In place of a figure, for what was not measured here. */
  readonly quoted?: string;
}

/** One line of the table for each peer. */
export interface Row {
  readonly work: string;
  readonly unit: string;
  /** Which of two figures is the better one. */
  readonly better: 'more' | 'less';
  readonly figure: Figure;
  readonly peers: readonly Peer[];
  readonly verdict?: Verdict;
  /** What is to be known beside the figures. */
  readonly note?: string;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  /** ISO 8601, UTC. */
  readonly date: string;
  /** Processes that wanted a core, over the last minute, before the run began: above 1 the machine was busy. */
  readonly load: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    date: new Date().toISOString(),
    load: loadavg()[0] as number,
  };
}

/** Three digits that count, and no exponent. */
export function formatNumber(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(magnitude >= 10 ? 1 : 2);
}

/** By how many times Blindmark's figure is better, round by round; below 1 the peer's is. */
export function advantage({ better, figure }: Pick<Row, 'better' | 'figure'>, peer: Figure): Figure {
  return better === 'more' ? ratio(figure, peer) : ratio(peer, figure);
}

const COLUMNS = [
  'work',
  'peer',
  'its figure',
  'Blindmark',
  'min .. max',
  'better by',
  'target (DESIGN 7)',
  '',
] as const;

function cellsOfPeer(row: Row, peer: Peer): [string, string, string] {
  const { name, figure, quoted = '-' } = peer;
  if (figure === undefined) return [name, quoted, '-'];
  return [name, `${formatNumber(figure.median)} ${row.unit}`, `${formatNumber(advantage(row, figure).median)} x`];
}

/** Blindmark's own cells stand in the line of the first peer. */
function cellsOf(row: Row): string[][] {
  const { work, figure, unit, verdict } = row;
  const spread = `${formatNumber(figure.min)} .. ${formatNumber(figure.max)}`;
  const [target, judgement] = verdict === undefined ? ['', ''] : [verdict.target, verdict.isMet ? 'met' : 'MISSED'];
  const peers: readonly Peer[] = row.peers.length > 0 ? row.peers : [{ name: '-' }];
  return peers.map((peer, i) => {
    const [name, theirs, times] = cellsOfPeer(row, peer);
    if (i > 0) return ['', name, theirs, '', '', times, '', ''];
    return [work, name, theirs, `${formatNumber(figure.median)} ${unit}`, spread, times, target, judgement];
  });
}

/** The table, its columns aligned, with notes below it. */
export function formatTable(rows: readonly Row[]): string {
  const lines = [[...COLUMNS], ...rows.flatMap(cellsOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => (line[column] as string).length)));
  const isNumeric = (column: number): boolean => column >= 2 && column <= 5;
  const formatLine = (line: readonly string[]): string =>
    line
      .map((cell, i) => (isNumeric(i) ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const [head, ...body] = lines.map(formatLine);
  const notes = rows.flatMap(({ work, note }) => (note === undefined ? [] : [`${work}: ${note}`]));
  return [head, rule, ...body, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

export function formatMachine(machine: Machine): string {
  const { cpu, cores, memoryGiB, platform, node, date, load } = machine;
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}, ${date}, load ${formatNumber(load)}`;
}
