/** Languages, and how each writes dates, times and amounts. Needs no locale data of the browser's but that of `en-GB`: few browsers have Welsh. */

export type Language = 'en' | 'cy';

export const LANGUAGES: readonly Language[] = ['en', 'cy'];

type AnyText = string | readonly string[] | ((...args: never[]) => string) | { readonly [name: string]: AnyText };

/** The shape of a text file, whatever its language: the same names, each a text, a list of texts, or a function to a text. */
export type Strings<T> = {
  readonly [Name in keyof T]: T[Name] extends string
    ? string
    : T[Name] extends readonly string[]
      ? readonly string[]
      : T[Name] extends (...args: infer Args) => string
        ? (...args: Args) => string
        : T[Name] extends { readonly [name: string]: AnyText }
          ? Strings<T[Name]>
          : never;
};

const STORED = 'blindmark-language';

/** The visitor's choice; without one, the first of the browser's languages that there is a text for; else English. */
export function currentLanguage(): Language {
  const stored = readStored();
  if (stored !== null) return stored;
  for (const tag of navigator.languages) {
    const language = LANGUAGES.find((known) => tag === known || tag.startsWith(`${known}-`));
    if (language !== undefined) return language;
  }
  return 'en';
}

/** Keeps the choice in this browser. It is not sent anywhere. */
export function storeLanguage(language: Language): void {
  try {
    localStorage.setItem(STORED, language);
  } catch {
    // Without storage the choice lasts until the page is left.
  }
}

function readStored(): Language | null {
  try {
    const stored = localStorage.getItem(STORED);
    return LANGUAGES.find((known) => known === stored) ?? null;
  } catch {
    return null;
  }
}

/** The forms that a word takes after a number: English has `one` and `other`, Welsh all six. */
export interface PluralForms {
  readonly zero?: string;
  readonly one?: string;
  readonly two?: string;
  /** 3 */
  readonly few?: string;
  /** 6 */
  readonly many?: string;
  readonly other: string;
}

/** The form that follows `count`: `plural(2, { one: 'code', other: 'codes' })`. Unicode CLDR's rules of English and Welsh. */
export function plural(count: number, forms: PluralForms): string {
  const form = { 0: forms.zero, 1: forms.one, 2: forms.two, 3: forms.few, 6: forms.many }[count];
  return form ?? forms.other;
}

/** Times are those of Europe/London, whatever the clock of the browser. */
export interface Formats {
  /** `24 November 2026`, of a calendar date (`2026-11-24`) or a time (`2026-11-24T13:05:00Z`). */
  readonly date: (iso: string) => string;
  /** `24 November 2026, 1:05 pm` */
  readonly dateTime: (iso: string) => string;
  /** `between 1 pm and 2 pm on 24 November 2026`: the hour that holds the time, or the log's hour (`2026-11-24T13Z`). */
  readonly hour: (iso: string) => string;
  /** As `dateTime`, of epoch seconds. */
  readonly time: (epochSeconds: number) => string;
  /** `12,345` */
  readonly number: (value: number) => string;
  /** `3 minutes`, of seconds, to the next unit that a person would use. */
  readonly duration: (seconds: number) => string;
  /** `3 minutes ago`, of an age in seconds. */
  readonly age: (seconds: number) => string;
  /** `November 2026`, of `2026-11`. */
  readonly month: (month: string) => string;
}

interface FormatWords {
  readonly months: readonly string[];
  readonly between: (from: string, to: string, date: string) => string;
  readonly ago: (duration: string) => string;
  readonly justNow: string;
  readonly seconds: PluralForms;
  readonly minutes: PluralForms;
  readonly hours: PluralForms;
  readonly days: PluralForms;
}

const WORDS: Readonly<Record<Language, FormatWords>> = {
  en: {
    months: [
      'January',
      'February',
      'March',
      'April',
      'May',
      'June',
      'July',
      'August',
      'September',
      'October',
      'November',
      'December',
    ],
    between: (from, to, date) => `between ${from} and ${to} on ${date}`,
    ago: (duration) => `${duration} ago`,
    justNow: 'just now',
    seconds: { one: 'second', other: 'seconds' },
    minutes: { one: 'minute', other: 'minutes' },
    hours: { one: 'hour', other: 'hours' },
    days: { one: 'day', other: 'days' },
  },
  cy: {
    months: [
      'Ionawr',
      'Chwefror',
      'Mawrth',
      'Ebrill',
      'Mai',
      'Mehefin',
      'Gorffennaf',
      'Awst',
      'Medi',
      'Hydref',
      'Tachwedd',
      'Rhagfyr',
    ],
    between: (from, to, date) => `rhwng ${from} a ${to} ar ${date}`,
    ago: (duration) => `${duration} yn ôl`,
    justNow: 'newydd ddigwydd',
    seconds: { other: 'eiliad' },
    minutes: { one: 'funud', two: 'funud', other: 'munud' },
    hours: { other: 'awr' },
    days: { one: 'diwrnod', two: 'ddiwrnod', few: 'diwrnod', many: 'diwrnod', other: 'diwrnod' },
  },
};

/** Stands for what cannot be said. */
const NOTHING = '–';

/** The longest time that is written, in seconds: ten thousand years. */
const LONGEST = 10_000 * 366 * 86_400;

const LOG_HOUR = /^(\d{4}-\d\d-\d\dT\d\d)Z$/;
const CALENDAR_DATE = /^(\d{4})-(\d\d)-(\d\d)$/;

/** Writes dates, times and amounts as `language` does. A text that is no time is given back as it is; for a number that is none there is a dash. */
export function createFormats(language: Language): Formats {
  const words = WORDS[language];
  const numbers = new Intl.NumberFormat('en-GB');
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Europe/London',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  });

  function partsOf(time: Date): { date: string; hour: number; minute: number } {
    const parts = new Map(clock.formatToParts(time).map((part) => [part.type, Number(part.value)]));
    const get = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    return { date: dateOf(get('day'), get('month'), get('year')), hour: get('hour'), minute: get('minute') };
  }
  const dateOf = (day: number, month: number, year: number): string => `${day} ${words.months[month - 1]} ${year}`;

  function writeTime(time: Date): string {
    const { date, hour, minute } = partsOf(time);
    return `${date}, ${twelve(hour)}:${String(minute).padStart(2, '0')} ${half(hour)}`;
  }
  function duration(seconds: number): string {
    if (!(Math.abs(seconds) <= LONGEST)) return NOTHING;
    const [amount, forms] = roundDuration(seconds, words);
    return `${numbers.format(amount)} ${plural(amount, forms)}`;
  }

  return {
    date(iso) {
      const calendar = CALENDAR_DATE.exec(iso);
      if (calendar !== null) return dateOf(Number(calendar[3]), Number(calendar[2]), Number(calendar[1]));
      const time = parseTime(iso);
      return time === null ? iso : partsOf(time).date;
    },
    dateTime(iso) {
      const time = parseTime(iso);
      return time === null ? iso : writeTime(time);
    },
    hour(iso) {
      const time = parseTime(iso);
      if (time === null) return iso;
      const { date, hour } = partsOf(time);
      const next = (hour + 1) % 24;
      return words.between(`${twelve(hour)} ${half(hour)}`, `${twelve(next)} ${half(next)}`, date);
    },
    time(epochSeconds) {
      const time = new Date(epochSeconds * 1000);
      return Number.isNaN(time.getTime()) ? NOTHING : writeTime(time);
    },
    number: (value) => numbers.format(value),
    duration,
    age(seconds) {
      if (!(Math.abs(seconds) <= LONGEST)) return NOTHING;
      return seconds < 1 ? words.justNow : words.ago(duration(seconds));
    },
    month(month) {
      const [year, index] = month.split('-');
      const name = words.months[Number(index) - 1];
      return name === undefined ? month : `${name} ${year}`;
    },
  };
}

function parseTime(iso: string): Date | null {
  const time = new Date(iso.replace(LOG_HOUR, '$1:00:00Z'));
  return Number.isNaN(time.getTime()) ? null : time;
}

const twelve = (hour: number): number => (hour % 12 === 0 ? 12 : hour % 12);
const half = (hour: number): string => (hour < 12 ? 'am' : 'pm');

function roundDuration(seconds: number, words: FormatWords): [number, PluralForms] {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return [whole, words.seconds];
  const minutes = Math.round(whole / 60);
  if (minutes < 90) return [minutes, words.minutes];
  const hours = Math.round(whole / 3600);
  return hours < 48 ? [hours, words.hours] : [Math.round(whole / 86_400), words.days];
}
