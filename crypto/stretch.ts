/** Stretching after the OPRF (DESIGN 3.1 steps 3 and 4): what makes each offline guess by t colluding guardians cost one Argon2id. */
import { argon2id } from 'hash-wasm';
import { checkBytes, formatUint } from './bytes.ts';
import { badInput } from './errors.ts';
import { deriveKey, labelledHash } from './hash.ts';

/** Argon2id parameters (RFC 9106 section 3.1). */
export interface StretchParameters {
  /** Memory in KiB (`m`). */
  readonly memoryKiB: number;
  /** Passes over it (`t`). */
  readonly passes: number;
  /** Lanes (`p`). */
  readonly lanes: number;
}

/** The least that any roster may ask for; a roster that says `testRoster` may set it aside. */
export const STRETCH_FLOOR: StretchParameters = { memoryKiB: 65_536, passes: 3, lanes: 1 };

/** The most that a client will compute for a roster or a file, so that neither can exhaust it. */
export const STRETCH_CEILING: StretchParameters = { memoryKiB: 1_048_576, passes: 16, lanes: 8 };

/** One implementation of Argon2id (RFC 9106), version 0x13, without secret and associated data. */
export type Argon2id = (
  password: Uint8Array,
  salt: Uint8Array,
  parameters: StretchParameters,
  length: number,
) => Promise<Uint8Array>;

/** Argon2id in WebAssembly: what browsers use. Node's own is faster: `client-sdk/node/argon2id.ts`. */
export const argon2idWasm: Argon2id = async (password, salt, parameters, length) =>
  argon2id({
    password,
    salt,
    memorySize: parameters.memoryKiB,
    iterations: parameters.passes,
    parallelism: parameters.lanes,
    hashLength: length,
    outputType: 'binary',
  });

/**
 * Checks parameters against the floor, the ceiling, and Argon2id's own demand of 8 KiB a lane (RFC 9106 section 3.1).
 *
 * @param belowFloor whether the floor is set aside (test rosters)
 * @throws BlindmarkError `badInput`
 */
export function checkStretchParameters(name: string, parameters: StretchParameters, belowFloor = false): void {
  for (const field of ['memoryKiB', 'passes', 'lanes'] as const) {
    const floor = belowFloor ? 1 : STRETCH_FLOOR[field];
    const value = parameters[field];
    if (!Number.isInteger(value) || value < floor || value > STRETCH_CEILING[field]) {
      throw badInput(`${name}.${field}`, `an integer from ${floor} to ${STRETCH_CEILING[field]}`);
    }
  }
  if (parameters.memoryKiB < 8 * parameters.lanes) throw badInput(`${name}.memoryKiB`, 'at least 8 KiB a lane');
}

/** What a code becomes. The tag finds the registration; the key opens its item envelope. */
export interface CodeSecrets {
  /** 32 bytes. */
  readonly lookupTag: Uint8Array;
  /** 32 bytes. */
  readonly codeKey: Uint8Array;
}

/**
 * Turns the OPRF's output into lookup tag and code key.
 *
 * @param y 64 bytes, RFC 9497 output under the whole key
 */
export async function stretch(
  y: Uint8Array,
  context: { readonly origin: string; readonly epoch: number; readonly parameters: StretchParameters },
  implementation: Argon2id = argon2idWasm,
): Promise<CodeSecrets> {
  checkBytes('y', y, 64);
  const salt = labelledHash('stretch', context.origin, formatUint(context.epoch, 4)).subarray(0, 16);
  const z = await implementation(y, salt, context.parameters, 64);
  const none = new Uint8Array();
  return { lookupTag: deriveKey(z, 32, none, 'lookup-tag'), codeKey: deriveKey(z, 32, none, 'code-key') };
}
