import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bytesField } from '../../crypto/message.ts';
import { readJson, readText, writeJson, writeText } from '../../server/files.ts';
import { createFolder } from '../support/folder.ts';
import { refusal, refusalOf } from '../support/refusal.ts';

const schema = z.strictObject({ name: z.string(), key: bytesField(4) });
const VALUE = { name: 'a', key: Uint8Array.of(1, 2, 3, 4) };

describe('writing', () => {
  it('keeps what it wrote, for its owner alone unless told otherwise', () => {
    const folder = createFolder();
    const [secret, open] = [join(folder, 'secret.json'), join(folder, 'open.json')];
    writeJson(secret, schema, VALUE);
    writeJson(open, schema, VALUE, 0o644);
    expect(readJson(secret, schema)).toEqual(VALUE);
    expect(readText(secret)).toBe('{\n  "name": "a",\n  "key": "AQIDBA"\n}\n');
    expect(statSync(secret).mode & 0o777).toBe(0o600);
    expect(statSync(open).mode & 0o777).toBe(0o644 & ~process.umask());
    expect(readdirSync(folder).toSorted()).toEqual(['open.json', 'secret.json']);
  });

  it('replaces the whole file, and takes away access that it had', () => {
    const file = join(createFolder(), 'file');
    writeFileSync(file, 'a longer text than the next', { mode: 0o666 });
    writeText(file, 'next');
    expect(readText(file)).toBe('next');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('writes what a link names', () => {
    const folder = createFolder();
    writeText(join(folder, 'target'), 'old');
    symlinkSync('target', join(folder, 'link'));
    writeText(join(folder, 'link'), 'new');
    expect(readText(join(folder, 'target'))).toBe('new');
    expect(readdirSync(folder).toSorted()).toEqual(['link', 'target']);
  });

  it('says storageFailed where it cannot write, and leaves nothing', () => {
    const folder = createFolder();
    const missing = join(folder, 'missing', 'file');
    expect(refusalOf(() => writeText(missing, 'text'))).toMatchObject({ code: 'storageFailed', field: missing });
    mkdirSync(join(folder, 'directory'));
    expect(() => writeText(join(folder, 'directory'), 'text')).toThrow(refusal('storageFailed'));
    expect(readdirSync(folder)).toEqual(['directory']);
  });

  it('leaves the old file whole when the disk takes only part of the new', () => {
    const folder = createFolder();
    const file = join(folder, 'file');
    writeText(file, 'old');
    const program = `
      import { writeText } from ${JSON.stringify(new URL('../../server/files.ts', import.meta.url))};
      process.on('SIGXFSZ', () => {});
      try { writeText(${JSON.stringify(file)}, 'n'.repeat(1_000_000)) } catch (error) { console.log(error.code) }`;
    const limited = ['-c', 'ulimit -f 100; exec "$0" "$@"', process.execPath, '--input-type=module', '-e', program];
    expect(spawnSync('/bin/sh', limited, { encoding: 'utf8' }).stdout).toBe('storageFailed\n');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe('reading', () => {
  it('says what is missing, and what cannot be read', () => {
    const folder = createFolder();
    const missing = refusalOf(() => readText(join(folder, 'missing')));
    expect(missing).toMatchObject({ code: 'badFile', field: join(folder, 'missing') });
    expect(missing.message).toContain('there is no such file');
    expect(refusalOf(() => readText(folder)).message).toContain('cannot be read');
  });

  it.each([
    ['not JSON', '{"name": "secret-value"', 'not JSON'],
    ['a missing field', '{"name": "secret-value"}', 'key'],
    ['a malformed field', '{"name": "a", "key": "secret-value"}', 'key'],
    ['an unknown field', '{"name": "a", "key": "AQIDBA", "secret-value": 1}', 'no field beside'],
  ])('names the file and the field at fault, and quotes nothing: %s', (_, text, says) => {
    const file = join(createFolder(), 'file.json');
    writeText(file, text);
    const error = refusalOf(() => readJson(file, schema));
    expect(error).toMatchObject({ code: 'badFile', field: file });
    expect(error.message).toContain(file);
    expect(error.message).toContain(says);
    expect(`${error.stack} ${String(error.cause)} ${JSON.stringify(error)}`).not.toContain('secret-value');
  });
});
