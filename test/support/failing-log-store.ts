/** A log store that is broken at a chosen point: an operation fails before it does anything, or is stored and fails after. */
import { storageFailed } from '../../server/database/database.ts';
import type { LogStore } from '../../server/store/log-store.ts';

export type LogOperation = keyof LogStore;

/** `failed`: nothing was done. `persisted`: it was done, and its caller hears that it failed. */
export type Failure = 'failed' | 'persisted';

/** Decides for each call, by its number from 1 among the calls of that operation. */
export type FailurePlan = (operation: LogOperation, call: number) => Failure | null;

export interface FailingLogStore extends LogStore {
  plan: FailurePlan;
  /** Operations in the order of the calls. */
  readonly calls: LogOperation[];
}

export const neverFails: FailurePlan = () => null;

/** Wraps a real store. It fails as `plan` says, which may be changed at any time. */
export function createFailingLogStore(inner: LogStore, plan: FailurePlan = neverFails): FailingLogStore {
  const calls: LogOperation[] = [];
  async function attempt<T>(operation: LogOperation, run: () => Promise<T>): Promise<T> {
    calls.push(operation);
    const failure = store.plan(operation, calls.filter((call) => call === operation).length);
    if (failure === null) return run();
    if (failure === 'persisted') await run();
    throw storageFailed(`${operation}: broken by the test`);
  }
  const store: FailingLogStore = {
    plan,
    calls,
    load: () => attempt('load', () => inner.load()),
    commit: (commit) => attempt('commit', () => inner.commit(commit)),
    restart: (restart) => attempt('restart', () => inner.restart(restart)),
    saveCosigned: (generation, cosigned) => attempt('saveCosigned', () => inner.saveCosigned(generation, cosigned)),
    readTile: (level, index) => attempt('readTile', () => inner.readTile(level, index)),
    readEntries: (first, count) => attempt('readEntries', () => inner.readEntries(first, count)),
    findKeys: (keys) => attempt('findKeys', () => inner.findKeys(keys)),
  };
  return store;
}
