import * as fc from 'fast-check';
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { equalBytes, formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import {
  cosignatureTime,
  isCosignature,
  parseCheckpoint,
  readCosignature,
  signCheckpoint,
  verifyCheckpoint,
} from '../../../crypto/checkpoint.ts';
import { isBlindmarkError, type BlindmarkError } from '../../../crypto/errors.ts';
import type { LogEntry } from '../../../crypto/log-entry.ts';
import { cosignerName, logName } from '../../../crypto/log-proof.ts';
import { EMPTY_ROOT, type TreeHead } from '../../../crypto/merkle.ts';
import type { Roster, RosterLog } from '../../../crypto/roster.ts';
import { createSigningKey, type SigningKey } from '../../../crypto/signature.ts';
import type { CommitHooks } from '../../../server/database/group-commit.ts';
import { openGuardianDatabase } from '../../../server/guardian/database.ts';
import { KEPT_HEADS, WitnessStore } from '../../../server/guardian/witness-store.ts';
import { Witness } from '../../../server/guardian/witness.ts';
import { createLog } from '../../../server/http/log.ts';
import { createMetrics } from '../../../server/http/metrics.ts';
import { createFolder } from '../../support/folder.ts';
import { createTestLog, type TestLog } from '../../support/log.ts';
import { refusal } from '../../support/refusal.ts';
import { logKey, NOON, smallLogOwner, smallRoster, witnesses } from '../../support/small-roster.ts';

const HOUR = 3600;
const witnessKey = witnesses[0] as SigningKey;

const entry = (): LogEntry => ({ kind: 'activation', hour: 1, request: randomBytes(32) });

/** A log of `size` entries. */
function createLogOf(size: number): TestLog {
  return createTestLog(smallLogOwner(), Array.from({ length: size - 1 }, entry));
}

interface TestWitness {
  readonly witness: Witness;
  readonly clock: { now: number };
  readonly lines: string[];
  readonly close: () => Promise<void>;
}

function openWitness(folder: string, options: { roster?: Roster; hooks?: CommitHooks } = {}): TestWitness {
  const { roster = smallRoster(), hooks = {} } = options;
  const handle = openGuardianDatabase(join(folder, 'guardian.db'), { hooks });
  const clock = { now: NOON };
  const lines: string[] = [];
  const log = createLog('guardian', { level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const witness = new Witness(handle, {
    roster,
    guardian: 'g1',
    key: witnessKey,
    folder,
    now: () => clock.now,
    log,
    metrics: createMetrics('guardian'),
  });
  const close = async (): Promise<void> => handle.group.close();
  onTestFinished(close);
  return { witness, clock, lines, close };
}

/** Asks for a cosignature of the log at a size, with the proof from or to another. */
async function observe({ witness }: TestWitness, log: TestLog, size: number, known: number): Promise<Uint8Array> {
  const proof = known <= size ? log.consistency(known, size) : log.consistency(size, known);
  return witness.observe(log.note({ size, cosigners: [] }), { size: known, proof });
}

async function refusalOf(work: Promise<unknown>): Promise<BlindmarkError> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (isBlindmarkError(error)) return error;
  throw new Error('not refused');
}

/** Asks as the registry does: with the proof from whatever size the witness says. */
async function observeAnyway(witness: TestWitness, log: TestLog, size: number): Promise<Uint8Array> {
  for (let known = 0; ;) {
    try {
      return await observe(witness, log, size, known);
    } catch (error) {
      if (!isBlindmarkError(error, 'sizeConflict')) throw error;
      known = error.size as number;
    }
  }
}

describe('a witness', () => {
  it('cosigns what it sees first, and what grows from there', async () => {
    const witness = openWitness(createFolder());
    const log = createLogOf(9);
    for (const [size, known] of [
      [3, 0],
      [4, 3],
      [9, 4],
    ] as const) {
      witness.clock.now += 10;
      const cosignature = await observe(witness, log, size, known);
      expect(isCosignature(log.head(size), witnessKey.publicKey, cosignature)).toBe(true);
      expect(cosignatureTime(cosignature)).toBe(witness.clock.now);
    }
  });

  it('takes a checkpoint without a proof from an empty tree, and none later', async () => {
    const witness = openWitness(createFolder());
    const log = createLogOf(5);
    await witness.witness.observe(log.note({ size: 2 }), null);
    const error = await refusalOf(witness.witness.observe(log.note({ size: 5 }), null));
    expect(error).toEqual(refusal('sizeConflict', 'log.consistency'));
    expect(error.size).toBe(2);
  });

  it('cosigns the empty tree, which has one root', async () => {
    const witness = openWitness(createFolder());
    const sign = (root: Uint8Array): string =>
      signCheckpoint({ origin: logName(smallRoster()), size: 0, root }, logKey);
    await expect(witness.witness.observe(sign(randomBytes(32)), null)).rejects.toEqual(refusal('badProof'));
    expect(cosignatureTime(await witness.witness.observe(sign(EMPTY_ROOT), null))).toBe(NOON);
    await observe(witness, createLogOf(3), 3, 0);
    expect(witness.witness.isForked()).toBe(false);
  });

  it('answers what it knows by the same bytes, without a proof', async () => {
    const witness = openWitness(createFolder());
    const log = createLogOf(6);
    const [first, second] = [await observe(witness, log, 2, 0), await observe(witness, log, 6, 2)];
    witness.clock.now += 5 * HOUR;
    await observe(witness, log, 6, 2);
    for (const consistency of [null, { size: 1, proof: [randomBytes(32)] }]) {
      expect(await witness.witness.observe(log.note({ size: 2 }), consistency)).toEqual(first);
    }
    expect(await witness.witness.observe(log.note({ size: 6 }), null)).not.toEqual(second);
  });

  it('renews the cosignature of the largest after an hour, and of no other', async () => {
    const witness = openWitness(createFolder());
    const log = createLogOf(4);
    const small = await observe(witness, log, 2, 0);
    const large = await observe(witness, log, 4, 2);
    witness.clock.now += HOUR - 1;
    expect(await observe(witness, log, 4, 2)).toEqual(large);
    witness.clock.now += 1;
    const renewed = await observe(witness, log, 4, 2);
    expect(cosignatureTime(renewed)).toBe(NOON + HOUR);
    expect(isCosignature(log.head(4), witnessKey.publicKey, renewed)).toBe(true);
    expect(await observe(witness, log, 4, 2)).toEqual(renewed);
    expect(await observe(witness, log, 2, 0)).toEqual(small);
  });

  it('renews the cosignature of the largest when its clock was set back behind it', async () => {
    const witness = openWitness(createFolder());
    const log = createLogOf(2);
    const made = await observe(witness, log, 2, 0);
    witness.clock.now -= 60;
    expect(await observe(witness, log, 2, 0)).toEqual(made);
    witness.clock.now -= 1;
    expect(cosignatureTime(await observe(witness, log, 2, 0))).toBe(NOON - 61);
  });

  it('takes a smaller size that is shown to be within a known one, and dates it before that', async () => {
    const witness = openWitness(createFolder());
    const log = createLogOf(8);
    await observe(witness, log, 6, 0);
    witness.clock.now += HOUR;
    await observe(witness, log, 8, 6);
    for (const known of [0, 3, 5, 7]) {
      expect((await refusalOf(observe(witness, log, 5, known))).size).toBe(8);
    }
    // At any time after it saw six entries, five were not the most that it knew.
    expect(cosignatureTime(await observe(witness, log, 5, 8))).toBe(NOON);
    expect(cosignatureTime(await observe(witness, log, 7, 8))).toBe(NOON + HOUR);
    expect(isCosignature(log.head(4), witnessKey.publicKey, await observe(witness, log, 4, 6))).toBe(true);
  });

  it('takes a larger size from the largest alone: a proof from a smaller one would not show that both fit', async () => {
    const witness = openWitness(createFolder());
    const log = createLogOf(9);
    await observe(witness, log, 3, 0);
    await observe(witness, log, 5, 3);
    expect((await refusalOf(observe(witness, log, 9, 3))).size).toBe(5);
    await observe(witness, log, 9, 5);
  });

  it('counts nobody’s signature but the log’s, and this log’s name', async () => {
    const { witness } = openWitness(createFolder());
    const log = createLogOf(3);
    const head = log.head();
    const impostor = createSigningKey();
    for (const note of [
      signCheckpoint(head, impostor),
      signCheckpoint({ ...head, origin: 'registry.example/log-2' }, logKey),
      log.note().replace(/^\d+$/mu, '2'),
      'no note',
    ]) {
      await expect(witness.observe(note, null)).rejects.toEqual(refusal('badCheckpoint'));
    }
    expect(witness.latest()).toBeUndefined();
  });

  it('keeps the log’s signature alone, and shows the largest with its own', async () => {
    const { witness } = openWitness(createFolder());
    const log = createLogOf(3);
    await witness.observe(log.note({ cosigners: [2, 3] }), null);
    const { note } = parseCheckpoint(witness.latest() as string);
    expect(note.signatures.map(({ name }) => name)).toEqual(['registry.example/log', 'registry.example/guardian/g1']);
    const cosigner = { name: cosignerName('registry.example', 'g1'), publicKey: witnessKey.publicKey };
    expect(readCosignature(note, cosigner)).not.toBeNull();
  });

  it('refuses a proof that does not hold, keeps the checkpoint as unexplained, and goes on', async () => {
    const witness = openWitness(createFolder());
    const log = createLogOf(9);
    await observe(witness, log, 4, 0);
    const note = log.note({ size: 9, cosigners: [] });
    const good = log.consistency(4, 9);
    for (const proof of [[], good.slice(1), [...good, randomBytes(32)], [randomBytes(32), ...good.slice(1)]]) {
      await expect(witness.witness.observe(note, { size: 4, proof })).rejects.toEqual(refusal('badProof'));
    }
    expect(witness.witness.unexplained()).toEqual([note]);
    expect(witness.lines.filter((line) => line.includes('proof that does not hold'))).toHaveLength(1);
    await observe(witness, log, 9, 4);
    expect(witness.witness.isForked()).toBe(false);
  });

  it('keeps no checkpoint that it has cosigned, whatever proof somebody sends with it', async () => {
    const { witness } = openWitness(createFolder());
    const log = createLogOf(5);
    await witness.observe(log.note({ size: 5 }), null);
    const proof = Buffer.from(randomBytes(32)).toString('base64');
    await expect(witness.addCheckpoint(`old 5\n${proof}\n\n${log.note({ size: 5 })}`)).rejects.toEqual(
      refusal('badProof'),
    );
    expect(witness.unexplained()).toEqual([]);
  });

  it('keeps no more than a hundred unexplained checkpoints: the last', async () => {
    const folder = createFolder();
    const { witness } = openWitness(folder);
    const log = createLogOf(2);
    await witness.observe(log.note({ size: 2 }), null);
    const notes = Array.from({ length: 103 }, (_, i) =>
      signCheckpoint({ ...log.head(), size: 3 + i, root: randomBytes(32) }, logKey),
    );
    for (const note of notes) {
      await expect(witness.observe(note, { size: 2, proof: [randomBytes(32)] })).rejects.toEqual(refusal('badProof'));
    }
    expect(witness.unexplained()).toEqual(notes.slice(3));
  });

  it(
    'remembers the last thousand sizes: beyond them a checkpoint needs its proof again',
    { timeout: 60_000 },
    async () => {
      const folder = createFolder();
      const log = createLogOf(KEPT_HEADS + 2);
      const last = log.size;
      // All but the last three as if cosigned before: what they are signed by is not looked at again.
      const before = openGuardianDatabase(join(folder, 'guardian.db'));
      const store = new WitnessStore(before.db, 1);
      before.db.exec('BEGIN');
      for (let size = 1; size <= last - 3; size++) {
        const { root } = log.head(size);
        store.put({ size, root, checkpoint: `size ${size}`, cosignature: randomBytes(72), observedAt: NOON });
      }
      before.db.exec('COMMIT');
      await before.group.close();
      const witness = openWitness(folder);
      for (let size = last - 2; size <= last; size++) await observe(witness, log, size, size - 1);
      // Two have been forgotten.
      expect((await refusalOf(witness.witness.observe(log.note({ size: 2 }), null))).size).toBe(last);
      await witness.witness.observe(log.note({ size: 3 }), null);
      const cosignature = await observe(witness, log, 2, last);
      expect(isCosignature(log.head(2), witnessKey.publicKey, cosignature)).toBe(true);
      const { db } = openGuardianDatabase(join(folder, 'guardian.db'));
      const { count } = db.prepare('SELECT count(*) AS count FROM witnessed').get() as { count: number };
      db.close();
      expect(count).toBe(KEPT_HEADS);
    },
  );
});

describe('a fork', () => {
  const fork = async (folder: string) => {
    const log = createLogOf(5);
    const other = createLogOf(5);
    const witness = openWitness(folder);
    await observe(witness, log, 5, 0);
    await expect(observe(witness, other, 5, 0)).rejects.toEqual(refusal('logForked'));
    return { log, other, witness };
  };

  it('stops the witness for good, through restarts, whatever it is asked', async () => {
    const folder = createFolder();
    const { log, other, witness } = await fork(folder);
    const refuses = async (stopped: TestWitness): Promise<void> => {
      expect(stopped.witness.isForked()).toBe(true);
      for (const note of [log.note(), log.note({ size: 2 }), other.note()]) {
        await expect(stopped.witness.observe(note, { size: 5, proof: log.consistency(2) })).rejects.toEqual(
          refusal('logForked'),
        );
      }
      await expect(stopped.witness.addCheckpoint(`old 5\n\n${log.note()}`)).rejects.toEqual(refusal('logForked'));
    };
    await refuses(witness);
    await witness.close();
    const again = openWitness(folder);
    await refuses(again);
    expect(again.lines.join('')).toContain('THE LOG HAS FORKED');
  });

  it('is said loudly, and both checkpoints are kept: in the database and in a file that anybody can verify', async () => {
    const folder = createFolder();
    const { log, other, witness } = await fork(folder);
    const line = witness.lines.find((text) => text.includes('THE LOG HAS FORKED')) as string;
    expect(JSON.parse(line)).toMatchObject({ level: 'error', generation: 1, size: 5 });
    await witness.close();
    const { db } = openGuardianDatabase(join(folder, 'guardian.db'));
    const kept = new WitnessStore(db, 1).fork();
    db.close();
    const text = readFileSync(join(folder, 'fork-1-5.txt'), 'utf8');
    for (const [note, from] of [
      [kept?.known, log],
      [kept?.other, other],
    ] as const) {
      expect(text).toContain(note);
      const head = verifyCheckpoint(note as string, { origin: 'registry.example/log', publicKey: logKey.publicKey });
      expect(head).toEqual(from.head());
    }
    const cosigner = { name: 'registry.example/guardian/g1', publicKey: witnessKey.publicKey };
    expect(readCosignature(parseCheckpoint(kept?.known as string).note, cosigner)).not.toBeNull();
  });

  it('is found at any size that is known, not at the largest alone', async () => {
    const witness = openWitness(createFolder());
    const [log, other] = [createLogOf(7), createLogOf(7)];
    await observe(witness, log, 3, 0);
    await observe(witness, log, 7, 3);
    await expect(witness.witness.addCheckpoint(`old 0\n\n${other.note({ size: 3 })}`)).rejects.toEqual(
      refusal('logForked'),
    );
  });

  it('is reported again when its file was taken away', async () => {
    const folder = createFolder();
    const { witness } = await fork(folder);
    const before = readFileSync(join(folder, 'fork-1-5.txt'), 'utf8');
    await witness.close();
    const moved = createFolder();
    copyFileSync(join(folder, 'guardian.db'), join(moved, 'guardian.db'));
    openWitness(moved);
    expect(readFileSync(join(moved, 'fork-1-5.txt'), 'utf8')).toBe(before);
  });
});

describe('a successor log', () => {
  const successorOf = (log: TestLog, size: number): { roster: Roster; key: SigningKey } => {
    const key = createSigningKey();
    const start: TreeHead = { size, root: log.head(size).root };
    const next: RosterLog = { generation: 2, publicKey: key.publicKey, start, closed: start };
    return { roster: smallRoster({ log: next }), key };
  };
  /** The log before it, gone on with under the new key. */
  const signed = (log: TestLog, roster: Roster, key: SigningKey, size: number): string =>
    signCheckpoint({ ...log.head(size), origin: logName(roster) }, key);

  it('begins where the roster says, goes on from there, and takes a witness on that had stopped', async () => {
    const folder = createFolder();
    const [log, other] = [createLogOf(9), createLogOf(9)];
    const before = openWitness(folder);
    await observe(before, log, 5, 0);
    await expect(observe(before, other, 5, 0)).rejects.toEqual(refusal('logForked'));
    await before.close();
    const { roster, key } = successorOf(log, 5);
    const witness = openWitness(folder, { roster });
    expect(witness.witness.isForked()).toBe(false);
    const note = (size: number): string => signed(log, roster, key, size);
    const error = await refusalOf(witness.witness.observe(note(7), null));
    expect([error.code, error.size]).toEqual(['sizeConflict', 5]);
    await witness.witness.observe(note(5), null);
    await witness.witness.observe(note(7), { size: 5, proof: log.consistency(5, 7) });
    await witness.witness.addCheckpoint(
      `old 7\n${log
        .consistency(7, 9)
        .map((hash) => Buffer.from(hash).toString('base64'))
        .join('\n')}\n\n${note(9)}`,
    );
    // The log before it is nobody's any more; what was seen of it is kept.
    await expect(witness.witness.observe(log.note({ size: 9 }), null)).rejects.toEqual(refusal('badCheckpoint'));
    await expect(witness.witness.addCheckpoint(`old 9\n\n${log.note({ size: 9 })}`)).rejects.toEqual(
      refusal('wrongOrigin'),
    );
    expect(existsSync(join(folder, 'fork-1-5.txt'))).toBe(true);
  });

  it('has nothing before its start', async () => {
    const log = createLogOf(9);
    const { roster, key } = successorOf(log, 5);
    const { witness } = openWitness(createFolder(), { roster });
    await expect(
      witness.observe(signed(log, roster, key, 3), { size: 5, proof: log.consistency(3, 5) }),
    ).rejects.toEqual(refusal('badProof'));
  });

  it('that begins otherwise than its roster says has forked', async () => {
    const [log, other] = [createLogOf(5), createLogOf(5)];
    const { roster, key } = successorOf(log, 5);
    const folder = createFolder();
    const { witness } = openWitness(folder, { roster });
    await expect(witness.observe(signed(other, roster, key, 5), null)).rejects.toEqual(refusal('logForked'));
    expect(readdirSync(folder)).toContain('fork-2-5.txt');
  });

  it('that contradicts what this guardian had cosigned is followed, since t operators signed it, and said to', async () => {
    const folder = createFolder();
    const [log, other] = [createLogOf(5), createLogOf(5)];
    const before = openWitness(folder);
    await observe(before, log, 5, 0);
    await before.close();
    expect(openWitness(folder, { roster: successorOf(log, 5).roster }).lines).toEqual([]);
    const { lines } = openWitness(folder, { roster: successorOf(other, 5).roster });
    expect(lines.join('')).toContain('BEGINS WITH ANOTHER TREE');
  });
});

describe('what is written', () => {
  it('outlives a restart', async () => {
    const folder = createFolder();
    const log = createLogOf(6);
    const before = openWitness(folder);
    const cosignature = await observe(before, log, 4, 0);
    await before.close();
    const witness = openWitness(folder);
    expect(await witness.witness.observe(log.note({ size: 4 }), null)).toEqual(cosignature);
    expect((await refusalOf(observe(witness, log, 6, 0))).size).toBe(4);
    await observe(witness, log, 6, 4);
  });

  it('is on disk before the cosignature is given: stopped in between, the same request gets the same bytes', async () => {
    const folder = createFolder();
    const log = createLogOf(6);
    let isBroken = true;
    const hooks: CommitHooks = {
      afterCommit: () => {
        if (isBroken) throw new Error('broken by the test');
      },
    };
    const witness = openWitness(folder, { hooks });
    await expect(observe(witness, log, 4, 0)).rejects.toEqual(refusal('storageFailed'));
    await witness.close();
    isBroken = false;
    const again = openWitness(folder);
    again.clock.now += 60;
    // It cosigned at that time, and does not cosign anew.
    expect(cosignatureTime(await observe(again, log, 4, 0))).toBe(NOON);
    await expect(observe(again, createLogOf(6), 4, 0)).rejects.toEqual(refusal('logForked'));
  });

  it('is nothing when the disk takes nothing: no cosignature is given', async () => {
    const folder = createFolder();
    const log = createLogOf(6);
    let isBroken = true;
    const hooks: CommitHooks = {
      beforeCommit: () => {
        if (isBroken) throw new Error('broken by the test');
      },
    };
    const witness = openWitness(folder, { hooks });
    await expect(observe(witness, log, 4, 0)).rejects.toEqual(refusal('storageFailed'));
    expect(witness.witness.latest()).toBeUndefined();
    isBroken = false;
    await observe(witness, log, 4, 0);
    isBroken = true;
    await expect(observe(witness, log, 6, 4)).rejects.toEqual(refusal('storageFailed'));
    // What needs no writing is answered.
    await observe(witness, log, 4, 0);
  });

  it('settles requests that come at once as if one came after the other', async () => {
    const witness = openWitness(createFolder());
    const log = createLogOf(12);
    const sizes = Array.from({ length: 12 }, (_, i) => 12 - i);
    const all = await Promise.all([...sizes, ...sizes].map(async (size) => observeAnyway(witness, log, size)));
    for (const [i, cosignature] of all.entries()) {
      const size = sizes[i % 12] as number;
      expect(isCosignature(log.head(size), witnessKey.publicKey, cosignature)).toBe(true);
    }
    expect(all.slice(12)).toEqual(all.slice(0, 12));
  });
});

describe('whatever is shown, in whatever order', () => {
  it('all that was cosigned is one tree, and an honest log is always cosigned', async () => {
    const step = fc.record({ isOther: fc.boolean(), size: fc.integer({ min: 1, max: 12 }), from: fc.nat({ max: 12 }) });
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 11 }), fc.array(step, { maxLength: 16 }), async (common, steps) => {
        const shared = Array.from({ length: common }, entry);
        const build = (): TestLog =>
          createTestLog(smallLogOwner(), [...shared, ...Array.from({ length: 11 - common }, entry)]);
        const [log, other] = [build(), build()];
        const witness = openWitness(createFolder());
        const cosigned: TreeHead[] = [];
        try {
          for (const { isOther, size, from } of steps) {
            const shown = isOther ? other : log;
            try {
              await observe(witness, shown, size, from);
              cosigned.push(shown.head(size));
            } catch (error) {
              if (!isBlindmarkError(error, 'sizeConflict', 'badProof', 'logForked')) throw error;
            }
          }
          const fits = (tree: TestLog): boolean =>
            cosigned.every(({ size, root }) => equalBytes(tree.head(size).root, root));
          expect(fits(log) || fits(other)).toBe(true);
          if (!steps.some(({ isOther }) => isOther)) {
            for (const { size } of steps) await observeAnyway(witness, log, size);
          }
        } finally {
          await witness.close();
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

describe('the evidence of a fork', () => {
  it('holds no key but public ones', async () => {
    const folder = createFolder();
    const witness = openWitness(folder);
    await observe(witness, createLogOf(2), 2, 0);
    await expect(observe(witness, createLogOf(2), 2, 0)).rejects.toEqual(refusal('logForked'));
    const text = readFileSync(join(folder, 'fork-1-2.txt'), 'utf8') + witness.lines.join('');
    expect(text).not.toContain(formatBase64url(witnessKey.seed));
    expect(text).not.toContain(Buffer.from(witnessKey.seed).toString('base64'));
  });
});
