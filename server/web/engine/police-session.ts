/** Who is signed in to the police pages, in this tab and in every other: each call asks anew, so that signing out ends it everywhere. */
import {
  BlindmarkError,
  connectOfficer,
  Officer,
  officerFileSchema,
  Openings,
  parseCredentialFile,
  type OfficerIdentity,
  type Registry,
  type Signer,
} from '../../../client-sdk/index.ts';
import { createKeptSigner, createOfficerKeys, type OfficerKeys } from './officer-keys.ts';
import type { EngineOptions } from './options.ts';
import { schemeView } from './owner-views.ts';
import type { SessionView } from './police-api.ts';
import { isIdle, type KeptSession, type PoliceDatabase } from './police-database.ts';
import { openValue, sealValue } from './sealing.ts';
import { orCancelled } from './turns.ts';
import { trayFailure, TrayStore } from './trays.ts';

/** How long trays are kept once their credential has ended, in seconds: 30 days. */
const KEPT_SECONDS = 30 * 86_400;

/** What a session is, beside its keys. */
interface SessionFacts {
  readonly identity: OfficerIdentity;
  /** Of the officer's key. */
  readonly publicKey: Uint8Array;
  readonly view: Omit<SessionView, 'isKeyKept'>;
}

/** An officer who is signed in. */
export interface Session extends SessionFacts {
  readonly owner: string;
  readonly signer: Signer;
  readonly trays: TrayStore;
  readonly isKeyKept: boolean;
}

/** A session's connection to its registry. */
export interface Connection {
  readonly registry: Registry;
  readonly officer: Officer;
  readonly openings: Openings;
}

const nameOfFacts = (owner: string): string[] => ['blindmark-session-v1', owner];

function signedOut(): BlindmarkError {
  return new BlindmarkError('badCredential', 'Nobody is signed in', {
    field: 'session',
    remedy: 'Sign in with the credential file of this shift.',
  });
}

function expired(): BlindmarkError {
  return new BlindmarkError('credentialExpired', 'The credential has ended', {
    field: 'officerCredential',
    remedy: 'Save what you need of your trays, and sign in with the credential of the next shift.',
  });
}

/** Sessions of one browser. */
export class Sessions {
  readonly #database: PoliceDatabase;
  readonly #options: EngineOptions;
  readonly #locks: Pick<LockManager, 'request'>;
  /** Where the browser keeps no key. */
  #inMemory: Session | undefined;
  #usedAt = 0;
  readonly #connections = new Map<string, Promise<Connection>>();

  constructor(database: PoliceDatabase, options: EngineOptions) {
    this.#database = database;
    this.#options = options;
    this.#locks = options.locks ?? navigator.locks;
  }

  now(): number {
    return this.#options.now?.() ?? Math.floor(Date.now() / 1000);
  }

  /** Who is signed in, unless the credential has ended: then the keys are forgotten. */
  async resume(): Promise<Session | null> {
    const session = await this.#find();
    if (session === null || this.now() <= session.view.expiresAt) return session;
    await this.signOut();
    return null;
  }

  /**
   * Signs in by the bytes of an `officer.json`.
   *
   * @throws BlindmarkError `badFile`; `badCredential`, `unknownForce`, `credentialExpired` and others for a credential that is not
   *   good here; those of connecting
   */
  async signIn(file: Uint8Array, signal: AbortSignal): Promise<Session> {
    const { seed, format: _, ...identity } = parseCredentialFile(officerFileSchema, 'officer.json', file);
    file.fill(0);
    const keys = await createOfficerKeys(seed);
    const connection = await this.#connect(identity, keys.signer, signal);
    const session = await this.#describe(identity, keys, connection);
    const isOver = this.now() > session.view.expiresAt;
    if (isOver && (await session.trays.list()).length === 0) throw expired();
    await this.#stored(async () =>
      this.#database.keepUntil(session.owner, session.view.expiresAt + KEPT_SECONDS, this.now()),
    );
    await this.signOut();
    this.#connections.set(session.owner, Promise.resolve(connection));
    const isKept = !isOver && (await this.#keep(session, keys));
    const signedIn = { ...session, isKeyKept: isKept };
    if (!isKept) this.#inMemory = signedIn;
    this.#usedAt = this.now();
    return signedIn;
  }

  /** Says that a page is used. */
  async touch(): Promise<void> {
    if (!isIdle(this.#usedAt, this.now())) this.#usedAt = this.now();
    await this.#stored(async () => this.#database.touchSession(this.now()));
  }

  async signOut(): Promise<void> {
    this.#inMemory = undefined;
    this.#connections.clear();
    await this.#stored(async () => this.#database.removeSession());
  }

  /** Who is signed in, also when the credential has ended. @throws BlindmarkError `badCredential`, field `session`, for nobody */
  async require(): Promise<Session> {
    const session = await this.#find();
    if (session === null) throw signedOut();
    return session;
  }

  /** Who is signed in and may ask. @throws BlindmarkError as {@link require}; `credentialExpired` */
  async requireGood(): Promise<Session> {
    const session = await this.require();
    if (this.now() > session.view.expiresAt) throw expired();
    return session;
  }

  /** Checks that it is still this officer who is signed in, and may ask. @throws BlindmarkError as {@link requireGood} */
  async requireSame({ owner }: Session): Promise<void> {
    const session = await this.requireGood();
    if (session.owner !== owner) throw signedOut();
  }

  /** A session's connection: one for all calls; one that failed is made anew. */
  async connect({ owner, identity, signer }: Session, signal: AbortSignal): Promise<Connection> {
    const known = this.#connections.get(owner);
    if (known !== undefined) return orCancelled(known, signal);
    // Not by this call's signal: others may wait for it.
    const connecting = this.#connect(identity, signer, undefined).catch((error: unknown) => {
      // Whoever signed in meanwhile has another.
      if (this.#connections.get(owner) === connecting) this.#connections.delete(owner);
      throw error;
    });
    this.#connections.set(owner, connecting);
    return orCancelled(connecting, signal);
  }

  async #connect(identity: OfficerIdentity, signer: Signer, signal: AbortSignal | undefined): Promise<Connection> {
    const { fetch, retry, argon2id, parallelStretches, now } = this.#options;
    const options = { fetch, retry, argon2id, parallelStretches, now, signal };
    const connected = await connectOfficer(identity, signer, options);
    const { registry } = connected;
    return {
      registry,
      officer: new Officer(registry, connected.signer),
      openings: new Openings(registry, connected.signer),
    };
  }

  async #describe(
    identity: OfficerIdentity,
    { owner, trayKey, signer }: OfficerKeys,
    { registry, officer }: Connection,
  ): Promise<Session> {
    const { forceName, pseudonym, expiresAt, codesPerDay } = await officer.facts();
    const { origin, testRoster, schemes } = registry.roster.roster;
    return {
      owner,
      signer,
      identity,
      publicKey: signer.publicKey,
      trays: this.#traysOf(owner, trayKey),
      isKeyKept: false,
      view: {
        origin,
        isTestRegistry: testRoster === true,
        forceName,
        officer: pseudonym,
        expiresAt,
        codesPerDay,
        schemes: schemes.schemes.map(schemeView),
      },
    };
  }

  /** Whether the browser keeps the session. */
  async #keep({ owner, identity, publicKey, view }: Session, { trayKey, signingKey }: OfficerKeys): Promise<boolean> {
    if (signingKey === null) return false;
    const facts = await sealValue(trayKey, nameOfFacts(owner), { identity, publicKey, view } satisfies SessionFacts);
    try {
      await this.#database.writeSession({ owner, signingKey, trayKey, facts, usedAt: this.now() });
      return true;
    } catch {
      // Some browsers store no keys, or none in a private window.
      return false;
    }
  }

  async #find(): Promise<Session | null> {
    if (isIdle(this.#usedAt, this.now())) this.#inMemory = undefined;
    if (this.#inMemory !== undefined) return this.#inMemory;
    const kept = await this.#stored(async () => this.#database.readSession(this.now()));
    return kept === undefined ? null : this.#open(kept);
  }

  async #open({ owner, trayKey, signingKey, facts }: KeptSession): Promise<Session> {
    const opened = (await openValue(trayKey, nameOfFacts(owner), facts)) as SessionFacts;
    return {
      ...opened,
      owner,
      signer: createKeptSigner(signingKey, opened.publicKey),
      trays: this.#traysOf(owner, trayKey),
      isKeyKept: true,
    };
  }

  #traysOf(owner: string, trayKey: CryptoKey): TrayStore {
    return new TrayStore(this.#database, owner, trayKey, this.#locks);
  }

  async #stored<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw trayFailure(error);
    }
  }
}
