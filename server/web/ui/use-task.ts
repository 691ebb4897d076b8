/** Work that takes time: its progress, its end, and how to stop it. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { CallOptions, CallProgress } from '../engine/calls.ts';
import { createTimeLeft } from './time-left.ts';

export interface TaskProgress extends CallProgress {
  /** Null while it can't be told. */
  readonly secondsLeft: number | null;
}

export interface Task<T> {
  /** Begins; what was under way is stopped. Resolves to the result, or to undefined when it failed (see `error`) or was superseded. */
  readonly run: (work: (options: CallOptions) => Promise<T>) => Promise<T | undefined>;
  /** Stops what is under way; it then fails with the code `cancelled`. */
  readonly cancel: () => void;
  readonly isRunning: boolean;
  readonly progress: TaskProgress | null;
  /** What was thrown by the last run; null while there is none. */
  readonly error: unknown;
  readonly result: T | undefined;
  /** Stops, and forgets result and error. */
  readonly reset: () => void;
}

interface TaskState<T> {
  readonly isRunning: boolean;
  readonly progress: TaskProgress | null;
  readonly error: unknown;
  readonly result: T | undefined;
}

const IDLE = { isRunning: false, progress: null, error: null, result: undefined } as const;

/** Runs one piece of work at a time. It is stopped when the component goes. */
export function useTask<T>(): Task<T> {
  const [state, setState] = useState<TaskState<T>>(IDLE);
  const controller = useRef<AbortController | null>(null);

  const run = useCallback(async (work: (options: CallOptions) => Promise<T>): Promise<T | undefined> => {
    controller.current?.abort();
    const own = new AbortController();
    controller.current = own;
    const isCurrent = (): boolean => controller.current === own;
    const timeLeft = createTimeLeft(() => performance.now() / 1000);
    setState({ ...IDLE, isRunning: true });
    try {
      const result = await work({
        signal: own.signal,
        onProgress: (progress) => {
          if (isCurrent())
            setState({ ...IDLE, isRunning: true, progress: { ...progress, secondsLeft: timeLeft(progress) } });
        },
      });
      if (!isCurrent()) return undefined;
      setState({ ...IDLE, result });
      return result;
    } catch (error) {
      if (isCurrent()) setState({ ...IDLE, error });
      return undefined;
    }
  }, []);
  const cancel = useCallback(() => controller.current?.abort(), []);
  const reset = useCallback(() => {
    controller.current?.abort();
    controller.current = null;
    setState(IDLE);
  }, []);
  useEffect(
    () => () => {
      controller.current?.abort();
      controller.current = null;
    },
    [],
  );
  return { ...state, run, cancel, reset };
}
