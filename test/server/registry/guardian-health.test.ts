/** How guardians do, as operators see it: by what they answer, and by what they cosign. */
import { describe, expect, it } from 'vitest';
import { createLog } from '../../../server/http/log.ts';
import { createMetrics } from '../../../server/http/metrics.ts';
import { watchGuardians } from '../../../server/registry/guardian-health.ts';

function create() {
  const lines: { healthy: boolean; code?: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) };
  const metrics = createMetrics('registry');
  const watch = watchGuardians(createLog('registry', { destination }), metrics);
  const isHealthy = async (): Promise<boolean> =>
    /^blindmark_guardian_healthy\{guardian="g1",.*\} 1$/mu.test(await metrics.registry.metrics());
  return { lines, metrics, isHealthy, answers: watch('answer'), witnesses: watch('witness') };
}

describe('a guardian', () => {
  it('is well when it both answers and cosigns', async () => {
    const { answers, witnesses, isHealthy } = create();
    answers('g1', 'badProof');
    witnesses('g1', null);
    expect(await isHealthy()).toBe(false);
    answers('g1', null);
    expect(await isHealthy()).toBe(true);
    witnesses('g1', 'timedOut');
    answers('g1', null);
    expect(await isHealthy()).toBe(false);
    witnesses('g1', null);
    expect(await isHealthy()).toBe(true);
  });

  it('is said to be at fault, and well again, once each', () => {
    const { answers, witnesses, lines } = create();
    for (let i = 0; i < 3; i++) answers('g1', null);
    for (let i = 0; i < 3; i++) witnesses('g1', 'unreachable');
    for (let i = 0; i < 3; i++) witnesses('g1', null);
    expect(lines.map(({ healthy, code }) => code ?? healthy)).toEqual([true, 'unreachable', true]);
  });

  it('that refuses a request is well, and its refusals are counted', async () => {
    const { answers, isHealthy, metrics } = create();
    answers('g1', 'quotaExceeded');
    expect(await isHealthy()).toBe(true);
    expect(await metrics.registry.metrics()).toMatch(
      /^blindmark_guardian_faults_total\{guardian="g1",code="quotaExceeded",.*\} 1$/mu,
    );
  });
});
