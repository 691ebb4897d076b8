/** How commands reach a registry. */
import { availableParallelism } from 'node:os';
import type { RegistryFile } from '../../crypto/credential-files.ts';
import { argon2idNode } from '../node/argon2id.ts';
import { separateFetch } from '../node/fetch.ts';
import { connectionOf, Registry, type ConnectOptions } from '../registry.ts';
import type { Output } from './output.ts';

/** Node's Argon2id on every core, and faults of guardians as remarks, each once. */
export function connectOptions(
  output: Output,
  signal: AbortSignal,
): Omit<ConnectOptions, 'rosterFingerprint' | 'allowTestRoster'> {
  const named = new Set<string>();
  return {
    argon2id: argon2idNode,
    parallelStretches: availableParallelism(),
    signal,
    onFaults: (faults) => {
      for (const { guardian, code } of faults) {
        if (named.has(guardian + code)) continue;
        named.add(guardian + code);
        output.remark(`Guardian ${guardian} did not contribute (${code}); the others served.`);
      }
    },
  };
}

/** @param separate a connection of its own for each request, so that the registry can't tell which belong together */
export async function connect(
  file: RegistryFile,
  output: Output,
  signal: AbortSignal,
  separate: boolean,
): Promise<Registry> {
  const options = { ...connectOptions(output, signal), ...connectionOf(file) };
  return Registry.connect(file.url, separate ? { ...options, fetch: separateFetch } : options);
}
