/**
 * Browsers for tests of the police engine in Node: what one stores (fake-indexeddb), its Web Locks, and tabs with an engine each. A
 * tab may be killed at any moment, as by a reload.
 */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { openDB } from 'idb';
import { formatCredentialFile, officerFileSchema } from '../../../../crypto/credential-files.ts';
import { utf8ToBytes } from '../../../../crypto/bytes.ts';
import type { Fetch, RetryPolicy } from '../../../../client-sdk/http.ts';
import { argon2idNode } from '../../../../client-sdk/node/argon2id.ts';
import type { CallContext, CallProgress, Calls } from '../../../../server/web/engine/calls.ts';
import type { EngineOptions } from '../../../../server/web/engine/options.ts';
import type { PoliceApi } from '../../../../server/web/engine/police-api.ts';
import {
  PoliceDatabase,
  type KeptSession,
  type RecordChanges,
  type RecordKey,
} from '../../../../server/web/engine/police-database.ts';
import { createPoliceEngine } from '../../../../server/web/engine/police-engine.ts';
import type { TestOfficer } from '../../../support/fixture.ts';
import type { Services } from '../../../support/services.ts';
import { Locks } from './locks.ts';
import { TabLife, type Step } from './tab-life.ts';

/** A database whose writes are steps. */
class SteppedDatabase extends PoliceDatabase {
  readonly #step: Step;
  readonly #onRemove: Step | undefined;

  constructor(step: Step, onRemove: Step | undefined) {
    super();
    this.#step = step;
    this.#onRemove = onRemove;
  }

  override async removeSession(): Promise<void> {
    await this.#onRemove?.();
    await super.removeSession();
  }

  async #around<T>(work: () => Promise<T>): Promise<T> {
    await this.#step();
    const done = await work();
    await this.#step();
    return done;
  }

  override async change(changes: RecordChanges, tray: RecordKey | undefined): Promise<void> {
    await this.#around(async () => super.change(changes, tray));
  }

  override async writeSession(session: KeptSession): Promise<void> {
    await this.#around(async () => super.writeSession(session));
  }
}

export interface TabOptions {
  /** Between tab and network; default: Node's fetch. */
  readonly fetch?: Fetch;
  /** The tab dies at the step of this number, from 1: before or after a request or a write. */
  readonly diesAt?: number;
  /** Awaited at each write, before and after it; may throw what a browser throws. */
  readonly onWrite?: Step;
  /** Awaited before a session is removed; may throw what a browser throws. */
  readonly onRemove?: Step;
  readonly retry?: Partial<RetryPolicy>;
}

/** A page with its engine. */
export interface Tab {
  readonly police: Calls<PoliceApi>;
  readonly steps: () => number;
  /** Resolves once it is dead. */
  readonly died: Promise<void>;
  readonly kill: () => void;
}

/** One browser's profile. */
export class PoliceBrowser {
  readonly #services: Services;
  readonly #storage = new IDBFactory();
  readonly #locks = new Locks();

  constructor(services: Services) {
    this.#services = services;
  }

  /** Makes what this browser stores that of the running program. */
  use(): void {
    globalThis.indexedDB = this.#storage;
  }

  openTab({ fetch: given = fetch, diesAt, onWrite, onRemove, retry }: TabOptions = {}): Tab {
    this.use();
    const tab = {};
    const life = new TabLife(diesAt, () => this.#locks.release(tab));
    const options: EngineOptions = {
      registryFile: async () => this.#services.registryFile,
      fetch: life.around(given),
      retry: { attempts: 2, firstDelayMs: 1, longestDelayMs: 20, ...retry },
      argon2id: argon2idNode,
      now: () => this.#services.clock.now,
      locks: this.#locks.of(tab),
    };
    const database = new SteppedDatabase(async () => {
      await onWrite?.();
      await life.step();
    }, onRemove);
    return {
      police: callsOf(createPoliceEngine(options, database)),
      steps: () => life.steps,
      died: life.died,
      kill: life.kill,
    };
  }

  /** Every byte that this browser has stored, save keys that it shows to nobody. */
  async dump(): Promise<Uint8Array> {
    this.use();
    const database = await openDB('blindmark-police');
    const parts: Uint8Array[] = [];
    for (const store of database.objectStoreNames) {
      for (const key of await database.getAllKeys(store)) parts.push(utf8ToBytes(JSON.stringify(key)));
      for (const value of await database.getAll(store)) collect(value, parts);
    }
    database.close();
    return new Uint8Array(Buffer.concat(parts));
  }

  /** Changes what is stored behind the engine's back. */
  async tamper(change: (records: Map<string, Uint8Array<ArrayBuffer>>) => void): Promise<void> {
    this.use();
    const database = await openDB('blindmark-police');
    const keys = (await database.getAllKeys('records')) as string[][];
    const values = (await database.getAll('records')) as Uint8Array<ArrayBuffer>[];
    const records = new Map(keys.map((key, i) => [JSON.stringify(key), values[i] as Uint8Array<ArrayBuffer>]));
    change(records);
    await database.clear('records');
    for (const [key, value] of records) await database.put('records', value, JSON.parse(key) as string[]);
    database.close();
  }
}

function collect(value: unknown, parts: Uint8Array[]): void {
  if (value instanceof Uint8Array) parts.push(value);
  else if (value instanceof CryptoKey) {
    if (value.extractable) throw new Error('a key that is stored can be read out of the browser');
  } else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) collect(part, parts);
  } else parts.push(utf8ToBytes(String(value)));
}

/** The engine's methods as a page calls them: what goes in and out is cloned. */
function callsOf(api: PoliceApi): Calls<PoliceApi> {
  const call =
    (name: keyof PoliceApi) =>
    async (args: unknown, options: { signal?: AbortSignal; onProgress?: (progress: CallProgress) => void } = {}) => {
      const context: CallContext = {
        signal: options.signal ?? new AbortController().signal,
        onProgress: options.onProgress ?? (() => undefined),
      };
      const method = api[name] as (args: unknown, context: CallContext) => Promise<unknown>;
      return structuredClone(await method.call(api, structuredClone(args), context));
    };
  return Object.fromEntries(
    (Object.keys(api) as (keyof PoliceApi)[]).map((name) => [name, call(name)]),
  ) as unknown as Calls<PoliceApi>;
}

/** The bytes of an `officer.json`. */
export function officerFileOf(services: Services, officer: TestOfficer): Uint8Array<ArrayBuffer> {
  const { url, rosterFingerprint } = services.registryFile;
  const { key, officerCredential, forceCredential } = officer;
  const text = formatCredentialFile(officerFileSchema, {
    format: 'blindmark-officer-v1',
    url,
    rosterFingerprint,
    allowTestRoster: true,
    seed: key.seed,
    officerCredential,
    forceCredential,
  });
  return new Uint8Array(utf8ToBytes(text));
}
