/**
 * The OPRF on one core: guardians' and clients' work, beside noble's own calls and voprf-ts. Counted in the time that the
 * process had a core for, which is what "per core" means.
 */
import { EvaluationRequest, Oprf, VOPRFServer } from '@cloudflare/voprf-ts';
import { CryptoNoble } from '@cloudflare/voprf-ts/crypto-noble';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { bytesToHex, concatBytes, formatUint, randomBytes } from '../../crypto/bytes.ts';
import { nobleGroup } from '../../crypto/group-noble.ts';
import { sodiumGroup } from '../../crypto/group-sodium.ts';
import type { GroupBackend } from '../../crypto/group.ts';
import { blind, blindEvaluate, codeInput, finalize } from '../../crypto/oprf.ts';
import { combineVerified, type GuardianAnswer } from '../../crypto/threshold.ts';
import { drawScalar, splitKey, type KeyShare } from '../support/split-key.ts';
import { compare, convert, cpuClock, type Contender, type Effort, type Figure } from './measure.ts';
import { advantage, formatNumber, type Peer, type Row } from './report.ts';

const { voprf } = ristretto255_oprf;
const SUITE = Oprf.Suite.RISTRETTO255_SHA512;

function newCode(): Uint8Array {
  return codeInput('bench.blindmark.example', 'bm1', bytesToHex(randomBytes(8)));
}

function repeat(work: () => unknown): Contender['run'] {
  return (times) => {
    for (let i = 0; i < times; i++) work();
  };
}

/** A contender whose work has a result, so that all are seen to do the same work. */
interface Evaluating extends Contender {
  readonly evaluated: readonly Uint8Array[];
}

/** Elements come and go as bytes, for each contender. */
async function voprfTs({ secret }: KeyShare, elements: readonly Uint8Array[]): Promise<Evaluating> {
  const server = new VOPRFServer(SUITE, secret, CryptoNoble);
  const request = concatBytes(formatUint(elements.length, 2), ...elements);
  const evaluate = async (): Promise<Uint8Array> =>
    (await server.blindEvaluate(EvaluationRequest.deserialize(SUITE, request, CryptoNoble))).serialize();
  const reply = await evaluate();
  return {
    name: 'voprf-ts',
    run: async (times) => {
      for (let i = 0; i < times; i++) await evaluate();
    },
    evaluated: elements.map((_, i) => reply.slice(2 + 32 * i, 34 + 32 * i)),
  };
}

async function guardianContenders(size: number): Promise<Evaluating[]> {
  const [share] = splitKey(2, 3).shares as [KeyShare];
  const { secret, publicShare } = share;
  const elements = Array.from({ length: size }, () => blind(newCode()).element);
  const own = (group: GroupBackend): Evaluating => {
    const evaluate = () => blindEvaluate(secret, publicShare, elements, randomBytes, group);
    return { name: `Blindmark on ${group.name}`, run: repeat(evaluate), evaluated: evaluate().evaluatedElements };
  };
  const byNoble = () => voprf.blindEvaluateBatch(secret, publicShare, elements);
  return [
    own(sodiumGroup),
    { name: 'noble’s voprf', run: repeat(byNoble), evaluated: byNoble().evaluated },
    await voprfTs(share, elements),
    own(nobleGroup),
  ];
}

/** The first contender's figure, beside all the others'. */
function beside(contenders: readonly Contender[], figures: readonly Figure[]): { figure: Figure; peers: Peer[] } {
  const [figure] = figures as [Figure];
  return { figure, peers: contenders.slice(1).map(({ name }, i) => ({ name, figure: figures[i + 1] as Figure })) };
}

/** What the proof of a batch can't do without, on libsodium: where its time goes, whatever is around them. */
const OPERATIONS: readonly (Contender & { readonly times: (size: number) => number })[] = (() => {
  const [scalar, element] = [drawScalar(), sodiumGroup.multiplyBase(drawScalar())];
  const other = sodiumGroup.multiplyBase(scalar);
  return [
    // Each element by the share and by its weight; their sum by the share and by the proof's nonce.
    {
      name: 'multiplications',
      run: repeat(() => sodiumGroup.multiply(scalar, element)),
      times: (size) => 2 * size + 2,
    },
    { name: 'by the generator', run: repeat(() => sodiumGroup.multiplyBase(scalar)), times: () => 1 },
    { name: 'additions', run: repeat(() => sodiumGroup.add(element, other)), times: (size) => size - 1 },
  ];
})();

/** How near the figure is to what the operations alone would allow. */
function describeProfile(size: number, batchMs: number, nobleMs: number, operationsMs: readonly number[]): string {
  const parts = OPERATIONS.map(({ name, times }, i) => ({ name, count: times(size), ms: operationsMs[i] as number }));
  const floor = parts.reduce((sum, { count, ms }) => sum + count * ms, 0);
  const list = parts
    .filter(({ count }) => count > 0)
    .map(({ name, count, ms }) => `${count} ${name} of ${(ms * 1000).toFixed(0)} us`)
    .join(', ');
  const share = ((100 * floor) / batchMs).toFixed(0);
  return `${share} % of the time is libsodium’s: ${list}. Without all else: ${formatNumber((size * 1000) / floor)}/s, ${formatNumber(nobleMs / floor)} x noble.`;
}

async function measureGuardian(
  work: string,
  size: number,
  target: string,
  least: number,
  effort: Effort,
  say: (text: string) => void,
): Promise<Row> {
  const contenders = await guardianContenders(size);
  const results = contenders.map(({ evaluated }) => evaluated.map(bytesToHex).join());
  if (new Set(results).size !== 1) throw new Error('the contenders do not evaluate alike');
  const measured = await compare([...contenders, ...OPERATIONS], effort, cpuClock, say);
  const perBatch = measured.slice(0, contenders.length);
  const medians = measured.map(({ median }) => median);
  const figures = perBatch.map((figure) => convert(figure, (milliseconds) => (size * 1000) / milliseconds));
  const compared = beside(contenders, figures);
  const row = { work, unit: '/s', better: 'more', ...compared } as const;
  return {
    ...row,
    verdict: { target, isMet: advantage(row, figures[1] as Figure).median >= least },
    note: describeProfile(size, medians[0] as number, medians[1] as number, medians.slice(contenders.length)),
  };
}

export async function measureGuardians(effort: Effort, say: (text: string) => void): Promise<Row[]> {
  // DESIGN section 7 has ratios of figures that were measured on one machine: noble's 750 and 231 a second.
  return [
    await measureGuardian(
      'guardian, batch of 64, libsodium',
      64,
      '>= 6.00 x noble (4,500 : 750)',
      4500 / 750,
      effort,
      say,
    ),
    await measureGuardian('guardian, single, libsodium', 1, '>= 9.96 x noble (2,300 : 231)', 2300 / 231, effort, say),
  ];
}

/** What a client does with the answers to one code of its own. */
export async function measureClient(effort: Effort, say: (text: string) => void): Promise<Row[]> {
  const key = splitKey(2, 3);
  const input = newCode();
  const blinded = blind(input);
  const elements = [blinded.element];
  const answers = key.shares.slice(0, 2).map(({ index, secret, publicShare }): GuardianAnswer => {
    const { evaluatedElements, proof } = blindEvaluate(secret, publicShare, elements);
    return { guardian: `g${index}`, index, publicShare, evaluatedElements, proof };
  });
  const own = (group: GroupBackend): Contender => ({
    name: `Blindmark on ${group.name}`,
    run: repeat(() => {
      const { combined } = combineVerified(elements, answers, 2, key.groupKey, group);
      return finalize(input, blinded.blind, combined[0] as Uint8Array, group);
    }),
  });
  // noble knows no shares: two finalisations verify two proofs, and unblind once more than is needed.
  const byNoble = (): void => {
    for (const { publicShare, evaluatedElements, proof } of answers) {
      voprf.finalize(input, blinded.blind, evaluatedElements[0] as Uint8Array, blinded.element, publicShare, proof);
    }
  };
  const contenders = [own(sodiumGroup), { name: 'noble’s voprf, 2 finalize', run: repeat(byNoble) }, own(nobleGroup)];
  const compared = beside(contenders, await compare(contenders, effort, cpuClock, say));
  const verdict = { target: '<= 5 ms', isMet: compared.figure.median <= 5 };
  return [{ work: 'client, one code: 2 proofs, combine, finalize', unit: 'ms', better: 'less', ...compared, verdict }];
}
