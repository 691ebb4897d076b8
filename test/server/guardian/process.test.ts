/** Guardians as they are run: real processes under the permission model, a real key, and kill -9 in the middle of the work. */
import { cpSync, readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { keyGenerationSchema } from '../../../crypto/dkg-messages.ts';
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
import { evaluationRequestSchema, guardianEvaluationSchema, type EvaluationRequest } from '../../../crypto/wire.ts';
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
import { officerRequest, ownerRequest } from './world.ts';
import { createToken, randomElement } from '../../support/tokens.ts';

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

async function post(url: string, body: EvaluationRequest): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}/v1/evaluate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(formatMessage(evaluationRequestSchema, body)),
  });
  return { status: response.status, text: await response.text() };
}

/** The first roster, with the key that the guardians made. */
function writeDraft(path: string): Uint8Array {
  const generation = readJson(join(workspace.board, 'key-generation.json'), keyGenerationSchema);
  verifyKeyGeneration(generation);
  const { roster: base } = fixture.roster;
  const [epoch] = base.epochs as [Roster['epochs'][number]];
  const roster: Roster = {
    ...base,
    guardians: generation.guardians.map(({ id, name, operatorKey }, i) => ({ index: i + 1, id, name, operatorKey })),
    epochs: [{ ...epoch, groupKey: generation.groupKey, publicShares: generation.publicShares }],
  };
  const bytes = formatRoster(roster);
  writeJson(path, rosterDraftSchema, { format: 'blindmark-roster-draft-v1', roster: bytes });
  return bytes;
}

beforeAll(async () => {
  fixture = await createFixture({ origin: ORIGIN, officerCodesPerDay: QUOTA });
  workspace = await initGuardians(2, 3, ORIGIN);
  const { folders, ceremony, board, root } = workspace;
  const dkg = (folder: string): string[] => ['dkg', '--folder', folder, '--ceremony', ceremony, '--board', board];
  // The first alone can't finish, and goes on where it was.
  const alone = await run(dkg(folderOf(0)));
  expect(alone.code).toBe(4);
  expect(alone.said).toContain('round 1 of g2, g3');
  said.push(...(await Promise.all(folders.map(async (folder) => succeed([...dkg(folder), '--wait', '60'])))));

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
  fixture = { ...fixture, roster: verifyRosterChain(chain, rosterHash(bytes), { allowTestRoster: true }) };
  for (const folder of folders) {
    const accept = ['accept-roster', '--folder', folder, '--roster', published];
    expect((await run(accept)).code).toBe(2);
    said.push(await succeed([...accept, '--fingerprint', rosterFingerprint(bytes)]));
  }
}, 180_000);

afterAll(() => {
  workspace.remove();
});

describe('three guardians', () => {
  it('evaluate, each under the permission model, so that any two make up RFC 9497’s output', async () => {
    const running = await Promise.all([0, 1, 2].map(serveConfined));
    try {
      const input = randomBytes(32);
      const { element, blind: scalar } = blind(input);
      const body = ownerRequest(fixture, [element], await createToken(fixture, element));
      const answers = await Promise.all(
        running.map(async ({ url }, i) => {
          const { status, text } = await post(url, body);
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
  it('grants no more than the quota, and forgets no accepted element', async () => {
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
            const { status, text } = await post(guardian.url, body);
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
      for (const element of acknowledged) {
        const { status } = await post(guardian.url, ownerRequest(fixture, [element], null));
        expect(status).toBe(200);
      }
      expect(acknowledged.length).toBeGreaterThan(0);
    } finally {
      await stop(guardian);
    }
  }, 180_000);
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
