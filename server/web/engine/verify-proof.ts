/** Verifies receipts and disclosures in the engine. After `prepare`, without a network. */
import {
  BlindmarkError,
  equalBytes,
  fetchRosters,
  formatBase64url,
  formatCode,
  isBlindmarkError,
  isReceiptQr,
  parseProofFile,
  parseReceipt,
  parseReceiptQr,
  parseRosterFingerprint,
  verifyProofFile,
  verifyReceipt,
  type ProofFile,
  type VerifiedProof,
  type VerifiedRoster,
} from '../../../client-sdk/index.ts';
import type { EngineOptions } from './options.ts';
import type { ProofsApi, ProofView } from './proofs-api.ts';

/** The longest text that is read: a file with a registry's rosters of many years. */
const MAX_TEXT_LENGTH = 32 * 1024 * 1024;

/** A C2SP tlog-proof. */
const isReceiptText = (text: string): boolean => text.startsWith('c2sp.org/tlog-proof@v1\n');

/** The pages' own registry. */
interface KnownRegistry {
  /** 32 bytes. */
  readonly fingerprint: Uint8Array;
  readonly rosters: readonly VerifiedRoster[];
}

export interface ProofVerifier {
  readonly prepare: (signal?: AbortSignal) => ReturnType<ProofsApi['prepare']>;
  readonly verify: (args: Parameters<ProofsApi['verify']>[0], signal?: AbortSignal) => Promise<ProofView>;
}

export function createProofVerifier(options: EngineOptions): ProofVerifier {
  let known: KnownRegistry | undefined;

  const fetchRegistry = async (signal?: AbortSignal): Promise<KnownRegistry> =>
    ofRegistry(async () => {
      const file = await options.registryFile();
      const { fetch, retry } = options;
      const rosters = await fetchRosters(file, { fetch, retry, signal });
      known = { fingerprint: file.rosterFingerprint, rosters };
      return known;
    });

  const fingerprintOf = async (given: string | undefined): Promise<Uint8Array> => {
    if (given !== undefined && given.trim() !== '') return parseRosterFingerprint(given);
    return known?.fingerprint ?? (await ofRegistry(options.registryFile)).rosterFingerprint;
  };

  /** Verifies what does not bring the rosters that it is verified by. */
  const verifyBare = async (text: string, given: string | undefined, signal?: AbortSignal): Promise<ProofView> => {
    const wasKnown = known !== undefined;
    const registry = known ?? (await fetchRegistry(signal));
    if (!equalBytes(registry.fingerprint, await fingerprintOf(given))) throw notThisRegistry();
    try {
      return verifyUnder(text, registry);
    } catch (error) {
      if (!wasKnown || !isOfLaterRoster(error, text)) throw error;
      return verifyUnder(text, await fetchRegistry(signal));
    }
  };

  return {
    prepare: async (signal) => {
      const { fingerprint, rosters } = known ?? (await fetchRegistry(signal));
      return { origin: originOf(rosters), fingerprint: formatBase64url(fingerprint) };
    },

    verify: async ({ text, fingerprint: given }, signal) => {
      if (text.length > MAX_TEXT_LENGTH) {
        throw new BlindmarkError('badFile', 'The file is too large to be a receipt', { field: 'file' });
      }
      const trimmed = text.trim();
      if (isReceiptQr(trimmed) || isReceiptText(trimmed)) return verifyBare(text, given, signal);
      const fingerprint = await fingerprintOf(given);
      return viewOf(await verifyFile(parseProofFile(text), fingerprint, options), fingerprint);
    },
  };
}

/**
 * Runs what asks the registry. What goes wrong there says nothing of the receipt: what answers may be a network's sign-in page.
 *
 * @throws BlindmarkError of kind `unavailable`; or `badRoster` with the field `registry`
 */
async function ofRegistry<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isBlindmarkError(cause) || cause.kind === 'unavailable') throw cause;
    if (cause.code === 'badRoster') {
      throw new BlindmarkError('badRoster', cause.message, { field: 'registry', remedy: cause.remedy ?? '', cause });
    }
    throw new BlindmarkError('unavailable', 'What should be the registry answers something else than its rosters', {
      field: 'registry',
      remedy: 'See that you are connected, and not asked to sign in to the network; then try again.',
      cause,
    });
  }
}

/** Whether the rosters that are known here may be too old for a receipt: its QR code names one, its text's signatures do not. */
function isOfLaterRoster(error: unknown, text: string): boolean {
  if (isBlindmarkError(error, 'badRoster')) return error.field === 'roster';
  return isBlindmarkError(error, 'badCheckpoint') && isReceiptText(text.trim());
}

function verifyUnder(text: string, { fingerprint, rosters }: KnownRegistry): ProofView {
  const trimmed = text.trim();
  const receipt = parseReceipt(isReceiptQr(trimmed) ? parseReceiptQr(trimmed, rosters) : text.trimStart());
  const verified = verifyReceipt(receipt, rosters);
  const proof = { origin: originOf(rosters), index: receipt.logged.index, receipt: verified, disclosure: null };
  return viewOf(proof, fingerprint);
}

async function verifyFile(
  file: ProofFile,
  fingerprint: Uint8Array,
  { argon2id }: EngineOptions,
): Promise<VerifiedProof> {
  try {
    return await verifyProofFile(file, fingerprint, argon2id);
  } catch (cause) {
    // No guardian was asked: the answers that the file brings are of another code, and will not be better later.
    if (!isBlindmarkError(cause, 'guardiansUnavailable')) throw cause;
    throw new BlindmarkError('badProof', 'The guardians’ answers in the file are not of its code', {
      field: 'evaluations',
      cause,
    });
  }
}

function originOf(rosters: readonly VerifiedRoster[]): string {
  return rosters[0]?.roster.origin ?? '';
}

function notThisRegistry(): BlindmarkError {
  return new BlindmarkError('badRoster', 'These pages know the rosters of their own registry alone', {
    field: 'fingerprint',
    remedy: 'Verify the receipt’s file, which brings the rosters along, or use the pages of the other registry.',
  });
}

const KINDS: ReadonlySet<string> = new Set<ProofView['kind']>([
  'registration',
  'match',
  'opening',
  'delayed',
  'reveal',
]);

/** What is proven, as the page shows it. */
function viewOf({ origin, index, receipt, disclosure }: VerifiedProof, fingerprint: Uint8Array): ProofView {
  const { entry, cosignedAt, guardians } = receipt;
  const { roster } = receipt.roster;
  const kind =
    entry.kind === 'action' ? entry.action : KINDS.has(entry.kind) ? (entry.kind as ProofView['kind']) : 'other';
  const scheme = roster.schemes.schemes.find(({ id }) => id === disclosure?.scheme);
  return {
    origin,
    fingerprint: formatBase64url(fingerprint),
    index,
    kind,
    hour: new Date(entry.hour * 3_600_000).toISOString(),
    before: new Date(cosignedAt * 1000).toISOString(),
    witnesses: guardians.map((id) => roster.guardians.find((guardian) => guardian.id === id)?.name ?? id),
    isTestRegistry: roster.testRoster === true,
    disclosure:
      disclosure === null
        ? null
        : {
            code: formatCode(roster.schemes, disclosure.scheme, disclosure.canonical),
            schemeTitle: scheme?.title ?? disclosure.scheme,
            status: disclosure.row.status,
            registeredOn: disclosure.row.registeredOn,
            items: disclosure.items,
            ownerKey: formatBase64url(disclosure.ownerPublicKey),
          },
  };
}
