/** An officer looking up readings: what is asked for, in which requests, and what comes back once it is verified. */
import { equalBytes, formatBase64url, randomBytes, type RandomSource } from '../crypto/bytes.ts';
import { candidates, type CandidateSet } from '../crypto/candidates.ts';
import type { OfficerFile } from '../crypto/credential-files.ts';
import { readPinnedFingerprint } from '../crypto/credential.ts';
import { badInput, BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import { blind, codeInput } from '../crypto/oprf.ts';
import {
  authorizationHash,
  caseCommitment,
  MAX_CASE_REFERENCE,
  signOfficerRequest,
  type OfficerAuthorization,
  type OfficerSigner,
} from '../crypto/officer-request.ts';
import { parseReading } from '../crypto/reading.ts';
import { liveEpochs, type VerifiedRoster } from '../crypto/roster.ts';
import { createSigningKey } from '../crypto/signature.ts';
import type { CodeSecrets } from '../crypto/stretch.ts';
import { lookupReplySchema, lookupRequestSchema, MAX_ELEMENTS, type LookupSlot } from '../crypto/wire.ts';
import { inLogOrder, verifyFound, type FilledSlot, type FoundContext, type FoundRegistration } from './found.ts';
import { checkCancelled } from './http.ts';
import { mapInOrder, type WorkOptions } from './progress.ts';
import {
  connectionOf,
  Registry,
  type ConnectOptions,
  type EvaluatedCode,
  type RequestEvidence,
  type SchemeCode,
} from './registry.ts';

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

/** What shows that a lookup was in the log before guardians answered it. */
export interface LookupEntryEvidence extends RequestEvidence {
  /** Hash of the evaluation request: what the entry holds. */
  readonly evaluation: Uint8Array;
}

/** What a lookup proves later: the requests that it was made by, and the salt that opens their case commitments. */
export interface LookupEvidence {
  readonly caseSalt: Uint8Array;
  /** One for each evaluation request. */
  readonly lookups: readonly LookupEntryEvidence[];
}

/** The result of one reading. */
export interface LookupResult {
  readonly id: string;
  readonly result: 'hit' | 'miss';
  /** Codes that were asked for. */
  readonly candidates: number;
  /** Codes that the reading may also stand for and that were not asked for, by scheme. */
  readonly omitted: CandidateSet['omitted'];
  /** Schemes whose form the reading has but whose check it fails: if it is of one of them, it was misread. */
  readonly misread: readonly string[];
  /** Code by code, in the order of the log within each: a second one of a code is a counter-claim. */
  readonly registrations: readonly FoundRegistration[];
  /** Registrations that were found and refused, since something of them does not verify. */
  readonly refused: number;
  /** Why, for each of these: not signed so by its owner, or not in the log as shown in this lookup. */
  readonly refusals: readonly BlindmarkError[];
  readonly evidence: LookupEvidence;
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

/** Codes found registered, by code: what one batch contributes. */
interface BatchFindings {
  readonly lookup: LookupEntryEvidence;
  readonly found: ReadonlyMap<string, readonly FoundRegistration[]>;
  readonly refusals: ReadonlyMap<string, readonly BlindmarkError[]>;
}

const keyOf = (code: SchemeCode): string => `${code.scheme}\u0000${code.canonical}`;

/** Checks a case reference: 1 to 64 characters. @throws BlindmarkError `badInput` */
export function checkCaseReference(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length >= 1 && trimmed.length <= MAX_CASE_REFERENCE) return trimmed;
  throw badInput('caseReference', `1 to ${MAX_CASE_REFERENCE} characters`);
}

/**
 * Connects with what an `officer.json` says.
 *
 * @throws BlindmarkError `badCredential` where the file names another registry than the credential in it; those of
 *   {@link Registry.connect}
 */
export async function connectOfficer(
  file: OfficerFile,
  options: Omit<ConnectOptions, 'rosterFingerprint' | 'allowTestRoster'> = {},
): Promise<{ registry: Registry; signer: OfficerSigner }> {
  if (!equalBytes(readPinnedFingerprint(file.officerCredential), file.rosterFingerprint)) {
    throw new BlindmarkError('badCredential', 'The file names another roster than the credential in it', {
      field: 'rosterFingerprint',
      remedy: 'Have the credential issued anew, with the registry file that the force uses.',
    });
  }
  const registry = await Registry.connect(file.url, {
    ...options,
    ...connectionOf({ ...file, format: 'blindmark-registry-v1' }),
  });
  const { officerCredential, forceCredential } = file;
  return { registry, signer: { key: createSigningKey(file.seed), officerCredential, forceCredential } };
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
    const { registry, signer } = await connectOfficer(file, options);
    return new Officer(registry, signer);
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
    const commitment = caseCommitment(caseSalt, caseReference);
    const findings: BatchFindings[] = [];
    const batchOf = new Map<string, number>();
    const batches = this.#batches(plan, batchOf);
    const report = progressReporter(plan, options);
    const work = async (batch: readonly SchemeCode[]): Promise<BatchFindings> =>
      this.#lookUp(batch, commitment, report, options.signal);
    // Two at once: one is evaluated while the other is stretched.
    const results = mapInOrder(batches, 2, work, options.signal);
    for (const { id, candidates: set } of plan.readings) {
      if (set instanceof BlindmarkError) {
        yield { id, error: set };
        continue;
      }
      const codes = [...set.codes].map(({ schemeId, canonical }): SchemeCode => ({ scheme: schemeId, canonical }));
      const needed = new Set(codes.map((code) => batchOf.get(keyOf(code)) as number));
      while (findings.length <= Math.max(...needed)) {
        const next = await results.next();
        if (next.done === true) break;
        findings.push(next.value);
      }
      const lookups = [...needed].map((position) => (findings[position] as BatchFindings).lookup);
      yield this.#resultOf(id, set, codes, (code) => findings[batchOf.get(code) as number] as BatchFindings, {
        caseSalt,
        lookups,
      });
    }
  }

  #resultOf(
    id: string,
    set: CandidateSet,
    codes: readonly SchemeCode[],
    findingsOf: (code: string) => BatchFindings,
    evidence: LookupEvidence,
  ): LookupResult {
    const keys = codes.map(keyOf);
    const registrations = keys.flatMap((key) => findingsOf(key).found.get(key) ?? []);
    const refusals = keys.flatMap((key) => findingsOf(key).refusals.get(key) ?? []);
    return {
      id,
      result: registrations.length > 0 ? 'hit' : 'miss',
      candidates: codes.length,
      omitted: set.omitted,
      misread: set.misread,
      registrations,
      refused: refusals.length,
      refusals,
      evidence,
    };
  }

  /** Codes in requests of one batch each, and in which batch each code is. */
  #batches(plan: LookupPlan, batchOf: Map<string, number>): SchemeCode[][] {
    const size = Math.max(1, Math.floor(MAX_ELEMENTS / liveEpochs(this.registry.roster.roster).length));
    const codes = distinctCodes(plan.readings);
    codes.forEach((code, i) => batchOf.set(keyOf(code), Math.floor(i / size)));
    return Array.from({ length: Math.ceil(codes.length / size) }, (_, i) => codes.slice(i * size, (i + 1) * size));
  }

  async #lookUp(
    batch: readonly SchemeCode[],
    commitment: Uint8Array,
    report: (phase: string, count: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<BatchFindings> {
    return this.registry.underCurrentRoster(async (roster) => {
      const { lookup, evaluated, delayDays } = await this.#evaluate(batch, commitment, roster, signal);
      const secrets: CodeSecrets[] = [];
      const stretched = mapInOrder(
        evaluated,
        this.registry.parallelStretches,
        async (code) => this.registry.stretch(code, roster),
        signal,
      );
      for await (const secret of stretched) {
        secrets.push(secret);
        report('stretch', 1 / liveEpochs(roster.roster).length);
      }
      const tags = secrets.map((secret) => secret.lookupTag);
      const { places, ...shown } = await this.#fetchPlaces(lookup.evaluation, tags, commitment, roster, signal);
      const context = { ...shown, origin: roster.roster.origin, lookup: lookup.logged.index, delayDays };
      const found = new Map<string, FoundRegistration[]>();
      const refusals = new Map<string, BlindmarkError[]>();
      evaluated.forEach((code, i) => {
        const key = keyOf(code);
        const verified = (places[i] as FilledSlot[]).map((slot) =>
          verifyFound(code, slot, secrets[i] as CodeSecrets, context),
        );
        const [good, bad] = [found.get(key) ?? [], refusals.get(key) ?? []];
        for (const one of verified) {
          if (one instanceof BlindmarkError) bad.push(one);
          else good.push(one);
        }
        found.set(key, inLogOrder(good));
        refusals.set(key, bad);
      });
      return { lookup, found, refusals };
    }, signal);
  }

  async #evaluate(
    batch: readonly SchemeCode[],
    commitment: Uint8Array,
    roster: VerifiedRoster,
    signal: AbortSignal | undefined,
  ): Promise<{ lookup: LookupEntryEvidence; evaluated: EvaluatedCode[]; delayDays: number }> {
    const { origin } = roster.roster;
    const codes = batch.map((code) => ({
      ...code,
      blinded: blind(codeInput(origin, code.scheme, code.canonical), this.#random),
    }));
    const elements = codes.map((code) => code.blinded.element);
    const epochs = liveEpochs(roster.roster).map((epoch) => epoch.epoch);
    const authorization = await this.#sign('evaluation', elements, commitment, roster);
    const request = { purpose: 'lookup' as const, epochs, elements, authorization };
    const evaluation = await this.registry.evaluate(request, codes, roster, signal);
    return {
      lookup: { evaluation: authorizationHash(authorization), ...evaluation.evidence },
      evaluated: evaluation.codes.flat(),
      delayDays: evaluation.delayDays,
    };
  }

  async #fetchPlaces(
    evaluation: Uint8Array,
    tags: readonly Uint8Array[],
    commitment: Uint8Array,
    roster: VerifiedRoster,
    signal: AbortSignal | undefined,
  ): Promise<Pick<FoundContext, 'checkpoint' | 'note'> & { readonly places: FilledSlot[][] }> {
    checkCancelled(signal);
    const authorization = await this.#sign('lookup', [evaluation, ...tags], commitment, roster);
    const schemas = { body: lookupRequestSchema, reply: lookupReplySchema };
    const body = { evaluation, tags: [...tags], authorization };
    const { reply, checkpoint } = await this.registry.postChecked(
      '/v1/lookups',
      schemas,
      body,
      (lookup) => lookup.checkpoint,
      signal,
    );
    if (reply.results.length !== tags.length)
      throw new BlindmarkError('badReply', 'The registry answered for another number of tags');
    return { places: reply.results.map(filledPlaces), checkpoint, note: reply.checkpoint };
  }

  async #sign(
    purpose: 'evaluation' | 'lookup',
    content: readonly Uint8Array[],
    commitment: Uint8Array,
    roster: VerifiedRoster,
  ): Promise<OfficerAuthorization> {
    const epochs = liveEpochs(roster.roster).map((epoch) => epoch.epoch);
    const request = { purpose, content, caseCommitment: commitment, roster, epochs, now: this.registry.now() };
    return signOfficerRequest(this.#signer, request, this.#random);
  }
}

function distinctCodes(readings: readonly PlannedReading[]): SchemeCode[] {
  const codes = new Map<string, SchemeCode>();
  for (const { candidates: set } of readings) {
    if (set instanceof BlindmarkError) continue;
    for (const { schemeId, canonical } of set.codes) {
      const code = { scheme: schemeId, canonical };
      codes.set(keyOf(code), code);
    }
  }
  return [...codes.values()];
}

const isFilled = (slot: LookupSlot): slot is FilledSlot => slot.registration !== null;

/** A registry that shows one row several times makes no more claims of it. */
function filledPlaces(slots: readonly LookupSlot[]): FilledSlot[] {
  const filled = slots.filter(isFilled);
  return [...new Map(filled.map((slot) => [formatBase64url(slot.registration.commitment), slot])).values()];
}

function progressReporter(plan: LookupPlan, options: LookupOptions): (phase: string, count: number) => void {
  let done = 0;
  return (phase, count) => {
    done += count;
    options.onProgress?.({ phase, done: Math.round(done), total: plan.codes });
  };
}
