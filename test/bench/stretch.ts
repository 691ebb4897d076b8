/** Argon2id with the parameters of a real roster: what each code costs beside everything else. */
import { randomBytes } from '../../crypto/bytes.ts';
import { argon2idWasm, STRETCH_FLOOR, type Argon2id } from '../../crypto/stretch.ts';
import { argon2idNode } from '../../client-sdk/node/argon2id.ts';
import { compare, wallClock, type Contender, type Effort } from './measure.ts';
import type { Row } from './report.ts';

export async function measureStretching(effort: Effort, say: (text: string) => void): Promise<Row[]> {
  const [y, salt] = [randomBytes(64), randomBytes(16)];
  const contender = (name: string, argon2id: Argon2id): Contender => ({
    name,
    run: async (times) => {
      for (let i = 0; i < times; i++) await argon2id(y, salt, STRETCH_FLOOR, 64);
    },
  });
  const contenders = [contender('node:crypto', argon2idNode), contender('hash-wasm (browsers)', argon2idWasm)];
  const [node, wasm] = await compare(contenders, effort, wallClock, say);
  if (node === undefined || wasm === undefined) throw new Error('there are two contenders');
  return [
    {
      work: 'stretching of one code: node:crypto',
      unit: 'ms',
      better: 'less',
      figure: node,
      peers: [{ name: 'hash-wasm (browsers)', figure: wasm }],
    },
  ];
}
