/** The whole way of one code: from a reading in the officer's hand to the verified registration. */
import { randomBytes } from '../../crypto/bytes.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { MarkClient } from '../../client-sdk/mark-client.ts';
import { argon2idNode } from '../../client-sdk/node/argon2id.ts';
import { Officer } from '../../client-sdk/officer.ts';
import { Registry } from '../../client-sdk/registry.ts';
import { createTokenSigner } from './marks.ts';
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
  const row = mark.createRow(secrets, content, { epoch: 1, registeredOn: new Date().toISOString().slice(0, 10) });
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

export async function measureLookups(
  options: { readonly folder: string; readonly rounds: number; readonly lookups: number },
  say: (text: string) => void,
): Promise<Row[]> {
  const programs = await startPrograms(options.folder, true);
  const rounds: number[][] = [];
  try {
    const { fixture, url } = programs;
    const { fingerprint: rosterFingerprint } = fixture;
    const registry = await Registry.connect(url, { rosterFingerprint, allowTestRoster: true, argon2id: argon2idNode });
    const officer = new Officer(registry, await fixture.createOfficer());
    say(`registering ${MARKS} marks`);
    const registered: string[] = [];
    for (let i = 0; i < MARKS; i++) registered.push(await registerMark(registry, programs));
    // One round more, which warms up.
    for (let round = 0; round <= options.rounds; round++) {
      say(`round ${round} of ${options.rounds}`);
      const times: number[] = [];
      for (let i = 0; i < options.lookups; i++) {
        const isHit = i % 2 === 0;
        const reading = isHit ? (registered[(i / 2) % MARKS] as string) : mintCode();
        times.push(await lookUp(officer, reading, isHit ? 'hit' : 'miss'));
      }
      if (round > 0) rounds.push(times);
    }
  } finally {
    await programs.stop();
  }
  const work = 'lookup of one code on loopback, 2 of 3, stretching aside';
  const peers = [{ name: 'gun_registry', quoted: '115 s (its README)' }];
  const p50 = summarise(rounds.map((times) => quantile(times, 0.5)));
  const p99 = summarise(rounds.map((times) => quantile(times, 0.99)));
  const all = rounds.flat();
  return [
    {
      work: `${work}: p50`,
      unit: 'ms',
      better: 'less',
      figure: p50,
      peers,
      verdict: { target: 'p50 <= 40 ms', isMet: p50.median <= 40 },
    },
    {
      work: `${work}: p99`,
      unit: 'ms',
      better: 'less',
      figure: p99,
      peers: [],
      note: `p99 of all ${all.length} lookups together: ${quantile(all, 0.99).toFixed(1)} ms.`,
    },
  ];
}
