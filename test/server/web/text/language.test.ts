import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFormats, plural } from '../../../../server/web/text/language.ts';

const en = createFormats('en');
const cy = createFormats('cy');

describe('createFormats', () => {
  it('writes dates', () => {
    expect(en.date('2026-11-24')).toBe('24 November 2026');
    expect(cy.date('2026-11-24')).toBe('24 Tachwedd 2026');
    expect(en.date('2026-03-01T00:30:00Z')).toBe('1 March 2026');
  });

  it('writes times of London, in summer as in winter', () => {
    expect(en.dateTime('2026-11-24T13:05:00Z')).toBe('24 November 2026, 1:05 pm');
    expect(en.dateTime('2026-07-01T23:30:00Z')).toBe('2 July 2026, 12:30 am');
    expect(cy.dateTime('2026-07-01T11:00:00Z')).toBe('1 Gorffennaf 2026, 12:00 pm');
    expect(en.time(Date.UTC(2026, 10, 24, 13, 5) / 1000)).toBe('24 November 2026, 1:05 pm');
  });

  it('writes hours, also as the log does', () => {
    expect(en.hour('2026-11-24T13Z')).toBe('between 1 pm and 2 pm on 24 November 2026');
    expect(en.hour('2026-11-24T13:59:59Z')).toBe('between 1 pm and 2 pm on 24 November 2026');
    expect(en.hour('2026-11-24T11Z')).toBe('between 11 am and 12 pm on 24 November 2026');
    expect(en.hour('2026-11-24T23Z')).toBe('between 11 pm and 12 am on 24 November 2026');
    expect(cy.hour('2026-07-24T13Z')).toBe('rhwng 2 pm a 3 pm ar 24 Gorffennaf 2026');
  });

  it('writes months and numbers', () => {
    expect(en.month('2026-01')).toBe('January 2026');
    expect(cy.month('2026-12')).toBe('Rhagfyr 2026');
    expect(en.number(1_234_567)).toBe('1,234,567');
    expect(cy.number(1675)).toBe('1,675');
  });

  it('writes durations in the unit that a person would use', () => {
    expect(en.duration(1)).toBe('1 second');
    expect(en.duration(89)).toBe('89 seconds');
    expect(en.duration(90)).toBe('2 minutes');
    expect(en.duration(3600)).toBe('60 minutes');
    expect(en.duration(7200)).toBe('2 hours');
    expect(en.duration(172_800)).toBe('2 days');
    expect(cy.duration(120)).toBe('2 funud');
    expect(cy.duration(300)).toBe('5 munud');
    expect(cy.duration(7200)).toBe('2 awr');
  });

  it('writes ages', () => {
    expect(en.age(0)).toBe('just now');
    expect(en.age(180)).toBe('3 minutes ago');
    expect(cy.age(180)).toBe('3 munud yn ôl');
  });

  it('gives back what is no time', () => {
    for (const write of [en.date, en.dateTime, en.hour, en.month]) expect(write('soon')).toBe('soon');
  });

  it('has a dash for a number that is no time, and for what nobody waits for', () => {
    for (const formats of [en, cy]) {
      for (const number of [NaN, Infinity, -Infinity, 1e308, 2 ** 64]) {
        expect(formats.time(number)).toBe('–');
        expect(formats.duration(number)).toBe('–');
        expect(formats.age(number)).toBe('–');
      }
    }
    expect(en.age(-5)).toBe('just now');
    expect(en.duration(100 * 86_400)).toBe('100 days');
  });

  it('says the same time as Intl does, at any moment', () => {
    const reference = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', dateStyle: 'long' });
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
        (time) => {
          expect(en.date(time.toISOString())).toBe(reference.format(time));
        },
      ),
    );
  });
});

describe('plural', () => {
  it('picks the Welsh form', () => {
    const forms = { zero: 'c', one: 'ci', two: 'gi', few: 'chi', many: 'chi6', other: 'ci+' };
    expect([0, 1, 2, 3, 4, 5, 6, 7, 11, 100].map((count) => plural(count, forms))).toEqual([
      'c',
      'ci',
      'gi',
      'chi',
      'ci+',
      'ci+',
      'chi6',
      'ci+',
      'ci+',
      'ci+',
    ]);
  });

  it('agrees with the rules of Unicode in both languages', () => {
    const all = { zero: 'zero', one: 'one', two: 'two', few: 'few', many: 'many', other: 'other' };
    const cy = new Intl.PluralRules('cy');
    const en = new Intl.PluralRules('en');
    fc.assert(
      fc.property(fc.nat(10_000), (count) => {
        expect(plural(count, all)).toBe(cy.select(count));
        expect(plural(count, { one: 'one', other: 'other' })).toBe(en.select(count));
      }),
    );
  });
});
