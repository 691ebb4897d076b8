/** Argon2id alone: for a thread that does nothing else. */
export { argon2idWasm, type Argon2id, type StretchParameters } from '../crypto/stretch.ts';
