/**
 * The small JSON files that people hand each other: how to reach a registry, and who somebody is. Each names its registry and
 * the fingerprint of its first roster, so that nothing is trusted on first use. Whoever holds a file with a `seed` can act
 * as its holder.
 */
import { z } from 'zod';
import { parseJsonBytes } from './bytes.ts';
import { BlindmarkError } from './errors.ts';
import { bytesField, formatMessage, identifierField, parseMessage, textField } from './message.ts';
import { originField } from './roster.ts';

const url = z.url({ protocol: /^https?$/u }).max(200);

/** Where a registry is, and what it is recognised by. */
const registryFields = {
  url,
  /** Hash of the registry's first roster. */
  rosterFingerprint: bytesField(32),
  /** Lets clients take a roster that says `testRoster`: its codes are not protected by stretching. */
  allowTestRoster: z.literal(true).optional(),
};

/** `registry.json`: all that an owner's client needs to know. */
export const registryFileSchema = z.strictObject({ format: z.literal('blindmark-registry-v1'), ...registryFields });
export type RegistryFile = z.output<typeof registryFileSchema>;

/** `root.json`: the authority root's key, and the registry that it certifies forces for. */
export const rootFileSchema = z.strictObject({
  format: z.literal('blindmark-authority-root-v1'),
  origin: originField,
  seed: bytesField(32),
});
export type RootFile = z.output<typeof rootFileSchema>;

/** `force.json`: a force's keys with the root's certificate of the one that signs. */
export const forceFileSchema = z.strictObject({
  format: z.literal('blindmark-force-v1'),
  origin: originField,
  force: identifierField,
  seed: bytesField(32),
  /** X25519: opens what officers say of their openings. Its public key stands in the roster. */
  exchangeSecret: bytesField(32),
  forceCredential: z.string().max(4096),
});
export type ForceFile = z.output<typeof forceFileSchema>;

/** `officer.json`: an officer's key with both certificates, good for at most twelve hours. */
export const officerFileSchema = z.strictObject({
  format: z.literal('blindmark-officer-v1'),
  ...registryFields,
  seed: bytesField(32),
  officerCredential: z.string().max(4096),
  forceCredential: z.string().max(4096),
});
export type OfficerFile = z.output<typeof officerFileSchema>;

/** `vendor.json`: a vendor's key at its issuer. */
export const vendorFileSchema = z.strictObject({
  format: z.literal('blindmark-vendor-v1'),
  ...registryFields,
  vendor: identifierField,
  name: textField(100),
  /** What the first byte of the issuer's activation keys says. */
  issuerNumber: z.int().min(0).max(255),
  issuer: identifierField,
  issuerUrl: url,
  seed: bytesField(32),
});
export type VendorFile = z.output<typeof vendorFileSchema>;

/**
 * Reads one of these files.
 *
 * @param name what errors call it: its path
 * @throws BlindmarkError `badFile`
 */
export function parseCredentialFile<T extends z.ZodType>(schema: T, name: string, bytes: Uint8Array): z.output<T> {
  try {
    return parseMessage(schema, parseJsonBytes('file', bytes), 'file');
  } catch (cause) {
    throw new BlindmarkError('badFile', `${name}: not the file that is needed here`, {
      field: name,
      remedy: cause instanceof BlindmarkError ? `It does not fit at ${cause.message}.` : 'Name another file.',
      cause,
    });
  }
}

/** The text of one of these files. */
export function formatCredentialFile<T extends z.ZodType>(schema: T, value: z.output<T>): string {
  return `${JSON.stringify(formatMessage(schema, value), null, 2)}\n`;
}
