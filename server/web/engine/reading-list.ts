/** Lists of readings as officers have them: CSV of a spreadsheet, .xlsx, or pasted text with one reading a line. */
import { badInput, BlindmarkError, decodeText, parseCells } from '../../../client-sdk/index.ts';
import { loadPart, PartNotLoaded } from './load-part.ts';
import type { ListView } from './police-api.ts';
import { MAX_READINGS } from './trays.ts';

/** Largest list, in bytes, and the largest that an .xlsx unpacks to. */
const MAX_LIST_BYTES = 10 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 50 * 1024 * 1024;

/** Most rows and columns of a list. */
const MAX_COLUMNS = 256;

/** Farthest row and column of a sheet, and most cells up to there: the reader of spreadsheets makes each of them. */
const FARTHEST = { row: 100_000, column: 1024, cells: 2_000_000 };

/** What a column of readings may be called, the likeliest first. */
const READING_COLUMNS = ['reading', 'read', 'code', 'mark', 'serial'];
/** What the one column of pasted text is called. */
const ONLY_COLUMN = 'reading';

function unreadable(name: string, remedy: string, cause?: unknown): BlindmarkError {
  return new BlindmarkError('badFile', 'The list cannot be read', { field: name, remedy, cause });
}

/** The column that holds readings, as far as it can be told: by its name, or by one that has the name in it, or the first. */
function readingColumnOf(columns: readonly string[]): string {
  const named = READING_COLUMNS.find((name) => columns.includes(name));
  return named ?? columns.find((column) => READING_COLUMNS.some((name) => column.includes(name))) ?? columns[0] ?? '';
}

/** Names of columns: each once, and none empty. */
function namesOf(header: readonly string[]): string[] {
  const names = new Set<string>();
  for (const [i, cell] of header.entries()) {
    const wanted = cell.trim().toLowerCase() || String(i + 1);
    let name = wanted;
    for (let more = 2; names.has(name); more++) name = `${wanted} ${more}`;
    names.add(name);
  }
  return [...names];
}

const NAMES_COLUMN = /\b(?:reading|read|code|mark|serial)s?\b/iu;

const HAS_DIGITS = /[\d?[]/u;

/** Whether cells name columns: a reading that has such a word in it has digits as well. */
const isHeader = (cells: readonly string[]): boolean =>
  cells.some((cell) => NAMES_COLUMN.test(cell) && !HAS_DIGITS.test(cell));

/** A table of cells. @param hasHeader whether its first row names the columns */
function listOf(rows: readonly (readonly string[])[], hasHeader: boolean): ListView {
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  if (width > MAX_COLUMNS) throw badInput('list', `at most ${MAX_COLUMNS} columns`);
  const header = (hasHeader ? rows[0] : undefined) ?? (width === 1 ? [ONLY_COLUMN] : []);
  const columns = namesOf(Array.from({ length: width }, (_, i) => header[i] ?? ''));
  const body = rows.map((cells, i) => ({
    row: i + 1,
    cells: Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? ''])),
  }));
  return {
    columns,
    readingColumn: readingColumnOf(columns),
    rows: body.slice(hasHeader ? 1 : 0).filter(({ cells }) => Object.values(cells).some((cell) => cell !== '')),
  };
}

/**
 * A table of a spreadsheet. Its first row names the columns where it has such a name in it, or nothing at all that may be of a
 * code: no reading is to be taken for a name.
 */
function tableOf(rows: readonly (readonly string[])[]): ListView {
  const [first = []] = rows;
  const mayBeNames = first.length > 1 && !first.some((cell) => HAS_DIGITS.test(cell));
  return listOf(rows, isHeader(first) || mayBeNames);
}

/** Pasted lines. A spreadsheet's cells come with tabs between them. */
function readText(text: string): ListView {
  const lines = text.split(/\r\n?|\n/u).map((line) => line.split('\t').map((cell) => cell.trim()));
  return listOf(lines, isHeader(lines[0] ?? []));
}

/** A number as the code that was typed: Excel keeps 15 digits, and shows what is longer as `1.2E+15`. */
function formatNumber(text: string): string {
  const value = Number(text);
  if (!Number.isFinite(value) || !Number.isInteger(value)) return text;
  return Math.abs(value) < 1e15 ? String(value) : value.toExponential().toUpperCase();
}

/** A cell as text. A date is none that anybody typed as a code: as a formula, it is taken for no reading. */
function formatCell(cell: unknown): string {
  if (cell instanceof Date) return `=DATE(${cell.getUTCFullYear()},${cell.getUTCMonth() + 1},${cell.getUTCDate()})`;
  if (typeof cell === 'string') return cell.trim();
  return typeof cell === 'boolean' ? String(cell).toUpperCase() : '';
}

/** The address of a cell, or of a row. */
const ADDRESS = /^([A-Z]{0,3})(\d{1,7})$/u;

/** Refuses a sheet with cells far outside of any list, which would cost more memory than there is. */
function checkExtent(name: string, file: Uint8Array): void {
  const text = new TextDecoder().decode(file);
  if (!text.includes('sheetData')) return;
  let [lastRow, lastColumn] = [0, 0];
  for (const [, address = ''] of text.matchAll(/\sr\s*=\s*["']([^"']*)["']/gu)) {
    const [, letters, row] = ADDRESS.exec(address) ?? [];
    if (letters === undefined) throw tooFar(name);
    // Of a row alone nothing is made.
    if (letters === '') continue;
    const column = Array.from(letters).reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0);
    lastRow = Math.max(lastRow, Number(row));
    lastColumn = Math.max(lastColumn, column);
  }
  const { row, column, cells } = FARTHEST;
  if (lastRow > row || lastColumn > column || lastRow * lastColumn > cells) throw tooFar(name);
}

function tooFar(name: string): BlindmarkError {
  return new BlindmarkError('badInput', 'A sheet of the workbook has cells far outside of any list', {
    field: name,
    remedy: 'Copy the list alone into a new workbook, or save it as CSV (UTF-8).',
  });
}

/**
 * The same workbook with its files stored plain. So the reader of spreadsheets need not unpack: it would do that in workers of
 * its own making, which these pages' policy forbids; and what it would unpack to is known before.
 */
async function unpack(name: string, bytes: Uint8Array): Promise<ArrayBuffer> {
  const { unzipSync, zipSync } = await loadPart(async () => import('fflate'));
  let left = MAX_UNPACKED_BYTES;
  const files = unzipSync(bytes, {
    filter: (file) => {
      if (!/\.(?:xml|rels)$/u.test(file.name)) return false;
      left -= file.originalSize;
      if (left < 0) throw badInput(name, `a list that unpacks to at most ${MAX_UNPACKED_BYTES / 1024 / 1024} MiB`);
      return true;
    },
  });
  for (const file of Object.values(files)) checkExtent(name, file);
  return new Uint8Array(zipSync(files, { level: 0 })).buffer;
}

/** The first sheet of a workbook. */
async function readWorkbook(name: string, bytes: Uint8Array): Promise<ListView> {
  const { readSheet } = await loadPart(async () => import('read-excel-file/universal'));
  let rows: readonly (readonly unknown[])[];
  try {
    rows = await readSheet<string>(await unpack(name, bytes), { parseNumber: formatNumber });
  } catch (error) {
    if (error instanceof BlindmarkError || error instanceof PartNotLoaded) throw error;
    throw unreadable(name, 'Save the workbook again as .xlsx without a password, or as CSV (UTF-8).', error);
  }
  return tableOf(rows.map((row) => row.map(formatCell)));
}

/**
 * Reads a list of readings. What a reading may stand for is looked at later.
 *
 * @param name of the file: its ending says whether it is a table, and errors call it so
 * @param bytes at most 10 MiB; of a workbook, the first sheet is read
 * @throws BlindmarkError `badFile`, `badInput`; none quotes what stands in the list
 */
export async function readReadingList(name: string, bytes: Uint8Array): Promise<ListView> {
  if (bytes.length > MAX_LIST_BYTES) throw badInput(name, `a list of at most ${MAX_LIST_BYTES / 1024 / 1024} MiB`);
  const list = await readAny(name, bytes);
  if (list.rows.length > MAX_READINGS) throw badInput(name, `at most ${MAX_READINGS} rows`);
  return list;
}

async function readAny(name: string, bytes: Uint8Array): Promise<ListView> {
  const [first, second, third, fourth] = bytes;
  // A zip file (APPNOTE 4.3.7).
  if (first === 0x50 && second === 0x4b && third === 3 && fourth === 4) return readWorkbook(name, bytes);
  // A compound file: what Excel wrote until 2007, and writes for a workbook with a password.
  if (first === 0xd0 && second === 0xcf) {
    throw unreadable(name, 'Save the workbook as .xlsx without a password, or as CSV (UTF-8).');
  }
  if (!/\.(?:csv|tsv)$/iu.test(name)) return readText(decodeText(bytes));
  return tableOf(parseCells(name, bytes));
}
