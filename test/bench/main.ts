/**
 * `npm run bench`: the figures of DESIGN section 7, measured beside their peers. Prints a table, and writes JSON beside it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { measureAudit } from './audit.ts';
import { measureClient, measureGuardians } from './evaluation.ts';
import { measureLog } from './log.ts';
import { measureLookups } from './lookup.ts';
import type { Effort } from './measure.ts';
import { measureRegistrations } from './registration.ts';
import { describeMachine, formatMachine, formatTable, type Row } from './report.ts';
import { measureGrowth, measureRowSize } from './store.ts';
import { measureStretching } from './stretch.ts';

const HELP = `npm run bench -- [options]

  --only NAME   measure this alone; may be repeated: guardian, client, stretch, log, audit, lookup, registration,
                row, growth
  --quick       fewer and shorter rounds, fewer rows: to see that it works, not for figures
  --rows N      the largest number of rows of "growth", and of entries of "log"; default 1000000 (about 0.9 GB; 10000000
                takes some minutes)
  --folder DIR  where databases are written while it runs; default the system's folder for temporary files
  --out FILE    where the JSON goes; default test/bench/results/DATE.json
  --help

Each figure is the median of the rounds. In each round every contender has its turn, and ratios are formed within a round.
Work on one core is counted in the time that the process had a core for; all else in the time that passed, for which the
machine must have nothing else to do. Where a target is a ratio to a peer, the ratio decides, not the seconds.`;

function refuse(message: string): never {
  console.error(`${message}\n\n${HELP}`);
  process.exit(2);
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        quick: { type: 'boolean', default: false },
        rows: { type: 'string' },
        folder: { type: 'string', default: tmpdir() },
        out: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return refuse((error as Error).message);
  }
}

const options = readOptions();

/** Milliseconds of a turn: long enough that a pause of the machine is one of many. */
const full: Effort = { rounds: 15, turnMs: 400 };
const quick: Effort = { rounds: 3, turnMs: 100 };
const many = { rounds: 9, registrations: 2000 };
const few = { rounds: 3, registrations: 500 };

const { folder } = options;
const effort = options.quick ? quick : full;
const maxRows = Number(options.rows ?? (options.quick ? 100_000 : 1_000_000));

type Measurement = (say: (text: string) => void) => Promise<Row[]>;
const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  guardian: async (say) => measureGuardians(effort, say),
  client: async (say) => measureClient(effort, say),
  stretch: async (say) => measureStretching(effort, say),
  log: async (say) =>
    measureLog({ folder, rounds: effort.rounds, appends: options.quick ? 2000 : 10_000, maxEntries: maxRows }, say),
  audit: async (say) => measureAudit({ rounds: options.quick ? 2 : 5, entries: options.quick ? 10_000 : 100_000 }, say),
  lookup: async (say) => measureLookups({ folder, rounds: effort.rounds, lookups: options.quick ? 20 : 60 }, say),
  registration: async (say) => measureRegistrations({ folder, ...(options.quick ? few : many) }, say),
  row: async (say) => measureRowSize({ folder, rows: 20_000 }, say),
  growth: async (say) => measureGrowth({ folder, maxRows, effort }, say),
};

if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const unknown = options.only.find((name) => !(name in MEASUREMENTS));
if (unknown !== undefined) refuse(`--only: there is no measurement "${unknown}"`);
if (!Number.isInteger(maxRows) || maxRows < 10_000) refuse('--rows: expected a whole number from 10000');

const machine = describeMachine();
console.error(formatMachine(machine));
const rows: Row[] = [];
for (const [name, measure] of Object.entries(MEASUREMENTS)) {
  if (options.only.length > 0 && !options.only.includes(name)) continue;
  try {
    rows.push(...(await measure((text) => console.error(`${name}: ${text}`))));
  } catch (error) {
    // What was measured until then is worth having.
    console.error(`${name} failed:`, error);
    process.exitCode = 1;
  }
}
const out = options.out ?? join(import.meta.dirname, 'results', `${machine.date.replaceAll(/[:.]/gu, '-')}.json`);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify({ machine, options: { ...options, out }, rows }, null, 2)}\n`);
console.log(`${formatMachine(machine)}\n\n${formatTable(rows)}\n\nJSON: ${relative(process.cwd(), out)}`);
