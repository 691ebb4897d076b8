/** A vendor minting packs: activation keys, and codes where the vendor makes those too. The issuer sees neither. */
import {
  activationKeyHash,
  createActivationKey,
  formatActivationKey,
  parseActivationKey,
} from '../crypto/activation-key.ts';
import { randomBytes, type RandomSource } from '../crypto/bytes.ts';
import type { VendorFile } from '../crypto/credential-files.ts';
import { badInput } from '../crypto/errors.ts';
import { formatMessage } from '../crypto/message.ts';
import { mintCode } from '../crypto/mint-code.ts';
import { createSigningKey } from '../crypto/signature.ts';
import { signPacksRequest } from '../crypto/vendor-request.ts';
import { packsReplySchema, packsRequestSchema } from '../crypto/wire.ts';
import { checkAddress, JsonClient, type Fetch, type RetryPolicy } from './http.ts';
import type { WorkOptions } from './progress.ts';

/** Most packs of one call of {@link mintPacks}. */
export const MAX_PACKS = 100_000;

/** Activation keys that one request adds. */
const BATCH = 1000;

/** One pack: what is printed in it. */
export interface Pack {
  /** As printed: five groups of five. */
  readonly activationKey: string;
  /** A `bm1` code, where the vendor mints codes too. */
  readonly code?: string;
}

/**
 * Draws packs. They are worth nothing until {@link Vendor.addPacks} has told the issuer of them; keep them first.
 *
 * @param options.count 1 to 100,000
 * @param options.issuerNumber from the vendor's file
 * @param options.withCodes whether each pack gets a `bm1` code; default false
 */
export function mintPacks(
  options: { readonly count: number; readonly issuerNumber: number; readonly withCodes?: boolean | undefined },
  random: RandomSource = randomBytes,
): Pack[] {
  const { count, issuerNumber, withCodes } = options;
  if (!Number.isInteger(count) || count < 1 || count > MAX_PACKS)
    throw badInput('count', `a whole number from 1 to ${MAX_PACKS}`);
  return Array.from({ length: count }, () => ({
    activationKey: formatActivationKey(createActivationKey(issuerNumber, random).bytes),
    ...(withCodes === true ? { code: mintCode(random) } : {}),
  }));
}

/** A vendor at its issuer. */
export class Vendor {
  readonly #file: VendorFile;
  readonly #http: JsonClient;
  readonly #now: () => number;

  constructor(
    file: VendorFile,
    options: { readonly fetch?: Fetch; readonly retry?: Partial<RetryPolicy>; readonly now?: () => number } = {},
  ) {
    this.#file = file;
    this.#http = new JsonClient(options);
    this.#now = options.now ?? (() => Math.floor(Date.now() / 1000));
  }

  /**
   * Tells the issuer of packs, by hashes of their activation keys. May be repeated: known ones stay as they are.
   *
   * @returns how many were new, and how many the issuer knew
   * @throws BlindmarkError `badActivationKey`; `unknownVendor` and other refusals
   */
  async addPacks(packs: readonly Pack[], options: WorkOptions = {}): Promise<{ added: number; known: number }> {
    const hashes = packs.map((pack) => activationKeyHash(parseActivationKey(pack.activationKey).bytes));
    const sum = { added: 0, known: 0 };
    for (let from = 0; from < hashes.length; from += BATCH) {
      const { added, known } = await this.#post(hashes.slice(from, from + BATCH), options.signal);
      sum.added += added;
      sum.known += known;
      options.onProgress?.({ phase: 'mint', done: Math.min(from + BATCH, hashes.length), total: hashes.length });
    }
    return sum;
  }

  async #post(keyHashes: readonly Uint8Array[], signal: AbortSignal | undefined) {
    const { issuer, vendor, seed, issuerUrl } = this.#file;
    const request = await signPacksRequest(createSigningKey(seed), { issuer, vendor, keyHashes, now: this.#now() });
    const body = JSON.stringify(formatMessage(packsRequestSchema, request));
    const url = `${checkAddress(issuerUrl)}/v1/packs`;
    return this.#http.ask({ url, reply: packsReplySchema, body, signal });
  }
}
