/** This browser's vault while it is open, and the registry that its marks are at. */
import {
  BlindmarkError,
  equalBytes,
  formatVaultText,
  isBlindmarkError,
  knownRosters,
  MIN_PASSPHRASE_LENGTH,
  Owner,
  parseRecoveryPhrase,
  parseVaultText,
  Vault,
  type MarkRecord,
  type RegistryFile,
  type VerifiedRoster,
} from '../../../client-sdk/index.ts';
import type { EngineOptions } from './options.ts';
import { RegistryConnection, type Connected } from './registry-connection.ts';
import { orCancelled, Turns } from './turns.ts';
import type { VaultPlace } from './vault-place.ts';
import { createVaultStorage, readVaultLines, vaultFailure } from './vault-storage.ts';

/** What is known of the registry, though it may not answer now. */
export interface RegistryFacts {
  readonly file: RegistryFile;
  /** First to current; at least one. */
  readonly rosters: readonly VerifiedRoster[];
}

interface OpenVault {
  readonly vault: Vault;
  /** Lets other tabs have the vault. */
  readonly release: () => void;
  owner: Promise<Owner> | undefined;
  /** What it knows of the registry, once that was verified. */
  kept: RegistryFacts | undefined;
}

const VAULT = 'vault';

const vaultError = (code: 'badInput' | 'notFound' | 'unavailable', message: string, remedy: string): BlindmarkError =>
  new BlindmarkError(code, message, { field: VAULT, remedy });

const elsewhere = (): BlindmarkError =>
  vaultError('unavailable', 'Another tab of this browser has the vault open', 'Go on there, or close that tab.');

const exists = (): BlindmarkError =>
  vaultError('badInput', 'This browser holds a vault already', 'Unlock it, or remove it from this browser first.');

function checkLength(passphrase: string): void {
  if (Array.from(passphrase).length >= MIN_PASSPHRASE_LENGTH) return;
  throw new BlindmarkError('badInput', `A passphrase has at least ${MIN_PASSPHRASE_LENGTH} characters`, {
    field: 'passphrase',
    remedy: 'Choose a longer one: four or five words that nobody would guess together.',
  });
}

/** This browser's vault. Making, opening and removing it happen one after the other. */
export class OwnerVault {
  readonly turns = new Turns();
  readonly #options: EngineOptions;
  readonly #place: VaultPlace;
  readonly #connection: RegistryConnection;
  #open: OpenVault | undefined;

  constructor(options: EngineOptions, place: VaultPlace) {
    this.#options = options;
    this.#place = place;
    this.#connection = new RegistryConnection(options);
  }

  /** @throws BlindmarkError `badInput` while the vault is locked */
  get vault(): Vault {
    return this.#opened.vault;
  }

  /** @throws BlindmarkError `badInput` while the vault is locked */
  checkOpen(): void {
    if (this.#open === undefined) throw vaultError('badInput', 'The vault is locked', 'Unlock it with its passphrase.');
  }

  get #opened(): OpenVault {
    this.checkOpen();
    return this.#open as OpenVault;
  }

  /** Makes a vault, once the registry has answered. @throws BlindmarkError `badPhrase`, `badInput`, `storageFailed` and others */
  async create(given: { readonly phrase: string; readonly passphrase: string }, signal?: AbortSignal): Promise<void> {
    const phrase = parseRecoveryPhrase(given.phrase);
    checkLength(given.passphrase);
    await this.#connection.connect(signal);
    await this.#become(async (lines) => {
      if (lines.length > 0) throw exists();
      const storage = createVaultStorage(this.#place.database, 0);
      return Vault.create({ phrase, passphrase: given.passphrase, storage, argon2id: this.#options.argon2id });
    }, signal);
    // Keeps how the registry is reached. The vault is made whatever becomes of that; whoever acts next tries it again.
    await this.owner().catch(() => undefined);
  }

  /** @throws BlindmarkError `badPassphrase`; `badFile` for a vault that was altered; `unavailable` where another tab has it open */
  async unlock(passphrase: string, signal?: AbortSignal): Promise<void> {
    const ifOpen = async (): Promise<void> => this.checkPassphrase(passphrase);
    await this.#become(async (lines) => this.#openLines(lines, passphrase), signal, ifOpen);
  }

  /** Takes a vault file's text as this browser's vault, once it has opened. @throws BlindmarkError as {@link unlock} */
  async import(text: string, passphrase: string, signal?: AbortSignal): Promise<void> {
    const given = parseVaultText(text);
    await this.#become(async (lines) => {
      if (lines.length > 0) throw exists();
      const vault = await this.#openLines(given, passphrase);
      await createVaultStorage(this.#place.database, 0).append(given);
      return vault;
    }, signal);
  }

  /** The text of a vault file. */
  async export(): Promise<string> {
    this.checkOpen();
    return formatVaultText(await readVaultLines(this.#place.database));
  }

  /** @throws BlindmarkError `badPassphrase` */
  async checkPassphrase(passphrase: string): Promise<void> {
    await this.#openLines(await readVaultLines(this.#place.database), passphrase);
  }

  /**
   * Removes the vault from this browser.
   *
   * @param passphrase null where it is lost
   * @throws BlindmarkError `badPassphrase`; `unavailable` where another tab has it open; `storageFailed`
   */
  async forget(passphrase: string | null, signal?: AbortSignal): Promise<void> {
    await this.turns.take(
      VAULT,
      async () => {
        const release = this.#open?.release ?? (await this.#place.hold());
        if (release === null) throw elsewhere();
        try {
          if (passphrase !== null) await this.#checkToForget(passphrase);
          await this.#clear();
        } catch (error) {
          if (this.#open === undefined) release();
          throw error;
        }
        this.#open = undefined;
        this.#place.isOpen = false;
        release();
      },
      signal,
    );
  }

  /** The registry, as it is connected or as the vault knows it. @throws BlindmarkError where it is neither */
  async facts(signal?: AbortSignal): Promise<RegistryFacts> {
    const opened = this.#opened;
    const { current } = this.#connection;
    if (current !== undefined) return factsOf(current);
    const kept = opened.kept ?? (await orCancelled(this.#keptFacts(opened.vault), signal));
    opened.kept = kept;
    if (kept === undefined) return factsOf(await this.#connection.connect(signal));
    // By the time that somebody acts, it may be connected.
    this.#connection.connect().catch(() => undefined);
    return kept;
  }

  /** The vault's owner at the registry. @throws BlindmarkError those of {@link RegistryConnection.connect} */
  async owner(signal?: AbortSignal): Promise<Owner> {
    const opened = this.#opened;
    const { registry, file } = await this.#connection.connect(signal);
    opened.owner ??= this.#createOwner(opened.vault, { registry, file }).catch((error: unknown) => {
      opened.owner = undefined;
      throw error;
    });
    return opened.owner;
  }

  /** The marks at the registry, in an order that only grows. */
  async marks(signal?: AbortSignal): Promise<MarkRecord[]> {
    const { rosters } = await this.facts(signal);
    return this.vault.latestMarks(originOf(rosters));
  }

  /** Opens the vault by `open`, with other tabs kept out. */
  async #become(
    open: (lines: readonly string[]) => Promise<Vault>,
    signal: AbortSignal | undefined,
    ifOpen: () => Promise<void> = async () => Promise.reject(exists()),
  ): Promise<void> {
    await this.turns.take(
      VAULT,
      async () => {
        if (this.#open !== undefined) {
          await ifOpen();
          return;
        }
        const release = await this.#place.hold();
        if (release === null) throw elsewhere();
        try {
          const vault = await open(await readVaultLines(this.#place.database));
          this.#open = { vault, release, owner: undefined, kept: undefined };
          this.#place.isOpen = true;
        } catch (error) {
          release();
          throw error;
        }
      },
      signal,
    );
  }

  async #openLines(lines: readonly string[], passphrase: string): Promise<Vault> {
    if (lines.length === 0) throw vaultError('notFound', 'There is no vault here', 'Make one, or take a vault file.');
    const storage = createVaultStorage(this.#place.database, lines.length);
    return Vault.open({ lines, passphrase, storage, argon2id: this.#options.argon2id });
  }

  /** A vault that was altered opens for nobody, and may be removed by anybody. */
  async #checkToForget(passphrase: string): Promise<void> {
    try {
      await this.checkPassphrase(passphrase);
    } catch (error) {
      if (!isBlindmarkError(error, 'badFile', 'notFound')) throw error;
    }
  }

  async #clear(): Promise<void> {
    try {
      await this.#place.database.clear();
    } catch (error) {
      throw vaultFailure(error);
    }
  }

  /** The registry as the vault knows it; undefined where it does not. */
  async #keptFacts(vault: Vault): Promise<RegistryFacts | undefined> {
    const kept = [...vault.registries].filter(([origin]) => vault.rostersOf(origin).length > 0);
    if (kept.length === 0) return undefined;
    const wanted = await this.#options.registryFile().catch((error: unknown) => {
      if (isBlindmarkError(error) && error.kind === 'unavailable') return undefined;
      throw error;
    });
    // Where the pages' own file can't be had, a vault of one registry leaves no doubt.
    const [found, ...others] = kept.filter(
      ([, file]) => wanted === undefined || equalBytes(file.rosterFingerprint, wanted.rosterFingerprint),
    );
    if (found === undefined || others.length > 0) return undefined;
    const [origin, file] = found;
    return { file, rosters: knownRosters(vault, origin) };
  }

  async #createOwner(vault: Vault, { registry, file }: Connected): Promise<Owner> {
    const { origin } = registry.roster.roster;
    const known = vault.registries.get(origin);
    if (known !== undefined && !equalBytes(known.rosterFingerprint, file.rosterFingerprint)) {
      throw new BlindmarkError('badRoster', 'The vault knows a registry of this name by another fingerprint', {
        field: 'rosterFingerprint',
        remedy: 'Do not go on: compare the fingerprint on your sheet with the one that the registry publishes.',
      });
    }
    await vault.keepRegistry(origin, file);
    // With its rosters, the vault can be read while the registry does not answer.
    await vault.keepRosters(origin, registry.chain);
    return Owner.open(registry, vault, file);
  }
}

function factsOf({ registry, file }: Connected): RegistryFacts {
  return { file, rosters: registry.rosters };
}

/** The registry's name. */
export function originOf(rosters: RegistryFacts['rosters']): string {
  return (rosters.at(-1) as VerifiedRoster).roster.origin;
}
