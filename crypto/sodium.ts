/**
 * libsodium's WebAssembly build, ready to use. It serves whatever multiplies by a long-lived secret scalar: ristretto255,
 * Ed25519 and X25519. It is faster than noble on this work, and free of the BigInt timing that noble's README states. The log's
 * tree is hashed by it too: on inputs of 65 bytes its SHA-256 is twice as fast.
 */
import sodium, { ready } from 'libsodium-wrappers-sumo';

await ready;

export { sodium };
