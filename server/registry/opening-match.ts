/** What an officer's force must have before it may ask for a contact: a match on this registration, which the log tells of. */
import { equalBytes } from '../../crypto/bytes.ts';
import { BlindmarkError, isBlindmarkError } from '../../crypto/errors.ts';
import { markHash, type EntryOf, type EntryKind } from '../../crypto/log-entry.ts';
import type { AskedOpening } from '../../crypto/opening.ts';
import type { Log } from '../log/log.ts';
import type { DelayedEntries } from './delayed-entries.ts';
import { matchEntryKey, type RegistrationEntries } from './registration-entries.ts';

export interface MatchDependencies {
  readonly publicLog: Pick<Log, 'prove'>;
  readonly delayed: Pick<DelayedEntries, 'plainOf'>;
  readonly registrationEntries: Pick<RegistrationEntries, 'salt'>;
}

function notMatched(what: string): BlindmarkError {
  return new BlindmarkError('notMatched', `The opening names no match of this case: ${what}`, {
    field: 'details.match',
    remedy: 'Look the item up under the same case, and name the match of that lookup.',
  });
}

/**
 * Checks that the details name a match on just this registration, and that it came of a lookup by the officer's force for the
 * same case.
 *
 * @throws BlindmarkError `notMatched`; `guardiansUnavailable`, `storageFailed`
 */
export async function checkMatch(asked: AskedOpening, dependencies: MatchDependencies): Promise<void> {
  const { publicLog, delayed, registrationEntries } = dependencies;
  const { details, force, caseCommitment } = asked;
  const read = async <K extends EntryKind>(index: number, kind: K): Promise<EntryOf<K>> => {
    try {
      const [logged] = (await publicLog.prove([index])).entries;
      const plain = logged === undefined ? null : await delayed.plainOf(logged);
      if (plain?.kind === kind) return plain as unknown as EntryOf<K>;
    } catch (error) {
      // An index that the log does not have yet.
      if (!isBlindmarkError(error, 'badInput')) throw error;
    }
    throw notMatched(`the log’s entry is no ${kind}`);
  };
  const match = await read(details.match, 'match');
  const salt = registrationEntries.salt(matchEntryKey(match.lookup, details.commitment));
  if (!equalBytes(match.mark, markHash(salt, details.commitment))) throw notMatched('it is of another registration');
  const lookup = await read(match.lookup, 'lookup');
  if (lookup.force !== force.id) throw notMatched('it is another force’s');
  if (!equalBytes(lookup.caseCommitment, caseCommitment)) throw notMatched('it is of another case');
}
