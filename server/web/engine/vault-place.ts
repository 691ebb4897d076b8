/** Where this browser's vault lies, and whether this worker has it. Loads no cryptography: a page asks this first. */
import type { VaultState } from './owner-api.ts';
import { VaultDatabase } from './vault-database.ts';

const LOCK = 'blindmark-vault';

/** Milliseconds to wait for another tab, or for this one's last worker, which has just ended. */
const PATIENCE_MS = 1000;

/** One browser's place for a vault. One worker of all tabs has it open. */
export class VaultPlace {
  readonly database: VaultDatabase;
  /** Set by whoever opens the vault. */
  isOpen = false;
  #isHeld = false;
  readonly #locks: Pick<LockManager, 'request'>;

  constructor(locks: Pick<LockManager, 'request'>, database = new VaultDatabase()) {
    this.#locks = locks;
    this.database = database;
  }

  async state(): Promise<VaultState> {
    if (this.isOpen) return 'open';
    if (await this.database.isEmpty()) return 'none';
    if (this.#isHeld) return 'locked';
    const release = await this.hold();
    release?.();
    return release === null ? 'elsewhere' : 'locked';
  }

  /**
   * Keeps other tabs out. The browser lets go when the worker ends.
   *
   * @returns what lets them in; null where another tab does not let go
   */
  async hold(): Promise<(() => void) | null> {
    return new Promise((resolve, reject) => {
      const granted = async (): Promise<void> =>
        new Promise<void>((release) => {
          this.#isHeld = true;
          resolve(() => {
            this.#isHeld = false;
            release();
          });
        });
      const signal = AbortSignal.timeout(PATIENCE_MS);
      this.#locks.request(LOCK, { signal }, granted).catch((error: unknown) => {
        if (signal.aborted) resolve(null);
        else reject(error);
      });
    });
  }
}
