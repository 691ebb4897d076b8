/** Where forces publish their lists of revocations, for tests: signs a new list at each request. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatMessage } from '../../crypto/message.ts';
import {
  createRevocationList,
  signedRevocationListSchema,
  type SignedRevocationList,
} from '../../crypto/revocation-list.ts';
import type { SigningKey } from '../../crypto/signature.ts';

/** By whom a force's lists are signed. */
export interface ListSigner {
  readonly key: SigningKey;
  readonly origin: string;
  readonly forceCredential: string;
}

export interface RevocationServer {
  /** For the roster. */
  readonly urlOf: (force: string) => string;
  /** By force's identifier. Of a force that is not here, there is no list. */
  readonly signers: Map<string, ListSigner>;
  /** What is revoked, by all forces: 32 bytes each, as `createRevocationList` takes them. May be changed. */
  readonly revoked: Uint8Array[];
  /** Whether nobody answers: 503. */
  isDown: boolean;
  /** Seconds by which lists are older than now. */
  age: number;
  /** What a force's address would answer now; null where it would not. */
  readonly list: (force: string) => Promise<SignedRevocationList | null>;
  readonly stop: () => Promise<void>;
}

/** @param now epoch seconds */
export async function startRevocationServer(now: () => number): Promise<RevocationServer> {
  const list = async (force: string): Promise<SignedRevocationList | null> => {
    const signer = state.signers.get(force);
    if (signer === undefined || state.isDown) return null;
    return createRevocationList({ ...signer, id: force }, state.revoked, now() - state.age);
  };
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const signed = await list(request.url?.split('/').at(-1) ?? '');
      response.writeHead(signed === null ? 503 : 200, { 'content-type': 'application/json' });
      response.end(signed === null ? '' : JSON.stringify(formatMessage(signedRevocationListSchema, signed)));
    };
    void answer();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const state: RevocationServer = {
    urlOf: (force) => `http://127.0.0.1:${port}/revocations/${force}`,
    signers: new Map(),
    revoked: [],
    isDown: false,
    age: 0,
    list,
    stop: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      server.closeAllConnections();
      return closed;
    },
  };
  return state;
}
