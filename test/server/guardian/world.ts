/** Guardians for tests: real apps on real ledgers and worker threads, without sockets; and what owners and officers send them. */
import type { Express } from 'express';
import request, { type Response } from 'supertest';
import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import { bytesToHex, randomBytes } from '../../../crypto/bytes.ts';
import { contactEnvelopeHash, sealContactEnvelope } from '../../../crypto/contact-envelope.ts';
import { evaluationEntry, verifyEvaluationRequest } from '../../../crypto/evaluation.ts';
import { hourOf, markHash, type LogEntry } from '../../../crypto/log-entry.ts';
import type { LogEvidence } from '../../../crypto/log-proof.ts';
import { formatMessage, parseMessage } from '../../../crypto/message.ts';
import { signOfficerRequest, type OfficerSigner } from '../../../crypto/officer-request.ts';
import {
  openingEntry,
  openingHash,
  openingId,
  sealExplanation,
  verifyOpening,
  type OpeningDetails,
} from '../../../crypto/opening.ts';
import { createRevocationList, type SignedRevocationList } from '../../../crypto/revocation-list.ts';
import { liveEpochs, type VerifiedRoster } from '../../../crypto/roster.ts';
import type { SigningKey } from '../../../crypto/signature.ts';
import { guardianDecryptRequestSchema, type GuardianDecryptRequest } from '../../../crypto/wire-openings.ts';
import { guardianEvaluateSchema, problemSchema, type EvaluationRequest, type Problem } from '../../../crypto/wire.ts';
import type { CommitHooks } from '../../../server/database/group-commit.ts';
import type { LocalMaxima } from '../../../server/guardian/config.ts';
import type { Decryptor, EpochShares, Evaluator, KeyShare } from '../../../server/guardian/evaluator.ts';
import { openGuardian as openRealGuardian, type OpenGuardian } from '../../../server/guardian/guardian.ts';
import { createLog } from '../../../server/http/log.ts';
import { createMetrics } from '../../../server/http/metrics.ts';
import { nodeRsaVerifier } from '../../../server/rsa.ts';
import { shareEvaluator } from '../../support/evaluator.ts';
import type { Fixture } from '../../support/fixture.ts';
import { createFolder } from '../../support/folder.ts';
import { createTestLog, type LogOwner, type TestLog } from '../../support/log.ts';
import type { SplitKey } from '../../support/split-key.ts';
import { REDEMPTION } from '../../support/tokens.ts';

const GENEROUS: LocalMaxima = {
  codesPerOfficerAndDay: 100_000,
  codesPerForceAndDay: 100_000,
  codesPerIssuerAndDay: 100_000,
};

/** How often a registry takes up another size before it gives up. */
const ATTEMPTS = 40;

/** What a guardian is shown, when it is not the truth. */
export type ChangeEvidence = (evidence: LogEvidence) => LogEvidence;

export interface TestGuardian {
  readonly app: Express;
  readonly witness: OpenGuardian['witness'];
  /** Its folder. */
  readonly folder: string;
  /** Epoch seconds; may be set. */
  readonly clock: { now: number };
  /** The force's list of revocations: hashes; and whether it can be fetched. */
  readonly revocations: { revoked: Uint8Array[]; isReachable: boolean };
  /** Has it look at the list now. */
  readonly revoke: () => Promise<void>;
  /** Every line that was logged. */
  readonly lines: string[];
  /** The log that it is shown. */
  readonly log: TestLog;
  /** Stops it and opens it anew on the same files; under another roster, if one is given. */
  readonly restart: (fixture?: GuardianFixture) => Promise<void>;
  /** Asks as a registry does: has the request logged once, and sends proofs from whatever size the guardian knows. */
  readonly evaluate: (body: EvaluationRequest, change?: ChangeEvidence) => Promise<Response>;
  /** Asks with just this evidence. */
  readonly evaluateWith: (body: EvaluationRequest, log: LogEvidence) => Promise<Response>;
  readonly decrypt: (opening: TestOpening, change?: ChangeEvidence) => Promise<Response>;
  readonly decryptWith: (opening: TestOpening, log: LogEvidence) => Promise<Response>;
  /** Posts to tlog-witness' add-checkpoint. */
  readonly addCheckpoint: (body: string) => Promise<Response>;
}

export type GuardianFixture = Pick<
  Fixture,
  'keys' | 'decryptionKeys' | 'origin' | 'forceKey' | 'forceCredential' | 'fingerprint'
> &
  LogOwner;

export interface TestGuardianOptions {
  /** From 1. */
  readonly index?: number;
  readonly maxima?: Partial<LocalMaxima>;
  /** What its clock says at first; default: the fixture's now. */
  readonly now?: number;
  /** In the place of worker threads; default: the thread that all test guardians share. */
  readonly evaluator?: Evaluator & Decryptor;
  /** Whether it has a worker thread of its own, as guardians have. */
  readonly hasOwnThread?: true;
  /** Default: one of its own. */
  readonly log?: TestLog;
  readonly hooks?: CommitHooks;
}

function sharesOf(fixture: GuardianFixture, index: number): EpochShares[] {
  const shareOf = (keys: ReadonlyMap<number, SplitKey>, epoch: number): KeyShare =>
    (keys.get(epoch) as SplitKey).shares[index - 1] as KeyShare;
  return liveEpochs(fixture.roster.roster).map(({ epoch }) => ({
    epoch,
    evaluation: shareOf(fixture.keys, epoch),
    decryption: shareOf(fixture.decryptionKeys, epoch),
  }));
}

/** Names an evaluation request in a test's log. */
export function nameOf(body: EvaluationRequest): string {
  return JSON.stringify(body, (_, value: unknown) => (value instanceof Uint8Array ? bytesToHex(value) : value));
}

/** Asks one guardian for whoever is named: `send` is called with evidence until the size fits. */
export type Relay = <Reply extends { readonly status: number; readonly text: string }>(
  name: string,
  makeEntry: () => Promise<LogEntry | undefined>,
  send: (evidence: LogEvidence) => Promise<Reply>,
) => Promise<Reply>;

/**
 * What a registry does with one guardian: it has a request logged once, and proves from whatever size the guardian knows.
 *
 * @param logged indexes in the log by name, when several guardians are shown one log
 */
export function createRelay(log: TestLog, logged = new Map<string, number>()): Relay {
  const find: (name: string, make: () => Promise<LogEntry | undefined>) => Promise<number> = async (name, make) => {
    const known = logged.get(name);
    if (known !== undefined) return known;
    const entry = await make();
    const first = logged.get(name);
    if (first !== undefined) return first;
    // A guardian that is sent what no registry would log is shown the entry of something else.
    if (entry === undefined) return log.append({ kind: 'activation', hour: 0, request: randomBytes(32) });
    const appended = log.append(entry);
    logged.set(name, appended);
    return appended;
  };
  let knownSize = 0;
  return async (name, makeEntry, send) => {
    const index = await find(name, makeEntry);
    for (let attempt = 1; ; attempt++) {
      const { size } = log;
      const proof = knownSize <= size ? log.consistency(knownSize, size) : log.consistency(size, knownSize);
      const evidence = { ...log.evidence(index, { size }), consistency: { size: knownSize, proof } };
      const response = await send(evidence);
      const problem = response.status === 409 ? parseProblem(response) : undefined;
      if (problem?.code !== 'sizeConflict' || attempt === ATTEMPTS) {
        if (response.status === 200) knownSize = Math.max(knownSize, size);
        return response;
      }
      knownSize = problem.size as number;
    }
  };
}

/** The entry that the registry would log; none of a request that it would not take. */
export async function entryOf(
  body: EvaluationRequest,
  roster: VerifiedRoster,
  now: number,
): Promise<LogEntry | undefined> {
  try {
    const verified = await verifyEvaluationRequest(body, roster, now, nodeRsaVerifier);
    return evaluationEntry(verified, body, hourOf(now));
  } catch {
    return undefined;
  }
}

/** Opens one of the fixture's guardians; the first by default. */
export function openGuardian(fixture: GuardianFixture, options: TestGuardianOptions = {}): TestGuardian {
  const index = options.index ?? 1;
  const folder = createFolder();
  const clock = { now: options.now ?? fixture.now };
  const lines: string[] = [];
  const revocations: TestGuardian['revocations'] = { revoked: [], isReachable: true };
  const log = options.log ?? createTestLog(fixture);
  const fetchRevocations = async (): Promise<SignedRevocationList> => {
    if (!revocations.isReachable) throw new Error('broken by the test');
    const { forceKey: key, origin, forceCredential } = fixture;
    return createRevocationList({ key, id: 'demo-force', origin, forceCredential }, revocations.revoked, clock.now);
  };
  const open = (under: GuardianFixture) => {
    const keys = sharesOf(under, index);
    const evaluator = options.hasOwnThread === true ? {} : { evaluator: options.evaluator ?? shareEvaluator(keys) };
    return openRealGuardian({
      id: `g${index}`,
      roster: under.roster,
      keys,
      witnessKey: under.witnesses[index - 1] as SigningKey,
      maxima: { ...GENEROUS, ...options.maxima },
      folder,
      threads: 1,
      now: () => clock.now,
      log: createLog('guardian', { level: 'debug', destination: { write: (line) => void lines.push(line) } }),
      metrics: createMetrics('guardian'),
      fetchRevocations,
      ...evaluator,
      ...(options.hooks === undefined ? {} : { hooks: options.hooks }),
    });
  };
  let current = open(fixture);
  onTestFinished(() => current.close());

  const relay = createRelay(log);
  const post = async <T extends z.ZodType>(path: string, schema: T, body: z.output<T>): Promise<Response> =>
    request(current.app)
      .post(path)
      .send(formatMessage(schema, body) as object);
  const evaluateWith = async (body: EvaluationRequest, evidence: LogEvidence): Promise<Response> =>
    post('/v1/evaluate', guardianEvaluateSchema, { request: body, log: evidence });
  const decryptWith = async ({ request: body }: TestOpening, evidence: LogEvidence): Promise<Response> =>
    post('/v1/decrypt', guardianDecryptRequestSchema, { ...body, log: evidence });
  const unchanged: ChangeEvidence = (evidence) => evidence;
  return {
    get app() {
      return current.app;
    },
    get witness() {
      return current.witness;
    },
    folder,
    clock,
    revocations,
    revoke: async () => current.revocations.refresh(),
    lines,
    log,
    restart: async (under = fixture) => {
      await current.close();
      current = open(under);
    },
    evaluate: async (body, change = unchanged) => {
      const make = async (): Promise<LogEntry | undefined> => entryOf(body, fixture.roster, clock.now);
      return relay(nameOf(body), make, async (evidence) => evaluateWith(body, change(evidence)));
    },
    evaluateWith,
    decrypt: async (opening, change = unchanged) => {
      const make = async (): Promise<LogEntry | undefined> => Promise.resolve(opening.entry);
      return relay(opening.name, make, async (evidence) => decryptWith(opening, change(evidence)));
    },
    decryptWith,
    addCheckpoint: async (body) => request(current.app).post('/v1/add-checkpoint').type('text/plain').send(body),
  };
}

/** The code of a refusal, or `ok`. */
export function codeOf(response: { readonly status: number; readonly text: string }): string {
  return response.status === 200 ? 'ok' : parseProblem(response).code;
}

export function parseProblem(response: { readonly text: string }): Problem {
  return parseMessage(problemSchema, JSON.parse(response.text));
}

/** An owner's request under all live epochs; without a token when it is null. */
export function ownerRequest(
  fixture: Pick<Fixture, 'roster'>,
  elements: readonly Uint8Array[],
  token: Uint8Array | null,
): EvaluationRequest & { purpose: 'registration' } {
  const epochs = liveEpochs(fixture.roster.roster).map(({ epoch }) => epoch);
  const redemptions = elements.map(() => REDEMPTION);
  return { purpose: 'registration', roster: fixture.roster.hash, epochs, elements: [...elements], redemptions, token };
}

/** An officer's signed request. */
export async function officerRequest(
  fixture: Pick<Fixture, 'roster' | 'now'>,
  officer: OfficerSigner,
  elements: readonly Uint8Array[],
  now: number = fixture.now,
): Promise<EvaluationRequest & { purpose: 'lookup' }> {
  const epochs = liveEpochs(fixture.roster.roster).map(({ epoch }) => epoch);
  const authorization = await signOfficerRequest(officer, {
    purpose: 'evaluation',
    content: elements,
    caseCommitment: randomBytes(32),
    roster: fixture.roster,
    epochs,
    now,
  });
  return { purpose: 'lookup', epochs, elements: [...elements], authorization };
}

/** An opening as the registry relays it. */
export interface TestOpening {
  readonly request: Omit<GuardianDecryptRequest, 'log'>;
  /** Undefined of one that the registry would not take. */
  readonly entry: LogEntry | undefined;
  /** Names the entry in the test's log. */
  readonly name: string;
}

export interface OpeningOptions {
  readonly first: OfficerSigner;
  readonly second: OfficerSigner;
  readonly epoch?: number;
  readonly commitment?: Uint8Array;
  /** Default: a good one for the commitment. */
  readonly envelope?: Uint8Array;
  /** Default: random. */
  readonly caseCommitment?: Uint8Array;
  /** Default: random. */
  readonly markSalt?: Uint8Array;
  /** Epoch seconds of the asking; default: the fixture's now. */
  readonly now?: number;
  /** Epoch seconds of the approval; default: of the asking. */
  readonly approvedAt?: number;
  /** Default: the first officer's. */
  readonly approvedCase?: Uint8Array;
  /** What goes to the guardian in the place of what was signed. */
  readonly change?: (request: TestOpening['request']) => TestOpening['request'];
}

/** A contact envelope of the fixture's epoch; `codeKey` is what only who has the code knows. */
export function sealTestEnvelope(
  fixture: Pick<Fixture, 'decryptionKeys'>,
  commitment: Uint8Array,
  codeKey = randomBytes(32),
  epoch = 1,
): Uint8Array {
  const { groupKey } = fixture.decryptionKeys.get(epoch) as SplitKey;
  return sealContactEnvelope({ kind: 'details', telephone: '+44 20 7946 0000' }, { groupKey, codeKey, commitment });
}

/** Asked for by one officer and approved by another. */
export async function createOpening(fixture: Fixture, options: OpeningOptions): Promise<TestOpening> {
  const { first, second, epoch = 1, commitment = randomBytes(32), now = fixture.now } = options;
  const { origin, roster } = fixture;
  const envelope = options.envelope ?? sealTestEnvelope(fixture, commitment, randomBytes(32), epoch);
  const { caseCommitment = randomBytes(32), markSalt = randomBytes(32) } = options;
  const details: OpeningDetails = {
    commitment,
    epoch,
    envelopeHash: contactEnvelopeHash(envelope),
    match: 1,
    reason: 'returnProperty',
    explanation: sealExplanation('to give it back', fixture.forceExchange.publicKey, {
      origin,
      force: 'demo-force',
      commitment,
    }),
    expiresAt: now + 4 * 3600,
  };
  const common = { roster, epochs: [epoch] };
  const asked = await signOfficerRequest(first, {
    ...common,
    purpose: 'opening',
    content: [openingHash(origin, details)],
    caseCommitment,
    now,
  });
  const id = openingId(origin, details, asked);
  const approval = await signOfficerRequest(second, {
    ...common,
    purpose: 'approval',
    content: [id],
    caseCommitment: options.approvedCase ?? caseCommitment,
    now: options.approvedAt ?? now,
  });
  const plain = { details, first: asked, second: approval, envelope, markSalt };
  const changed = options.change?.(plain) ?? plain;
  const at = options.approvedAt ?? now;
  const mark = markHash(changed.markSalt, changed.details.commitment);
  const entry = await verifyOpening(changed, { roster, now: at }).then(
    (verified) => openingEntry(verified, mark, hourOf(at)),
    () => undefined,
  );
  return { request: changed, entry, name: `opening ${bytesToHex(id)}` };
}
