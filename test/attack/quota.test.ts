/**
 * Quotas over three real guardians: whoever goes round the registry, straight to the guardians, and rotates subsets, bursts,
 * waits for restarts, sets clocks back, or has many keys for one name or many names for one key, never gets evaluations of
 * more codes than floor(n * quota / t). A code counts as obtained once t guardians answered for it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesToHex, formatBase64url } from '../../crypto/bytes.ts';
import { createForceCredential, createOfficerCredential, officerPersons } from '../../crypto/credential.ts';
import type { OfficerSigner } from '../../crypto/officer-request.ts';
import type { RosterForce } from '../../crypto/roster.ts';
import { createSigner, createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import type { EvaluationRequest } from '../../crypto/wire.ts';
import type { Fixture } from '../support/fixture.ts';
import { startServices, type Services } from '../support/services.ts';
import { subsets } from '../support/split-key.ts';
import { officerRequest, ownerRequest } from '../server/guardian/world.ts';
import { createToken, randomElement } from '../support/tokens.ts';
import { askGuardian, askRegistry } from './ask.ts';

const DAY = 86_400;
const NOON = Math.floor(Date.now() / 1000 / DAY) * DAY + DAY / 2;
const [GUARDIANS, THRESHOLD] = [3, 2];
const OFFICER_QUOTA = 5;
const FORCE_QUOTA = 8;
const ISSUER_QUOTA = 3;
const bound = (quota: number): number => Math.floor((GUARDIANS * quota) / THRESHOLD);

let services: Services;
let fixture: Fixture;
/** A force whose own quota is no hindrance, so that the officer's is what bounds; and one whose quota is small. */
const LARGE = 'large-force';
const SMALL = 'small-force';
const forceKeys = new Map([LARGE, SMALL].map((id) => [id, createSigningKey()]));

const forceLike = (force: RosterForce, id: string, codesPerDay: number): RosterForce => ({
  ...force,
  id,
  codesPerDay,
  codesPerOfficerAndDay: OFFICER_QUOTA,
  revocationUrl: force.revocationUrl.replace(force.id, id),
});

/** The authority root's certificate of a force's key. */
async function certify(force: string): Promise<string> {
  const { origin, authorityRoot } = fixture;
  const { publicKey } = forceKeys.get(force) as SigningKey;
  return createForceCredential(authorityRoot, { origin, force, publicKey, now: NOON - 3 * DAY });
}

beforeAll(async () => {
  services = await startServices({
    now: NOON,
    issuerCodesPerDay: ISSUER_QUOTA,
    change: (roster) => ({
      ...roster,
      forces: roster.forces.flatMap((force) => [
        forceLike(force, LARGE, 100_000),
        forceLike(force, SMALL, FORCE_QUOTA),
      ]),
    }),
  });
  ({ fixture } = services);
  for (const [force, key] of forceKeys) {
    await services.revocations.sign(force, { key, origin: fixture.origin, forceCredential: await certify(force) });
  }
});
afterAll(async () => {
  await services.stopAll();
});

/** An officer's credential, for whichever key and name the force likes. */
async function createOfficer(
  pseudonym: string,
  options: { readonly force?: string; readonly key?: SigningKey; readonly now?: number } = {},
): Promise<OfficerSigner> {
  const { force = LARGE, key = createSigningKey(), now = services.clock.now } = options;
  const { origin, fingerprint } = fixture;
  const forceKey = forceKeys.get(force) as SigningKey;
  return {
    key: createSigner(key),
    forceCredential: await certify(force),
    officerCredential: await createOfficerCredential(forceKey, {
      origin,
      force,
      pseudonym,
      persons: officerPersons(forceKey.seed, pseudonym, { now }),
      publicKey: key.publicKey,
      rosterFingerprint: formatBase64url(fingerprint),
      now,
    }),
  };
}

const ids = ['g1', 'g2', 'g3'];
const pairs = subsets(ids, THRESHOLD);
const pairOf = (turn: number): string[] => pairs[turn % pairs.length] as string[];
const elements = (count: number): Uint8Array[] => Array.from({ length: count }, randomElement);

/** Keeps count of who answered for which code. */
class Haul {
  readonly #answered = new Map<string, Set<string>>();

  /** Sends a request straight to these guardians, all at once. */
  async ask(request: EvaluationRequest, from: readonly string[] = ids): Promise<void> {
    const answers = await Promise.all(
      from.map(async (id) => ({ id, answer: await askGuardian(services, id, request) })),
    );
    for (const { id, answer } of answers) {
      expect(['ok', 'quotaExceeded', 'tokenRequired', 'credentialExpired']).toContain(answer.code);
      if (answer.code !== 'ok') continue;
      for (const element of request.elements) this.#note(bytesToHex(element), id);
    }
  }

  #note(element: string, guardian: string): void {
    this.#answered.set(element, (this.#answered.get(element) ?? new Set()).add(guardian));
  }

  /** Codes for which at least so many guardians answered. */
  obtained(threshold = THRESHOLD): number {
    return [...this.#answered.values()].filter((guardians) => guardians.size >= threshold).length;
  }
}

async function officerOf(pseudonym: string, count = 1, signer?: OfficerSigner): Promise<EvaluationRequest> {
  return officerRequest(fixture, signer ?? (await createOfficer(pseudonym)), elements(count), services.clock.now);
}

describe('one officer', () => {
  it('who rotates the guardians gets floor(n * quota / t) codes and no more', async () => {
    const haul = new Haul();
    const officer = await createOfficer('rotating');
    for (let turn = 0; turn < 15; turn++) await haul.ask(await officerOf('', 1, officer), pairOf(turn));
    expect(haul.obtained()).toBe(bound(OFFICER_QUOTA));
  });

  it('who sends everything at once, to all and to pairs, gets no more', async () => {
    const haul = new Haul();
    const officer = await createOfficer('bursting');
    const requests = await Promise.all(
      Array.from({ length: 24 }, async (_, i) => ({ i, request: await officerOf('', 1 + (i % 3), officer) })),
    );
    await Promise.all(requests.map(async ({ i, request }) => haul.ask(request, i % 2 === 0 ? ids : pairOf(i))));
    expect(haul.obtained()).toBeGreaterThan(0);
    expect(haul.obtained()).toBeLessThanOrEqual(bound(OFFICER_QUOTA));
    // Nor do repetitions, byte for byte, of what was granted and of what was refused.
    await Promise.all(requests.map(async ({ request }) => haul.ask(request)));
    expect(haul.obtained()).toBeLessThanOrEqual(bound(OFFICER_QUOTA));
  });

  it('who asks through the registry and straight at guardians gets no more', async () => {
    const haul = new Haul();
    const officer = await createOfficer('twofold');
    for (let turn = 0; turn < 10; turn++) {
      const request = await officerOf('', 1, officer);
      if (turn % 2 === 0) await askRegistry(services.registryFile.url, request);
      // What the registry relayed is answered again; the count is of codes.
      await haul.ask(request, pairOf(turn));
    }
    expect(haul.obtained()).toBeGreaterThan(0);
    expect(haul.obtained()).toBeLessThanOrEqual(bound(OFFICER_QUOTA));
  });

  it('who waits for restarts gets no more', async () => {
    const haul = new Haul();
    const officer = await createOfficer('patient');
    for (let turn = 0; turn < 12; turn++) {
      await haul.ask(await officerOf('', 1, officer), pairOf(turn));
      if (turn % 3 === 2) await services.restart(ids[((turn / 3) % 3) | 0] as string);
    }
    expect(haul.obtained()).toBe(bound(OFFICER_QUOTA));
  });

  it('with many keys for one name, or many names for one key, gets no more', async () => {
    const [byName, byKey] = [new Haul(), new Haul()];
    const key = createSigningKey();
    for (let turn = 0; turn < 12; turn++) {
      await byName.ask(await officerOf('', 1, await createOfficer('many-keys')), pairOf(turn));
      await byKey.ask(await officerOf('', 1, await createOfficer(`name-${turn}`, { key })), pairOf(turn));
    }
    expect(byName.obtained()).toBe(bound(OFFICER_QUOTA));
    expect(byKey.obtained()).toBe(bound(OFFICER_QUOTA));
  });

  it('with one stolen share beside gets floor((n - 1) * quota / (t - 1)): the share stands for one guardian’s answer', async () => {
    const haul = new Haul();
    const officer = await createOfficer('share-holder');
    for (let turn = 0; turn < 14; turn++) {
      await haul.ask(await officerOf('', 1, officer), [turn % 2 === 0 ? 'g2' : 'g3']);
    }
    expect(haul.obtained(THRESHOLD - 1)).toBe(((GUARDIANS - 1) * OFFICER_QUOTA) / (THRESHOLD - 1));
  });
});

describe('one force', () => {
  it('with officers of many names and many keys, asked in every way at once, gets no more than its own quota allows', async () => {
    const haul = new Haul();
    const keys = Array.from({ length: 4 }, () => createSigningKey());
    const names = ['a', 'b', 'c', 'd'];
    const signers = await Promise.all(
      keys.flatMap((key) => names.map(async (name) => createOfficer(name, { force: SMALL, key }))),
    );
    const requests = await Promise.all(signers.map(async (signer) => officerOf('', 1, signer)));
    await Promise.all(requests.map(async (request, i) => haul.ask(request, i % 4 === 0 ? ids : pairOf(i))));
    for (const [i, signer] of signers.entries()) await haul.ask(await officerOf('', 1, signer), pairOf(i));
    expect(haul.obtained()).toBeGreaterThan(bound(OFFICER_QUOTA) / 2);
    expect(haul.obtained()).toBeLessThanOrEqual(bound(FORCE_QUOTA));
  });
});

describe('one issuer', () => {
  it('gets no more than its quota allows, with tokens at rotated guardians and elements accepted elsewhere', async () => {
    const haul = new Haul();
    const asked: EvaluationRequest[] = [];
    for (let turn = 0; turn < 10; turn++) {
      const element = randomElement();
      const request = ownerRequest(fixture, [element], await createToken(fixture, element));
      asked.push(request);
      await haul.ask(request, pairOf(turn));
    }
    const obtained = haul.obtained();
    expect(obtained).toBe(bound(ISSUER_QUOTA));
    // Without their tokens, and with them, at all guardians: accepted is what was paid for at that guardian.
    await services.restart('g1');
    for (const request of asked) {
      await haul.ask({ ...request, token: null } as EvaluationRequest);
      await haul.ask(request);
    }
    expect(haul.obtained()).toBe(bound(ISSUER_QUOTA));
  });
});

/** Park and Miller's generator: the same moves in each run. */
function createDice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % sides;
  };
}

/** Sets every clock, and has every service look at the lists of revocations, which are made of that time too. */
async function setClock(now: number): Promise<void> {
  services.clock.now = now;
  await services.revocations.refresh();
}

// Last: it moves the guardians' day on.
describe('clocks', () => {
  it.each([1, 2, 3])('set forwards and back between any moves renew nothing that a day does not (%i)', async (seed) => {
    const dice = createDice(7919 * seed);
    const name = `adversary-${seed}`;
    const keys = Array.from({ length: 3 }, () => createSigningKey());
    const haul = new Haul();
    // The highest day that any clock showed: a new one renews quotas, and going back does not.
    let day = Math.floor(services.clock.now / DAY);
    const start = services.clock.now;
    const sent: EvaluationRequest[] = [];
    for (let move = 0; move < 40; move++) {
      const kind = dice(10);
      if (kind === 0) {
        await services.restart(ids[dice(3)] as string);
        await services.revocations.refresh();
      } else if (kind === 1) await setClock(services.clock.now - dice(6 * 3600));
      else if (kind === 2 && move === 20) await setClock(start);
      else if (kind === 3 && sent.length > 0)
        await haul.ask(sent[dice(sent.length)] as EvaluationRequest, pairOf(dice(3)));
      else {
        const signer = await createOfficer(name, { key: keys[dice(3)] as SigningKey });
        const request = await officerOf('', 1 + dice(2), signer);
        sent.push(request);
        await haul.ask(request, dice(4) === 0 ? ids : pairOf(dice(3)));
      }
      expect(Math.floor(services.clock.now / DAY)).toBeLessThanOrEqual(day);
    }
    expect(haul.obtained()).toBeGreaterThan(0);
    expect(haul.obtained()).toBeLessThanOrEqual(bound(OFFICER_QUOTA));
    // Tomorrow everything is new; and yesterday, come back to, adds to tomorrow's.
    await setClock((day + 1) * DAY + 3600);
    day += 1;
    const next = new Haul();
    for (let turn = 0; turn < 20; turn++) {
      const officer = await createOfficer(name, { key: keys[turn % 3] as SigningKey });
      await next.ask(await officerOf('', 1, officer), pairOf(turn));
      await setClock(services.clock.now + (turn % 2 === 0 ? -DAY : DAY));
    }
    expect(next.obtained()).toBe(bound(OFFICER_QUOTA));
    await setClock(day * DAY + DAY / 2);
  });
});
