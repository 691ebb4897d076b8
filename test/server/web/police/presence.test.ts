import { afterEach, describe, expect, it, vi } from 'vitest';
import { Presence } from '../../../../server/web/police/presence.ts';

const open: Presence[] = [];
function createTab(now: () => number = () => 0) {
  const touch = vi.fn<() => void>();
  const presence = new Presence(touch, now);
  open.push(presence);
  return { touch, presence };
}
afterEach(() => {
  for (const presence of open.splice(0)) presence.close();
});

describe('presence', () => {
  it('of one tab is told to the others and kept, at most every 30 seconds', async () => {
    let now = 0;
    const [used, other] = [createTab(() => now), createTab()];
    const [own, heard] = [vi.fn<() => void>(), vi.fn<() => void>()];
    used.presence.on('active', own);
    other.presence.on('active', heard);
    used.presence.sign();
    now = 29_999;
    used.presence.sign();
    expect(used.touch).toHaveBeenCalledOnce();
    now = 30_000;
    used.presence.sign();
    expect(used.touch).toHaveBeenCalledTimes(2);
    await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(2));
    expect(own).not.toHaveBeenCalled();
    expect(other.touch).not.toHaveBeenCalled();
  });

  it('of a session that is over is told to whoever listens', async () => {
    const [one, other] = [createTab(), createTab()];
    const [heard, active, ended] = [vi.fn<() => void>(), vi.fn<() => void>(), vi.fn<() => void>()];
    other.presence.on('signedOut', heard);
    other.presence.on('active', active);
    other.presence.on('signedOut', ended)();
    one.presence.tellSignedOut();
    await vi.waitFor(() => expect(heard).toHaveBeenCalledOnce());
    expect(active).not.toHaveBeenCalled();
    expect(ended).not.toHaveBeenCalled();
  });
});
