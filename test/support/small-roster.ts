/** A small roster with the keys behind it, for unit tests: no service, no RSA key, no key generation. */
import { createForceCredential, createOfficerCredential, officerPersons } from '../../crypto/credential.ts';
import {
  formatRoster,
  rosterFingerprint,
  rosterHash,
  signRoster,
  type Roster,
  type RosterSigners,
  type SignedRoster,
  type VerifiedRoster,
} from '../../crypto/roster.ts';
import { createExchangeKey } from '../../crypto/seal.ts';
import { createSigner, createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import { STANDARD_SCHEMES } from '../../crypto/standard-schemes.ts';
import { STRETCH_FLOOR } from '../../crypto/stretch.ts';
import type { TestOfficer } from './fixture.ts';
import type { LogOwner } from './log.ts';
import { publicPart, splitKey } from './split-key.ts';

/** 2026-10-17 12:00:00 UTC, in epoch seconds. */
export const NOON = 1_792_238_400;

export const operators = [1, 2, 3, 4].map(() => createSigningKey());
export const witnesses = [1, 2, 3, 4].map(() => createSigningKey());
export const logKey = createSigningKey();
export const root = createSigningKey();
export const force = createSigningKey();
export const forceExchange = createExchangeKey();
export const officer = createSigningKey();

/** Of the roster's one epoch: for evaluation, and for decryption. */
export const key = splitKey(2, 3);
export const decryptionKey = splitKey(2, 3);

/** A first roster of three guardians with threshold 2, with some fields replaced. */
export function smallRoster(changes: Partial<Roster> = {}): Roster {
  return {
    format: 'blindmark-roster-v1',
    origin: 'registry.example',
    version: 1,
    predecessor: null,
    issuedAt: '2026-10-01T00:00:00Z',
    threshold: 2,
    guardians: [1, 2, 3].map((index) => ({
      index,
      id: `g${index}`,
      name: `Guardian ${index}`,
      operatorKey: (operators[index - 1] as SigningKey).publicKey,
      witnessKey: (witnesses[index - 1] as SigningKey).publicKey,
    })),
    log: { generation: 1, publicKey: logKey.publicKey, start: null, closed: null },
    epochs: [
      { epoch: 1, live: true, stretch: STRETCH_FLOOR, ...publicPart(key), decryption: publicPart(decryptionKey) },
    ],
    authorityRoots: [root.publicKey],
    forces: [
      {
        id: 'force-a',
        name: 'Force A',
        codesPerDay: 5000,
        codesPerOfficerAndDay: 500,
        exchangeKey: forceExchange.publicKey,
        revocationUrl: 'https://force-a.example/revocations',
        delayDays: 0,
      },
    ],
    issuers: [
      {
        number: 0,
        id: 'issuer-a',
        name: 'Issuer A',
        url: 'https://issuer.example/',
        codesPerDay: 1000,
        tokenKeys: [{ quarter: '2026-Q4', publicKey: new Uint8Array(300).fill(1) }],
      },
    ],
    schemes: STANDARD_SCHEMES,
    ...changes,
  };
}

/** The roster signed by the operators with these numbers. */
export function signedBy(bytes: Uint8Array, numbers: readonly number[]): SignedRoster {
  return {
    roster: bytes,
    signatures: numbers.map((number) => ({
      guardian: `g${number}`,
      signature: signRoster(bytes, operators[number - 1] as SigningKey),
    })),
  };
}

/** As it is once its chain has been verified. */
export function verified(roster: Roster = smallRoster(), signers: RosterSigners = roster): VerifiedRoster {
  return { roster, hash: rosterHash(formatRoster(roster)), signers };
}

/** Who keeps the log of such a registry: for `createTestLog`. */
export function smallLogOwner(roster: Roster = smallRoster(), now = NOON): LogOwner {
  const chain = [signedBy(formatRoster(roster), [1, 2])];
  return { roster: verified(roster), chain, logKey, witnesses, now };
}

/** The officer's key with both certificates, good from an hour before {@link NOON}. */
export async function officerSigner(
  changes: {
    readonly root?: SigningKey;
    readonly forceId?: string;
    readonly forceOrigin?: string;
    readonly forceKey?: SigningKey;
    readonly forceIssued?: number;
    readonly officerForce?: string;
    readonly officerOrigin?: string;
    readonly officerIssued?: number;
  } = {},
): Promise<TestOfficer> {
  const forceCredential = await createForceCredential(changes.root ?? root, {
    origin: changes.forceOrigin ?? 'registry.example',
    force: changes.forceId ?? 'force-a',
    publicKey: force.publicKey,
    now: changes.forceIssued ?? NOON - 3600,
  });
  const now = changes.officerIssued ?? NOON - 3600;
  const officerCredential = await createOfficerCredential(changes.forceKey ?? force, {
    origin: changes.officerOrigin ?? 'registry.example',
    force: changes.officerForce ?? changes.forceId ?? 'force-a',
    pseudonym: 'p-7f3a',
    persons: officerPersons(force.seed, 'officer 7f3a', { now }),
    publicKey: officer.publicKey,
    rosterFingerprint: rosterFingerprint(formatRoster(smallRoster())),
    now,
  });
  return { key: createSigner(officer), officerCredential, forceCredential };
}
