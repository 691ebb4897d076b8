import { describe, expect, it } from 'vitest';
import type { SchemeView } from '../../../../server/web/engine/owner-api.ts';
import { chooseColumns, partProblems, plainText, readingsOf } from '../../../../server/web/police/list-rows.ts';

const schemes: readonly SchemeView[] = [
  { id: 'pin', title: 'Microdot PIN', example: 'HV7XU05AHQND', hasCheck: false },
  { id: 'vin', title: 'Vehicle or plant identification number', example: 'ML7EG7Y58CDNDLVSE', hasCheck: true },
];
const nameRow = (row: number): string => `Row ${row}`;
const row = (number: number, cells: Record<string, string>) => ({ row: number, cells });

describe('columns of a list', () => {
  it('are told by their names', () => {
    const columns = ['id', 'scheme', 'kind', 'read', 'expect', 'note'];
    expect(chooseColumns({ columns, readingColumn: 'read' })).toEqual({
      reading: 'read',
      label: 'id',
      scheme: 'scheme',
      defaultScheme: null,
    });
  });

  it('are none where no name says it, and never the column of readings', () => {
    expect(chooseColumns({ columns: ['id', 'b'], readingColumn: 'id' })).toMatchObject({ label: null, scheme: null });
  });
});

describe('readings of a list', () => {
  const choice = { reading: 'read', label: 'id', scheme: 'scheme', defaultScheme: null };

  it('take label and scheme, by identifier or title, from their columns', () => {
    const rows = [
      row(2, { id: 'EX1', scheme: 'PIN', read: ' HV7XU05AHQND ' }),
      row(3, { id: '', scheme: '', read: 'A?B' }),
      row(4, { id: 'EX3', scheme: 'Microdot PIN', read: 'X' }),
    ];
    expect(readingsOf({ rows }, choice, schemes, nameRow)).toEqual({
      readings: [
        { row: 2, label: 'EX1', reading: 'HV7XU05AHQND', scheme: 'pin' },
        { row: 3, label: 'Row 3', reading: 'A?B' },
        { row: 4, label: 'EX3', reading: 'X', scheme: 'pin' },
      ],
      empty: 0,
      unknownScheme: [],
    });
  });

  it('leave out empty cells, and schemes that there are not', () => {
    const rows = [row(2, { id: 'a', scheme: 'pin', read: ' ' }), row(3, { id: 'b', scheme: 'dust', read: 'X' })];
    expect(readingsOf({ rows }, choice, schemes, nameRow)).toEqual({ readings: [], empty: 1, unknownScheme: [3] });
  });

  it('use the one scheme where the list does not say it', () => {
    const rows = [row(2, { read: 'X' }), row(3, { read: 'Y', scheme: 'pin' })];
    const { readings } = readingsOf({ rows }, { ...choice, defaultScheme: 'vin' }, schemes, nameRow);
    expect(readings.map(({ scheme }) => scheme)).toEqual(['vin', 'pin']);
    const without = readingsOf({ rows }, { ...choice, scheme: null, defaultScheme: 'vin' }, schemes, nameRow);
    expect(without.readings.map(({ scheme }) => scheme)).toEqual(['vin', 'vin']);
  });

  it('are parted from those that can’t be looked up', () => {
    const rows = [row(2, { read: 'X' }), row(3, { read: 'Y' })];
    const { readings } = readingsOf({ rows }, choice, schemes, nameRow);
    const problem = { code: 'noSchemeFits', field: 'reading' };
    expect(partProblems(readings, [{ problem: null }, { problem }])).toEqual({
      good: [readings[0]],
      problems: [{ row: 3, reading: 'Y', problem }],
    });
  });

  it('have names of columns that can’t reorder a line', () => {
    expect(plainText('a\u202Eb\nc')).toBe('a[U+202E]b[U+000A]c');
    expect(plainText('exhibit number')).toBe('exhibit number');
  });
});
