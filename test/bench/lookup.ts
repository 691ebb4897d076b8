/** The whole way of one code: from a reading in the officer's hand to the verified registration. */
import { randomBytes } from '../../crypto/bytes.ts';
import { formatLogEntry, hourOf } from '../../crypto/log-entry.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import type { RosterEpoch } from '../../crypto/roster.ts';
import { MarkClient } from '../../client-sdk/mark-client.ts';
import { argon2idNode } from '../../client-sdk/node/argon2id.ts';
import { Officer } from '../../client-sdk/officer.ts';
import { Registry } from '../../client-sdk/registry.ts';
import { createTokenSigner } from '../support/tokens.ts';
import { quantile, summarise } from './measure.ts';
import { startPrograms, type Programs } from './programs.ts';
import type { Row } from './report.ts';

const SCHEME = 'bm1';
const MARKS = 20;

/** Registers a mark as its owner does. Returns its code. */
async function registerMark(registry: Registry, { fixture }: Programs): Promise<string> {
  const code = mintCode();
  const identity = { origin: fixture.origin, scheme: SCHEME, canonical: code, counter: 0 };
  const mark = new MarkClient(registry, randomBytes(64), identity, randomBytes);
  const token = await createTokenSigner(fixture)(mark.blinded.element, mark.redemption);
  const [evaluated] = await mark.evaluate(registry.roster, [1], token);
  if (evaluated === undefined) throw new Error('nothing was evaluated');
  const secrets = await registry.stretch(evaluated, registry.roster);
  const content = { items: [{ category: 'Bicycle', make: 'Brompton' }], status: 'withKeeper' } as const;
  const [epoch] = registry.roster.roster.epochs as [RosterEpoch];
  const row = mark.createRow(secrets, content, epoch, new Date().toISOString().slice(0, 10));
  await mark.register(row, secrets.lookupTag, token);
  return code;
}

/** Milliseconds that a lookup takes. */
async function lookUp(officer: Officer, reading: string, expected: 'hit' | 'miss'): Promise<number> {
  const started = performance.now();
  const plan = officer.plan([{ id: '1', reading, scheme: SCHEME }]);
  for await (const result of officer.lookup(plan, { caseReference: 'BENCH/1' })) {
    if ('error' in result || result.result !== expected) throw new Error('the lookup went wrong');
  }
  return performance.now() - started;
}

/** A figure of each round. */
interface Rounds {
  readonly all: number[][];
  readonly hits: number[][];
  readonly misses: number[][];
}

async function runLookups(
  programs: Programs,
  { rounds, lookups }: { readonly rounds: number; readonly lookups: number },
  say: (text: string) => void,
): Promise<Rounds> {
  const { fixture, url } = programs;
  const { fingerprint: rosterFingerprint } = fixture;
  const registry = await Registry.connect(url, { rosterFingerprint, allowTestRoster: true, argon2id: argon2idNode });
  const officer = new Officer(registry, await fixture.createOfficer());
  say(`registering ${MARKS} marks`);
  const registered: string[] = [];
  for (let i = 0; i < MARKS; i++) registered.push(await registerMark(registry, programs));
  const taken: Rounds = { all: [], hits: [], misses: [] };
  // One round more, which warms up.
  for (let round = 0; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    const [hits, misses]: [number[], number[]] = [[], []];
    for (let i = 0; i < lookups; i += 2) {
      hits.push(await lookUp(officer, registered[(i / 2) % MARKS] as string, 'hit'));
      misses.push(await lookUp(officer, mintCode(), 'miss'));
    }
    if (round === 0) continue;
    taken.all.push([...hits, ...misses]);
    taken.hits.push(hits);
    taken.misses.push(misses);
  }
  return taken;
}

/** Milliseconds of appends by one client alone, to the log of the registry that ran, cosigned by the guardians that run. */
async function runAppends(
  programs: Programs,
  { rounds, lookups }: { readonly rounds: number; readonly lookups: number },
  say: (text: string) => void,
): Promise<number[][]> {
  const { log, close } = await programs.takeLog();
  const taken: number[][] = [];
  try {
    for (let round = 0; round <= rounds; round++) {
      say(`appends alone: round ${round} of ${rounds}`);
      const times: number[] = [];
      for (let i = 0; i < lookups; i++) {
        const entry = { kind: 'activation', hour: hourOf(Date.now() / 1000), request: randomBytes(32) } as const;
        const started = performance.now();
        await log.append([{ key: randomBytes(32), entry: formatLogEntry(entry) }]);
        times.push(performance.now() - started);
      }
      if (round > 0) taken.push(times);
    }
  } finally {
    await close();
  }
  return taken;
}

export async function measureLookups(
  options: { readonly folder: string; readonly rounds: number; readonly lookups: number },
  say: (text: string) => void,
): Promise<Row[]> {
  const programs = await startPrograms(options.folder);
  let lookups: Rounds;
  let appends: number[][];
  try {
    lookups = await runLookups(programs, options, say);
    appends = await runAppends(programs, options, say);
  } finally {
    await programs.stop();
  }
  const work = 'lookup of one code on loopback, in the log before it is answered, 2 of 3, stretching aside';
  const row = (name: string, rounds: number[][], part: number) =>
    ({
      work: `${work}: ${name}`,
      unit: 'ms',
      better: 'less',
      figure: summarise(rounds.map((times) => quantile(times, part))),
      peers: [],
    }) as const;
  const p50 = row('p50', lookups.all, 0.5);
  const all = lookups.all.flat();
  const added = summarise(appends.map((times) => 2 * quantile(times, 0.5)));
  return [
    {
      ...p50,
      peers: [{ name: 'gun_registry', quoted: '115 s (its README)' }],
      verdict: { target: 'p50 <= 40 ms', isMet: p50.figure.median <= 40 },
    },
    row('p50 of hits', lookups.hits, 0.5),
    row('p50 of misses', lookups.misses, 0.5),
    {
      ...row('p99', lookups.all, 0.99),
      note: `p99 of all ${all.length} lookups together: ${quantile(all, 0.99).toFixed(1)} ms.`,
    },
    {
      work: 'lookup, of which it waits for the log: two appends, one after the other',
      unit: 'ms',
      better: 'less',
      figure: added,
      peers: [],
      note: 'Twice the median append of one client alone, durable and cosigned by the same guardians in processes of their own.',
    },
  ];
}
