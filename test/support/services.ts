/**
 * A whole registry for tests, in one process: the real apps of registry, guardians and issuer on real databases, listening on
 * loopback. Only the keys come from one hand (fixture.ts).
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activationKeyHash, createActivationKey, formatActivationKey } from '../../crypto/activation-key.ts';
import { formatMessage } from '../../crypto/message.ts';
import type { OfficerSigner } from '../../crypto/officer-request.ts';
import { formatBase64url } from '../../crypto/bytes.ts';
import type { RegistryFile } from '../../crypto/credential-files.ts';
import { quarterOf, rosterChainSchema } from '../../crypto/roster.ts';
import { createGuardianApp } from '../../server/guardian/app.ts';
import type { LocalMaxima } from '../../server/guardian/config.ts';
import { ThreadedEvaluator } from '../../server/guardian/evaluator.ts';
import { GuardianLedger } from '../../server/guardian/ledger.ts';
import { listen, type RunningService } from '../../server/http/listen.ts';
import { createLog } from '../../server/http/log.ts';
import { createMetrics, type Metrics } from '../../server/http/metrics.ts';
import { createIssuerApp } from '../../server/issuer/app.ts';
import { IssuerLedger } from '../../server/issuer/ledger.ts';
import { createTokenKey } from '../../server/issuer/token-key.ts';
import { createRegistryApp } from '../../server/registry/app.ts';
import { createFanOut } from '../../server/registry/fan-out.ts';
import { watchGuardians } from '../../server/registry/guardian-health.ts';
import { createProofChecker } from '../../server/registry/proof-checker.ts';
import { nodeRsaVerifier } from '../../server/rsa.ts';
import { SqliteStore } from '../../server/store/sqlite/sqlite-store.ts';
import { createFixture, type Fixture, type FixtureOptions } from './fixture.ts';

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
  readonly createOfficer: (pseudonym?: string) => Promise<OfficerSigner>;
  /** Stops one service. */
  readonly stop: (name: string) => Promise<void>;
  /** Stops a guardian or the registry, and starts it anew on the same files and port. */
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

/** Starts everything. Call `stopAll` when done: it removes the folder too. */
export async function startServices(options: ServicesOptions = {}): Promise<Services> {
  const folder = mkdtempSync(join(tmpdir(), 'blindmark-'));
  const lines: string[] = [];
  const clock = createClock(options.now);
  const now = (): number => clock.now;
  const running = new Map<string, RunningService>();
  /** How guardians and the registry are started; port 0 takes a free one. */
  const starts = new Map<string, (port: number) => Promise<RunningService>>();
  const start = async (name: string, port = 0): Promise<RunningService> => {
    const service = await (starts.get(name) as (port: number) => Promise<RunningService>)(port);
    running.set(name, service);
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
  });
  const { roster } = fixture.roster;
  const guardianUrls = new Map<string, string>();
  for (const { id, index } of roster.guardians) {
    mkdirSync(join(folder, id));
    const shares = [...fixture.keys].map(([epoch, key]) => {
      const { secret, publicShare } = key.shares[index - 1] as (typeof key.shares)[number];
      return { epoch, secret, publicShare };
    });
    // What a thief of the guardian's folder would have, were it not sealed.
    writeFileSync(join(folder, id, 'share.json'), JSON.stringify(shares.map(({ secret }) => formatBase64url(secret))));
    starts.set(id, async (port) => {
      const { log, metrics } = basics(id);
      const ledger = GuardianLedger.open(join(folder, id, 'guardian.db'));
      const evaluator = new ThreadedEvaluator(shares, 1);
      const app = createGuardianApp({
        guardian: id,
        index,
        roster: fixture.roster,
        maxima: options.maxima ?? GENEROUS,
        ledger,
        evaluator,
        rsa: nodeRsaVerifier,
        now,
        log,
        metrics,
      });
      const onStop = async (): Promise<void> => {
        await evaluator.close();
        await ledger.close();
      };
      return listen(app, { host: HOST, port, log, onStop });
    });
    const service = await start(id);
    guardianUrls.set(id, `http://${HOST}:${service.port}`);
  }

  mkdirSync(join(folder, 'registry'));
  writeFileSync(
    join(folder, 'registry', 'roster.json'),
    JSON.stringify(formatMessage(rosterChainSchema, { chain: [...fixture.chain] })),
  );
  starts.set('registry', async (port) => {
    const { log, metrics } = basics('registry');
    const store = SqliteStore.open(join(folder, 'registry', 'registry.db'));
    const proofs = createProofChecker(1);
    const fanOut = createFanOut({
      roster,
      addresses: [...guardianUrls].map(([id, url]) => ({ id, url: options.instead?.[id] ?? url })),
      proofs,
      timeoutMs: options.guardianTimeoutMs ?? 5000,
      onHealth: watchGuardians(log, metrics),
    });
    const registryRoster = { chain: fixture.chain, current: fixture.roster };
    const app = createRegistryApp({ roster: registryRoster, store, fanOut, rsa: nodeRsaVerifier, log, metrics, now });
    const onStop = async (): Promise<void> => {
      fanOut.close();
      await Promise.all([proofs.close(), store.close()]);
    };
    return listen(app, { host: HOST, port, log, onStop });
  });
  const registry = await start('registry');

  const stop = async (name: string): Promise<void> => {
    await running.get(name)?.stop();
    running.delete(name);
  };
  return {
    fixture,
    clock,
    folder,
    registryFile: {
      format: 'blindmark-registry-v1',
      url: `http://${HOST}:${registry.port}`,
      rosterFingerprint: fixture.fingerprint,
      allowTestRoster: true,
    },
    guardianUrls,
    lines,
    metrics: allMetrics,
    createActivationKeys: async (count) => {
      const keys = Array.from({ length: count }, () => createActivationKey(7).bytes);
      await issuerLedger.addKeys(keys.map(activationKeyHash), 'demo-vendor');
      return keys.map(formatActivationKey);
    },
    createOfficer: async (pseudonym) => fixture.createOfficer(pseudonym, clock.now),
    stop,
    restart: async (name) => {
      const { port } = running.get(name) as RunningService;
      await stop(name);
      await start(name, port);
    },
    stopAll: async () => {
      // The registry first: it holds connections to the guardians.
      for (const name of [...running.keys()].reverse()) await stop(name);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
