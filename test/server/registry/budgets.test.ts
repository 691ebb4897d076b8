/** Day budgets: who may bring how much into the log. */
import { describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import type { VerifiedOfficer } from '../../../crypto/credential.ts';
import type { RosterForce, RosterIssuer } from '../../../crypto/roster.ts';
import { Budgets, MAX_ACTIONS, MAX_RECOVERIES, MAX_REVOCATION_CHANGES } from '../../../server/registry/budgets.ts';
import { refusal } from '../../support/refusal.ts';

const DAY = 86_400;

function officerOf(fields: Partial<VerifiedOfficer> & { readonly force?: RosterForce } = {}): VerifiedOfficer {
  const force = { id: 'force', codesPerDay: 10, codesPerOfficerAndDay: 4 } as RosterForce;
  const key = randomBytes(32);
  const own = { pseudonym: 'a', persons: [key], publicKey: key, thumbprint: key, credentialHash: randomBytes(32) };
  return { force, ...own, ...fields };
}

const spent = refusal('quotaExceeded');

describe('budgets', () => {
  const start = 100 * DAY + 1000;

  function create() {
    const clock = { now: start };
    return { clock, budgets: new Budgets(() => clock.now) };
  }

  it('charge an officer’s pseudonym, key and force, all or none', () => {
    const { budgets } = create();
    const officer = officerOf();
    budgets.chargeOfficer(randomBytes(32), officer, 3);
    expect(() => budgets.chargeOfficer(randomBytes(32), officer, 2)).toThrow(spent);
    budgets.chargeOfficer(randomBytes(32), officer, 1);
    // The same pseudonym with another key, the same key with another pseudonym.
    expect(() => budgets.chargeOfficer(randomBytes(32), officerOf(), 1)).toThrow(spent);
    expect(() => budgets.chargeOfficer(randomBytes(32), { ...officer, pseudonym: 'b' }, 1)).toThrow(spent);
    const others = ['b', 'c'].map((pseudonym) => officerOf({ pseudonym }));
    budgets.chargeOfficer(randomBytes(32), others[0] as VerifiedOfficer, 4);
    expect(() => budgets.chargeOfficer(randomBytes(32), others[1] as VerifiedOfficer, 3)).toThrow(spent);
    budgets.chargeOfficer(randomBytes(32), others[1] as VerifiedOfficer, 2);
  });

  it('charge one key once, until the day is over', () => {
    const { budgets, clock } = create();
    const [key, officer] = [randomBytes(32), officerOf()];
    for (let i = 0; i < 5; i++) budgets.chargeOfficer(key, officer, 4);
    expect(() => budgets.chargeOfficer(randomBytes(32), officer, 1)).toThrow(spent);
    clock.now = 101 * DAY - 1;
    expect(() => budgets.chargeOfficer(randomBytes(32), officer, 1)).toThrow(spent);
    clock.now = 101 * DAY;
    budgets.chargeOfficer(randomBytes(32), officer, 1);
    expect(() => budgets.chargeOfficer(key, officer, 4)).toThrow(spent);
  });

  it('say when they renew, and do not renew by a clock that is set back', () => {
    const { budgets, clock } = create();
    const officer = officerOf();
    budgets.chargeOfficer(randomBytes(32), officer, 4);
    const error = refusal('quotaExceeded');
    expect(() => budgets.chargeOfficer(randomBytes(32), officer, 1)).toThrow(error);
    try {
      budgets.chargeOfficer(randomBytes(32), officer, 1);
    } catch (thrown) {
      expect(thrown).toMatchObject({ retryAfter: DAY - 1000 });
    }
    clock.now = 99 * DAY;
    expect(() => budgets.chargeOfficer(randomBytes(32), officer, 1)).toThrow(spent);
  });

  const limited: [string, number, (budgets: Budgets, key: Uint8Array, payer: Uint8Array) => void][] = [
    ['recoveries of an element', MAX_RECOVERIES, (budgets, key, payer) => budgets.chargeRecovery(key, payer)],
    ['actions on a registration', MAX_ACTIONS, (budgets, key, payer) => budgets.chargeAction(key, payer)],
    [
      'changes of what a force revokes',
      MAX_REVOCATION_CHANGES,
      (budgets, key, payer) => budgets.chargeRevocation(key, payer.join('')),
    ],
    [
      'an issuer’s codes',
      7,
      (budgets, key, payer) => budgets.chargeIssuer(key, { id: payer.join(''), codesPerDay: 7 } as RosterIssuer),
    ],
  ];
  it.each(limited)('bound %s to %d a day', (_, limit, charge) => {
    const { budgets, clock } = create();
    const [payer, other] = [randomBytes(32), randomBytes(32)];
    for (let i = 0; i < limit; i++) charge(budgets, randomBytes(32), payer);
    expect(() => charge(budgets, randomBytes(32), payer)).toThrow(spent);
    charge(budgets, randomBytes(32), other);
    clock.now += DAY;
    charge(budgets, randomBytes(32), payer);
  });
});
