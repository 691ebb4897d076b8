/** How the guardians do, for operators: metrics, and a line in the log when that changes. */
import type { ErrorCode } from '../../crypto/errors.ts';
import type { Log } from '../http/log.ts';
import type { Metrics } from '../http/metrics.ts';
import { isRefusal, type PeerOptions } from './guardian-peer.ts';

/** What a guardian is asked for: its part of an answer, or a cosignature. It is well when it does both. */
export type GuardianTask = 'answer' | 'witness';

/** What hears of each guardian's outcomes in one of its tasks. */
export type HealthWatch = (task: GuardianTask) => PeerOptions['onHealth'];

/** Watches the guardians. */
export function watchGuardians(log: Log, metrics: Metrics): HealthWatch {
  const faults = metrics.counter(
    'blindmark_guardian_faults_total',
    'Answers that a guardian did not give as it should',
    ['guardian', 'code'],
  );
  const healthy = metrics.gauge('blindmark_guardian_healthy', 'Whether the guardian answered well the last time', [
    'guardian',
  ]);
  const latest = { answer: new Map<string, ErrorCode | null>(), witness: new Map<string, ErrorCode | null>() };
  const known = new Map<string, ErrorCode | null>();
  return (task) => (guardian, code) => {
    if (code !== null) faults.inc({ guardian, code });
    latest[task].set(guardian, code === null || isRefusal(code) ? null : code);
    const fault = latest.answer.get(guardian) ?? latest.witness.get(guardian) ?? null;
    healthy.set({ guardian }, fault === null ? 1 : 0);
    if (known.get(guardian) === fault) return;
    known.set(guardian, fault);
    if (fault === null) log.info({ guardian, healthy: true }, 'guardian answers');
    else log.warn({ guardian, healthy: false, code: fault }, 'guardian at fault');
  };
}
