/**
 * What the log needs of a storage engine (DESIGN section 6): entries, tiles, keys and one head, which moves by
 * compare-and-swap alone, so that two sequencers on one store make no fork. A promise that resolves means: on disk.
 *
 * Any operation may reject with `storageFailed` or `overloaded`. After `storageFailed` a {@link LogStore.commit} may turn out
 * to be stored: whoever asked loads the head again before anything else.
 */

/** Where the log stands. */
export interface LogHead {
  /** The roster's `log.generation`: whose name and key signed `checkpoint`. */
  readonly generation: number;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** The signed note of that size, with the log's signature alone. */
  readonly checkpoint: string;
}

/** A checkpoint with the cosignatures that it has so far. */
export interface CosignedNote {
  readonly size: number;
  readonly note: string;
}

export interface StoredLog {
  readonly head: LogHead;
  /** The last one that was saved for the head's generation. Its size may be smaller than the head's. */
  readonly cosigned: CosignedNote | null;
}

/** One tile of hashes (C2SP tlog-tiles), as wide as it is at present. */
export interface StoredTile {
  /** 0 to 7. */
  readonly level: number;
  readonly index: number;
  /** 1 to 256 hashes of 32 bytes. */
  readonly bytes: Uint8Array;
}

export interface NewEntry {
  /** 32 bytes, unique in the log: who appends again under it is told of the first entry. */
  readonly key: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface LogCommit {
  /** What the head must be; null: there is none yet. */
  readonly expected: LogHead | null;
  readonly head: LogHead;
  /** In order, from the expected size on (0 without one) up to the new size. */
  readonly entries: readonly NewEntry[];
  /** Every tile that is new or wider. A tile only grows: what was stored of it is the beginning of what is stored now. */
  readonly tiles: readonly StoredTile[];
}

/** How a successor log begins: with the first `head.size` entries of the log before it, and nothing else of it. */
export interface LogRestart {
  readonly expected: LogHead;
  /** Of a higher generation and at most the expected size. */
  readonly head: LogHead;
  /** The right edge at `head.size`; a full tile may be left out. Every other tile and entry beyond that size is erased. */
  readonly tiles: readonly StoredTile[];
}

export interface LogStore {
  /** The head and what was cosigned of it; null before the first commit. */
  load(): Promise<StoredLog | null>;

  /**
   * Stores entries, tiles and the new head, all or none.
   *
   * @returns `conflict` when the head is not the expected one, in generation, size and root: nothing was stored
   */
  commit(commit: LogCommit): Promise<'committed' | 'conflict'>;

  /** Puts a successor's head in the place of the log's before it, all or nothing. No cosigned checkpoint is left. */
  restart(restart: LogRestart): Promise<'committed' | 'conflict'>;

  /** Keeps a checkpoint with cosignatures. Nothing happens if it is of another generation than the head, or smaller than what is kept. */
  saveCosigned(generation: number, cosigned: CosignedNote): Promise<void>;

  /** The tile as wide as it is stored, which may be wider than some checkpoint's; null where nothing is stored. */
  readTile(level: number, index: number): Promise<Uint8Array | null>;

  /** The entries from `first` on, in order: `count` of them, or as many as there are without a gap. */
  readEntries(first: number, count: number): Promise<Uint8Array[]>;

  /** For each key, in the order asked, the index of its entry, or null. */
  findKeys(keys: readonly Uint8Array[]): Promise<(number | null)[]>;
}
