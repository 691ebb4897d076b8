/** What commands print: results to standard output, in words or as JSON lines; progress and remarks to standard error. */
import { SingleBar } from 'cli-progress';
import type { Progress } from '../progress.ts';

export interface Output {
  /** A result: `record` as one line with `--json`, else `text`. */
  readonly result: (record: Record<string, unknown>, text: string) => void;
  /** Something worth knowing that is no result. */
  readonly remark: (text: string) => void;
  /** Shows how far long work is, with the time left, where there is a terminal. */
  readonly onProgress: (progress: Progress) => void;
  /** Takes the progress bar away. */
  readonly endProgress: () => void;
}

const VERBS: Readonly<Record<string, string>> = {
  register: 'Registering',
  stretch: 'Looking up',
  mint: 'Minting',
  audit: 'Auditing',
};

/** @param asJson one JSON object a line, and no bar */
export function createOutput(asJson: boolean): Output {
  let bar: SingleBar | undefined;
  const withBar = !asJson && process.stderr.isTTY;
  const endProgress = (): void => {
    bar?.stop();
    bar = undefined;
  };
  // The bar draws itself again a moment later.
  const clearBar = (): void => {
    if (bar !== undefined) process.stderr.write('\r\u001b[K');
  };
  return {
    result: (record, text) => {
      clearBar();
      process.stdout.write(asJson ? `${JSON.stringify(record)}\n` : `${text}\n`);
    },
    remark: (text) => {
      clearBar();
      process.stderr.write(`${text}\n`);
    },
    onProgress: ({ phase, done, total }) => {
      if (!withBar) return;
      if (bar === undefined) {
        const format = `${VERBS[phase] ?? phase} [{bar}] {percentage}% | {value} of {total} | {eta_formatted} left`;
        bar = new SingleBar({
          format,
          clearOnComplete: true,
          forceRedraw: true,
          hideCursor: true,
          stream: process.stderr,
        });
        bar.start(total, done);
      }
      bar.update(done);
    },
    endProgress,
  };
}

const longDate = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
const longMoment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
const wholeNumber = new Intl.NumberFormat('en-GB');

/** `2026-11-24` as 24 November 2026. */
export function formatDate(date: string): string {
  return longDate.format(new Date(`${date}T00:00:00Z`));
}

/** Epoch seconds as 24 November 2026 at 13:00 UTC. */
export function formatMoment(epochSeconds: number): string {
  return `${longMoment.format(new Date(epochSeconds * 1000))} UTC`;
}

/** Whole hours since 1970 as 24 November 2026, 12:00 to 13:00 UTC. */
export function formatHourWords(hour: number): string {
  const [from, to] = [hour, hour + 1].map((value) => `${String(value % 24).padStart(2, '0')}:00`);
  return `${longDate.format(new Date(hour * 3_600_000))}, ${from} to ${to} UTC`;
}

/** 20000 as 20,000. */
export function formatNumber(value: number): string {
  return wholeNumber.format(value);
}

/** `1 code`, `2 codes`. */
export function formatCount(value: number, noun: string): string {
  return `${formatNumber(value)} ${noun}${value === 1 ? '' : 's'}`;
}
