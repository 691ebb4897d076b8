/** The Blindmark SDK: what owners, officers, vendors and authorities build on. Node's parts are in `client-sdk/node/`. */
export { auditLog, type AuditOptions, type AuditReport } from './audit.ts';
export type { PagesFacts } from './audit-pages.ts';
export type { AuditRule, AuditTotals, Finding } from './audit-rules.ts';
export { formatAuditState, parseAuditState, type AuditState } from './audit-state.ts';
export { createForce, createOfficer, createRoot } from './authority.ts';
export {
  evidenceOf,
  formatEvidenceFile,
  isEvidenceFile,
  parseEvidenceFile,
  type EvidenceFile,
  type EvidenceRecord,
} from './evidence.ts';
export { verifyEvidence, type VerifiedEvidence } from './evidence-check.ts';
export { cancelled, JsonClient, pause, type Fetch, type RetryPolicy } from './http.ts';
export { chooseCode, inspectCode, type CodeInspection } from './mark-code.ts';
export { caseRecordsOf, findCaseRecord, openCaseFile, type CaseRecord } from './case-file.ts';
export type { ContactChoice } from './contacts.ts';
export { readExplanation, type Explanation } from './explanations.ts';
export { ForkEvidence } from './checkpoints.ts';
export type { FoundEvidence, FoundRegistration } from './found.ts';
export type { HistoryEntry, HistoryLine } from './history.ts';
export { createLookupBatch, type BatchFindings, type BatchOptions, type LookupBatch } from './lookup-batch.ts';
export { codeName, LookupFindings } from './lookup-findings.ts';
export { deriveTrayKey, type TrayKey } from './officer-tray.ts';
export {
  checkCaseReference,
  connectOfficer,
  distinctCodes,
  Officer,
  officerKey,
  type LookupEntryEvidence,
  type LookupEvidence,
  type LookupFailure,
  type LookupOptions,
  type LookupPlan,
  type LookupReading,
  type LookupResult,
  type OfficerFacts,
  type OfficerIdentity,
  type PlannedReading,
} from './officer.ts';
export {
  Owner,
  PAUSE_SECONDS,
  REGISTER_PHASES,
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
export { createTurns, type Progress, type WorkOptions } from './progress.ts';
export { formatReceipt } from '../crypto/receipt.ts';
export { formatReceiptQr, isReceiptQr, parseReceiptQr } from './receipt-qr.ts';
export {
  createDisclosureFile,
  createReceiptFile,
  formatProofFile,
  keptReceipts,
  knownRosters,
  parseProofFile,
  verifyProofFile,
  type KeptReceipt,
  type ProofFile,
  type VerifiedProof,
} from './receipts.ts';
export { readRecent, type RecentEntry, type RecentLog, type RecentOptions } from './recent-log.ts';
export { connectionOf, Registry, type ConnectOptions, type RequestEvidence, type SchemeCode } from './registry.ts';
export { fetchRosters, type FetchRostersOptions } from './rosters.ts';
export {
  addRevoked,
  createRevokedFile,
  keepPublishing,
  publishRevoked,
  type PublishOutcome,
  type Publisher,
  type RevokedFile,
} from './revocations.ts';
export {
  checkCodeCell,
  decodeText,
  formatTable,
  isRounded,
  MAX_ROWS,
  parseCells,
  parseTable,
  type Table,
  type TableRow,
} from './tables.ts';
export { formatVaultText, parseVaultText, Vault, type MarkRecord, type VaultStorage } from './vault.ts';
export { mintPacks, Vendor, type Pack } from './vendor.ts';
export { BlindmarkError, isBlindmarkError, type ErrorCode, type ErrorKind } from '../crypto/errors.ts';
export {
  formatCredentialFile,
  officerFileSchema,
  parseCredentialFile,
  registryFileSchema,
  type OfficerFile,
  type RegistryFile,
  type VendorFile,
} from '../crypto/credential-files.ts';
export type { Argon2id } from '../crypto/stretch.ts';
export { MIN_PASSPHRASE_LENGTH } from '../crypto/passphrase.ts';
export { formatActivationKey, parseActivationKey, parseActivationQr } from '../crypto/activation-key.ts';
export { createRecoveryPhrase, parseRecoveryPhrase } from '../crypto/owner-keys.ts';
export type { Contact, ContactDetails } from '../crypto/contact.ts';
export type { Item } from '../crypto/item-envelope.ts';
export { REASONS, type Reason } from '../crypto/opening.ts';
export type { RelayMessage } from '../crypto/relay-message.ts';
export type { Status } from '../crypto/registration.ts';
export { entropyBits, formatCode } from '../crypto/canonical.ts';
export { equalBytes, formatBase64url, parseBase64url, randomBytes } from '../crypto/bytes.ts';
export type { Scheme, SchemeRules } from '../crypto/scheme-rules.ts';
export { parseRosterFingerprint, type VerifiedRoster } from '../crypto/roster.ts';
export { parseReceipt, verifyReceipt, type VerifiedReceipt } from '../crypto/receipt.ts';
export { badInput } from '../crypto/errors.ts';
export { readOfficerCredential } from '../crypto/credential.ts';
export type { CandidateSet } from '../crypto/candidates.ts';
export { createSigner, createSigningKey, type Signer } from '../crypto/signature.ts';
export type { SignedRoster } from '../crypto/roster.ts';
export { formatHour, type EntryKind, type LogEntry } from '../crypto/log-entry.ts';
