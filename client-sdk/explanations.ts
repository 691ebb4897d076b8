/** What officers write to their force about an opening: read with the force's key, for its own records. */
import type { ForceFile } from '../crypto/credential-files.ts';
import { BlindmarkError } from '../crypto/errors.ts';
import { openExplanation, type Reason } from '../crypto/opening.ts';
import { createExchangeKey } from '../crypto/seal.ts';
import { readOpening, verifyAskedReply } from './opened.ts';
import { parseOpeningToken } from './opening-token.ts';
import type { Registry } from './registry.ts';

/** What an officer said of an opening. */
export interface Explanation {
  /** Empty where none was given. */
  readonly text: string;
  readonly reason: Reason;
  /** The officer's pseudonym. */
  readonly askedBy: string;
  /** Index of the match's entry in the log. */
  readonly match: number;
}

/**
 * Fetches an opening, verifies which officer asked for it, and opens the explanation.
 *
 * @param token from the officer who asked
 * @throws BlindmarkError `badFile` for another force's key; `notFound` once the registry has forgotten the opening;
 *   `badEnvelope`
 */
export async function readExplanation(
  registry: Registry,
  token: string,
  force: ForceFile,
  signal?: AbortSignal,
): Promise<Explanation> {
  const { id } = parseOpeningToken(token);
  const reply = await readOpening(registry, id, signal);
  const asked = await verifyAskedReply(reply, id, registry.rosters);
  if (asked.force.id !== force.force) {
    throw new BlindmarkError('badFile', 'The opening was asked for by an officer of another force', {
      field: 'force',
      remedy: 'Name the file of the force whose officer asked.',
    });
  }
  const { explanation, commitment, reason, match } = asked.details;
  const context = { origin: registry.roster.roster.origin, force: force.force, commitment };
  const text = openExplanation(createExchangeKey(force.exchangeSecret), explanation, context);
  return { text, reason, askedBy: asked.first.officer.pseudonym, match };
}
