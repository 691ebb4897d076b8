import { sodiumGroup as g } from '../crypto/group-sodium.ts';
import { sodium } from '../crypto/sodium.ts';
import { blindEvaluate, EVALUATION_CONTEXT } from '../crypto/oprf.ts';
import { generateProof } from '../crypto/dleq.ts';
import { concatBytes, formatUint, utf8ToBytes } from '../crypto/bytes.ts';
const s = () => g.reduceScalar(sodium.randombytes_buf(64));
const secret = s(), pub = g.multiplyBase(secret);
const els = Array.from({ length: 64 }, () => g.multiplyBase(s()));
const w = els.map(() => s());
const { evaluatedElements: ev } = blindEvaluate(secret, pub, els);
const terms = els.map((e, i) => g.multiply(w[i]!, e));
const msg = new Uint8Array(170).fill(7);
const withLength = (bytes: Uint8Array): Uint8Array[] => [formatUint(bytes.length, 2), bytes];
const cases: [string, number, number, () => unknown][] = [
 ['64 multiply same scalar', 3, 64, () => els.map((e) => g.multiply(secret, e))],
 ['64 multiply', 3, 64, () => els.map((e, i) => g.multiply(w[i]!, e, `elements[${i}]`))],
 ['63 add', 10, 64, () => terms.reduce((a, b) => g.add(a, b))],
 ['64 hashToScalar', 30, 64, () => els.map(() => g.hashToScalar(msg, 'HashToScalar-' + EVALUATION_CONTEXT))],
 ['64 transcripts', 30, 64, () => els.map((e, i) => concatBytes(...withLength(msg), formatUint(i, 2), ...withLength(e), ...withLength(e), utf8ToBytes('Composite')))],
 ['proof', 3, 64, () => generateProof(EVALUATION_CONTEXT, secret, pub, els, ev)],
 ['rest: 3 mult + base', 3, 64, () => { g.multiply(secret, pub); g.multiply(w[0]!, pub); g.multiplyBase(w[1]!) }],
 ['blindEvaluate 64', 3, 64, () => blindEvaluate(secret, pub, els)],
];
const clock = () => { const { user, system } = process.cpuUsage(); return (user + system); };
const out = new Map<string, number[]>();
for (let round = 0; round < 41; round++) for (const [n, k, per, f] of cases) {
  const t0 = clock(); for (let i = 0; i < k; i++) f(); const d = (clock() - t0) / k / per;
  out.set(n, [...(out.get(n) ?? []), d]);
}
for (const [n, d] of out) { d.sort((x, y) => x - y); console.log(n.padEnd(30), d[2]!.toFixed(2), d[20]!.toFixed(2)); }
