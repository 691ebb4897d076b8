/** The police engine. A page first asks it who is signed in, which takes no cryptography while nobody is; the rest is loaded then. */
import { loadPart } from './load-part.ts';
import type { EngineOptions } from './options.ts';
import type { PoliceApi } from './police-api.ts';
import { PoliceDatabase } from './police-database.ts';

/** The police engine on what this browser keeps. */
export function createPoliceEngine(options: EngineOptions, database = new PoliceDatabase()): PoliceApi {
  let loaded: Promise<PoliceApi> | undefined;
  const load = async (): Promise<PoliceApi> => {
    loaded ??= loadPart(async () => import('./police-calls.ts')).then(
      ({ PoliceCalls }) => new PoliceCalls(options, database),
    );
    return loaded;
  };
  const later = <Name extends keyof PoliceApi>(name: Name): PoliceApi[Name] =>
    (async (args: never, context: never) => {
      const calls = await load();
      return (calls[name] as (args: never, context: never) => Promise<unknown>).call(calls, args, context);
    }) as unknown as PoliceApi[Name];
  const now = (): number => options.now?.() ?? Math.floor(Date.now() / 1000);
  const [session, signOut, touch] = [later('session'), later('signOut'), later('touch')];
  const stored = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const { trayFailure } = await loadPart(async () => import('./trays.ts'));
      throw trayFailure(error);
    }
  };
  return {
    session: async (args, context) => {
      const isSignedOut = loaded === undefined && (await stored(async () => database.readSession(now()))) === undefined;
      return isSignedOut ? null : session(args, context);
    },
    signIn: later('signIn'),
    signOut: async (args, context) => {
      if (loaded !== undefined) return signOut(args, context);
      await stored(async () => database.removeSession());
      return undefined;
    },
    touch: async (args, context) => {
      if (loaded !== undefined) return touch(args, context);
      await stored(async () => database.touchSession(now()));
      return undefined;
    },
    trays: later('trays'),
    openTray: later('openTray'),
    tray: later('tray'),
    deleteTray: later('deleteTray'),
    addReadings: later('addReadings'),
    removeReadings: later('removeReadings'),
    preview: later('preview'),
    previewList: later('previewList'),
    readList: later('readList'),
    run: later('run'),
    evidence: later('evidence'),
    askOpening: later('askOpening'),
    checkOpening: later('checkOpening'),
    inspect: later('inspect'),
    approve: later('approve'),
    leaveMessage: later('leaveMessage'),
  };
}
