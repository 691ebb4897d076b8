/** Guardians as they are run: real processes under the permission model, a real key, and kill -9 in the middle of the work. */
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { parseCheckpoint, type Checkpoint } from '../../../crypto/checkpoint.ts';
import { logName, verifyLogCheckpoint } from '../../../crypto/log-proof.ts';
import type { TreeHead } from '../../../crypto/merkle.ts';
import { createSigningKey } from '../../../crypto/signature.ts';
import { keyGenerationSchema, type KeyGeneration, type KeyPurpose } from '../../../crypto/dkg-messages.ts';
import { createRevocationList } from '../../../crypto/revocation-list.ts';
import { contactElement, openContactEnvelope } from '../../../crypto/contact-envelope.ts';
import { combineDecryptions } from '../../../crypto/decryption.ts';
import { createTestLog, type TestLog } from '../../support/log.ts';
import { verifyKeyGeneration } from '../../../crypto/dkg-outcome.ts';
import { formatMessage, parseMessage } from '../../../crypto/message.ts';
import { blind, finalize } from '../../../crypto/oprf.ts';
import {
  formatRoster,
  rosterChainSchema,
  rosterDraftSchema,
  rosterFingerprint,
  rosterHash,
  rosterSignatureSchema,
  verifyRosterChain,
  type Roster,
} from '../../../crypto/roster.ts';
import { combineVerified } from '../../../crypto/threshold.ts';
import { guardianDecryptionSchema, guardianDecryptRequestSchema } from '../../../crypto/wire-openings.ts';
import { guardianEvaluateSchema, guardianEvaluationSchema, type EvaluationRequest } from '../../../crypto/wire.ts';
import { readJson, writeJson } from '../../../server/files.ts';
import { guardianFiles } from '../../../server/guardian/config.ts';
import { guardianPermissionFlags } from '../../../server/guardian/permissions.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import {
  initGuardians,
  PASSPHRASE,
  PROJECT,
  run,
  serve,
  stop,
  succeed,
  type Running,
  type Workspace,
} from './processes.ts';
import {
  createOpening,
  createRelay,
  entryOf,
  nameOf,
  officerRequest,
  ownerRequest,
  sealTestEnvelope,
  type Relay,
} from './world.ts';
import { createToken, randomElement } from '../../support/tokens.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
}

const ORIGIN = 'test.blindmark.example';
const QUOTA = 60;

let workspace: Workspace;
/** Forces, issuers and officers; its own shares count for nothing here. */
let fixture: Fixture;
const said: string[] = [];
/** What a guardian logs that is not held to its folder. */
const UNCONFINED = 'without Node’s permission model';

const folderOf = (position: number): string => workspace.folders[position] as string;
const serveConfined = async (position: number): Promise<Running> =>
  serve(folderOf(position), guardianPermissionFlags(PROJECT, folderOf(position)));

async function postTo<T extends z.ZodType>(url: string, schema: T, body: z.output<T>): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(formatMessage(schema, body)),
  });
  return { status: response.status, text: await response.text() };
}

/** The registry's log, which all guardians are shown. */
let log: TestLog;
const logged = new Map<string, number>();
/** What the registry knows of each guardian's size. */
const relays: Relay[] = [];

/** Asks a guardian as the registry does. */
async function post(position: number, url: string, body: EvaluationRequest): Promise<Answer> {
  const now = Math.floor(Date.now() / 1000);
  const relay = relays[position] as Relay;
  return relay(
    nameOf(body),
    async () => entryOf(body, fixture.roster, now),
    async (evidence) => {
      const answer = await postTo(`${url}/v1/evaluate`, guardianEvaluateSchema, { request: body, log: evidence });
      const { size } = parseCheckpoint(evidence.checkpoint).checkpoint;
      if (answer.status === 200) cosigned.set(position, Math.max(size, cosigned.get(position) ?? 0));
      return answer;
    },
  );
}

/** The largest size that each guardian has cosigned and answered for. */
const cosigned = new Map<number, number>();

/** The largest checkpoint that a guardian shows. */
async function latestOf({ url }: Running): Promise<Checkpoint> {
  const name = createHash('sha256').update(logName(fixture.roster.roster)).digest('hex');
  const response = await fetch(`${url}/v1/${name}/checkpoint`);
  return verifyLogCheckpoint(await response.text(), fixture.roster.roster);
}

/** The force's list of revocations: guardians fetch it themselves. */
async function sendRevocations(response: ServerResponse): Promise<void> {
  const { forceKey: key, origin, forceCredential } = fixture;
  const now = Math.floor(Date.now() / 1000);
  response.end(JSON.stringify(await createRevocationList({ key, id: 'demo-force', origin, forceCredential }, [], now)));
}
const revocations = createServer((_, response) => void sendRevocations(response));

/** The first roster, with the keys that the guardians made. */
function writeDraft(path: string): Uint8Array {
  const generationOf = ({ board }: { board: string }): KeyGeneration => {
    const generation = readJson(join(board, 'key-generation.json'), keyGenerationSchema);
    verifyKeyGeneration(generation);
    return generation;
  };
  const { evaluation, decryption } = workspace.ceremonies;
  const [{ groupKey, publicShares, guardians }, contacts] = [generationOf(evaluation), generationOf(decryption)];
  const { roster: base } = fixture.roster;
  const [epoch] = base.epochs as [Roster['epochs'][number]];
  const roster: Roster = {
    ...base,
    guardians: guardians.map(({ id, name, operatorKey, witnessKey }, i) => ({
      index: i + 1,
      id,
      name,
      operatorKey,
      witnessKey,
    })),
    epochs: [
      {
        ...epoch,
        groupKey,
        publicShares,
        decryption: { groupKey: contacts.groupKey, publicShares: contacts.publicShares },
      },
    ],
  };
  const bytes = formatRoster(roster);
  writeJson(path, rosterDraftSchema, { format: 'blindmark-roster-draft-v1', roster: bytes });
  return bytes;
}

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    revocations.listen(0, '127.0.0.1', resolve);
  });
  const { port } = revocations.address() as AddressInfo;
  const revocationUrl = `http://127.0.0.1:${port}/`;
  fixture = await createFixture({ origin: ORIGIN, officerCodesPerDay: QUOTA, revocationUrl });
  workspace = await initGuardians(2, 3, ORIGIN);
  const { folders, ceremonies, root } = workspace;
  const dkg = (folder: string, purpose: KeyPurpose): string[] => {
    const { file, board } = ceremonies[purpose];
    return ['dkg', '--folder', folder, '--ceremony', file, '--board', board];
  };
  // The first alone can't finish, and goes on where it was.
  const alone = await run(dkg(folderOf(0), 'evaluation'));
  expect(alone.code).toBe(4);
  expect(alone.said).toContain('round 1 of g2, g3');
  for (const purpose of ['evaluation', 'decryption'] as const) {
    const waiting = folders.map(async (folder) => succeed([...dkg(folder, purpose), '--wait', '60']));
    const outputs = await Promise.all(waiting);
    for (const output of outputs) expect(output).toContain(`The ${purpose} key of epoch 1 is made`);
    said.push(...outputs);
  }

  const draft = join(root, 'draft.json');
  const bytes = writeDraft(draft);
  const signatureFiles = folders.map((_, i) => join(root, `signature-${i + 1}.json`));
  for (const i of [0, 2]) {
    const out = signatureFiles[i] as string;
    said.push(await succeed(['sign-roster', '--folder', folderOf(i), '--draft', draft, '--out', out]));
  }
  const signatures = [0, 2].map((i) => readJson(signatureFiles[i] as string, rosterSignatureSchema));
  const chain = [{ roster: bytes, signatures }];
  const published = join(root, 'roster.json');
  writeJson(published, rosterChainSchema, { chain });
  fixture = { ...fixture, chain, roster: verifyRosterChain(chain, rosterHash(bytes), { allowTestRoster: true }) };
  log = createTestLog(fixture);
  relays.push(...folders.map(() => createRelay(log, logged)));
  for (const folder of folders) {
    const accept = ['accept-roster', '--folder', folder, '--roster', published];
    expect((await run(accept)).code).toBe(2);
    said.push(await succeed([...accept, '--fingerprint', rosterFingerprint(bytes)]));
  }
}, 360_000);

afterAll(() => {
  workspace.remove();
  revocations.closeAllConnections();
  revocations.close();
});

/** Two officers have a contact envelope opened by the guardians’ decryption key, which nobody has. */
async function openContact(running: readonly Running[]): Promise<void> {
  const [epoch] = fixture.roster.roster.epochs as [Roster['epochs'][number]];
  const { groupKey, publicShares } = epoch.decryption;
  const [commitment, codeKey] = [randomBytes(32), randomBytes(32)];
  const made = { groupKey, shares: [] };
  const envelope = sealTestEnvelope({ decryptionKeys: new Map([[1, made]]) }, commitment, codeKey);
  const [first, second] = [await fixture.createOfficer('officer-x'), await fixture.createOfficer('officer-y')];
  const opening = await createOpening(fixture, { first, second, commitment, envelope });
  const parts = await Promise.all(
    running.map(async ({ url }, i) => {
      const relay = relays[i] as Relay;
      const { status, text } = await relay(
        opening.name,
        async () => Promise.resolve(opening.entry),
        async (evidence) =>
          postTo(`${url}/v1/decrypt`, guardianDecryptRequestSchema, { ...opening.request, log: evidence }),
      );
      expect(status).toBe(200);
      const part = parseMessage(guardianDecryptionSchema, JSON.parse(text));
      return { ...part, index: i + 1, publicShare: publicShares[i] as Uint8Array };
    }),
  );
  const { shared, faults } = combineDecryptions(contactElement(envelope), parts, 2, groupKey);
  expect(faults).toEqual([]);
  expect(openContactEnvelope(envelope, { shared, codeKey, commitment })).toMatchObject({ kind: 'details' });
}

describe('three guardians', () => {
  it('evaluate, each under the permission model, so that any two make up RFC 9497’s output', async () => {
    const running = await Promise.all([0, 1, 2].map(serveConfined));
    try {
      const input = randomBytes(32);
      const { element, blind: scalar } = blind(input);
      const body = ownerRequest(fixture, [element], await createToken(fixture, element));
      const answers = await Promise.all(
        running.map(async ({ url }, i) => {
          const { status, text } = await post(i, url, body);
          expect(status).toBe(200);
          const reply = parseMessage(guardianEvaluationSchema, JSON.parse(text));
          const [evaluation] = reply.evaluations as [(typeof reply.evaluations)[number]];
          const publicShare = fixture.roster.roster.epochs[0]?.publicShares[i] as Uint8Array;
          return {
            guardian: reply.guardian,
            index: i + 1,
            publicShare,
            evaluatedElements: evaluation.elements,
            proof: evaluation.proof,
          };
        }),
      );
      const groupKey = fixture.roster.roster.epochs[0]?.groupKey as Uint8Array;
      const outputs = [
        [0, 1],
        [1, 2],
        [2, 0],
      ].map((pair) => {
        const chosen = pair.map((i) => answers[i] as (typeof answers)[number]);
        const { combined, faults } = combineVerified([element], chosen, 2, groupKey);
        expect(faults).toEqual([]);
        return finalize(input, scalar, combined[0] as Uint8Array);
      });
      expect(outputs[1]).toEqual(outputs[0]);
      expect(outputs[2]).toEqual(outputs[0]);
      await openContact(running);
      // What worker threads may read beside the permitted folders.
      if (process.platform === 'linux') {
        const directories = running.map(({ child }) => readlinkSync(`/proc/${child.pid}/cwd`));
        expect(directories).toEqual(workspace.folders.map((folder) => realpathSync(folder)));
      }
      for (const path of ['/healthz', '/readyz', '/metrics', '/docs']) {
        expect((await fetch(`${(running[0] as Running).url}${path}`)).status).toBe(200);
      }
    } finally {
      const codes = await Promise.all(running.map(async (guardian) => stop(guardian)));
      said.push(...running.map((guardian) => guardian.said()));
      expect(codes).toEqual([0, 0, 0]);
    }
  }, 120_000);
});

describe('kill -9 under load', () => {
  it('grants no more than the quota, and forgets neither an accepted element nor what it cosigned', async () => {
    const position = 1;
    const officer = await fixture.createOfficer();
    const nowSeconds = (): number => Math.floor(Date.now() / 1000);
    const acknowledged: Uint8Array[] = [];
    let evaluations = 0;
    const firstDay = Math.floor(nowSeconds() / 86_400);
    for (const killAfter of [15, 25, Infinity]) {
      const guardian = await serveConfined(position);
      const dead = new Promise<void>((resolve) => guardian.child.once('exit', () => resolve()));
      let answers = 0;
      const client = async (): Promise<void> => {
        for (let i = 0; i < 12 && guardian.child.signalCode === null; i++) {
          const element = randomElement();
          const isOwner = i % 3 === 0;
          const body = isOwner
            ? ownerRequest(fixture, [element], await createToken(fixture, element))
            : await officerRequest(fixture, officer, [element], nowSeconds());
          try {
            const { status, text } = await post(position, guardian.url, body);
            if (!isOwner && status !== 200) expect(text).toContain('quotaExceeded');
            if (status !== 200) continue;
            if (isOwner) acknowledged.push(element);
            else evaluations++;
            if (++answers === killAfter) guardian.child.kill('SIGKILL');
          } catch (error) {
            if (guardian.child.signalCode === null && !guardian.child.killed) throw error;
          }
        }
      };
      await Promise.all(Array.from({ length: 8 }, client));
      if (killAfter === Infinity) await stop(guardian);
      else guardian.child.kill('SIGKILL');
      await dead;
      said.push(guardian.said());
    }
    expect(evaluations).toBeGreaterThan(0);
    // One day's quota, unless midnight came while the test ran.
    const days = Math.floor(nowSeconds() / 86_400) - firstDay + 1;
    expect(evaluations).toBeLessThanOrEqual(QUOTA * days);
    const guardian = await serveConfined(position);
    try {
      const { size, root } = await latestOf(guardian);
      expect(size).toBeGreaterThanOrEqual(cosigned.get(position) as number);
      expect(root).toEqual(log.head(size).root);
      for (const element of acknowledged) {
        const { status } = await post(position, guardian.url, ownerRequest(fixture, [element], null));
        expect(status).toBe(200);
      }
      expect(acknowledged.length).toBeGreaterThan(0);
    } finally {
      await stop(guardian);
    }
  }, 180_000);
});

describe('a successor log', () => {
  it('is signed for by a guardian that finds in it what it has cosigned, and shown to its operator loudly', async () => {
    const position = 1;
    const size = cosigned.get(position) as number;
    const sign = async (start: TreeHead, ...flags: string[]) => {
      const next: Roster = {
        ...fixture.roster.roster,
        version: 2,
        predecessor: fixture.roster.hash,
        log: { generation: 2, publicKey: createSigningKey().publicKey, start, closed: start },
      };
      const [draft, out] = [join(workspace.root, 'next.json'), join(workspace.root, 'next-signature.json')];
      writeJson(draft, rosterDraftSchema, { format: 'blindmark-roster-draft-v1', roster: formatRoster(next) });
      return run(['sign-roster', '--folder', folderOf(position), '--draft', draft, '--out', out, ...flags]);
    };
    const head = (at: number): TreeHead => ({ size: at, root: log.head(at).root });
    const good = await sign(head(log.size));
    expect(good.said).toContain(`A NEW LOG IS STARTED: ${ORIGIN}/log-2, generation 2`);
    expect(good.said).toContain(`THE LOG ${ORIGIN}/log, GENERATION 1, IS CLOSED`);
    expect(good.code).toBe(0);
    const wrong = await sign({ size, root: randomBytes(32) }, '--accept-loss');
    expect([wrong.code, wrong.said.includes('has cosigned another tree')]).toEqual([3, true]);
    const short = await sign(head(1));
    expect([short.code, short.said.includes('ENTRIES ARE LOST')]).toEqual([3, true]);
    expect((await sign(head(1), '--accept-loss')).code).toBe(0);
  });
});

describe('a guardian’s program', () => {
  it('refuses to start with a wrong passphrase, without a roster, and where it is not set up', async () => {
    const wrong = await run(['serve', '--folder', folderOf(0)], 'a wrong passphrase');
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.said).toContain('passphrase');
    const fresh = join(workspace.root, 'fresh');
    await succeed(['init', '--folder', fresh, '--id', 'g9', '--name', 'Fresh']);
    const unready = await run(['serve', '--folder', fresh]);
    expect(unready.code).toBe(2);
    expect(unready.said).toContain('no roster yet');
    expect(unready.said).toContain(UNCONFINED);
    expect((await run(['serve', '--folder', join(workspace.root, 'nowhere')])).code).toBe(2);
    const again = await run(['init', '--folder', fresh, '--id', 'g9', '--name', 'Fresh']);
    expect(again.code).toBe(2);
    expect(again.said).toContain('already');
  });

  it('prints the flags that confine it, and warns when it runs without them', async () => {
    const flags = guardianPermissionFlags(PROJECT, folderOf(0));
    expect(await succeed(['flags', '--folder', folderOf(0)])).toBe(`${flags.join(' ')}\n`);
    // All that served above did so under these flags.
    expect(said.join('\n')).toContain('"msg":"listening"');
    expect(said.join('\n')).not.toContain(UNCONFINED);
    expect((await run(['flags', '--folder', join(workspace.root, 'nowhere')])).code).toBe(2);
    const spaced = join(workspace.root, 'a folder');
    cpSync(folderOf(0), spaced, { recursive: true });
    expect(await run(['flags', '--folder', spaced])).toMatchObject({ code: 2 });
  });

  it('says on each command what it takes, and ends with 2 on a mistake', async () => {
    const commands = ['init', 'dkg', 'sign-roster', 'accept-roster', 'flags', 'serve'];
    for (const { code, said: help } of await Promise.all(commands.map(async (command) => run([command, '--help'])))) {
      expect(code).toBe(0);
      expect(help).toContain('--folder');
    }
    expect((await run(['serve', '--port', 'eighty'])).code).toBe(2);
  });

  it('shows in plain words what it signs', () => {
    const shown = said.join('\n');
    expect(shown).toContain(`Roster of ${ORIGIN}, version 1`);
    expect(shown).toContain('Any 2 of these 3 guardians decide');
    expect(shown).toContain(`demo-force: Demonstration force, 20000 codes a day, ${QUOTA} an officer`);
  });

  it('keeps secrets sealed and to itself: files are its owner’s, and no output holds the passphrase', () => {
    expect(said.join('\n')).not.toContain(PASSPHRASE);
    for (const folder of workspace.folders) {
      for (const name of readdirSync(folder)) {
        const isPublic = name === 'card.json';
        if (!isPublic) expect([name, statSync(join(folder, name)).mode & 0o077]).toEqual([name, 0]);
        expect(readFileSync(join(folder, name)).includes(PASSPHRASE)).toBe(false);
      }
      const { shares } = guardianFiles(folder);
      const publicShare = fixture.roster.roster.epochs[0]?.publicShares[0] as Uint8Array;
      expect(readFileSync(shares, 'utf8')).not.toContain(formatBase64url(publicShare));
    }
  });
});
