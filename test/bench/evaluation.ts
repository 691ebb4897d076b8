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
import { splitKey, type KeyShare } from '../support/split-key.ts';
import { compare, convert, cpuClock, type Contender, type Effort, type Figure } from './measure.ts';
import { advantage, type Peer, type Row } from './report.ts';

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
  const perBatch = await compare(contenders, effort, cpuClock, say);
  const figures = perBatch.map((figure) => convert(figure, (milliseconds) => (size * 1000) / milliseconds));
  const compared = beside(contenders, figures);
  const row = { work, unit: '/s', better: 'more', ...compared } as const;
  return { ...row, verdict: { target, isMet: advantage(row, figures[1] as Figure).median >= least } };
}

export async function measureGuardians(effort: Effort, say: (text: string) => void): Promise<Row[]> {
  // DESIGN section 7 has ratios of figures that were measured on one machine: noble's 750 and 231 a second.
  return [
    await measureGuardian('guardian, batch of 64', 64, '>= 6 x noble (4,500 : 750)', 4500 / 750, effort, say),
    await measureGuardian('guardian, single', 1, '>= 10 x noble (2,300 : 231)', 2300 / 231, effort, say),
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
