/**
 * A guardian on loopback that evaluates honestly, or fails in one of the ways that a registry must withstand. As a witness of the
 * log it is a {@link TestWitness}, with ways to fail of its own.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { sodiumGroup } from '../../../crypto/group-sodium.ts';
import { BlindmarkError, isBlindmarkError, type ErrorCode } from '../../../crypto/errors.ts';
import { parseMessage } from '../../../crypto/message.ts';
import { cosignCheckpoint, type Checkpoint } from '../../../crypto/checkpoint.ts';
import {
  cosignerName,
  logName,
  verifyLogCheckpoint,
  verifyLogged,
  verifyRosterLogged,
} from '../../../crypto/log-proof.ts';
import { verifyConsistency } from '../../../crypto/merkle.ts';
import { blindEvaluate } from '../../../crypto/oprf.ts';
import { createSigningKey, type SigningKey } from '../../../crypto/signature.ts';
import { guardianEvaluateSchema, type GuardianEvaluateRequest, type GuardianEvaluation } from '../../../crypto/wire.ts';
import { formatProblem } from '../../../server/http/problem.ts';
import type { Fixture } from '../../support/fixture.ts';
import type { SplitKey } from '../../support/split-key.ts';
import { startWitness, type TestWitness } from '../../support/witness.ts';

/** How a guardian answers. */
export type Behaviour =
  | 'honest'
  /** Takes the request and never answers. */
  | 'hanging'
  /** Answers once {@link FakeGuardian.release} is called: as its behaviour is then, or honestly. */
  | 'held'
  /** Ends each connection. */
  | 'resetting'
  /** With a share that is not its own, proven under that share's key. */
  | 'wrongShare'
  | 'wrongProof'
  /** Well-formed numbers that no proof has: zero. */
  | 'zeroProof'
  | 'identity'
  | 'nonCanonical'
  /** The right elements, each in another's place. */
  | 'rotated'
  /** Calls its answer the epoch's before. */
  | 'oldEpoch'
  /** Calls it the right epoch, but evaluates under the share of the epoch before. */
  | 'oldShare'
  | 'fewerElements'
  | 'fewerEpochs'
  | 'anotherName'
  | 'tooLarge'
  | 'garbage'
  | 'htmlError'
  | 'redirecting'
  /** Cosigns with a key that is not its own. */
  | 'otherWitnessKey'
  /** Cosigns a checkpoint that was not asked about. */
  | 'otherCheckpoint'
  /** Knows the log up to {@link FakeGuardian.known} entries alone, and says so until it is given a consistency proof from there. */
  | 'catchingUp'
  /** Says each time that it knows another size of the log. */
  | 'wandering'
  /** Says that it knows more of the log than there is. */
  | 'ahead'
  | { readonly refusing: ErrorCode; readonly retryAfter?: number };

export interface FakeGuardian {
  readonly id: string;
  readonly url: string;
  behaviour: Behaviour;
  readonly witness: TestWitness;
  /** What it knows of the log while it is `catchingUp`. */
  known: Checkpoint | null;
  /** Bodies of the requests for evaluations that came. */
  readonly requests: string[];
  /** Lets what is held be answered, now and later. */
  readonly release: () => void;
  readonly close: () => Promise<void>;
}

type Evaluations = GuardianEvaluation['evaluations'];

const mapElements = (evaluations: Evaluations, change: (elements: Uint8Array[]) => Uint8Array[]): Evaluations =>
  evaluations.map(({ epoch, elements, proof }) => ({ epoch, elements: change(elements), proof }));

function falsify(behaviour: Behaviour, evaluations: Evaluations): Evaluations {
  switch (behaviour) {
    case 'wrongProof':
      return evaluations.map(({ epoch, elements }) => ({
        epoch,
        elements,
        proof: new Uint8Array([
          ...sodiumGroup.reduceScalar(randomBytes(64)),
          ...sodiumGroup.reduceScalar(randomBytes(64)),
        ]),
      }));
    case 'zeroProof':
      return evaluations.map(({ epoch, elements }) => ({ epoch, elements, proof: new Uint8Array(64) }));
    case 'identity':
      return mapElements(evaluations, (elements) => elements.map(() => new Uint8Array(32)));
    case 'nonCanonical':
      return mapElements(evaluations, (elements) => elements.map(() => new Uint8Array(32).fill(0xff)));
    case 'rotated':
      return mapElements(evaluations, ([first, ...rest]) => [...rest, first as Uint8Array]);
    case 'oldEpoch':
      return evaluations.map(({ epoch, elements, proof }) => ({ epoch: Math.max(1, epoch - 1), elements, proof }));
    case 'fewerElements':
      return mapElements(evaluations, (elements) => elements.slice(1));
    case 'fewerEpochs':
      return evaluations.slice(1);
    default:
      return evaluations;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** What any guardian checks of the evidence, whatever it then answers: the log's signature, and the proofs of both entries. */
function checkEvidence({ log }: GuardianEvaluateRequest, { roster }: Fixture): Checkpoint {
  const checkpoint = verifyLogCheckpoint(log.checkpoint, roster.roster);
  verifyRosterLogged(log.roster, checkpoint, roster);
  verifyLogged(log.logged, checkpoint);
  return checkpoint;
}

/** Starts a guardian. `index` counts from 1. */
export async function startFakeGuardian(
  index: number,
  fixture: Fixture,
  behaviour: Behaviour = 'honest',
): Promise<FakeGuardian> {
  const id = `g${index}`;
  const { keys, roster } = fixture;
  const released = Promise.withResolvers<void>();
  const requests: string[] = [];
  const witnessKey = fixture.witnesses[index - 1] as SigningKey;
  const witness = await startWitness({
    id,
    name: cosignerName(fixture.origin, id),
    key: witnessKey,
    log: { origin: logName(roster.roster), publicKey: roster.roster.log.publicKey },
  });

  const share = (epoch: number, chosen: Behaviour) => {
    const key = keys.get(chosen === 'oldShare' ? epoch - 1 : epoch) as SplitKey;
    const position = chosen === 'wrongShare' ? index % key.shares.length : index - 1;
    return key.shares[position] as SplitKey['shares'][number];
  };

  const cosign = (checkpoint: Checkpoint, chosen: Behaviour): Uint8Array => {
    const key = chosen === 'otherWitnessKey' ? createSigningKey() : witnessKey;
    const of = chosen === 'otherCheckpoint' ? { ...checkpoint, size: checkpoint.size + 1 } : checkpoint;
    return cosignCheckpoint(of, key, witness.clock());
  };

  /** The size that it says it knows; null when it is content. */
  const conflict = ({ log }: GuardianEvaluateRequest, checkpoint: Checkpoint, chosen: Behaviour): number | null => {
    if (chosen === 'ahead') return checkpoint.size + 1000;
    if (chosen === 'wandering') return requests.length % 2 === 0 ? 1 : checkpoint.size;
    if (chosen !== 'catchingUp' || guardian.known === null) return null;
    const { known } = guardian;
    if (log.consistency?.size !== known.size) return known.size;
    const [first, second] = known.size < checkpoint.size ? [known, checkpoint] : [checkpoint, known];
    verifyConsistency({ first, second, proof: log.consistency.proof });
    return null;
  };

  const answer = ({ request }: GuardianEvaluateRequest, checkpoint: Checkpoint, chosen: Behaviour): string => {
    const evaluations = request.epochs.map((epoch) => {
      const { secret, publicShare } = share(epoch, chosen);
      const { evaluatedElements, proof } = blindEvaluate(secret, publicShare, request.elements);
      return { epoch, elements: evaluatedElements, proof };
    });
    const name = chosen === 'anotherName' ? 'g9' : id;
    // Not by the schema: what a liar sends need not fit it.
    return JSON.stringify({
      guardian: name,
      evaluations: falsify(chosen, evaluations).map(({ epoch, elements, proof }) => ({
        epoch,
        elements: elements.map((element) => formatBase64url(element)),
        proof: formatBase64url(proof),
      })),
      cosignature: formatBase64url(cosign(checkpoint, chosen)),
    });
  };

  const reply = (response: ServerResponse, status: number, type: string, text: string): void => {
    response.writeHead(status, { 'content-type': type }).end(text);
  };
  const refuse = (response: ServerResponse, error: BlindmarkError): void => {
    const problem = formatProblem(error);
    reply(response, problem.status, 'application/problem+json', JSON.stringify(problem));
  };

  const evaluate = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    requests.push(body);
    let chosen = guardian.behaviour;
    if (chosen === 'held') {
      await released.promise;
      if (guardian.behaviour !== 'held') chosen = guardian.behaviour;
    }
    if (typeof chosen === 'object') {
      refuse(response, new BlindmarkError(chosen.refusing, 'Refused by a test', chosen));
      return;
    }
    if (chosen === 'hanging') return;
    const asked = parseMessage(guardianEvaluateSchema, JSON.parse(body));
    const checkpoint = checkEvidence(asked, fixture);
    const size = conflict(asked, checkpoint, chosen);
    if (size !== null) refuse(response, new BlindmarkError('sizeConflict', 'Another size is known', { size }));
    else if (chosen === 'resetting') request.socket.destroy();
    else if (chosen === 'garbage') reply(response, 200, 'application/json', '{"guardian": ');
    else if (chosen === 'tooLarge')
      reply(response, 200, 'application/json', ' '.repeat(300_000) + answer(asked, checkpoint, 'honest'));
    else if (chosen === 'htmlError') reply(response, 500, 'text/html', '<h1>Bad gateway</h1>');
    else if (chosen === 'redirecting') response.writeHead(307, { location: '/elsewhere' }).end();
    else reply(response, 200, 'application/json', answer(asked, checkpoint, chosen));
  };

  /** Hands on what is for the witness, which has a port of its own. */
  const passOn = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/' } = request;
    const init = method === 'POST' ? { method, body: await readBody(request) } : {};
    const answered = await fetch(witness.url + url, init).catch(() => null);
    if (answered === null) request.socket.destroy();
    else reply(response, answered.status, answered.headers.get('content-type') ?? 'text/plain', await answered.text());
  };

  const server = createServer((request, response) => {
    const handle = request.url === '/v1/evaluate' ? evaluate : passOn;
    handle(request, response).catch((error: unknown) => {
      refuse(response, isBlindmarkError(error) ? error : new BlindmarkError('internal', String(error)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    await witness.close();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  const guardian: FakeGuardian = {
    id,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    behaviour,
    witness,
    known: null,
    requests,
    release: () => released.resolve(),
    close,
  };
  return guardian;
}
