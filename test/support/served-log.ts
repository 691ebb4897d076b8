/**
 * A log in memory with all its tiles, served at the paths of C2SP tlog-tiles: for whoever reads a log over HTTP. Whatever it
 * serves can be falsified.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { utf8ToBytes } from '../../crypto/bytes.ts';
import { addCosignatures, type Checkpoint, cosignCheckpoint, signCheckpoint } from '../../crypto/checkpoint.ts';
import { leafHash } from '../../crypto/merkle.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import { formatBundle, parseTilePath } from '../../crypto/tile.ts';
import { appendLeaves, edgeRoot, EMPTY_EDGE, type TreeEdge } from '../../crypto/tree-edge.ts';

export interface ServedLogOptions {
  /** The log's name. */
  readonly name: string;
  readonly key: SigningKey;
  readonly witnesses: readonly { readonly name: string; readonly key: SigningKey }[];
}

export interface ServedLog {
  readonly size: number;
  readonly append: (entries: readonly Uint8Array[]) => void;
  /** The tree as it is now. */
  readonly head: () => Checkpoint;
  /** Signs and cosigns the tree as it is now, and serves it as the latest checkpoint; `at` is in epoch seconds. */
  readonly publish: (at: number, witnesses?: ServedLogOptions['witnesses']) => string;
  /** Changes what is served at a path, such as `log/tile/0/000`, from now on; null for nothing. */
  readonly falsify: (path: string, change: (honest: Uint8Array) => Uint8Array | null) => void;
  /** What is served at a path without a slash before it; null for nothing. */
  readonly get: (path: string) => Uint8Array | null;
}

export function createServedLog({ name, key, witnesses }: ServedLogOptions): ServedLog {
  const entries: Uint8Array[] = [];
  const tiles = new Map<string, Uint8Array>();
  const changes = new Map<string, (honest: Uint8Array) => Uint8Array | null>();
  let edge: TreeEdge = EMPTY_EDGE;
  let latest: string | null = null;

  const head = (): Checkpoint => ({ origin: name, size: edge.size, root: edgeRoot(edge) });

  function honest(path: string): Uint8Array | null {
    if (path === 'log/checkpoint') return latest === null ? null : utf8ToBytes(latest);
    const { level, index, width } = parseTilePath(path.replace(/^log\//u, ''));
    if (level === 'entries') {
      const bundle = entries.slice(index * 256, index * 256 + width);
      return bundle.length === width ? formatBundle(bundle) : null;
    }
    const tile = tiles.get(`${level}/${index}`);
    return tile !== undefined && tile.length >= width * 32 ? tile.slice(0, width * 32) : null;
  }

  return {
    get size() {
      return edge.size;
    },
    append: (added) => {
      const grown = appendLeaves(edge, added.map(leafHash));
      for (const { level, index, bytes } of grown.tiles) tiles.set(`${level}/${index}`, bytes);
      entries.push(...added);
      ({ edge } = grown);
    },
    head,
    publish: (at, signers = witnesses) => {
      const checkpoint = head();
      latest = addCosignatures(
        signCheckpoint(checkpoint, key),
        signers.map((witness) => ({
          name: witness.name,
          publicKey: witness.key.publicKey,
          cosignature: cosignCheckpoint(checkpoint, witness.key, at),
        })),
      );
      return latest;
    },
    falsify: (path, change) => changes.set(path, change),
    get: (path) => {
      const bytes = honest(path);
      const change = changes.get(path);
      return change === undefined || bytes === null ? bytes : change(bytes);
    },
  };
}

/** Serves whatever `get` gives on a free port of loopback. */
export async function serve(
  get: (path: string) => Uint8Array | null,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const bytes = get((request.url ?? '').slice(1));
    response.statusCode = bytes === null ? 404 : 200;
    response.end(bytes ?? '');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
