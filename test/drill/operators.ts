/**
 * What the operators of registry and guardians do by hand when a log needs a successor, by the functions behind their commands:
 * `draft-roster --successor-log`, `sign-roster`, `publish-roster`, `accept-roster`. Only passphrases are left out.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { randomBytes } from '../../crypto/bytes.ts';
import { parseCheckpoint } from '../../crypto/checkpoint.ts';
import { guardianCardSchema, type KeyPurpose } from '../../crypto/dkg-messages.ts';
import { logName } from '../../crypto/log-proof.ts';
import { parseRoster, type RosterDraft, type RosterGuardian, type RosterSignature } from '../../crypto/roster.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import { STRETCH_FLOOR } from '../../crypto/stretch.ts';
import { writeJson } from '../../server/files.ts';
import * as guardianConfig from '../../server/guardian/config.ts';
import { openGuardianDatabase } from '../../server/guardian/database.ts';
import { describeRoster } from '../../server/guardian/describe-roster.ts';
import type { GuardianShare } from '../../server/guardian/keys.ts';
import { acceptRoster, loadRoster, signDraft } from '../../server/guardian/roster.ts';
import { WitnessStore } from '../../server/guardian/witness-store.ts';
import * as registryConfig from '../../server/registry/config.ts';
import { draftRoster } from '../../server/registry/draft-roster.ts';
import { addGeneration, generationKey, readLogKeys, writeLogKeys } from '../../server/registry/log-key.ts';
import { publishRoster } from '../../server/registry/publish-roster.ts';
import { loadRoster as loadRegistryRoster, type LoadedRoster } from '../../server/registry/roster.ts';
import { planSuccessor, type LogStart } from '../../server/registry/successor-log.ts';
import { openSqliteStores } from '../../server/store/sqlite/open-stores.ts';
import type { Services } from '../support/services.ts';
import type { SplitKey } from '../support/split-key.ts';

/** What a guardian's operator was shown before signing, and the signature. */
export interface Signed {
  readonly shown: string;
  readonly signature: RosterSignature;
}

export class Operators {
  readonly #services: Services;

  /** Sets the folders up, as `init` and the first `accept-roster` do. */
  constructor(services: Services) {
    this.#services = services;
    const { fixture, guardianUrls, registryFile } = services;
    const { roster } = fixture.roster;
    registryConfig.writeConfig(this.#registry, {
      format: 'blindmark-registry-config-v1',
      origin: fixture.origin,
      url: registryFile.url,
      host: '127.0.0.1',
      port: 0,
      rosterFingerprint: fixture.fingerprint,
      allowTestRoster: true,
      guardians: [...guardianUrls].map(([id, url]) => ({ id, url })),
      guardianTimeoutMs: 5000,
      pages: null,
    });
    for (const { id, name, operatorKey, witnessKey } of roster.guardians) {
      const folder = join(services.folder, id);
      const maxima = { codesPerOfficerAndDay: 20_000, codesPerForceAndDay: 20_000, codesPerIssuerAndDay: 20_000 };
      guardianConfig.writeConfig(folder, {
        format: 'blindmark-guardian-config-v1',
        id,
        name,
        host: '127.0.0.1',
        port: 0,
        maxima,
        rosterFingerprint: null,
        allowTestRoster: true,
      });
      const card = { format: 'blindmark-guardian-card-v1' as const, id, name, operatorKey, witnessKey };
      writeJson(guardianConfig.guardianFiles(folder).card, guardianCardSchema, {
        ...card,
        exchangeKey: randomBytes(32),
      });
      acceptRoster(folder, fixture.chain, fixture.fingerprint);
    }
  }

  get #registry(): string {
    return join(this.#services.folder, 'registry');
  }

  /** The roster that the registry serves. */
  current(): LoadedRoster {
    return loadRegistryRoster(this.#registry, registryConfig.readConfig(this.#registry));
  }

  /** The last cosigned checkpoint: the copies of those guardians that have it, each with its own cosignature (tlog-witness). */
  async lastCheckpoints(): Promise<string[]> {
    const name = createHash('sha256').update(logName(this.current().current.roster)).digest('hex');
    const urls = [...this.#services.guardianUrls.values()];
    const notes = await Promise.all(urls.map(async (url) => (await fetch(`${url}/v1/${name}/checkpoint`)).text()));
    const sizes = notes.map((note) => parseCheckpoint(note).checkpoint.size);
    return notes.filter((_, i) => sizes[i] === Math.max(...sizes));
  }

  /** `draft-roster --successor-log`: with the registry stopped, or running. */
  async draftSuccessor(checkpoints: readonly string[]): Promise<{ draft: RosterDraft; successor: LogStart }> {
    const { current } = this.current();
    const stores = openSqliteStores(registryConfig.registryFiles(this.#registry).database);
    let successor: LogStart;
    try {
      successor = await planSuccessor(current.roster, stores.log, checkpoints);
    } finally {
      await stores.close();
    }
    const generation = current.roster.log.generation + 1;
    const keys = addGeneration(readLogKeys(this.#registry), generation);
    writeLogKeys(this.#registry, keys);
    const { publicKey: logKey } = generationKey(keys, generation) as SigningKey;
    const { origin } = current.roster;
    const changes = { origin, stretch: STRETCH_FLOOR, now: this.#services.clock.now, logKey, successor };
    return { draft: { format: 'blindmark-roster-draft-v1', roster: draftRoster(changes, current) }, successor };
  }

  /** `sign-roster`, beside the guardian at work. */
  async sign(id: string, { roster: draft }: RosterDraft, acceptLoss = false): Promise<Signed> {
    const folder = join(this.#services.folder, id);
    const config = guardianConfig.readConfig(folder);
    const current = loadRoster(folder, config);
    const { db, group } = openGuardianDatabase(guardianConfig.guardianFiles(folder).database);
    try {
      const store = new WitnessStore(db, current.roster.log.generation);
      const known = { largest: () => store.largest(), find: (size: number) => store.find(size) };
      const shown = describeRoster(parseRoster(draft), draft, current.roster, known);
      const { index } = current.roster.guardians.find((guardian) => guardian.id === id) as RosterGuardian;
      const { operators, witnesses } = this.#services.fixture;
      const [operator, witness] = [operators[index - 1], witnesses[index - 1]] as [SigningKey, SigningKey];
      const shares = this.#sharesOf(index);
      const keys = { operator, witness };
      return { shown, signature: signDraft(draft, { config, keys, shares, current, known, acceptLoss }) };
    } finally {
      await group.close();
    }
  }

  #sharesOf(index: number): GuardianShare[] {
    const { fixture } = this.#services;
    const toShare = (purpose: KeyPurpose, keys: ReadonlyMap<number, SplitKey>): GuardianShare[] =>
      [...keys].map(([epoch, { groupKey, shares }]) => ({
        purpose,
        origin: fixture.origin,
        epoch,
        ceremony: randomBytes(32),
        index,
        secret: (shares[index - 1] as SplitKey['shares'][number]).secret,
        groupKey,
        publicShares: shares.map(({ publicShare }) => publicShare),
      }));
    return [...toShare('evaluation', fixture.keys), ...toShare('decryption', fixture.decryptionKeys)];
  }

  /** `publish-roster`; then every guardian's `accept-roster`, and a start of all. */
  async publish(draft: RosterDraft, signatures: readonly RosterSignature[]): Promise<LoadedRoster> {
    const loaded = publishRoster(this.#registry, draft, signatures);
    for (const id of this.#services.guardianUrls.keys()) {
      const current = acceptRoster(join(this.#services.folder, id), loaded.chain, undefined);
      this.#services.adopt(id, { ...loaded, current });
      await this.#services.restart(id);
    }
    this.#services.adopt('registry', loaded);
    await this.#services.restart('registry');
    return loaded;
  }
}
