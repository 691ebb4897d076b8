/** Node's parts of the Blindmark SDK: files, Argon2id in a thread pool, connections of their own. */
import {
  officerFileSchema,
  parseCredentialFile,
  registryFileSchema,
  vendorFileSchema,
  type OfficerFile,
  type RegistryFile,
  type VendorFile,
} from '../../crypto/credential-files.ts';
import { readBytes } from './files.ts';

export { argon2idNode } from './argon2id.ts';
export { separateFetch } from './fetch.ts';
export { createVaultFile, openVaultFile, type OpenVault } from './vault-file.ts';

/** Reads a `registry.json`. @throws BlindmarkError `badFile` */
export function readRegistryFile(path: string): RegistryFile {
  return parseCredentialFile(registryFileSchema, path, readBytes(path));
}

/** Reads an `officer.json` that is not sealed. @throws BlindmarkError `badFile` */
export function readOfficerFile(path: string): OfficerFile {
  return parseCredentialFile(officerFileSchema, path, readBytes(path));
}

/** Reads a `vendor.json` that is not sealed. @throws BlindmarkError `badFile` */
export function readVendorFile(path: string): VendorFile {
  return parseCredentialFile(vendorFileSchema, path, readBytes(path));
}
