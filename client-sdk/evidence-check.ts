/** Verifying an evidence file: offline, by the fingerprint of the registry's first roster alone. */
import { equalBytes } from '../crypto/bytes.ts';
import { candidates } from '../crypto/candidates.ts';
import { BlindmarkError } from '../crypto/errors.ts';
import { formatHour, type EntryOf, type LogEntry } from '../crypto/log-entry.ts';
import { delayedField, openDelayed } from '../crypto/log-proof.ts';
import { formatMessage } from '../crypto/message.ts';
import { caseCommitment } from '../crypto/officer-request.ts';
import { parseReading } from '../crypto/reading.ts';
import { parseReceipt, verifyReceipt, type VerifiedReceipt } from '../crypto/receipt.ts';
import { verifyRosterHistory, type VerifiedRoster } from '../crypto/roster.ts';
import { expectKind, notLogged } from './entries.ts';
import { recordOfFound, type EvidenceFileContent, type FoundRecord } from './evidence.ts';
import { verifyFound, type FoundRegistration } from './found.ts';
import { codeName } from './lookup-findings.ts';

type Result = EvidenceFileContent['results'][number];
type LookupRecord = NonNullable<Result['evidence']>['lookups'][number];

/** A lookup that the log has: by this officer, for this case. */
export interface VerifiedLookup {
  /** Of the entry. */
  readonly index: number;
  /** `2026-11-24T13`: the hour in which the log took it. */
  readonly hour: string;
}

/** A hit that is just what the file says. */
export interface VerifiedHit {
  readonly label: string;
  readonly reading: string;
  readonly found: FoundRegistration;
}

/** What an evidence file proves. */
export interface VerifiedEvidence {
  readonly origin: string;
  readonly caseReference: string;
  readonly force: string;
  /** The officer's pseudonym. */
  readonly officer: string;
  readonly isTestRegistry: boolean;
  readonly lookups: readonly VerifiedLookup[];
  readonly hits: readonly VerifiedHit[];
  /** Readings for which the registry showed nothing: that it has nothing, no file proves. */
  readonly misses: number;
  /** Readings for which only something was found that did not verify. */
  readonly unsure: number;
  readonly notAsked: number;
  /** Openings that the file names and does not prove. */
  readonly openings: number;
}

/** What a whole file is verified by. */
interface Context {
  readonly file: EvidenceFileContent;
  readonly rosters: readonly VerifiedRoster[];
}

const NO_SALT = new Uint8Array(32);

function otherwise(what: string): BlindmarkError {
  return new BlindmarkError('badProof', `The file says something else of ${what} than its proofs`, {
    field: 'file',
    remedy: 'Do not rely on this file. Have it saved again from the case.',
  });
}

/** The entry of a lookup, with its hidden fields. */
function readLookup({ entry }: VerifiedReceipt, { delayed }: LookupRecord): EntryOf<'lookup'> {
  const plain: LogEntry =
    delayed === undefined || delayed === null ? entry : openDelayed(expectKind('lookup', entry, 'delayed'), delayed);
  return expectKind('lookup', plain, 'lookup');
}

function verifyLookup(record: LookupRecord, caseSalt: Uint8Array, { file, rosters }: Context): VerifiedLookup {
  const { evaluation, checkpoint, index, entry, proof } = record;
  const receipt = verifyReceipt({ checkpoint, logged: { index, entry, proof }, salt: NO_SALT }, rosters);
  const lookup = readLookup(receipt, record);
  if (!equalBytes(lookup.request, evaluation)) throw notLogged('lookup', 'the lookup entry is of another request');
  if (!equalBytes(lookup.caseCommitment, caseCommitment(caseSalt, file.caseReference))) throw otherwise('the case');
  if (lookup.officer !== file.officer) throw otherwise('the officer');
  const force = receipt.roster.roster.forces.find(({ id }) => id === lookup.force);
  if (force?.name !== file.force) throw otherwise('the force');
  return { index, hour: formatHour(lookup.hour) };
}

/** How long a force's policy may hide a match under a roster. */
function delayDaysOf({ roster }: VerifiedRoster, name: string): number {
  return roster.forces.find((force) => force.name === name)?.delayDays ?? 0;
}

function verifyHit(
  record: FoundRecord,
  lookups: readonly VerifiedLookup[],
  { file, rosters }: Context,
): FoundRegistration {
  const { proof, scheme, code, registered, match, ...stated } = record;
  if (proof === undefined) {
    throw new BlindmarkError('badProof', 'The file keeps back what would show what the registrations say', {
      field: 'file',
      remedy: 'Have the evidence saved by the police pages.',
    });
  }
  if (!lookups.some(({ index }) => index === match.lookup)) throw otherwise('which lookup showed a registration');
  const [of, by] = [registered.receipt, match.receipt].map(parseReceipt) as [
    ReturnType<typeof parseReceipt>,
    ReturnType<typeof parseReceipt>,
  ];
  if (of.checkpoint !== by.checkpoint) throw otherwise('the state of the log');
  const { checkpoint, roster } = verifyReceipt(by, rosters);
  const { row, lookupTag, codeKey } = proof;
  const delayed = match.delayed ?? null;
  const found = verifyFound(
    { scheme, canonical: code },
    {
      registration: row,
      registered: { logged: of.logged, salt: of.salt },
      match: { logged: by.logged, salt: by.salt, delayed },
      padding: '',
    },
    { lookupTag, codeKey },
    {
      origin: file.origin,
      checkpoint,
      note: by.checkpoint,
      lookup: match.lookup,
      delayDays: delayDaysOf(roster, file.force),
    },
  );
  if (found instanceof BlindmarkError) throw found;
  const given = {
    ...stated,
    scheme,
    code,
    registered,
    match: { ...match, ...(delayed === null ? {} : { delayed: formatMessage(delayedField, delayed) }) },
  };
  if (formatSorted(given) !== formatSorted(recordOfFound(found))) throw otherwise('a registration');
  return found;
}

/** Refuses a registration of a code that the reading does not stand for. */
function checkReading(
  { reading = '', scheme }: Result,
  found: readonly FoundRegistration[],
  { rosters }: Context,
): void {
  if (found.length === 0) return;
  const { schemes } = (rosters.at(-1) as VerifiedRoster).roster;
  const set = candidates(schemes, parseReading(reading), { scheme, leadingZerosLost: true });
  const codes = new Set(Array.from(set.codes, ({ schemeId, canonical }) => codeName({ scheme: schemeId, canonical })));
  if (!found.every(({ scheme, code }) => codes.has(codeName({ scheme, canonical: code }))))
    throw otherwise('a reading');
}

/** JSON that does not depend on the order in which fields stand. */
function formatSorted(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/**
 * Verifies an evidence file: that each lookup is in the log, by this officer and for this case; and that each registration is what
 * its owner signed, was in the log before, and was shown in that lookup.
 *
 * That a code leads to this registration is the officer's word: it takes the guardians to compute it. Nor does a file prove that
 * something is not registered, or that it is complete.
 *
 * @param fingerprint of the registry's first roster, 32 bytes: from whom it is known, and not from the file
 * @throws BlindmarkError `badRoster` for another registry's; `badProof`, `badCheckpoint`, `notLogged`, `badRow`, `badEnvelope` for a
 *   file that does not hold
 */
export function verifyEvidence(file: EvidenceFileContent, fingerprint: Uint8Array): VerifiedEvidence {
  const rosters = verifyRosterHistory(file.chain, fingerprint, { allowTestRoster: true });
  const context: Context = { file, rosters };
  const { roster } = rosters.at(-1) as VerifiedRoster;
  if (roster.origin !== file.origin) throw otherwise('the registry');
  const lookups = new Map<number, VerifiedLookup>();
  const hits: VerifiedHit[] = [];
  const counts = { hit: 0, miss: 0, unsure: 0, notAsked: 0 };
  for (const asked of file.results) {
    const { result, label = '', reading = '', registrations = [], refused = 0, evidence } = asked;
    counts[result] += 1;
    const own = (evidence?.lookups ?? []).map((lookup) =>
      verifyLookup(lookup, (evidence as NonNullable<Result['evidence']>).caseSalt, context),
    );
    if (own.length > 0 !== (result !== 'notAsked')) throw otherwise('what was asked');
    const found = registrations.map((record) => verifyHit(record, own, context));
    checkReading(asked, found, context);
    const verdict = found.length > 0 ? 'hit' : refused > 0 ? 'unsure' : 'miss';
    if (result !== 'notAsked' && result !== verdict) throw otherwise('a result');
    for (const lookup of own) lookups.set(lookup.index, lookup);
    hits.push(...found.map((one): VerifiedHit => ({ label, reading, found: one })));
  }
  const { origin, caseReference, force, officer } = file;
  return {
    origin,
    caseReference,
    force,
    officer,
    isTestRegistry: roster.testRoster === true,
    lookups: [...lookups.values()].toSorted((a, b) => a.index - b.index),
    hits,
    misses: counts.miss,
    unsure: counts.unsure,
    notAsked: counts.notAsked,
    openings: file.openings.length,
  };
}
