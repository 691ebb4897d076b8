/**
 * The board of a key generation: any folder through which the guardians' signed messages travel, one file a message. A disk
 * that all share will do, and so will files that are sent about. Nobody need trust it.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import {
  badTranscript,
  ceremonyHash,
  confirmationSchema,
  keyGenerationSchema,
  round1Schema,
  round2Schema,
  type Ceremony,
  type Confirmation,
  type KeyGeneration,
  type Round1Message,
  type Round2Message,
} from '../../crypto/dkg-messages.ts';
import { verifyKeyGeneration } from '../../crypto/dkg-outcome.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { formatMessage } from '../../crypto/message.ts';
import { readJson, writeJson } from '../files.ts';

/** Others read what is posted. */
const MODE = 0o644;

/** One ceremony's board. */
export class Board {
  readonly #folder: string;

  /** @throws BlindmarkError `badFile` when there is no such folder */
  constructor(folder: string) {
    this.#folder = folder;
    this.#names();
  }

  round1(): Round1Message[] {
    return this.#read('round1-', round1Schema);
  }

  /** The messages to one recipient. */
  round2(recipient: string): Round2Message[] {
    return this.#read('round2-', round2Schema).filter((message) => message.recipient === recipient);
  }

  confirmations(): Confirmation[] {
    return this.#read('confirmation-', confirmationSchema);
  }

  postRound1(message: Round1Message): void {
    this.#post(`round1-${message.guardian}.json`, round1Schema, message);
  }

  postRound2(message: Round2Message): void {
    this.#post(`round2-${message.guardian}-to-${message.recipient}.json`, round2Schema, message);
  }

  postConfirmation(message: Confirmation): void {
    this.#post(`confirmation-${message.guardian}.json`, confirmationSchema, message);
  }

  /**
   * The public outcome, once somebody has posted it.
   *
   * @throws BlindmarkError `badFile` when it is another ceremony's; as `verifyKeyGeneration`
   */
  outcome(ceremony: Ceremony): KeyGeneration | undefined {
    const path = join(this.#folder, 'key-generation.json');
    if (!existsSync(path)) return undefined;
    const outcome = readJson(path, keyGenerationSchema);
    if (!equalBytes(ceremonyHash(outcome), ceremonyHash(ceremony))) {
      throw new BlindmarkError('badFile', `${path}: the outcome of another ceremony`, {
        field: path,
        remedy: 'Use one empty folder as the board of each ceremony.',
      });
    }
    verifyKeyGeneration(outcome);
    return outcome;
  }

  postOutcome(outcome: KeyGeneration): void {
    writeJson(join(this.#folder, 'key-generation.json'), keyGenerationSchema, outcome, MODE);
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder).sort();
    } catch (cause) {
      throw new BlindmarkError('badFile', `${this.#folder}: no folder that can be read`, {
        field: 'board',
        remedy: 'Make the folder first, or name another with --board.',
        cause,
      });
    }
  }

  #read<T extends z.ZodType>(prefix: string, schema: T): z.output<T>[] {
    return this.#names()
      .filter((name) => name.startsWith(prefix) && name.endsWith('.json'))
      .map((name) => readJson(join(this.#folder, name), schema));
  }

  /** Posts once. What is there in this guardian's name must be what it says itself. */
  #post<T extends typeof round1Schema | typeof round2Schema | typeof confirmationSchema>(
    name: string,
    schema: T,
    message: z.output<T>,
  ): void {
    const path = join(this.#folder, name);
    if (!existsSync(path)) {
      writeJson(path, schema, message, MODE);
      return;
    }
    const posted = readJson(path, schema);
    if (JSON.stringify(formatMessage(schema, posted)) === JSON.stringify(formatMessage(schema, message))) return;
    throw badTranscript(`${path} is in this guardian’s name but does not come from it`, [message.guardian]);
  }
}
