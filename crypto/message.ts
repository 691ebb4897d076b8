/** Untrusted messages, parsed once at the edge: zod schemas whose parsed side holds bytes and whose wire side is JSON. */
import { z } from 'zod';
import { formatBase64url, parseBase64url } from './bytes.ts';
import { badInput, type BlindmarkError } from './errors.ts';

/** A byte string: base64url without padding on the wire, `Uint8Array` once parsed. */
export function bytesField(minLength: number, maxLength: number = minLength) {
  const [low, high] = [minLength, maxLength].map((length) => Math.ceil((length * 4) / 3));
  const wire = z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${low},${high}}$`, 'u'));
  return z.codec(
    wire,
    z.custom<Uint8Array>((value) => value instanceof Uint8Array),
    {
      decode: (text, context) => {
        try {
          const bytes = parseBase64url('value', text);
          if (bytes.length >= minLength && bytes.length <= maxLength) return bytes;
        } catch {
          // The one message below serves every malformed spelling.
        }
        context.issues.push({ code: 'custom', message: 'base64url', input: undefined });
        return z.NEVER;
      },
      encode: (bytes) => formatBase64url(bytes),
    },
  );
}

// Control characters (C0 but tab, line feed and carriage return; DEL; C1, which terminals obey as well), the bidirectional
// embeddings, overrides and isolates, which make text read as what it is not, and unpaired surrogates.
const PLAIN_TEXT =
  // oxlint-disable-next-line no-control-regex -- Refusing control characters is the purpose.
  /^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff]*$/u;

/** Well-formed text of at most `maxLength` UTF-16 units, with no control characters other than line breaks and tabs. */
export function textField(maxLength: number, minLength = 1) {
  return z.string().min(minLength).max(maxLength).regex(PLAIN_TEXT);
}

/** A short identifier that is safe in file names, metrics and logs. */
export const identifierField = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$/u);

/** A calendar date, `YYYY-MM-DD`. */
export const dateField = z.iso.date();

function describe(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `a value of type ${issue.expected}`;
    case 'too_big':
      return `at most ${String(issue.maximum)} (${issue.origin})`;
    case 'too_small':
      return `at least ${String(issue.minimum)} (${issue.origin})`;
    case 'unrecognized_keys':
      return 'no field beside the documented ones';
    case 'invalid_format':
      return issue.format === 'regex' ? 'the documented form' : `the form of ${issue.format}`;
    case 'invalid_union':
      return 'one of the documented forms';
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    default:
      return 'the documented form';
  }
}

/**
 * The {@link BlindmarkError} `badInput` for a failed parse: it names the first field at fault and what was expected, and
 * never quotes the value.
 */
export function describeInvalid(error: z.ZodError, name: string): BlindmarkError {
  const issue = error.issues[0];
  if (issue === undefined) return badInput(name, 'the documented form');
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return badInput(path === '' ? name || 'message' : `${name}${path}`.replace(/^\./u, ''), describe(issue));
}

/**
 * Parses what came over a wire or out of a file.
 *
 * @param name what errors call the whole message; fields are named below it
 * @throws BlindmarkError `badInput`
 */
export function parseMessage<T extends z.ZodType>(schema: T, value: unknown, name = ''): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw describeInvalid(result.error, name);
}

/**
 * The wire form, ready for `JSON.stringify`. A value that does not fit the schema is a defect of the program that made it, and
 * throws zod's own error: what a person typed is checked before.
 */
export function formatMessage<T extends z.ZodType>(schema: T, value: z.output<T>): z.input<T> {
  return z.encode(schema, value);
}
