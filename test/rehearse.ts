/**
 * `npm run rehearse`: registers every mark of test/data/marks.csv and looks up every reading of test/data/reads.csv against a
 * running registry, through the command line, and holds each result against what is expected. Resumable: run it again.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseTable } from '../client-sdk/tables.ts';
import { flags } from '../server/demonstration/programs.ts';

const root = resolve(import.meta.dirname, '..');

const { values: options } = parseArgs({
  options: {
    demo: { type: 'string', default: join(root, 'data/demo') },
    work: { type: 'string', default: join(root, 'data/rehearsal') },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) {
  console.log(
    'npm run rehearse -- [--demo data/demo] [--work data/rehearsal]\n\nStart a demonstration first: npm start',
  );
  process.exit(0);
}

const marks = join(root, 'test/data/marks.csv');
const reads = join(root, 'test/data/reads.csv');
const inDemo = (name: string): string => join(options.demo, name);
const inWork = (name: string): string => join(options.work, name);

/** Runs `blindmark`, showing how it goes. @returns its exit code */
async function blindmark(...args: string[]): Promise<number> {
  const command = [join(root, 'client-sdk/cli/main.ts'), ...args];
  const env = { ...process.env, BLINDMARK_PASSPHRASE: 'a rehearsal’s passphrase' };
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit'], env });
  return new Promise((done) => {
    child.once('close', (code) => {
      done(code ?? 1);
    });
  });
}

async function need(what: string, ...args: string[]): Promise<void> {
  const started = performance.now();
  const code = await blindmark(...args);
  if (code !== 0) {
    console.error(`${what}: blindmark ended with ${code}`);
    process.exit(code);
  }
  console.log(`${what}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

interface Answer {
  readonly id: string;
  readonly result: string;
  readonly candidates: number;
  readonly registrations: { readonly items: Record<string, string>[] }[];
}

/** What is wrong with an answer; undefined when nothing is. */
function fault(answer: Answer | undefined, expected: string, codeItems: readonly string[]): string | undefined {
  if (answer === undefined) return 'no answer';
  if (answer.result !== expected) return `${answer.result} instead of ${expected}`;
  if (expected === 'miss') return undefined;
  const describe = ({ category, make, model }: Record<string, string>): string => [category, make, model].join('|');
  const found = new Set(answer.registrations.flatMap(({ items }) => items.map(describe)));
  return codeItems.every((item) => found.has(item)) ? undefined : 'other items';
}

mkdirSync(options.work, { recursive: true });
const vault = inWork('owner.vault');
const packs = inWork('packs.csv');
const results = inWork('results.jsonl');

if (!existsSync(vault)) await need('Vault', 'owner', 'new', '--vault', vault);
if (!existsSync(packs))
  await need('2,000 packs', 'vendor', 'mint', '--credential', inDemo('vendor.json'), '--count', '2000', '--out', packs);
await need(
  'Registering marks.csv',
  'owner',
  'register',
  '--json',
  ...flags({ vault, 'registry-file': inDemo('registry.json'), 'activation-keys': packs, 'from': marks }),
);
await need(
  'Looking up reads.csv',
  'officer',
  'lookup',
  '--json',
  ...flags({ credential: inDemo('officer-a.json'), case: 'REHEARSAL/1', from: reads, resume: results }),
);

const answers = new Map(
  readFileSync(results, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Answer)
    .map((answer) => [answer.id, answer]),
);
const table = (path: string) => parseTable(path, readFileSync(path), []).rows.map((row) => row.cells);
const markRows = table(marks);
const codeOf = new Map(markRows.map((row) => [row['id'], `${row['scheme']}|${row['code']}`]));
const itemsOf = Map.groupBy(markRows, (row) => `${row['scheme']}|${row['code']}`);
const wrong = table(reads).flatMap((row) => {
  const items = itemsOf.get(codeOf.get(row['id']) ?? '') ?? [];
  const expectedItems = items.map((item) => [item['category'], item['make'], item['model']].join('|'));
  const what = fault(answers.get(row['id'] as string), row['expect'] as string, expectedItems);
  return what === undefined ? [] : [`${row['id']} (${row['kind']}): ${what}`];
});
const candidates = [...answers.values()].reduce((sum, answer) => sum + answer.candidates, 0);
for (const line of wrong) console.log(line);
console.log(`${answers.size} readings, ${candidates} codes asked for, ${wrong.length} wrong`);
process.exitCode = wrong.length === 0 ? 0 : 1;
