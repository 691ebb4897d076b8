/**
 * A whole registry for tests, in one process: the real apps of registry, guardians and issuer on real databases, listening on
 * loopback. Only the keys come from one hand (fixture.ts).
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { activationKeyHash, createActivationKey, formatActivationKey } from '../../crypto/activation-key.ts';
import { formatBase64url } from '../../crypto/bytes.ts';
import type { RegistryFile } from '../../crypto/credential-files.ts';
import { formatMessage } from '../../crypto/message.ts';
import { quarterOf, rosterChainSchema } from '../../crypto/roster.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import type { LocalMaxima } from '../../server/guardian/config.ts';
import type { EpochShares, KeyShare } from '../../server/guardian/evaluator.ts';
import { openGuardian } from '../../server/guardian/guardian.ts';
import { listen, type RunningService } from '../../server/http/listen.ts';
import { createLog } from '../../server/http/log.ts';
import { createMetrics, type Metrics } from '../../server/http/metrics.ts';
import type { Log } from '../../server/log/log.ts';
import { createIssuerApp } from '../../server/issuer/app.ts';
import { IssuerLedger } from '../../server/issuer/ledger.ts';
import { createTokenKey } from '../../server/issuer/token-key.ts';
import { createLogKeys, readLogKeys, writeLogKeys } from '../../server/registry/log-key.ts';
import { readPages, type PagesBuild } from '../../server/registry/pages-build.ts';
import { openPages } from '../../server/registry/pages.ts';
import { openRegistry } from '../../server/registry/registry.ts';
import type { LoadedRoster } from '../../server/registry/roster.ts';
import type { RevocationWatch } from '../../server/revocations.ts';
import { openSqliteStores } from '../../server/store/sqlite/open-stores.ts';
import { shareEvaluator } from './evaluator.ts';
import { createFixture, type Fixture, type FixtureOptions, type TestOfficer } from './fixture.ts';
import { startRevocationServer, type ListSigner } from './revocation-server.ts';
import type { SplitKey } from './split-key.ts';
import { sharedProofs } from './proof-checker.ts';

const HOST = '127.0.0.1';
const GENEROUS: LocalMaxima = {
  codesPerOfficerAndDay: 1_000_000,
  codesPerForceAndDay: 1_000_000,
  codesPerIssuerAndDay: 1_000_000,
};

export interface ServicesOptions extends FixtureOptions {
  readonly maxima?: LocalMaxima;
  /** Addresses to put in the place of guardians', by identifier: for faulty ones. */
  readonly instead?: Readonly<Record<string, string>>;
  readonly guardianTimeoutMs?: number;
  /** Milliseconds between two looks at what is to be revealed. */
  readonly revealIntervalMs?: number;
  /** Folder of the pages that the registry serves, and again at each start; default: it serves none. */
  readonly pages?: string;
}

/** The forces' lists of revocations. */
export interface Revocations {
  /** Who signs a force's list; at first there is the fixture's force alone. Has every service look. */
  readonly sign: (force: string, signer: ListSigner) => Promise<void>;
  /** Publishes these too (thumbprints, hashes of credentials or pseudonyms), and has every service look. */
  readonly revoke: (...hashes: Uint8Array[]) => Promise<void>;
  /** Whether nobody answers where the list is. Lists at hand stay good for 15 minutes. */
  isDown: boolean;
  /** Seconds by which the lists that are answered are older than now. */
  age: number;
  /** Has every running service look at the list now. */
  readonly refresh: () => Promise<void>;
}

export interface Services {
  readonly fixture: Fixture;
  /** Epoch seconds, for every service; goes on by itself, and may be set. */
  readonly clock: { now: number };
  /** Holds each service's folder: `registry`, `g1`, …, `issuer`. */
  readonly folder: string;
  readonly registryFile: RegistryFile;
  readonly guardianUrls: ReadonlyMap<string, string>;
  /** Every line that any service logged. */
  readonly lines: readonly string[];
  readonly metrics: ReadonlyMap<string, Metrics>;
  /** New activation keys, known to the issuer, as printed. */
  readonly createActivationKeys: (count: number) => Promise<string[]>;
  readonly createOfficer: (pseudonym?: string) => Promise<TestOfficer>;
  readonly revocations: Revocations;
  /** The running registry's log: whoever has the registry appends to it what he likes. */
  readonly publicLog: () => Log;
  /** Has a guardian, or the registry, follow other rosters than the fixture's from its next start on. */
  readonly adopt: (name: string, roster: LoadedRoster) => void;
  /** Stops one service. */
  readonly stop: (name: string) => Promise<void>;
  /** Stops a guardian or the registry if it runs, and starts it anew on the same files and port. */
  readonly restart: (name: string) => Promise<void>;
  readonly stopAll: () => Promise<void>;
}

/** A clock that goes on from where it is set. */
function createClock(start?: number): { now: number } {
  const real = (): number => Math.floor(Date.now() / 1000);
  let ahead = start === undefined ? 0 : start - real();
  return {
    get now() {
      return real() + ahead;
    },
    set now(seconds) {
      ahead = seconds - real();
    },
  };
}

/** A port that nobody has, as far as a look can tell: pages are told their registry's address before it listens. */
async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => {
    server.listen(0, HOST, done);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => {
    server.close(done);
  });
  return port;
}

/** A guardian's shares of all epochs' keys. */
export function sharesOf(fixture: Fixture, index: number): EpochShares[] {
  const pick = ({ shares }: SplitKey): KeyShare => shares[index - 1] as SplitKey['shares'][number];
  return [...fixture.keys].map(([epoch, key]) => ({
    epoch,
    evaluation: pick(key),
    decryption: pick(fixture.decryptionKeys.get(epoch) as SplitKey),
  }));
}

/** Waits until guardians have cosigned the roster's entry: clients go on only then. */
async function rosterLogged(url: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const reply = (await (await fetch(`${url}/v1/roster`)).json()) as { readonly log: unknown };
    if (reply.log !== null) return;
    await setTimeout(50);
  }
  throw new Error('the roster did not come into the log');
}

/** Starts everything. Call `stopAll` when done: it removes the folder too. */
export async function startServices(options: ServicesOptions = {}): Promise<Services> {
  const folder = mkdtempSync(join(tmpdir(), 'blindmark-'));
  const lines: string[] = [];
  const clock = createClock(options.now);
  const now = (): number => clock.now;
  const running = new Map<string, RunningService>();
  const ports = new Map<string, number>();
  /** How guardians and the registry are started; port 0 takes a free one. */
  const starts = new Map<string, (port: number) => Promise<RunningService>>();
  const start = async (name: string, port = 0): Promise<RunningService> => {
    const service = await (starts.get(name) as (port: number) => Promise<RunningService>)(port);
    running.set(name, service);
    ports.set(name, service.port);
    return service;
  };
  const allMetrics = new Map<string, Metrics>();
  const basics = (name: string) => {
    mkdirSync(join(folder, name), { recursive: true });
    const metrics = createMetrics(name);
    allMetrics.set(name, metrics);
    return {
      log: createLog(name, { level: 'debug', destination: { write: (line) => void lines.push(line) } }),
      metrics,
    };
  };

  let publicLog: Log | undefined;
  const watches = new Map<string, RevocationWatch>();
  const revocations = await startRevocationServer(now);

  // The issuer's address stands in the roster, so it listens before there is one, and is told its key then.
  const issuerLedger = (() => {
    mkdirSync(join(folder, 'issuer'));
    return IssuerLedger.open(join(folder, 'issuer', 'issuer.db'));
  })();
  const tokenKey = await createTokenKey();
  const issuerMetrics = createMetrics('issuer');
  allMetrics.set('issuer', issuerMetrics);
  const issuerLog = createLog('issuer', { level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const issuer = await listen(
    createIssuerApp({
      config: {
        id: 'demo-issuer',
        name: 'Demonstration issuer',
        number: 7,
        vendors: [],
      },
      tokenKeys: [{ quarter: quarterOf(clock.now), ...tokenKey }],
      ledger: issuerLedger,
      log: issuerLog,
      metrics: issuerMetrics,
      now,
    }),
    { host: HOST, port: 0, log: issuerLog, onStop: async () => issuerLedger.close() },
  );
  running.set('issuer', issuer);

  const fixture = await createFixture({
    ...options,
    now: clock.now,
    tokenKey,
    issuerUrl: `http://${HOST}:${issuer.port}`,
    revocationUrl: revocations.urlOf('demo-force'),
  });
  const { origin, forceKey, forceCredential } = fixture;
  revocations.signers.set('demo-force', { key: forceKey, origin, forceCredential });
  const { roster } = fixture.roster;
  const adopted = new Map<string, LoadedRoster>();
  const rosterOf = (name: string): LoadedRoster =>
    adopted.get(name) ?? { chain: fixture.chain, history: [fixture.roster], current: fixture.roster };
  const guardianUrls = new Map<string, string>();
  for (const { id, index } of roster.guardians) {
    mkdirSync(join(folder, id));
    const keys = sharesOf(fixture, index);
    // What a thief of the guardian's folder would have, were it not sealed.
    const secrets = keys.flatMap(({ evaluation, decryption }) => [evaluation.secret, decryption.secret]);
    writeFileSync(join(folder, id, 'share.json'), JSON.stringify(secrets.map(formatBase64url)));
    starts.set(id, async (port) => {
      const { log, metrics } = basics(id);
      const guardian = openGuardian({
        id,
        roster: rosterOf(id).current,
        keys,
        witnessKey: fixture.witnesses[index - 1] as SigningKey,
        maxima: options.maxima ?? GENEROUS,
        folder: join(folder, id),
        evaluator: shareEvaluator(keys),
        now,
        log,
        metrics,
      });
      watches.set(id, guardian.revocations);
      return listen(guardian.app, { host: HOST, port, log, onStop: guardian.close });
    });
    const service = await start(id);
    guardianUrls.set(id, `http://${HOST}:${service.port}`);
  }

  const registryPort = await findPort();
  const url = `http://${HOST}:${registryPort}`;
  const registryFile: RegistryFile = {
    format: 'blindmark-registry-v1',
    url,
    rosterFingerprint: fixture.fingerprint,
    allowTestRoster: true,
  };
  const readBuild = (from: string): PagesBuild => {
    const build = readPages(from);
    if (build === null) throw new Error(`no pages in ${from}`);
    return build;
  };
  mkdirSync(join(folder, 'registry'));
  writeFileSync(
    join(folder, 'registry', 'roster.json'),
    JSON.stringify(formatMessage(rosterChainSchema, { chain: [...fixture.chain] })),
  );
  writeLogKeys(join(folder, 'registry'), { ...createLogKeys(), seeds: [fixture.logKey.seed] });
  starts.set('registry', async (port) => {
    const { log, metrics } = basics('registry');
    const stores = openSqliteStores(join(folder, 'registry', 'registry.db'));
    const registry = await openRegistry({
      roster: rosterOf('registry'),
      stores,
      keys: readLogKeys(join(folder, 'registry')),
      addresses: [...guardianUrls].map(([id, url]) => ({ id, url: options.instead?.[id] ?? url })),
      guardianTimeoutMs: options.guardianTimeoutMs ?? 5000,
      proofs: sharedProofs,
      now,
      log,
      metrics,
      pages:
        options.pages === undefined
          ? null
          : openPages(readBuild(options.pages), { registryFile, issuers: roster.issuers }),
      ...(options.revealIntervalMs === undefined ? {} : { revealIntervalMs: options.revealIntervalMs }),
    });
    watches.set('registry', registry.revocations);
    ({ publicLog } = registry);
    const onStop = async (): Promise<void> => {
      await registry.close();
      await stores.close();
    };
    return listen(registry.app, { host: HOST, port, log, onStop });
  });
  await start('registry', registryPort);
  // With guardians that lie, it may never be.
  if (options.instead === undefined) await rosterLogged(url);

  const stop = async (name: string): Promise<void> => {
    await running.get(name)?.stop();
    running.delete(name);
    watches.delete(name);
  };
  /** Hands lists over as well: on a slow machine, a look may take longer than a service waits. */
  const refresh = async (): Promise<void> => {
    const look = async (watch: RevocationWatch): Promise<void> => {
      await watch.refresh();
      for (const force of revocations.signers.keys()) {
        const signed = await revocations.list(force);
        // One that is refused, such as one that is too old, is none.
        if (signed !== null) await watch.add(signed, force).catch(() => undefined);
      }
    };
    await Promise.all([...watches.values()].map(look));
  };
  await refresh();
  return {
    fixture,
    clock,
    folder,
    registryFile,
    guardianUrls,
    lines,
    metrics: allMetrics,
    createActivationKeys: async (count) => {
      const keys = Array.from({ length: count }, () => createActivationKey(7).bytes);
      await issuerLedger.addKeys(keys.map(activationKeyHash), 'demo-vendor');
      return keys.map(formatActivationKey);
    },
    publicLog: () => publicLog as Log,
    createOfficer: async (pseudonym) => fixture.createOfficer(pseudonym, clock.now),
    revocations: {
      sign: async (force, signer) => {
        revocations.signers.set(force, signer);
        await refresh();
      },
      revoke: async (...hashes) => {
        revocations.revoked.push(...hashes);
        await refresh();
      },
      get isDown() {
        return revocations.isDown;
      },
      set isDown(isDown) {
        revocations.isDown = isDown;
      },
      get age() {
        return revocations.age;
      },
      set age(seconds) {
        revocations.age = seconds;
      },
      refresh,
    },
    adopt: (name, loaded) => void adopted.set(name, loaded),
    stop,
    restart: async (name) => {
      await stop(name);
      await start(name, ports.get(name));
      await refresh();
    },
    stopAll: async () => {
      // The registry first: it holds connections to the guardians.
      for (const name of [...running.keys()].reverse()) await stop(name);
      await revocations.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
