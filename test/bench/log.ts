/** The log: entries a second, from append to cosigned checkpoint, what an entry costs as the tree grows, sizes of proofs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from '../../crypto/bytes.ts';
import { formatLogEntry, hourOf } from '../../crypto/log-entry.ts';
import { leafHash } from '../../crypto/merkle.ts';
import { formatReceipt } from '../../crypto/receipt.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { proveInclusion } from '../../crypto/tile.ts';
import { appendLeaves, edgeRoot, EMPTY_EDGE, type TreeEdge } from '../../crypto/tree-edge.ts';
import { createLog } from '../../server/http/log.ts';
import { createMetrics } from '../../server/http/metrics.ts';
import type { AppendRequest, Log } from '../../server/log/log.ts';
import { createTileReader } from '../../server/log/stored-tree.ts';
import { openLog } from '../../server/log/sequencer.ts';
import { createWitnesses } from '../../server/log/witnesses.ts';
import type { LogHead } from '../../server/store/log-store.ts';
import { openSqliteStores, type SqliteStores } from '../../server/store/sqlite/open-stores.ts';
import { startWitness } from '../support/witness.ts';
import { cpuClock, quantile, ratio, summarise, type Figure } from './measure.ts';
import type { Row } from './report.ts';

const ORIGIN = 'registry.bench';
const GUARDIANS = 3;
const THRESHOLD = 2;

/** Clients that each wait for an answer before they ask again: for throughput, and for latency under load. */
const MANY = 1000;
const SOME = 256;

/** Appends of one client alone in a round. */
const ALONE = 50;

/** The targets. */
const LEAST_APPENDS = 3000;
const MOST_MILLISECONDS = 300;
const MOST_GROWTH = 1.5;

/** A batch whose integration is measured, and how many make a round. */
const BATCH = 100;
const BATCHES = 5;

export interface LogBenchOptions {
  readonly folder: string;
  readonly rounds: number;
  /** Appends of a round, of all clients together. */
  readonly appends: number;
  /** The largest tree of the comparison of sizes. */
  readonly maxEntries: number;
}

type Say = (text: string) => void;

function createRequest(): AppendRequest {
  const hour = hourOf(Date.now() / 1000);
  return { key: randomBytes(32), entry: formatLogEntry({ kind: 'activation', hour, request: randomBytes(32) }) };
}

/** A log with witnesses on loopback, in this process: what they do is in the figures. */
async function openBenchLog(file: string) {
  const name = `${ORIGIN}/log`;
  const key = createSigningKey();
  const guardians = await Promise.all(
    Array.from({ length: GUARDIANS }, async (_, i) =>
      startWitness({
        id: `g${i + 1}`,
        name: `${ORIGIN}/guardian/g${i + 1}`,
        log: { origin: name, publicKey: key.publicKey },
      }),
    ),
  );
  const stores = openSqliteStores(file);
  const log = await openLog({
    store: stores.log,
    key,
    name,
    generation: 1,
    start: null,
    witnesses: createWitnesses({ guardians, threshold: THRESHOLD, timeoutMs: 10_000 }),
    now: () => Math.floor(Date.now() / 1000),
    log: createLog('bench', { level: 'silent' }),
    metrics: createMetrics('bench'),
  });
  const close = async (): Promise<void> => {
    await log.close();
    await stores.close();
    await Promise.all(guardians.map(async (guardian) => guardian.close()));
  };
  return { log, close };
}

/** Milliseconds of each append. */
async function appendAll(log: Log, clients: number, appends: number): Promise<number[]> {
  const requests = Array.from({ length: appends }, createRequest);
  const taken: number[] = [];
  const client = async (): Promise<void> => {
    for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
      const started = performance.now();
      await log.append([request]);
      taken.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return taken;
}

async function measureAppends(file: string, { rounds, appends }: LogBenchOptions, say: Say): Promise<Row[]> {
  const { log, close } = await openBenchLog(file);
  const rates: number[] = [];
  const alone: number[] = [];
  const crowded: number[] = [];
  try {
    // One round more, which warms up.
    for (let round = 0; round <= rounds; round++) {
      say(`appending: round ${round} of ${rounds}`);
      const started = performance.now();
      await appendAll(log, MANY, appends);
      const rate = (appends * 1000) / (performance.now() - started);
      const some = quantile(await appendAll(log, SOME, appends), 0.99);
      const one = quantile(await appendAll(log, 1, ALONE), 0.5);
      if (round === 0) continue;
      rates.push(rate);
      crowded.push(some);
      alone.push(one);
    }
  } finally {
    await close();
  }
  const rate = summarise(rates);
  const cosigned = `${THRESHOLD} of ${GUARDIANS} guardians on loopback`;
  const latency = (work: string, figure: Figure): Row => ({
    work,
    unit: 'ms',
    better: 'less',
    figure,
    peers: [],
    verdict: { target: `<= ${MOST_MILLISECONDS} ms`, isMet: figure.median <= MOST_MILLISECONDS },
  });
  return [
    {
      work: `log, entries appended and cosigned, ${MANY} clients`,
      unit: '/s',
      better: 'more',
      figure: rate,
      peers: [],
      verdict: { target: `>= ${LEAST_APPENDS}/s`, isMet: rate.median >= LEAST_APPENDS },
      note: `Durable, in one checkpoint each batch, by ${cosigned}, which do their work in the same process.`,
    },
    latency(`log, append to cosigned checkpoint, ${SOME} clients, 99 of 100 within`, summarise(crowded)),
    latency('log, append to cosigned checkpoint, alone, median', summarise(alone)),
  ];
}

/** A log's store that is grown by batches, without witnesses. */
class GrowingStore {
  readonly stores: SqliteStores;
  #edge: TreeEdge = EMPTY_EDGE;
  #head: LogHead | null = null;

  constructor(file: string) {
    this.stores = openSqliteStores(file);
  }

  async add(count: number): Promise<void> {
    const entries = Array.from({ length: count }, () => {
      const { key, entry } = createRequest();
      return { key, bytes: entry };
    });
    await this.integrate(entries);
  }

  async integrate(entries: readonly { readonly key: Uint8Array; readonly bytes: Uint8Array }[]): Promise<void> {
    const grown = appendLeaves(
      this.#edge,
      entries.map(({ bytes }) => leafHash(bytes)),
    );
    const { size } = grown.edge;
    const head = { generation: 1, size, root: edgeRoot(grown.edge), checkpoint: `${size}\n` };
    const result = await this.stores.log.commit({ expected: this.#head, head, entries, tiles: grown.tiles });
    if (result !== 'committed') throw new Error('the store took no entries');
    [this.#edge, this.#head] = [grown.edge, head];
  }
}

/** Bytes of the first entry's inclusion proof, which is as long as any, read from the store's tiles. */
async function measureProof({ stores }: GrowingStore, size: number): Promise<Row> {
  const proof = await proveInclusion(0, size, createTileReader(stores.log));
  return {
    work: `log, inclusion proof at ${size.toLocaleString('en')} entries`,
    unit: 'B',
    better: 'less',
    figure: summarise([32 * proof.length]),
    peers: [],
  };
}

async function measureIntegration(root: string, { rounds, maxEntries }: LogBenchOptions, say: Say): Promise<Row[]> {
  const sizes = [10_000, 100_000, 1_000_000].filter((size) => size < maxEntries).concat(maxEntries);
  const logs: GrowingStore[] = [];
  try {
    for (const size of sizes) {
      const log = new GrowingStore(join(root, `${size}.db`));
      logs.push(log);
      for (let done = 0; done < size; done += 10_000) {
        say(`integration: filling ${done} of ${size}`);
        await log.add(Math.min(10_000, size - done));
      }
    }
    const taken = logs.map((): number[] => []);
    for (let round = 0; round <= rounds; round++) {
      say(`integration: round ${round} of ${rounds}`);
      for (const [i, log] of logs.entries()) {
        const batches = Array.from({ length: BATCHES }, () =>
          Array.from({ length: BATCH }, () => {
            const { key, entry } = createRequest();
            return { key, bytes: entry };
          }),
        );
        const started = cpuClock();
        for (const batch of batches) await log.integrate(batch);
        if (round > 0) taken[i]?.push(((cpuClock() - started) * 1000) / (BATCH * BATCHES));
      }
    }
    const figures = taken.map(summarise);
    const [first] = figures as [Figure];
    const proofs: Row[] = [];
    for (const [i, log] of logs.entries()) proofs.push(await measureProof(log, sizes[i] as number));
    const integration = sizes.map((size, i): Row => {
      const figure = figures[i] as Figure;
      const row: Row = {
        work: `log, one entry into tree and store, batches of ${BATCH}, ${size.toLocaleString('en')} entries`,
        unit: 'us',
        better: 'less',
        figure,
        peers: [],
      };
      if (i === 0) return row;
      const verdict = { target: `<= ${MOST_GROWTH} times of 10^4`, isMet: ratio(figure, first).median <= MOST_GROWTH };
      return Object.assign(row, { peers: [{ name: '10,000 entries', figure: first }], verdict });
    });
    return [...integration, ...proofs];
  } finally {
    for (const { stores } of logs) await stores.close();
  }
}

/** A receipt's bytes at 2^20 entries, with the cosignatures that it must have. */
async function measureReceipt(file: string, say: Say): Promise<Row[]> {
  say('receipt');
  const { log, close } = await openBenchLog(file);
  try {
    const { checkpoint, entries } = await log.append([createRequest()]);
    const [logged] = entries;
    if (logged === undefined) throw new Error('the entry was not logged');
    // A tree of 2^20 entries: only the number of hashes counts.
    const proof = Array.from({ length: 20 }, () => randomBytes(32));
    const receipt = formatReceipt({
      checkpoint,
      logged: { ...logged, index: 2 ** 20 - 1, proof },
      salt: randomBytes(32),
    });
    const size = Buffer.byteLength(receipt);
    return [
      {
        work: `log, receipt at 2^20 entries, inclusion proof of ${proof.length * 32} B, at least ${THRESHOLD} cosignatures`,
        unit: 'B',
        better: 'less',
        figure: summarise([size]),
        peers: [],
        verdict: { target: '< 2,048 B', isMet: size < 2048 },
      },
    ];
  } finally {
    await close();
  }
}

export async function measureLog(options: LogBenchOptions, say: Say): Promise<Row[]> {
  const root = mkdtempSync(join(options.folder, 'blindmark-bench-'));
  try {
    return [
      ...(await measureAppends(join(root, 'appends.db'), options, say)),
      ...(await measureIntegration(root, options, say)),
      ...(await measureReceipt(join(root, 'receipt.db'), say)),
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
