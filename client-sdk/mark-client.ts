/** One registration of one mark: its secrets, and the requests that they sign. */
import { equalBytes, formatBase64url, type RandomSource } from '../crypto/bytes.ts';
import type { Checkpoint } from '../crypto/checkpoint.ts';
import type { Disclosure } from '../crypto/disclosure.ts';
import { sealItemEnvelope, type Item } from '../crypto/item-envelope.ts';
import type { Action } from '../crypto/log-entry.ts';
import { blind, codeInput, type Blinded } from '../crypto/oprf.ts';
import { deriveMarkSecrets, type MarkIdentity, type MarkSecrets } from '../crypto/owner-keys.ts';
import type { Receipt } from '../crypto/receipt.ts';
import {
  historyHash,
  registrationCommitment,
  registrationIndex,
  rowHash,
  signRow,
  verifyRow,
  withdrawalEntryHash,
  withdrawalHash,
  type RegistrationRow,
  type Status,
} from '../crypto/registration.ts';
import type { RosterEpoch, VerifiedRoster } from '../crypto/roster.ts';
import { sign } from '../crypto/signature.ts';
import type { CodeSecrets } from '../crypto/stretch.ts';
import { redemptionCommitment } from '../crypto/token.ts';
import {
  actionReplySchema,
  actionRequestSchema,
  historyReplySchema,
  historyRequestSchema,
  registrationReplySchema,
  registrationRequestSchema,
  type ActionReply,
  type ActionRequest,
  type HistoryReply,
  type RegistrationReply,
} from '../crypto/wire.ts';
import { sealContactChoice, type ContactChoice } from './contacts.ts';
import { expectKind, expectMark, notLogged, readEntry, verifyRegistered } from './entries.ts';
import { verifyHistory, type HistoryLine } from './history.ts';
import { fetchMessages, type Inbox } from './messages.ts';
import type { EvaluatedCode, Registry } from './registry.ts';

/** What a row says beside what follows from keys and code. */
export interface RowContent {
  readonly items: readonly Item[];
  readonly status: Status;
  readonly contact?: ContactChoice | undefined;
}

/** A code under one epoch, with what guardians answered for it. */
export interface OwnEvaluation extends EvaluatedCode {
  readonly evaluations: Disclosure['evaluations'];
}

/** A registration as the registry shows it, verified. */
export interface OwnHistory {
  readonly row: RegistrationRow;
  /** Oldest first. */
  readonly lines: readonly HistoryLine[];
}

/** Speaks for one registration. Holds its secrets, and no state. */
export class MarkClient {
  readonly blinded: Blinded;
  readonly #registry: Registry;
  readonly #identity: MarkIdentity;
  readonly #secrets: MarkSecrets;
  readonly #random: RandomSource;

  constructor(registry: Registry, masterSeed: Uint8Array, identity: MarkIdentity, random: RandomSource) {
    this.#registry = registry;
    this.#identity = identity;
    this.#secrets = deriveMarkSecrets(masterSeed, identity);
    this.#random = random;
    const { origin, scheme, canonical } = identity;
    this.blinded = blind(codeInput(origin, scheme, canonical), () => this.#secrets.blindBytes);
  }

  /** 32 bytes: the commitment that this registration's token is made for. */
  get redemption(): Uint8Array {
    return redemptionCommitment(this.#secrets.redemptionSecret);
  }

  get #ownerPublicKey(): Uint8Array {
    return this.#secrets.signingKey.publicKey;
  }

  /**
   * Has the code evaluated.
   *
   * @param token null for an element that was accepted before
   * @returns one for each epoch
   * @throws BlindmarkError `tokenRequired` for an element that never was
   */
  async evaluate(
    roster: VerifiedRoster,
    epochs: number[],
    token: Uint8Array | null,
    signal?: AbortSignal,
  ): Promise<OwnEvaluation[]> {
    const elements = [this.blinded.element];
    const redemptions = [this.redemption];
    const request = { purpose: 'registration' as const, roster: roster.hash, epochs, elements, redemptions, token };
    const codes = [{ ...this.#identity, blinded: this.blinded }];
    const { codes: evaluated, answers } = await this.#registry.evaluate(request, codes, roster, signal);
    return (evaluated[0] as readonly EvaluatedCode[]).map(({ scheme, canonical, epoch, y }): OwnEvaluation => {
      const evaluations = (answers.get(epoch) ?? []).map(({ guardian, evaluatedElements, proof }) => ({
        guardian,
        element: evaluatedElements[0] as Uint8Array,
        proof,
      }));
      return { scheme, canonical, epoch, y, evaluations };
    });
  }

  /** 32 bytes. */
  commitment(lookupTag: Uint8Array): Uint8Array {
    return registrationCommitment(this.#secrets.salt, lookupTag, this.#ownerPublicKey);
  }

  /** The first version of the row. */
  createRow(code: CodeSecrets, content: RowContent, epoch: RosterEpoch, registeredOn: string): RegistrationRow {
    const { origin } = this.#identity;
    const commitment = this.commitment(code.lookupTag);
    const index = registrationIndex(origin, code.lookupTag);
    const { salt, signingKey } = this.#secrets;
    const row = {
      index,
      salt,
      commitment,
      itemEnvelope: this.#sealItems(content.items, code.codeKey, commitment),
      contactEnvelope: this.#sealContact(content.contact ?? null, epoch, code.codeKey, commitment),
      status: content.status,
      version: 1,
      epoch: epoch.epoch,
      registeredOn,
    };
    return signRow(origin, row, signingKey);
  }

  /** The row's next version, with another status. */
  withStatus(row: RegistrationRow, status: Status): RegistrationRow {
    return this.#signNext({ ...row, status });
  }

  /** The row's next version, with other items. */
  withItems(row: RegistrationRow, items: readonly Item[], codeKey: Uint8Array): RegistrationRow {
    return this.#signNext({ ...row, itemEnvelope: this.#sealItems(items, codeKey, row.commitment) });
  }

  /** The row's next version, with another contact or none. */
  withContact(row: RegistrationRow, contact: ContactChoice, epoch: RosterEpoch, codeKey: Uint8Array): RegistrationRow {
    return this.#signNext({ ...row, contactEnvelope: this.#sealContact(contact, epoch, codeKey, row.commitment) });
  }

  /** @returns the registration's receipt, verified. @throws BlindmarkError `notLogged`, `badProof`, `badCheckpoint` */
  async register(
    row: RegistrationRow,
    lookupTag: Uint8Array,
    token: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Receipt> {
    const schemas = { body: registrationRequestSchema, reply: registrationReplySchema };
    const { redemptionSecret } = this.#secrets;
    const body = { ...this.#proof(lookupTag), row, token, element: this.blinded.element, redemptionSecret };
    const noteOf = (reply: RegistrationReply): string => reply.receipt.checkpoint;
    const { reply, checkpoint } = await this.#registry.postChecked('/v1/registrations', schemas, body, noteOf, signal);
    verifyRegistered(this.#identity.origin, reply.receipt, checkpoint, row);
    return reply.receipt;
  }

  /**
   * Puts the row's next version in its place.
   *
   * @returns the change's receipt, verified
   * @throws BlindmarkError `versionConflict`, `notFound`; `notLogged`, `badProof`, `badCheckpoint`
   */
  async replace(
    kind: 'status' | 'replace',
    row: RegistrationRow,
    lookupTag: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Receipt> {
    const hash = rowHash(this.#identity.origin, row);
    const expected = { action: kind, rowOf: () => hash };
    return this.#act(row.commitment, { kind, ...this.#proof(lookupTag), row }, expected, signal);
  }

  /** Erases the row of this version. @returns the withdrawal's receipt. @throws BlindmarkError those of {@link replace} */
  async withdraw(row: RegistrationRow, lookupTag: Uint8Array, signal?: AbortSignal): Promise<Receipt> {
    const { commitment, version } = row;
    const hash = withdrawalHash(this.#identity.origin, commitment, version);
    const signature = sign(this.#secrets.signingKey, hash);
    const action = { kind: 'withdraw', ...this.#proof(lookupTag), version, signature } as const;
    const rowOf = (salt: Uint8Array): Uint8Array => withdrawalEntryHash(salt, hash);
    return this.#act(commitment, action, { action: 'withdraw', rowOf }, signal);
  }

  /**
   * Reads the row of a tag and all that happened to it, and verifies both.
   *
   * @param known receipts that were kept before: the registry must still show their entries
   * @throws BlindmarkError `notFound`; `badRow` for a row that is not the owner's latest; `notLogged`, `badProof`, `badCheckpoint`
   */
  async fetchHistory(lookupTag: Uint8Array, known: readonly Receipt[], signal?: AbortSignal): Promise<OwnHistory> {
    const { origin } = this.#identity;
    const commitment = this.commitment(lookupTag);
    const issuedAt = this.#registry.now();
    const signature = sign(this.#secrets.signingKey, historyHash(origin, commitment, issuedAt));
    const schemas = { body: historyRequestSchema, reply: historyReplySchema };
    const path = `/v1/registrations/${formatBase64url(commitment)}/history`;
    const proof = this.#proof(lookupTag);
    const body = { ...proof, issuedAt, signature };
    const noteOf = (reply: HistoryReply): string => reply.checkpoint;
    const { reply, checkpoint } = await this.#registry.postChecked(path, schemas, body, noteOf, signal);
    const { registration: row } = reply;
    verifyRow(origin, row, proof);
    const lines = verifyHistory(origin, reply, { checkpoint, rosters: this.#registry.rosters, known });
    return { row, lines };
  }

  /** Fetches what officers have left for this registration's keeper. */
  async messages(lookupTag: Uint8Array, acknowledged: readonly Uint8Array[], signal?: AbortSignal): Promise<Inbox> {
    const mark = { secrets: this.#secrets, commitment: this.commitment(lookupTag), lookupTag };
    return fetchMessages(this.#registry, mark, acknowledged, signal);
  }

  #proof(lookupTag: Uint8Array): { lookupTag: Uint8Array; ownerPublicKey: Uint8Array } {
    return { lookupTag, ownerPublicKey: this.#ownerPublicKey };
  }

  #sealItems(items: readonly Item[], codeKey: Uint8Array, commitment: Uint8Array): Uint8Array {
    return sealItemEnvelope(
      { items: [...items], ownerPublicKey: this.#ownerPublicKey },
      codeKey,
      commitment,
      this.#random,
    );
  }

  #sealContact(
    choice: ContactChoice,
    epoch: RosterEpoch,
    codeKey: Uint8Array,
    commitment: Uint8Array,
  ): Uint8Array | null {
    return sealContactChoice(choice, { secrets: this.#secrets, epoch, codeKey, commitment }, this.#random);
  }

  #signNext(row: RegistrationRow): RegistrationRow {
    return signRow(this.#identity.origin, { ...row, version: row.version + 1 }, this.#secrets.signingKey);
  }

  async #act(
    commitment: Uint8Array,
    action: ActionRequest,
    expected: Omit<ExpectedAction, 'commitment'>,
    signal: AbortSignal | undefined,
  ): Promise<Receipt> {
    const path = `/v1/registrations/${formatBase64url(commitment)}/actions`;
    const schemas = { body: actionRequestSchema, reply: actionReplySchema };
    const noteOf = (reply: ActionReply): string => reply.receipt.checkpoint;
    const { reply, checkpoint } = await this.#registry.postChecked(path, schemas, action, noteOf, signal);
    verifyActed(reply.receipt, checkpoint, { ...expected, commitment });
    return reply.receipt;
  }
}

/** What the entry of an owner's action must say. */
interface ExpectedAction {
  readonly action: Action;
  readonly commitment: Uint8Array;
  /** What stands for the row, given the entry's salt. */
  readonly rowOf: (salt: Uint8Array) => Uint8Array;
}

/** @throws BlindmarkError `badProof`; `notLogged` for a receipt of something else */
function verifyActed({ logged, salt }: Receipt, checkpoint: Checkpoint, expected: ExpectedAction): void {
  const entry = expectKind('action', readEntry('action', logged, checkpoint), 'action');
  expectMark('action', entry, salt, expected.commitment);
  if (entry.action === expected.action && equalBytes(entry.row, expected.rowOf(salt))) return;
  throw notLogged('action', 'the action entry is of another change');
}
