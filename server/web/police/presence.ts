/**
 * Whether the officer is there, told between the tabs of one browser: one that is in use keeps the others and the stored session
 * alive, and a sign-out ends them all at once. Nothing but these words goes from tab to tab.
 */

/** `active`: the officer does something in another tab. `signedOut`: nobody is signed in any more, or somebody else is. */
export type PresenceWord = 'active' | 'signedOut';

const CHANNEL = 'blindmark-police';

/** Milliseconds between two words of one tab that is in use. */
const PAUSE_MS = 30_000;

/** One tab's part. */
export class Presence {
  readonly #channel: BroadcastChannel;
  readonly #touch: () => void;
  readonly #now: () => number;
  readonly #listeners = new Map<PresenceWord, Set<() => void>>();
  #told = -Infinity;

  /**
   * @param touch keeps the stored session alive
   * @param now milliseconds of a steady clock
   */
  constructor(touch: () => void, now: () => number = () => performance.now()) {
    this.#touch = touch;
    this.#now = now;
    this.#channel = new BroadcastChannel(CHANNEL);
    this.#channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      for (const listener of this.#listeners.get(data as PresenceWord) ?? []) listener();
    });
  }

  /** The officer did something here. Told and kept at most every 30 seconds. */
  sign(): void {
    const now = this.#now();
    if (now - this.#told < PAUSE_MS) return;
    this.#told = now;
    this.#touch();
    this.#channel.postMessage('active' satisfies PresenceWord);
  }

  /** Ends the session in every other tab. */
  tellSignedOut(): void {
    this.#channel.postMessage('signedOut' satisfies PresenceWord);
  }

  /** @returns how to end that */
  on(word: PresenceWord, listener: () => void): () => void {
    const listeners = this.#listeners.get(word) ?? new Set();
    this.#listeners.set(word, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  close(): void {
    this.#channel.close();
  }
}
