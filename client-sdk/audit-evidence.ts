/** What an audit found, with what proves it to others: signed checkpoints, inclusion proofs, and bytes as they were served. */
import { formatBase64url } from '../crypto/bytes.ts';
import { isBlindmarkError } from '../crypto/errors.ts';
import { loggedEntrySchema } from '../crypto/log-proof.ts';
import { parseCheckpoint } from '../crypto/checkpoint.ts';
import { formatMessage } from '../crypto/message.ts';
import { rosterChainSchema, type SignedRoster } from '../crypto/roster.ts';
import type { Finding } from './audit-rules.ts';
import type { ServedFile } from './audit-pages.ts';
import type { LogReader, VerifiedTree } from './log-reader.ts';

/** Entries and files that are shown with their bytes. */
const MAX_SHOWN = 100;

export interface EvidenceSource {
  /** The registry's address. */
  readonly registry: string;
  readonly rosterFingerprint: Uint8Array;
  /** Epoch seconds. */
  readonly now: number;
  readonly chain: readonly SignedRoster[];
  /** The note that was audited. */
  readonly checkpoint: string;
  /** Notes of other checkpoints that contradict it. */
  readonly contradictions: readonly string[];
  readonly findings: readonly Finding[];
  readonly reader: LogReader;
  /** Null where not even the checkpoint's tree could be read. */
  readonly tree: VerifiedTree | null;
  /** Of the pages, as they were served. */
  readonly pages: readonly ServedFile[];
}

/** What a log that misbehaves does not give is left out: the findings stand without it. */
async function collect<Key, Value>(keys: Iterable<Key>, read: (key: Key) => Promise<Value | null>): Promise<Value[]> {
  const values: Value[] = [];
  for (const key of [...new Set(keys)].slice(0, MAX_SHOWN)) {
    try {
      const value = await read(key);
      if (value !== null) values.push(value);
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
    }
  }
  return values;
}

/**
 * Evidence as JSON (`blindmark-audit-evidence-v1`), binary as base64url:
 * `checkpoint` and `contradictions` are signed notes (C2SP tlog-checkpoint), `rosters` says by which keys; `entries` have their
 * inclusion proofs under `checkpoint`; `prefixes` say which root the audited tree has at the size of a contradiction; `served`
 * are the bytes of tiles and bundles that do not belong to the tree; `pages` those of files that are not as the log says.
 */
export async function formatEvidence(source: EvidenceSource): Promise<string> {
  const { findings, contradictions, reader, tree } = source;
  const indexes = findings.flatMap(({ index, related }) => [index, related].filter((value) => value !== undefined));
  const entries = await collect(tree === null ? [] : indexes, async (index) => {
    const [entry, proof] = await Promise.all([tree?.entry(index), tree?.prover().inclusion(index)]);
    return entry === undefined || proof === undefined
      ? null
      : formatMessage(loggedEntrySchema, { index, entry, proof });
  });
  const sizes = contradictions.map((note) => parseCheckpoint(note).checkpoint.size);
  const prefixes = await collect(
    sizes.filter((size) => tree !== null && size <= tree.head.size),
    async (size) => {
      const [root, proof = []] = await Promise.all([tree?.prover(size).root(), tree?.prover().consistency(size)]);
      return root === undefined ? null : { size, root: formatBase64url(root), consistency: proof.map(formatBase64url) };
    },
  );
  const paths = findings.flatMap(({ path }) => (path?.startsWith('tile/') ? [path] : []));
  const served = await collect(paths, async (path) => {
    const bytes = await reader.raw(path);
    return { path, bytes: bytes === null ? null : formatBase64url(bytes) };
  });
  const evidence = {
    format: 'blindmark-audit-evidence-v1',
    registry: source.registry,
    rosterFingerprint: formatBase64url(source.rosterFingerprint),
    auditedAt: new Date(source.now * 1000).toISOString(),
    findings,
    checkpoint: source.checkpoint,
    contradictions,
    prefixes,
    entries,
    served,
    pages: source.pages,
    rosters: formatMessage(rosterChainSchema, { chain: [...source.chain] }).chain,
  };
  return `${JSON.stringify(evidence, null, 2)}\n`;
}
