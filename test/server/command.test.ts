import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readPassphrase } from '../../server/command.ts';
import { writeText } from '../../server/files.ts';
import { createFolder } from '../support/folder.ts';
import { refusal } from '../support/refusal.ts';

/** Runs a small command line in a process of its own. */
function run(...args: string[]) {
  const program = `
    import { mkdirSync } from 'node:fs';
    import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
    import { createCommand, runCommand } from ${JSON.stringify(new URL('../../server/command.ts', import.meta.url))};
    import { BlindmarkError } from ${JSON.stringify(new URL('../../crypto/errors.ts', import.meta.url))};
    const command = createCommand('blindmark-test', 'For tests').option('--code <code>', 'error to end with');
    command.action(({ code }) => {
      if (code === 'defect') throw new Error('a defect');
      if (code === 'zod') z.strictObject({ name: z.string().max(2) }).parse({ name: 'too long' });
      if (code === 'mkdir') mkdirSync(process.execPath + '/folder');
      if (code) throw new BlindmarkError(code, 'What happened', { remedy: 'What to do', guardians: ['g1', 'g2'] });
      console.log('done');
    });
    await runCommand(command, ['node', 'blindmark-test', ...process.argv.slice(1)]);`;
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', program, '--', ...args], {
    encoding: 'utf8',
  });
  return { status: result.status, out: result.stdout, err: result.stderr };
}

describe('runCommand', () => {
  it.each([
    ['badInput', 2],
    ['quotaExceeded', 3],
    ['storageFailed', 4],
  ])('ends by the kind of the error: %s with %i', (code, status) => {
    const result = run('--code', code);
    expect(result).toEqual({ status, out: '', err: 'What happened\nAt fault: g1, g2\nWhat to do\n' });
  });

  it('ends with 0 when it is done, and 1 at a defect', () => {
    expect(run()).toEqual({ status: 0, out: 'done\n', err: '' });
    expect(run('--code', 'defect')).toMatchObject({ status: 1, out: '' });
  });

  it('names the field of what fits no schema, and the path that the system refuses', () => {
    const invalid = run('--code', 'zod');
    expect(invalid).toMatchObject({ status: 2, out: '' });
    expect(invalid.err).toMatch(/^name.*\n/u);
    expect(invalid.err).not.toMatch(/too long|ZodError|^\s+at /mu);
    const refused = run('--code', 'mkdir');
    expect(refused).toEqual({ status: 2, out: '', err: `${join(process.execPath, 'folder')}: ENOTDIR\n` });
  });

  it('ends with 2 at a mistake in use, saying how to get help', () => {
    for (const args of [['--unknown'], ['--code'], ['excess']]) {
      const { status, err } = run(...args);
      expect([status, err.includes('--help')]).toEqual([2, true]);
    }
    const help = run('--help');
    expect([help.status, help.out.includes('For tests')]).toEqual([0, true]);
  });
});

describe('readPassphrase', () => {
  function setEnvironment(value: string | undefined): void {
    vi.stubEnv('BLINDMARK_PASSPHRASE', value);
    onTestFinished(() => void vi.unstubAllEnvs());
  }

  it.each(['a passphrase\nand more\n', 'a passphrase\r\n', 'a passphrase'])(
    'takes the first line of a file: %j',
    async (text) => {
      setEnvironment('another');
      const file = join(createFolder(), 'passphrase');
      writeText(file, text);
      expect(await readPassphrase(file, 'Passphrase')).toBe('a passphrase');
    },
  );

  it('says which file is missing', async () => {
    const file = join(createFolder(), 'missing');
    await expect(readPassphrase(file, 'Passphrase')).rejects.toEqual(refusal('badFile', file));
  });

  it('takes the environment where no file is named', async () => {
    setEnvironment('from the environment');
    expect(await readPassphrase(undefined, 'Passphrase')).toBe('from the environment');
  });

  it('says what to do when there is nobody to ask', async () => {
    setEnvironment(undefined);
    // Not the terminal that the tests may run on.
    const { isTTY } = process.stdin;
    process.stdin.isTTY = false;
    onTestFinished(() => void (process.stdin.isTTY = isTTY));
    await expect(readPassphrase(undefined, 'Passphrase')).rejects.toEqual(refusal('badPassphrase', 'passphrase'));
  });
});
