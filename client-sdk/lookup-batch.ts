/**
 * Codes that an officer looks up by one evaluation request: evaluated, stretched, looked up, verified. What is about to be sent
 * can be kept, so that whoever is interrupted sends the same requests again: while they are valid, that costs no quota.
 */
import { equalBytes, formatBase64url, randomBytes, type RandomSource } from '../crypto/bytes.ts';
import { BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import {
  authorizationHash,
  caseCommitment,
  readRequestClaims,
  signOfficerRequest,
  type OfficerAuthorization,
  type OfficerSigner,
} from '../crypto/officer-request.ts';
import { blind, blindBy, codeInput, type Blinded } from '../crypto/oprf.ts';
import { liveEpochs, type VerifiedRoster } from '../crypto/roster.ts';
import type { CodeSecrets } from '../crypto/stretch.ts';
import { lookupReplySchema, lookupRequestSchema, type LookupSlot } from '../crypto/wire.ts';
import { inLogOrder, verifyFound, type FilledSlot, type FoundContext, type FoundRegistration } from './found.ts';
import { checkCancelled } from './http.ts';
import { mapInOrder } from './progress.ts';
import type { EvaluatedCode, Registry, RequestEvidence, SchemeCode } from './registry.ts';

/** What shows that a lookup was in the log before guardians answered it. */
export interface LookupEntryEvidence extends RequestEvidence {
  /** Hash of the evaluation request: what the entry holds. */
  readonly evaluation: Uint8Array;
}

/** The evaluation request of a batch, signed. */
export interface BatchQuestion {
  /** Hash of the roster that it was made under. */
  readonly roster: Uint8Array;
  /** The blinds of the codes, in their order: the elements can be made again from them. */
  readonly blinds: readonly Uint8Array[];
  readonly authorization: OfficerAuthorization;
}

/** The lookup request of a batch, signed, with what the evaluation led to. */
export interface BatchLookup {
  readonly evidence: LookupEntryEvidence;
  /** The longest that the force's policy hides a match. */
  readonly delayDays: number;
  /** For each code, one after the other, those of each live epoch. */
  readonly secrets: readonly CodeSecrets[];
  readonly authorization: OfficerAuthorization;
}

/** How far a batch is. As secret as its codes; every value is a byte string, text, a number or null, or made of these. */
export interface LookupBatch {
  readonly codes: readonly SchemeCode[];
  /** 32 bytes: opens the case commitment of both requests. */
  readonly caseSalt: Uint8Array;
  /** Null before guardians are asked. */
  readonly question: BatchQuestion | null;
  /** Null before all codes are stretched. */
  readonly lookup: BatchLookup | null;
}

/** What is known of one code. */
export interface CodeFindings extends SchemeCode {
  /** In the order of the log. */
  readonly registrations: readonly FoundRegistration[];
  /** Why each further one was refused that was found. */
  readonly refusals: readonly BlindmarkError[];
}

/** What a batch has led to. */
export interface BatchFindings {
  readonly caseSalt: Uint8Array;
  readonly lookup: LookupEntryEvidence;
  readonly codes: readonly CodeFindings[];
}

/** Who looks up, where, and for which case. */
export interface LookupContext {
  readonly registry: Registry;
  readonly signer: OfficerSigner;
  readonly caseReference: string;
  readonly random?: RandomSource | undefined;
}

export interface BatchOptions {
  /** Resolves once the batch is durable as it is now: called before each of both requests is sent. Default: nothing is kept. */
  readonly keep?: ((batch: LookupBatch) => Promise<void>) | undefined;
  /** Called once for each stretched evaluation, with what part of a code it is. */
  readonly onStretched?: ((share: number) => void) | undefined;
  /** Runs its work when it is its turn to use the processor; default: at once. */
  readonly turn?: (<T>(work: () => Promise<T>) => Promise<T>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A batch of which nothing has been asked yet. */
export function createLookupBatch(codes: readonly SchemeCode[], caseSalt: Uint8Array): LookupBatch {
  return { codes, caseSalt, question: null, lookup: null };
}

/** Refusals of a request that has ended. Nothing was shown for it, so the codes are asked for anew. */
function isOutdated(error: unknown): boolean {
  if (isBlindmarkError(error, 'credentialExpired')) return error.field === 'request';
  return isBlindmarkError(error, 'evaluationRequired', 'replayed');
}

/**
 * Looks up a batch, going on with what was kept of it. Everything in the findings has been verified.
 *
 * Requests that have ended, or were made under another roster, are made anew: guardians then count the codes once more.
 *
 * @throws BlindmarkError `cancelled`, `quotaExceeded`, `credentialExpired`, `guardiansUnavailable`, … : what was kept stays good
 */
export async function lookUpBatch(
  batch: LookupBatch,
  context: LookupContext,
  options: BatchOptions = {},
): Promise<BatchFindings> {
  const run = new BatchRun(batch, context, options);
  try {
    return await run.finish();
  } catch (error) {
    // Of a fresh request that is still valid, by this computer's clock, that is no reason: asking anew costs quota.
    if (!isOutdated(error) || (batch.question === null && !run.isOver)) throw error;
    return new BatchRun(createLookupBatch(batch.codes, batch.caseSalt), context, options).finish();
  }
}

class BatchRun {
  #batch: LookupBatch;
  readonly #context: LookupContext;
  readonly #options: BatchOptions;
  readonly #random: RandomSource;

  constructor(batch: LookupBatch, context: LookupContext, options: BatchOptions) {
    this.#batch = batch;
    this.#context = context;
    this.#options = options;
    this.#random = context.random ?? randomBytes;
  }

  async finish(): Promise<BatchFindings> {
    const { registry } = this.#context;
    return registry.underCurrentRoster(async (roster) => {
      const { codes, caseSalt } = this.#batch;
      if (!this.#isGood(roster)) this.#batch = createLookupBatch(codes, caseSalt);
      const question = this.#batch.question ?? (await this.#ask(roster));
      const lookup = this.#batch.lookup ?? (await this.#stretch(question, roster));
      return this.#find(lookup, roster);
    }, this.#options.signal);
  }

  /** Whether the evaluation request has ended: the computer may have slept while it was under way. */
  get isOver(): boolean {
    const { question } = this.#batch;
    return question !== null && this.#context.registry.now() > readRequestClaims(question.authorization).exp;
  }

  /** Whether the requests that were kept can be sent again. */
  #isGood({ hash }: VerifiedRoster): boolean {
    const { question } = this.#batch;
    return question === null || (equalBytes(question.roster, hash) && !this.isOver);
  }

  async #keep(batch: LookupBatch): Promise<void> {
    checkCancelled(this.#options.signal);
    await this.#options.keep?.(batch);
    this.#batch = batch;
  }

  async #ask(roster: VerifiedRoster): Promise<BatchQuestion> {
    const { origin } = roster.roster;
    const blinded = this.#batch.codes.map(({ scheme, canonical }) =>
      blind(codeInput(origin, scheme, canonical), this.#random),
    );
    const authorization = await this.#sign(
      'evaluation',
      blinded.map(({ element }) => element),
      roster,
    );
    const question = { roster: roster.hash, blinds: blinded.map((one) => one.blind), authorization };
    await this.#keep({ ...this.#batch, question });
    return question;
  }

  async #stretch({ blinds, authorization }: BatchQuestion, roster: VerifiedRoster): Promise<BatchLookup> {
    const { registry } = this.#context;
    const { signal, onStretched, turn = async (work) => work() } = this.#options;
    const { origin } = roster.roster;
    const epochs = liveEpochs(roster.roster).map(({ epoch }) => epoch);
    const codes = this.#batch.codes.map((code, i) => {
      const scalar = blinds[i] as Uint8Array;
      const element = blindBy(scalar, codeInput(origin, code.scheme, code.canonical));
      return { ...code, blinded: { element, blind: scalar } satisfies Blinded };
    });
    const elements = codes.map(({ blinded }) => blinded.element);
    const request = { purpose: 'lookup' as const, epochs, elements, authorization };
    const evaluation = await registry.evaluate(request, codes, roster, signal);
    const secrets = await turn(async () => {
      const stretched: CodeSecrets[] = [];
      const work = async (code: EvaluatedCode): Promise<CodeSecrets> => registry.stretch(code, roster);
      const all = mapInOrder(evaluation.codes.flat(), registry.parallelStretches, work, signal);
      for await (const one of all) {
        stretched.push(one);
        onStretched?.(1 / epochs.length);
      }
      return stretched;
    });
    const evidence = { evaluation: authorizationHash(authorization), ...evaluation.evidence };
    const tags = secrets.map(({ lookupTag }) => lookupTag);
    const lookup = {
      evidence,
      delayDays: evaluation.delayDays,
      secrets,
      authorization: await this.#sign('lookup', [evidence.evaluation, ...tags], roster),
    };
    await this.#keep({ ...this.#batch, lookup });
    return lookup;
  }

  async #find(lookup: BatchLookup, roster: VerifiedRoster): Promise<BatchFindings> {
    const { codes, caseSalt } = this.#batch;
    const { evidence, delayDays, secrets } = lookup;
    const { places, ...shown } = await this.#fetchPlaces(lookup);
    const context = { ...shown, origin: roster.roster.origin, lookup: evidence.logged.index, delayDays };
    const perCode = secrets.length / codes.length;
    const found = codes.map((code, i): CodeFindings => {
      const { scheme, canonical } = code;
      const range = Array.from({ length: perCode }, (_, epoch) => perCode * i + epoch);
      const verified = range.flatMap((at) =>
        (places[at] as FilledSlot[]).map((slot) => verifyFound(code, slot, secrets[at] as CodeSecrets, context)),
      );
      const refusals = verified.filter((one) => one instanceof BlindmarkError);
      const registrations = verified.filter((one): one is FoundRegistration => !(one instanceof BlindmarkError));
      return { scheme, canonical, registrations: inLogOrder(registrations), refusals };
    });
    return { caseSalt, lookup: evidence, codes: found };
  }

  async #fetchPlaces({
    evidence,
    secrets,
    authorization,
  }: BatchLookup): Promise<Pick<FoundContext, 'checkpoint' | 'note'> & { readonly places: FilledSlot[][] }> {
    const { registry } = this.#context;
    const tags = secrets.map(({ lookupTag }) => lookupTag);
    const { reply, checkpoint } = await registry.postChecked(
      '/v1/lookups',
      { body: lookupRequestSchema, reply: lookupReplySchema },
      { evaluation: evidence.evaluation, tags, authorization },
      (lookup) => lookup.checkpoint,
      this.#options.signal,
    );
    if (reply.results.length !== tags.length)
      throw new BlindmarkError('badReply', 'The registry answered for another number of tags');
    return { places: reply.results.map(filledPlaces), checkpoint, note: reply.checkpoint };
  }

  async #sign(
    purpose: 'evaluation' | 'lookup',
    content: readonly Uint8Array[],
    roster: VerifiedRoster,
  ): Promise<OfficerAuthorization> {
    const { registry, signer, caseReference } = this.#context;
    const epochs = liveEpochs(roster.roster).map(({ epoch }) => epoch);
    const commitment = caseCommitment(this.#batch.caseSalt, caseReference);
    const request = { purpose, content, caseCommitment: commitment, roster, epochs, now: registry.now() };
    return signOfficerRequest(signer, request, this.#random);
  }
}

const isFilled = (slot: LookupSlot): slot is FilledSlot => slot.registration !== null;

/** A registry that shows one row several times makes no more claims of it. */
function filledPlaces(slots: readonly LookupSlot[]): FilledSlot[] {
  const filled = slots.filter(isFilled);
  return [...new Map(filled.map((slot) => [formatBase64url(slot.registration.commitment), slot])).values()];
}
