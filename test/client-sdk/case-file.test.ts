import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  caseRecordsOf,
  findCaseRecord,
  formatCaseHeader,
  openCaseFile,
  sealCaseRecord,
  type CaseRecord,
} from '../../client-sdk/case-file.ts';
import { createCaseKeeper } from '../../client-sdk/cli/case-keeper.ts';
import type { LookupResult } from '../../client-sdk/officer.ts';
import { randomBytes } from '../../crypto/bytes.ts';
import { createFolder } from '../support/folder.ts';
import { refusal } from '../support/refusal.ts';
import { createRow } from '../support/rows.ts';

const seed = randomBytes(32);
const logged = (index: number) => ({ index, entry: randomBytes(100), proof: [randomBytes(32)] });

function caseRecord(match: number, change: Partial<CaseRecord> = {}): CaseRecord {
  return {
    origin: 'registry.example',
    caseReference: 'CR/1/26',
    caseSalt: randomBytes(32),
    scheme: 'bm1',
    code: '8EQ71S02SG3JTS93',
    lookupTag: randomBytes(32),
    codeKey: randomBytes(32),
    row: createRow(),
    lookup: { evaluation: randomBytes(32), checkpoint: 'note', logged: logged(match - 1), delayed: null },
    checkpoint: 'note',
    registered: { logged: logged(1), salt: randomBytes(32) },
    match: { index: match, logged: logged(match), salt: randomBytes(32), delayed: null },
    ...change,
  };
}

const textOf = (records: readonly CaseRecord[]): string =>
  [formatCaseHeader(seed), ...records.map((record) => sealCaseRecord(seed, record)), ''].join('\n');

describe('a case file', () => {
  it('gives back what was put in, and shows nothing of it', () => {
    const delayed = { salt: randomBytes(32), plain: randomBytes(90) };
    const records = [caseRecord(7), caseRecord(9, { match: { ...caseRecord(9).match, delayed } })];
    const text = textOf(records);
    expect(openCaseFile(text, seed)).toEqual(records);
    for (const secret of ['CR/1/26', '8EQ7', 'registry.example']) expect(text).not.toContain(secret);
  });

  it('opens for the credential of that shift alone', () => {
    expect(() => openCaseFile(textOf([caseRecord(7)]), randomBytes(32))).toThrow(refusal('badFile', 'evidence'));
  });

  it('leaves out a last line that was torn', () => {
    const records = [caseRecord(7), caseRecord(9)];
    const text = textOf(records);
    expect(openCaseFile(text.slice(0, -5), seed)).toEqual(records.slice(0, 1));
    expect(openCaseFile(`${text}torn`, seed)).toEqual(records);
  });

  it.each<[string, (lines: string[]) => string[]]>([
    ['a line that was altered', ([header = '', line = '']) => [header, `${line.slice(0, -3)}AAA`]],
    ['a line that is no text of this program', ([header = '']) => [header, 'x y']],
    ['another header', ([, line = '']) => ['{"format":"blindmark-vault-v1"}', line]],
    ['a header with more in it', ([header = '', line = '']) => [header.replace('{', '{"more":1,'), line]],
    ['nothing', () => []],
  ])('refuses %s', (_, change) => {
    const lines = change(
      textOf([caseRecord(7)])
        .split('\n')
        .slice(0, -1),
    );
    const text = lines.map((line) => `${line}\n`).join('');
    expect(() => openCaseFile(text, seed)).toThrow(refusal('badFile'));
  });
});

describe('findCaseRecord', () => {
  const [first, second] = [caseRecord(7), caseRecord(9, { code: 'OTHER', scheme: 'pin' })];
  // The same registration looked up again: the latest of its hits counts.
  const again = caseRecord(12, { row: first.row });

  it('finds a hit by its match, by its code, or the only one', () => {
    const records = [first, second, again];
    expect(findCaseRecord(records, { match: 7 })).toBe(first);
    expect(findCaseRecord(records, { code: 'OTHER' })).toBe(second);
    expect(findCaseRecord(records, { scheme: 'bm1' })).toBe(again);
    expect(findCaseRecord([second], {})).toBe(second);
    expect(findCaseRecord([first, again], {})).toBe(again);
  });

  it('says when there is none, and when it must be said which', () => {
    expect(() => findCaseRecord([first], { match: 8 })).toThrow(refusal('notFound', 'match'));
    expect(() => findCaseRecord([first], { code: 'NONE' })).toThrow(refusal('notFound', 'code'));
    expect(() => findCaseRecord([], {})).toThrow(refusal('notFound'));
    expect(() => findCaseRecord([first, second], {})).toThrow(refusal('badInput', 'match'));
  });
});

describe('caseRecordsOf', () => {
  it('keeps of each hit what proves it, with the lookup that it came from', () => {
    const caseSalt = randomBytes(32);
    const hits = [caseRecord(7, { caseSalt }), caseRecord(9, { caseSalt })];
    const registrations = hits.map(
      ({ scheme, code, lookupTag, codeKey, row, lookup, checkpoint, registered, match }) => {
        const { index: _, ...shown } = match;
        const evidence = { lookupTag, codeKey, row, lookup: lookup.logged.index, checkpoint, registered, match: shown };
        return { scheme, code, evidence };
      },
    );
    const { origin, caseReference } = hits[0] as CaseRecord;
    const lookups = hits.map(({ lookup }) => lookup).toReversed();
    const result = { registrations, evidence: { caseSalt, lookups } } as unknown as LookupResult;
    expect(caseRecordsOf(result, { origin, caseReference })).toEqual(hits);
  });
});

describe('keeping a case file', () => {
  const read = (path: string): CaseRecord[] => openCaseFile(readFileSync(path, 'utf8'), seed);

  it('adds hits to those that are there, readable by its owner alone', () => {
    const path = join(createFolder(), 'case');
    const [first, second, third] = [caseRecord(7), caseRecord(9), caseRecord(11)];
    createCaseKeeper(path, seed)([first]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const keep = createCaseKeeper(path, seed);
    keep([]);
    keep([second, third]);
    expect(read(path)).toEqual([first, second, third]);
  });

  it('goes on after a torn line', () => {
    const path = join(createFolder(), 'case');
    createCaseKeeper(path, seed)([caseRecord(7)]);
    appendFileSync(path, 'torn');
    createCaseKeeper(path, seed)([caseRecord(9)]);
    expect(read(path).map(({ match }) => match.index)).toEqual([7, 9]);
    writeFileSync(path, formatCaseHeader(seed).slice(0, 9));
    createCaseKeeper(path, seed)([caseRecord(11)]);
    expect(read(path).map(({ match }) => match.index)).toEqual([11]);
  });

  it('leaves another’s file, and a file that is none, as it is', () => {
    const path = join(createFolder(), 'case');
    for (const text of ['shopping list', 'shopping list\n']) {
      writeFileSync(path, text);
      expect(() => createCaseKeeper(path, seed)).toThrow(refusal('badFile'));
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
    writeFileSync(path, `${formatCaseHeader(randomBytes(32))}\ntorn`);
    expect(() => createCaseKeeper(path, seed)).toThrow(refusal('badFile'));
    expect(readFileSync(path, 'utf8')).toContain('torn');
  });

  it('says when it cannot be written', () => {
    const path = join(createFolder(), 'missing', 'case');
    expect(() => createCaseKeeper(path, seed)).toThrow(refusal('storageFailed'));
    expect(existsSync(path)).toBe(false);
  });
});
