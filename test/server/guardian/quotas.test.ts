import { beforeAll, describe, expect, it } from 'vitest';
import type { EvaluationRequest } from '../../../crypto/wire.ts';
import { createFixture, type Fixture, type FixtureOptions } from '../../support/fixture.ts';
import { subsets } from '../../support/split-key.ts';
import { codeOf, officerRequest, openGuardian, ownerRequest, parseProblem, type TestGuardian } from './world.ts';
import { createToken, randomElement } from '../../support/tokens.ts';

const DAY = 86_400;
/** Noon, so that a few hours more are the same day. */
const NOON = Math.floor(Date.now() / 1000 / DAY) * DAY + DAY / 2;

let small: Fixture;
beforeAll(async () => {
  small = await createFixture({ now: NOON, officerCodesPerDay: 5, forceCodesPerDay: 8, issuerCodesPerDay: 3 });
});

/** How many codes of these requests were answered. */
async function granted(guardian: TestGuardian, requests: readonly EvaluationRequest[]): Promise<number> {
  const responses = await Promise.all(requests.map(async (body) => guardian.evaluate(body)));
  return responses.reduce((sum, response, i) => {
    const code = codeOf(response);
    expect(['ok', 'quotaExceeded']).toContain(code);
    return code === 'ok' ? sum + (requests[i]?.elements.length as number) : sum;
  }, 0);
}

async function officerRequests(fixture: Fixture, count: number, size = 1, pseudonym = 'officer-a', now = fixture.now) {
  const officer = await fixture.createOfficer(pseudonym, now);
  const elements = (): Uint8Array[] => Array.from({ length: size }, randomElement);
  return Promise.all(Array.from({ length: count }, async () => officerRequest(fixture, officer, elements(), now)));
}

describe('an officer’s quota', () => {
  it('bounds a parallel burst, counted in codes', async () => {
    const guardian = openGuardian(small);
    expect(await granted(guardian, await officerRequests(small, 12))).toBe(5);
    expect(await granted(openGuardian(small), await officerRequests(small, 6, 2))).toBe(4);
  });

  it('says when to ask again, and charges nothing for what it refuses', async () => {
    const guardian = openGuardian(small);
    const [large] = await officerRequests(small, 1, 6);
    const problem = parseProblem(await guardian.evaluate(large as EvaluationRequest));
    expect(problem).toMatchObject({ code: 'quotaExceeded', retryAfter: DAY / 2 });
    expect(await granted(guardian, await officerRequests(small, 7))).toBe(5);
  });

  it('is one for all keys of one pseudonym, and the force’s bounds all its officers', async () => {
    const guardian = openGuardian(small);
    expect(await granted(guardian, await officerRequests(small, 4))).toBe(4);
    // The same pseudonym with another key.
    expect(await granted(guardian, await officerRequests(small, 4))).toBe(1);
    expect(await granted(guardian, await officerRequests(small, 5, 1, 'officer-b'))).toBe(3);
    expect(await granted(guardian, await officerRequests(small, 5, 1, 'officer-c'))).toBe(0);
  });

  it('outlives restarts', async () => {
    const guardian = openGuardian(small);
    let total = 0;
    for (const body of await officerRequests(small, 8)) {
      total += await granted(guardian, [body]);
      await guardian.restart();
    }
    expect(total).toBe(5);
  });

  it('renews the next day', async () => {
    const guardian = openGuardian(small);
    expect(await granted(guardian, await officerRequests(small, 6))).toBe(5);
    guardian.clock.now = NOON + DAY;
    expect(await granted(guardian, await officerRequests(small, 6, 1, 'officer-a', NOON + DAY))).toBe(5);
  });

  it('does not renew by a clock that is set back', async () => {
    const tomorrow = NOON + DAY;
    const guardian = openGuardian(small, { now: tomorrow });
    expect(await granted(guardian, await officerRequests(small, 6, 1, 'officer-a', tomorrow))).toBe(5);
    guardian.clock.now = NOON;
    await guardian.restart();
    expect(await granted(guardian, await officerRequests(small, 6))).toBe(0);
    expect(await granted(guardian, await officerRequests(small, 6, 1, 'officer-b'))).toBe(3);
    guardian.clock.now = tomorrow;
    expect(await granted(guardian, await officerRequests(small, 6, 1, 'officer-c', tomorrow))).toBe(0);
  });

  it('is the lower one of roster and local maximum', async () => {
    const guardian = openGuardian(small, { maxima: { codesPerOfficerAndDay: 2 } });
    expect(await granted(guardian, await officerRequests(small, 4))).toBe(2);
    const strict = openGuardian(small, { maxima: { codesPerForceAndDay: 3 } });
    expect(await granted(strict, await officerRequests(small, 4))).toBe(3);
  });

  it('is not charged for a byte-identical request, in parallel or after a restart', async () => {
    const guardian = openGuardian(small);
    const [body] = (await officerRequests(small, 1, 5)) as [EvaluationRequest];
    const responses = await Promise.all(Array.from({ length: 6 }, async () => guardian.evaluate(body)));
    expect(responses.map(codeOf)).toEqual(Array.from({ length: 6 }, () => 'ok'));
    await guardian.restart();
    guardian.clock.now += 300;
    expect(codeOf(await guardian.evaluate(body))).toBe('ok');
    guardian.clock.now += 100;
    expect(codeOf(await guardian.evaluate(body))).toBe('credentialExpired');
    // Forgotten after its end, and not taken again by a clock that is set back.
    await granted(guardian, await officerRequests(small, 1, 1, 'officer-b', guardian.clock.now));
    guardian.clock.now = NOON;
    expect(codeOf(await guardian.evaluate(body))).toBe('credentialExpired');
  });
});

describe('an issuer’s quota', () => {
  it('bounds tokens, not elements that are accepted already', async () => {
    const guardian = openGuardian(small);
    const owned = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const element = randomElement();
        return ownerRequest(small, [element], await createToken(small, element));
      }),
    );
    expect(await granted(guardian, owned)).toBe(3);
    await guardian.restart();
    expect(await granted(guardian, owned)).toBe(3);
    guardian.clock.now += DAY;
    expect(await granted(guardian, owned)).toBe(5);
  });
});

describe('the bound over all guardians', () => {
  const bounds: [FixtureOptions, number][] = [
    [{ threshold: 2, guardians: 3, officerCodesPerDay: 5 }, 7],
    [{ threshold: 2, guardians: 3, officerCodesPerDay: 4 }, 6],
    [{ threshold: 3, guardians: 3, officerCodesPerDay: 4 }, 4],
  ];
  it.each(bounds)('is floor(n * quota / t) with rotated subsets: %j gives %i', async (options, bound) => {
    const fixture = await createFixture({ now: NOON, ...options });
    const { threshold, guardians: n } = options as { threshold: number; guardians: number };
    const guardians = Array.from({ length: n }, (_, i) => openGuardian(fixture, { index: i + 1 }));
    const sets = subsets(guardians, threshold);
    const officer = await fixture.createOfficer();
    let evaluations = 0;
    for (let turn = 0; turn < 4 * bound; turn++) {
      const body = await officerRequest(fixture, officer, [randomElement()]);
      const chosen = sets[turn % sets.length] as TestGuardian[];
      const responses = await Promise.all(chosen.map(async (guardian) => guardian.evaluate(body)));
      if (responses.every((response) => response.status === 200)) evaluations++;
    }
    expect(evaluations).toBeGreaterThan(0);
    expect(evaluations).toBeLessThanOrEqual(bound);
  });
});
