/** Node's own Argon2id: runs in its thread pool, and takes two thirds of WebAssembly's time. */
import { argon2 } from 'node:crypto';
import { promisify } from 'node:util';
import type { Argon2id } from '../crypto/stretch.ts';

const argon2Async = promisify(argon2);

/** Argon2id (RFC 9106) by `node:crypto`. */
export const argon2id: Argon2id = async (password, salt, { memoryKiB, passes, lanes }, length) => {
  const options = { message: password, nonce: salt, parallelism: lanes, tagLength: length, memory: memoryKiB, passes };
  return new Uint8Array(await argon2Async('argon2id', options));
};
