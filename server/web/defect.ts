/** A defect of the program, for the browser's console. */

/** A line of a stack: V8's, then that of the other engines. */
const FRAME = /^ {4}at \S.*:\d+:\d+\)?$|^\S*@\S+:\d+:\d+$/u;

/** Errors that caused one another, that are told of. */
const MOST_CAUSES = 4;

/**
 * What kind of error it was, and where in the program; so for each that caused it. Not its message: that may quote what was
 * worked on, and a console is read by whoever sits there next.
 */
export function traceOf(error: unknown): string {
  const told: string[] = [];
  for (let each = error; each !== undefined && told.length < MOST_CAUSES;) {
    told.push(traceOfOne(each));
    each = each instanceof Error ? each.cause : undefined;
  }
  return told.join('\ncaused by ');
}

function traceOfOne(error: unknown): string {
  if (!(error instanceof Error)) return 'something that is no error';
  const { name, message, stack = '' } = error;
  const frames = (message === '' ? stack : stack.replaceAll(message, ''))
    .split('\n')
    .filter((line) => FRAME.test(line));
  return [name, ...frames].join('\n');
}
