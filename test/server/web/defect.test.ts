/** What a console is told of a defect: where it was, and nothing of what was worked on. */
import { describe, expect, it } from 'vitest';
import { traceOf } from '../../../server/web/defect.ts';

const SECRET = '8EQ7-1S02-SG3J-TS93';

describe('traceOf', () => {
  it('says kind and place, and not the message', () => {
    const trace = traceOf(new RangeError(`${SECRET} is wrong`));
    expect(trace).toMatch(/^RangeError\n {4}at .*defect\.test\.ts/u);
    expect(trace).not.toContain(SECRET);
  });

  it.each([`first\n    at ${SECRET}:1:1`, `first\n    at f (${SECRET}:1:1)\n    at g (x:2:2)`, `@${SECRET}:1:1`])(
    'is not deceived by a message that looks like a place: %j',
    (message) => {
      expect(traceOf(new Error(message))).not.toContain(SECRET);
    },
  );

  it('says the same of what caused it, as far as that goes', () => {
    const trace = traceOf(new TypeError('outer', { cause: new SyntaxError(SECRET, { cause: SECRET }) }));
    expect(trace).toMatch(/^TypeError\n[^]*\ncaused by SyntaxError\n[^]*\ncaused by something that is no error$/u);
    expect(trace).not.toContain(SECRET);
    const circle = new Error('a');
    circle.cause = circle;
    expect(traceOf(circle).match(/caused by/gu)).toHaveLength(3);
  });

  it('reads the stacks of other browsers', () => {
    const error = new Error(SECRET);
    error.stack = `run@https://pages.example/assets/worker.js:1:20\n@https://pages.example/assets/worker.js:2:3\n${SECRET}`;
    expect(traceOf(error)).toBe(
      'Error\nrun@https://pages.example/assets/worker.js:1:20\n@https://pages.example/assets/worker.js:2:3',
    );
  });
});
