import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { beginSetUp, completeSetUp, isSetUp, resumeSetUp } from '../../../server/demonstration/data-folder.ts';
import { layoutOf } from '../../../server/demonstration/layout.ts';
import { createFolder } from '../../support/folder.ts';
import { refusal } from '../../support/refusal.ts';

/** Stands for a set-up: what is in the data folder at its end. */
function build(folder: string): void {
  for (const name of ['demo', 'g1', 'registry']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'demo', 'registry.json'), 'the registry');
}

const registryFileIn = (data: string): string => readFileSync(layoutOf(data).registryFile, 'utf8');

describe('the data folder', () => {
  it.each(['there', 'not there, nor its parent'])('is set up when it is empty or %s', (which) => {
    const root = createFolder();
    const data = which === 'there' ? root : join(root, 'some', 'data');
    build(beginSetUp(data));
    expect(isSetUp(data)).toBe(false);
    completeSetUp(data);
    expect(isSetUp(data)).toBe(true);
    expect(readdirSync(data).sort()).toEqual(['demo', 'g1', 'registry']);
    expect(registryFileIn(data)).toBe('the registry');
  });

  it('is begun anew after a set-up that was interrupted', () => {
    const data = createFolder();
    writeFileSync(join(beginSetUp(data), 'half'), 'of it');
    resumeSetUp(data);
    expect(isSetUp(data)).toBe(false);
    const building = beginSetUp(data);
    expect(readdirSync(building)).toEqual([]);
    build(building);
    completeSetUp(data);
    expect(readdirSync(data).sort()).toEqual(['demo', 'g1', 'registry']);
  });

  it.each([
    ['at first', []],
    ['half way', ['g1']],
    ['before what tells that it is set up', ['g1', 'registry']],
    ['at its end', ['demo', 'g1', 'registry']],
  ])('goes on with a move that was interrupted: %s', (_, moved) => {
    const data = createFolder();
    const whole = join(data, '.set-up');
    mkdirSync(whole);
    build(whole);
    // What the interrupted run moved.
    for (const name of moved) renameSync(join(whole, name), join(data, name));
    resumeSetUp(data);
    expect(readdirSync(data).sort()).toEqual(['demo', 'g1', 'registry']);
    expect(registryFileIn(data)).toBe('the registry');
    resumeSetUp(data);
    expect(isSetUp(data)).toBe(true);
  });

  it('is refused, and left alone, when it holds anything else', () => {
    const data = createFolder();
    writeFileSync(join(data, 'mine'), 'precious');
    mkdirSync(join(data, '.setting-up'));
    expect(() => beginSetUp(data)).toThrow(refusal('badFile', 'BLINDMARK_DATA'));
    expect(readFileSync(join(data, 'mine'), 'utf8')).toBe('precious');
    expect(existsSync(join(data, '.setting-up'))).toBe(true);
  });
});
