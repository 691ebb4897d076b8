/** Guardians of a key generation, and a whole run of it in one process. */
import { randomBytes } from '../../crypto/bytes.ts';
import type { Ceremony, Round1Message, Round2Message } from '../../crypto/dkg-messages.ts';
import { createRound1, createRound2, finishDkg, type DkgParty, type DkgResult } from '../../crypto/dkg.ts';
import { labelledHash } from '../../crypto/hash.ts';
import { createExchangeKey } from '../../crypto/seal.ts';
import { createSigningKey } from '../../crypto/signature.ts';

/** Parties `g1` to `gn` of one ceremony. */
export function createParties(
  threshold: number,
  total: number,
  change: Partial<Pick<Ceremony, 'purpose' | 'origin' | 'epoch'>> = {},
): DkgParty[] {
  const keys = Array.from({ length: total }, (_, i) => ({
    guardian: `g${i + 1}`,
    operator: createSigningKey(),
    exchange: createExchangeKey(),
    seed: randomBytes(64),
  }));
  return withCeremony(keys, threshold, change);
}

/** The same guardians, with their keys and seeds, in another ceremony. */
export function withCeremony(
  keys: readonly Omit<DkgParty, 'ceremony'>[],
  threshold: number,
  change: Partial<Pick<Ceremony, 'purpose' | 'origin' | 'epoch'>> = {},
): DkgParty[] {
  const ceremony: Ceremony = {
    format: 'blindmark-ceremony-v1',
    purpose: 'evaluation',
    origin: 'test.blindmark.example',
    epoch: 1,
    ...change,
    threshold,
    guardians: keys.map(({ guardian, operator, exchange }) => ({
      format: 'blindmark-guardian-card-v1',
      id: guardian,
      name: `Guardian ${guardian}`,
      operatorKey: operator.publicKey,
      exchangeKey: exchange.publicKey,
      witnessKey: createSigningKey(labelledHash('test-witness', operator.publicKey)).publicKey,
    })),
  };
  return keys.map((key) => ({ ...key, ceremony }));
}

/** What all parties said in both rounds. */
export interface Transcript {
  readonly round1: Round1Message[];
  readonly round2: Round2Message[];
}

export function runRounds(parties: readonly DkgParty[]): Transcript {
  const round1 = parties.map((party) => createRound1(party));
  return { round1, round2: parties.flatMap((party) => createRound2(party, round1)) };
}

export function messagesTo(party: DkgParty, round2: readonly Round2Message[]): Round2Message[] {
  return round2.filter((message) => message.recipient === party.guardian);
}

/** Runs a key generation to its end. */
export function runDkg(parties: readonly DkgParty[]): { results: DkgResult[]; transcript: Transcript } {
  const transcript = runRounds(parties);
  const results = parties.map((party) => finishDkg(party, transcript.round1, messagesTo(party, transcript.round2)));
  return { results, transcript };
}
