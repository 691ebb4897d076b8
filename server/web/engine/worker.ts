/** The engine: the Web Worker in which all cryptography, all secrets and all storage are. Each part is loaded when it is called. */
import type { Argon2id, RegistryFile } from '../../../client-sdk/index.ts';
import { traceOf } from '../defect.ts';
import { loadPart } from './load-part.ts';
import type { EngineOptions } from './options.ts';
import type { Ask } from './protocol.ts';
import { serveEngines } from './serve.ts';

/** Of a worker's global scope, what is used: the compiler knows a page's. */
declare const self: {
  readonly location: { readonly href: string };
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
};

// What `config({ jitless: true })` of zod sets, here without loading zod: it must be there before the first schema is made, which
// otherwise tries `new Function`. The pages' Content-Security-Policy refuses that, and browsers report it.
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });

/** Half of the processor's threads, each of which takes 64 MiB or what else the roster asks for. */
const STRETCHES = Math.min(4, Math.max(1, Math.floor(navigator.hardwareConcurrency / 2)));

let registryFile: Promise<RegistryFile> | undefined;
let stretching: Promise<Argon2id> | undefined;

const options: EngineOptions = {
  registryFile: async () => {
    const { fetchRegistryFile } = await loadPart(async () => import('./registry-file.ts'));
    // One that failed is asked for anew.
    registryFile ??= fetchRegistryFile(self.location.href).catch((error: unknown) => {
      registryFile = undefined;
      throw error;
    });
    return registryFile;
  },
  argon2id: async (...given) => {
    stretching ??= loadPart(async () => import('./stretch-threads.ts'))
      .then(({ startStretching }) => startStretching(STRETCHES))
      .catch((error: unknown) => {
        stretching = undefined;
        throw error;
      });
    return (await stretching)(...given);
  },
  parallelStretches: STRETCHES,
};

const answer = serveEngines(
  {
    owner: async () => (await import('./owner-engine.ts')).createOwnerEngine(options),
    police: async () => (await import('./police-engine.ts')).createPoliceEngine(options),
    proofs: async () => (await import('./proofs-engine.ts')).createProofsEngine(options),
  },
  (message) => {
    self.postMessage(message);
  },
  (error) => {
    console.error(traceOf(error));
  },
);

self.addEventListener('message', ({ data }) => {
  void answer(data as Ask);
});
