/** Guardians for tests: real apps on real ledgers and worker threads, without sockets; and what owners and officers send them. */
import { join } from 'node:path';
import type { Express } from 'express';
import request, { type Response } from 'supertest';
import { onTestFinished } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { formatMessage, parseMessage } from '../../../crypto/message.ts';
import { signOfficerRequest, type OfficerSigner } from '../../../crypto/officer-request.ts';
import { liveEpochs } from '../../../crypto/roster.ts';
import { evaluationRequestSchema, problemSchema, type EvaluationRequest, type Problem } from '../../../crypto/wire.ts';
import { createGuardianApp } from '../../../server/guardian/app.ts';
import type { LocalMaxima } from '../../../server/guardian/config.ts';
import { ThreadedEvaluator, type Evaluator } from '../../../server/guardian/evaluator.ts';
import { GuardianLedger } from '../../../server/guardian/ledger.ts';
import { createLog } from '../../../server/http/log.ts';
import { createMetrics } from '../../../server/http/metrics.ts';
import { nodeRsaVerifier } from '../../../server/rsa.ts';
import type { Fixture } from '../../support/fixture.ts';
import { createFolder } from '../../support/folder.ts';
import { REDEMPTION } from '../../support/tokens.ts';

const GENEROUS: LocalMaxima = {
  codesPerOfficerAndDay: 100_000,
  codesPerForceAndDay: 100_000,
  codesPerIssuerAndDay: 100_000,
};

export interface TestGuardian {
  readonly app: Express;
  /** Epoch seconds; may be set. */
  readonly clock: { now: number };
  /** Every line that was logged. */
  readonly lines: string[];
  /** Stops it and opens it anew on the same files. */
  readonly restart: () => Promise<void>;
  readonly evaluate: (body: EvaluationRequest) => Promise<Response>;
}

export interface TestGuardianOptions {
  /** From 1. */
  readonly index?: number;
  readonly maxima?: Partial<LocalMaxima>;
  /** In the place of worker threads. */
  readonly evaluator?: Evaluator;
}

/** Opens one of the fixture's guardians; the first by default. */
export function openGuardian(fixture: Fixture, options: TestGuardianOptions = {}): TestGuardian {
  const index = options.index ?? 1;
  const file = join(createFolder(), 'guardian.db');
  const clock = { now: fixture.now };
  const lines: string[] = [];
  const shares = liveEpochs(fixture.roster.roster).map(({ epoch }) => {
    const share = fixture.keys.get(epoch)?.shares[index - 1];
    if (share === undefined) throw new Error('the fixture has no such share');
    return { epoch, secret: share.secret, publicShare: share.publicShare };
  });
  const open = () => {
    const ledger = GuardianLedger.open(file);
    const threads = new ThreadedEvaluator(shares, 1);
    const app = createGuardianApp({
      guardian: `g${index}`,
      index,
      roster: fixture.roster,
      maxima: { ...GENEROUS, ...options.maxima },
      ledger,
      evaluator: options.evaluator ?? threads,
      rsa: nodeRsaVerifier,
      now: () => clock.now,
      log: createLog('guardian', { level: 'debug', destination: { write: (line) => void lines.push(line) } }),
      metrics: createMetrics('guardian'),
    });
    const close = async (): Promise<void> => {
      await threads.close();
      await ledger.close();
    };
    return { app, close };
  };
  let current = open();
  onTestFinished(() => current.close());
  return {
    get app() {
      return current.app;
    },
    clock,
    lines,
    restart: async () => {
      await current.close();
      current = open();
    },
    evaluate: async (body) =>
      request(current.app).post('/v1/evaluate').send(formatMessage(evaluationRequestSchema, body)),
  };
}

/** The code of a refusal, or `ok`. */
export function codeOf(response: Response): string {
  return response.status === 200 ? 'ok' : parseProblem(response).code;
}

export function parseProblem(response: Response): Problem {
  return parseMessage(problemSchema, JSON.parse(response.text));
}

/** An owner's request under all live epochs; without a token when it is null. */
export function ownerRequest(
  fixture: Fixture,
  elements: readonly Uint8Array[],
  token: Uint8Array | null,
): EvaluationRequest & { purpose: 'registration' } {
  const epochs = liveEpochs(fixture.roster.roster).map(({ epoch }) => epoch);
  const redemptions = elements.map(() => REDEMPTION);
  return { purpose: 'registration', roster: fixture.roster.hash, epochs, elements: [...elements], redemptions, token };
}

/** An officer's signed request. */
export async function officerRequest(
  fixture: Fixture,
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
