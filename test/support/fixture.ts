/**
 * All keys of one registry, for tests: made by one hand, which is what no real registry does. Shares come from a polynomial
 * drawn here; test/crypto/dkg.test.ts and the real processes use the real key generation.
 */
import { formatBase64url } from '../../crypto/bytes.ts';
import { createForceCredential, createOfficerCredential, officerPersons } from '../../crypto/credential.ts';
import type { OfficerSigner } from '../../crypto/officer-request.ts';
import {
  formatRoster,
  quarterOf,
  rosterHash,
  signRoster,
  verifyRosterChain,
  type Roster,
  type SignedRoster,
  type VerifiedRoster,
} from '../../crypto/roster.ts';
import { createExchangeKey, type ExchangeKey } from '../../crypto/seal.ts';
import { createSigner, createSigningKey, type Signer, type SigningKey } from '../../crypto/signature.ts';
import { STANDARD_SCHEMES } from '../../crypto/standard-schemes.ts';
import type { StretchParameters } from '../../crypto/stretch.ts';
import { createTokenKey } from '../../server/issuer/token-key.ts';
import { publicPart, splitKey, type SplitKey } from './split-key.ts';

/** The least Argon2id there is, so that suites stay quick. */
export const CHEAP_STRETCH: StretchParameters = { memoryKiB: 8, passes: 1, lanes: 1 };

export type TokenKey = Awaited<ReturnType<typeof createTokenKey>>;

export interface FixtureOptions {
  readonly origin?: string;
  readonly threshold?: number;
  readonly guardians?: number;
  /** Numbers of the live epochs; default: 1. */
  readonly epochs?: readonly number[];
  readonly stretch?: StretchParameters;
  /** Epoch seconds; default: now. */
  readonly now?: number;
  readonly forceCodesPerDay?: number;
  readonly officerCodesPerDay?: number;
  readonly issuerCodesPerDay?: number;
  readonly issuerUrl?: string;
  /** Default: nobody answers there. */
  readonly revocationUrl?: string;
  /** The force's policy; default: 0. */
  readonly delayDays?: number;
  /** The issuer's token key of this quarter; default: a new one. */
  readonly tokenKey?: TokenKey;
  /** Whatever else is to be different in the first roster. */
  readonly change?: (roster: Roster) => Roster;
}

export interface Fixture {
  readonly origin: string;
  readonly now: number;
  readonly operators: readonly SigningKey[];
  /** The keys by which guardians cosign, in their order. */
  readonly witnesses: readonly SigningKey[];
  /** The registry's. */
  readonly logKey: SigningKey;
  /** By epoch: under which codes are evaluated. */
  readonly keys: ReadonlyMap<number, SplitKey>;
  /** By epoch: to which contact envelopes are sealed. */
  readonly decryptionKeys: ReadonlyMap<number, SplitKey>;
  readonly authorityRoot: SigningKey;
  readonly forceKey: SigningKey;
  readonly forceExchange: ExchangeKey;
  readonly forceCredential: string;
  readonly tokenKey: TokenKey;
  readonly roster: VerifiedRoster;
  readonly chain: readonly SignedRoster[];
  /** 32 bytes. */
  readonly fingerprint: Uint8Array;
  /** A new officer with a credential of the fixture's force. */
  /** @param person the force's own identifier; the pseudonym by default */
  readonly createOfficer: (pseudonym?: string, now?: number, person?: string) => Promise<TestOfficer>;
}

/** An officer whose key is at hand. */
export interface TestOfficer extends OfficerSigner {
  readonly key: SigningKey & Signer;
}

/** Signs a roster by the first t operators (of its predecessor, which here are the same). */
export function signByOperators(
  roster: Roster,
  operators: readonly SigningKey[],
  count = roster.threshold,
): SignedRoster {
  const bytes = formatRoster(roster);
  return {
    roster: bytes,
    signatures: operators.slice(0, count).map((operator, i) => ({
      guardian: (roster.guardians[i] as Roster['guardians'][number]).id,
      signature: signRoster(bytes, operator),
    })),
  };
}

/** Guardians `g1` to `gn`, force `demo-force`, issuer `demo-issuer` with number 7. A test roster unless stretching is real. */
export async function createFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const {
    origin = 'test.blindmark.example',
    threshold = 2,
    guardians = 3,
    epochs = [1],
    stretch = CHEAP_STRETCH,
  } = options;
  const now = options.now ?? Math.floor(Date.now() / 1000);
  const operators = Array.from({ length: guardians }, () => createSigningKey());
  const witnesses = Array.from({ length: guardians }, () => createSigningKey());
  const keys = new Map(epochs.map((epoch) => [epoch, splitKey(threshold, guardians)]));
  const decryptionKeys = new Map(epochs.map((epoch) => [epoch, splitKey(threshold, guardians)]));
  const [authorityRoot, forceKey, logKey] = [createSigningKey(), createSigningKey(), createSigningKey()];
  const forceExchange = createExchangeKey();
  const tokenKey = options.tokenKey ?? (await createTokenKey());
  const plain: Roster = {
    format: 'blindmark-roster-v1',
    origin,
    version: 1,
    predecessor: null,
    issuedAt: new Date(now * 1000).toISOString(),
    ...(stretch.memoryKiB < 65_536 ? { testRoster: true as const } : {}),
    threshold,
    guardians: operators.map(({ publicKey }, i) => ({
      index: i + 1,
      id: `g${i + 1}`,
      name: `Guardian ${i + 1}`,
      operatorKey: publicKey,
      witnessKey: (witnesses[i] as SigningKey).publicKey,
    })),
    log: { generation: 1, publicKey: logKey.publicKey, start: null, closed: null },
    epochs: [...keys].map(([epoch, key]) => ({
      epoch,
      live: true,
      stretch,
      groupKey: key.groupKey,
      publicShares: key.shares.map((share) => share.publicShare),
      decryption: publicPart(decryptionKeys.get(epoch) as SplitKey),
    })),
    authorityRoots: [authorityRoot.publicKey],
    forces: [
      {
        id: 'demo-force',
        name: 'Demonstration force',
        codesPerDay: options.forceCodesPerDay ?? 20_000,
        codesPerOfficerAndDay: options.officerCodesPerDay ?? 10_000,
        exchangeKey: forceExchange.publicKey,
        revocationUrl: options.revocationUrl ?? 'http://127.0.0.1:1/revocations',
        delayDays: options.delayDays ?? 0,
      },
    ],
    issuers: [
      {
        number: 7,
        id: 'demo-issuer',
        name: 'Demonstration issuer',
        url: options.issuerUrl ?? 'http://127.0.0.1:1',
        codesPerDay: options.issuerCodesPerDay ?? 10_000,
        tokenKeys: [{ quarter: quarterOf(now), publicKey: tokenKey.publicKey }],
      },
    ],
    schemes: STANDARD_SCHEMES,
  };
  const first = options.change?.(plain) ?? plain;
  const chain = [signByOperators(first, operators)];
  const fingerprint = rosterHash((chain[0] as SignedRoster).roster);
  const roster = verifyRosterChain(chain, fingerprint, { allowTestRoster: true });
  const forceCredential = await createForceCredential(authorityRoot, {
    origin,
    force: 'demo-force',
    publicKey: forceKey.publicKey,
    now,
  });
  const createOfficer = async (pseudonym = 'officer-a', at = now, person = pseudonym): Promise<TestOfficer> => {
    const key = createSigner(createSigningKey());
    const officerCredential = await createOfficerCredential(forceKey, {
      origin,
      force: 'demo-force',
      pseudonym,
      persons: officerPersons(forceKey.seed, person, { now: at }),
      publicKey: key.publicKey,
      rosterFingerprint: formatBase64url(fingerprint),
      now: at,
    });
    return { key, officerCredential, forceCredential };
  };
  return {
    origin,
    now,
    operators,
    witnesses,
    logKey,
    keys,
    decryptionKeys,
    authorityRoot,
    forceKey,
    forceExchange,
    forceCredential,
    tokenKey,
    roster,
    chain,
    fingerprint,
    createOfficer,
  };
}
