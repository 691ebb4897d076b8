/**
 * This guardian's part in a key generation, over a board. Each run goes as far as what is there lets it, and remembers, before
 * it says anything, what that follows from: so it may stop at any moment, and says nothing twice differently.
 */
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { bytesToHex, equalBytes, randomBytes } from '../../crypto/bytes.ts';
import {
  badTranscript,
  ceremonyHash,
  round1Schema,
  round2Schema,
  type Ceremony,
  type KeyGeneration,
  type Round1Message,
} from '../../crypto/dkg-messages.ts';
import { createConfirmation, verifyConfirmations } from '../../crypto/dkg-outcome.ts';
import {
  createRound1,
  createRound2,
  DKG_SEED_BYTES,
  finishDkg,
  verifyRound1,
  type DkgParty,
  type DkgResult,
} from '../../crypto/dkg.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { bytesField } from '../../crypto/message.ts';
import type { StretchParameters } from '../../crypto/stretch.ts';
import { readText } from '../files.ts';
import type { Board } from './board.ts';
import { guardianFiles } from './config.ts';
import { readSealed, readShares, writeSealed, writeShares, type GuardianKeys, type GuardianShare } from './keys.ts';

const STATE_PURPOSE = 'guardian-key-generation';

/** What a key generation remembers. Written before what follows from it is posted. */
const stateSchema = z.strictObject({
  ceremony: bytesField(32),
  seed: bytesField(DKG_SEED_BYTES),
  /** The round-1 messages that this guardian answered; null before. */
  round1: z.array(round1Schema).nullable(),
  /** The shares that it accepted; null before. With them and the seed its own share can be made again. */
  round2: z.array(round2Schema).nullable(),
});
type State = z.output<typeof stateSchema>;

/** How far a key generation is. */
export type KeyGenerationProgress =
  | { readonly done: true; readonly outcome: KeyGeneration }
  | {
      readonly done: false;
      /** What is waited for. */
      readonly waitingFor: 'round 1' | 'round 2' | 'confirmation';
      /** Guardians whose message is missing. */
      readonly missing: readonly string[];
    };

export interface KeyGenerationOptions {
  /** The guardian's folder. */
  readonly folder: string;
  readonly passphrase: string;
  /** The guardian's identifier. */
  readonly guardian: string;
  readonly keys: Pick<GuardianKeys, 'operator' | 'exchange'>;
  readonly ceremony: Ceremony;
  readonly board: Board;
  /** Of the passphrase's Argon2id, for what is sealed; default: the floor. */
  readonly sealing?: StretchParameters;
}

/** Who of the ceremony is not among the authors. */
function missingAmong(
  ceremony: Ceremony,
  messages: readonly { readonly guardian: string }[],
  except?: string,
): string[] {
  const authors = new Set(messages.map((message) => message.guardian));
  return ceremony.guardians.map((card) => card.id).filter((id) => id !== except && !authors.has(id));
}

/** One guardian's part in one ceremony. {@link advance} it until it is done. */
export class KeyGenerationSession {
  readonly #options: KeyGenerationOptions;
  readonly #stateFile: string;
  #state: State | undefined;
  /** The shares last read, and the sealed file that they were in: opening it anew at each look would only take time. */
  #read: { readonly sealed: string; readonly shares: readonly GuardianShare[] } | undefined;

  constructor(options: KeyGenerationOptions) {
    this.#options = options;
    this.#stateFile = guardianFiles(options.folder).keyGeneration(
      bytesToHex(ceremonyHash(options.ceremony).subarray(0, 8)),
    );
  }

  /**
   * Goes as far as the board lets it. Safe to repeat, also after it failed or the program was killed. Of several programs
   * in one folder one works; the others are refused.
   *
   * @throws BlindmarkError `badTranscript` naming the guardians at fault; `badInput` for an unsound ceremony, or an epoch
   *   that this guardian has a share of already; `badFile`, `badPassphrase`, `storageFailed`; `unavailable` while another
   *   program works
   */
  async advance(): Promise<KeyGenerationProgress> {
    const lock = this.#lock();
    try {
      return await this.#advance();
    } finally {
      lock.close();
    }
  }

  async #advance(): Promise<KeyGenerationProgress> {
    const { folder, passphrase, ceremony, board } = this.#options;
    const shares = await this.#readShares();
    const outcome = board.outcome(ceremony);
    const existing = this.#findShare(shares);
    if (existing !== undefined) return this.#finished(existing, outcome);
    const state = (this.#state ??= await this.#readState());
    const { guardian, keys } = this.#options;
    const party: DkgParty = { ceremony, guardian, ...keys, seed: state.seed };
    board.postRound1(createRound1(party));
    const round1 = await this.#acceptRound1(state);
    if (round1 === undefined) return this.#waiting('round 1', missingAmong(ceremony, board.round1()));
    for (const message of createRound2(party, round1)) board.postRound2(message);
    const result = await this.#acceptRound2(party, state, round1);
    if (result === undefined) {
      return this.#waiting('round 2', missingAmong(ceremony, board.round2(party.guardian), party.guardian));
    }
    board.postConfirmation(createConfirmation(party, result));
    const confirmations = board.confirmations();
    const missing = missingAmong(ceremony, confirmations);
    if (missing.length > 0) return this.#waiting('confirmation', missing);
    const confirmed = verifyConfirmations(ceremony, result, confirmations);
    if (outcome === undefined) board.postOutcome(confirmed);
    await writeShares(folder, passphrase, [...shares, this.#toShare(result)], this.#options.sealing);
    rmSync(this.#stateFile, { force: true });
    return { done: true, outcome: confirmed };
  }

  async #readShares(): Promise<readonly GuardianShare[]> {
    const { folder, passphrase } = this.#options;
    const file = guardianFiles(folder).shares;
    const sealed = existsSync(file) ? readText(file) : '';
    if (this.#read?.sealed !== sealed) this.#read = { sealed, shares: await readShares(folder, passphrase) };
    return this.#read.shares;
  }

  #waiting(waitingFor: 'round 1' | 'round 2' | 'confirmation', missing: string[]): KeyGenerationProgress {
    return { done: false, waitingFor, missing };
  }

  async #acceptRound1(state: State): Promise<Round1Message[] | undefined> {
    const { ceremony, board } = this.#options;
    if (state.round1 !== null) return state.round1;
    const messages = board.round1();
    if (missingAmong(ceremony, messages).length > 0) return undefined;
    const round1 = verifyRound1(ceremony, messages);
    await this.#writeState({ ...state, round1 });
    return round1;
  }

  async #acceptRound2(party: DkgParty, state: State, round1: Round1Message[]): Promise<DkgResult | undefined> {
    const { ceremony, board } = this.#options;
    if (state.round2 !== null) return finishDkg(party, round1, state.round2);
    const messages = board.round2(party.guardian);
    if (missingAmong(ceremony, messages, party.guardian).length > 0) return undefined;
    const result = finishDkg(party, round1, messages);
    await this.#writeState({ ...state, round1, round2: messages });
    return result;
  }

  #toShare(result: DkgResult): GuardianShare {
    const { purpose, origin, epoch } = this.#options.ceremony;
    const { index, secret, groupKey, publicShares } = result;
    const ceremony = ceremonyHash(this.#options.ceremony);
    return { purpose, origin, epoch, ceremony, index, secret, groupKey, publicShares: [...publicShares] };
  }

  /** This ceremony's share, if it is there; refuses a second key for one purpose and epoch. */
  #findShare(shares: readonly GuardianShare[]): GuardianShare | undefined {
    const { purpose, epoch } = this.#options.ceremony;
    const held = shares.find((share) => share.purpose === purpose && share.epoch === epoch);
    if (held === undefined || equalBytes(held.ceremony, ceremonyHash(this.#options.ceremony))) return held;
    throw new BlindmarkError(
      'badInput',
      `epoch: this guardian has a share of the ${purpose} key of epoch ${epoch} from another ceremony`,
      { field: 'epoch', remedy: 'Agree on a ceremony with the next free epoch.' },
    );
  }

  #finished(share: GuardianShare, outcome: KeyGeneration | undefined): KeyGenerationProgress {
    if (outcome === undefined) {
      throw new BlindmarkError(
        'badFile',
        'This guardian has finished this ceremony, but its outcome is not on the board',
        {
          field: 'board',
          remedy: 'Nothing is lost: get key-generation.json from another guardian’s board.',
        },
      );
    }
    if (!equalBytes(share.groupKey, outcome.groupKey)) {
      throw badTranscript('the outcome on the board is not the key that this guardian has its share of');
    }
    // A run that was stopped between storing the share and forgetting the seed.
    rmSync(this.#stateFile, { force: true });
    return { done: true, outcome };
  }

  async #readState(): Promise<State> {
    const { passphrase, ceremony } = this.#options;
    const hash = ceremonyHash(ceremony);
    if (existsSync(this.#stateFile)) {
      const state = await readSealed(this.#stateFile, STATE_PURPOSE, stateSchema, passphrase);
      if (equalBytes(state.ceremony, hash)) return state;
      throw new BlindmarkError('badFile', `${this.#stateFile}: it is of another ceremony`, { field: this.#stateFile });
    }
    return this.#writeState({ ceremony: hash, seed: randomBytes(DKG_SEED_BYTES), round1: null, round2: null });
  }

  async #writeState(state: State): Promise<State> {
    const { passphrase, sealing } = this.#options;
    await writeSealed(this.#stateFile, STATE_PURPOSE, stateSchema, state, passphrase, sealing);
    this.#state = state;
    return state;
  }

  /** Held by the operating system, so that a killed program leaves nothing behind that would have to be cleared away. */
  #lock(): DatabaseSync {
    const path = guardianFiles(this.#options.folder).keyGenerationLock;
    closeSync(openSync(path, 'a', 0o600));
    const db = new DatabaseSync(path, { timeout: 0 });
    try {
      db.exec('BEGIN EXCLUSIVE');
      return db;
    } catch (cause) {
      db.close();
      throw new BlindmarkError('unavailable', 'Another program works on a key generation in this folder', {
        field: 'folder',
        remedy: 'Wait until it has ended.',
        cause,
      });
    }
  }
}
