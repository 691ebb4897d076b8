import { describe, expect, it, vi } from 'vitest';
import type { Calls } from '../../../../server/web/engine/calls.ts';
import { EngineError } from '../../../../server/web/engine/connection.ts';
import type { PoliceApi, SessionView } from '../../../../server/web/engine/police-api.ts';
import { watchSession } from '../../../../server/web/police/session-watch.ts';

/** An engine of which each call but `session` fails. */
function failing(code: string, session: () => Promise<SessionView | null>): Calls<PoliceApi> {
  const trays = async (): Promise<never> => {
    throw new EngineError({ code, kind: 'refused', message: 'refused', field: 'session' });
  };
  return { trays, session } as unknown as Calls<PoliceApi>;
}

const signedIn = async (): Promise<SessionView> => ({}) as SessionView;

describe('a session that is watched', () => {
  it('is lost when nobody is signed in any more, and the call fails all the same', async () => {
    const onLost = vi.fn<() => void>();
    await expect(
      watchSession(
        failing('badCredential', async () => null),
        onLost,
      ).trays(),
    ).rejects.toMatchObject({
      code: 'badCredential',
    });
    expect(onLost).toHaveBeenCalledOnce();
  });

  it('is not lost by what a service answers while somebody is signed in', async () => {
    const onLost = vi.fn<() => void>();
    await expect(watchSession(failing('badCredential', signedIn), onLost).trays()).rejects.toThrow('refused');
    expect(onLost).not.toHaveBeenCalled();
  });

  it('is not lost by other failures, nor where the engine can’t tell', async () => {
    const onLost = vi.fn<() => void>();
    await expect(
      watchSession(
        failing('unreachable', async () => null),
        onLost,
      ).trays(),
    ).rejects.toThrow('refused');
    const broken = failing('badCredential', async () => {
      throw new Error('no storage');
    });
    await expect(watchSession(broken, onLost).trays()).rejects.toThrow('refused');
    expect(onLost).not.toHaveBeenCalled();
  });

  it('hands on what was asked and answered', async () => {
    const preview = vi.fn<(args: object, options: object) => Promise<string>>(async () => 'answer');
    const watched = watchSession({ preview } as unknown as Calls<PoliceApi>, () => undefined);
    const options = { signal: undefined };
    await expect(watched.preview({ reading: 'X' }, options)).resolves.toBe('answer');
    expect(preview).toHaveBeenCalledExactlyOnceWith({ reading: 'X' }, options);
  });
});
