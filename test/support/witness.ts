/**
 * A witness on loopback, written from C2SP tlog-witness, or one that fails in a way that a log must withstand. It keeps what
 * it cosigned in memory, and remembers whatever a log showed it.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { equalBytes } from '../../crypto/bytes.ts';
import {
  addCosignatures,
  cosignCheckpoint,
  formatCosignatures,
  formatSizeReply,
  parseAddCheckpoint,
  SIZE_CONTENT_TYPE,
  verifyCheckpoint,
  type Checkpoint,
} from '../../crypto/checkpoint.ts';
import { BlindmarkError, isBlindmarkError } from '../../crypto/errors.ts';
import { EMPTY_ROOT, verifyConsistency } from '../../crypto/merkle.ts';
import { createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import { formatProblem } from '../../server/http/problem.ts';

export type WitnessBehaviour =
  | 'honest'
  /** Takes the request and never answers. */
  | 'hanging'
  /** Answers honestly once {@link TestWitness.release} is called. */
  | 'held'
  /** Ends each connection. */
  | 'resetting'
  /** A cosignature of its key over another checkpoint. */
  | 'badCosignature'
  /** A valid cosignature of another key under its name. */
  | 'otherKey'
  /** Nobody's cosignature. */
  | 'noCosignature'
  | 'garbage'
  /** Says that it knows a larger size, and shows nothing for it. */
  | 'claimsLarger'
  /** Answers each old size with another. */
  | 'wandering'
  /** Says that it has seen a fork, and shows nothing for it. */
  | 'claimsFork'
  | 'htmlError';

export interface TestWitness {
  readonly id: string;
  readonly name: string;
  readonly key: SigningKey;
  readonly publicKey: Uint8Array;
  readonly url: string;
  behaviour: WitnessBehaviour;
  /** Old sizes that came, and what they were answered with. */
  readonly requests: { readonly oldSize: number; readonly size: number; readonly status: number }[];
  /** The size that it cosigned last. */
  readonly size: number;
  /** Times at which it cosigns, in epoch seconds. */
  clock: () => number;
  /** Makes it know another checkpoint, as though it had cosigned that. */
  readonly learn: (checkpoint: Checkpoint, note: string) => void;
  readonly release: () => void;
  readonly close: () => Promise<void>;
}

export interface TestWitnessOptions {
  readonly id: string;
  readonly name: string;
  readonly log: { readonly origin: string; readonly publicKey: Uint8Array };
  readonly key?: SigningKey;
}

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

const problem = (error: BlindmarkError, status: number): Reply => ({
  status,
  body: JSON.stringify(formatProblem(error, status)),
  type: 'application/problem+json',
});

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  return text;
}

/** Starts a witness of one log. It knows nothing yet. */
export async function startWitness(options: TestWitnessOptions): Promise<TestWitness> {
  const { id, name, log, key = createSigningKey() } = options;
  const originHash = createHash('sha256').update(log.origin).digest('hex');
  const requests: TestWitness['requests'] = [];
  let known: Checkpoint = { origin: log.origin, size: 0, root: EMPTY_ROOT };
  let latest: string | null = null;
  let held: (() => void)[] = [];

  function cosign(checkpoint: Checkpoint, note: string): Reply {
    const cosignature = cosignCheckpoint(checkpoint, key, witness.clock());
    const line = { name, publicKey: key.publicKey, cosignature };
    known = checkpoint;
    latest = addCosignatures(note, [line]);
    return { status: 200, body: formatCosignatures([line]) };
  }

  function addCheckpoint(text: string): Reply {
    let oldSize: number;
    let proof: readonly Uint8Array[];
    let note: string;
    let checkpoint: Checkpoint;
    try {
      ({ oldSize, proof, checkpoint: note } = parseAddCheckpoint(text));
      checkpoint = verifyCheckpoint(note, log);
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      return problem(error, error.code === 'badInput' ? 400 : 403);
    }
    if (oldSize > checkpoint.size) return { status: 400, body: 'old size too large' };
    if (oldSize !== known.size) return { status: 409, body: formatSizeReply(known.size), type: SIZE_CONTENT_TYPE };
    try {
      verifyConsistency({ first: known, second: checkpoint, proof });
      if (checkpoint.size === known.size && !equalBytes(checkpoint.root, known.root)) {
        throw new BlindmarkError('badProof', 'another root');
      }
    } catch (error) {
      if (!isBlindmarkError(error)) throw error;
      return problem(error, 422);
    }
    return cosign(checkpoint, note);
  }

  function misbehave(text: string): Reply {
    const { checkpoint: note, oldSize } = parseAddCheckpoint(text);
    const checkpoint = verifyCheckpoint(note, log);
    const line = (signer: SigningKey, of: Checkpoint): string =>
      formatCosignatures([
        { name, publicKey: key.publicKey, cosignature: cosignCheckpoint(of, signer, witness.clock()) },
      ]);
    switch (witness.behaviour) {
      case 'badCosignature':
        return { status: 200, body: line(key, { ...checkpoint, size: checkpoint.size + 1 }) };
      case 'otherKey':
        return { status: 200, body: line(createSigningKey(), checkpoint) };
      case 'noCosignature': {
        const stranger = createSigningKey();
        const cosignature = cosignCheckpoint(checkpoint, stranger, witness.clock());
        return {
          status: 200,
          body: formatCosignatures([{ name: 'a.stranger', publicKey: stranger.publicKey, cosignature }]),
        };
      }
      case 'claimsLarger':
        return { status: 409, body: formatSizeReply(checkpoint.size + 1000), type: SIZE_CONTENT_TYPE };
      case 'wandering':
        return { status: 409, body: formatSizeReply(oldSize === 0 ? checkpoint.size : 0), type: SIZE_CONTENT_TYPE };
      case 'claimsFork':
        return problem(new BlindmarkError('logForked', 'A fork was seen'), 409);
      case 'htmlError':
        return { status: 502, body: '<html>Bad gateway</html>', type: 'text/html' };
      default:
        return { status: 200, body: 'garbage\n' };
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = ({ status, body, type = 'text/plain; charset=utf-8' }: Reply): void => {
      response.writeHead(status, { 'content-type': type }).end(body);
    };
    if (witness.behaviour === 'resetting') {
      request.socket.destroy();
      return;
    }
    if (request.method === 'GET') {
      const isShown = request.url === `/v1/${originHash}/checkpoint` && latest !== null;
      send(isShown ? { status: 200, body: latest as string } : { status: 404, body: '' });
      return;
    }
    const text = await readText(request);
    if (witness.behaviour === 'hanging') return;
    if (witness.behaviour === 'held') await new Promise<void>((resolve) => held.push(resolve));
    const isHonest = witness.behaviour === 'honest' || witness.behaviour === 'held';
    const reply = isHonest ? addCheckpoint(text) : misbehave(text);
    const { oldSize, checkpoint } = parseAddCheckpoint(text);
    requests.push({ oldSize, size: Number(checkpoint.split('\n')[1]), status: reply.status });
    send(reply);
  }

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const witness: TestWitness = {
    id,
    name,
    key,
    publicKey: key.publicKey,
    url: `http://127.0.0.1:${port}`,
    behaviour: 'honest',
    requests,
    get size() {
      return known.size;
    },
    clock: () => Math.floor(Date.now() / 1000),
    learn: (checkpoint, note) => void cosign(checkpoint, note),
    release: () => {
      const waiting = held;
      held = [];
      for (const answer of waiting) answer();
    },
    close: async () => {
      witness.release();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return witness;
}
