/** Web Locks for tests of the engine in Node. */

type Grant = { readonly tab: object; readonly grant: () => void };

/** Web Locks of one browser: by name, one holder at a time, first come first served. */
export class Locks {
  readonly #queues = new Map<string, Grant[]>();

  /** What one tab has of them. */
  of(tab: object): Pick<LockManager, 'request'> {
    const request = async (
      name: string,
      { signal }: { readonly signal?: AbortSignal },
      callback: () => Promise<unknown>,
    ): Promise<unknown> => {
      let mine: Grant | undefined;
      await new Promise<void>((resolve, reject) => {
        const queue = this.#queues.get(name) ?? [];
        this.#queues.set(name, queue);
        mine = { tab, grant: resolve };
        queue.push(mine);
        const onAbort = (): void => {
          if (queue[0] === mine) return;
          this.#leave(name, (grant) => grant === mine);
          reject(signal?.reason as Error);
        };
        if (queue[0] === mine) resolve();
        else signal?.addEventListener('abort', onAbort);
        if (signal?.aborted === true) onAbort();
      });
      try {
        return await callback();
      } finally {
        this.#leave(name, (grant) => grant === mine);
      }
    };
    return { request: request as unknown as LockManager['request'] };
  }

  release(tab: object): void {
    for (const name of this.#queues.keys()) this.#leave(name, (grant) => grant.tab === tab);
  }

  #leave(name: string, isLeaving: (grant: Grant) => boolean): void {
    const queue = this.#queues.get(name) ?? [];
    const [before] = queue;
    queue.splice(0, queue.length, ...queue.filter((grant) => !isLeaving(grant)));
    if (queue[0] !== before) queue[0]?.grant();
  }
}
