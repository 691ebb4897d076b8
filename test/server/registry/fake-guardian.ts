/** A guardian on loopback that evaluates honestly, or fails in one of the ways that a registry must withstand. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { sodiumGroup } from '../../../crypto/group-sodium.ts';
import { BlindmarkError, type ErrorCode } from '../../../crypto/errors.ts';
import { parseMessage } from '../../../crypto/message.ts';
import { blindEvaluate } from '../../../crypto/oprf.ts';
import { evaluationRequestSchema, type GuardianEvaluation } from '../../../crypto/wire.ts';
import { formatProblem } from '../../../server/http/problem.ts';
import type { SplitKey } from '../../support/split-key.ts';

/** How a guardian answers. */
export type Behaviour =
  | 'honest'
  /** Takes the request and never answers. */
  | 'hanging'
  /** Answers honestly once {@link FakeGuardian.release} is called. */
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
  | { readonly refusing: ErrorCode; readonly retryAfter?: number };

export interface FakeGuardian {
  readonly id: string;
  readonly url: string;
  behaviour: Behaviour;
  /** Bodies of the requests that came. */
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

/** Starts a guardian. `index` counts from 1. */
export async function startFakeGuardian(
  index: number,
  keys: ReadonlyMap<number, SplitKey>,
  behaviour: Behaviour = 'honest',
): Promise<FakeGuardian> {
  const id = `g${index}`;
  const released = Promise.withResolvers<void>();
  const requests: string[] = [];

  const share = (epoch: number, chosen: Behaviour) => {
    const key = keys.get(chosen === 'oldShare' ? epoch - 1 : epoch) as SplitKey;
    const position = chosen === 'wrongShare' ? index % key.shares.length : index - 1;
    return key.shares[position] as SplitKey['shares'][number];
  };

  const answer = (body: string, chosen: Behaviour): string => {
    const request = parseMessage(evaluationRequestSchema, JSON.parse(body));
    const evaluations = request.epochs.map((epoch) => {
      const { secret, publicShare } = share(epoch, chosen);
      const { evaluatedElements, proof } = blindEvaluate(secret, publicShare, request.elements);
      return { epoch, elements: evaluatedElements, proof };
    });
    const guardian = chosen === 'anotherName' ? 'g9' : id;
    // Not by the schema: what a liar sends need not fit it.
    return JSON.stringify({
      guardian,
      evaluations: falsify(chosen, evaluations).map(({ epoch, elements, proof }) => ({
        epoch,
        elements: elements.map((element) => formatBase64url(element)),
        proof: formatBase64url(proof),
      })),
    });
  };

  const reply = (response: ServerResponse, status: number, type: string, text: string): void => {
    response.writeHead(status, { 'content-type': type }).end(text);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    requests.push(body);
    const chosen = guardian.behaviour;
    if (typeof chosen === 'object') {
      const problem = formatProblem(new BlindmarkError(chosen.refusing, 'Refused by a test', chosen));
      reply(response, problem.status, 'application/problem+json', JSON.stringify(problem));
      return;
    }
    if (chosen === 'hanging') return;
    if (chosen === 'held') await released.promise;
    if (chosen === 'resetting') request.socket.destroy();
    else if (chosen === 'garbage') reply(response, 200, 'application/json', '{"guardian": ');
    else if (chosen === 'tooLarge')
      reply(response, 200, 'application/json', ' '.repeat(300_000) + answer(body, 'honest'));
    else if (chosen === 'htmlError') reply(response, 500, 'text/html', '<h1>Bad gateway</h1>');
    else if (chosen === 'redirecting') response.writeHead(307, { location: '/elsewhere' }).end();
    else reply(response, 200, 'application/json', answer(body, chosen));
  };

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  const guardian: FakeGuardian = {
    id,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    behaviour,
    requests,
    release: () => released.resolve(),
    close,
  };
  return guardian;
}
