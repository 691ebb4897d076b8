/** The connection to the pages' registry: made when it is first needed, and kept. */
import { connectionOf, Registry, type RegistryFile } from '../../../client-sdk/index.ts';
import type { EngineOptions } from './options.ts';
import { orCancelled } from './turns.ts';

/** A registry that is connected, and how it was reached. */
export interface Connected {
  readonly registry: Registry;
  readonly file: RegistryFile;
}

/** Calls at once share one connection; one that failed is tried again by the next call. */
export class RegistryConnection {
  readonly #options: EngineOptions;
  #connecting: Promise<Connected> | undefined;
  #connected: Connected | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** What is connected by now. */
  get current(): Connected | undefined {
    return this.#connected;
  }

  /** @throws BlindmarkError those of {@link Registry.connect} and of {@link EngineOptions.registryFile} */
  async connect(signal?: AbortSignal): Promise<Connected> {
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return orCancelled(this.#connecting, signal);
  }

  async #connect(): Promise<Connected> {
    const file = await this.#options.registryFile();
    const { fetch, retry, argon2id, now } = this.#options;
    const registry = await Registry.connect(file.url, { ...connectionOf(file), fetch, retry, argon2id, now });
    this.#connected = { registry, file };
    return this.#connected;
  }
}
