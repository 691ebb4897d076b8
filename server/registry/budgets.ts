/**
 * How many entries anybody can bring into the log in a day, so that nobody fills it. Kept in memory: a restart begins anew.
 * What may be evaluated is not decided here but by each guardian's own ledger, which is durable.
 */
import { formatBase64url } from '../../crypto/bytes.ts';
import type { VerifiedOfficer } from '../../crypto/credential.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import type { RosterIssuer } from '../../crypto/roster.ts';

const SECONDS_A_DAY = 86_400;

/** What an owner does to one registration in a day. */
export const MAX_ACTIONS = 24;

/** How often one element is evaluated anew in a day: an owner recovers it from a few machines, in a few epochs. */
export const MAX_RECOVERIES = 24;

/** How often a force changes what it revokes in a day: every five minutes. */
export const MAX_REVOCATION_CHANGES = 288;

interface Payer {
  readonly id: string;
  readonly limit: number;
  readonly name: string;
}

/**
 * Day budgets (UTC days). A charge has a key, the append key of the entry that it pays for: a second charge of one key on one
 * day costs nothing, so a request that failed halfway may be sent again.
 */
export class Budgets {
  readonly #now: () => number;
  readonly #used = new Map<string, number>();
  readonly #charged = new Set<string>();
  #day = 0;

  /** @param now epoch seconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Charges codes to an officer's force, pseudonym and key, by the roster's limits. An opening counts as one code.
   *
   * @throws BlindmarkError `quotaExceeded`, with `retryAfter` seconds until the next day; nothing is charged then
   */
  chargeOfficer(key: Uint8Array, { force, pseudonym, thumbprint }: VerifiedOfficer, codes: number): void {
    const { codesPerDay, codesPerOfficerAndDay: limit } = force;
    this.#charge(key, codes, [
      { id: `force ${force.id}`, limit: codesPerDay, name: 'force' },
      { id: `officer ${force.id} ${pseudonym}`, limit, name: 'officer' },
      { id: `key ${formatBase64url(thumbprint)}`, limit, name: 'officer' },
    ]);
  }

  /** Charges the first evaluation of an element to the issuer of its token. Throws as {@link chargeOfficer}. */
  chargeIssuer(key: Uint8Array, { id, codesPerDay }: RosterIssuer): void {
    this.#charge(key, 1, [{ id: `issuer ${id}`, limit: codesPerDay, name: 'issuer' }]);
  }

  /** Charges a later evaluation of an element to itself: {@link MAX_RECOVERIES}. Throws as {@link chargeOfficer}. */
  chargeRecovery(key: Uint8Array, nonce: Uint8Array): void {
    this.#charge(key, 1, [{ id: `element ${formatBase64url(nonce)}`, limit: MAX_RECOVERIES, name: 'element' }]);
  }

  /** Charges an owner's action to the registration: {@link MAX_ACTIONS}. Throws as {@link chargeOfficer}. */
  chargeAction(key: Uint8Array, commitment: Uint8Array): void {
    this.#charge(key, 1, [
      { id: `registration ${formatBase64url(commitment)}`, limit: MAX_ACTIONS, name: 'registration' },
    ]);
  }

  /** Charges a change of what is revoked to the force: {@link MAX_REVOCATION_CHANGES}. Throws as {@link chargeOfficer}. */
  chargeRevocation(key: Uint8Array, force: string): void {
    this.#charge(key, 1, [{ id: `revocations ${force}`, limit: MAX_REVOCATION_CHANGES, name: 'force' }]);
  }

  #charge(key: Uint8Array, amount: number, payers: readonly Payer[]): void {
    const now = this.#now();
    const today = Math.floor(now / SECONDS_A_DAY);
    if (today > this.#day) {
      this.#day = today;
      this.#used.clear();
      this.#charged.clear();
    }
    const name = formatBase64url(key);
    if (this.#charged.has(name)) return;
    const used = ({ id }: Payer): number => this.#used.get(id) ?? 0;
    const spent = payers.find((payer) => used(payer) + amount > payer.limit);
    if (spent !== undefined) {
      throw new BlindmarkError(
        'quotaExceeded',
        `The day’s quota of this ${spent.name} is used up; nothing was changed`,
        {
          remedy: 'Ask again after midnight UTC.',
          retryAfter: (this.#day + 1) * SECONDS_A_DAY - now,
        },
      );
    }
    for (const payer of payers) this.#used.set(payer.id, used(payer) + amount);
    this.#charged.add(name);
  }
}
