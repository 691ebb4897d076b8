/** Where the demonstration keeps its files, and on which ports its services listen. */
import { join, resolve } from 'node:path';
import type { KeyPurpose } from '../../crypto/dkg-messages.ts';

export const PROJECT_FOLDER = resolve(import.meta.dirname, '../..');

export const ORIGIN = 'demonstration.blindmark.example';
export const GUARDIANS = ['g1', 'g2', 'g3'] as const;
export type GuardianId = (typeof GUARDIANS)[number];
export const THRESHOLD = 2;

/** The demonstration force's identifier in the roster. */
export const FORCE_ID = 'demo-force';

/** Codes a day for the demonstration force, each officer of it, and the demonstration issuer. */
export const CODES_PER_DAY = 20_000;

export const DEFAULT_PORT = 8080;

/** The services, in the order of their ports: the registry's first. */
export const SERVICES = ['registry', ...GUARDIANS, 'issuer'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** The port of a service, when the registry has `firstPort`. */
export function portOf(service: ServiceName, firstPort: number): number {
  return firstPort + SERVICES.indexOf(service);
}

export function urlOf(service: ServiceName, firstPort: number): string {
  return `http://127.0.0.1:${portOf(service, firstPort)}`;
}

/** Paths below the data folder. */
export function layoutOf(data: string) {
  const demo = join(data, 'demo');
  return {
    data,
    demo,
    folderOf: (service: ServiceName) => join(data, service),
    /** Each sealed service's passphrase; in production a person types it. */
    passphraseOf: (service: ServiceName | 'authority') => join(data, 'passphrases', `${service}.txt`),
    passphrases: join(data, 'passphrases'),
    registryFile: join(demo, 'registry.json'),
    rootFile: join(demo, 'root.json'),
    forceFile: join(demo, 'force.json'),
    officerFiles: { 'officer-a': join(demo, 'officer-a.json'), 'officer-b': join(demo, 'officer-b.json') },
    vendorFile: join(demo, 'vendor.json'),
    packs: join(demo, 'packs.csv'),
    /** What the force has revoked. */
    revokedFile: join(demo, 'revoked.json'),
    /** What `blindmark authority revocations` says while it runs. */
    revocationsLog: join(demo, 'revocations.log'),
    ceremonyOf: (purpose: KeyPurpose) => join(demo, `ceremony-${purpose}.json`),
    boardOf: (purpose: KeyPurpose) => join(demo, `board-${purpose}`),
  };
}
export type Layout = ReturnType<typeof layoutOf>;

export const PROGRAMS = {
  registry: join(PROJECT_FOLDER, 'server/registry/main.ts'),
  guardian: join(PROJECT_FOLDER, 'server/guardian/main.ts'),
  issuer: join(PROJECT_FOLDER, 'server/issuer/main.ts'),
  blindmark: join(PROJECT_FOLDER, 'client-sdk/cli/main.ts'),
  /** Builds the pages for browsers. */
  pages: join(PROJECT_FOLDER, 'server/web/build/main.ts'),
} as const;
