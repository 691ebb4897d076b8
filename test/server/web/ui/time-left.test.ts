import { describe, expect, it } from 'vitest';
import { createTimeLeft } from '../../../../server/web/ui/time-left.ts';

function create() {
  const clock = { now: 100 };
  const timeLeft = createTimeLeft(() => clock.now);
  return {
    at(seconds: number, done: number, total = 100, phase = 'lookup') {
      clock.now = 100 + seconds;
      return timeLeft({ phase, done, total });
    },
  };
}

describe('createTimeLeft', () => {
  it('says nothing before it can know', () => {
    const task = create();
    expect(task.at(0, 0)).toBeNull();
    expect(task.at(0.1, 10)).toBeNull();
    expect(task.at(5, 0)).toBeNull();
  });

  it('goes by the speed so far', () => {
    const task = create();
    task.at(0, 0);
    expect(task.at(10, 25)).toBe(30);
    expect(task.at(20, 50)).toBe(20);
    expect(task.at(40, 100)).toBe(0);
  });

  it('does not count what was done before', () => {
    const task = create();
    task.at(0, 80);
    expect(task.at(10, 90)).toBe(10);
  });

  it('begins anew with each phase, and when work starts over', () => {
    const task = create();
    task.at(0, 0);
    expect(task.at(10, 50)).toBe(10);
    expect(task.at(11, 1, 4, 'log')).toBeNull();
    expect(task.at(13, 2, 4, 'log')).toBe(4);
    expect(task.at(14, 0, 4, 'log')).toBeNull();
  });

  it('says nothing where the total is unknown', () => {
    const task = create();
    task.at(0, 0, 0);
    expect(task.at(10, 5, 0)).toBeNull();
  });
});
