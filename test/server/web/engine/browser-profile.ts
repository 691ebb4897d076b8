/**
 * Browsers for tests of the engine in Node: what one stores (fake-indexeddb), its Web Locks, and tabs with an engine each, behind
 * the very messages that page and worker exchange. A tab may be killed at any moment, as by a reload.
 */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import type { Fetch } from '../../../../client-sdk/http.ts';
import { argon2idNode } from '../../../../client-sdk/node/argon2id.ts';
import type { Argon2id } from '../../../../crypto/stretch.ts';
import { connectEngine, type Engine, type EngineWorker } from '../../../../server/web/engine/connection.ts';
import type { EngineOptions } from '../../../../server/web/engine/options.ts';
import { createOwnerEngine } from '../../../../server/web/engine/owner-engine.ts';
import type { Answer } from '../../../../server/web/engine/protocol.ts';
import { serveEngines } from '../../../../server/web/engine/serve.ts';
import { VaultDatabase } from '../../../../server/web/engine/vault-database.ts';
import { VaultPlace } from '../../../../server/web/engine/vault-place.ts';
import { CHEAP_STRETCH } from '../../../support/fixture.ts';
import type { Services } from '../../../support/services.ts';
import { Locks } from './locks.ts';
import { TabLife, type Step } from './tab-life.ts';

/** Argon2id, and no more of it than a test registry's: that a passphrase is stretched is not what these tests are about. */
export const cheapArgon2id: Argon2id = async (password, salt, _, length) =>
  argon2idNode(password, salt, CHEAP_STRETCH, length);

/** A database whose writes are steps. */
class SteppedDatabase extends VaultDatabase {
  readonly #step: Step;

  constructor(step: Step) {
    super();
    this.#step = step;
  }

  override async add(lines: readonly string[], position: number): Promise<void> {
    await this.#step();
    await super.add(lines, position);
    await this.#step();
  }
}

export interface TabOptions {
  /** Between tab and network; default: Node's fetch. */
  readonly fetch?: Fetch;
  /** Default: the services' registry file. */
  readonly registryFile?: EngineOptions['registryFile'];
  /** The tab dies at the step of this number, from 1: before or after a request or a write. */
  readonly diesAt?: number;
  /** Awaited at each write, before it; may throw what a browser throws. */
  readonly onWrite?: Step;
}

/** A page with its engine. */
export interface Tab {
  readonly engine: Engine;
  /** Steps that it has gone through. */
  readonly steps: () => number;
  /** Resolves once it is dead. */
  readonly died: Promise<void>;
  /** Ends it as a reload does: nothing that it had under way goes on. */
  readonly kill: () => void;
  /** Defects that the engine reported. */
  readonly defects: readonly unknown[];
}

/** One browser's profile. */
export class BrowserProfile {
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

  openTab({ fetch: given = fetch, registryFile, diesAt, onWrite }: TabOptions = {}): Tab {
    this.use();
    const tab = {};
    const life = new TabLife(diesAt, () => this.#locks.release(tab));
    const options: EngineOptions = {
      registryFile: registryFile ?? (async () => this.#services.registryFile),
      fetch: life.around(given),
      retry: { attempts: 2, firstDelayMs: 1 },
      argon2id: cheapArgon2id,
      now: () => this.#services.clock.now,
    };
    const database = new SteppedDatabase(async () => {
      await onWrite?.();
      await life.step();
    });
    const defects: unknown[] = [];
    const none = async (): Promise<object> => ({});
    const createWorker = (): EngineWorker => {
      const place = new VaultPlace(this.#locks.of(tab), database);
      const listeners: ((event: { readonly data: unknown }) => void)[] = [];
      const answer = serveEngines(
        { owner: async () => createOwnerEngine(options, place), police: none, proofs: none },
        (message: Answer) => {
          const data: unknown = structuredClone(message);
          if (!life.isDead) for (const listener of listeners) listener({ data });
        },
        (error) => {
          defects.push(error);
        },
      );
      return {
        postMessage: (message) => {
          void answer(structuredClone(message));
        },
        terminate: life.kill,
        addEventListener: (type, listener) => {
          if (type === 'message') listeners.push(listener);
        },
      };
    };
    return { engine: connectEngine(createWorker), steps: () => life.steps, died: life.died, kill: life.kill, defects };
  }
}
