/** The Blindmark SDK: what owners, officers, vendors and authorities build on. Node's parts are in `client-sdk/node/`. */
export { auditLog, type AuditOptions, type AuditReport } from './audit.ts';
export type { AuditRule, AuditTotals, Finding } from './audit-rules.ts';
export { formatAuditState, parseAuditState, type AuditState } from './audit-state.ts';
export { createForce, createOfficer, createRoot } from './authority.ts';
export { JsonClient, type Fetch, type RetryPolicy } from './http.ts';
export { chooseCode } from './mark-code.ts';
export { caseRecordsOf, findCaseRecord, openCaseFile, type CaseRecord } from './case-file.ts';
export type { ContactChoice } from './contacts.ts';
export { readExplanation, type Explanation } from './explanations.ts';
export { ForkEvidence } from './checkpoints.ts';
export type { FoundEvidence, FoundRegistration } from './found.ts';
export type { HistoryEntry, HistoryLine } from './history.ts';
export {
  Officer,
  type LookupEntryEvidence,
  type LookupEvidence,
  type LookupFailure,
  type LookupOptions,
  type LookupPlan,
  type LookupReading,
  type LookupResult,
} from './officer.ts';
export {
  Owner,
  PAUSE_SECONDS,
  type MarkHistory,
  type PauseSeconds,
  type RegisterManyOptions,
  type RegisterOutcome,
  type RegisterRequest,
} from './owner.ts';
export type { Inbox, OwnerMessage } from './messages.ts';
export {
  Openings,
  type AskedFor,
  type LoggedOpening,
  type OpenableHit,
  type OpeningOutcome,
  type OpeningRequest,
  type OpeningToApprove,
} from './openings.ts';
export type { Progress, WorkOptions } from './progress.ts';
export {
  createDisclosureFile,
  createReceiptFile,
  formatProofFile,
  parseProofFile,
  verifyProofFile,
  type ProofFile,
  type VerifiedProof,
} from './receipts.ts';
export { connectionOf, Registry, type ConnectOptions, type RequestEvidence } from './registry.ts';
export {
  addRevoked,
  createRevokedFile,
  keepPublishing,
  publishRevoked,
  type PublishOutcome,
  type Publisher,
  type RevokedFile,
} from './revocations.ts';
export { formatTable, parseTable, type Table, type TableRow } from './tables.ts';
export { Vault, type MarkRecord, type VaultStorage } from './vault.ts';
export { mintPacks, Vendor, type Pack } from './vendor.ts';
export { BlindmarkError, isBlindmarkError, type ErrorCode, type ErrorKind } from '../crypto/errors.ts';
export type { OfficerFile, RegistryFile, VendorFile } from '../crypto/credential-files.ts';
export { createRecoveryPhrase, parseRecoveryPhrase } from '../crypto/owner-keys.ts';
export type { Contact, ContactDetails } from '../crypto/contact.ts';
export type { Item } from '../crypto/item-envelope.ts';
export { REASONS, type Reason } from '../crypto/opening.ts';
export type { RelayMessage } from '../crypto/relay-message.ts';
export type { Status } from '../crypto/registration.ts';
