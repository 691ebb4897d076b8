import * as fc from 'fast-check';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { type BlindmarkError, isBlindmarkError } from '../../../crypto/errors.ts';
import type { CommitHooks } from '../../../server/database/group-commit.ts';
import { openGuardianDatabase } from '../../../server/guardian/database.ts';
import { GuardianLedger, type OfficerCharge, type TokenAcceptance } from '../../../server/guardian/ledger.ts';
import { createFolder } from '../../support/folder.ts';
import { runLoad } from '../../support/load.ts';
import { refusal } from '../../support/refusal.ts';
import { namedBytes } from '../../support/rows.ts';
import { loadAcceptance, loadCharge } from '../../support/write-under-load.ts';

const DAY = 86_400;
/** Noon of a day, in epoch seconds. */
const NOON = 20_000 * DAY + DAY / 2;
const LIMITS = { forceCodesPerDay: 100, officerCodesPerDay: 10 };

function openLedger(file: string, hooks: CommitHooks = {}): GuardianLedger {
  const ledger = new GuardianLedger(openGuardianDatabase(file, { hooks }));
  onTestFinished(() => ledger.close());
  return ledger;
}

const createFile = (): string => join(createFolder(), 'guardian.db');

function createCharge(fields: Partial<OfficerCharge> = {}): OfficerCharge {
  const now = fields.now ?? NOON;
  return {
    requestHash: randomBytes(32),
    expiresAt: now + 600,
    force: 'force-a',
    officer: namedBytes('officer'),
    pseudonym: 'p1',
    codes: 1,
    limits: LIMITS,
    now,
    ...fields,
  };
}

function createAcceptance(fields: Partial<TokenAcceptance> = {}): TokenAcceptance {
  return { nonce: randomBytes(32), issuer: 'issuer-a', limits: { issuerCodesPerDay: 10 }, now: NOON, ...fields };
}

/** Codes that were charged, one request after the other, until the quota refused. */
async function spend(ledger: GuardianLedger, fields: Partial<OfficerCharge>): Promise<number> {
  for (let charged = 0; ; charged++) {
    try {
      await ledger.chargeOfficer(createCharge(fields));
    } catch (error) {
      if (isBlindmarkError(error, 'quotaExceeded')) return charged;
      throw error;
    }
  }
}

async function refusalOfCharge(ledger: GuardianLedger, charge: OfficerCharge): Promise<BlindmarkError> {
  const error: unknown = await ledger.chargeOfficer(charge).catch((reason: unknown) => reason);
  if (isBlindmarkError(error)) return error;
  throw new Error('not refused');
}

describe('accepting elements', () => {
  it('charges the issuer once for an element, and knows it for ever', async () => {
    const file = createFile();
    const ledger = openLedger(file);
    const acceptances = Array.from({ length: 10 }, () => createAcceptance());
    for (const each of acceptances) expect(await ledger.acceptToken(each)).toBe('accepted');
    for (const each of acceptances) expect(await ledger.acceptToken(each)).toBe('again');
    await expect(ledger.acceptToken(createAcceptance())).rejects.toEqual(refusal('quotaExceeded'));
    expect(await ledger.acceptToken(createAcceptance({ issuer: 'issuer-b' }))).toBe('accepted');
    await ledger.close();
    const reopened = openLedger(file);
    expect(reopened.areAccepted(acceptances.map(({ nonce }) => nonce))).toBe(true);
    expect(await reopened.acceptToken(acceptances[0] as TokenAcceptance)).toBe('again');
    await expect(reopened.acceptToken(createAcceptance())).rejects.toEqual(refusal('quotaExceeded'));
  });

  it('says of a set whether all of it was accepted', async () => {
    const ledger = openLedger(createFile());
    const { nonce } = createAcceptance();
    await ledger.acceptToken(createAcceptance({ nonce }));
    expect(ledger.areAccepted([])).toBe(true);
    expect(ledger.areAccepted([nonce, nonce])).toBe(true);
    expect(ledger.areAccepted([nonce, randomBytes(32)])).toBe(false);
    expect(() => ledger.areAccepted([randomBytes(31)])).toThrow(refusal('badInput', 'nonce'));
  });

  it('accepts nothing above the quota, and accepts it the next day', async () => {
    const ledger = openLedger(createFile());
    const refused = createAcceptance({ limits: { issuerCodesPerDay: 0 } });
    const error: unknown = await ledger.acceptToken(refused).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'quotaExceeded', retryAfter: DAY / 2 });
    expect(ledger.areAccepted([refused.nonce])).toBe(false);
    const limits = { issuerCodesPerDay: 1 };
    await ledger.acceptToken(createAcceptance({ limits }));
    await expect(ledger.acceptToken({ ...refused, limits })).rejects.toEqual(refusal('quotaExceeded'));
    expect(await ledger.acceptToken({ ...refused, limits, now: NOON + DAY })).toBe('accepted');
  });

  it('keeps the quota of an issuer in a parallel burst of new and repeated elements', async () => {
    const ledger = openLedger(createFile());
    const elements = Array.from({ length: 30 }, () => createAcceptance());
    const results = await Promise.allSettled([...elements, ...elements].map((each) => ledger.acceptToken(each)));
    const answers = results.map((result) => (result.status === 'fulfilled' ? result.value : 'refused'));
    expect(answers.filter((answer) => answer === 'accepted')).toHaveLength(10);
    expect(answers.filter((answer) => answer === 'again')).toHaveLength(10);
    expect(elements.filter(({ nonce }) => ledger.areAccepted([nonce]))).toHaveLength(10);
  });
});

describe('charging officers', () => {
  it('charges a request once, however often it is asked', async () => {
    const file = createFile();
    const ledger = openLedger(file);
    const charge = createCharge({ codes: 10 });
    expect(await ledger.chargeOfficer(charge)).toBe('charged');
    expect(await ledger.chargeOfficer(charge)).toBe('again');
    await expect(ledger.chargeOfficer(createCharge())).rejects.toEqual(refusal('quotaExceeded'));
    expect(await ledger.chargeOfficer(charge)).toBe('again');
    await ledger.close();
    const reopened = openLedger(file);
    expect(await reopened.chargeOfficer(charge)).toBe('again');
    await expect(reopened.chargeOfficer(createCharge())).rejects.toEqual(refusal('quotaExceeded'));
  });

  const x = namedBytes('x');
  const generous = { forceCodesPerDay: 1000, officerCodesPerDay: 10 };
  it.each([
    // Whose quota is used up; the limits; who is refused; and who has all of the quota left, since none of it was charged.
    ['force', { forceCodesPerDay: 5, officerCodesPerDay: 10 }, { pseudonym: 'p2', officer: x }, {}],
    ['officer', generous, { officer: x }, { pseudonym: 'p2' }],
    ['officer key', generous, { pseudonym: 'p2' }, { officer: x }],
  ] as const)(
    'names the %s whose quota is used up, and charges none of the three',
    async (name, limits, refused, fresh) => {
      const ledger = openLedger(createFile());
      await spend(ledger, { limits });
      const error = await refusalOfCharge(ledger, createCharge({ limits, ...refused, codes: 2 }));
      expect(error.message).toContain(`quota of this ${name} is`);
      expect(error).toMatchObject({ code: 'quotaExceeded', retryAfter: DAY / 2 });
      expect(await spend(ledger, { limits: generous, ...refused, ...fresh })).toBe(10);
    },
  );

  it('charges many codes or none of them', async () => {
    const ledger = openLedger(createFile());
    expect(await ledger.chargeOfficer(createCharge({ codes: 7 }))).toBe('charged');
    await expect(ledger.chargeOfficer(createCharge({ codes: 4 }))).rejects.toEqual(refusal('quotaExceeded'));
    expect(await ledger.chargeOfficer(createCharge({ codes: 3 }))).toBe('charged');
  });

  it.each([0, -1, 1.5, NaN])('refuses %s codes', async (codes) => {
    await expect(openLedger(createFile()).chargeOfficer(createCharge({ codes }))).rejects.toEqual(
      refusal('badInput', 'codes'),
    );
  });

  it.each([NaN, undefined as unknown as number])('refuses under a limit of %s', async (limit) => {
    const limits = { forceCodesPerDay: limit, officerCodesPerDay: 10 };
    await expect(openLedger(createFile()).chargeOfficer(createCharge({ limits }))).rejects.toEqual(
      refusal('quotaExceeded'),
    );
  });

  it.each(['requestHash', 'officer'] as const)('refuses a %s of another length', async (field) => {
    await expect(openLedger(createFile()).chargeOfficer(createCharge({ [field]: randomBytes(31) }))).rejects.toEqual(
      refusal('badInput', field),
    );
  });

  it('keeps quotas in parallel bursts and over restarts', async () => {
    const file = createFile();
    let charged = 0;
    for (let round = 0; round < 3; round++) {
      const ledger = openLedger(file);
      const burst = Array.from({ length: 20 }, (_, i) => ledger.chargeOfficer(createCharge({ codes: (i % 3) + 1 })));
      const results = await Promise.allSettled(burst);
      for (const [i, result] of results.entries()) if (result.status === 'fulfilled') charged += (i % 3) + 1;
      await ledger.close();
    }
    expect(charged).toBe(10);
  });

  it('never charges more than a quota, whatever is asked when', async () => {
    const folder = createFolder();
    let runs = 0;
    const step = fc.record({
      force: fc.constantFrom('a', 'b'),
      pseudonym: fc.constantFrom('p', 'q'),
      officer: fc.constantFrom('k', 'l'),
      codes: fc.integer({ min: 1, max: 6 }),
      day: fc.nat({ max: 2 }),
      request: fc.nat({ max: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const ledger = new GuardianLedger(openGuardianDatabase(join(folder, `${runs++}.db`)));
        const limits = { forceCodesPerDay: 15, officerCodesPerDay: 10 };
        const totals = new Map<string, number>();
        try {
          const charges = steps.map(async ({ request, officer, day, ...rest }) => {
            const now = NOON + day * DAY;
            const requestHash = namedBytes(`request ${request}`);
            const charge = createCharge({ ...rest, officer: namedBytes(officer), now, requestHash, limits });
            return ledger.chargeOfficer(charge);
          });
          const results = await Promise.allSettled(charges);
          let day = 0;
          for (const [i, result] of results.entries()) {
            const { force, pseudonym, officer, codes, day: asked } = steps[i] as (typeof steps)[number];
            if (result.status === 'rejected' || result.value === 'again') continue;
            day = Math.max(day, asked);
            for (const payer of [`force ${force}`, `officer ${force} ${pseudonym}`, `key ${officer}`]) {
              const name = `${day} ${payer}`;
              totals.set(name, (totals.get(name) ?? 0) + codes);
            }
          }
          for (const [name, total] of totals) expect(total).toBeLessThanOrEqual(name.includes('force') ? 15 : 10);
        } finally {
          await ledger.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the clock', () => {
  it('renews quotas at midnight UTC', async () => {
    const ledger = openLedger(createFile());
    expect(ledger.day()).toBe(0);
    const midnight = 20_001 * DAY;
    expect(await spend(ledger, { now: midnight - 1 })).toBe(10);
    expect(ledger.day()).toBe(20_000);
    expect((await refusalOfCharge(ledger, createCharge({ now: midnight - 1 }))).retryAfter).toBe(1);
    expect(await spend(ledger, { now: midnight })).toBe(10);
    expect(ledger.day()).toBe(20_001);
  });

  it('renews nothing when it is set back, over a restart too', async () => {
    const file = createFile();
    const ledger = openLedger(file);
    expect(await spend(ledger, { now: NOON - DAY })).toBe(10);
    expect(await spend(ledger, {})).toBe(10);
    const back = { now: NOON - DAY, expiresAt: NOON + 600 };
    expect(await spend(ledger, back)).toBe(0);
    const error = await refusalOfCharge(ledger, createCharge(back));
    expect(error.retryAfter).toBe(DAY + DAY / 2);
    await ledger.close();
    expect(await spend(openLedger(file), { ...back, now: NOON - 30 * DAY })).toBe(0);
  });

  it('charges to the day that it once reached when it ran ahead', async () => {
    const ledger = openLedger(createFile());
    expect(await spend(ledger, { now: NOON + 5 * DAY })).toBe(10);
    expect(await spend(ledger, {})).toBe(0);
    expect(await spend(ledger, { now: NOON + 4 * DAY })).toBe(0);
    expect(await spend(ledger, { now: NOON + 6 * DAY })).toBe(10);
  });

  it('takes no request that has ended', async () => {
    const ledger = openLedger(createFile());
    const charge = createCharge();
    for (const now of [charge.expiresAt, charge.expiresAt + 1]) {
      await expect(ledger.chargeOfficer({ ...charge, now })).rejects.toEqual(refusal('credentialExpired'));
    }
    expect(await ledger.chargeOfficer({ ...charge, now: charge.expiresAt - 1 })).toBe('charged');
  });

  it('forgets a request that has ended, and takes it no second time when it is set back', async () => {
    const file = createFile();
    const ledger = openLedger(file);
    const charge = createCharge();
    await ledger.chargeOfficer(charge);
    await ledger.chargeOfficer(createCharge({ now: charge.expiresAt }));
    await expect(ledger.chargeOfficer(charge)).rejects.toEqual(refusal('credentialExpired'));
    await ledger.close();
    const db = new DatabaseSync(file);
    expect(db.prepare('SELECT count(*) AS n FROM requests').get()).toEqual({ n: 1 });
    db.close();
    await expect(openLedger(file).chargeOfficer(charge)).rejects.toEqual(refusal('credentialExpired'));
  });

  it('lets a refused request forget and renew nothing', async () => {
    const ledger = openLedger(createFile());
    await spend(ledger, {});
    const tooMany = createCharge({ now: NOON + DAY, codes: 11 });
    await expect(ledger.chargeOfficer(tooMany)).rejects.toEqual(refusal('quotaExceeded'));
    expect(ledger.day()).toBe(20_000);
    expect(await spend(ledger, {})).toBe(0);
  });
});

describe('a charge that is broken', () => {
  const ways = {
    acceptToken: (ledger: GuardianLedger) => ledger.acceptToken(createAcceptance({ nonce: namedBytes('n') })),
    chargeOfficer: (ledger: GuardianLedger) =>
      ledger.chargeOfficer(createCharge({ requestHash: namedBytes('r'), codes: 4 })),
  };
  /** What is left of the quota that the call charges. */
  const left = {
    acceptToken: async (ledger: GuardianLedger) => {
      for (let accepted = 0; ; accepted++) {
        if (!(await ledger.acceptToken(createAcceptance()).catch(() => false))) return accepted;
      }
    },
    chargeOfficer: (ledger: GuardianLedger) => spend(ledger, {}),
  };
  type Way = keyof typeof ways;

  it.each(['acceptToken', 'chargeOfficer'] as Way[])('%s: before the commit nothing is charged', async (way) => {
    let isBroken = true;
    const ledger = openLedger(createFile(), {
      beforeCommit: () => {
        if (isBroken) throw new Error('broken by the test');
      },
    });
    await expect(ways[way](ledger)).rejects.toEqual(refusal('storageFailed'));
    isBroken = false;
    expect(ledger.areAccepted([namedBytes('n')])).toBe(false);
    expect(await left[way](ledger)).toBe(10);
  });

  it.each(['acceptToken', 'chargeOfficer'] as Way[])('%s: after the commit it is charged once', async (way) => {
    let isBroken = true;
    const ledger = openLedger(createFile(), {
      afterCommit: () => {
        if (isBroken) throw new Error('broken by the test');
      },
    });
    await expect(ways[way](ledger)).rejects.toEqual(refusal('storageFailed'));
    isBroken = false;
    expect(await ways[way](ledger)).toBe('again');
    expect(await left[way](ledger)).toBe(way === 'acceptToken' ? 9 : 6);
  });

  it.each([
    ['acceptToken', 'INSERT ON charges'],
    ['acceptToken', 'INSERT ON facts'],
    ['acceptToken', 'INSERT ON accepted_elements'],
    ['chargeOfficer', 'INSERT ON charges WHEN (SELECT count(*) FROM charges) = 2'],
    ['chargeOfficer', 'INSERT ON facts'],
    ['chargeOfficer', 'INSERT ON requests'],
  ] as const)('%s: at its %s nothing is charged', async (way, step) => {
    const file = createFile();
    const ledger = openLedger(file);
    const execute = (sql: string): void => {
      const db = new DatabaseSync(file);
      db.exec(sql);
      db.close();
    };
    execute(`CREATE TRIGGER broken BEFORE ${step} BEGIN SELECT RAISE(FAIL, 'broken'); END`);
    await expect(ways[way](ledger)).rejects.toEqual(refusal('storageFailed'));
    execute('DROP TRIGGER broken');
    expect(ledger.areAccepted([namedBytes('n')])).toBe(false);
    expect(ledger.day()).toBe(0);
    expect(await left[way](ledger)).toBe(10);
  });

  it('has every acknowledged charge after kill -9 under load', async () => {
    const file = createFile();
    const { answers } = await runLoad({ service: 'guardian', file, name: 'a', writes: 100_000, killAfter: 1500 });
    const ledger = openLedger(file);
    const acknowledged = [...answers].map(([i]) => i);
    const elements = acknowledged.filter((i) => i % 2 === 0).map((i) => loadAcceptance('a', i).nonce);
    expect(elements.length).toBeGreaterThan(500);
    expect(ledger.areAccepted(elements)).toBe(true);
    const charges = acknowledged.filter((i) => i % 2 === 1);
    for (const i of charges) expect(await ledger.chargeOfficer(loadCharge('a', i))).toBe('again');
    // Each acknowledged code counts, and beyond them at most those that were under way.
    await expect(ledger.chargeOfficer(loadCharge('b', 1, charges.length))).rejects.toEqual(refusal('quotaExceeded'));
    expect(await ledger.chargeOfficer(loadCharge('b', 1, charges.length + 33))).toBe('charged');
  });
});

describe('the file', () => {
  it('spells out no force, pseudonym or issuer', async () => {
    const file = createFile();
    const ledger = openLedger(file);
    await ledger.chargeOfficer(createCharge({ force: 'canary-force', pseudonym: 'canary-pseudonym' }));
    await ledger.acceptToken(createAcceptance({ issuer: 'canary-issuer' }));
    await ledger.close();
    const db = new DatabaseSync(file);
    const text = JSON.stringify(db.prepare('SELECT CAST(payer AS TEXT) AS payer FROM charges').all());
    db.close();
    expect(text).not.toContain('canary');
  });

  it('is ready while it is open, and refuses afterwards', async () => {
    const ledger = openLedger(createFile());
    expect([await ledger.isReady(), ledger.isOpen]).toEqual([true, true]);
    await ledger.close();
    expect([await ledger.isReady(), ledger.isOpen]).toEqual([false, false]);
    await expect(ledger.acceptToken(createAcceptance())).rejects.toEqual(refusal('storageFailed'));
    await expect(ledger.chargeOfficer(createCharge())).rejects.toEqual(refusal('storageFailed'));
    expect(() => ledger.areAccepted([randomBytes(32)])).toThrow(refusal('storageFailed'));
    expect(() => ledger.day()).toThrow(refusal('storageFailed'));
  });
});
