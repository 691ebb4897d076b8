/** A registry as its clients see it: nothing it says counts before it is verified. */
import type { z } from 'zod';
import { parseBase64url } from '../crypto/bytes.ts';
import { isCosignature, type Checkpoint } from '../crypto/checkpoint.ts';
import { BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import { activationEntry, lookupEntry } from '../crypto/evaluation.ts';
import type { RegistryFile } from '../crypto/credential-files.ts';
import { hourOf, type EntryOf } from '../crypto/log-entry.ts';
import { verifyRosterLogged, type CosignedCheckpoint } from '../crypto/log-proof.ts';
import type { TreeHead } from '../crypto/merkle.ts';
import { formatMessage } from '../crypto/message.ts';
import { verifyOfficerRequest } from '../crypto/officer-request.ts';
import { finalize, codeInput, type Blinded } from '../crypto/oprf.ts';
import { verifyRosterHistory, type RosterEpoch, type SignedRoster, type VerifiedRoster } from '../crypto/roster.ts';
import { argon2idWasm, stretch, type Argon2id, type CodeSecrets } from '../crypto/stretch.ts';
import { combineVerified, type GuardianAnswer } from '../crypto/threshold.ts';
import {
  evaluationReplySchema,
  evaluationRequestSchema,
  rosterReplySchema,
  type EvaluationReply,
  type EvaluationRequest,
  type Fault,
} from '../crypto/wire.ts';
import { SeenCheckpoints, type KnownSizes } from './checkpoints.ts';
import { verifyRequestEntry, type HidingEntry } from './entries.ts';
import { checkAddress, JsonClient, type Fetch, type RetryPolicy } from './http.ts';
import type { LogReader } from './log-reader.ts';

/** How a client reaches a registry. */
export interface ConnectOptions {
  /** What the first roster is recognised by: its hash, as text (base64url, 43 characters) or 32 bytes. */
  readonly rosterFingerprint: string | Uint8Array;
  /** Take a test roster, whose codes are not protected by stretching; default false. */
  readonly allowTestRoster?: boolean | undefined;
  /** Default: the platform's. */
  readonly fetch?: Fetch | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Default: WebAssembly. `client-sdk/node` has a faster one. */
  readonly argon2id?: Argon2id | undefined;
  /** Codes stretched at once, each with the roster's memory (64 MiB); default 1. */
  readonly parallelStretches?: number | undefined;
  /** Epoch seconds; default: the clock's. */
  readonly now?: (() => number) | undefined;
  /** Told of guardians that did not contribute to an evaluation, or wrongly; the work goes on without them. */
  readonly onFaults?: ((faults: readonly Fault[]) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A code under one scheme. */
export interface SchemeCode {
  readonly scheme: string;
  readonly canonical: string;
}

/** A code that was blinded for an evaluation. */
export interface BlindedCode extends SchemeCode {
  readonly blinded: Blinded;
}

/** A code's evaluation under one epoch: 64 bytes `y`, still to be stretched. */
export interface EvaluatedCode extends SchemeCode {
  readonly epoch: number;
  readonly y: Uint8Array;
}

/** What shows that a request was in the log before guardians answered it. */
export interface RequestEvidence extends HidingEntry {
  /** The signed note with at least t cosignatures; each guardian whose answer was used has cosigned it. */
  readonly checkpoint: string;
}

/** What guardians have evaluated. */
export interface Evaluation {
  /** For each code its evaluations, in the order of the request's epochs. */
  readonly codes: readonly (readonly EvaluatedCode[])[];
  /** By epoch: the guardians' answers that hold. */
  readonly answers: ReadonlyMap<number, readonly GuardianAnswer[]>;
  readonly evidence: RequestEvidence;
  /** For how many days the policy of the force that asked may hide entries; 0 for an owner. */
  readonly delayDays: number;
}

/** A reply whose checkpoint has been verified. */
export interface CheckedReply<Reply> {
  readonly reply: Reply;
  readonly checkpoint: Checkpoint;
}

/** The rosters of a registry, verified from the pinned first to the current one. */
interface KnownRosters {
  readonly chain: readonly SignedRoster[];
  readonly rosters: readonly VerifiedRoster[];
  readonly current: VerifiedRoster;
}

type RosterSource = (signal: AbortSignal | undefined) => Promise<KnownRosters>;

/** Options from a `registry.json`. */
export function connectionOf(file: RegistryFile): Pick<ConnectOptions, 'rosterFingerprint' | 'allowTestRoster'> {
  return { rosterFingerprint: file.rosterFingerprint, allowTestRoster: file.allowTestRoster };
}

/** A connection to one registry, under a roster that was verified up to its pinned first and is in the registry's log. */
export class Registry {
  readonly url: string;
  readonly http: JsonClient;
  readonly now: () => number;
  readonly parallelStretches: number;
  readonly #argon2id: Argon2id;
  readonly #onFaults: (faults: readonly Fault[]) => void;
  readonly #seen: SeenCheckpoints;
  readonly #fetchRosters: RosterSource;
  #known: KnownRosters;

  private constructor(
    url: string,
    options: ConnectOptions,
    rest: {
      readonly http: JsonClient;
      readonly seen: SeenCheckpoints;
      readonly fetchRosters: RosterSource;
      readonly known: KnownRosters;
      readonly now: () => number;
    },
  ) {
    this.url = url;
    this.http = rest.http;
    this.now = rest.now;
    this.parallelStretches = options.parallelStretches ?? 1;
    this.#argon2id = options.argon2id ?? argon2idWasm;
    this.#onFaults = options.onFaults ?? (() => undefined);
    this.#seen = rest.seen;
    this.#fetchRosters = rest.fetchRosters;
    this.#known = rest.known;
  }

  /**
   * Fetches the registry's rosters, verifies them, and verifies that the current one is in the log, for which enough guardians
   * vouch.
   *
   * @param url the registry's address: `https://registry.example`
   * @throws BlindmarkError `badInput` for a malformed fingerprint, `badRoster`; `guardiansUnavailable` while no guardians have
   *   cosigned the roster's entry; `badCheckpoint`, also where they have not done so in the last day, by this computer's clock;
   *   `notLogged`; and those of {@link JsonClient.ask}
   */
  static async connect(url: string, options: ConnectOptions): Promise<Registry> {
    const { rosterFingerprint: given, now = () => Math.floor(Date.now() / 1000) } = options;
    const fingerprint = typeof given === 'string' ? parseBase64url('rosterFingerprint', given.trim(), 32) : given;
    const address = checkAddress(url);
    const http = new JsonClient(options);
    const seen = new SeenCheckpoints(now);
    const allowTestRoster = options.allowTestRoster === true;
    const fetchRosters: RosterSource = async (signal) => {
      const sizes = seen.knownSizes();
      const reply = await http.ask({ url: `${address}/v1/roster`, reply: rosterReplySchema, signal });
      const rosters = verifyRosterHistory(reply.chain, fingerprint, { allowTestRoster });
      const current = rosters.at(-1) as VerifiedRoster;
      if (reply.log === null) throw notVouchedFor(current);
      const { checkpoint } = seen.accept(reply.log.checkpoint, current.roster, sizes);
      verifyRosterLogged(reply.log.logged, checkpoint, current);
      return { chain: reply.chain, rosters, current };
    };
    const known = await fetchRosters(options.signal);
    return new Registry(address, options, { http, seen, fetchRosters, known, now });
  }

  /** The current roster. */
  get roster(): VerifiedRoster {
    return this.#known.current;
  }

  /** All rosters, first to current: what receipts are verified by. */
  get rosters(): readonly VerifiedRoster[] {
    return this.#known.rosters;
  }

  /** The same with their signatures, as the registry sent them. */
  get chain(): readonly SignedRoster[] {
    return this.#known.chain;
  }

  /**
   * Posts to one of the registry's addresses.
   *
   * @param path `/v1/lookups`
   */
  async post<Body extends z.ZodType, Reply extends z.ZodType>(
    path: string,
    schemas: { readonly body: Body; readonly reply: Reply },
    body: z.output<Body>,
    signal?: AbortSignal,
  ): Promise<z.output<Reply>> {
    const text = JSON.stringify(formatMessage(schemas.body, body));
    return this.http.ask({ url: this.url + path, reply: schemas.reply, body: text, signal });
  }

  /**
   * Posts, and verifies the checkpoint in the reply: cosigned by enough guardians in the last day, and not behind what was seen
   * before.
   *
   * @param checkpointOf where it stands in the reply
   * @throws BlindmarkError `badCheckpoint`, `logBehind`, `logForked`
   */
  async postChecked<Body extends z.ZodType, Reply extends z.ZodType>(
    path: string,
    schemas: { readonly body: Body; readonly reply: Reply },
    body: z.output<Body>,
    checkpointOf: (reply: z.output<Reply>) => string,
    signal?: AbortSignal,
  ): Promise<CheckedReply<z.output<Reply>>> {
    const known = this.#seen.knownSizes();
    const reply = await this.post(path, schemas, body, signal);
    const { checkpoint } = await this.#accept(checkpointOf(reply), known, signal);
    return { reply, checkpoint };
  }

  /**
   * Reads the log's latest checkpoint, and verifies it as that of a reply. What has been seen of the log before stands beside
   * it: the tree must go on from each of these heads.
   *
   * @throws BlindmarkError as {@link postChecked}, and those of `LogReader`
   */
  async readCheckpoint(reader: LogReader, signal?: AbortSignal): Promise<CosignedCheckpoint & { seen: TreeHead[] }> {
    const known = this.#seen.knownSizes();
    const cosigned = await this.#accept(await reader.checkpoint(), known, signal);
    return { ...cosigned, seen: this.#seen.headsOf(this.roster.roster) };
  }

  async #accept(note: string, known: KnownSizes, signal: AbortSignal | undefined): Promise<CosignedCheckpoint> {
    const used = this.roster;
    try {
      return this.#seen.accept(note, used.roster, known);
    } catch (error) {
      // A roster that came into force meanwhile may have other guardians, or another log.
      if (!isBlindmarkError(error, 'badCheckpoint') || !(await this.#isRenewed(used, signal))) throw error;
      return this.#seen.accept(note, this.roster.roster, known);
    }
  }

  /**
   * Verifies a checkpoint of a reply that may have been kept for a while.
   *
   * @param roster the one that it was cosigned under
   * @throws BlindmarkError `badCheckpoint`, `logForked`
   */
  acceptEarlier(note: string, roster: VerifiedRoster): Checkpoint {
    return this.#seen.accept(note, roster.roster).checkpoint;
  }

  /**
   * Runs `work` under the current roster; where the registry has a newer one, once more under that.
   *
   * @param work makes and sends requests from the roster that it is given
   */
  async underCurrentRoster<T>(work: (roster: VerifiedRoster) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const used = this.roster;
    try {
      return await work(used);
    } catch (error) {
      if (!isBlindmarkError(error, 'wrongRoster', 'wrongEpoch') || !(await this.#isRenewed(used, signal))) throw error;
      return work(this.roster);
    }
  }

  /**
   * Has blinded codes evaluated by the guardians, verifies that the request is in the log, and each answer's proof under the
   * roster, combines and unblinds. Only answers of guardians that cosigned the reply's checkpoint are used.
   *
   * @param request whose `elements` are those of `codes`, in order
   * @throws BlindmarkError `guardiansUnavailable` naming who is at fault; `badCheckpoint`, `badProof`, `notLogged`, `badReply`;
   *   the registry's refusals
   */
  async evaluate(
    request: EvaluationRequest,
    codes: readonly BlindedCode[],
    roster: VerifiedRoster,
    signal?: AbortSignal,
  ): Promise<Evaluation> {
    const { entry, delayDays } = await expectedEntry(request, roster, this.now());
    const schemas = { body: evaluationRequestSchema, reply: evaluationReplySchema };
    const { reply, checkpoint } = await this.postChecked(
      '/v1/evaluations',
      schemas,
      request,
      ({ log }) => log.checkpoint,
      signal,
    );
    verifyRequestEntry(reply.log, checkpoint, entry, { delayDays, now: this.now() });
    if (reply.faults.length > 0) this.#onFaults(reply.faults);
    const cosigned = this.#cosignedAnswers(reply, checkpoint, roster);
    const elements = codes.map((code) => code.blinded.element);
    const { origin, threshold } = roster.roster;
    const answers = new Map<number, readonly GuardianAnswer[]>();
    const byEpoch = request.epochs.map((epoch) => {
      const facts = roster.roster.epochs.find((candidate) => candidate.epoch === epoch) as RosterEpoch;
      const given = answersOf(cosigned, facts, roster);
      const { combined, faults } = combineVerified(elements, given, threshold, facts.groupKey);
      if (faults.length > 0) this.#onFaults(faults);
      answers.set(
        epoch,
        given.filter(({ guardian }) => !faults.some((fault) => fault.guardian === guardian)),
      );
      return combined.map((element, i): EvaluatedCode => {
        const { scheme, canonical, blinded } = codes[i] as BlindedCode;
        return { scheme, canonical, epoch, y: finalize(codeInput(origin, scheme, canonical), blinded.blind, element) };
      });
    });
    return {
      codes: codes.map((_, i) => byEpoch.map((evaluated) => evaluated[i] as EvaluatedCode)),
      answers,
      evidence: reply.log,
      delayDays,
    };
  }

  /**
   * Stretches an evaluation to lookup tag and code key: one Argon2id.
   *
   * @param roster the one that the evaluation was made under
   */
  async stretch(evaluated: EvaluatedCode, roster: VerifiedRoster): Promise<CodeSecrets> {
    const { origin, epochs } = roster.roster;
    const facts = epochs.find((candidate) => candidate.epoch === evaluated.epoch) as RosterEpoch;
    return stretch(evaluated.y, { origin, epoch: evaluated.epoch, parameters: facts.stretch }, this.#argon2id);
  }

  /** The answers of guardians that cosigned this very checkpoint; the others are named. */
  #cosignedAnswers(
    { evaluations }: EvaluationReply,
    checkpoint: Checkpoint,
    roster: VerifiedRoster,
  ): EvaluationReply['evaluations'] {
    const { guardians, threshold } = roster.roster;
    const keys = new Map(guardians.map(({ id, witnessKey }) => [id, witnessKey]));
    const strangers = evaluations.some(({ guardian }) => !keys.has(guardian));
    if (strangers || new Set(evaluations.map(({ guardian }) => guardian)).size < evaluations.length) {
      throw new BlindmarkError(
        'badReply',
        'The registry sent an answer of a guardian that is not in the roster, or two',
      );
    }
    const [cosigned, others] = [true, false].map((wanted) =>
      evaluations.filter(
        ({ guardian, cosignature }) =>
          isCosignature(checkpoint, keys.get(guardian) as Uint8Array, cosignature) === wanted,
      ),
    ) as [EvaluationReply['evaluations'], EvaluationReply['evaluations']];
    const faults = others.map(({ guardian }): Fault => ({ guardian, code: 'badCheckpoint' }));
    if (faults.length > 0) this.#onFaults(faults);
    if (cosigned.length >= threshold) return cosigned;
    throw new BlindmarkError(
      'guardiansUnavailable',
      `${cosigned.length} guardians cosigned the same log with their answers; ${threshold} are needed`,
      { guardians: faults.map(({ guardian }) => guardian), remedy: 'Try again later; nothing was changed.' },
    );
  }

  /** Whether there is a newer roster than the one that was used: at hand by now, or at the registry. None is gone back to. */
  async #isRenewed(used: VerifiedRoster, signal: AbortSignal | undefined): Promise<boolean> {
    if (this.roster !== used) return true;
    const fetched = await this.#fetchRosters(signal);
    if (fetched.current.roster.version > this.roster.roster.version) this.#known = fetched;
    return this.roster !== used;
  }
}

function notVouchedFor({ roster }: VerifiedRoster): BlindmarkError {
  return new BlindmarkError('guardiansUnavailable', 'Too few guardians have vouched for the registry’s roster yet', {
    remedy: `Try again in a minute. If it stays so, ask the registry’s operator whether ${roster.threshold} guardians run.`,
    retryAfter: 60,
  });
}

/** The entry that a request must have in the log, and how long the force's policy may hide it. */
async function expectedEntry(
  request: EvaluationRequest,
  roster: VerifiedRoster,
  now: number,
): Promise<{ readonly entry: EntryOf<'activation'> | EntryOf<'lookup'>; readonly delayDays: number }> {
  if (request.purpose === 'registration') return { entry: activationEntry(request, hourOf(now)), delayDays: 0 };
  const { authorization, elements } = request;
  const verified = await verifyOfficerRequest(authorization, { purpose: 'evaluation', content: elements, roster, now });
  return {
    entry: lookupEntry(verified, elements.length, hourOf(now)),
    delayDays: verified.officer.force.delayDays,
  };
}

/** The guardians' answers for one epoch, each with its index and public share from the roster. */
function answersOf(
  evaluations: EvaluationReply['evaluations'],
  epoch: RosterEpoch,
  roster: VerifiedRoster,
): GuardianAnswer[] {
  return roster.roster.guardians.flatMap(({ id, index }) => {
    const answer = evaluations
      .find(({ guardian }) => guardian === id)
      ?.evaluations.find((candidate) => candidate.epoch === epoch.epoch);
    if (answer === undefined) return [];
    const publicShare = epoch.publicShares[index - 1] as Uint8Array;
    return [{ guardian: id, index, publicShare, evaluatedElements: answer.elements, proof: answer.proof }];
  });
}
