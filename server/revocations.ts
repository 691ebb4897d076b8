/**
 * Forces' lists of revocations, kept fresh by whoever answers officers: each guardian, and the registry, fetches them itself
 * (DESIGN 3.4). Without a list that is young enough nobody answers that force's officers; other forces' are not concerned.
 */
import { equalBytes } from '../crypto/bytes.ts';
import type { VerifiedOfficer } from '../crypto/credential.ts';
import { BlindmarkError, isBlindmarkError, type ErrorCode } from '../crypto/errors.ts';
import {
  credentialRevoked,
  MAX_REVOCATION_AGE,
  signedRevocationListSchema,
  verifyRevocationList,
  type SignedRevocationList,
  type VerifiedRevocationList,
} from '../crypto/revocation-list.ts';
import type { Roster, RosterForce } from '../crypto/roster.ts';
import { askService } from './http/client.ts';
import type { Log } from './http/log.ts';

/** Milliseconds between two looks at a force's list. */
const REFRESH_MS = 60_000;

/** Milliseconds that one look may take. */
const TIMEOUT_MS = 3_000;

/** Milliseconds for which a look that failed is not repeated for the sake of a request. */
const RETRY_MS = 2_000;

/** What a watch depends on. */
export interface RevocationWatchOptions {
  readonly roster: Roster;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly log: Log;
  /** Milliseconds between two looks at each list; default: one minute. */
  readonly refreshMs?: number;
  /** Gets a force's list; default: a GET of its `revocationUrl`, at most 256 KiB and 3 seconds. Redirects are not followed. */
  readonly fetch?: (force: RosterForce) => Promise<SignedRevocationList>;
  /**
   * Hears of each list that was fetched and counts, the same again too: one of a force at a time, and where it is slow, the
   * newest alone. Nobody who asks for an officer waits for it. Where it rejects, that is logged, and it hears of the next one.
   */
  readonly onFetched?: (signed: SignedRevocationList, list: VerifiedRevocationList) => Promise<void>;
}

async function fetchList(force: RosterForce): Promise<SignedRevocationList> {
  return askService(force.revocationUrl, signedRevocationListSchema, { timeoutMs: TIMEOUT_MS });
}

interface FetchedList {
  readonly signed: SignedRevocationList;
  readonly list: VerifiedRevocationList;
}

/** What is known of one force. */
interface Watched {
  readonly force: RosterForce;
  /** The last that the force signed: more than one where several are of one second. Who is in any is revoked. */
  lists: readonly VerifiedRevocationList[];
  /** The look that is under way. */
  looking: Promise<void> | undefined;
  /** By the monotonic clock; -Infinity before the first failure. */
  failedAt: number;
  isFailing: boolean;
  /** What `onFetched` is to hear next. */
  untold: FetchedList | undefined;
  telling: Promise<void> | undefined;
  /** With what it rejected the last time. */
  refusedWith: ErrorCode | undefined;
}

/** Keeps every force's list, from when it is made until it is closed. */
export class RevocationWatch {
  readonly #options: RevocationWatchOptions;
  readonly #forces: ReadonlyMap<string, Watched>;
  readonly #timer: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: RevocationWatchOptions) {
    this.#options = options;
    this.#forces = new Map(options.roster.forces.map((force) => [force.id, unknownOf(force)]));
    this.#timer = setInterval(() => void this.refresh(), options.refreshMs ?? REFRESH_MS).unref();
    void this.refresh();
  }

  /**
   * Checks that the officer's force has published a list that is at most {@link MAX_REVOCATION_AGE} old, and that neither the
   * officer's key nor credential nor pseudonym is in it. When the list at hand is older, a new one is looked for first.
   *
   * @param now epoch seconds
   * @throws BlindmarkError `credentialRevoked`; `revocationsStale`, with `retryAfter`
   */
  async check(officer: VerifiedOfficer, now: number): Promise<void> {
    const watched = this.#forces.get(officer.force.id);
    if (watched === undefined) {
      throw new BlindmarkError('unknownForce', 'The force is not in the roster', { field: 'forceCredential' });
    }
    const isFresh = (): boolean => watched.lists.some(({ issuedAt }) => now - issuedAt <= MAX_REVOCATION_AGE);
    if (!isFresh() && performance.now() - watched.failedAt >= RETRY_MS) await this.#look(watched);
    // What is revoked stays so, however old the list is that says it.
    if (watched.lists.some((list) => list.isRevoked(officer))) throw credentialRevoked();
    if (isFresh()) return;
    throw new BlindmarkError('revocationsStale', 'No list of the force’s revocations that is young enough is at hand', {
      field: 'officerCredential',
      remedy: 'Ask again in a minute. If it goes on, the force sees to where it publishes the list.',
      retryAfter: 60,
    });
  }

  /**
   * Takes a list that came on another way, such as the force's own push.
   *
   * @param force identifier of the force whose list it must be
   * @returns the list; and whether it is newer than what was known, and so counts from now on
   * @throws BlindmarkError those of `verifyRevocationList`
   */
  async add(signed: SignedRevocationList, force: string): Promise<{ list: VerifiedRevocationList; isNewer: boolean }> {
    const { roster, now } = this.#options;
    const list = await verifyRevocationList(signed, roster, force, now());
    const watched = this.#forces.get(force) as Watched;
    const { lists } = watched;
    const known = lists[0]?.issuedAt ?? -Infinity;
    const isNewer = list.issuedAt > known;
    // Whoever relays lists must not bring back one that revokes less: of two of one second, nobody knows which came first.
    if (isNewer) watched.lists = [list];
    else if (list.issuedAt === known && !lists.some(({ hash }) => equalBytes(hash, list.hash))) {
      watched.lists = [...lists, list];
    }
    return { list, isNewer };
  }

  /**
   * Looks at every force's list: as it is published now, not when a look that is under way began. Resolves when `onFetched` has
   * heard of what was found; never rejects.
   */
  async refresh(): Promise<void> {
    await Promise.all(
      [...this.#forces.values()].map(async (watched) => {
        await watched.looking;
        await this.#look(watched);
        await watched.telling;
      }),
    );
  }

  /** Looks no more. Resolves when `onFetched` hears nothing any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await Promise.all([...this.#forces.values()].map(async ({ telling }) => telling));
  }

  async #look(watched: Watched): Promise<void> {
    watched.looking ??= this.#fetch(watched).finally(() => {
      watched.looking = undefined;
    });
    return watched.looking;
  }

  async #fetch(watched: Watched): Promise<void> {
    const { log, fetch = fetchList } = this.#options;
    const { id } = watched.force;
    try {
      const signed = await fetch(watched.force);
      const { list } = await this.add(signed, id);
      // Not one that is older than what is known.
      if (list.issuedAt === watched.lists[0]?.issuedAt) this.#tell(watched, { signed, list });
      if (watched.isFailing) log.info({ force: id }, 'the list of revocations is there again');
      watched.isFailing = false;
      watched.failedAt = -Infinity;
    } catch (error) {
      if (!watched.isFailing) {
        log.warn({ force: id, code: codeOf(error) }, 'the list of revocations could not be fetched');
      }
      watched.isFailing = true;
      watched.failedAt = performance.now();
    }
  }

  #tell(watched: Watched, fetched: FetchedList): void {
    const { onFetched } = this.#options;
    if (onFetched === undefined || this.#isClosed) return;
    watched.untold = fetched;
    watched.telling ??= this.#tellAll(watched, onFetched).finally(() => {
      watched.telling = undefined;
    });
  }

  /** Never rejects. */
  async #tellAll(watched: Watched, onFetched: NonNullable<RevocationWatchOptions['onFetched']>): Promise<void> {
    for (let next = watched.untold; next !== undefined && !this.#isClosed; next = watched.untold) {
      watched.untold = undefined;
      try {
        await onFetched(next.signed, next.list);
        watched.refusedWith = undefined;
      } catch (error) {
        const code = codeOf(error);
        if (code !== watched.refusedWith && !this.#isClosed) {
          const fields = { force: watched.force.id, code };
          this.#options.log.warn(fields, 'what the force revokes could not be published; tried again until it can');
        }
        watched.refusedWith = code;
      }
    }
  }
}

function unknownOf(force: RosterForce): Watched {
  return {
    force,
    lists: [],
    looking: undefined,
    failedAt: -Infinity,
    isFailing: false,
    untold: undefined,
    telling: undefined,
    refusedWith: undefined,
  };
}

const codeOf = (error: unknown): ErrorCode => (isBlindmarkError(error) ? error.code : 'internal');
