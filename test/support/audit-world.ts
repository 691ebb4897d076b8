/** A registry as an auditor sees it: rosters and a log with real keys, served from memory, and a clock. */
import type { Fetch } from '../../client-sdk/http.ts';
import { randomBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import { formatCredentialFile, registryFileSchema } from '../../crypto/credential-files.ts';
import { formatLogEntry, hourOf, type LogEntry } from '../../crypto/log-entry.ts';
import { cosignerName, logName } from '../../crypto/log-proof.ts';
import { formatMessage } from '../../crypto/message.ts';
import { createPagesManifest, formatPagesManifest, pageAddress, type PagesManifest } from '../../crypto/pages.ts';
import {
  formatRoster,
  rosterEntry,
  rosterHash,
  type Roster,
  type SignedRoster,
  type VerifiedRoster,
} from '../../crypto/roster.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import { rosterReplySchema } from '../../crypto/wire.ts';
import { auditLog, type AuditOptions, type AuditReport } from '../../client-sdk/audit.ts';
import type { AuditState } from '../../client-sdk/audit-state.ts';
import { createServedLog, type ServedLog, type ServedLogOptions } from './served-log.ts';
import { logKey, NOON, signedBy, smallRoster, verified, witnesses } from './small-roster.ts';

export const REGISTRY_URL = 'https://registry.example';

/** The hour of {@link NOON}. */
export const HOUR = hourOf(NOON);

/** The signers of a roster's log and of its guardians. */
export function signersOf(roster: Roster, key: SigningKey = logKey): ServedLogOptions {
  return {
    name: logName(roster),
    key,
    witnesses: roster.guardians.map(({ id, index }) => {
      return { name: cosignerName(roster.origin, id), key: witnesses[index - 1] as SigningKey };
    }),
  };
}

/** The address that a `fetch` was given. */
export function addressOf(input: Parameters<Fetch>[0]): string {
  return input instanceof Request ? input.url : input.toString();
}

/** A force that may hide its entries for some days. */
export const delayingForces = (delayDays: number): Roster['forces'] => [
  { ...(smallRoster().forces[0] as Roster['forces'][number]), delayDays },
];

/** What an audit was told, and what it gave out. */
export interface AuditRun {
  readonly report: AuditReport;
  /** The last that was given out; null if there was none. */
  readonly state: AuditState | null;
  /** Paths that were read, in order. */
  readonly read: string[];
}

export class AuditWorld {
  readonly chain: SignedRoster[] = [];
  readonly rosters: VerifiedRoster[] = [];
  log: ServedLog;
  /** What else is served, by path: the pages. */
  readonly files = new Map<string, Uint8Array>();
  /** Epoch seconds. */
  now = NOON;

  constructor(changes: Partial<Roster> = {}) {
    const roster = smallRoster(changes);
    this.log = createServedLog(signersOf(roster));
    this.addRoster(roster);
    this.append(this.rosterEntry());
  }

  get roster(): Roster {
    return (this.rosters.at(-1) as VerifiedRoster).roster;
  }

  /** Puts a roster into the chain; its entry is for the test to log. */
  addRoster(roster: Roster): void {
    const before = this.rosters.at(-1);
    this.chain.push(signedBy(formatRoster(roster), [1, 2]));
    this.rosters.push(verified(roster, before?.roster ?? roster));
  }

  /** The entry of the roster with this number from 0; default: the last. */
  rosterEntry(position = this.chain.length - 1): LogEntry {
    return rosterEntry(this.chain[position] as SignedRoster, this.rosters[position] as VerifiedRoster, HOUR);
  }

  /** The roster that follows on the last one. */
  nextRoster(changes: Partial<Roster> = {}): Roster {
    const last = this.rosters.at(-1) as VerifiedRoster;
    return { ...last.roster, version: last.roster.version + 1, predecessor: last.hash, ...changes };
  }

  /** @returns the index of the first of them */
  append(...entries: readonly (LogEntry | Uint8Array)[]): number {
    const first = this.log.size;
    this.log.append(entries.map((entry) => (entry instanceof Uint8Array ? entry : formatLogEntry(entry))));
    return first;
  }

  /** What is served at a path without a slash before it. */
  get(path: string): Uint8Array | null {
    if (path.startsWith('log/') && path !== 'log/') return this.log.get(path);
    if (path !== 'v1/roster') return this.files.get(path) ?? null;
    const reply = formatMessage(rosterReplySchema, { chain: this.chain, log: null });
    return new TextEncoder().encode(JSON.stringify(reply));
  }

  /** A `fetch` that serves this registry, and `others` at their addresses. */
  fetch(read: string[] = [], others: Readonly<Record<string, string>> = {}): Fetch {
    return async (input) => {
      const url = addressOf(input);
      const other = others[url];
      if (other !== undefined) return Promise.resolve(new Response(other));
      const path = url.slice(REGISTRY_URL.length + 1);
      read.push(path);
      const bytes = this.get(path);
      const body = bytes === null ? null : (bytes as Uint8Array<ArrayBuffer>);
      return Promise.resolve(new Response(body, { status: bytes === null ? 404 : 200 }));
    };
  }

  /** Audits as the registry is now; publishes the tree as it is unless `publish` says not to. */
  async audit(
    state: AuditState | null = null,
    options: Partial<AuditOptions> & { readonly publish?: boolean } = {},
  ): Promise<AuditRun> {
    const { publish = true, ...more } = options;
    if (publish) this.log.publish(this.now);
    const read: string[] = [];
    let given: AuditState | null = null;
    const report = await auditLog({
      url: REGISTRY_URL,
      rosterFingerprint: rosterHash((this.chain[0] as SignedRoster).roster),
      state,
      onState: (kept) => {
        given = kept;
      },
      fetch: this.fetch(read),
      retry: { attempts: 1 },
      now: () => this.now,
      settleMs: 0,
      ...more,
    });
    return { report, state: given, read };
  }
}

/** An owner's request, logged: the entry that nothing else depends on. */
export const activation = (request = randomBytes(32), hour = HOUR): LogEntry => ({ kind: 'activation', hour, request });

export const activations = (count: number): LogEntry[] => Array.from({ length: count }, () => activation());

/** A registry whose log has `size` entries, the roster's among them. */
export function worldOf(size: number): AuditWorld {
  const world = new AuditWorld();
  world.append(...activations(size - 1));
  return world;
}

/** The files of a small build. */
export const pageContents = (version: string) =>
  ['index.html', 'owner/index.html', 'assets/main.js'].map((path) => ({
    path,
    content: utf8ToBytes(`${path} ${version}`),
  }));

/** Serves a build in the place of the one before. */
export function deployPages(world: AuditWorld, version = 'one', prefix = ''): PagesManifest {
  const files = pageContents(version);
  const manifest = createPagesManifest(files);
  world.files.clear();
  for (const { path, content } of files) world.files.set(prefix + pageAddress(path), content);
  world.files.set(`${prefix}pages.json`, formatPagesManifest(manifest));
  const file = {
    format: 'blindmark-registry-v1' as const,
    url: REGISTRY_URL,
    rosterFingerprint: rosterHash(world.chain[0]?.roster as Uint8Array),
  };
  world.files.set(`${prefix}registry.json`, utf8ToBytes(formatCredentialFile(registryFileSchema, file)));
  return manifest;
}
