import { array, assert, property, string, tuple } from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkCodeCell, formatTable, parseTable } from '../../client-sdk/tables.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const rows = (content: Uint8Array) => parseTable('t.csv', content, []).rows.map((row) => row.cells);

describe('reading a table', () => {
  const expected = [{ id: '1', code: 'AB', make: 'Česká' }];

  it.each([
    ['UTF-8', bytes('id,code,make\n1,AB,Česká\n')],
    ['a byte order mark and CRLF', bytes('\ufeffid,code,make\r\n1,AB,Česká\r\n')],
    ['semicolons', bytes('id;code;make\r\n1;AB;Česká')],
    ['tabs', bytes('id\tcode\tmake\n1\tAB\tČeská\n')],
    [
      'UTF-16 from Excel',
      new Uint8Array([0xff, 0xfe, ...Buffer.from('id\tcode\tmake\r\n1\tAB\tČeská\r\n', 'utf16le')]),
    ],
    ['other case and spaces in the header', bytes('ID, Code ,MAKE\n1,AB,Česká\n')],
    ['a separator inside quotes in the header', bytes('id,code,"make"\n1,AB,"Česká"\n')],
  ])('takes %s', (_, content) => {
    expect(rows(content)).toEqual(expected);
  });

  it('takes Windows-1252, as Excel writes it', () => {
    expect(rows(new Uint8Array([...bytes('id;make\r\n1;M'), 0xfc, ...bytes('ller '), 0x80, ...bytes('\r\n')]))).toEqual(
      [{ id: '1', make: 'Müller €' }],
    );
  });

  it('counts rows as the spreadsheet shows them, empty ones too', () => {
    expect(parseTable('t.csv', bytes('id,code\n1,A\n,\n\n2,B\n'), []).rows.map((row) => row.number)).toEqual([2, 5]);
  });

  it('names the columns that are missing', () => {
    expect(() => parseTable('t.csv', bytes('id,read\n'), ['code', 'category'])).toThrow(
      't.csv: there is no column code and no column category',
    );
  });

  it('refuses a broken quotation without quoting it', () => {
    expect(() => parseTable('t.csv', bytes('id,code\n1,"CANARY\n'), [])).toThrowError(
      expect.objectContaining({ code: 'badFile', message: expect.not.stringContaining('CANARY') }) as Error,
    );
  });

  it('reads the marks', () => {
    expect(
      parseTable('marks.csv', readFileSync(new URL('../data/marks.csv', import.meta.url)), ['id', 'code']).rows,
    ).toHaveLength(2000);
  });
});

describe('a code that a spreadsheet has rounded', () => {
  it.each(['1.16E+12', '1,16E+12', '1E+12', '1.16418e+012', '2E-05'])('is refused: %s', (cell) => {
    const [row] = parseTable('t.csv', bytes(`code\n"${cell}"\n`), []).rows;
    expect(() => checkCodeCell(row as NonNullable<typeof row>, 'code')).toThrowError(
      expect.objectContaining({
        code: 'badInput',
        field: 'row 2',
        remedy: expect.stringContaining('text') as string,
      }) as Error,
    );
  });

  it.each(['0011641801192', '8EQ7-1S02', '12E', 'E+12', '12345E678', ''])('is not this: %s', (cell) => {
    const [row] = parseTable('t.csv', bytes(`id,code\n1,${cell}\n`), []).rows;
    expect(checkCodeCell(row as NonNullable<typeof row>, 'code')).toBe(cell);
  });
});

describe('writing a table', () => {
  it('reads back as it was, formulas disarmed', () => {
    const cell = string({ maxLength: 20 }).map((text) => text.replaceAll('\0', '').trim());
    assert(
      property(array(tuple(cell, cell), { minLength: 1, maxLength: 20 }), (table) => {
        const filled = table.filter((row) => row.some((value) => value !== ''));
        const read = parseTable('t', bytes(formatTable(['a', 'b'], filled)), []).rows.map((row) => [
          row.cells['a'],
          row.cells['b'],
        ]);
        const disarmed = filled.map((row) =>
          row.map((value) => (/^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/u.test(value) ? `'${value}` : value)),
        );
        expect(read).toEqual(disarmed);
      }),
    );
  });

  it.each(['=1+1', '+44', '-1', '@SUM(A1)'])('never starts a formula: %s', (cell) => {
    expect(formatTable(['a'], [[cell]])).toBe(`\ufeffa\r\n'${cell}\r\n`);
  });
});
