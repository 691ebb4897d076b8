/** What an audit remembers of a million entries, packed: requests that were logged, and lookups with their matches. */
import { BlindmarkError } from '../crypto/errors.ts';

/** Bytes of a whole number in a saved table: indexes of entries stay far below 2^48. */
const NUMBER_BYTES = 6;

/** Bytes of a request's hash that are kept. Who makes two requests with one beginning is found out: see {@link RequestTable}. */
const PREFIX_BYTES = 8;

const REQUEST_RECORD = PREFIX_BYTES + NUMBER_BYTES;
const LOOKUP_RECORD = NUMBER_BYTES + 6;

function damaged(): BlindmarkError {
  return new BlindmarkError('badFile', 'The audit’s state is damaged', { field: 'state', remedy: 'Audit anew.' });
}

function recordsIn(saved: Uint8Array, length: number): DataView[] {
  if (saved.length % length !== 0) throw damaged();
  return Array.from({ length: saved.length / length }, (_, i) => {
    return new DataView(saved.buffer, saved.byteOffset + i * length, length);
  });
}

function writeNumber(view: DataView, offset: number, value: number): void {
  view.setUint16(offset, Math.floor(value / 2 ** 32));
  view.setUint32(offset + 2, value % 2 ** 32);
}

function readNumber(view: DataView, offset: number): number {
  return view.getUint16(offset) * 2 ** 32 + view.getUint32(offset + 2);
}

/**
 * In which entry each request was logged. Of a hash only its first eight bytes are kept, so a hit is for the caller to confirm
 * by reading the earlier entry.
 */
export class RequestTable {
  // Open addressing with linear probing; an index of -1 is a free place.
  #prefixes = new Uint32Array(2 * 1024);
  #indexes = new Float64Array(1024).fill(-1);
  #size = 0;

  /** @param saved {@link save}'s bytes. @throws BlindmarkError `badFile` */
  constructor(saved: Uint8Array = new Uint8Array(0)) {
    for (const view of recordsIn(saved, REQUEST_RECORD)) {
      this.#insert(view.getUint32(0), view.getUint32(4), readNumber(view, PREFIX_BYTES));
    }
  }

  /**
   * @param request hash of 32 bytes
   * @returns the index of the entry in which a request that begins so was logged before; else null
   */
  add(request: Uint8Array, index: number): number | null {
    const view = new DataView(request.buffer, request.byteOffset, PREFIX_BYTES);
    return this.#insert(view.getUint32(0), view.getUint32(4), index);
  }

  /** All of it as bytes. */
  save(): Uint8Array {
    const saved = new Uint8Array(this.#size * REQUEST_RECORD);
    let offset = 0;
    for (const [place, index] of this.#indexes.entries()) {
      if (index < 0) continue;
      const view = new DataView(saved.buffer, offset, REQUEST_RECORD);
      view.setUint32(0, this.#prefixes[2 * place] as number);
      view.setUint32(4, this.#prefixes[2 * place + 1] as number);
      writeNumber(view, PREFIX_BYTES, index);
      offset += REQUEST_RECORD;
    }
    return saved;
  }

  #insert(high: number, low: number, index: number): number | null {
    if (this.#size * 4 >= this.#indexes.length * 3) this.#grow();
    const mask = this.#indexes.length - 1;
    // Hashes are uniform: their own bits choose the place.
    for (let place = low & mask; ; place = (place + 1) & mask) {
      const found = this.#indexes[place] as number;
      if (found < 0) {
        this.#prefixes.set([high, low], 2 * place);
        this.#indexes[place] = index;
        this.#size += 1;
        return null;
      }
      if (this.#prefixes[2 * place] === high && this.#prefixes[2 * place + 1] === low) return found;
    }
  }

  #grow(): void {
    const [prefixes, indexes] = [this.#prefixes, this.#indexes];
    this.#prefixes = new Uint32Array(prefixes.length * 2);
    this.#indexes = new Float64Array(indexes.length * 2).fill(-1);
    this.#size = 0;
    for (const [place, index] of indexes.entries()) {
      if (index >= 0) this.#insert(prefixes[2 * place] as number, prefixes[2 * place + 1] as number, index);
    }
  }
}

/** A lookup whose plain fields are still hidden has this limit. */
const HIDDEN = 0xffff;

/** The highest limit of a lookup's matches. */
export const MAX_LIMIT = HIDDEN - 1;

/** One lookup. */
export interface LookupFacts {
  /** Matches so far. */
  readonly matches: number;
  /** The most that it may have; null while its plain fields are hidden. */
  readonly limit: number | null;
  /** The number of its force in the audit's own list; null as `limit`. */
  readonly force: number | null;
}

/** Lookups in the order of the log, with the matches that name them. */
export class LookupTable {
  #indexes = new Float64Array(1024);
  /** Matches, limit and force, one behind the other. */
  #facts = new Uint16Array(3 * 1024);
  #size = 0;

  /** @param saved {@link save}'s bytes. @throws BlindmarkError `badFile` */
  constructor(saved: Uint8Array = new Uint8Array(0)) {
    for (const view of recordsIn(saved, LOOKUP_RECORD)) {
      const index = readNumber(view, 0);
      if (this.#size > 0 && index <= (this.#indexes[this.#size - 1] as number)) throw damaged();
      this.#push(
        index,
        [0, 2, 4].map((offset) => view.getUint16(NUMBER_BYTES + offset)),
      );
    }
  }

  /** Adds a lookup behind those before it; without `plain` one whose fields are hidden. */
  add(index: number, plain: { readonly limit: number; readonly force: number } | null): void {
    this.#push(index, [0, plain?.limit ?? HIDDEN, plain?.force ?? 0]);
  }

  /** The lookup whose entry (or whose delayed entry) has this index; null if there is none. */
  find(index: number): LookupFacts | null {
    const place = this.#placeOf(index);
    if (place === null) return null;
    const [matches = 0, limit = 0, force = 0] = this.#facts.subarray(3 * place, 3 * place + 3);
    return limit === HIDDEN ? { matches, limit: null, force: null } : { matches, limit, force };
  }

  /** Counts a match of the lookup at this index. */
  countMatch(index: number): void {
    const place = this.#placeOf(index) as number;
    this.#facts[3 * place] = Math.min(HIDDEN, (this.#facts[3 * place] as number) + 1);
  }

  /** Says what a hidden lookup was. */
  reveal(index: number, plain: { readonly limit: number; readonly force: number }): void {
    this.#facts.set([plain.limit, plain.force], 3 * (this.#placeOf(index) as number) + 1);
  }

  /** All of it as bytes. */
  save(): Uint8Array {
    const saved = new Uint8Array(this.#size * LOOKUP_RECORD);
    for (let place = 0; place < this.#size; place += 1) {
      const view = new DataView(saved.buffer, place * LOOKUP_RECORD, LOOKUP_RECORD);
      writeNumber(view, 0, this.#indexes[place] as number);
      for (const fact of [0, 1, 2]) {
        view.setUint16(NUMBER_BYTES + 2 * fact, this.#facts[3 * place + fact] as number);
      }
    }
    return saved;
  }

  #push(index: number, facts: readonly number[]): void {
    if (this.#size === this.#indexes.length) {
      const [indexes, all] = [this.#indexes, this.#facts];
      this.#indexes = new Float64Array(indexes.length * 2);
      this.#indexes.set(indexes);
      this.#facts = new Uint16Array(all.length * 2);
      this.#facts.set(all);
    }
    this.#indexes[this.#size] = index;
    this.#facts.set(facts, 3 * this.#size);
    this.#size += 1;
  }

  #placeOf(index: number): number | null {
    let [low, high] = [0, this.#size - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#indexes[middle] as number;
      if (found === index) return middle;
      if (found < index) low = middle + 1;
      else high = middle - 1;
    }
    return null;
  }
}
