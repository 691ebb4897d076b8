import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { ceremonyHash, round1Schema, round2Schema } from '../../../crypto/dkg-messages.ts';
import { verifyKeyGeneration } from '../../../crypto/dkg-outcome.ts';
import { createRound1, createRound2, type DkgParty } from '../../../crypto/dkg.ts';
import { bytesToHex } from '../../../crypto/bytes.ts';
import { sodiumGroup } from '../../../crypto/group-sodium.ts';
import { readJson, writeJson } from '../../../server/files.ts';
import { Board } from '../../../server/guardian/board.ts';
import { guardianFiles } from '../../../server/guardian/config.ts';
import { KeyGenerationSession, type KeyGenerationProgress } from '../../../server/guardian/key-generation.ts';
import { readShares } from '../../../server/guardian/keys.ts';
import { createParties, withCeremony } from '../../support/ceremony.ts';
import { CHEAP_STRETCH } from '../../support/fixture.ts';
import { createFolder } from '../../support/folder.ts';
import { refusal } from '../../support/refusal.ts';

const PASSPHRASE = 'a passphrase for tests';

interface Seat {
  readonly party: DkgParty;
  readonly folder: string;
}

interface Table {
  readonly seats: readonly Seat[];
  readonly board: string;
}

function createTable(parties: readonly DkgParty[] = createParties(2, 3)): Table {
  const root = createFolder();
  const board = join(root, 'board');
  mkdirSync(board);
  const seats = parties.map((party) => {
    const folder = join(root, party.guardian);
    mkdirSync(folder);
    return { party, folder };
  });
  return { seats, board };
}

/** A new program each time: nothing is remembered but what is in the folder. */
async function advance(
  { party, folder }: Seat,
  board: string,
  ceremony = party.ceremony,
): Promise<KeyGenerationProgress> {
  const { guardian, operator, exchange } = party;
  const session = new KeyGenerationSession({
    folder,
    passphrase: PASSPHRASE,
    guardian,
    keys: { operator, exchange },
    ceremony,
    board: new Board(board),
    sealing: CHEAP_STRETCH,
  });
  return session.advance();
}

const snapshot = (folder: string): Map<string, string> =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

const stateFile = ({ party, folder }: Seat): string =>
  guardianFiles(folder).keyGeneration(bytesToHex(ceremonyHash(party.ceremony).subarray(0, 8)));

describe('a key generation over a board', () => {
  it('goes on after a stop at each step, says nothing twice differently, and ends with one key for all', async () => {
    const { seats, board } = createTable();
    const [g1, g2, g3] = seats as [Seat, Seat, Seat];
    const posted = new Map<string, string>();
    const step = async (seat: Seat): Promise<string> => {
      const progress = await advance(seat, board);
      // Once more, as after a stop: nothing that was said changes.
      const again = await advance(seat, board);
      expect(again).toEqual(progress);
      for (const [name, text] of snapshot(board)) {
        expect(posted.get(name) ?? text).toBe(text);
        posted.set(name, text);
      }
      return progress.done ? 'done' : `${progress.waitingFor}: ${progress.missing.join()}`;
    };
    expect(await step(g1)).toBe('round 1: g2,g3');
    expect(await step(g2)).toBe('round 1: g3');
    expect(await step(g3)).toBe('round 2: g1,g2');
    expect(await step(g1)).toBe('round 2: g2');
    expect(await step(g2)).toBe('confirmation: g1,g3');
    expect(await step(g3)).toBe('confirmation: g1');
    expect(await step(g1)).toBe('done');
    expect(await step(g2)).toBe('done');
    expect(await step(g3)).toBe('done');
    expect([...posted.keys()]).toHaveLength(3 + 6 + 3 + 1);

    const outcome = new Board(board).outcome(g1.party.ceremony);
    if (outcome === undefined) throw new Error('no outcome');
    verifyKeyGeneration(outcome);
    for (const [i, seat] of seats.entries()) {
      const [share, ...more] = await readShares(seat.folder, PASSPHRASE);
      expect(more).toEqual([]);
      expect(share).toMatchObject({ purpose: 'evaluation', epoch: 1, index: i + 1, groupKey: outcome.groupKey });
      expect(sodiumGroup.multiplyBase(share?.secret as Uint8Array)).toEqual(outcome.publicShares[i]);
      // The seed is forgotten: it and the board would make up the share again.
      expect(existsSync(stateFile(seat))).toBe(false);
    }
  });

  it('says the same again after messages of its own were lost from the board', async () => {
    const { seats, board } = createTable();
    for (const seat of [...seats, ...seats]) await advance(seat, board);
    const before = snapshot(board);
    for (const name of before.keys())
      if (/^(?:round1-g1|round2-g1|confirmation-g1)/u.test(name)) rmSync(join(board, name));
    await advance(seats[0] as Seat, board);
    for (const [name, text] of before) expect([name, readFileSync(join(board, name), 'utf8')]).toEqual([name, text]);
  });

  it('keeps to the round-1 messages that it answered, whatever becomes of the board', async () => {
    const { seats, board } = createTable();
    for (const seat of seats) await advance(seat, board);
    const [g1] = seats as [Seat];
    await advance(g1, board);
    const before = readFileSync(join(board, 'round2-g1-to-g2.json'), 'utf8');
    const twin = createRound1({ ...(seats[2] as Seat).party, seed: randomBytes(64) });
    writeJson(join(board, 'round1-g3.json'), round1Schema, twin);
    await advance(g1, board);
    expect(readFileSync(join(board, 'round2-g1-to-g2.json'), 'utf8')).toBe(before);
  });

  it('mends a stop between storing the share and forgetting the seed', async () => {
    const { seats, board } = createTable();
    const [g1] = seats as [Seat];
    for (const seat of [...seats, ...seats]) await advance(seat, board);
    const kept = `${stateFile(g1)}.copy`;
    copyFileSync(stateFile(g1), kept);
    expect((await advance(g1, board)).done).toBe(true);
    copyFileSync(kept, stateFile(g1));
    expect((await advance(g1, board)).done).toBe(true);
    expect(existsSync(stateFile(g1))).toBe(false);
    expect(await readShares(g1.folder, PASSPHRASE)).toHaveLength(1);
  });

  it('is refused to a second program in one folder', async () => {
    const { seats, board } = createTable();
    const [g1] = seats as [Seat];
    const both = await Promise.allSettled([advance(g1, board), advance(g1, board)]);
    const failures = both.filter((result) => result.status === 'rejected');
    expect(failures.map(({ reason }) => reason as unknown)).toEqual([refusal('unavailable', 'folder')]);
  });

  it('does not begin again under a lost seed: its first message binds it', async () => {
    const { seats, board } = createTable();
    const [g1] = seats as [Seat];
    await advance(g1, board);
    rmSync(stateFile(g1));
    await expect(advance(g1, board)).rejects.toEqual(
      expect.objectContaining({ code: 'badTranscript', guardians: ['g1'] }),
    );
  });

  it('makes no second key for one epoch', async () => {
    const parties = createParties(2, 3);
    const { seats, board } = createTable(parties);
    for (const seat of [...seats, ...seats, ...seats]) await advance(seat, board);
    const [g1] = seats as [Seat];
    const other = createTable(withCeremony(parties, 3));
    const { ceremony } = (other.seats[0] as Seat).party;
    await expect(advance(g1, other.board, ceremony)).rejects.toEqual(refusal('badInput', 'epoch'));
    const next = withCeremony(parties, 2, { epoch: 2 })[0] as DkgParty;
    expect((await advance(g1, other.board, next.ceremony)).done).toBe(false);
  });

  it('makes two keys for one epoch, each by a ceremony and a board of its own', async () => {
    const parties = createParties(2, 3);
    const evaluation = createTable(parties);
    const board = createFolder();
    const decryption = withCeremony(parties, 2, { purpose: 'decryption' });
    const seats = evaluation.seats.map((seat, i) => ({ ...seat, party: decryption[i] as DkgParty }));
    for (const seat of [...evaluation.seats, ...evaluation.seats, ...evaluation.seats]) {
      await advance(seat, evaluation.board);
    }
    for (const seat of [...seats, ...seats, ...seats]) await advance(seat, board);
    for (const { folder } of seats) {
      const shares = await readShares(folder, PASSPHRASE);
      expect(shares.map(({ purpose, epoch }) => [purpose, epoch])).toEqual([
        ['evaluation', 1],
        ['decryption', 1],
      ]);
      expect(shares[0]?.groupKey).not.toEqual(shares[1]?.groupKey);
      expect(shares[0]?.secret).not.toEqual(shares[1]?.secret);
    }
    // Nobody's message of one ceremony is taken in the other.
    await expect(advance(seats[0] as Seat, evaluation.board)).rejects.toEqual(refusal('badFile'));
  });

  it('refuses another passphrase for what it remembers', async () => {
    const { seats, board } = createTable();
    const [g1] = seats as [Seat];
    await advance(g1, board);
    const { guardian, ceremony, operator, exchange } = g1.party;
    const session = new KeyGenerationSession({
      folder: g1.folder,
      passphrase: 'another passphrase',
      guardian,
      keys: { operator, exchange },
      ceremony,
      board: new Board(board),
    });
    await expect(session.advance()).rejects.toEqual(refusal('badPassphrase'));
  });
});

describe('a board', () => {
  it('with two messages of one guardian stops all others, who name it', async () => {
    const { seats, board } = createTable();
    for (const seat of seats.slice(1)) await advance(seat, board);
    const twin = createRound1({ ...(seats[2] as Seat).party, seed: randomBytes(64) });
    writeJson(join(board, 'round1-g3 (2).json'), round1Schema, twin);
    await expect(advance(seats[0] as Seat, board)).rejects.toEqual(
      expect.objectContaining({ code: 'badTranscript', guardians: ['g3'] }),
    );
  });

  it('that tells two stories is found out by round 2, which names the author', async () => {
    const { seats, board } = createTable();
    const [g1, g2, g3] = seats as [Seat, Seat, Seat];
    for (const seat of seats) await advance(seat, board);
    await advance(g1, board);
    // g2 was shown another message of g3, and answered it.
    const twin = createRound1({ ...g3.party, seed: randomBytes(64) });
    const shown = [createRoundOf(board, 'g1'), createRoundOf(board, 'g2'), twin];
    const seedOfG2 = { ...g2.party, seed: randomBytes(64) };
    const own = createRound1(seedOfG2);
    for (const message of createRound2(seedOfG2, [shown[0] as typeof twin, own, twin])) {
      writeJson(join(board, `round2-g2-to-${message.recipient}.json`), round2Schema, message);
    }
    // Here both g2 and g3 have signed two; honest guardians stop, and name both.
    await expect(advance(g1, board)).rejects.toEqual(
      expect.objectContaining({ code: 'badTranscript', guardians: ['g2', 'g3'] }),
    );
  });

  it('with a message of another ceremony names its author', async () => {
    const parties = createParties(2, 3);
    const { seats, board } = createTable(parties);
    const earlier = createTable(withCeremony(parties, 2, { epoch: 9 }));
    await advance(earlier.seats[2] as Seat, earlier.board);
    copyFileSync(join(earlier.board, 'round1-g3.json'), join(board, 'round1-g3.json'));
    await advance(seats[1] as Seat, board);
    await expect(advance(seats[0] as Seat, board)).rejects.toEqual(
      expect.objectContaining({ code: 'badTranscript', guardians: ['g3'] }),
    );
  });

  it('with the outcome of another ceremony is no board for this one', async () => {
    const parties = createParties(2, 3);
    const { seats, board } = createTable(parties);
    for (const seat of [...seats, ...seats, ...seats]) await advance(seat, board);
    const next = withCeremony(parties, 2, { epoch: 2 })[0] as DkgParty;
    await expect(advance(seats[0] as Seat, board, next.ceremony)).rejects.toEqual(refusal('badFile'));
  });

  it('that holds a torn file or is no folder is refused, naming it', async () => {
    const { seats, board } = createTable();
    writeFileSync(join(board, 'round1-g2.json'), '{"format":');
    await expect(advance(seats[0] as Seat, board)).rejects.toEqual(refusal('badFile', join(board, 'round1-g2.json')));
    expect(() => new Board(join(board, 'nowhere'))).toThrow(refusal('badFile', 'board'));
  });

  it('holds no secret: shares are sealed to their recipients', async () => {
    const { seats, board } = createTable();
    for (const seat of [...seats, ...seats, ...seats]) await advance(seat, board);
    const text = [...snapshot(board).values()].join('');
    for (const { folder } of seats) {
      const [share] = await readShares(folder, PASSPHRASE);
      expect(text).not.toContain(Buffer.from(share?.secret as Uint8Array).toString('base64url'));
    }
  });
});

function createRoundOf(board: string, guardian: string) {
  return readJson(join(board, `round1-${guardian}.json`), round1Schema);
}
