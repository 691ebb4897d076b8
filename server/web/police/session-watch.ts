/** A session may be ended elsewhere: the page then goes back to signing in. */
import type { Calls } from '../engine/calls.ts';
import type { PoliceApi } from '../engine/police-api.ts';

type Police = Calls<PoliceApi>;
type AnyCall = (...given: unknown[]) => Promise<unknown>;

const isDoubtful = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'badCredential';

/**
 * Whether nobody is signed in any more is asked of the engine, whenever a call fails with the code of it: a service may answer
 * with any code, and has no say in that.
 *
 * @param onLost is told when it is so; the call fails all the same
 */
export function watchSession(police: Police, onLost: () => void): Police {
  const look = async (): Promise<void> => {
    // Where the engine can't tell, the failure of the call is all there is to say.
    if ((await police.session().catch(() => undefined)) === null) onLost();
  };
  return new Proxy(police, {
    get: (calls, name) => {
      const call = calls[name as keyof Police] as AnyCall;
      return async (...given: unknown[]): Promise<unknown> => {
        try {
          return await call(...given);
        } catch (error) {
          if (isDoubtful(error)) await look();
          throw error;
        }
      };
    },
  });
}
