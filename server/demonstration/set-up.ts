/** Sets a demonstration up: every key is made by the program that holds it, as it would be in production. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatBase64url, randomBytes } from '../../crypto/bytes.ts';
import { registryFileSchema } from '../../crypto/credential-files.ts';
import { KEY_PURPOSES, type KeyPurpose } from '../../crypto/dkg-messages.ts';
import { readJson, readText, writeJson, writeText } from '../files.ts';
import { readConfig } from '../registry/config.ts';
import { beginSetUp, completeSetUp } from './data-folder.ts';
import {
  CODES_PER_DAY,
  FORCE_ID,
  GUARDIANS,
  layoutOf,
  ORIGIN,
  portOf,
  PROGRAMS,
  SERVICES,
  THRESHOLD,
  urlOf,
  type GuardianId,
  type Layout,
} from './layout.ts';
import { flags, runProgram } from './programs.ts';

const FORCE = { id: FORCE_ID, name: 'Demonstration force' } as const;
const VENDOR = { id: 'demo-vendor', name: 'Demonstration vendor' } as const;
const ISSUER = { id: 'demo-issuer', name: 'Demonstration issuer', number: '1' } as const;

const KEY_USES: Readonly<Record<KeyPurpose, string>> = { evaluation: 'codes', decryption: 'contact envelopes' };

function makePassphrases(layout: Layout): void {
  mkdirSync(layout.passphrases, { mode: 0o700 });
  for (const name of [...SERVICES.filter((service) => service !== 'registry'), 'authority'] as const) {
    writeText(layout.passphraseOf(name), `${formatBase64url(randomBytes(18))}\n`);
  }
}

async function makeGuardians(layout: Layout, firstPort: number): Promise<void> {
  const make = async (id: GuardianId): Promise<unknown> => {
    const options = {
      'folder': layout.folderOf(id),
      id,
      'name': `Demonstration guardian ${id.slice(1)}`,
      'port': portOf(id, firstPort),
      'codes-per-officer-and-day': CODES_PER_DAY,
      'codes-per-force-and-day': CODES_PER_DAY,
      'codes-per-issuer-and-day': CODES_PER_DAY,
      'passphrase-file': layout.passphraseOf(id),
    };
    return runProgram(PROGRAMS.guardian, ['init', ...flags(options)]);
  };
  await Promise.all(GUARDIANS.map(make));
}

/** The real distributed key generation: three processes, and a folder through which their messages travel. */
async function generateKey(layout: Layout, purpose: KeyPurpose): Promise<void> {
  const [ceremony, board] = [layout.ceremonyOf(purpose), layout.boardOf(purpose)];
  mkdirSync(board);
  const cards = GUARDIANS.map((id) => JSON.parse(readText(join(layout.folderOf(id), 'card.json'))) as unknown);
  const agreed = {
    format: 'blindmark-ceremony-v1',
    purpose,
    origin: ORIGIN,
    epoch: 1,
    threshold: THRESHOLD,
  };
  writeText(ceremony, `${JSON.stringify({ ...agreed, guardians: cards }, null, 2)}\n`);
  const takePart = async (id: GuardianId): Promise<unknown> => {
    const options = {
      'folder': layout.folderOf(id),
      ceremony,
      board,
      'wait': 120,
      'passphrase-file': layout.passphraseOf(id),
    };
    return runProgram(PROGRAMS.guardian, ['dkg', ...flags(options)]);
  };
  await Promise.all(GUARDIANS.map(takePart));
}

async function makeIssuer(layout: Layout, firstPort: number): Promise<void> {
  const options = {
    ...ISSUER,
    'folder': layout.folderOf('issuer'),
    'port': portOf('issuer', firstPort),
    'codes-per-day': CODES_PER_DAY,
    'passphrase-file': layout.passphraseOf('issuer'),
  };
  await runProgram(PROGRAMS.issuer, ['init', ...flags(options)]);
}

/** The authority root, and the demonstration force, which has revoked nothing. Returns what the roster has of both: public keys, as text. */
async function makeAuthority(layout: Layout): Promise<{ authorityRoot: string; exchangeKey: string }> {
  const passphrase = readText(layout.passphraseOf('authority')).trim();
  const root = ['authority', 'root', '--json', ...flags({ origin: ORIGIN, out: layout.rootFile })];
  const printed = await runProgram(PROGRAMS.blindmark, root, { passphrase });
  const { publicKey: authorityRoot } = JSON.parse(printed) as { publicKey: string };
  const options = { root: layout.rootFile, id: FORCE.id, out: layout.forceFile };
  const force = await runProgram(PROGRAMS.blindmark, ['authority', 'force', '--json', ...flags(options)], {
    passphrase,
  });
  const { exchangeKey } = JSON.parse(force) as { exchangeKey: string };
  const revoke = ['authority', 'revoke', ...flags({ force: layout.forceFile, revoked: layout.revokedFile })];
  await runProgram(PROGRAMS.blindmark, revoke, { passphrase });
  return { authorityRoot, exchangeKey };
}

/** What the roster says of the demonstration force, whose list of revocations is published at the registry. */
function forceOf(exchangeKey: string, firstPort: number) {
  return {
    ...FORCE,
    codesPerDay: CODES_PER_DAY,
    codesPerOfficerAndDay: CODES_PER_DAY,
    exchangeKey,
    revocationUrl: `${urlOf('registry', firstPort)}/v1/revocations/${FORCE.id}`,
    delayDays: 0,
  };
}

async function publishRoster(layout: Layout, authorityRoot: string, force: object): Promise<void> {
  const folder = layout.folderOf('registry');
  const [forces, draft] = [join(layout.demo, 'forces.json'), join(layout.demo, 'draft.json')];
  writeText(forces, `${JSON.stringify([force], null, 2)}\n`);
  const content = {
    'key-generation': join(layout.boardOf('evaluation'), 'key-generation.json'),
    'decryption-key-generation': join(layout.boardOf('decryption'), 'key-generation.json'),
    'issuer': join(layout.folderOf('issuer'), 'card.json'),
    'force': forces,
    'authority-root': authorityRoot,
  };
  await runProgram(PROGRAMS.registry, ['draft-roster', ...flags({ folder, out: draft, ...content })]);
  const signature = GUARDIANS.map((id) => join(layout.demo, `signature-${id}.json`));
  const sign = async (id: GuardianId, i: number): Promise<unknown> => {
    const files = { draft, 'out': signature[i] as string, 'passphrase-file': layout.passphraseOf(id) };
    return runProgram(PROGRAMS.guardian, ['sign-roster', ...flags({ folder: layout.folderOf(id), ...files })]);
  };
  await Promise.all(GUARDIANS.map(sign));
  await runProgram(PROGRAMS.registry, ['publish-roster', ...flags({ folder, draft, signature })]);
}

async function acceptRoster(layout: Layout): Promise<Uint8Array> {
  const fingerprint = readConfig(layout.folderOf('registry')).rosterFingerprint as Uint8Array;
  const roster = join(layout.folderOf('registry'), 'roster.json');
  const accept = async (id: GuardianId): Promise<unknown> => {
    const options = { folder: layout.folderOf(id), roster, fingerprint: formatBase64url(fingerprint) };
    return runProgram(PROGRAMS.guardian, ['accept-roster', ...flags(options)]);
  };
  await Promise.all(GUARDIANS.map(accept));
  return fingerprint;
}

async function makeVendor(layout: Layout, firstPort: number): Promise<void> {
  const options = {
    ...VENDOR,
    'registry-file': layout.registryFile,
    'issuer': ISSUER.id,
    'issuer-number': ISSUER.number,
    'issuer-url': urlOf('issuer', firstPort),
    'out': layout.vendorFile,
  };
  const printed = await runProgram(PROGRAMS.blindmark, ['vendor', 'new', '--json', ...flags(options)]);
  const { publicKey } = JSON.parse(printed) as { publicKey: string };
  const vendor = { 'folder': layout.folderOf('issuer'), ...VENDOR, 'public-key': publicKey };
  await runProgram(PROGRAMS.issuer, ['add-vendor', ...flags(vendor)]);
}

/** Writes the demonstration's `registry.json`. */
function writeRegistryFile(layout: Layout, rosterFingerprint: Uint8Array, firstPort: number): void {
  const url = urlOf('registry', firstPort);
  writeJson(layout.registryFile, registryFileSchema, { format: 'blindmark-registry-v1', url, rosterFingerprint });
}

/** The port that a demonstration's registry was set up with. */
export function readPort(layout: Layout): number {
  // A URL does not say its scheme's own port.
  return Number(new URL(readJson(layout.registryFile, registryFileSchema).url).port || 80);
}

/**
 * Sets a demonstration up in `data`, whole or not at all.
 *
 * @throws BlindmarkError `badFile` when `data` holds something else
 */
export async function setUp(data: string, firstPort: number, say: (text: string) => void): Promise<void> {
  const building = layoutOf(beginSetUp(data));
  mkdirSync(building.demo, { mode: 0o700 });
  makePassphrases(building);
  say('Making three guardians …');
  await makeGuardians(building, firstPort);
  for (const purpose of KEY_PURPOSES) {
    say(`Generating their key for ${KEY_USES[purpose]}, of which no one ever holds the whole …`);
    await generateKey(building, purpose);
  }
  say('Making issuer, authority and registry …');
  const [{ authorityRoot, exchangeKey }] = await Promise.all([
    makeAuthority(building),
    makeIssuer(building, firstPort),
  ]);
  const options = {
    folder: building.folderOf('registry'),
    origin: ORIGIN,
    url: urlOf('registry', firstPort),
    port: firstPort,
    guardian: GUARDIANS.map((id) => `${id}=${urlOf(id, firstPort)}`),
  };
  await runProgram(PROGRAMS.registry, ['init', ...flags(options)]);
  say('Signing and publishing the roster …');
  await publishRoster(building, authorityRoot, forceOf(exchangeKey, firstPort));
  const fingerprint = await acceptRoster(building);
  writeRegistryFile(building, fingerprint, firstPort);
  await makeVendor(building, firstPort);
  completeSetUp(data);
}
