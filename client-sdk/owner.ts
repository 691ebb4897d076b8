/** An owner registering marks and looking after them. What must not be lost is in the vault before it is sent. */
import { formatActivationKey, parseActivationKey } from '../crypto/activation-key.ts';
import { randomBytes, type RandomSource } from '../crypto/bytes.ts';
import type { RegistryFile } from '../crypto/credential-files.ts';
import { BlindmarkError, isBlindmarkError } from '../crypto/errors.ts';
import { openItemEnvelope, sealItemEnvelope, type Item } from '../crypto/item-envelope.ts';
import { deriveMasterSeed } from '../crypto/owner-keys.ts';
import type { RegistrationRow, Status } from '../crypto/registration.ts';
import { liveEpochs, type RosterEpoch, type VerifiedRoster } from '../crypto/roster.ts';
import { isCurrentTokenKey, obtainToken, startToken } from './activation.ts';
import { checkContactChoice, type ContactChoice } from './contacts.ts';
import type { HistoryLine } from './history.ts';
import { pause } from './http.ts';
import { MarkClient, type OwnEvaluation } from './mark-client.ts';
import { chooseCode } from './mark-code.ts';
import {
  checkRegistered,
  checkSame,
  isSameContact,
  isSameItems,
  renewed,
  withdrawnAt,
  withRow,
  type RegisteredMark,
} from './marks.ts';
import type { Inbox } from './messages.ts';
import { mapInOrder, type WorkOptions } from './progress.ts';
import { keptReceipts, receiptRecords, receiptsOfLines, type NewReceipt } from './receipts.ts';
import type { Registry, SchemeCode } from './registry.ts';
import type { MarkRecord, Vault } from './vault.ts';

/** What an owner registers. */
export interface RegisterRequest {
  /** The code as it stands on the mark. */
  readonly code: string;
  /** The scheme's identifier; may be left out where the code fits one alone, or passes one's check. */
  readonly scheme?: string | undefined;
  /** One to twenty. */
  readonly items: readonly Item[];
  /** From the pack, as printed. */
  readonly activationKey: string;
  /** Default: `withKeeper`. */
  readonly status?: Exclude<Status, 'recovered'> | undefined;
  /** How officers may reach the keeper, once two of them have opened it; default: null, for no way. */
  readonly contact?: ContactChoice | undefined;
}

/** A registration, and all that happened to it. */
export interface MarkHistory {
  readonly mark: MarkRecord;
  /** Oldest first; each verified. */
  readonly lines: readonly HistoryLine[];
}

/** What became of one request of many. `again` when it was registered before. */
export type RegisterOutcome =
  | { readonly id: string; readonly mark: MarkRecord; readonly again: boolean }
  | { readonly id: string; readonly error: BlindmarkError };

export interface RegisterManyOptions extends WorkOptions {
  /**
   * Registrations at once, without pauses. This shows the registry which rows belong together, so it is for whoever registers
   * for many. Default: one after the other, with random pauses.
   */
  readonly parallel?: number | undefined;
  /** Bounds of the pauses; default {@link PAUSE_SECONDS}. */
  readonly pauseSeconds?: PauseSeconds | undefined;
}

/** Bounds of a random pause, in seconds. */
export interface PauseSeconds {
  readonly least: number;
  readonly most: number;
}

/** Bounds of the random pause between two marks of one person, in seconds. */
export const PAUSE_SECONDS: PauseSeconds = { least: 5, most: 60 };

/**
 * What a registration goes through: its token is fetched, guardians evaluate the code, it is stretched, and the registration comes
 * into the log. What was done in an earlier call is not gone through again.
 */
export const REGISTER_PHASES = ['token', 'evaluate', 'stretch', 'log'] as const;
type RegisterPhase = (typeof REGISTER_PHASES)[number];

interface RecoveredMark {
  readonly mark: MarkRecord;
  readonly receipts: readonly NewReceipt[];
}

/** One owner at one registry. */
export class Owner {
  readonly registry: Registry;
  readonly vault: Vault;
  readonly #registryFile: RegistryFile;
  readonly #masterSeed: Uint8Array;
  readonly #random: RandomSource;

  private constructor(
    registry: Registry,
    vault: Vault,
    registryFile: RegistryFile,
    masterSeed: Uint8Array,
    random: RandomSource,
  ) {
    this.registry = registry;
    this.vault = vault;
    this.#registryFile = registryFile;
    this.#masterSeed = masterSeed;
    this.#random = random;
  }

  /** @param registryFile how the registry is reached; kept in the vault with the first mark */
  static async open(
    registry: Registry,
    vault: Vault,
    registryFile: RegistryFile,
    random: RandomSource = randomBytes,
  ): Promise<Owner> {
    return new Owner(registry, vault, registryFile, await deriveMasterSeed(vault.phrase), random);
  }

  get #origin(): string {
    return this.registry.roster.roster.origin;
  }

  /** This owner's marks at this registry: of each code the latest registration. */
  get marks(): MarkRecord[] {
    return this.vault.latestMarks(this.#origin);
  }

  /** The mark of a code. @throws BlindmarkError `notFound` where the vault has none */
  find(code: string, scheme?: string): MarkRecord {
    const chosen = chooseCode(this.registry.roster.roster.schemes, code, scheme);
    const mark = this.vault.marksOf(this.#origin, chosen.scheme, chosen.canonical).at(-1);
    if (mark !== undefined) return mark;
    throw new BlindmarkError('notFound', 'This vault has no mark of this code', {
      field: 'code',
      remedy: 'Compare code and scheme with your sheet, or recover the mark by its code.',
    });
  }

  /**
   * Registers a mark, or goes on where an earlier call was interrupted. Asked again for what is registered, it answers that.
   * Where the code is registered with other items or another status, it changes nothing.
   *
   * @throws BlindmarkError `noSchemeFits`, `checkFailed`, `badActivationKey`, `activationKeyUsedUp` and others. Whatever it
   *   is, the same call may be made again, and uses up no more than it would have
   * @param options.onProgress hears of each of {@link REGISTER_PHASES} as it begins, and of the end
   */
  async register(request: RegisterRequest, options: WorkOptions = {}): Promise<MarkRecord> {
    const mark = await this.#begin(request);
    return mark.stage === 'registered' ? mark : this.#finishOrRestart(mark, request, options);
  }

  /**
   * Goes on with a mark whose registration was interrupted, with what it was begun with. A mark that is registered is answered
   * as it is.
   *
   * @throws BlindmarkError `notFound` for a mark that was withdrawn; those of {@link register}
   */
  async resume(mark: MarkRecord, options: WorkOptions = {}): Promise<MarkRecord> {
    const { stage, activationKey, canonical, scheme, items, status, contact } = mark;
    if (stage !== 'pending' || activationKey === undefined) return checkRegistered(mark);
    const request: RegisterRequest = {
      code: canonical,
      scheme,
      items,
      activationKey: formatActivationKey(activationKey),
      // A registration is not begun with any other.
      status: status as RegisterRequest['status'],
      contact,
    };
    return this.#finishOrRestart(mark, request, options);
  }

  /** Registers many marks and yields what became of each, in their order. One that fails does not keep the rest. */
  async *registerMany(
    requests: readonly (RegisterRequest & { readonly id: string })[],
    options: RegisterManyOptions = {},
  ): AsyncGenerator<RegisterOutcome, void, undefined> {
    const { signal, onProgress, parallel, pauseSeconds = PAUSE_SECONDS } = options;
    let isFirst = true;
    const work = async ({ id, ...request }: RegisterRequest & { id: string }): Promise<RegisterOutcome> => {
      try {
        const mark = await this.#begin(request);
        if (mark.stage === 'registered') return { id, mark, again: true };
        if (parallel === undefined && !isFirst) await pause(randomPause(pauseSeconds, this.#random), signal);
        isFirst = false;
        return { id, mark: await this.#finishOrRestart(mark, request, { signal }), again: false };
      } catch (error) {
        if (!isBlindmarkError(error) || error.code === 'cancelled') throw error;
        return { id, error };
      }
    };
    let done = 0;
    for await (const outcome of mapInOrder(requests, parallel ?? 1, work, signal)) {
      done += 1;
      onProgress?.({ phase: 'register', done, total: requests.length });
      yield outcome;
    }
  }

  /** Says what became of the property: `stolen`, `lost`, `recovered` or `withKeeper`. */
  async setStatus(mark: MarkRecord, status: Status, signal?: AbortSignal): Promise<MarkRecord> {
    const next = (client: MarkClient, current: RegisteredMark): RegisteredMark => ({
      ...current,
      status,
      row: client.withStatus(current.row, status),
    });
    return this.#change(mark, 'status', next, signal);
  }

  /** Replaces the description of the items: one to twenty. */
  async replaceItems(mark: MarkRecord, items: readonly Item[], signal?: AbortSignal): Promise<MarkRecord> {
    const next = (client: MarkClient, current: RegisteredMark): RegisteredMark => ({
      ...current,
      items: [...items],
      row: client.withItems(current.row, items, current.codeKey),
    });
    return this.#change(mark, 'replace', next, signal);
  }

  /**
   * Replaces the way to reach the keeper; null takes it away.
   *
   * @throws BlindmarkError `badInput` for a contact that is malformed or names no way
   */
  async replaceContact(mark: MarkRecord, contact: ContactChoice, signal?: AbortSignal): Promise<MarkRecord> {
    const next = (client: MarkClient, current: RegisteredMark): RegisteredMark => ({
      ...current,
      contact,
      row: client.withContact(current.row, contact, this.#epochOf(current.row), current.codeKey),
    });
    return this.#change(mark, 'replace', next, signal);
  }

  /** Erases a registration: its code then misses, and may be registered anew with another activation key. */
  async withdraw(mark: MarkRecord, signal?: AbortSignal): Promise<MarkRecord> {
    const gone: MarkRecord = { ...mark, stage: 'withdrawn' };
    try {
      await this.#withCurrentRow(
        mark,
        async (current) => {
          const receipt = await this.#client(current).withdraw(current.row, current.lookupTag, signal);
          await this.#keep(gone, [{ receipt, row: null }]);
        },
        signal,
      );
    } catch (error) {
      // Repeated after its first reply was lost, it finds nothing any more.
      if (!isBlindmarkError(error, 'notFound')) throw error;
      checkRegistered(mark);
      await this.vault.keep(gone);
    }
    return gone;
  }

  /** Reads a registration from the registry, verifies it, and keeps what it says. */
  async refresh(mark: MarkRecord, signal?: AbortSignal): Promise<MarkRecord> {
    return (await this.history(mark, signal)).mark;
  }

  /**
   * Reads a registration and all that happened to it: each change, each time that a lookup found it, each opening of its contact.
   * What a force's policy hides at first appears once it is revealed. Everything is verified in the log.
   *
   * @throws BlindmarkError `notFound`; `badRow` when the registry shows an older registration than the log; `notLogged`,
   *   `badProof`, `badCheckpoint`, `logBehind`, `logForked`
   */
  async history(mark: MarkRecord, signal?: AbortSignal): Promise<MarkHistory> {
    const known = checkRegistered(mark);
    const receipts = keptReceipts(this.vault, known).map(({ receipt }) => receipt);
    const { row, lines } = await this.#client(known).fetchHistory(known.lookupTag, receipts, signal);
    const fresh = withRow(known, row);
    await this.#keep(fresh, receiptsOfLines(this.#origin, lines, row));
    return { mark: fresh, lines };
  }

  /**
   * Fetches what officers have left for a mark's keeper. The registry keeps a message until it is acknowledged.
   *
   * @param acknowledged identifiers of messages that have arrived: they are erased
   */
  async messages(mark: MarkRecord, acknowledged: readonly Uint8Array[] = [], signal?: AbortSignal): Promise<Inbox> {
    const known = checkRegistered(mark);
    return this.#client(known).messages(known.lookupTag, acknowledged, signal);
  }

  /**
   * Rebuilds the right to a code's registration from the recovery phrase alone, on an empty machine.
   *
   * @returns the registration that stands, now in the vault
   * @throws BlindmarkError `notFound` when this phrase has none of this code
   */
  async recover(code: string, scheme?: string, options: WorkOptions = {}): Promise<MarkRecord> {
    const chosen = chooseCode(this.registry.roster.roster.schemes, code, scheme);
    let found: RecoveredMark | undefined;
    let withdrawn: MarkRecord | undefined;
    // Each withdrawal raised the counter, and a counter that was never used has no accepted element.
    for (let counter = 0; ; counter++) {
      const outcome = await this.#recoverAt(chosen, counter, options.signal);
      if (outcome === 'never') break;
      if (outcome === 'withdrawn') withdrawn = withdrawnAt({ origin: this.#origin, ...chosen }, counter);
      else found = outcome;
    }
    await this.vault.keepRegistry(this.#origin, this.#registryFile);
    // The next registration goes on after the last counter that was used. One that was begun here and interrupted looks withdrawn
    // from outside: what it takes to go on with it is not given up.
    const begun = this.vault.marksOf(this.#origin, chosen.scheme, chosen.canonical).at(-1);
    const isBegun = begun?.stage === 'pending' && begun.counter === withdrawn?.counter;
    if (withdrawn !== undefined && !isBegun) await this.vault.keep(withdrawn);
    if (found === undefined) {
      throw new BlindmarkError('notFound', 'This recovery phrase has no registration of this code', {
        field: 'code',
        remedy: 'Compare code, scheme and phrase with your sheet; a registration that was withdrawn is gone.',
      });
    }
    await this.#keep(found.mark, found.receipts);
    return found.mark;
  }

  /** The mark that a request is about: registered before, begun before, or new and now in the vault. */
  async #begin(request: RegisterRequest): Promise<MarkRecord> {
    const code = chooseCode(this.registry.roster.roster.schemes, request.code, request.scheme);
    const last = this.vault.marksOf(this.#origin, code.scheme, code.canonical).at(-1);
    if (last?.stage === 'registered') return checkSame(last, request);
    const activationKey = parseActivationKey(request.activationKey).bytes;
    const { items, status = 'withKeeper', contact = null } = request;
    const asked = { activationKey, items: [...items], status, contact };
    // Refuses what does not fit before anything is used up.
    const nothing = new Uint8Array(32);
    sealItemEnvelope({ items: asked.items, ownerPublicKey: nothing }, nothing, nothing);
    checkContactChoice(contact, newestEpoch(this.registry.roster).decryption.groupKey);
    if (last?.stage === 'pending') return renewed(last, asked);
    const counter = last === undefined ? 0 : last.counter + 1;
    const mark: MarkRecord = { kind: 'mark', origin: this.#origin, ...code, counter, stage: 'pending', ...asked };
    await this.vault.keepRegistry(this.#origin, this.#registryFile);
    await this.vault.keep(mark);
    return mark;
  }

  /**
   * Goes on with a pending mark to its registration. Where this phrase has registered the code before and withdrawn it, which
   * another vault need not know, a counter that was never used is the one to register under: that costs one further use.
   */
  async #finishOrRestart(mark: MarkRecord, request: RegisterRequest, options: WorkOptions): Promise<MarkRecord> {
    try {
      return await this.#finish(mark, options);
    } catch (error) {
      if (!isBlindmarkError(error, 'tokenSpent')) throw error;
      let last = mark.counter;
      const isUsed = async (counter: number): Promise<boolean> =>
        (await this.#evaluateAgain(this.#client({ ...mark, counter }), options.signal)) !== undefined;
      while (await isUsed(last + 1)) last += 1;
      await this.vault.keep(withdrawnAt(mark, last));
      return this.register(request, options);
    }
  }

  /** Goes on with a pending mark to its registration. */
  async #finish(pending: MarkRecord, { signal, onProgress }: WorkOptions): Promise<MarkRecord> {
    const total = REGISTER_PHASES.length;
    const begin = (phase: RegisterPhase): void => onProgress?.({ phase, done: REGISTER_PHASES.indexOf(phase), total });
    const paid = await this.#pay(pending, begin, signal);
    const { sent: registered, receipts } = await this.registry.underCurrentRoster(async (roster) => {
      const sent = await this.#prepareRow(paid, roster, begin, signal);
      begin('log');
      const { row, lookupTag, token } = sent;
      const client = this.#client(sent);
      try {
        const receipt = await client.register(row, lookupTag, token as Uint8Array, signal);
        return { sent, receipts: [{ receipt, row }] };
      } catch (error) {
        if (!isBlindmarkError(error, 'alreadyRegistered')) throw error;
        // An interrupted call registered it with a row that was sealed otherwise.
        const { row: stored, lines } = await client.fetchHistory(lookupTag, [], signal);
        return { sent: withRow(sent, stored), receipts: receiptsOfLines(this.#origin, lines, stored) };
      }
    }, signal);
    const { pendingToken: _, token: __, ...rest } = registered;
    const mark: MarkRecord = { ...rest, stage: 'registered' };
    await this.#keep(mark, receipts);
    const amended = await this.#amend(mark, pending, signal);
    onProgress?.({ phase: 'log', done: total, total });
    return amended;
  }

  /** Where an interrupted call has registered something else than is asked for now: makes it that. */
  async #amend(mark: MarkRecord, asked: MarkRecord, signal: AbortSignal | undefined): Promise<MarkRecord> {
    const { items, status, contact } = asked;
    const described = isSameItems(mark.items, items) ? mark : await this.replaceItems(mark, items, signal);
    const reachable = isSameContact(described.contact, contact ?? null)
      ? described
      : await this.replaceContact(described, contact ?? null, signal);
    return reachable.status === status ? reachable : this.setStatus(reachable, status, signal);
  }

  /** The mark with its token. The request for it is in the vault before it is sent, and the token before it is used. */
  async #pay(
    mark: MarkRecord,
    begin: (phase: RegisterPhase) => void,
    signal: AbortSignal | undefined,
  ): Promise<MarkRecord> {
    const { roster } = this.registry.roster;
    const { token, pendingToken: pending, ...unpaid } = mark;
    // A token counts for two quarters; begun longer ago, the registration needs another.
    const isCurrent = pending !== undefined && isCurrentTokenKey(roster, pending.publicKey, this.registry.now());
    if (isCurrent && token !== undefined) return mark;
    begin('token');
    const activationKey = mark.activationKey as Uint8Array;
    const { blinded, redemption } = this.#client(mark);
    const purpose = { element: blinded.element, redemption };
    const pendingToken = isCurrent ? pending : await startToken(roster, activationKey, purpose, this.registry.now());
    const asked = { ...unpaid, pendingToken };
    if (!isCurrent) await this.vault.keep(asked);
    const paid = {
      ...asked,
      token: await obtainToken(this.registry.http, roster, activationKey, pendingToken, signal),
    };
    await this.vault.keep(paid);
    return paid;
  }

  /** Tag, key and first row under the newest epoch; kept, so that a repeated registration sends the same bytes. */
  async #prepareRow(
    mark: MarkRecord,
    roster: VerifiedRoster,
    begin: (phase: RegisterPhase) => void,
    signal: AbortSignal | undefined,
  ): Promise<RegisteredMark> {
    const facts = newestEpoch(roster);
    const { epoch } = facts;
    const registeredOn = new Date(this.registry.now() * 1000).toISOString().slice(0, 10);
    if (mark.row?.epoch === epoch && mark.row.registeredOn === registeredOn) return mark as RegisteredMark;
    begin('evaluate');
    const client = this.#client(mark);
    const [evaluated] = (await client.evaluate(roster, [epoch], mark.token as Uint8Array, signal)) as [OwnEvaluation];
    begin('stretch');
    const secrets = await this.registry.stretch(evaluated, roster);
    const row = client.createRow(secrets, mark, facts, registeredOn);
    const prepared = { ...mark, ...secrets, evaluations: [...evaluated.evaluations], row };
    await this.vault.keep(prepared);
    return prepared;
  }

  async #change(
    mark: MarkRecord,
    kind: 'status' | 'replace',
    next: (client: MarkClient, current: RegisteredMark) => RegisteredMark,
    signal: AbortSignal | undefined,
  ): Promise<MarkRecord> {
    return this.#withCurrentRow(
      mark,
      async (current) => {
        const client = this.#client(current);
        const changed = next(client, current);
        const receipt = await client.replace(kind, changed.row, current.lookupTag, signal);
        await this.#keep(changed, [{ receipt, row: changed.row }]);
        return changed;
      },
      signal,
    );
  }

  /** Does something to the row as it is known; where another device has changed it since, to what that one made of it. */
  async #withCurrentRow<T>(
    mark: MarkRecord,
    work: (current: RegisteredMark) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const known = checkRegistered(mark);
    try {
      return await work(known);
    } catch (error) {
      if (!isBlindmarkError(error, 'versionConflict')) throw error;
      const fresh = checkRegistered(await this.refresh(known, signal));
      if (fresh.row.version === known.row.version) throw error;
      return work(fresh);
    }
  }

  async #recoverAt(
    code: SchemeCode,
    counter: number,
    signal: AbortSignal | undefined,
  ): Promise<RecoveredMark | 'withdrawn' | 'never'> {
    const identity = { origin: this.#origin, ...code, counter };
    const client = this.#client(identity);
    const again = await this.#evaluateAgain(client, signal);
    if (again === undefined) return 'never';
    for (const evaluated of again.evaluations) {
      const { evaluations } = evaluated;
      const secrets = await this.registry.stretch(evaluated, again.roster);
      try {
        const { row, lines } = await client.fetchHistory(secrets.lookupTag, [], signal);
        const { items } = openItemEnvelope(row.itemEnvelope, secrets.codeKey, row.commitment);
        const known = { kind: 'mark' as const, ...identity, stage: 'registered' as const, status: row.status, items };
        const contact = row.contactEnvelope === null ? { contact: null } : {};
        const mark: MarkRecord = { ...known, ...contact, ...secrets, evaluations: [...evaluations], row };
        return { mark, receipts: receiptsOfLines(this.#origin, lines, row) };
      } catch (error) {
        if (!isBlindmarkError(error, 'notFound')) throw error;
      }
    }
    return 'withdrawn';
  }

  /** Evaluations of an element that was accepted before, under each live epoch; undefined when it never was. */
  async #evaluateAgain(client: MarkClient, signal: AbortSignal | undefined) {
    try {
      return await this.registry.underCurrentRoster(async (roster) => {
        const epochs = liveEpochs(roster.roster).map((epoch) => epoch.epoch);
        return { roster, evaluations: await client.evaluate(roster, epochs, null, signal) };
      }, signal);
    } catch (error) {
      if (isBlindmarkError(error, 'tokenRequired')) return undefined;
      throw error;
    }
  }

  /** @throws BlindmarkError `wrongEpoch` for a registration of an epoch that was given up */
  #epochOf({ epoch }: RegistrationRow): RosterEpoch {
    const { epochs } = this.registry.roster.roster;
    const found = epochs.find((candidate) => candidate.epoch === epoch);
    if (found !== undefined) return found;
    throw new BlindmarkError('wrongEpoch', 'The registration is of an epoch that the registry has given up', {
      field: 'epoch',
      remedy: 'Withdraw the registration, and register the code anew.',
    });
  }

  /** Keeps a mark with receipts that are new here, and the rosters that they are verified by. */
  async #keep(mark: MarkRecord, receipts: readonly NewReceipt[]): Promise<void> {
    const added = receiptRecords(this.vault, mark, receipts);
    if (added.length > 0) await this.vault.keepRosters(this.#origin, this.registry.chain);
    await this.vault.keep(...added, mark);
  }

  #client({ scheme, canonical, counter }: SchemeCode & { readonly counter: number }): MarkClient {
    const identity = { origin: this.#origin, scheme, canonical, counter };
    return new MarkClient(this.registry, this.#masterSeed, identity, this.#random);
  }
}

function newestEpoch({ roster }: VerifiedRoster): RosterEpoch {
  return liveEpochs(roster)[0] as RosterEpoch;
}

/** Milliseconds. */
function randomPause({ least, most }: PauseSeconds, random: RandomSource): number {
  const [high = 0, low = 0] = random(2);
  return 1000 * (least + ((most - least) * (high * 256 + low)) / 65_535);
}
