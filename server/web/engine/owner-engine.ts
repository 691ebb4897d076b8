/**
 * The owner's engine. A page first asks it whether there is a vault, which takes no cryptography; the rest is loaded when
 * it is called.
 */
import { loadPart } from './load-part.ts';
import type { EngineOptions } from './options.ts';
import type { OwnerApi } from './owner-api.ts';
import type { OwnerCalls } from './owner-calls.ts';
import { VaultPlace } from './vault-place.ts';

/**
 * The owner's engine.
 *
 * @param place default: this browser's
 */
export function createOwnerEngine(
  options: EngineOptions,
  place = new VaultPlace(options.locks ?? navigator.locks),
): OwnerApi {
  let loaded: Promise<OwnerCalls> | undefined;
  const load = async (): Promise<OwnerCalls> => {
    loaded ??= loadPart(async () => import('./owner-calls.ts')).then(({ createOwnerCalls }) =>
      createOwnerCalls(options, place),
    );
    return loaded;
  };
  const later = <Name extends keyof OwnerCalls>(name: Name): OwnerApi[Name] =>
    (async (args: never, context: never) => {
      const calls = await load();
      return (calls[name] as (args: never, context: never) => Promise<unknown>)(args, context);
    }) as unknown as OwnerApi[Name];
  return {
    state: async () => {
      try {
        return await place.state();
      } catch (error) {
        const { vaultFailure } = await loadPart(async () => import('./vault-storage.ts'));
        throw vaultFailure(error);
      }
    },
    createPhrase: later('createPhrase'),
    checkPhrase: later('checkPhrase'),
    create: later('create'),
    unlock: later('unlock'),
    importVault: later('importVault'),
    exportVault: later('exportVault'),
    forget: later('forget'),
    view: later('view'),
    schemes: later('schemes'),
    checkCode: later('checkCode'),
    checkActivationKey: later('checkActivationKey'),
    register: later('register'),
    resume: later('resume'),
    recover: later('recover'),
    refresh: later('refresh'),
    setStatus: later('setStatus'),
    replaceItems: later('replaceItems'),
    replaceContact: later('replaceContact'),
    withdraw: later('withdraw'),
    history: later('history'),
    messages: later('messages'),
    acknowledge: later('acknowledge'),
    receipts: later('receipts'),
    sheet: later('sheet'),
  };
}
