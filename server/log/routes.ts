/** What anyone reads of the log: `GET /log/checkpoint` and `GET /log/tile/...` as C2SP tlog-tiles has them, and statistics. */
import { z } from 'zod';
import { BlindmarkError, isBlindmarkError } from '../../crypto/errors.ts';
import { formatBundle, parseTilePath, TILE_WIDTH, type TilePath } from '../../crypto/tile.ts';
import { HASH_LENGTH } from '../../crypto/merkle.ts';
import { parseCheckpoint } from '../../crypto/checkpoint.ts';
import { storageFailed } from '../database/database.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Log } from './log.ts';
import { createStatistics, statisticsRoute } from './statistics.ts';

/** Seconds for which a checkpoint may be cached: a newer one is seen soon. */
const CHECKPOINT_MAX_AGE = 5;

const bytesReply = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const pathParams = z.strictObject({ path: z.string().max(100) });

export interface LogRouteDependencies {
  readonly log: Log;
  readonly store: LogStore;
}

function nothingThere(): BlindmarkError {
  return new BlindmarkError('unknownRoute', 'The published log has no such tile', {
    remedy: 'Read /log/checkpoint: its size says which tiles there are, and how wide the last ones are.',
  });
}

function parsePath(path: string): TilePath {
  try {
    return parseTilePath(`tile/${path}`);
  } catch (error) {
    if (isBlindmarkError(error)) throw nothingThere();
    throw error;
  }
}

/** Whether all that the tile holds is in the tree of `size` entries. */
function isWithin({ level, index, width }: TilePath, size: number): boolean {
  const hashes = Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level));
  return index * TILE_WIDTH + width <= hashes;
}

async function readTile(store: LogStore, { level, index, width }: TilePath): Promise<Uint8Array> {
  if (level !== 'entries') {
    const tile = await store.readTile(level, index);
    if (tile === null || tile.length < width * HASH_LENGTH) throw storageFailed('A tile of the log could not be read');
    return tile.subarray(0, width * HASH_LENGTH);
  }
  const entries = await store.readEntries(index * TILE_WIDTH, width);
  if (entries.length < width) throw storageFailed('An entry of the log could not be read');
  return formatBundle(entries);
}

/** The routes by which anyone reads the log. */
export function logRoutes({ log, store }: LogRouteDependencies): Route[] {
  const latest = (): string => {
    const note = log.latest();
    if (note !== null) return note;
    throw new BlindmarkError('guardiansUnavailable', 'Guardians have not cosigned the log yet', { retryAfter: 5 });
  };
  return [
    defineRoute({
      method: 'get',
      path: '/log/checkpoint',
      summary: 'The latest checkpoint of the log, with guardians’ cosignatures',
      description:
        'For anyone. A signed note (C2SP tlog-checkpoint) with the registry’s signature and cosignatures (tlog-cosignature) of at least the threshold of guardians. The roster names their keys.',
      reply: z.string(),
      replyForm: 'text',
      errors: ['guardiansUnavailable'],
      maxAge: CHECKPOINT_MAX_AGE,
      handle: async () => {
        // Before the first there is nothing to prove by.
        latest();
        return (await log.prove([])).checkpoint;
      },
    }),
    defineRoute({
      method: 'get',
      path: '/log/tile/{path...}',
      summary: 'A tile of the log’s tree, or a bundle of its entries',
      description:
        'For anyone. C2SP tlog-tiles with the prefix /log: `tile/<level>/<index>[.p/<width>]` for hashes, `tile/entries/<index>[.p/<width>]` for entries. Immutable. What is beyond the latest checkpoint is not there.',
      params: pathParams,
      reply: bytesReply,
      replyForm: 'bytes',
      errors: ['unknownRoute', 'badInput', 'storageFailed', 'guardiansUnavailable'],
      maxAge: 'immutable',
      handle: async ({ params }) => {
        const tile = parsePath(params.path);
        if (!isWithin(tile, parseCheckpoint(latest()).checkpoint.size)) throw nothingThere();
        return readTile(store, tile);
      },
    }),
    statisticsRoute(createStatistics({ log, store })),
  ];
}
