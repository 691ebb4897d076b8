/** Sets a demonstration up: every key is made by the program that holds it, as it would be in production. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatBase64url, randomBytes } from '../../crypto/bytes.ts';
import { registryFileSchema } from '../../crypto/credential-files.ts';
import { readJson, readText, writeJson, writeText } from '../files.ts';
import { readConfig } from '../registry/config.ts';
import { beginSetUp, completeSetUp } from './data-folder.ts';
import {
  CODES_PER_DAY,
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

const FORCE = { id: 'demo-force', name: 'Demonstration force' } as const;
const VENDOR = { id: 'demo-vendor', name: 'Demonstration vendor' } as const;
const ISSUER = { id: 'demo-issuer', name: 'Demonstration issuer', number: '1' } as const;

function makePassphrases(layout: Layout): void {
  mkdirSync(layout.passphrases, { mode: 0o700 });
  for (const name of [...SERVICES.filter((service) => service !== 'registry'), 'authority'] as const) {
    writeText(layout.passphraseOf(name), `${formatBase64url(randomBytes(18))}\n`);
  }
}

async function makeGuardians(layout: Layout, firstPort: number): Promise<void> {
  for (const id of GUARDIANS) {
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
    await runProgram(PROGRAMS.guardian, ['init', ...flags(options)]);
  }
}

/** The real distributed key generation: three processes, and a folder through which their messages travel. */
async function generateKey(layout: Layout): Promise<void> {
  const { ceremony, board } = layout;
  mkdirSync(board);
  const cards = GUARDIANS.map((id) => JSON.parse(readText(join(layout.folderOf(id), 'card.json'))) as unknown);
  const agreed = {
    format: 'blindmark-ceremony-v1',
    purpose: 'evaluation',
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

/** The authority root and the demonstration force. Returns the root's public key as text. */
async function makeAuthority(layout: Layout): Promise<string> {
  const passphrase = readText(layout.passphraseOf('authority')).trim();
  const root = ['authority', 'root', '--json', ...flags({ origin: ORIGIN, out: layout.rootFile })];
  const printed = await runProgram(PROGRAMS.blindmark, root, { passphrase });
  const force = ['authority', 'force', ...flags({ root: layout.rootFile, id: FORCE.id, out: layout.forceFile })];
  await runProgram(PROGRAMS.blindmark, force, { passphrase });
  return (JSON.parse(printed) as { publicKey: string }).publicKey;
}

async function publishRoster(layout: Layout, authorityRoot: string): Promise<void> {
  const folder = layout.folderOf('registry');
  const [forces, draft] = [join(layout.demo, 'forces.json'), join(layout.demo, 'draft.json')];
  const limits = { codesPerDay: CODES_PER_DAY, codesPerOfficerAndDay: CODES_PER_DAY };
  writeText(forces, `${JSON.stringify([{ ...FORCE, ...limits }], null, 2)}\n`);
  const content = {
    'key-generation': join(layout.board, 'key-generation.json'),
    'issuer': join(layout.folderOf('issuer'), 'card.json'),
    'force': forces,
    'authority-root': authorityRoot,
  };
  await runProgram(PROGRAMS.registry, ['draft-roster', ...flags({ folder, out: draft, ...content })]);
  const signature = GUARDIANS.map((id) => join(layout.demo, `signature-${id}.json`));
  for (const [i, id] of GUARDIANS.entries()) {
    const files = { draft, 'out': signature[i] as string, 'passphrase-file': layout.passphraseOf(id) };
    await runProgram(PROGRAMS.guardian, ['sign-roster', ...flags({ folder: layout.folderOf(id), ...files })]);
  }
  await runProgram(PROGRAMS.registry, ['publish-roster', ...flags({ folder, draft, signature })]);
}

async function acceptRoster(layout: Layout): Promise<Uint8Array> {
  const fingerprint = readConfig(layout.folderOf('registry')).rosterFingerprint as Uint8Array;
  const roster = join(layout.folderOf('registry'), 'roster.json');
  for (const id of GUARDIANS) {
    const options = { folder: layout.folderOf(id), roster, fingerprint: formatBase64url(fingerprint) };
    await runProgram(PROGRAMS.guardian, ['accept-roster', ...flags(options)]);
  }
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

/** Writes the demonstration's `registry.json`: again at each start, for the port may be another. */
export function writeRegistryFile(layout: Layout, rosterFingerprint: Uint8Array, port: number): void {
  const url = `http://127.0.0.1:${port}`;
  writeJson(layout.registryFile, registryFileSchema, { format: 'blindmark-registry-v1', url, rosterFingerprint });
}

/** The fingerprint that a demonstration was set up with. */
export function readFingerprint(layout: Layout): Uint8Array {
  return readJson(layout.registryFile, registryFileSchema).rosterFingerprint;
}

/** The port that a demonstration's registry had when it last ran. */
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
  say('Generating their key, of which no one ever holds the whole …');
  await generateKey(building);
  say('Making issuer, authority and registry …');
  await makeIssuer(building, firstPort);
  const authorityRoot = await makeAuthority(building);
  const options = {
    folder: building.folderOf('registry'),
    origin: ORIGIN,
    url: urlOf('registry', firstPort),
    port: firstPort,
    guardian: GUARDIANS.map((id) => `${id}=${urlOf(id, firstPort)}`),
  };
  await runProgram(PROGRAMS.registry, ['init', ...flags(options)]);
  say('Signing and publishing the roster …');
  await publishRoster(building, authorityRoot);
  const fingerprint = await acceptRoster(building);
  writeRegistryFile(building, fingerprint, firstPort);
  await makeVendor(building, firstPort);
  completeSetUp(data);
}
