/** The latest checkpoint that t witnesses have cosigned, with the cosignatures that have come since. */
import {
  addCosignatures,
  cosignatureTime,
  parseCheckpoint,
  readCosignature,
  type Cosignature,
  type Cosigner,
} from '../../crypto/checkpoint.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { isBlindmarkError } from '../../crypto/errors.ts';
import { readRoot, type TileReader } from '../../crypto/tile.ts';
import type { CosignedNote, LogHead, LogStore } from '../store/log-store.ts';

/** Milliseconds after which cosignatures that came late are stored. */
const LATE_SAVE_MS = 1000;

interface Published {
  readonly size: number;
  /** Since when t witnesses vouch for it: the time of the t-th newest cosignature, in epoch seconds. */
  readonly vouchedAt: number;
  /** By witness. */
  readonly cosignatures: ReadonlyMap<string, Cosignature>;
  /** The note to which `cosignatures` are added. */
  readonly checkpoint: string;
  readonly note: string;
}

const timeOf = ({ cosignature }: Cosignature): number => cosignatureTime(cosignature);

export interface PublicationOptions {
  readonly store: LogStore;
  readonly generation: number;
  readonly cosigners: readonly Cosigner[];
  readonly threshold: number;
}

/** What the log has published last. */
export class Publication {
  readonly #options: PublicationOptions;
  #published: Published | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PublicationOptions) {
    this.#options = options;
  }

  /** Null before the first. */
  get current(): Pick<Published, 'size' | 'note'> | null {
    return this.#published;
  }

  /**
   * Takes up what was stored, if it still is a checkpoint of this tree with enough cosignatures: after a change of guardians
   * it may not be.
   */
  async restore(head: LogHead, { size, note }: CosignedNote, read: TileReader): Promise<void> {
    const cosignatures: Cosignature[] = [];
    try {
      const { checkpoint, note: parsed } = parseCheckpoint(note);
      if (checkpoint.size !== size || size > head.size) return;
      if (!equalBytes(checkpoint.root, await readRoot(size, read))) return;
      for (const cosigner of this.#options.cosigners) {
        const cosignature = readCosignature(parsed, cosigner);
        if (cosignature !== null) cosignatures.push({ ...cosigner, cosignature });
      }
    } catch (error) {
      if (isBlindmarkError(error, 'badCheckpoint')) return;
      throw error;
    }
    if (cosignatures.length < this.#options.threshold) return;
    this.#published = this.#format(size, note, cosignatures);
  }

  /**
   * Publishes a checkpoint with at least t cosignatures. Resolves when it is stored: what anybody was shown is there after
   * a crash too.
   *
   * @throws BlindmarkError `storageFailed`; then nothing is published
   */
  async publish({ size, checkpoint }: LogHead, cosignatures: readonly Cosignature[]): Promise<void> {
    const next = this.#format(size, checkpoint, cosignatures);
    await this.#save(next);
    this.#published = next;
  }

  /** Adds a cosignature to the checkpoint of that size, if that still is the latest. It is stored some time later. */
  merge(size: number, cosignature: Cosignature): void {
    const published = this.#published;
    if (published?.size !== size) return;
    this.#published = this.#format(size, published.checkpoint, [cosignature]);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#published !== null) this.#save(this.#published).catch(() => {});
    }, LATE_SAVE_MS).unref();
  }

  /** Whether all but t - 1 cosignatures are older than `age` seconds. What was never published is not old. */
  isOld(now: number, age: number): boolean {
    return this.#published !== null && this.#published.vouchedAt < now - age;
  }

  /** Whether a witness's cosignature is missing, or all but t - 1 are older than `age` seconds. */
  isStale(now: number, age: number): boolean {
    const count = this.#published?.cosignatures.size ?? 0;
    return count < this.#options.cosigners.length || this.isOld(now, age);
  }

  /** Stores what came late. Never rejects. */
  async close(): Promise<void> {
    if (this.#timer === undefined || this.#published === null) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#save(this.#published).catch(() => {});
  }

  /** Newer cosignatures take the place of older ones of the same witness and size. */
  #format(size: number, checkpoint: string, added: readonly Cosignature[]): Published {
    const known = this.#published?.size === size ? this.#published.cosignatures : new Map<string, Cosignature>();
    const merged = new Map(known);
    for (const cosignature of added) {
      const old = merged.get(cosignature.name);
      if (old === undefined || timeOf(old) < timeOf(cosignature)) merged.set(cosignature.name, cosignature);
    }
    const { cosigners, threshold } = this.#options;
    const ordered = cosigners.flatMap(({ name }) => merged.get(name) ?? []);
    const vouchedAt = ordered.map(timeOf).toSorted((a, b) => b - a)[threshold - 1] as number;
    return { size, vouchedAt, checkpoint, cosignatures: merged, note: addCosignatures(checkpoint, ordered) };
  }

  #save({ size, note }: Published): Promise<void> {
    return this.#options.store.saveCosigned(this.#options.generation, { size, note });
  }
}
