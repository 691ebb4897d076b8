/** A registry as its clients see it: nothing it says counts before it is verified. */
import type { z } from 'zod';
import { parseBase64url } from '../crypto/bytes.ts';
import { BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import type { RegistryFile } from '../crypto/credential-files.ts';
import { formatMessage } from '../crypto/message.ts';
import { finalize, codeInput, type Blinded } from '../crypto/oprf.ts';
import { rosterChainSchema, verifyRosterChain, type RosterEpoch, type VerifiedRoster } from '../crypto/roster.ts';
import { argon2idWasm, stretch, type Argon2id, type CodeSecrets } from '../crypto/stretch.ts';
import { combineVerified, type GuardianAnswer } from '../crypto/threshold.ts';
import {
  evaluationReplySchema,
  evaluationRequestSchema,
  type EvaluationReply,
  type EvaluationRequest,
  type Fault,
} from '../crypto/wire.ts';
import { checkAddress, JsonClient, type Fetch, type RetryPolicy } from './http.ts';

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

/** Options from a `registry.json`. */
export function connectionOf(file: RegistryFile): Pick<ConnectOptions, 'rosterFingerprint' | 'allowTestRoster'> {
  return { rosterFingerprint: file.rosterFingerprint, allowTestRoster: file.allowTestRoster };
}

/** A connection to one registry, under a roster that was verified up to its pinned first. */
export class Registry {
  readonly url: string;
  readonly http: JsonClient;
  readonly now: () => number;
  readonly parallelStretches: number;
  readonly #fingerprint: Uint8Array;
  readonly #allowTestRoster: boolean;
  readonly #argon2id: Argon2id;
  readonly #onFaults: (faults: readonly Fault[]) => void;
  #roster: VerifiedRoster;

  private constructor(
    url: string,
    options: ConnectOptions,
    http: JsonClient,
    roster: VerifiedRoster,
    fingerprint: Uint8Array,
  ) {
    this.url = url;
    this.http = http;
    this.now = options.now ?? (() => Math.floor(Date.now() / 1000));
    this.parallelStretches = options.parallelStretches ?? 1;
    this.#fingerprint = fingerprint;
    this.#allowTestRoster = options.allowTestRoster === true;
    this.#argon2id = options.argon2id ?? argon2idWasm;
    this.#onFaults = options.onFaults ?? (() => undefined);
    this.#roster = roster;
  }

  /**
   * Fetches the registry's rosters and verifies them.
   *
   * @param url the registry's address: `https://registry.example`
   * @throws BlindmarkError `badInput` for a malformed fingerprint, `badRoster`, and those of {@link JsonClient.ask}
   */
  static async connect(url: string, options: ConnectOptions): Promise<Registry> {
    const { rosterFingerprint: given } = options;
    const fingerprint = typeof given === 'string' ? parseBase64url('rosterFingerprint', given.trim(), 32) : given;
    const address = checkAddress(url);
    const http = new JsonClient(options);
    const roster = await fetchRoster(http, address, fingerprint, options.allowTestRoster === true, options.signal);
    return new Registry(address, options, http, roster, fingerprint);
  }

  get roster(): VerifiedRoster {
    return this.#roster;
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
   * Runs `work` under the current roster; where the registry has a newer one, once more under that.
   *
   * @param work makes and sends requests from the roster that it is given
   */
  async underCurrentRoster<T>(work: (roster: VerifiedRoster) => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await work(this.#roster);
    } catch (error) {
      if (!isBlindmarkError(error, 'wrongRoster', 'wrongEpoch')) throw error;
      const known = this.#roster.roster.version;
      const fetched = await fetchRoster(this.http, this.url, this.#fingerprint, this.#allowTestRoster, signal);
      // An older roster than the one in hand is never gone back to.
      if (fetched.roster.version <= known) throw error;
      this.#roster = fetched;
      return work(fetched);
    }
  }

  /**
   * Has blinded codes evaluated by the guardians, verifies each one's proof under the roster, combines and unblinds.
   *
   * @param request whose `elements` are those of `codes`, in order
   * @returns for each code its evaluations, in the order of `request.epochs`
   * @throws BlindmarkError `guardiansUnavailable` naming who is at fault; `badProof`, `badReply`; the registry's refusals
   */
  async evaluate(
    request: EvaluationRequest,
    codes: readonly BlindedCode[],
    roster: VerifiedRoster,
    signal?: AbortSignal,
  ): Promise<EvaluatedCode[][]> {
    const reply = await this.post(
      '/v1/evaluations',
      { body: evaluationRequestSchema, reply: evaluationReplySchema },
      request,
      signal,
    );
    if (reply.faults.length > 0) this.#onFaults(reply.faults);
    const elements = codes.map((code) => code.blinded.element);
    const { origin, threshold } = roster.roster;
    const byEpoch = request.epochs.map((epoch) => {
      const facts = roster.roster.epochs.find((candidate) => candidate.epoch === epoch) as RosterEpoch;
      const answers = answersOf(reply, facts, roster);
      const { combined, faults } = combineVerified(elements, answers, threshold, facts.groupKey);
      if (faults.length > 0) this.#onFaults(faults);
      return combined.map((element, i): EvaluatedCode => {
        const { scheme, canonical, blinded } = codes[i] as BlindedCode;
        return { scheme, canonical, epoch, y: finalize(codeInput(origin, scheme, canonical), blinded.blind, element) };
      });
    });
    return codes.map((_, i) => byEpoch.map((evaluated) => evaluated[i] as EvaluatedCode));
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
}

async function fetchRoster(
  http: JsonClient,
  url: string,
  fingerprint: Uint8Array,
  allowTestRoster: boolean,
  signal: AbortSignal | undefined,
): Promise<VerifiedRoster> {
  const { chain } = await http.ask({ url: `${url}/v1/roster`, reply: rosterChainSchema, signal });
  return verifyRosterChain(chain, fingerprint, { allowTestRoster });
}

/** The guardians' answers for one epoch, each with its index and public share from the roster. */
function answersOf(reply: EvaluationReply, epoch: RosterEpoch, roster: VerifiedRoster): GuardianAnswer[] {
  const seen = new Set<string>();
  return reply.evaluations.flatMap(({ guardian: id, evaluations }) => {
    const guardian = roster.roster.guardians.find((candidate) => candidate.id === id);
    if (guardian === undefined || seen.has(id)) {
      throw new BlindmarkError(
        'badReply',
        'The registry sent an answer of a guardian that is not in the roster, or two',
      );
    }
    seen.add(id);
    const answer = evaluations.find((candidate) => candidate.epoch === epoch.epoch);
    if (answer === undefined) return [];
    return [
      {
        guardian: id,
        index: guardian.index,
        publicShare: epoch.publicShares[guardian.index - 1] as Uint8Array,
        evaluatedElements: answer.elements,
        proof: answer.proof,
      },
    ];
  });
}
