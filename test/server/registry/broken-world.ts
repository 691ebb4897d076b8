/** A registry for tests whose stores the test holds, and may break at any operation: before it is done, or after. */
import { expect } from 'vitest';
import { BlindmarkError } from '../../../crypto/errors.ts';
import type { RegistryStores } from '../../../server/registry/registry.ts';
import type { RegistryStore } from '../../../server/store/store.ts';
import { createFailingLogStore, type FailingLogStore } from '../../support/failing-log-store.ts';
import type { Fixture } from '../../support/fixture.ts';
import { createWorld, entriesOf, eventually, type World, type WorldOptions } from './world.ts';

/** Which operation on registrations fails: nothing was done, or it was and its caller hears that it failed. */
export interface Breakage {
  operation: keyof RegistryStore | null;
  after: boolean;
}

export interface BrokenWorld {
  readonly world: World;
  readonly failing: Breakage;
  /** The stores that are open now, unbroken. */
  readonly stores: () => RegistryStores;
  readonly log: () => FailingLogStore;
}

function breakable(store: RegistryStore, failing: Breakage): RegistryStore {
  return new Proxy(store, {
    get:
      (target, name: keyof RegistryStore) =>
      async (...args: unknown[]): Promise<unknown> => {
        const run = async (): Promise<unknown> =>
          (target[name] as (...all: unknown[]) => Promise<unknown>).apply(target, args);
        if (failing.operation !== name) return run();
        if (failing.after) await run();
        throw new BlindmarkError('storageFailed', 'broken by the test');
      },
  });
}

/** Opens a registry whose roster is in the log. Nothing is broken yet. */
export async function createBrokenWorld(fixture: Fixture, options: WorldOptions = {}): Promise<BrokenWorld> {
  let held: RegistryStores | undefined;
  let log: FailingLogStore | undefined;
  const failing: Breakage = { operation: null, after: false };
  const world = await createWorld(fixture, {
    ...options,
    wrapStores: (stores) => {
      held = stores;
      log = createFailingLogStore(stores.log);
      return { ...stores, registrations: breakable(stores.registrations, failing), log };
    },
  });
  await eventually(async () => expect((await entriesOf(world)).length).toBe(1));
  return { world, failing, stores: () => held as RegistryStores, log: () => log as FailingLogStore };
}
