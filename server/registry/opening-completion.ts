/** An approved opening's way to its result: its entry in the log, then the guardians' partial decryptions, then the reply. */
import { formatBase64url } from '../../crypto/bytes.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { hourOf, markHash } from '../../crypto/log-entry.ts';
import { openingEntry, verifyOpening, type VerifiedOpening } from '../../crypto/opening.ts';
import type { OfficerAuthorization } from '../../crypto/officer-request.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import type { Fault } from '../../crypto/wire.ts';
import type { RevocationWatch } from '../revocations.ts';
import type { OpeningStore } from '../store/opening-store.ts';
import type { RegistryStore } from '../store/store.ts';
import { decryptionInquiry } from './decryptions.ts';
import type { Evidence } from './evidence.ts';
import type { FanOut } from './fan-out.ts';
import { formatResult, parseResult, type Opening } from './opening-record.ts';
import type { RegistrationEntries } from './registration-entries.ts';

export interface CompletionDependencies {
  readonly roster: VerifiedRoster;
  readonly store: RegistryStore;
  readonly openings: OpeningStore;
  readonly evidence: Evidence;
  readonly fanOut: FanOut;
  readonly revocations: Pick<RevocationWatch, 'check'>;
  readonly registrationEntries: Pick<RegistrationEntries, 'salt'>;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** What came of trying to complete an opening. */
export interface Completed {
  readonly opening: Opening;
  readonly faults: readonly Fault[];
}

/** Leads approved openings to their result. */
export interface Completion {
  /**
   * Verifies both officers' requests as of now, their revocations included.
   *
   * @throws BlindmarkError those of {@link verifyOpening}, `credentialRevoked`, `revocationsStale`
   */
  verify(opening: Opening, second: OfficerAuthorization): Promise<VerifiedOpening>;

  /**
   * Appends the opening's entry, once, and asks the guardians. May be called again until it succeeds; who calls while it is
   * under way waits for the same.
   *
   * @param opening approved, and stored so
   * @returns the opening with its result
   * @throws BlindmarkError those of `verify`; those of the log and of the guardians, after which it stays approved; `notFound`
   *   when its registration is gone
   */
  complete(opening: Opening & { readonly second: OfficerAuthorization }): Promise<Completed>;
}

/** The refusal of an identifier that names no opening here, or one that is gone. */
export function openingNotFound(): BlindmarkError {
  return new BlindmarkError('notFound', 'There is no such opening', {
    field: 'id',
    remedy:
      'Compare the identifier. Openings are gone a month after their end, and when the registration is withdrawn.',
  });
}

/** Makes a {@link Completion}. */
export function createCompletion(dependencies: CompletionDependencies): Completion {
  const { roster, store, openings, evidence, fanOut, revocations, registrationEntries, now } = dependencies;
  const underWay = new Map<string, Promise<Completed>>();

  const verify = async (opening: Opening, second: OfficerAuthorization): Promise<VerifiedOpening> => {
    const at = now();
    const verified = await verifyOpening({ ...opening, second }, { roster, now: at });
    await revocations.check(verified.first.officer, at);
    await revocations.check(verified.second.officer, at);
    return verified;
  };

  const append = async (opening: Opening, verified: VerifiedOpening) => {
    const { id, index, details } = opening;
    const { commitment } = details;
    const hour = hourOf(now());
    // Before the entry is there, so that no opening is missing from the owner's history.
    const recorded = await store.addHistory({ index, commitment }, { key: id, kind: 'opening', hour });
    if (recorded === 'notFound') throw openingNotFound();
    const markSalt = registrationEntries.salt(id);
    const entry = openingEntry(verified, markHash(markSalt, commitment), hour);
    const log = await evidence.append({ key: id, entry, delayDays: verified.force.delayDays });
    return { log, markSalt };
  };

  const run = async (opening: Opening & { readonly second: OfficerAuthorization }): Promise<Completed> => {
    const verified = await verify(opening, opening.second);
    const { log, markSalt } = await append(opening, verified);
    const { details, first, second, envelope } = opening;
    const request = { details, first, second, envelope, markSalt, log };
    const { answers: decryptions, faults } = await fanOut.ask(decryptionInquiry(request, roster.roster));
    const { checkpoint, logged, delayed } = log;
    const result = formatResult({ decryptions, checkpoint, logged, markSalt, delayed });
    const stored = await openings.saveResult(opening.id, result);
    if (stored === null) throw openingNotFound();
    return { opening: { ...opening, result: parseResult(stored) }, faults };
  };

  return {
    verify,
    complete: async (opening) => {
      const name = formatBase64url(opening.id);
      const running = underWay.get(name) ?? run(opening).finally(() => underWay.delete(name));
      underWay.set(name, running);
      return running;
    },
  };
}
