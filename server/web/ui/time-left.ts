/** Estimates how long work goes on, by how fast its present phase goes. */
import type { CallProgress } from '../engine/calls.ts';

/** Seconds of a phase before its speed says anything. */
const WARM_UP = 0.8;

/** @param now seconds of any steady clock */
export function createTimeLeft(now: () => number): (progress: CallProgress) => number | null {
  let phase: string | null = null;
  let start = 0;
  let first = 0;
  return (progress) => {
    if (progress.phase !== phase || progress.done < first) {
      phase = progress.phase;
      start = now();
      first = progress.done;
      return null;
    }
    const elapsed = now() - start;
    const done = progress.done - first;
    if (progress.total <= 0 || done <= 0 || elapsed < WARM_UP) return null;
    return Math.ceil((elapsed * Math.max(0, progress.total - progress.done)) / done);
  };
}
