/** Structured logs. What is logged is a list of allowed fields; whatever else is handed in never reaches the log. */
import { destination, pino, type DestinationStream, type LogFn, type Logger } from 'pino';
import { isBlindmarkError } from '../../crypto/errors.ts';

/** Without `child`: what it binds would go past the list of allowed fields. */
export type Log = Pick<Logger, 'debug' | 'error' | 'flush' | 'info' | 'isLevelEnabled' | 'warn'>;

/**
 * Every field that a log line may have. None can hold a code, tag, envelope, contact, case reference, address or key:
 * routes are patterns, errors are codes, and stacks come without their messages, which may quote input.
 */
const ALLOWED_FIELDS = new Set([
  'action',
  'address',
  'code',
  'codes',
  'durationMs',
  'epoch',
  'errorName',
  'file',
  'folder',
  'force',
  'generation',
  'guardian',
  'healthy',
  'method',
  'port',
  'requestId',
  'roster',
  'route',
  'service',
  'signal',
  'size',
  'stack',
  'status',
  'threads',
]);

function keepAllowed(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => ALLOWED_FIELDS.has(name) && typeof value !== 'object'),
  );
}

/** Fields and a fixed text: an error's message is not taken for the text, and nothing is formatted into it. */
function logPlainly(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const [first, second] = args as readonly unknown[];
  const fields = typeof first === 'string' ? {} : first instanceof Error ? describeError(first) : first;
  const text = [first, second].find((part) => typeof part === 'string');
  method.call(this, fields, text ?? '');
}

/**
 * A log of JSON lines.
 *
 * @param options.level pino's level; default `info`
 * @param options.destination default: standard output
 */
export function createLog(service: string, options: { level?: string; destination?: DestinationStream } = {}): Log {
  const settings = {
    level: options.level ?? 'info',
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { log: keepAllowed, level: (label: string) => ({ level: label }) },
    hooks: { logMethod: logPlainly },
  };
  // Written at once: a line that waited would be lost, or overtaken, when the process ends.
  return pino(settings, options.destination ?? destination({ dest: 1, sync: true }));
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** What may be logged of an error: its code or class, and for defects where it was thrown. */
export function describeError(error: unknown): Record<string, unknown> {
  if (isBlindmarkError(error) && error.code !== 'internal') return { code: error.code };
  if (!(error instanceof Error)) return { errorName: typeof error };
  // The stack begins with the message, whose lines may look like any other.
  const [, trace = ''] = splitOnce(error.stack ?? '', error.message);
  const frames = trace.split('\n').filter((line) => /^\s+at /u.test(line));
  return { errorName: error.name, stack: frames.map((line) => line.trim()).join(' | ') };
}
