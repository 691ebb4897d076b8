/** An audit from the beginning: every tile, entry and cosignature verified, every rule checked. */
import { cpuClock, summarise } from './measure.ts';
import type { Row } from './report.ts';
import { worldOf } from '../support/audit-world.ts';

export async function measureAudit(
  options: { readonly rounds: number; readonly entries: number },
  say: (text: string) => void,
): Promise<Row[]> {
  const { rounds, entries } = options;
  say(`filling ${entries} entries`);
  const world = worldOf(entries);
  const rates: number[] = [];
  // One round more, which warms up.
  for (let round = 0; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    const started = cpuClock();
    const { report } = await world.audit();
    const milliseconds = cpuClock() - started;
    if (report.findings.length > 0 || report.audited !== entries) throw new Error('the audit went wrong');
    if (round > 0) rates.push((entries * 1000) / milliseconds);
  }
  return [
    {
      work: `audit of a log of ${entries.toLocaleString('en')} entries, from the beginning, one core, network aside`,
      unit: '/s',
      better: 'more',
      figure: summarise(rates),
      peers: [],
    },
  ];
}
