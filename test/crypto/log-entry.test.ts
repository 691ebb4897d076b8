import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, formatBase64url, utf8ToBytes } from '../../crypto/bytes.ts';
import { isBlindmarkError } from '../../crypto/errors.ts';
import { labelledHash } from '../../crypto/hash.ts';
import {
  delayedCommitment,
  ENTRY_KINDS,
  formatHour,
  formatLogEntry,
  hourOf,
  markHash,
  MAX_ENTRY_BYTES,
  MAX_ENTRY_SIGNATURES,
  maxCodesOf,
  parseLogEntry,
  SIZE_CLASSES,
  sizeClassOf,
  type LogEntry,
} from '../../crypto/log-entry.ts';
import { anyEntry, entriesByKind } from '../support/entries.ts';
import { refusal } from '../support/refusal.ts';

/** 2026-11-24T12Z. */
const HOUR = 498_756;
const hash = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const A = 'AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE';
const B = 'AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI';
const S = formatBase64url(new Uint8Array(64).fill(3));

const lookup: LogEntry = {
  kind: 'lookup',
  hour: HOUR,
  request: hash(1),
  force: 'force-a',
  officer: 'p-7f3a',
  caseCommitment: hash(2),
  codes: '2-4',
};
const signature = new Uint8Array(64).fill(3);

const SAMPLES: readonly (readonly [LogEntry, string])[] = [
  [{ kind: 'activation', hour: HOUR, request: hash(1) }, `request ${A}\n`],
  [{ kind: 'registration', hour: HOUR, mark: hash(1), row: hash(2), epoch: 3 }, `mark ${A}\nrow ${B}\nepoch 3\n`],
  [lookup, `request ${A}\nforce force-a\nofficer p-7f3a\ncaseCommitment ${B}\ncodes 2-4\n`],
  [{ kind: 'match', hour: HOUR, mark: hash(1), lookup: 0 }, `mark ${A}\nlookup 0\n`],
  [
    {
      kind: 'opening',
      hour: HOUR,
      request: hash(2),
      mark: hash(1),
      caseCommitment: hash(2),
      force: 'force-a',
      first: 'p-1',
      second: 'p-2',
    },
    `request ${B}\nmark ${A}\ncaseCommitment ${B}\nforce force-a\nfirst p-1\nsecond p-2\n`,
  ],
  [
    { kind: 'action', hour: HOUR, mark: hash(1), action: 'withdraw', row: hash(2) },
    `mark ${A}\naction withdraw\nrow ${B}\n`,
  ],
  [{ kind: 'check', hour: HOUR, request: hash(2) }, `request ${B}\n`],
  [
    {
      kind: 'roster',
      hour: HOUR,
      version: 1,
      roster: hash(1),
      signatures: [
        { guardian: 2, signature },
        { guardian: 11, signature },
      ],
    },
    `version 1\nroster ${A}\nsignatures 2:${S},11:${S}\n`,
  ],
  [
    { kind: 'revocation', hour: HOUR, force: 'force-a', list: hash(1), signature },
    `force force-a\nlist ${A}\nsignature ${S}\n`,
  ],
  [{ kind: 'pages', hour: HOUR, build: hash(2) }, `build ${B}\n`],
  [
    { kind: 'delayed', hour: HOUR, of: 'match', commitment: hash(1), revealBy: HOUR + 24 },
    `of match\ncommitment ${A}\nrevealBy 2026-11-25T12Z\n`,
  ],
  [
    { kind: 'reveal', hour: HOUR, entry: 9_007_199_254_740_991, salt: hash(1), plain: formatLogEntry(lookup) },
    `entry 9007199254740991\nsalt ${A}\nplain ${formatBase64url(formatLogEntry(lookup))}\n`,
  ],
];

const sampleOf = (kind: string): string => {
  const found = SAMPLES.find(([entry]) => entry.kind === kind) as (typeof SAMPLES)[number];
  return text(formatLogEntry(found[0]));
};
const parse = (entry: string): LogEntry => parseLogEntry(utf8ToBytes(entry));

describe('the text of an entry', () => {
  it.each(SAMPLES.map(([entry, fields]) => [entry.kind, entry, fields] as const))(
    'is as documented: %s',
    (kind, entry, fields) => {
      const expected = `blindmark-entry-v1 ${kind}\nhour 2026-11-24T12Z\n${fields}`;
      expect(text(formatLogEntry(entry))).toBe(expected);
      expect(parse(expected)).toEqual(entry);
    },
  );

  it('is shown above for every kind', () => {
    expect(SAMPLES.map(([entry]) => entry.kind)).toEqual(ENTRY_KINDS);
    expect([...entriesByKind.keys()].sort()).toEqual([...ENTRY_KINDS].sort());
  });

  it.each([...entriesByKind])('reads back as what was written, within the limit: %s', (_, entries) => {
    fc.assert(
      fc.property(entries, (entry) => {
        const formatted = formatLogEntry(entry);
        expect(formatted.length).toBeLessThanOrEqual(MAX_ENTRY_BYTES);
        expect(parseLogEntry(formatted)).toEqual(entry);
      }),
      { numRuns: 50 },
    );
  });

  it('has room for the longest names and the most signatures', () => {
    const longest = 'x'.repeat(64);
    const opening = formatLogEntry({
      kind: 'opening',
      hour: HOUR,
      request: hash(1),
      mark: hash(1),
      caseCommitment: hash(2),
      force: longest,
      first: longest,
      second: longest,
    });
    const reveal = formatLogEntry({
      kind: 'reveal',
      hour: HOUR,
      entry: Number.MAX_SAFE_INTEGER,
      salt: hash(1),
      plain: opening,
    });
    const signatures = Array.from({ length: MAX_ENTRY_SIGNATURES }, (_, i) => ({ guardian: 247 + i, signature }));
    const roster = formatLogEntry({ kind: 'roster', hour: HOUR, version: 2 ** 31 - 1, roster: hash(1), signatures });
    expect(reveal.length).toBeLessThanOrEqual(MAX_ENTRY_BYTES);
    expect(roster.length).toBeLessThanOrEqual(MAX_ENTRY_BYTES);
  });
});

/** Either no entry, or one that is just these bytes, and not the one that they were made from. */
function expectOneMeaning(bytes: Uint8Array, original: Uint8Array): void {
  let entry: LogEntry;
  try {
    entry = parseLogEntry(bytes);
  } catch (error) {
    if (!isBlindmarkError(error, 'badInput')) throw error;
    return;
  }
  expect(equalBytes(formatLogEntry(entry), bytes)).toBe(true);
  if (!equalBytes(bytes, original)) expect(entry).not.toEqual(parseLogEntry(original));
}

describe('an entry has one meaning', () => {
  it.each(SAMPLES.map(([entry]) => [entry.kind, formatLogEntry(entry)] as const))(
    'with any bit of it flipped: %s',
    (_, original) => {
      for (let at = 0; at < original.length; at++) {
        for (let bit = 0; bit < 8; bit++) {
          expectOneMeaning(original.with(at, (original[at] as number) ^ (1 << bit)), original);
        }
      }
    },
  );

  it.each(SAMPLES.map(([entry]) => [entry.kind, formatLogEntry(entry)] as const))(
    'with any byte of it gone, doubled, or changed into one that the format uses: %s',
    (_, original) => {
      const used = [...utf8ToBytes('\n \t\r:,-+=0OlZzA')];
      for (let at = 0; at < original.length; at++) {
        const [head, tail] = [original.subarray(0, at), original.subarray(at)];
        expectOneMeaning(concatBytes(head, tail.subarray(1)), original);
        expectOneMeaning(concatBytes(head, tail.subarray(0, 1), tail), original);
        for (const byte of used) {
          expectOneMeaning(original.with(at, byte), original);
          expectOneMeaning(concatBytes(head, Uint8Array.of(byte), tail), original);
        }
      }
    },
  );

  it('whatever is done to it', () => {
    const step = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 3 }),
      insert: fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.string({ maxLength: 4 }).map(utf8ToBytes)),
    });
    fc.assert(
      fc.property(anyEntry, fc.array(step, { minLength: 1, maxLength: 3 }), (entry, steps) => {
        const original = formatLogEntry(entry);
        const changed = steps.reduce((bytes, { at, remove, insert }) => {
          const from = at % (bytes.length + 1);
          return concatBytes(bytes.subarray(0, from), insert, bytes.subarray(from + remove));
        }, original);
        expectOneMeaning(changed, original);
      }),
      { numRuns: 2000 },
    );
  });

  it('or none, for arbitrary bytes and lines', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 1100 }), fc.string().map(utf8ToBytes)), (bytes) => {
        expect(() => parseLogEntry(bytes)).toThrow(refusal('badInput'));
      }),
    );
  });

  it('two entries never share their bytes', () => {
    fc.assert(
      fc.property(anyEntry, anyEntry, (a, b) => {
        const isSame = equalBytes(formatLogEntry(a), formatLogEntry(b));
        expect(isSame).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('no entry is', () => {
  const match = sampleOf('match');
  const roster = sampleOf('roster');
  const [one = '', two = ''] = (/signatures (.*)\n/u.exec(roster)?.[1] ?? '').split(',');

  it.each<[string, string, string]>([
    ['nothing', '', 'entry'],
    ['another version', match.replace('-v1', '-v2'), 'entry'],
    ['a kind that there is not', match.replace(' match', ' sale'), 'entry'],
    ['a kind in capitals', match.replace(' match', ' Match'), 'entry'],
    ['one without its last line feed', match.slice(0, -1), 'entry'],
    ['one with an empty line at the end', `${match}\n`, 'entry'],
    ['one with an empty line in it', match.replace('\n', '\n\n'), 'entry'],
    ['one with a byte order mark', `\uFEFF${match}`, 'entry'],
    ['one with carriage returns', match.replaceAll('\n', '\r\n'), 'entry'],
    ['one with a field more', `${match}note x\n`, 'entry'],
    ['one with a field less', match.replace(/lookup .*\n/u, ''), 'entry'],
    ['one with a field twice', match.replace(/(lookup .*\n)/u, '$1$1'), 'entry'],
    ['one with its fields in another order', match.replace(/(mark .*\n)(lookup .*\n)/u, '$2$1'), 'entry.mark'],
    ['one with another kind’s fields', match.replace(' match', ' registration'), 'entry'],
    ['one with two spaces', match.replace('lookup ', 'lookup  '), 'entry.lookup'],
    ['one with a space at the end', match.replace('lookup 0', 'lookup 0 '), 'entry.lookup'],
    ['a hash too short', match.replace(A, A.slice(1)), 'entry.mark'],
    ['a hash with padding', match.replace(A, `${A}=`), 'entry.mark'],
    ['a hash in standard base64', match.replace(A, `${A.slice(0, -2)}+E`), 'entry.mark'],
    ['a hash whose last letter has unused bits set', match.replace(A, `${A.slice(0, -1)}F`), 'entry.mark'],
    ['an index with a zero in front', match.replace('lookup 0', 'lookup 00'), 'entry'],
    ['a negative index', match.replace('lookup 0', 'lookup -1'), 'entry.lookup'],
    ['an index as a fraction', match.replace('lookup 0', 'lookup 1.0'), 'entry.lookup'],
    ['an index with an exponent', match.replace('lookup 0', 'lookup 1e3'), 'entry.lookup'],
    ['an index that cannot be counted with', match.replace('lookup 0', 'lookup 9007199254740992'), 'entry.lookup'],
    ['an hour with minutes', match.replace('T12Z', 'T12:00Z'), 'entry.hour'],
    ['hour 24', match.replace('T12Z', 'T24Z'), 'entry'],
    ['30 February', match.replace('11-24', '02-30'), 'entry'],
    ['month 13', match.replace('11-24', '13-24'), 'entry.hour'],
    ['an hour before 1970', match.replace('2026', '1969'), 'entry.hour'],
    ['an hour of another zone', match.replace('T12Z', 'T12+'), 'entry.hour'],
    ['an hour in small letters', match.replace('T12Z', 't12z'), 'entry.hour'],
    ['another size class', sampleOf('lookup').replace('codes 2-4', 'codes 3'), 'entry.codes'],
    ['a force in capitals', sampleOf('lookup').replace('force-a', 'Force-a'), 'entry.force'],
    ['a force without name', sampleOf('lookup').replace('force force-a', 'force '), 'entry.force'],
    ['an officer’s name of 65 letters', sampleOf('lookup').replace('p-7f3a', 'p'.repeat(65)), 'entry.officer'],
    ['an action that there is not', sampleOf('action').replace('withdraw', 'sell'), 'entry.action'],
    ['epoch 0', sampleOf('registration').replace('epoch 3', 'epoch 0'), 'entry.epoch'],
    ['signatures in another order', roster.replace(`${one},${two}`, `${two},${one}`), 'entry.signatures'],
    ['two signatures of one guardian', roster.replace(`${one},${two}`, `${one},${one}`), 'entry.signatures'],
    ['no signatures', roster.replace(`${one},${two}`, ''), 'entry.signatures'],
    ['a signature of guardian 0', roster.replace('2:', '0:'), 'entry.signatures'],
    ['a signature with a third part', roster.replace(one, `${one}:x`), 'entry'],
    ['a hidden kind that may not be', sampleOf('delayed').replace('of match', 'of action'), 'entry.of'],
  ])('%s', (_, entry, field) => {
    expect(() => parse(entry)).toThrow(refusal('badInput', field));
  });

  it('text that is not UTF-8', () => {
    const bytes = formatLogEntry(lookup);
    expect(() => parseLogEntry(bytes.with(70, 0xff))).toThrow(refusal('badInput', 'entry'));
  });

  it('longer than 1,024 bytes', () => {
    expect(() => parseLogEntry(new Uint8Array(MAX_ENTRY_BYTES + 1).fill(65))).toThrow(refusal('badInput', 'entry'));
  });

  it('one with ten signatures', () => {
    const signatures = Array.from({ length: 10 }, (_, i) => ({ guardian: i + 1, signature }));
    const ten: LogEntry = { kind: 'roster', hour: HOUR, version: 1, roster: hash(1), signatures };
    expect(() => formatLogEntry(ten)).toThrow(refusal('badInput', 'entry.signatures'));
  });

  it.each<[string, Uint8Array]>([
    ['a kind that is never delayed', formatLogEntry({ kind: 'check', hour: HOUR, request: hash(1) })],
    ['no entry', utf8ToBytes('x')],
    ['an entry that is not canonical', concatBytes(formatLogEntry(lookup), utf8ToBytes('\n'))],
    ['nothing', new Uint8Array()],
  ])('the reveal of %s', (_, plain) => {
    const reveal: LogEntry = { kind: 'reveal', hour: HOUR, entry: 7, salt: hash(1), plain };
    expect(() => formatLogEntry(reveal)).toThrow(refusal('badInput'));
    expect(() => parse(sampleOf('reveal').replace(/plain .*/u, `plain ${formatBase64url(plain)}`))).toThrow(
      refusal('badInput'),
    );
  });

  it.each([-1, 0.5, NaN, Infinity, Date.UTC(10_000, 0) / 3_600_000])('written with the hour %d', (hour) => {
    expect(() => formatLogEntry({ kind: 'check', hour, request: hash(1) })).toThrow(refusal('badInput', 'hour'));
  });

  it('written with a field that would not read back', () => {
    expect(() => formatLogEntry({ ...lookup, officer: 'two words' })).toThrow(refusal('badInput', 'entry.officer'));
    expect(() => formatLogEntry({ ...lookup, request: new Uint8Array(31) })).toThrow(
      refusal('badInput', 'entry.request'),
    );
    expect(() => formatLogEntry({ kind: 'match', hour: HOUR, mark: hash(1), lookup: 2 ** 53 })).toThrow(
      refusal('badInput', 'entry.lookup'),
    );
  });
});

describe('what stands in entries', () => {
  it('shows times as hours', () => {
    expect(hourOf(Date.parse('2026-11-24T12:00:00Z') / 1000)).toBe(HOUR);
    expect(hourOf(Date.parse('2026-11-24T12:59:59Z') / 1000)).toBe(HOUR);
    expect(hourOf(Date.parse('2026-11-24T13:00:00Z') / 1000)).toBe(HOUR + 1);
    expect(formatHour(HOUR)).toBe('2026-11-24T12Z');
    expect(formatHour(0)).toBe('1970-01-01T00Z');
  });

  it('shows how many codes in four steps', () => {
    const classes = Array.from({ length: 64 }, (_, i) => sizeClassOf(i + 1));
    expect([...new Set(classes)]).toEqual(SIZE_CLASSES);
    expect(classes.indexOf('2-4')).toBe(1);
    expect(classes.indexOf('5-16')).toBe(4);
    expect(classes.indexOf('17-64')).toBe(16);
    expect(SIZE_CLASSES.map(maxCodesOf)).toEqual([1, 4, 16, 64]);
    for (const codes of [0, 65, 1.5, -1, NaN]) expect(() => sizeClassOf(codes)).toThrow(refusal('badInput', 'codes'));
  });

  it('hides a registration under a salt, and an entry under another', () => {
    expect(markHash(hash(1), hash(2))).toEqual(labelledHash('mark', hash(1), hash(2)));
    expect(delayedCommitment(hash(1), utf8ToBytes('x'))).toEqual(labelledHash('delayed-entry', hash(1), 'x'));
  });
});
