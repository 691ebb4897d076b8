import { sodiumGroup as g } from '../crypto/group-sodium.ts';
import { sodium } from '../crypto/sodium.ts';
import { blindEvaluate, EVALUATION_CONTEXT } from '../crypto/oprf.ts';
const s = () => g.reduceScalar(sodium.randombytes_buf(64));
const secret = s(), pub = g.multiplyBase(secret);
const els = Array.from({ length: 64 }, () => g.multiplyBase(s()));
const msg = new Uint8Array(170).fill(7);
const cases: [string, number, () => unknown][] = [
 ['mult', 200, () => g.multiply(secret, pub)],
 ['hashToScalar', 3000, () => g.hashToScalar(msg, 'HashToScalar-' + EVALUATION_CONTEXT)],
 ['blindEvaluate 1', 60, () => blindEvaluate(secret, pub, [pub])],
 ['blindEvaluate 64', 3, () => blindEvaluate(secret, pub, els)],
];
const clock = () => { const { user, system } = process.cpuUsage(); return (user + system); };
const out = new Map<string, number[]>();
for (let round = 0; round < 41; round++) for (const [n, k, f] of cases) {
  const t0 = clock(); for (let i = 0; i < k; i++) f(); const d = (clock() - t0) / k;
  out.set(n, [...(out.get(n) ?? []), d]);
}
for (const [n, d] of out) { d.sort((x, y) => x - y); console.log(n.padEnd(30), d[2]!.toFixed(2), d[20]!.toFixed(2)); }
