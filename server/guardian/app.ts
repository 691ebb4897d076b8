/** The guardian's HTTP interface: it evaluates and decrypts what it may, witnesses the log, says which keys it serves, and nothing else. */
import type { Express } from 'express';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { formatSizeReply, SIZE_CONTENT_TYPE } from '../../crypto/checkpoint.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { liveEpochs } from '../../crypto/roster.ts';
import { guardianDecryptionSchema, guardianDecryptRequestSchema } from '../../crypto/wire-openings.ts';
import { guardianEvaluateSchema, guardianEvaluationSchema, guardianInfoSchema } from '../../crypto/wire.ts';
import { createServiceApp } from '../http/app.ts';
import type { Log } from '../http/log.ts';
import type { Metrics } from '../http/metrics.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { decrypt, DECRYPT_ERRORS, type DecryptionDependencies } from './decrypt.ts';
import { evaluate, EVALUATE_ERRORS, type EvaluationDependencies } from './evaluate.ts';
import type { GuardianLedger } from './ledger.ts';
import type { Witness } from './witness.ts';

/** What the guardian's app depends on. */
export interface GuardianDependencies extends EvaluationDependencies, DecryptionDependencies {
  readonly ledger: EvaluationDependencies['ledger'] & Pick<GuardianLedger, 'isReady'>;
  readonly witness: Pick<Witness, 'addCheckpoint' | 'isForked' | 'latest' | 'name' | 'observe'>;
  /** Its position in the threshold keys, from 1. */
  readonly index: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The longest add-checkpoint request: 64 lines of proof, and a checkpoint as long as the registry's messages take. */
const MAX_ADD_CHECKPOINT = 24 * 1024;

/** What the caller sent does not verify: that is its fault, not that of a service behind this one. */
const REFUSED = { status: 403 };

function evaluateRoute(dependencies: GuardianDependencies): Route {
  const codes = dependencies.metrics.counter(
    'blindmark_guardian_codes_total',
    'Codes evaluated, by purpose and by whether they were charged',
    ['purpose', 'charged'],
  );
  return defineRoute({
    method: 'post',
    path: '/v1/evaluate',
    summary: 'Evaluate blinded elements under this guardian’s shares',
    description:
      'For registries, which relay an owner’s or an officer’s request as it is, with the proof that its log holds an entry for it. ' +
      'This guardian verifies by itself: an activation token, which pays for one element for ever; or an officer’s signed request ' +
      'with the chain up to an authority root, not revoked, which is charged to the officer’s and the force’s quota of the day; ' +
      'then the log’s entry, its checkpoint, and that the checkpoint fits all that this guardian has cosigned. It cosigns it. ' +
      'The same officer’s request again is answered again and costs nothing.',
    body: guardianEvaluateSchema,
    reply: guardianEvaluationSchema,
    errors: EVALUATE_ERRORS,
    errorReplies: { badCheckpoint: REFUSED },
    handle: async ({ body }) => {
      const { reply, admission } = await evaluate(body, dependencies);
      const { purpose, elements } = body.request;
      codes.inc({ purpose, charged: admission === 'again' ? 'no' : 'yes' }, elements.length);
      return reply;
    },
  });
}

function decryptRoute(dependencies: GuardianDependencies): Route {
  const openings = dependencies.metrics.counter(
    'blindmark_guardian_decryptions_total',
    'Contact envelopes decrypted in part, by whether they were charged',
    ['charged'],
  );
  return defineRoute({
    method: 'post',
    path: '/v1/decrypt',
    summary: 'Decrypt a contact envelope in part, under this guardian’s share of the decryption key',
    description:
      'For registries, which relay an opening that one officer asked for and another officer of the same force approved, with the ' +
      'proof that its log holds the opening. This guardian verifies all of it by itself, and charges the first officer for one ' +
      'code. Without the code’s key, which only who read the item can have, the answer opens nothing.',
    body: guardianDecryptRequestSchema,
    reply: guardianDecryptionSchema,
    errors: DECRYPT_ERRORS,
    errorReplies: { badCheckpoint: REFUSED, badEnvelope: REFUSED },
    handle: async ({ body }) => {
      const { reply, admission } = await decrypt(body, dependencies);
      openings.inc({ charged: admission === 'again' ? 'no' : 'yes' });
      return reply;
    },
  });
}

function addCheckpointRoute({ witness }: GuardianDependencies): Route {
  return defineRoute({
    method: 'post',
    path: '/v1/add-checkpoint',
    summary: 'Cosign a checkpoint of the log (C2SP tlog-witness)',
    description:
      'For logs. The body is an old size, a consistency proof from there and a signed checkpoint; the reply is a cosignature line. ' +
      'The old size must be the largest that this guardian has cosigned: otherwise 409, whose body is that size. After two trees ' +
      'of one size were seen, every checkpoint of that log is refused for good.',
    bodyForm: 'text',
    body: z.string().max(MAX_ADD_CHECKPOINT),
    replyForm: 'text',
    reply: z.string(),
    errors: ['wrongOrigin', 'badCheckpoint', 'sizeConflict', 'badProof', 'logForked', 'storageFailed'],
    errorReplies: {
      wrongOrigin: { status: 404 },
      badCheckpoint: REFUSED,
      sizeConflict: {
        status: 409,
        body: { mediaType: SIZE_CONTENT_TYPE, format: ({ size }) => formatSizeReply(size as number) },
      },
      badProof: { status: 422 },
      logForked: { status: 422 },
    },
    handle: async ({ body }) => witness.addCheckpoint(body),
  });
}

function checkpointRoute({ witness }: GuardianDependencies): Route {
  const log = createHash('sha256').update(witness.name).digest('hex');
  return defineRoute({
    method: 'get',
    path: '/v1/{log}/checkpoint',
    summary: 'The largest checkpoint of the log that this guardian has cosigned (C2SP tlog-witness)',
    description:
      'For auditors, who compare what different guardians were shown. `log` is the SHA-256 of the log’s name in hexadecimal.',
    params: z.object({ log: z.string().regex(/^[0-9a-f]{64}$/u) }),
    replyForm: 'text',
    reply: z.string(),
    errors: ['unknownRoute', 'storageFailed'],
    handle: async ({ params }) => {
      const latest = params.log === log ? witness.latest() : undefined;
      if (latest !== undefined) return Promise.resolve(latest);
      throw new BlindmarkError('unknownRoute', 'This guardian has cosigned no checkpoint of that log');
    },
  });
}

function infoRoute({ guardian, index, roster }: GuardianDependencies): Route {
  const info = {
    guardian,
    origin: roster.roster.origin,
    roster: roster.hash,
    epochs: liveEpochs(roster.roster).map(({ epoch, publicShares }) => ({
      epoch,
      publicShare: publicShares[index - 1] as Uint8Array,
    })),
  };
  return defineRoute({
    method: 'get',
    path: '/v1/info',
    summary: 'Which guardian this is, the roster that it follows, and its public shares',
    description: 'None of it counts unless the signed roster says the same.',
    reply: guardianInfoSchema,
    errors: [],
    handle: async () => Promise.resolve(info),
  });
}

/** The guardian's routes. */
export function createGuardianRoutes(dependencies: GuardianDependencies): Route[] {
  return [evaluateRoute, decryptRoute, addCheckpointRoute, checkpointRoute, infoRoute].map((make) =>
    make(dependencies),
  );
}

/** The guardian's app. It does not listen. */
export function createGuardianApp(dependencies: GuardianDependencies): Express {
  const { ledger, witness } = dependencies;
  return createServiceApp({
    description: {
      title: `Blindmark guardian ${dependencies.guardian}`,
      version: '1',
      description:
        'Holds one share of each threshold key: evaluates blinded codes and decrypts contact envelopes for those who may ask, ' +
        'and only what the public log records. Cosigns that log.',
    },
    routes: createGuardianRoutes(dependencies),
    log: dependencies.log,
    metrics: dependencies.metrics,
    isReady: async () => (await ledger.isReady()) && !witness.isForked(),
  });
}
