/** What batches of codes have led to, put together for each reading. */
import type { CandidateSet } from '../crypto/candidates.ts';
import type { BlindmarkError } from '../crypto/errors.ts';
import type { FoundRegistration } from './found.ts';
import type { BatchFindings, CodeFindings, LookupEntryEvidence } from './lookup-batch.ts';
import type { SchemeCode } from './registry.ts';

/** What a lookup proves later: the requests that it was made by, and the salt that opens their case commitments. */
export interface LookupEvidence {
  readonly caseSalt: Uint8Array;
  /** One for each evaluation request. */
  readonly lookups: readonly LookupEntryEvidence[];
}

/** The result of one reading. */
export interface LookupResult {
  readonly id: string;
  /** `unsure`: nothing was found but what was refused. */
  readonly result: 'hit' | 'miss' | 'unsure';
  /** Codes that were asked for. */
  readonly candidates: number;
  /** Codes that the reading may also stand for and that were not asked for, by scheme. */
  readonly omitted: CandidateSet['omitted'];
  /** Schemes whose form the reading has but whose check it fails: if it is of one of them, it was misread. */
  readonly misread: readonly string[];
  /** Code by code, in the order of the log within each: a second one of a code is a counter-claim. */
  readonly registrations: readonly FoundRegistration[];
  /** Registrations that were found and refused, since something of them does not verify. */
  readonly refused: number;
  /** Why, for each of these: not signed so by its owner, or not in the log as shown in this lookup. */
  readonly refusals: readonly BlindmarkError[];
  readonly evidence: LookupEvidence;
}

/** A code as the key of a map: its scheme and canonical form. */
export const codeName = ({ scheme, canonical }: SchemeCode): string => `${scheme}\u0000${canonical}`;

interface Known {
  readonly code: CodeFindings;
  readonly lookup: LookupEntryEvidence;
}

/** What is known of the codes of one case, under one case salt. */
export class LookupFindings {
  readonly #known = new Map<string, Known>();
  #caseSalt = new Uint8Array(0);

  add({ caseSalt, codes, lookup }: BatchFindings): void {
    this.#caseSalt = new Uint8Array(caseSalt);
    for (const code of codes) this.#known.set(codeName(code), { code, lookup });
  }

  has(code: SchemeCode): boolean {
    return this.#known.has(codeName(code));
  }

  /**
   * The result of a reading.
   *
   * @returns null while one of its codes has not been looked up
   */
  resultOf(id: string, { codes, omitted, misread }: CandidateSet): LookupResult | null {
    const found: Known[] = [];
    for (const { schemeId, canonical } of codes) {
      const known = this.#known.get(codeName({ scheme: schemeId, canonical }));
      if (known === undefined) return null;
      found.push(known);
    }
    const registrations = found.flatMap(({ code }) => code.registrations);
    const refusals = found.flatMap(({ code }) => code.refusals);
    const missed = refusals.length > 0 ? 'unsure' : 'miss';
    return {
      id,
      result: registrations.length > 0 ? 'hit' : missed,
      candidates: found.length,
      omitted,
      misread,
      registrations,
      refused: refusals.length,
      refusals,
      evidence: { caseSalt: this.#caseSalt, lookups: [...new Set(found.map(({ lookup }) => lookup))] },
    };
  }
}
