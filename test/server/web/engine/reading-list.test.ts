/** Lists of readings as spreadsheets write them, with real workbooks among them. */
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { utf8ToBytes } from '../../../../crypto/bytes.ts';
import type { ListView } from '../../../../server/web/engine/police-api.ts';
import { readReadingList } from '../../../../server/web/engine/reading-list.ts';
import { refusal } from '../../../support/refusal.ts';
import { workbook, type Cell } from './workbook.ts';

const read = async (name: string, content: string | Uint8Array): Promise<ListView> =>
  readReadingList(name, typeof content === 'string' ? utf8ToBytes(content) : content);
const readings = ({ rows, readingColumn }: ListView): (string | undefined)[] =>
  rows.map(({ cells }) => cells[readingColumn]);

describe('CSV', () => {
  const rows = [
    { row: 2, cells: { 'id': 'EX/1', 'code read': '8EQ7-1S02-SG3J-TS9?' } },
    { row: 4, cells: { 'id': 'EX/2', 'code read': 'Čáslav | 78975' } },
  ];
  const text = 'ID,Code read\r\nEX/1, 8EQ7-1S02-SG3J-TS9? \r\n,\r\nEX/2,Čáslav | 78975\r\n';

  it.each<[string, Uint8Array]>([
    ['UTF-8', utf8ToBytes(text)],
    ['UTF-8 with a byte order mark', utf8ToBytes(`\ufeff${text}`)],
    ['semicolons', utf8ToBytes(text.replaceAll(',', ';'))],
    ['tabs', utf8ToBytes(text.replaceAll(',', '\t'))],
    ['UTF-16 and tabs', Buffer.from(`\ufeff${text.replaceAll(',', '\t')}`, 'utf16le')],
  ])('is read as Excel writes it: %s', async (_, bytes) => {
    const columns = ['id', 'code read'];
    expect(await read('reads.csv', new Uint8Array(bytes))).toEqual({ columns, readingColumn: 'code read', rows });
  });

  it('is read in Windows-1252, with quotation marks and line breaks in cells', async () => {
    const bytes = Buffer.from('serial;note\r\n"H\u00e4mmerli | 12";"a\r\n""b"""\r\n', 'latin1');
    expect(await read('reads.CSV', new Uint8Array(bytes))).toMatchObject({
      readingColumn: 'serial',
      rows: [{ row: 2, cells: { serial: 'Hämmerli | 12', note: 'a\r\n"b"' } }],
    });
  });

  it('names the column of the readings: by its name, else the first', async () => {
    expect((await read('a.csv', 'mark,reading\n1,2')).readingColumn).toBe('reading');
    expect((await read('a.csv', 'x,serial no.\n1,2')).readingColumn).toBe('serial no.');
    expect((await read('a.csv', 'x,y\n1,2')).readingColumn).toBe('x');
    expect((await read('a.csv', 'x,x,\n1,2,3')).columns).toEqual(['x', 'x 2', '3']);
  });

  it('takes no reading for the name of a column', async () => {
    const list = await read('a.csv', 'EX/1,8EQ7-1S02-SG3J-TS93\nEX/2,HV7XU05AHQND\n');
    expect([list.columns, list.rows.map(({ row, cells }) => [row, cells['2']])]).toEqual([
      ['1', '2'],
      [
        [1, '8EQ7-1S02-SG3J-TS93'],
        [2, 'HV7XU05AHQND'],
      ],
    ]);
    const sheet = await read('a.xlsx', workbook([['EX/1', '8EQ7-1S02-SG3J-TS93']]));
    expect(sheet.rows).toEqual([{ row: 1, cells: { 1: 'EX/1', 2: '8EQ7-1S02-SG3J-TS93' } }]);
  });

  it('has at most 256 columns and 2,000 rows, and says so at once', async () => {
    const row = (cells: number): string => Array.from({ length: cells }, () => 'a').join(',');
    expect((await read('a.csv', `${row(256)}\n`)).columns.slice(-2)).toEqual(['a 255', 'a 256']);
    await expect(read('a.csv', `${row(6000)}\n`)).rejects.toThrow(refusal('badInput', 'list'));
    const lines = (count: number): string => `code\n${'HV7XU05AHQND\n'.repeat(count)}`;
    expect((await read('a.csv', lines(2000))).rows).toHaveLength(2000);
    await expect(read('a.csv', lines(2001))).rejects.toThrow(refusal('badInput', 'a.csv'));
  });

  it('loses no reading of one column without a name', async () => {
    const list = await read('a.csv', '8EQ71S02SG3JTS93\nHV7XU05AHQND\n');
    expect([list.columns, readings(list)]).toEqual([['reading'], ['8EQ71S02SG3JTS93', 'HV7XU05AHQND']]);
    expect(readings(await read('a.csv', 'Serial numbers\nHV7XU05AHQND\n'))).toEqual(['HV7XU05AHQND']);
  });

  it('is refused with a quotation mark out of place, and quotes nothing of it', async () => {
    await expect(read('reads.csv', 'reading\n"8EQ7"1\n')).rejects.toThrow(refusal('badFile', 'reads.csv'));
    await expect(read('reads.csv', 'reading\n"8EQ7"1\n')).rejects.not.toThrow('8EQ7');
  });

  it('may be empty', async () => {
    expect((await read('reads.csv', '')).rows).toEqual([]);
    expect((await read('', '\n\n')).rows).toEqual([]);
  });
});

describe('pasted text', () => {
  it('has one reading a line, with commas and bars in it', async () => {
    const list = await read('', ' 8EQ71S0?SG3JTS93\r\n\r\nTikka | no. 78975, left\n');
    expect(list).toEqual({
      columns: ['reading'],
      readingColumn: 'reading',
      rows: [
        { row: 1, cells: { reading: '8EQ71S0?SG3JTS93' } },
        { row: 3, cells: { reading: 'Tikka | no. 78975, left' } },
      ],
    });
  });

  it('may be cells of a spreadsheet, with names of columns or without', async () => {
    expect(await read('pasted.txt', 'Exhibit\tRead\nEX/1\tHV7XU05AHQND')).toMatchObject({
      columns: ['exhibit', 'read'],
      readingColumn: 'read',
      rows: [{ row: 2, cells: { exhibit: 'EX/1', read: 'HV7XU05AHQND' } }],
    });
    const bare = await read('', 'HV7XU05AHQND\tred\nMODT87827\tblue');
    expect([bare.columns, readings(bare)]).toEqual([
      ['1', '2'],
      ['HV7XU05AHQND', 'MODT87827'],
    ]);
    expect(readings(await read('', 'reading\nMODT87827'))).toEqual(['MODT87827']);
    // Names have no digits: this is a reading.
    expect(readings(await read('', 'serial 12345678'))).toEqual(['serial 12345678']);
  });
});

describe('a workbook', () => {
  it.each([
    ['shared texts', { inline: false }],
    ['texts in cells', { inline: true }],
  ])('is read with %s, its first sheet, gaps and all', async (_, options) => {
    const bytes = workbook(
      [['Exhibit', 'Code', 'Note'], ['EX/1', ' 8EQ7-1S02-SG3J-TS93 ', null], [], ['EX/2', 'Tikka | 78975', 'b']],
      options,
    );
    expect(await read('reads.xlsx', bytes)).toEqual({
      columns: ['exhibit', 'code', 'note'],
      readingColumn: 'code',
      rows: [
        { row: 2, cells: { exhibit: 'EX/1', code: '8EQ7-1S02-SG3J-TS93', note: '' } },
        { row: 4, cells: { exhibit: 'EX/2', code: 'Tikka | 78975', note: 'b' } },
      ],
    });
  });

  it('gives numbers as they were typed, and says which were rounded or made a date of', async () => {
    const numbers = ['1164180119', '116418011920', '1.1641801192E11', '123456789012345', '1234567890123450', '12.5'];
    const rows: Cell[][] = [['Reading'], ...numbers.map((number): Cell[] => [{ number }]), [{ date: 46350 }]];
    expect(readings(await read('reads.xlsx', workbook(rows)))).toEqual([
      '1164180119',
      '116418011920',
      '116418011920',
      '123456789012345',
      '1.23456789012345E+15',
      '12.5',
      '=DATE(2026,11,24)',
    ]);
  });

  it.each([
    ['a cell', '<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row>'],
    ['a cell that is only formatted', '<row r="1048576"><c s="1" r=\'A1048576\'/></row>'],
    ['a cell far to the right', '<row r="9"><c r="ZZZ9"><v>1</v></c></row>'],
    ['a cell by an odd name', '<row r="9"><c r="&#88;FD1048576"><v>1</v></c></row>'],
  ])('is refused with %s far outside of the list', async (_, extra) => {
    await expect(read('reads.xlsx', workbook([['code'], ['HV7XU05AHQND']], { extra }))).rejects.toThrow(
      refusal('badInput', 'reads.xlsx'),
    );
  });

  it('may have rows far down that hold nothing', async () => {
    const bytes = workbook([['code'], ['HV7XU05AHQND']], { extra: '<row r="1048576" ht="20"/>' });
    expect(readings(await read('reads.xlsx', bytes))).toEqual(['HV7XU05AHQND']);
  });

  it('is refused when it unpacks to too much, before it is unpacked', async () => {
    const bytes = workbook([['code']]);
    const name = utf8ToBytes('xl/worksheets/sheet1.xml');
    // Its entry in the central directory (APPNOTE 4.3.12): 46 bytes, of which four say the size, then the name.
    const entry = Buffer.from(bytes).lastIndexOf(name) - 46;
    new DataView(bytes.buffer).setUint32(entry + 24, 51 * 1024 * 1024, true);
    await expect(read('reads.xlsx', bytes)).rejects.toThrow(refusal('badInput', 'reads.xlsx'));
  });

  it.each<[string, Uint8Array]>([
    ['is no workbook', zipSync({ 'a.xml': utf8ToBytes('<a/>') })],
    ['is torn', workbook([['code'], ['HV7XU05AHQND']]).subarray(0, 900)],
    ['is of an old Excel, or has a password', new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 0xa1])],
    ['has a sheet that is no XML', zipSync({ 'xl/workbook.xml': utf8ToBytes('<workbook><sheets') })],
  ])('is refused when it %s', async (_, bytes) => {
    await expect(read('reads.xlsx', bytes)).rejects.toThrow(refusal('badFile', 'reads.xlsx'));
  });

  it('is at most 10 MiB', async () => {
    await expect(read('reads.csv', new Uint8Array(10 * 1024 * 1024 + 1))).rejects.toThrow(
      refusal('badInput', 'reads.csv'),
    );
  });
});
