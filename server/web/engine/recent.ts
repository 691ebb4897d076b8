/** The newest entries of the log, verified in the visitor's own browser. */
import { formatHour, readRecent, type LogEntry } from '../../../client-sdk/index.ts';
import type { CallContext } from './calls.ts';
import type { EngineOptions } from './options.ts';
import type { RecentView } from './proofs-api.ts';
import { RegistryConnection } from './registry-connection.ts';

/** Most entries of one call: what a person can wait for. Whoever wants all of them has `blindmark audit`. */
export const MAX_RECENT = 10_000;

/** One for each engine, kept from call to call: a log that contradicts what it showed before is found out. */
const CONNECTIONS = new WeakMap<EngineOptions, RegistryConnection>();

/**
 * Verifies the newest entries of the log of the pages' registry.
 *
 * @throws BlindmarkError those of `Registry.connect` and `readRecent`
 */
export async function verifyRecent(
  options: EngineOptions,
  { count }: { readonly count: number },
  { signal, onProgress }: CallContext,
): Promise<RecentView> {
  const connection = CONNECTIONS.get(options) ?? new RegistryConnection(options);
  CONNECTIONS.set(options, connection);
  const { registry } = await connection.connect(signal);
  const wanted = Math.min(Math.max(1, Math.floor(count)), MAX_RECENT);
  const { size, from, entries, cosignedAt } = await readRecent(registry, { count: wanted, signal, onProgress });
  const kinds = Map.groupBy(entries, ({ entry }) => entry.kind);
  const { guardians } = registry.roster.roster;
  return {
    size,
    from,
    verified: entries.length,
    kinds: Object.fromEntries([...kinds].map(([kind, all]) => [kind, all.length])),
    witnesses: guardians.filter(({ id }) => cosignedAt.has(id)).map(({ name }) => name),
    entries: entries.map(({ index, entry }) => ({
      index,
      kind: entry.kind,
      hour: formatHour(entry.hour),
      force: forceOf(entry),
    })),
  };
}

function forceOf(entry: LogEntry): string | null {
  return 'force' in entry ? entry.force : null;
}
