/** A tray as a view shows it, kept up with what the engine has. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { TrayView } from '../engine/police-api.ts';
import { useDesk } from './desk-context.ts';
import type { RunState } from './runs.ts';

/** Milliseconds between two looks at a tray that is looked up. */
const LOOK_MS = 1500;

export interface ShownTray {
  readonly tray: TrayView | null;
  readonly error: unknown;
  readonly reload: () => void;
  /** Shows what a call has returned. */
  readonly replace: (tray: TrayView) => void;
}

/** The run of a tray; the view is drawn anew whenever it changes. */
export function useRun(tray: string): RunState {
  const { runs } = useDesk();
  const [run, setRun] = useState(() => runs.of(tray));
  useEffect(() => {
    const look = (): void => setRun(runs.of(tray));
    look();
    return runs.subscribe(look);
  }, [runs, tray]);
  return run;
}

/** Loads a tray, looks it up where that was asked for or was interrupted, and shows results as they come. */
export function useTray(id: string): ShownTray {
  const { police, runs, takeRun, isReadOnly } = useDesk();
  const [shown, setShown] = useState<Pick<ShownTray, 'tray' | 'error'>>({ tray: null, error: null });
  const { isRunning, ended } = useRun(id);
  // An answer that was overtaken by a later one is not shown.
  const turn = useRef(0);

  const replace = useCallback((tray: TrayView): void => {
    turn.current += 1;
    setShown({ tray, error: null });
  }, []);
  const load = useCallback(
    async (isQuiet: boolean): Promise<TrayView | null> => {
      turn.current += 1;
      const mine = turn.current;
      try {
        const tray = await police.tray({ tray: id });
        if (mine === turn.current) setShown({ tray, error: null });
        return tray;
      } catch (error) {
        // Of many looks, the next may do better.
        if (mine === turn.current && !isQuiet) setShown((before) => ({ ...before, error }));
        return null;
      }
    },
    [police, id],
  );
  const reload = useCallback((): void => void load(false), [load]);

  useEffect(() => {
    const begin = async (): Promise<void> => {
      const tray = await load(false);
      if (tray !== null && !isReadOnly && (takeRun(id) || tray.isRunning)) runs.start(id);
    };
    void begin();
  }, [load]);
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => void load(true), LOOK_MS);
    return () => clearInterval(timer);
  }, [isRunning, load]);
  useEffect(() => {
    if (ended > 0) reload();
  }, [ended, reload]);

  return { ...shown, reload, replace };
}
