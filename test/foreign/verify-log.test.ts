/** Go's golang.org/x/mod/sumdb/note and tlog read logs of ours, honest and false ones. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatUint, utf8ToBytes } from '../../crypto/bytes.ts';
import { addCosignatures, signCheckpoint } from '../../crypto/checkpoint.ts';
import { formatBase64, formatVerifierKey, SIGNATURE_TYPES, type SignatureType } from '../../crypto/note.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { createServedLog, serve, type ServedLog } from '../support/served-log.ts';
import { buildVerifier, hasGo, type Verifier, type VerifierReport } from './go-verifier.ts';

const NAME = 'registry.example/log';
const TIME = 1_792_238_400;
const logKey = createSigningKey();
const witnesses = ['one', 'two', 'three'].map((id) => {
  return { name: `registry.example/guardian/${id}`, key: createSigningKey() };
});

const vkey = (name: string, type: SignatureType, publicKey: Uint8Array) => {
  return formatVerifierKey({ name, type, publicKey });
};
const logVkey = vkey(NAME, SIGNATURE_TYPES.ed25519, logKey.publicKey);
const witnessVkeys = witnesses.map(({ name, key }) => vkey(name, SIGNATURE_TYPES.cosignature, key.publicKey));

function createLog(size: number): ServedLog {
  const log = createServedLog({ name: NAME, key: logKey, witnesses });
  log.append(Array.from({ length: size }, (_, i) => utf8ToBytes(`entry ${i}`)));
  return log;
}

let verifier: Verifier;

/** What the Go program says of a log; rejects with what it finds wrong. */
async function verifyLog(
  log: Pick<ServedLog, 'get'>,
  options: { readonly old?: string; readonly quorum?: number; readonly log?: string; readonly witness?: string[] } = {},
): Promise<VerifierReport> {
  const { old, quorum = 3, log: key = logVkey, witness = witnessVkeys } = options;
  const service = await serve(log.get);
  try {
    const task = { url: `${service.url}/log`, log: key, witnesses: witness, quorum };
    return await verifier.verify(old === undefined ? task : { ...task, old });
  } finally {
    await service.close();
  }
}

function flip(bit: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => bytes.with(bit >> 3, (bytes[bit >> 3] as number) ^ (1 << (bit & 7)));
}

describe.runIf(hasGo)('Go’s note and tlog', () => {
  beforeAll(async () => {
    verifier = await buildVerifier();
  }, 180_000);
  afterAll(() => verifier.remove());

  it('verify checkpoint, cosignatures, root, every tile and entry, and consistency, at the edges of tiles', async () => {
    let old: string | undefined;
    let before: number | null = null;
    for (const size of [1, 255, 256, 257, 600]) {
      const log = createLog(size);
      const note = log.publish(TIME);
      expect(await verifyLog(log, old === undefined ? {} : { old }), `${size} entries`).toEqual({
        origin: NAME,
        size,
        root: formatBase64(log.head().root),
        signedBy: [NAME, ...witnesses.map(({ name }) => name)],
        tiles: expect.any(Number) as number,
        entries: size,
        consistentFrom: before,
      });
      [old, before] = [note, size];
    }
  });

  it('verify a log of three levels', async () => {
    const log = createLog(65_535);
    const old = log.publish(TIME);
    log.append(Array.from({ length: 301 }, (_, i) => utf8ToBytes(`entry ${65_535 + i}`)));
    log.publish(TIME);
    // 257 full tiles of level 0 and a partial one, one full tile of level 1 and a partial one, one of level 2.
    expect(await verifyLog(log, { old })).toMatchObject({ size: 65_836, tiles: 261, consistentFrom: 65_535 });
  });

  const small = () => {
    const log = createLog(300);
    log.publish(TIME);
    return log;
  };

  it('take any signature order, unknown signatures, and a part of the witnesses', async () => {
    const log = createLog(3);
    log.publish(TIME, witnesses.toReversed().slice(0, 2));
    expect(await verifyLog(log, { quorum: 2, witness: witnessVkeys.slice(1) })).toMatchObject({ size: 3 });
    await expect(verifyLog(log)).rejects.toThrow('2 cosignatures of 3');
    expect(await verifyLog(log, { quorum: 1, witness: witnessVkeys.slice(0, 2) })).toMatchObject({
      signedBy: [NAME, witnesses[1]?.name],
    });
  });

  it.each([
    ['a bit of a leaf tile', 'log/tile/0/000', flip(4_001), 'tile/0/000: not the tile'],
    ['a bit of a partial leaf tile', 'log/tile/0/001.p/44', flip(7), 'tile/0/001.p/44: not the tile'],
    ['a bit of a higher tile', 'log/tile/1/000.p/1', flip(255), 'tile/1/000.p/1: not the tile'],
    ['a bit of an entry', 'log/tile/entries/001.p/44', flip(20), 'tile/0/001.p/44: not the tile'],
    ['a length in a bundle', 'log/tile/entries/000', flip(15), 'tile/entries/000: it ends'],
    [
      'an entry too many',
      'log/tile/entries/001.p/44',
      (bytes: Uint8Array) => new Uint8Array([...bytes, 0, 0]),
      '45 entries',
    ],
    ['a missing tile', 'log/tile/0/001.p/44', () => null, 'status 404'],
    ['a bit of the log’s signature', 'log/checkpoint', flip(8 * 170), 'checkpoint'],
  ])('find %s', async (_, path, change, reason) => {
    const log = small();
    log.falsify(path, change);
    await expect(verifyLog(log)).rejects.toThrow(reason);
  });

  it('find tiles and entries of another tree under a checkpoint', async () => {
    const [log, fork] = [small(), createLog(299)];
    fork.append([utf8ToBytes('another entry')]);
    const get = (path: string) => (path === 'log/checkpoint' ? log : fork).get(path);
    await expect(verifyLog({ get })).rejects.toThrow('root');
  });

  it('find another log’s key, a false cosignature and a cosignature of another time', async () => {
    const log = small();
    const stranger = createSigningKey().publicKey;
    const otherLog = vkey(NAME, SIGNATURE_TYPES.ed25519, stranger);
    await expect(verifyLog(log, { log: otherLog })).rejects.toThrow('not signed by the log');
    const otherWitness = vkey(witnesses[0]?.name as string, SIGNATURE_TYPES.cosignature, stranger);
    const others = [otherWitness, ...witnessVkeys.slice(1)];
    await expect(verifyLog(log, { witness: others })).rejects.toThrow('2 cosignatures of 3');

    const [{ name, key } = { name: '', key: logKey }] = witnesses;
    for (const cosignature of [new Uint8Array(72), new Uint8Array([...formatUint(TIME, 6), ...new Uint8Array(66)])]) {
      const note = addCosignatures(signCheckpoint(log.head(), logKey), [
        { name, publicKey: key.publicKey, cosignature },
      ]);
      log.falsify('log/checkpoint', () => utf8ToBytes(note));
      await expect(verifyLog(log)).rejects.toThrow(`invalid signature for key ${name}`);
    }
  });

  it('find a log that does not go on from an older checkpoint', async () => {
    const fork = createLog(256);
    fork.append([utf8ToBytes('another entry')]);
    await expect(verifyLog(small(), { old: fork.publish(TIME) })).rejects.toThrow('consistency');
    await expect(verifyLog(small(), { old: createLog(301).publish(TIME) })).rejects.toThrow('consistency');
  });
});
