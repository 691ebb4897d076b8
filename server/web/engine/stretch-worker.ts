/** A thread that stretches: one Argon2id after the other, so that the engine's own thread answers meanwhile. */
import { argon2idWasm } from '../../../client-sdk/argon2id.ts';
import type { StretchAnswer, StretchTask } from './stretch-pool.ts';

/** Of a worker's global scope, what is used: the compiler knows a page's. */
declare const self: {
  postMessage(message: StretchAnswer): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
};

async function stretch({ password, salt, parameters, length }: StretchTask): Promise<StretchAnswer> {
  try {
    return { isDone: true, output: await argon2idWasm(password, salt, parameters, length) };
  } catch {
    // Too little memory for it, as a rule.
    return { isDone: false };
  }
}

async function answer(task: StretchTask): Promise<void> {
  self.postMessage(await stretch(task));
}

self.addEventListener('message', ({ data }) => {
  void answer(data as StretchTask);
});
