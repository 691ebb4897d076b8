/** An officer looking up readings: what is asked for, in which requests, and what comes back once it is verified. */
import { equalBytes, randomBytes, type RandomSource } from '../crypto/bytes.ts';
import { candidates, type CandidateSet } from '../crypto/candidates.ts';
import type { OfficerFile } from '../crypto/credential-files.ts';
import { readOfficerCredential, verifyOfficerCredential } from '../crypto/credential.ts';
import { badInput, BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import { MAX_CASE_REFERENCE, type OfficerSigner } from '../crypto/officer-request.ts';
import { parseReading } from '../crypto/reading.ts';
import { liveEpochs } from '../crypto/roster.ts';
import { createSigner, createSigningKey, type Signer } from '../crypto/signature.ts';
import { MAX_ELEMENTS } from '../crypto/wire.ts';
import {
  createLookupBatch,
  lookUpBatch,
  type BatchFindings,
  type BatchOptions,
  type LookupBatch,
} from './lookup-batch.ts';
import { codeName, LookupFindings, type LookupResult } from './lookup-findings.ts';
import { createTurns, mapInOrder, type WorkOptions } from './progress.ts';
import { connectionOf, Registry, type ConnectOptions, type SchemeCode } from './registry.ts';

export type { LookupEntryEvidence } from './lookup-batch.ts';
export type { LookupEvidence, LookupResult } from './lookup-findings.ts';

/** A reading to look up. */
export interface LookupReading {
  /** The caller's own name for it; comes back with the result. */
  readonly id: string;
  /** As read off the item: `?` for an unread character, `[8B]` for one of these. */
  readonly reading: string;
  /** The scheme's identifier; every fitting scheme is tried when it is left out. */
  readonly scheme?: string | undefined;
  /** Whether a spreadsheet may have dropped leading zeros; default false. */
  readonly leadingZerosLost?: boolean | undefined;
}

/** A reading with the codes that it may stand for, or why it can't be looked up. */
export interface PlannedReading {
  readonly id: string;
  readonly candidates: CandidateSet | BlindmarkError;
}

/** What looking up will cost. */
export interface LookupPlan {
  readonly readings: readonly PlannedReading[];
  /** Distinct codes in all: what is counted against the officer's and the force's quota, once for each live epoch. */
  readonly codes: number;
}

/** A reading that could not be looked up. */
export interface LookupFailure {
  readonly id: string;
  readonly error: BlindmarkError;
}

export interface LookupOptions extends WorkOptions {
  /** At most 64 characters. Leaves this machine only inside a salted commitment. */
  readonly caseReference: string;
}

/** Checks a case reference: 1 to 64 characters. @throws BlindmarkError `badInput` */
export function checkCaseReference(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length >= 1 && trimmed.length <= MAX_CASE_REFERENCE) return trimmed;
  throw badInput('caseReference', `1 to ${MAX_CASE_REFERENCE} characters`);
}

/** Who an officer is and at which registry: what an `officer.json` says, but for the key itself. */
export type OfficerIdentity = Pick<
  OfficerFile,
  'url' | 'rosterFingerprint' | 'allowTestRoster' | 'officerCredential' | 'forceCredential'
>;

/** The key of an `officer.json`. */
export function officerKey({ seed }: Pick<OfficerFile, 'seed'>): Signer {
  return createSigner(createSigningKey(seed));
}

/**
 * Connects with what an `officer.json` says.
 *
 * @param key the officer's: {@link officerKey} of the file, or one that a browser keeps
 * @throws BlindmarkError `badCredential` where the file names another registry than the credential in it; those of
 *   {@link Registry.connect}
 */
export async function connectOfficer(
  file: OfficerIdentity,
  key: Signer,
  options: Omit<ConnectOptions, 'rosterFingerprint' | 'allowTestRoster'> = {},
): Promise<{ registry: Registry; signer: OfficerSigner }> {
  const { url, rosterFingerprint, allowTestRoster, officerCredential, forceCredential } = file;
  if (!equalBytes(readOfficerCredential(officerCredential).rosterFingerprint, rosterFingerprint)) {
    throw new BlindmarkError('badCredential', 'The file names another roster than the credential in it', {
      field: 'rosterFingerprint',
      remedy: 'Have the credential issued anew, with the registry file that the force uses.',
    });
  }
  const registry = await Registry.connect(url, {
    ...options,
    ...connectionOf({ format: 'blindmark-registry-v1', url, rosterFingerprint, allowTestRoster }),
  });
  return { registry, signer: { key, officerCredential, forceCredential } };
}

/** Who an officer is, by a credential that was verified. */
export interface OfficerFacts {
  readonly forceName: string;
  /** The pseudonym of the day. */
  readonly pseudonym: string;
  /** Epoch seconds at which the credential ends. */
  readonly expiresAt: number;
  /** Codes that the force's policy allows one officer a day. */
  readonly codesPerDay: number;
}

/** An officer at one registry. */
export class Officer {
  readonly registry: Registry;
  readonly #signer: OfficerSigner;
  readonly #random: RandomSource;

  constructor(registry: Registry, signer: OfficerSigner, random: RandomSource = randomBytes) {
    this.registry = registry;
    this.#signer = signer;
    this.#random = random;
  }

  /** Connects with what an `officer.json` says. */
  static async connect(
    file: OfficerFile,
    options: Omit<ConnectOptions, 'rosterFingerprint' | 'allowTestRoster'> = {},
  ): Promise<Officer> {
    const { registry, signer } = await connectOfficer(file, officerKey(file), options);
    return new Officer(registry, signer);
  }

  /**
   * Who the officer is. A credential that has ended is verified as of its last moment: what it led to is still its officer's.
   *
   * @throws BlindmarkError `badCredential`, also where the key is not the credential's; `unknownForce`, `wrongOrigin`,
   *   `credentialExpired` for one that is not valid yet
   */
  async facts(): Promise<OfficerFacts> {
    const { expiresAt } = readOfficerCredential(this.#signer.officerCredential);
    const at = Math.min(this.registry.now(), expiresAt);
    const { force, pseudonym, publicKey } = await verifyOfficerCredential(
      this.#signer,
      this.registry.roster.roster,
      at,
    );
    if (!equalBytes(publicKey, this.#signer.key.publicKey)) {
      throw new BlindmarkError('badCredential', 'The file’s key is not the one that the credential in it is for', {
        field: 'seed',
        remedy: 'Have the credential issued anew.',
      });
    }
    return { forceName: force.name, pseudonym, expiresAt, codesPerDay: force.codesPerOfficerAndDay };
  }

  /**
   * What readings stand for and what asking will cost. Asks nobody.
   *
   * @param maxCandidates most codes of one reading; default 256
   */
  plan(readings: readonly LookupReading[], maxCandidates?: number): LookupPlan {
    const { schemes } = this.registry.roster.roster;
    const planned = readings.map(({ id, reading, scheme, leadingZerosLost }): PlannedReading => {
      try {
        const options = { scheme, leadingZerosLost, cap: maxCandidates };
        return { id, candidates: candidates(schemes, parseReading(reading), options) };
      } catch (error) {
        if (!isBlindmarkError(error)) throw error;
        return { id, candidates: error };
      }
    });
    return { readings: planned, codes: distinctCodes(planned).length };
  }

  /**
   * Looks up what was planned, in as few requests as possible, and yields each reading's result once all its codes have been
   * asked for. Everything in a result has been verified.
   *
   * @throws BlindmarkError `cancelled`, `quotaExceeded`, `guardiansUnavailable` and whatever else ends the whole run; results
   *   that were yielded before stay good
   */
  async *lookup(
    plan: LookupPlan,
    options: LookupOptions,
  ): AsyncGenerator<LookupResult | LookupFailure, void, undefined> {
    const caseReference = checkCaseReference(options.caseReference);
    const caseSalt = this.#random(32);
    const context = { ...this.#context, caseReference };
    const report = progressReporter(plan, options);
    const turn = createTurns();
    const { signal } = options;
    const onStretched = (share: number): void => {
      report('stretch', share);
    };
    const work = async (codes: readonly SchemeCode[]): Promise<BatchFindings> =>
      lookUpBatch(createLookupBatch(codes, caseSalt), context, { turn, onStretched, signal });
    // Two at once: one is evaluated while the other is stretched.
    const results = mapInOrder(inBatches(distinctCodes(plan.readings), this.batchSize), 2, work, signal);
    const findings = new LookupFindings();
    for (const { id, candidates: set } of plan.readings) {
      if (set instanceof BlindmarkError) {
        yield { id, error: set };
        continue;
      }
      for (;;) {
        const result = findings.resultOf(id, set);
        if (result !== null) {
          yield result;
          break;
        }
        const next = await results.next();
        if (next.done === true) throw new Error('every code is in a batch');
        findings.add(next.value);
      }
    }
  }

  /** Most codes of one evaluation request. */
  get batchSize(): number {
    return Math.max(1, Math.floor(MAX_ELEMENTS / liveEpochs(this.registry.roster.roster).length));
  }

  /**
   * Looks up one batch of codes: at most {@link batchSize} of them. For whoever keeps what is under way.
   *
   * @throws BlindmarkError as {@link lookUpBatch}
   */
  async lookUp(batch: LookupBatch, caseReference: string, options: BatchOptions): Promise<BatchFindings> {
    return lookUpBatch(batch, { ...this.#context, caseReference: checkCaseReference(caseReference) }, options);
  }

  get #context() {
    return { registry: this.registry, signer: this.#signer, random: this.#random };
  }
}

/** The codes of all readings, each once. */
export function distinctCodes(readings: readonly PlannedReading[]): SchemeCode[] {
  const codes = new Map<string, SchemeCode>();
  for (const { candidates: set } of readings) {
    if (set instanceof BlindmarkError) continue;
    for (const { schemeId, canonical } of set.codes) {
      const code = { scheme: schemeId, canonical };
      codes.set(codeName(code), code);
    }
  }
  return [...codes.values()];
}

function inBatches(codes: readonly SchemeCode[], size: number): SchemeCode[][] {
  return Array.from({ length: Math.ceil(codes.length / size) }, (_, i) => codes.slice(i * size, (i + 1) * size));
}

function progressReporter(plan: LookupPlan, options: LookupOptions): (phase: string, count: number) => void {
  let done = 0;
  return (phase, count) => {
    done += count;
    options.onProgress?.({ phase, done: Math.round(done), total: plan.codes });
  };
}
