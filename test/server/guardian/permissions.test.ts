/** What a guardian's process may touch, tried out: the flags are those that the launcher starts it with. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { guardianPermissionFlags } from '../../../server/guardian/permissions.ts';
import { createFolder } from '../../support/folder.ts';
import type { Attempt } from './permission-probe.mts';
import { PROJECT } from './processes.ts';

interface Outcome {
  readonly onMain: string[];
  readonly onWorker: string[];
}

/** Runs the probe from where every guardian may read: its own folder. */
function probe(flags: readonly string[], folder: string, attempts: readonly Attempt[]): Outcome {
  const program = join(folder, 'probe.mts');
  copyFileSync(fileURLToPath(new URL('./permission-probe.mts', import.meta.url)), program);
  const args = [...flags, program, JSON.stringify(attempts)];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: dirname(folder) });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Outcome;
}

function createFolders(): { root: string; own: string; other: string } {
  const root = createFolder();
  const [own, other] = [join(root, 'g1'), join(root, 'g2')];
  for (const folder of [own, other]) {
    mkdirSync(folder);
    writeFileSync(join(folder, 'keys.json'), 'sealed keys');
  }
  return { root, own, other };
}

describe('guardianPermissionFlags', () => {
  it('leave a guardian and its threads their own folder and their code', () => {
    const { own } = createFolders();
    const attempts: Attempt[] = [
      ['read', join(own, 'keys.json')],
      ['list', own],
      ['write', join(own, 'written')],
      ['open', join(own, 'probe.db')],
      ['read', join(PROJECT, 'crypto/oprf.ts')],
    ];
    const all = attempts.map(() => 'done');
    expect(probe(guardianPermissionFlags(PROJECT, own), own, attempts)).toEqual({ onMain: all, onWorker: all });
  });

  it('leave neither of them another guardian’s folder, other files of the project or the machine, or a child process', () => {
    const { root, own, other } = createFolders();
    const program = join(PROJECT, 'crypto/oprf.ts');
    const before = readFileSync(program, 'utf8');
    const attempts: Attempt[] = [
      ['read', join(other, 'keys.json')],
      ['read', `${own}/../g2/keys.json`],
      ['list', other],
      ['list', root],
      ['write', join(other, 'keys.json')],
      ['write', program],
      ['list', join(PROJECT, 'test')],
      ['read', join(PROJECT, 'LICENSE')],
      ['spawn', process.execPath],
    ];
    const all = attempts.map(() => 'ERR_ACCESS_DENIED');
    expect(probe(guardianPermissionFlags(PROJECT, own), own, attempts)).toEqual({ onMain: all, onWorker: all });
    expect(readFileSync(join(other, 'keys.json'), 'utf8')).toBe('sealed keys');
    expect(readFileSync(program, 'utf8')).toBe(before);
  });

  it('are what refuses: without them the same attempt succeeds', () => {
    const { own, other } = createFolders();
    const attempt: Attempt = ['read', join(other, 'keys.json')];
    expect(probe([], own, [attempt])).toEqual({ onMain: ['done'], onWorker: ['done'] });
  });
});
