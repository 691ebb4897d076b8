/** What an audit is shown: the rosters, the registry's checkpoint, and, from guardians it can reach, what each has cosigned. */
import { bytesToHex, parseUtf8, utf8ToBytes } from '../crypto/bytes.ts';
import { type Checkpoint, cosignatureTime, parseCheckpoint, readCosignature } from '../crypto/checkpoint.ts';
import { BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import { cosignerName, logName, verifyLogCheckpoint } from '../crypto/log-proof.ts';
import { type Roster, type SignedRoster, type VerifiedRoster, verifyRosterHistory } from '../crypto/roster.ts';
import { sodium } from '../crypto/sodium.ts';
import { rosterReplySchema } from '../crypto/wire.ts';
import type { Finding } from './audit-rules.ts';
import { checkAddress, type JsonClient } from './http.ts';
import type { LogReader } from './log-reader.ts';

/** Times that a checkpoint and rosters are read until they belong together: both may change meanwhile. */
const ATTEMPTS = 3;

/** What the registry shows. */
export interface Published {
  readonly chain: readonly SignedRoster[];
  readonly rosters: readonly [VerifiedRoster, ...VerifiedRoster[]];
  readonly current: Roster;
  /** The checkpoint's note, not verified. */
  readonly note: string;
}

/** How to reach and recognise a registry. */
export interface RegistrySource {
  readonly http: JsonClient;
  readonly reader: LogReader;
  readonly url: string;
  readonly rosterFingerprint: Uint8Array;
  readonly allowTestRoster?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

async function readRosters(source: RegistrySource): Promise<Omit<Published, 'note'>> {
  const { http, url, rosterFingerprint, allowTestRoster = false, signal } = source;
  const { chain } = await http.ask({ url: `${checkAddress(url)}/v1/roster`, reply: rosterReplySchema, signal });
  const rosters = verifyRosterHistory(chain, rosterFingerprint, { allowTestRoster });
  return { chain, rosters, current: (rosters.at(-1) as VerifiedRoster).roster };
}

/**
 * Reads rosters and checkpoint such that the checkpoint is of no later roster.
 *
 * @throws BlindmarkError `badRoster`; those of {@link JsonClient.ask} and {@link LogReader}
 */
export async function readPublished(source: RegistrySource): Promise<Published> {
  let rosters = await readRosters(source);
  for (let attempt = 1; ; attempt += 1) {
    const note = await source.reader.checkpoint();
    const after = await readRosters(source);
    if (after.current.version === rosters.current.version || attempt === ATTEMPTS) return { ...after, note };
    rosters = after;
  }
}

/** A checkpoint that the log signed. */
export interface SignedView {
  readonly note: string;
  readonly checkpoint: Checkpoint;
  /** When guardians cosigned it, in epoch seconds. */
  readonly cosignedAt: ReadonlyMap<string, number>;
}

/**
 * Verifies the registry's checkpoint.
 *
 * @returns the view, null where it is not signed by the log; and what is wrong with it
 */
export function checkSigned(
  note: string,
  roster: Roster,
): { readonly view: SignedView | null; readonly findings: Finding[] } {
  const findings: Finding[] = [];
  const noteFinding = (error: unknown, guardian?: string): void => {
    if (!isBlindmarkError(error, 'badCheckpoint')) throw error;
    findings.push({ rule: 'checkpoint', message: error.message, ...(guardian === undefined ? {} : { guardian }) });
  };
  let checkpoint: Checkpoint;
  try {
    checkpoint = verifyLogCheckpoint(note, roster);
  } catch (error) {
    noteFinding(error);
    return { view: null, findings };
  }
  const cosignedAt = new Map<string, number>();
  const parsed = parseCheckpoint(note).note;
  for (const { id, witnessKey } of roster.guardians) {
    try {
      const cosignature = readCosignature(parsed, { name: cosignerName(roster.origin, id), publicKey: witnessKey });
      if (cosignature !== null) cosignedAt.set(id, cosignatureTime(cosignature));
    } catch (error) {
      noteFinding(error, id);
    }
  }
  if (cosignedAt.size < roster.threshold) {
    const message = `${cosignedAt.size} guardians cosigned the checkpoint; ${roster.threshold} are needed`;
    findings.push({ rule: 'checkpoint', message });
  }
  return { view: { note, checkpoint, cosignedAt }, findings };
}

/** What one guardian shows of the log. */
export interface GuardianView {
  readonly guardian: string;
  /** Null where it could not be read; `error` says why. */
  readonly view: SignedView | null;
  readonly error?: BlindmarkError;
}

/**
 * Asks guardians for the largest checkpoint that each has cosigned (C2SP tlog-witness, monitor retrieval).
 *
 * @param addresses of guardians' services, by identifier
 * @throws BlindmarkError `badInput` for a guardian that the roster does not have, or a bad address; `cancelled`
 */
export async function readGuardianViews(
  http: JsonClient,
  addresses: ReadonlyMap<string, string>,
  roster: Roster,
  signal?: AbortSignal,
): Promise<GuardianView[]> {
  const path = `v1/${bytesToHex(sodium.crypto_hash_sha256(utf8ToBytes(logName(roster))))}/checkpoint`;
  const read = async ([guardian, address]: readonly [string, string]): Promise<GuardianView> => {
    try {
      const bytes = await http.get(`${checkAddress(address)}/${path}`, signal);
      if (bytes === null) throw new BlindmarkError('badReply', 'it knows no checkpoint of this log');
      const { view } = checkSigned(parseUtf8('checkpoint', bytes), roster);
      if (view?.cosignedAt.has(guardian) !== true) {
        throw new BlindmarkError('badReply', 'it shows no checkpoint that the log and it have signed');
      }
      return { guardian, view };
    } catch (error) {
      if (!isBlindmarkError(error) || error.code === 'cancelled') throw error;
      return { guardian, view: null, error };
    }
  };
  const known = roster.guardians.map(({ id }) => id);
  for (const guardian of addresses.keys()) {
    if (!known.includes(guardian)) {
      throw new BlindmarkError('badInput', 'A guardian that is not in the roster was named', {
        field: 'guardian',
        remedy: `The roster has ${known.join(', ')}.`,
      });
    }
  }
  return Promise.all([...addresses].map(read));
}
