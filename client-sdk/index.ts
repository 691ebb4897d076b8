/** The Blindmark SDK: what owners, officers, vendors and authorities build on. Node's parts are in `client-sdk/node/`. */
export { createForce, createOfficer, createRoot } from './authority.ts';
export { JsonClient, type Fetch, type RetryPolicy } from './http.ts';
export { chooseCode } from './mark-code.ts';
export {
  Officer,
  type FoundRegistration,
  type LookupFailure,
  type LookupOptions,
  type LookupPlan,
  type LookupReading,
  type LookupResult,
} from './officer.ts';
export {
  Owner,
  PAUSE_SECONDS,
  type PauseSeconds,
  type RegisterManyOptions,
  type RegisterOutcome,
  type RegisterRequest,
} from './owner.ts';
export type { Progress, WorkOptions } from './progress.ts';
export { connectionOf, Registry, type ConnectOptions } from './registry.ts';
export { formatTable, parseTable, type Table, type TableRow } from './tables.ts';
export { Vault, type MarkRecord, type VaultStorage } from './vault.ts';
export { mintPacks, Vendor, type Pack } from './vendor.ts';
export { BlindmarkError, isBlindmarkError, type ErrorCode, type ErrorKind } from '../crypto/errors.ts';
export type { OfficerFile, RegistryFile, VendorFile } from '../crypto/credential-files.ts';
export { createRecoveryPhrase, parseRecoveryPhrase } from '../crypto/owner-keys.ts';
export type { Item } from '../crypto/item-envelope.ts';
export type { Status } from '../crypto/registration.ts';
