/** Tables as spreadsheets write them: CSV with whatever separator and encoding, in and out. */
import { parse } from 'csv-parse/browser/esm/sync';
import { stringify } from 'csv-stringify/browser/esm/sync';
import { parseUtf8 } from '../crypto/bytes.ts';
import { badInput, BlindmarkError } from '../crypto/errors.ts';

/** Most rows of one table. */
export const MAX_ROWS = 100_000;

/** One row: what stands under each column, by the column's name in lower case. */
export interface TableRow {
  /** As the spreadsheet shows it: the header is row 1. */
  readonly number: number;
  readonly cells: Readonly<Record<string, string>>;
}

/** A table that was read. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

/** UTF-8 with or without byte order mark, UTF-16 with one, or else Windows-1252, which is what Excel writes. The mark itself is left out. */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return parseUtf8('file', bytes).replace(/^\ufeff/u, '');
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** The separator that the header line has most of, outside quotes. */
function findSeparator(header: string): string {
  const plain = header.replaceAll(/"[^"]*"/gu, '');
  const count = (separator: string): number => plain.split(separator).length;
  return [',', ';', '\t'].reduce((best, separator) => (count(separator) > count(best) ? separator : best));
}

/**
 * Reads a table as it stands, without knowing what its lines are.
 *
 * @param name what errors call it
 * @throws BlindmarkError `badFile`, naming the line
 */
export function parseCells(name: string, bytes: Uint8Array): string[][] {
  const text = decodeText(bytes);
  try {
    return parse(text, {
      delimiter: findSeparator(text.slice(0, text.search(/[\r\n]|$/u))),
      relax_column_count: true,
      trim: true,
    });
  } catch (cause) {
    const line = (cause as { lines?: number }).lines;
    throw new BlindmarkError(
      'badFile',
      `${name}: a quotation mark is out of place${line === undefined ? '' : ` near line ${line}`}`,
      {
        field: name,
        remedy: 'Save the table again as CSV (UTF-8).',
      },
    );
  }
}

/**
 * Reads a table with a header line.
 *
 * @param name what errors call it
 * @param required columns that must be there
 * @throws BlindmarkError `badFile`, naming the row
 */
export function parseTable(name: string, bytes: Uint8Array, required: readonly string[]): Table {
  const [header = [], ...body] = parseCells(name, bytes);
  const columns = header.map((column) => column.toLowerCase());
  const missing = required.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    throw new BlindmarkError('badFile', `${name}: there is no column ${missing.join(' and no column ')}`, {
      field: name,
      remedy: `The first line names the columns; needed are ${required.join(', ')}.`,
    });
  }
  if (body.length > MAX_ROWS) throw badInput(name, `at most ${MAX_ROWS} rows`);
  const rows = body.map((cells, i) => ({
    number: i + 2,
    cells: Object.fromEntries(columns.map((column, position) => [column, cells[position] ?? ''])),
  }));
  return { columns, rows: rows.filter((row) => Object.values(row.cells).some((cell) => cell !== '')) };
}

/** What spreadsheets write: the sign is always there, so that codes with an E among digits are none of it. */
const SCIENTIFIC = /^[+-]?\d+(?:[.,]\d+)?E[+-]\d+$/iu;

/** Whether a spreadsheet has turned a long number into `1.16E+12`, which has lost digits. */
export function isRounded(cell: string): boolean {
  return SCIENTIFIC.test(cell);
}

/**
 * Checks a cell that holds a code: it must not have been rounded ({@link isRounded}).
 *
 * @throws BlindmarkError `badInput` naming the row and the remedy
 */
export function checkCodeCell(row: TableRow, column: string): string {
  const cell = row.cells[column] ?? '';
  if (!isRounded(cell)) return cell;
  throw new BlindmarkError('badInput', `Row ${row.number}, column ${column}: the spreadsheet has rounded this code`, {
    field: `row ${row.number}`,
    remedy: 'Format that column as text before typing or pasting codes, and save the table again.',
  });
}

/**
 * A table as CSV: UTF-8 with byte order mark, CRLF (RFC 4180), and no cell that a spreadsheet would take for a formula.
 */
export function formatTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return stringify([columns, ...rows] as string[][], { record_delimiter: '\r\n', escape_formulas: true, bom: true });
}
