/** The README's code, as it stands there: compiled, and run against the real services. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { formatCredentialFile, officerFileSchema, registryFileSchema } from '../crypto/credential-files.ts';
import { startServices } from './support/services.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const [, example = ''] = /```ts\n(.*?)```/su.exec(readme) ?? [];
const code = example.replaceAll("'./client-sdk/", `'${root}/client-sdk/`);

describe('the README’s code', () => {
  it('compiles', async () => {
    expect(example).toContain("from './client-sdk/index.ts'");
    // Beside the sources, so that it compiles under the project's own settings.
    const folder = mkdtempSync(join(root, 'test', 'readme-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'example.ts'), code);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', include: ['example.ts'] }),
    );
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { cwd: root });
  });

  it('registers and finds', async () => {
    const services = await startServices();
    const folder = mkdtempSync(join(tmpdir(), 'blindmark-readme-'));
    onTestFinished(async () => {
      await services.stopAll();
      rmSync(folder, { recursive: true });
    });
    const demo = join(folder, 'data/demo');
    mkdirSync(demo, { recursive: true });
    const { registryFile } = services;
    const { format: _, ...connection } = registryFile;
    const { key, officerCredential, forceCredential } = await services.createOfficer();
    const officer = { ...connection, seed: key.seed, officerCredential, forceCredential };
    writeFileSync(join(demo, 'registry.json'), formatCredentialFile(registryFileSchema, registryFile));
    writeFileSync(
      join(demo, 'officer-a.json'),
      formatCredentialFile(officerFileSchema, { format: 'blindmark-officer-v1', ...officer }),
    );
    writeFileSync(
      join(demo, 'packs.csv'),
      `\ufeffactivation_key\r\n${(await services.createActivationKeys(1))[0]}\r\n`,
    );
    writeFileSync(join(folder, 'example.ts'), code);
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const { stdout } = await run(process.execPath, ['example.ts'], { cwd: folder });
    expect(stdout).toContain("id: 'exhibit 1'");
    expect(stdout).toContain("result: 'hit'");
    expect(stdout).toContain("status: 'withKeeper'");
  });
});

describe('the README', () => {
  it('names programs, commands and files that exist', async () => {
    const commands = readme.match(/npx blindmark \w+ \w+/gu) ?? [];
    expect(commands.length).toBeGreaterThan(5);
    for (const command of new Set(commands)) {
      const [, , group = '', name = ''] = command.split(' ');
      const { stdout } = await run(process.execPath, [join(root, 'client-sdk/cli/main.ts'), group, name, '--help']);
      expect(stdout).toMatch(new RegExp(`^Usage: blindmark ${group} ${name}`, 'u'));
    }
    for (const [, file = ''] of readme.matchAll(/\]\((\w+\.md)\)/gu))
      expect(readFileSync(join(root, file), 'utf8')).not.toBe('');
  });
});
