/** One registration of one mark: its secrets, and the requests that they sign. */
import { formatBase64url, type RandomSource } from '../crypto/bytes.ts';
import { sealItemEnvelope, type Item } from '../crypto/item-envelope.ts';
import { blind, codeInput, type Blinded } from '../crypto/oprf.ts';
import { deriveMarkSecrets, type MarkIdentity, type MarkSecrets } from '../crypto/owner-keys.ts';
import {
  historyHash,
  registrationCommitment,
  registrationIndex,
  signRow,
  verifyRow,
  withdrawalHash,
  type RegistrationRow,
  type Status,
} from '../crypto/registration.ts';
import type { VerifiedRoster } from '../crypto/roster.ts';
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
  type ActionRequest,
} from '../crypto/wire.ts';
import type { EvaluatedCode, Registry } from './registry.ts';

/** What a row says beside what follows from keys and code. */
export interface RowContent {
  readonly items: readonly Item[];
  readonly status: Status;
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
  ): Promise<EvaluatedCode[]> {
    const elements = [this.blinded.element];
    const redemptions = [this.redemption];
    const request = { purpose: 'registration' as const, roster: roster.hash, epochs, elements, redemptions, token };
    const [evaluated] = await this.#registry.evaluate(
      request,
      [{ ...this.#identity, blinded: this.blinded }],
      roster,
      signal,
    );
    return evaluated as EvaluatedCode[];
  }

  /** 32 bytes. */
  commitment(lookupTag: Uint8Array): Uint8Array {
    return registrationCommitment(this.#secrets.salt, lookupTag, this.#ownerPublicKey);
  }

  /** The first version of the row. */
  createRow(
    code: CodeSecrets,
    content: RowContent,
    facts: { readonly epoch: number; readonly registeredOn: string },
  ): RegistrationRow {
    const { origin } = this.#identity;
    const commitment = this.commitment(code.lookupTag);
    const index = registrationIndex(origin, code.lookupTag);
    const itemEnvelope = this.#sealItems(content.items, code.codeKey, commitment);
    const { salt, signingKey } = this.#secrets;
    const row = {
      index,
      salt,
      commitment,
      itemEnvelope,
      contactEnvelope: null,
      status: content.status,
      version: 1,
      ...facts,
    };
    return signRow(origin, row, signingKey);
  }

  /** The row's next version: with another status or, when `codeKey` is given, with other items. */
  createNextRow(row: RegistrationRow, content: RowContent, codeKey: Uint8Array | null): RegistrationRow {
    const itemEnvelope = codeKey === null ? row.itemEnvelope : this.#sealItems(content.items, codeKey, row.commitment);
    const next = { ...row, itemEnvelope, status: content.status, version: row.version + 1 };
    return signRow(this.#identity.origin, next, this.#secrets.signingKey);
  }

  async register(row: RegistrationRow, lookupTag: Uint8Array, token: Uint8Array, signal?: AbortSignal): Promise<void> {
    const schemas = { body: registrationRequestSchema, reply: registrationReplySchema };
    const { redemptionSecret } = this.#secrets;
    const body = { ...this.#proof(lookupTag), row, token, element: this.blinded.element, redemptionSecret };
    await this.#registry.post('/v1/registrations', schemas, body, signal);
  }

  /** Puts the row's next version in its place. @throws BlindmarkError `versionConflict`, `notFound` */
  async replace(
    kind: 'status' | 'replace',
    row: RegistrationRow,
    lookupTag: Uint8Array,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#act(row.commitment, { kind, ...this.#proof(lookupTag), row }, signal);
  }

  /** Erases the row of this version. @throws BlindmarkError `versionConflict`, `notFound` */
  async withdraw(row: RegistrationRow, lookupTag: Uint8Array, signal?: AbortSignal): Promise<void> {
    const { commitment, version } = row;
    const signature = sign(this.#secrets.signingKey, withdrawalHash(this.#identity.origin, commitment, version));
    await this.#act(commitment, { kind: 'withdraw', ...this.#proof(lookupTag), version, signature }, signal);
  }

  /** Reads the row of a tag, and verifies it. @throws BlindmarkError `notFound`, `badRow` */
  async fetchRow(lookupTag: Uint8Array, signal?: AbortSignal): Promise<RegistrationRow> {
    const { origin } = this.#identity;
    const commitment = this.commitment(lookupTag);
    const issuedAt = this.#registry.now();
    const signature = sign(this.#secrets.signingKey, historyHash(origin, commitment, issuedAt));
    const schemas = { body: historyRequestSchema, reply: historyReplySchema };
    const path = `/v1/registrations/${formatBase64url(commitment)}/history`;
    const proof = this.#proof(lookupTag);
    const { registration } = await this.#registry.post(path, schemas, { ...proof, issuedAt, signature }, signal);
    verifyRow(origin, registration, proof);
    return registration;
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

  async #act(commitment: Uint8Array, action: ActionRequest, signal: AbortSignal | undefined): Promise<void> {
    const path = `/v1/registrations/${formatBase64url(commitment)}/actions`;
    await this.#registry.post(path, { body: actionRequestSchema, reply: actionReplySchema }, action, signal);
  }
}
