/** The life of a tab in tests of the engine in Node: it may be killed at any moment, as by a reload. */
import type { Fetch } from '../../../../client-sdk/http.ts';

/** What happens around what a tab sends and writes: it may wait for ever, or fail. */
export type Step = () => Promise<void>;

const never = async (): Promise<never> => new Promise<never>(() => undefined);

/** One tab's life. */
export class TabLife {
  readonly #onDeath: () => void;
  readonly #diesAt: number | undefined;
  #resolve: () => void = () => undefined;
  /** Resolves once it is dead. */
  readonly died = new Promise<void>((resolve) => {
    this.#resolve = resolve;
  });
  isDead = false;
  steps = 0;

  /** @param diesAt the tab dies at the step of this number, from 1 */
  constructor(diesAt: number | undefined, onDeath: () => void) {
    this.#diesAt = diesAt;
    this.#onDeath = onDeath;
  }

  /** Nothing that it had under way goes on. */
  readonly kill = (): void => {
    this.isDead = true;
    this.#onDeath();
    this.#resolve();
  };

  readonly step: Step = async () => {
    if (!this.isDead) this.steps += 1;
    if (!this.isDead && this.steps === this.#diesAt) this.kill();
    if (this.isDead) await never();
  };

  /** With a step before each request, and one after it. */
  around(fetch: Fetch): Fetch {
    return async (url, init) => {
      await this.step();
      const response = await fetch(url, init);
      await this.step();
      return response;
    };
  }
}
