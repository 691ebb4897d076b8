import { describe, expect, it } from 'vitest';
import { randomBytes } from '../../crypto/bytes.ts';
import { addCosignatures, cosignCheckpoint, signCheckpoint } from '../../crypto/checkpoint.ts';
import { formatLogEntry, hourOf, type LogEntry } from '../../crypto/log-entry.ts';
import { cosignerName, logName } from '../../crypto/log-proof.ts';
import { leafHash, nodeHash } from '../../crypto/merkle.ts';
import { formatReceipt, parseReceipt, verifyReceipt, type Receipt } from '../../crypto/receipt.ts';
import { formatRoster, rosterHash, verifyRosterHistory, type Roster } from '../../crypto/roster.ts';
import { createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import { createTestLog } from '../support/log.ts';
import { refusal } from '../support/refusal.ts';
import { logKey, NOON, signedBy, smallLogOwner, smallRoster, verified, witnesses } from '../support/small-roster.ts';

const hash = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const registration: LogEntry = { kind: 'registration', hour: hourOf(NOON), mark: hash(1), row: hash(2), epoch: 1 };
const owner = smallLogOwner();
const log = createTestLog(owner, [
  registration,
  { ...registration, mark: hash(3) },
  { ...registration, mark: hash(4) },
]);
const salt = hash(9);
const receipt = log.receipt(1, salt, { cosigners: [1, 2, 3] });
const text = formatReceipt(receipt);

/** A receipt in a log of 2^depth entries, whose other entries are not made up. */
function largeReceipt(depth: number, roster: Roster): Receipt {
  const index = 2 ** depth - 7;
  const entry = formatLogEntry(registration);
  const proof = Array.from({ length: depth }, () => randomBytes(32));
  let root = leafHash(entry);
  proof.forEach((sibling, level) => {
    root = Math.floor(index / 2 ** level) % 2 === 1 ? nodeHash(sibling, root) : nodeHash(root, sibling);
  });
  const checkpoint = { origin: logName(roster), size: 2 ** depth, root };
  const cosignatures = [1, 2].map((number) => {
    const key = witnesses[number - 1] as SigningKey;
    const name = cosignerName(roster.origin, `g${number}`);
    return { name, publicKey: key.publicKey, cosignature: cosignCheckpoint(checkpoint, key, NOON) };
  });
  const note = addCosignatures(signCheckpoint(checkpoint, logKey), cosignatures);
  return { checkpoint: note, logged: { index, entry, proof }, salt };
}

describe('the text of a receipt', () => {
  it('is a C2SP tlog-proof with salt and entry as extra data', () => {
    const lines = text.split('\n');
    expect(lines[0]).toBe('c2sp.org/tlog-proof@v1');
    const extra = Buffer.from((lines[1] as string).replace(/^extra /u, ''), 'base64');
    expect(new Uint8Array(extra)).toEqual(new Uint8Array([...salt, ...formatLogEntry(registration)]));
    expect(lines[2]).toBe('index 1');
    expect(lines.slice(3, 5).map((line) => new Uint8Array(Buffer.from(line, 'base64')))).toEqual(receipt.logged.proof);
    expect(lines[5]).toBe('');
    expect(lines.slice(6).join('\n')).toBe(receipt.checkpoint);
  });

  it('reads back', () => {
    expect(parseReceipt(text)).toEqual(receipt);
    const alone = createTestLog(owner).receipt(0, salt);
    expect(alone.logged.proof).toEqual([]);
    expect(parseReceipt(formatReceipt(alone))).toEqual(alone);
  });

  it('is under 2 KiB in a log of a million entries, with two cosignatures and the longest name', () => {
    const roster = smallRoster({ origin: `registry.${'x'.repeat(83)}.example` });
    expect(roster.origin).toHaveLength(100);
    const large = largeReceipt(20, roster);
    expect(Buffer.byteLength(formatReceipt(large))).toBeLessThan(2048);
    expect(verifyReceipt(parseReceipt(formatReceipt(large)), [verified(roster)]).checkpoint.size).toBe(2 ** 20);
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['no empty line', text.replace('\n\n', '\n')],
    ['another version', text.replace('@v1', '@v2')],
    ['no extra line', text.replace(/extra .*\n/u, '')],
    ['no index', text.replace(/index .*\n/u, '')],
    ['an index with a zero in front', text.replace('index 1', 'index 01')],
    ['a negative index', text.replace('index 1', 'index -1')],
    ['an index that cannot be counted with', text.replace('index 1', 'index 9999999999999999')],
    ['extra data of a salt alone', text.replace(/extra .*/u, `extra ${Buffer.from(salt).toString('base64')}`)],
    ['extra data too short for a salt', text.replace(/extra .*/u, 'extra AAAA')],
    ['extra data in base64url', text.replace(/extra .*/u, `extra ${'_'.repeat(88)}`)],
    ['a hash too short', text.replace('\n\n', '\nAAAA\n\n')],
    ['64 hashes', text.replace('\n\n', `\n${Array(62).fill(Buffer.from(salt).toString('base64')).join('\n')}\n\n`)],
    ['no checkpoint', text.slice(0, text.indexOf('\n\n') + 2)],
    ['carriage returns', text.replaceAll('\n', '\r\n')],
  ])('is refused with %s', (_, changed) => {
    expect(() => parseReceipt(changed)).toThrow(refusal('badFile', 'receipt'));
  });
});

describe('a receipt', () => {
  it('proves its entry, by when and before whom', () => {
    expect(verifyReceipt(receipt, [owner.roster])).toEqual({
      entry: registration,
      checkpoint: log.head(),
      cosignedAt: NOON,
      guardians: ['g1', 'g2', 'g3'],
      roster: owner.roster,
    });
  });

  it('is of the moment by which t guardians had cosigned', () => {
    const times = [500, 100, 300];
    const cosignatures = times.map((at, i) => {
      const key = witnesses[i] as SigningKey;
      const name = cosignerName('registry.example', `g${i + 1}`);
      return { name, publicKey: key.publicKey, cosignature: cosignCheckpoint(log.head(), key, NOON + at) };
    });
    const note = addCosignatures(log.note({ cosigners: [] }), cosignatures);
    expect(verifyReceipt({ ...receipt, checkpoint: note }, [owner.roster]).cosignedAt).toBe(NOON + 300);
  });

  it('does not hold with any character of the text changed', () => {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length; at++) {
      const changed = new TextDecoder().decode(bytes.with(at, (bytes[at] as number) ^ 1));
      let result: ReturnType<typeof verifyReceipt> | null = null;
      try {
        result = verifyReceipt(parseReceipt(changed), [owner.roster]);
      } catch (error) {
        expect(error, `byte ${at}`).toMatchObject({ name: 'BlindmarkError' });
      }
      // The salt is not authenticated, and a third guardian's name may be spoilt: the entry is proved all the same.
      if (result !== null) expect(result.entry).toEqual(registration);
    }
  });

  it.each<[string, Receipt, ReturnType<typeof refusal>]>([
    ['too few cosignatures', log.receipt(1, salt, { cosigners: [1] }), refusal('badCheckpoint', 'checkpoint')],
    ['another index', { ...receipt, logged: { ...receipt.logged, index: 2 } }, refusal('badProof')],
    [
      'another entry',
      { ...receipt, logged: { ...receipt.logged, entry: formatLogEntry({ ...registration, mark: hash(7) }) } },
      refusal('badProof'),
    ],
    ['another registry’s log', largeReceipt(3, smallRoster({ origin: 'registry.example2' })), refusal('badCheckpoint')],
    ['no checkpoint', { ...receipt, checkpoint: 'x' }, refusal('badCheckpoint')],
  ])('does not hold with %s', (_, changed, error) => {
    expect(() => verifyReceipt(changed, [owner.roster])).toThrow(error);
  });
});

describe('receipts of former times', () => {
  const firstBytes = formatRoster(smallRoster());
  const first = signedBy(firstBytes, [1, 2]);
  const head = log.head();
  const closed = { size: head.size, root: head.root };
  const newLogKey = createSigningKey();
  // Another guardian 3, and a successor log.
  const guardians = smallRoster().guardians.with(2, {
    ...(smallRoster().guardians[2] as Roster['guardians'][number]),
    id: 'g4',
    witnessKey: (witnesses[3] as SigningKey).publicKey,
  });
  const next = { version: 2, predecessor: rosterHash(firstBytes), guardians };
  const changed = signedBy(formatRoster(smallRoster(next)), [1, 2]);
  const successor = signedBy(
    formatRoster(
      smallRoster({
        ...next,
        version: 3,
        predecessor: rosterHash(changed.roster),
        log: { generation: 2, publicKey: newLogKey.publicKey, start: closed, closed },
      }),
    ),
    [1, 2],
  );
  const history = verifyRosterHistory([first, changed, successor], rosterHash(firstBytes));

  it('hold under the rosters that they were given under', () => {
    const old = log.receipt(1, salt, { cosigners: [1, 3] });
    expect(verifyReceipt(old, history)).toMatchObject({ guardians: ['g1', 'g3'], roster: history[0] });
    expect(() => verifyReceipt(old, history.slice(1))).toThrow(refusal('badCheckpoint'));
    expect(verifyReceipt(log.receipt(1, salt, { cosigners: [1, 2] }), history)).toMatchObject({ roster: history[1] });
  });

  it('do not hold beyond where a later roster closed their log, nor for another tree of that size', () => {
    const entries = [registration, { ...registration, mark: hash(3) }, { ...registration, mark: hash(4) }];
    const longer = createTestLog(owner, [...entries, { ...registration, mark: hash(5) }]);
    const [beyond, within] = [longer.receipt(1, salt), log.receipt(1, salt)];
    const forked = createTestLog(owner, [...entries.slice(0, -1), { ...registration, mark: hash(6) }]).receipt(1, salt);
    for (const receipts of [beyond, forked]) {
      expect(verifyReceipt(receipts, history.slice(0, 2)).entry).toEqual(registration);
      expect(() => verifyReceipt(receipts, history)).toThrow(refusal('badCheckpoint', 'checkpoint'));
    }
    expect(verifyReceipt(within, history).checkpoint.size).toBe(closed.size);
  });

  it('are those of the successor log under its own name and key', () => {
    const roster = history[2] as (typeof history)[number];
    const second = createTestLog({ ...owner, roster, chain: [first, changed, successor], logKey: newLogKey }, [
      registration,
    ]);
    expect(verifyReceipt(second.receipt(1, salt), history)).toMatchObject({
      roster,
      checkpoint: { origin: 'registry.example/log-2' },
    });
    expect(() => verifyReceipt(second.receipt(1, salt), history.slice(0, 2))).toThrow(refusal('badCheckpoint'));
  });
});
