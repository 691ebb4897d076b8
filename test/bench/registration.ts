/** Durable registrations at one registry process, beside what SQLite does with one row at a time. */
import autocannon from 'autocannon';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { randomBytes } from '../../crypto/bytes.ts';
import { createBodies } from './marks.ts';
import { convert, summarise } from './measure.ts';
import { startPrograms } from './programs.ts';
import type { Row } from './report.ts';

const CLIENTS = 256;

/** Rows of one turn of the peer. */
const SINGLE_INSERTS = 400;

/** Bytes of the peer's rows: what a registration with the smallest envelope is stored as. */
const ROW_BYTES = 700;

/** Inserts that are each on disk before the next begins. */
function openPeer(folder: string) {
  const root = mkdtempSync(join(folder, 'blindmark-bench-'));
  const db = new DatabaseSync(join(root, 'peer.db'));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  db.exec('CREATE TABLE rows (key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID');
  const insert = db.prepare('INSERT INTO rows VALUES (?, ?)');
  return {
    insertSingly: (count: number): number => {
      const started = performance.now();
      for (let i = 0; i < count; i++) insert.run(randomBytes(32), randomBytes(ROW_BYTES));
      return (count * 1000) / (performance.now() - started);
    },
    close: () => {
      db.close();
      rmSync(root, { recursive: true });
    },
  };
}

/** Registrations a second, with many clients at once. */
async function register(url: string, bodies: readonly string[]): Promise<number> {
  let next = 0;
  const started = performance.now();
  let ended = started;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(
      {
        url: `${url}/v1/registrations`,
        connections: CLIENTS,
        amount: bodies.length,
        requests: [
          {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            setupRequest: (request) => ({ ...request, body: bodies[next++ % bodies.length] }),
          },
        ],
      },
      (error: unknown, finished) => (error === null ? resolve(finished) : reject(error)),
    );
    // autocannon notices only at the next full second that all is answered.
    instance.on('response', () => (ended = performance.now()));
  });
  if (result['2xx'] !== bodies.length) throw new Error('a registration was refused');
  return (bodies.length * 1000) / (ended - started);
}

async function readMetric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(name));
  return Number(line?.slice(line.lastIndexOf(' ') + 1) ?? Number.NaN);
}

export async function measureRegistrations(
  options: { readonly folder: string; readonly rounds: number; readonly registrations: number },
  say: (text: string) => void,
): Promise<Row[]> {
  const { folder, rounds, registrations } = options;
  const programs = await startPrograms(folder);
  const peer = openPeer(folder);
  const taken = { registry: [] as number[], cpu: [] as number[], peer: [] as number[] };
  try {
    // One round more, which warms up.
    for (let round = 0; round <= rounds; round++) {
      say(`round ${round} of ${rounds}: signing ${registrations} tokens`);
      const bodies = await createBodies(programs.fixture, registrations);
      say(`round ${round} of ${rounds}`);
      const singly = peer.insertSingly(SINGLE_INSERTS);
      const before = await readMetric(programs.url, 'process_cpu_seconds_total');
      const rate = await register(programs.url, bodies);
      const cpu = (await readMetric(programs.url, 'process_cpu_seconds_total')) - before;
      if (round === 0) continue;
      taken.peer.push(singly);
      taken.registry.push(rate);
      taken.cpu.push((cpu * 1000) / registrations);
    }
    const stored = await readMetric(programs.url, 'blindmark_registrations_total{result="registered"');
    if (stored !== (rounds + 1) * registrations) throw new Error('not all registrations were new');
  } finally {
    peer.close();
    await programs.stop();
  }
  const row = {
    work: `registration, durable and in the log, ${CLIENTS} clients, one registry process`,
    unit: '/s',
    better: 'more',
    figure: summarise(taken.registry),
    peers: [{ name: 'SQLite, one durable insert after the other', figure: summarise(taken.peer) }],
  } as const;
  const cpu = summarise(taken.cpu);
  return [
    {
      ...row,
      note: 'Each answered once its entry is cosigned; three guardians and the clients share the machine with the registry.',
      verdict: { target: '>= 1,000/s (SQLite: 3,600)', isMet: row.figure.median >= 1000 },
    },
    {
      work: 'registration, the process’s time on a core',
      unit: 'ms',
      better: 'less',
      figure: cpu,
      peers: [],
      note: 'What a core of its own would allow: ' + convert(cpu, (ms) => 1000 / ms).median.toFixed(0) + '/s.',
    },
  ];
}
