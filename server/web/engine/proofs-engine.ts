/** The public pages' part of the engine. The SDK is loaded by the first call, not before. */
import { loadPart } from './load-part.ts';
import type { EngineOptions } from './options.ts';
import type { ProofsApi } from './proofs-api.ts';
import type { ProofVerifier } from './verify-proof.ts';

export function createProofsEngine(options: EngineOptions): ProofsApi {
  let verifier: ProofVerifier | undefined;
  const load = async (): Promise<ProofVerifier> => {
    const { createProofVerifier } = await loadPart(async () => import('./verify-proof.ts'));
    verifier ??= createProofVerifier(options);
    return verifier;
  };
  return {
    prepare: async (_, { signal }) => (await load()).prepare(signal),
    verify: async (args, { signal }) => (await load()).verify(args, signal),
    verifyRecent: async (args, context) => {
      const { verifyRecent } = await loadPart(async () => import('./recent.ts'));
      return verifyRecent(options, args, context);
    },
  };
}
