/** Work that a button begins. */
import { useCallback, useRef } from 'preact/hooks';
import { useTask, type Task } from '../ui/index.ts';

/**
 * As `useTask`, but pressing the button again while it is under way does nothing. So the button need not be disabled meanwhile,
 * by which it would lose the focus, and who can't see the page would not know where they are.
 */
export function useWork<T>(): Task<T> {
  const task = useTask<T>();
  const isBusy = useRef(false);
  const { run: start } = task;
  const run = useCallback<Task<T>['run']>(
    async (work) => {
      if (isBusy.current) return undefined;
      isBusy.current = true;
      try {
        return await start(work);
      } finally {
        isBusy.current = false;
      }
    },
    [start],
  );
  return { ...task, run };
}
