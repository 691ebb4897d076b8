/** Damage of the stored log: found when it is opened, before anything is signed, with its place named. */
import * as fc from 'fast-check';
import { copyFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { formatTilePath } from '../../../crypto/tile.ts';
import { BlindmarkError } from '../../../crypto/errors.ts';
import { namedRequest } from '../../support/log-request.ts';
import { refusal } from '../../support/refusal.ts';
import { createLogWorld, type LogWorld } from './world.ts';

/** Runs SQL on the file. */
function execute(file: string, sql: string, ...values: (number | Uint8Array)[]): void {
  const db = new DatabaseSync(file);
  try {
    db.prepare(sql).run(...values);
  } finally {
    db.close();
  }
}

function read(file: string, sql: string): Record<string, unknown>[] {
  const db = new DatabaseSync(file);
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = bit >> 3;
  copy[at] = (copy[at] as number) ^ (1 << (bit & 7));
  return copy;
}

async function createFilled(size: number): Promise<LogWorld> {
  const world = await createLogWorld({ guardians: 2 });
  await world.preload(size);
  return world;
}

/** Where the log says that it is damaged. */
async function placeOfDamage(world: LogWorld, file: string): Promise<string | undefined> {
  try {
    const { close } = await world.open({ file });
    await close();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(BlindmarkError);
    expect((error as BlindmarkError).code).toBe('badFile');
    expect((error as BlindmarkError).message).toContain('Nothing was signed');
    return (error as BlindmarkError).field;
  }
}

describe('a small log', () => {
  it.each([1, 255, 256, 600])('of %i entries is opened when nothing is wrong', async (size) => {
    const world = await createFilled(size);
    expect(await placeOfDamage(world, world.file)).toBeUndefined();
  });

  it('names the entry in which any bit is flipped', async () => {
    const world = await createFilled(600);
    await fc.assert(
      fc.asyncProperty(fc.nat(599), fc.nat(), async (index, at) => {
        const file = `${world.file}.${index}.${at}`;
        copyFileSync(world.file, file);
        const { entry } = namedRequest(`preloaded ${index}`);
        const changed = flip(entry, at % (entry.length * 8));
        execute(file, 'UPDATE log_entries SET entry = ? WHERE id = ?', changed, index);
        expect(await placeOfDamage(world, file)).toBe(`entry ${index}`);
      }),
      { numRuns: 30 },
    );
  });

  it('names the tile in which any bit is flipped', async () => {
    const world = await createFilled(600);
    const tiles = read(world.file, 'SELECT id, tile FROM log_tiles ORDER BY id') as { id: number; tile: Uint8Array }[];
    expect(tiles.map(({ tile }) => tile.length / 32)).toEqual([256, 256, 88, 2]);
    await fc.assert(
      fc.asyncProperty(fc.nat(3), fc.nat(), async (i, at) => {
        const file = `${world.file}.${i}.${at}`;
        copyFileSync(world.file, file);
        const { id, tile } = tiles[i] as (typeof tiles)[0];
        execute(file, 'UPDATE log_tiles SET tile = ? WHERE id = ?', flip(tile, at % (tile.length * 8)), id);
        const path = formatTilePath({ level: i === 3 ? 1 : 0, index: i === 3 ? 0 : i, width: tile.length / 32 });
        expect(await placeOfDamage(world, file)).toBe(path);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['a missing entry', 'DELETE FROM log_entries WHERE id = 300', 'entry 300'],
    ['a missing last entry', 'DELETE FROM log_entries WHERE id = 599', 'entry 599'],
    ['a missing tile', 'DELETE FROM log_tiles WHERE id = 1', 'tile/0/001'],
    ['a tile that is cut', 'UPDATE log_tiles SET tile = substr(tile, 1, 8160) WHERE id = 0', 'tile/0/000'],
    ['another size', 'UPDATE log_head SET size = 599', 'the checkpoint'],
    ['another root', "UPDATE log_head SET root = unhex(substr(hex(root), 3) || '00')", 'the checkpoint'],
    ['another checkpoint', "UPDATE log_head SET checkpoint = replace(checkpoint, '600', '601')", 'the checkpoint'],
  ])('names %s', async (_, sql, place) => {
    const world = await createFilled(600);
    execute(world.file, sql);
    const failure = await world.open().catch((error: unknown) => error);
    expect(failure).toEqual(refusal('badFile', place));
  });

  it('names exchanged entries', async () => {
    const world = await createFilled(600);
    execute(world.file, 'UPDATE log_entries SET id = 1000 WHERE id = 10');
    execute(world.file, 'UPDATE log_entries SET id = 10 WHERE id = 20');
    execute(world.file, 'UPDATE log_entries SET id = 20 WHERE id = 1000');
    expect(await placeOfDamage(world, world.file)).toBe('entry 10');
  });
});

describe('a large log', () => {
  it('names damage at its right edge', async () => {
    const size = 65_536 + 256 + 88;
    const world = await createFilled(size);
    const damage = async (sql: string): Promise<string | undefined> => {
      const file = `${world.file}.damaged`;
      copyFileSync(world.file, file);
      execute(file, sql);
      return placeOfDamage(world, file);
    };
    const xor = (column: string): string =>
      `unhex(CASE substr(hex(${column}), 1, 1) WHEN '0' THEN '1' ELSE '0' END || substr(hex(${column}), 2))`;
    const level = 2 ** 48;
    expect(await damage('SELECT 1')).toBeUndefined();
    expect(await damage(`UPDATE log_entries SET entry = ${xor('entry')} WHERE id = ${size - 88}`)).toBe(
      `entry ${size - 88}`,
    );
    expect(await damage(`UPDATE log_tiles SET tile = ${xor('tile')} WHERE id = 257`)).toBe(`entry ${size - 88}`);
    expect(await damage(`UPDATE log_tiles SET tile = ${xor('tile')} WHERE id = ${level + 1}`)).toBe('tile/1/001.p/1');
    expect(await damage(`UPDATE log_tiles SET tile = ${xor('tile')} WHERE id = ${2 * level}`)).toBe('tile/2/000.p/1');
    expect(await damage(`DELETE FROM log_tiles WHERE id = ${level + 1}`)).toBe('tile/1/001.p/1');
  });
});

describe('damage that is met while the log runs', () => {
  it('is the storage’s failure, not the caller’s', async () => {
    const world = await createFilled(600);
    const { log } = await world.open();
    await world.append(log, ['a']);
    execute(world.file, 'DELETE FROM log_tiles WHERE id = 0');
    execute(world.file, 'DELETE FROM log_entries WHERE id = 300');
    await expect(log.prove([5])).rejects.toThrow(refusal('storageFailed'));
    await expect(log.find(namedRequest('preloaded 300').key)).rejects.toThrow(refusal('storageFailed'));
    await expect(log.proveConsistency(3, 600)).rejects.toThrow(refusal('storageFailed'));
    await expect(log.append([namedRequest('preloaded 300')])).rejects.toThrow(refusal('storageFailed'));
  });
});
