/** The engine's threads for stretching. */
import { argon2idWasm, type Argon2id } from '../../../client-sdk/argon2id.ts';
import { createStretchPool } from './stretch-pool.ts';
import stretchWorkerUrl from './stretch-worker.ts?worker&url';
import { createTrust } from './trusted-script.ts';

const trustedUrl = createTrust(stretchWorkerUrl);

/** Argon2id on so many threads. They end with the engine's own. */
export function startStretching(threads: number): Argon2id {
  return createStretchPool(
    () => new Worker(trustedUrl(), { type: 'module', name: 'blindmark-stretch' }),
    threads,
    argon2idWasm,
  );
}
