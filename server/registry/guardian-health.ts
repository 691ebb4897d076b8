/** How the guardians do, for operators: metrics, and a line in the log when that changes. */
import type { ErrorCode } from '../../crypto/errors.ts';
import type { Log } from '../http/log.ts';
import type { Metrics } from '../http/metrics.ts';
import { isRefusal, type PeerOptions } from './guardian-peer.ts';

/** What hears of each guardian's outcomes. */
export function watchGuardians(log: Log, metrics: Metrics): PeerOptions['onHealth'] {
  const faults = metrics.counter(
    'blindmark_guardian_faults_total',
    'Answers that a guardian did not give as it should',
    ['guardian', 'code'],
  );
  const healthy = metrics.gauge('blindmark_guardian_healthy', 'Whether the guardian answered well the last time', [
    'guardian',
  ]);
  const known = new Map<string, ErrorCode | null>();
  return (guardian, code) => {
    if (code !== null) faults.inc({ guardian, code });
    const fault = code === null || isRefusal(code) ? null : code;
    healthy.set({ guardian }, fault === null ? 1 : 0);
    if (known.get(guardian) === fault) return;
    known.set(guardian, fault);
    if (fault === null) log.info({ guardian, healthy: true }, 'guardian answers');
    else log.warn({ guardian, healthy: false, code: fault }, 'guardian at fault');
  };
}
