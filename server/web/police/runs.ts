/** Lookups that are under way, by tray: they go on while the officer looks at another case. */
import type { CallProgress, Calls } from '../engine/calls.ts';
import type { PoliceApi } from '../engine/police-api.ts';
import { createTimeLeft } from '../ui/time-left.ts';
import type { TaskProgress } from '../ui/use-task.ts';

/** How far the run of a tray is. */
export interface RunState {
  readonly isRunning: boolean;
  readonly progress: TaskProgress | null;
  /** Why the last run ended before all was looked up; null when it did not. */
  readonly error: unknown;
  /** How many runs have ended. */
  readonly ended: number;
}

const NEVER_RUN: RunState = { isRunning: false, progress: null, error: null, ended: 0 };

/** The runs of one session. */
export class Runs {
  readonly #police: Pick<Calls<PoliceApi>, 'run'>;
  readonly #now: () => number;
  readonly #states = new Map<string, RunState>();
  readonly #controllers = new Map<string, AbortController>();
  readonly #listeners = new Set<() => void>();

  /** @param now seconds of any steady clock */
  constructor(police: Pick<Calls<PoliceApi>, 'run'>, now: () => number = () => performance.now() / 1000) {
    this.#police = police;
    this.#now = now;
  }

  of(tray: string): RunState {
    return this.#states.get(tray) ?? NEVER_RUN;
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Begins, or goes on with, what waits on a tray. Does nothing where that is under way. */
  start(tray: string): void {
    if (this.of(tray).isRunning) return;
    const controller = new AbortController();
    this.#controllers.set(tray, controller);
    this.#set(tray, { isRunning: true, progress: null, error: null });
    const timeLeft = createTimeLeft(this.#now);
    const onProgress = (progress: CallProgress): void => {
      this.#set(tray, { progress: { ...progress, secondsLeft: timeLeft(progress) } });
    };
    const end = (error: unknown): void => {
      this.#set(tray, { isRunning: false, progress: null, error, ended: this.of(tray).ended + 1 });
    };
    this.#police.run({ tray }, { signal: controller.signal, onProgress }).then(() => end(null), end);
  }

  /** What was answered is kept; the rest waits. */
  stop(tray: string): void {
    this.#controllers.get(tray)?.abort();
  }

  #set(tray: string, change: Partial<RunState>): void {
    this.#states.set(tray, { ...this.of(tray), ...change });
    for (const listener of this.#listeners) listener();
  }
}
