/**
 * The sequencer: gives entries their places, one batch after the other (DESIGN 3.5).
 *
 * A round takes what waits, stores entries, tiles and the signed checkpoint by one compare-and-swap, has t guardians cosign
 * it, and answers. What arrives meanwhile is the next batch, so a lone request waits for nobody and a crowd shares the work.
 * Nothing is shown to a witness before it is on disk, and nothing is answered before t witnesses have cosigned it: after a
 * crash at any step, what was shown is there, and what was answered is in every later tree.
 */
import { bytesToHex } from '../../crypto/bytes.ts';
import { signCheckpoint, type Cosignature } from '../../crypto/checkpoint.ts';
import { badInput, BlindmarkError, isBlindmarkError, type ErrorCode } from '../../crypto/errors.ts';
import { leafHash } from '../../crypto/merkle.ts';
import { createProver, readRoot, type Prover, type TileReader } from '../../crypto/tile.ts';
import { appendLeaves, edgeRoot, type TreeEdge } from '../../crypto/tree-edge.ts';
import { storageFailed } from '../database/database.ts';
import { describeError, type Log as ServiceLog } from '../http/log.ts';
import type { Metrics } from '../http/metrics.ts';
import type { LogHead, LogStore, NewEntry } from '../store/log-store.ts';
import { openTree, reopenTree, type LogIdentity, type OpenedTree } from './generation.ts';
import type { AppendRequest, FoundEntry, Log, LoggedEntries } from './log.ts';
import { AppendPool, type PendingAppend } from './pool.ts';
import { Publication } from './publication.ts';
import { createTileReader, readEntries } from './stored-tree.ts';
import type { Submission } from './witness.ts';
import type { LateListener, Witnesses } from './witnesses.ts';

/** Entries of one batch. */
const MAX_BATCH = 1000;

/** Entries that may wait, by default. */
const MAX_WAITING = 2048;

/** Times that one prover is used: each keeps the tiles that it has read. */
const MAX_PROOFS = 256;

/** How often a log looks whether its cosignatures are still good, in milliseconds. */
const REFRESH_CHECK_MS = 60_000;

/** Seconds after which a cosignature is asked for anew. */
const REFRESH_AGE = 3600;

/** Milliseconds after which that is tried again for the sake of whoever wants a proof, if it did not help. */
const REFRESH_RETRY_MS = 2000;

export interface LogOptions extends LogIdentity {
  readonly store: LogStore;
  readonly witnesses: Witnesses;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly log: ServiceLog;
  readonly metrics: Metrics;
  /** Entries that may wait; default 2,048. More are refused as `overloaded`. */
  readonly maxWaiting?: number;
}

interface Tree {
  readonly head: LogHead;
  readonly edge: TreeEdge;
}

/** Where the entry of each key of a batch stands, and which of them are new. */
interface Placement {
  readonly indexes: ReadonlyMap<string, number>;
  readonly entries: readonly NewEntry[];
}

const formatKey = ({ key }: AppendRequest): string => bytesToHex(key);

/** Damage that is found while the log runs is nothing that a caller could mend. */
function toRunningError(error: unknown): unknown {
  return isBlindmarkError(error, 'badFile') ? storageFailed('The log could not be read', error) : error;
}

function createInstruments({ gauge, counter }: Metrics) {
  return {
    size: gauge('blindmark_log_entries', 'Entries of the latest cosigned checkpoint', []),
    canAppend: gauge('blindmark_log_can_append', 'Whether the last round of the log succeeded', []),
    rounds: counter('blindmark_log_rounds_total', 'Rounds of the log, by what came of them', ['result']),
  };
}

class Sequencer implements Log {
  readonly #options: LogOptions;
  readonly #store: LogStore;
  readonly #read: TileReader;
  readonly #publication: Publication;
  readonly #pool: AppendPool;
  readonly #instruments: ReturnType<typeof createInstruments>;
  readonly #timer: NodeJS.Timeout;
  /** The last head that was surely stored. */
  #tree: Tree;
  /** A head that was handed to the store and may or may not be there; the store is read again before anything else. */
  #attempted: LogHead | null = null;
  /** Whether t witnesses have cosigned the present head since this process began, and none contradicts it. */
  #isWitnessed = false;
  /** Whether any head was. The first time, each witness is waited for: one may know more than t others. */
  #wasWitnessed = false;
  /** Why nothing is appended any more, until the process is started anew. */
  #stopped: BlindmarkError | null = null;
  #obstacle: BlindmarkError | null;
  /** What came of the last round; null before the first. */
  #result: ErrorCode | 'done' | null = null;
  #working: Promise<void> | null = null;
  #renewing: Promise<void> | null = null;
  /** By the monotonic clock: when the latest checkpoint was still old after it should have been renewed. */
  #stayedOldAt = -Infinity;
  /** Of the present tree: what is asked for one checkpoint has most of its tiles in common. */
  #prover: { readonly size: number; readonly prover: Prover; uses: number } | null = null;

  constructor(options: LogOptions, { head, edge }: OpenedTree, publication: Publication) {
    this.#options = options;
    this.#store = options.store;
    this.#read = createTileReader(options.store);
    this.#publication = publication;
    this.#pool = new AppendPool(options.maxWaiting ?? MAX_WAITING);
    this.#instruments = createInstruments(options.metrics);
    this.#tree = { head, edge };
    this.#obstacle = new BlindmarkError('guardiansUnavailable', 'Guardians have not cosigned the log yet', {
      retryAfter: 1,
    });
    this.#timer = setInterval(() => {
      if (this.#publication.isStale(options.now(), REFRESH_AGE)) this.refresh();
    }, REFRESH_CHECK_MS).unref();
  }

  async append(requests: readonly AppendRequest[]): Promise<LoggedEntries> {
    if (this.#stopped !== null) throw this.#stopped;
    const result = this.#pool.add(requests);
    this.#working ??= this.#work();
    return result;
  }

  async find(key: Uint8Array): Promise<FoundEntry | null> {
    const size = this.#publication.current?.size ?? 0;
    const [index = null] = await this.#store.findKeys([key]);
    if (index === null || index >= size) return null;
    try {
      return { index, entry: await this.#readEntry(index) };
    } catch (error) {
      throw toRunningError(error);
    }
  }

  async has(key: Uint8Array): Promise<boolean> {
    const [index = null] = await this.#store.findKeys([key]);
    return index !== null;
  }

  async prove(indexes: readonly number[]): Promise<LoggedEntries> {
    if (this.#isOld() && performance.now() - this.#stayedOldAt >= REFRESH_RETRY_MS) {
      this.#renewing ??= this.#renew();
      await this.#renewing;
    }
    const { current } = this.#publication;
    if (current === null) throw this.#obstacle ?? new BlindmarkError('guardiansUnavailable', 'Nothing is cosigned yet');
    const { size, note } = current;
    const isThere = (index: number): boolean => Number.isSafeInteger(index) && index >= 0 && index < size;
    if (!indexes.every(isThere)) throw badInput('indexes', `indexes below ${size}`);
    try {
      const prover = this.#proverOf(size);
      const entries = await Promise.all(
        indexes.map(async (index) => ({
          index,
          entry: await this.#readEntry(index),
          proof: await prover.inclusion(index),
        })),
      );
      return { checkpoint: note, size, entries };
    } catch (error) {
      throw toRunningError(error);
    }
  }

  async proveConsistency(first: number, second: number): Promise<Uint8Array[]> {
    if (!(second <= this.#tree.head.size)) throw badInput('second', `a size up to ${this.#tree.head.size}`);
    try {
      return await this.#proverOf(second).consistency(first);
    } catch (error) {
      throw toRunningError(error);
    }
  }

  latest(): string | null {
    return this.#publication.current?.note ?? null;
  }

  obstacle(): BlindmarkError | null {
    return this.#stopped ?? this.#obstacle;
  }

  /** Has the latest checkpoint cosigned anew, in the background. */
  refresh(): void {
    this.append([]).catch(() => {});
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped ??= new BlindmarkError('unavailable', 'The log is closed', { retryAfter: 5 });
    this.#pool.refuse(this.#stopped);
    this.#options.witnesses.close();
    await this.#working;
    await this.#publication.close();
  }

  #isOld(): boolean {
    return this.#publication.isOld(this.#options.now(), REFRESH_AGE);
  }

  /** Never rejects. */
  async #renew(): Promise<void> {
    try {
      await this.append([]);
    } catch {
      // Whoever waits is shown what there is; what is wrong is said elsewhere.
    }
    this.#stayedOldAt = this.#isOld() ? performance.now() : -Infinity;
    this.#renewing = null;
  }

  async #work(): Promise<void> {
    do {
      // One turn of the event loop: what arrives in it shares the batch.
      await new Promise(setImmediate);
      await this.#round();
    } while (!this.#pool.isEmpty);
    this.#working = null;
  }

  /** Never rejects. */
  async #round(): Promise<void> {
    let batch: readonly PendingAppend[] | null = null;
    try {
      await this.#makeReady();
      batch = this.#pool.take(MAX_BATCH);
      const placement = await this.#place(batch);
      await this.#commit(placement.entries);
      // The proofs are made while the witnesses are at work.
      const proven = this.#prove(batch, placement);
      proven.catch(() => {});
      const note = await this.#witness();
      const entries = await proven;
      const { size } = this.#tree.head;
      for (const [i, { resolve }] of batch.entries()) {
        resolve({ checkpoint: note, size, entries: entries[i] as LoggedEntries['entries'] });
      }
      this.#learn(null);
    } catch (caught) {
      const error = toRunningError(caught);
      for (const { reject } of batch ?? []) reject(error);
      // What waits would meet the same obstacle.
      this.#pool.refuse(error);
      this.#learn(error);
    }
  }

  /** Finds out where the log stands, and that t witnesses agree, before anything is added to it. */
  async #makeReady(): Promise<void> {
    if (this.#stopped !== null) throw this.#stopped;
    if (this.#attempted !== null) await this.#reopen();
    if (!this.#isWitnessed) await this.#witness();
  }

  async #reopen(): Promise<void> {
    const opened = await reopenTree(this.#store, this.#options);
    const candidates = [this.#tree.head, this.#attempted as LogHead];
    if (opened === null || !candidates.some(({ checkpoint }) => checkpoint === opened.head.checkpoint)) {
      throw this.#stop(outrun());
    }
    this.#tree = { head: opened.head, edge: opened.edge };
    this.#attempted = null;
    this.#isWitnessed = false;
  }

  async #place(batch: readonly PendingAppend[]): Promise<Placement> {
    const requests = batch.flatMap((pending) => pending.requests);
    const known = await this.#store.findKeys(requests.map(({ key }) => key));
    const indexes = new Map<string, number>();
    const entries: NewEntry[] = [];
    for (const [i, request] of requests.entries()) {
      const name = formatKey(request);
      if (indexes.has(name)) continue;
      indexes.set(name, known[i] ?? this.#tree.head.size + entries.length);
      if (known[i] === null) entries.push({ key: request.key, bytes: request.entry });
    }
    return { indexes, entries };
  }

  /** Without entries too something is written: a log that cannot be written answers nothing. */
  async #commit(entries: readonly NewEntry[]): Promise<void> {
    const { head: expected, edge } = this.#tree;
    const grown = appendLeaves(
      edge,
      entries.map(({ bytes }) => leafHash(bytes)),
    );
    const head = entries.length === 0 ? expected : this.#signHead(grown.edge);
    this.#attempted = head;
    this.#prover = null;
    const result = await this.#store.commit({ expected, head, entries, tiles: grown.tiles });
    if (result === 'conflict') throw this.#stop(outrun());
    this.#attempted = null;
    this.#tree = { head, edge: grown.edge };
    if (entries.length > 0) this.#isWitnessed = false;
  }

  #signHead(edge: TreeEdge): LogHead {
    const { name: origin, generation, key } = this.#options;
    const [size, root] = [edge.size, edgeRoot(edge)];
    return { generation, size, root, checkpoint: signCheckpoint({ origin, size, root }, key) };
  }

  /** The entries of each call of a batch, with proofs under the present head. */
  async #prove(batch: readonly PendingAppend[], { indexes, entries }: Placement): Promise<LoggedEntries['entries'][]> {
    const { size } = this.#tree.head;
    const first = size - entries.length;
    const prover = this.#proverOf(size);
    const proveOne = async (request: AppendRequest): Promise<LoggedEntries['entries'][number]> => {
      const index = indexes.get(formatKey(request)) as number;
      const entry = entries[index - first]?.bytes ?? (await this.#readEntry(index));
      return { index, entry, proof: await prover.inclusion(index) };
    };
    return Promise.all(batch.map(({ requests }) => Promise.all(requests.map(proveOne))));
  }

  /**
   * Has the present head cosigned and publishes it.
   *
   * @returns the note with its cosignatures
   */
  async #witness(): Promise<string> {
    const { head } = this.#tree;
    const late: Cosignature[] = [];
    let isPublished = false;
    const listener: LateListener = {
      onCosigned: (cosignature) => {
        if (isPublished) this.#publication.merge(head.size, cosignature);
        else late.push(cosignature);
      },
      onRefuted: (error) => void this.#refute(error),
    };
    const outcome = await this.#options.witnesses.collect(this.#submission(head), listener, {
      patient: !this.#wasWitnessed,
    });
    if (outcome.kind === 'refuted') throw await this.#refute(outcome.error);
    if (outcome.kind === 'short') throw outcome.error;
    await this.#publication.publish(head, outcome.cosignatures);
    isPublished = true;
    for (const cosignature of late) this.#publication.merge(head.size, cosignature);
    this.#isWitnessed = true;
    this.#wasWitnessed = true;
    this.#instruments.size.set(head.size);
    return (this.#publication.current as { readonly note: string }).note;
  }

  #submission({ size, root, checkpoint: note }: LogHead): Submission {
    const { name: origin, key } = this.#options;
    return {
      checkpoint: { origin, size, root },
      note,
      logKey: key.publicKey,
      proveFrom: (first) => this.#proverOf(size).consistency(first),
      rootAt: async (at) => (at > this.#tree.head.size ? null : readRoot(at, this.#read)),
    };
  }

  /** A witness showed another checkpoint that this log signed. It may be by another process on the same store. */
  async #refute(error: BlindmarkError): Promise<BlindmarkError> {
    try {
      const stored = await this.#store.load();
      if (stored !== null && stored.head.size > this.#tree.head.size) return this.#stop(outrun());
    } catch {
      // A store that cannot be read does not make the witness's evidence any weaker.
    }
    return this.#stop(error);
  }

  #stop(error: BlindmarkError): BlindmarkError {
    this.#stopped ??= error;
    this.#options.log.error(describeError(error), 'the log has stopped: nothing is appended any more');
    return this.#stopped;
  }

  /** What came of a round. Said in the service's log when it changes. */
  #learn(error: unknown): void {
    const { log } = this.#options;
    const obstacle =
      error === null || isBlindmarkError(error)
        ? error
        : new BlindmarkError('internal', 'The log failed', { cause: error });
    const result = obstacle?.code ?? 'done';
    this.#instruments.rounds.inc({ result });
    this.#instruments.canAppend.set(obstacle === null ? 1 : 0);
    this.#obstacle = obstacle;
    if (result === this.#result) return;
    this.#result = result;
    if (obstacle === null) log.info('the log takes entries');
    else log.warn(describeError(error), 'the log takes no entries');
  }

  /** A prover of the tree of this size. That of the present one is kept, until entries are added. */
  #proverOf(size: number): Prover {
    if (size !== this.#tree.head.size) return createProver(size, this.#read);
    let kept = this.#prover;
    if (kept?.size !== size || kept.uses >= MAX_PROOFS) {
      const read: TileReader = async (tile) => {
        try {
          return await this.#read(tile);
        } catch (error) {
          // It is read anew the next time.
          this.#prover = null;
          throw error;
        }
      };
      kept = { size, prover: createProver(size, read), uses: 0 };
      this.#prover = kept;
    }
    kept.uses += 1;
    return kept.prover;
  }

  async #readEntry(index: number): Promise<Uint8Array> {
    const [entry] = await readEntries(this.#store, index, 1);
    return entry as Uint8Array;
  }
}

function outrun(): BlindmarkError {
  return new BlindmarkError('unavailable', 'Another process appends to this log; this one appends nothing any more', {
    remedy: 'The operator sees that one registry alone runs on this database, and starts it anew.',
  });
}

/**
 * Opens the log in a store. It appends as soon as t guardians have cosigned where it stands, which is asked for at once, in
 * the background.
 *
 * @throws BlindmarkError `badFile` when the stored log is damaged, another's or of another generation (generation.ts);
 *   `storageFailed`
 */
export async function openLog(options: LogOptions): Promise<Log> {
  const { store, generation, witnesses } = options;
  const { cosigners, threshold } = witnesses;
  const opened = await openTree(store, options);
  const publication = new Publication({ store, generation, cosigners, threshold });
  if (opened.cosigned !== null) await publication.restore(opened.head, opened.cosigned, createTileReader(store));
  const sequencer = new Sequencer(options, opened, publication);
  sequencer.refresh();
  return sequencer;
}
