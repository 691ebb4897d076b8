/**
 * Receipts: what an owner has of each entry that the log made for a registration. In a file they come with the registry's
 * rosters, so that the file and the fingerprint of the first roster are all that anybody needs to verify them, for ever and
 * offline.
 */
import { z } from 'zod';
import { equalBytes } from '../crypto/bytes.ts';
import { disclosureSchema, verifyDisclosure, type VerifiedDisclosure } from '../crypto/disclosure.ts';
import { badInput, BlindmarkError } from '../crypto/errors.ts';
import { parseLogEntry, type LogEntry } from '../crypto/log-entry.ts';
import { formatMessage, parseMessage } from '../crypto/message.ts';
import { blind, codeInput } from '../crypto/oprf.ts';
import { deriveMarkSecrets, deriveMasterSeed } from '../crypto/owner-keys.ts';
import { formatReceipt, parseReceipt, verifyReceipt, type Receipt, type VerifiedReceipt } from '../crypto/receipt.ts';
import { rowHash, type RegistrationRow } from '../crypto/registration.ts';
import { rosterChainSchema, verifyRosterHistory, type VerifiedRoster } from '../crypto/roster.ts';
import type { Argon2id } from '../crypto/stretch.ts';
import type { HistoryLine } from './history.ts';
import type { MarkName, MarkRecord, ReceiptRecord, Vault } from './vault.ts';

const { chain } = rosterChainSchema.shape;

const receiptFileSchema = z.strictObject({
  format: z.literal('blindmark-receipt-file-v1'),
  /** A C2SP tlog-proof. */
  receipt: z.string().max(32 * 1024),
  /** The registry's rosters, first to the one that the receipt is verified by. */
  chain,
});
export type ReceiptFile = z.output<typeof receiptFileSchema>;

const disclosureFileSchema = z.strictObject({
  format: z.literal('blindmark-disclosure-file-v1'),
  disclosure: disclosureSchema,
  chain,
});
export type DisclosureFile = z.output<typeof disclosureFileSchema>;

const proofFileSchema = z.discriminatedUnion('format', [receiptFileSchema, disclosureFileSchema]);

/** A file that proves something about a registration. */
export type ProofFile = z.output<typeof proofFileSchema>;

/** The text of such a file. */
export function formatProofFile(file: ProofFile): string {
  return `${JSON.stringify(formatMessage(proofFileSchema, file), null, 2)}\n`;
}

/**
 * Reads such a file. Nothing is verified.
 *
 * @throws BlindmarkError `badFile`
 */
export function parseProofFile(text: string): ProofFile {
  try {
    return parseMessage(proofFileSchema, JSON.parse(text));
  } catch {
    // Without the cause: JSON.parse quotes the text at fault.
    throw new BlindmarkError('badFile', 'The file is neither a receipt nor a disclosure', {
      field: 'file',
      remedy: 'Use a file of blindmark owner receipt or blindmark receipt disclose, as it was saved.',
    });
  }
}

/** What such a file proves. */
export interface VerifiedProof {
  /** The registry's name. */
  readonly origin: string;
  /** Of the receipt's entry in the log. */
  readonly index: number;
  readonly receipt: VerifiedReceipt;
  /** For a disclosure: the code, the owner's key and the items that the receipt's entry is of. */
  readonly disclosure: VerifiedDisclosure | null;
}

/**
 * Verifies such a file, offline. A test registry's counts as any other: its rosters say that it is one.
 *
 * @param fingerprint of the registry's first roster, 32 bytes: from whom it is known, and not from the file
 * @param argon2id for a disclosure; default: in WebAssembly
 * @throws BlindmarkError `badRoster` for another registry's; those of {@link verifyReceipt} and {@link verifyDisclosure}
 */
export async function verifyProofFile(
  file: ProofFile,
  fingerprint: Uint8Array,
  argon2id?: Argon2id,
): Promise<VerifiedProof> {
  const rosters = verifyRosterHistory(file.chain, fingerprint, { allowTestRoster: true });
  const { origin } = rosters[0].roster;
  if (file.format === 'blindmark-disclosure-file-v1') {
    const disclosure = await verifyDisclosure(file.disclosure, rosters, argon2id);
    const { index } = parseReceipt(file.disclosure.receipt).logged;
    return { origin, index, receipt: disclosure.receipt, disclosure };
  }
  const receipt = parseReceipt(file.receipt);
  return { origin, index: receipt.logged.index, receipt: verifyReceipt(receipt, rosters), disclosure: null };
}

/** A receipt that was verified when it was kept, and the row that its entry is of, where that is known. */
export interface NewReceipt {
  readonly receipt: Receipt;
  readonly row: RegistrationRow | null;
}

/** A receipt in a vault. */
export interface KeptReceipt extends NewReceipt {
  readonly entry: LogEntry;
}

/** A mark's receipts in a vault, in the order of the log. */
export function keptReceipts(vault: Vault, mark: MarkName): KeptReceipt[] {
  return vault
    .receiptsOf(mark)
    .map(({ receipt: text, row }) => {
      const receipt = parseReceipt(text);
      return { receipt, row, entry: parseLogEntry(receipt.logged.entry) };
    })
    .sort((a, b) => a.receipt.logged.index - b.receipt.logged.index);
}

/** The receipts of a history that an owner keeps: of the registration and of each change. */
export function receiptsOfLines(origin: string, lines: readonly HistoryLine[], row: RegistrationRow): NewReceipt[] {
  return lines.flatMap(({ entry, receipt }) => {
    if (entry.kind !== 'registration' && entry.kind !== 'action') return [];
    return [{ receipt, row: equalBytes(entry.row, rowHash(origin, row)) ? row : null }];
  });
}

/** Receipts as a vault keeps them: those whose entries it has none of yet. The first receipt of an entry proves the most. */
export function receiptRecords(vault: Vault, mark: MarkName, receipts: readonly NewReceipt[]): ReceiptRecord[] {
  const { origin, scheme, canonical, counter } = mark;
  const known = keptReceipts(vault, mark).map(({ receipt }) => receipt.logged.entry);
  return receipts
    .filter(({ receipt }) => !known.some((entry) => equalBytes(entry, receipt.logged.entry)))
    .map(({ receipt, row }): ReceiptRecord => {
      return { kind: 'receipt', origin, scheme, canonical, counter, receipt: formatReceipt(receipt), row };
    });
}

function noReceipt(index: number | undefined): BlindmarkError {
  const which = index === undefined ? '' : ' of that entry';
  return new BlindmarkError('notFound', `This vault has no receipt${which} for the mark`, {
    field: index === undefined ? 'code' : 'entry',
    remedy: 'Fetch what the registry has: blindmark owner history.',
  });
}

/**
 * One of a mark's receipts: the first, which is the registration's, or the one of an entry.
 *
 * @param index of the entry in the log
 * @throws BlindmarkError `notFound`
 */
export function findReceipt(vault: Vault, mark: MarkName, index?: number): KeptReceipt {
  const receipts = keptReceipts(vault, mark);
  const found = receipts.find(({ receipt }) => index === undefined || receipt.logged.index === index);
  if (found === undefined) throw noReceipt(index);
  return found;
}

/**
 * The rosters of a registry, as the vault knows them: since its first receipt from there.
 *
 * @returns oldest first
 * @throws BlindmarkError `notFound`, `badRoster`
 */
export function knownRosters(vault: Vault, origin: string): VerifiedRoster[] {
  const registry = vault.registries.get(origin);
  const rosters = vault.rostersOf(origin);
  if (registry === undefined || rosters.length === 0) throw noReceipt(undefined);
  return verifyRosterHistory(rosters, registry.rosterFingerprint, { allowTestRoster: true });
}

/**
 * A file of one of a mark's receipts, from the vault alone. It names neither code nor owner.
 *
 * @param index of the entry in the log; default: the registration's
 * @throws BlindmarkError `notFound`
 */
export function createReceiptFile(vault: Vault, mark: MarkName, index?: number): ReceiptFile {
  const { receipt } = findReceipt(vault, mark, index);
  // All rosters that are known: a later one may have closed the log before this receipt's checkpoint.
  knownRosters(vault, mark.origin);
  return {
    format: 'blindmark-receipt-file-v1',
    receipt: formatReceipt(receipt),
    chain: [...vault.rostersOf(mark.origin)],
  };
}

/**
 * A file from which anyone who has the fingerprint can verify, offline, that a registration is of this code, this owner's key and
 * these items. It holds the code in clear. Made from the vault alone.
 *
 * @param index of the entry in the log; default: the first whose row this vault has kept
 * @throws BlindmarkError `notFound`; `badInput` for an entry whose row this vault does not have
 */
export async function createDisclosureFile(vault: Vault, mark: MarkRecord, index?: number): Promise<DisclosureFile> {
  const { origin, scheme, canonical, evaluations } = mark;
  const receipts = keptReceipts(vault, mark).filter(({ row }) => index !== undefined || row !== null);
  const found = receipts.find(({ receipt }) => index === undefined || receipt.logged.index === index);
  if (found === undefined || evaluations === undefined) throw noReceipt(index);
  const { receipt, row } = found;
  if (row === null) throw badInput('entry', 'an entry whose registration this vault has kept');
  const secrets = deriveMarkSecrets(await deriveMasterSeed(vault.phrase), mark);
  const blinded = blind(codeInput(origin, scheme, canonical), () => secrets.blindBytes);
  return {
    format: 'blindmark-disclosure-file-v1',
    disclosure: {
      format: 'blindmark-disclosure-v1',
      scheme,
      canonical,
      blind: blinded.blind,
      evaluations,
      ownerPublicKey: secrets.signingKey.publicKey,
      row,
      receipt: formatReceipt(receipt),
    },
    chain: [...vault.rostersOf(origin)],
  };
}
