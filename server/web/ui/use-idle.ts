import { useEffect, useRef } from 'preact/hooks';

export interface IdleOptions {
  /** Called each second with the seconds that are left once they are `warnSeconds` or fewer, and with null when the visitor is back. */
  readonly onWarning?: ((secondsLeft: number | null) => void) | undefined;
  /** Default: 60. */
  readonly warnSeconds?: number | undefined;
  /** Called at each sign of the visitor: often. */
  readonly onSign?: (() => void) | undefined;
  /** Tells of signs of the visitor in other tabs. Returns how to end that. Must stay the same function. */
  readonly watchOthers?: ((onSign: () => void) => () => void) | undefined;
}

const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'scroll'] as const;

/**
 * Milliseconds since a moment. The longer of two clocks: one stands still while the computer sleeps, the other may be set back.
 */
function stopwatch(): () => number {
  const [date, monotonic] = [Date.now(), performance.now()];
  return () => Math.max(Date.now() - date, performance.now() - monotonic);
}

/**
 * Calls `onIdle` once when the visitor did nothing for `minutes`; a computer that slept counts.
 *
 * @param minutes null: never
 */
export function useIdle(minutes: number | null, onIdle: () => void, options: IdleOptions = {}): void {
  const latest = useRef({ onIdle, options });
  latest.current = { onIdle, options };
  const { watchOthers } = options;
  useEffect(() => {
    if (minutes === null) return undefined;
    let sinceSign = stopwatch();
    let isWarned = false;
    const stop = (): void => {
      clearInterval(timer);
      for (const sign of SIGNS) removeEventListener(sign, onSign, true);
      document.removeEventListener('visibilitychange', check);
      stopOthers?.();
    };
    const check = (): void => {
      const left = Math.ceil(minutes * 60 - sinceSign() / 1000);
      const { onIdle, options } = latest.current;
      if (left <= 0) {
        stop();
        onIdle();
      } else if (left <= (options.warnSeconds ?? 60)) {
        isWarned = true;
        options.onWarning?.(left);
      }
    };
    const renew = (): void => {
      sinceSign = stopwatch();
      if (isWarned) latest.current.options.onWarning?.(null);
      isWarned = false;
    };
    const onSign = (): void => {
      // What was done after the time was up, but before the timer could say so, comes too late.
      if (sinceSign() >= minutes * 60_000) {
        check();
        return;
      }
      renew();
      latest.current.options.onSign?.();
    };
    const timer = setInterval(check, 1000);
    for (const sign of SIGNS) addEventListener(sign, onSign, { capture: true, passive: true });
    document.addEventListener('visibilitychange', check);
    // The tab that tells of it has looked whether it comes too late.
    const stopOthers = watchOthers?.(renew);
    return stop;
  }, [minutes, watchOthers]);
}
