/** The engine's part that verifies receipts, as the worker makes it: at real services, and then without them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatReceiptQr } from '../../../client-sdk/receipt-qr.ts';
import {
  createDisclosureFile,
  createReceiptFile,
  findReceipt,
  formatProofFile,
  keptReceipts,
} from '../../../client-sdk/receipts.ts';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { addCosignatures, cosignCheckpoint, signCheckpoint } from '../../../crypto/checkpoint.ts';
import { BlindmarkError } from '../../../crypto/errors.ts';
import { formatLogEntry } from '../../../crypto/log-entry.ts';
import { cosignerName, logName } from '../../../crypto/log-proof.ts';
import { leafHash } from '../../../crypto/merkle.ts';
import { formatMessage } from '../../../crypto/message.ts';
import { formatReceipt } from '../../../crypto/receipt.ts';
import type { VerifiedRoster } from '../../../crypto/roster.ts';
import type { SigningKey } from '../../../crypto/signature.ts';
import { rosterReplySchema } from '../../../crypto/wire.ts';
import { verdictOf } from '../../../server/web/check/verdict.ts';
import type { CallContext } from '../../../server/web/engine/calls.ts';
import { createProofsEngine } from '../../../server/web/engine/proofs-engine.ts';
import type { ProofsApi } from '../../../server/web/engine/proofs-api.ts';
import { failureOf } from '../../../server/web/engine/serve.ts';
import { AuditWorld, HOUR, REGISTRY_URL } from '../../support/audit-world.ts';
import { refusal } from '../../support/refusal.ts';
import { createOwner, createVault, withCosignatures } from '../../support/sdk.ts';
import { startServices, type Services } from '../../support/services.ts';
import { logKey, NOON, witnesses } from '../../support/small-roster.ts';

const context: CallContext = { signal: new AbortController().signal, onProgress: () => undefined };
const CODE = '8EQ7-1S02-SG3J-TS93';
const item = { category: 'Ring', description: '<b>gold</b>' };

describe('the engine', () => {
  let services: Services;
  let prepared: ProofsApi;
  let unprepared: ProofsApi;
  let own: string;
  let file: string;
  let disclosure: string;
  let statusFile: string;
  let receipt: string;
  let qr: string;

  beforeAll(async () => {
    services = await startServices();
    own = formatBase64url(services.fixture.fingerprint);
    const { vault } = await createVault();
    const owner = await createOwner(services, { vault });
    const [activationKey = ''] = await services.createActivationKeys(1);
    const mark = await owner.register({ code: CODE, items: [item], activationKey });
    await owner.setStatus(mark, 'stolen');
    const [, status] = keptReceipts(vault, mark);
    if (status === undefined) throw new Error('the status has no receipt');
    file = formatProofFile(createReceiptFile(vault, mark));
    disclosure = formatProofFile(await createDisclosureFile(vault, mark));
    statusFile = formatProofFile(createReceiptFile(vault, mark, status.receipt.logged.index));
    receipt = formatReceipt(findReceipt(vault, mark).receipt);
    qr = formatReceiptQr(receipt, owner.registry.rosters) ?? '';
    const options = { registryFile: async () => services.registryFile, retry: { attempts: 1 } };
    prepared = createProofsEngine(options);
    unprepared = createProofsEngine({ ...options, registryFile: async () => Promise.reject(new Error('no network')) });
    expect(await prepared.prepare(undefined, context)).toEqual({ origin: services.fixture.origin, fingerprint: own });
    await services.stopAll();
  });
  afterAll(async () => {
    await services.stopAll();
  });

  const rosterReply = (): unknown => ({
    chain: (JSON.parse(file) as { readonly chain: unknown }).chain,
    log: null,
  });
  const genuine = {
    kind: 'registration',
    isTestRegistry: true,
    disclosure: null,
  };

  it('verifies a receipt’s file without a network, and without the registry’s file where the fingerprint is given', async () => {
    const proof = await prepared.verify({ text: file }, context);
    expect(proof).toMatchObject({ ...genuine, origin: services.fixture.origin });
    expect(proof.witnesses).toContain('Guardian 1');
    expect(proof.fingerprint).toBe(own);
    expect(Date.parse(proof.before)).toBeGreaterThanOrEqual(Date.parse(proof.hour));
    expect(await unprepared.verify({ text: file, fingerprint: ` ${own}\n` }, context)).toEqual(proof);
  });

  it('verifies the text of its QR code, and the bare receipt', async () => {
    const { index } = await prepared.verify({ text: file }, context);
    for (const text of [qr, ` ${qr}\r\n`, receipt]) {
      expect(await prepared.verify({ text, fingerprint: own }, context)).toMatchObject({ ...genuine, index });
    }
  });

  it('says what was changed', async () => {
    expect(await prepared.verify({ text: statusFile }, context)).toMatchObject({ kind: 'status', disclosure: null });
  });

  it('verifies a disclosure, with what it shows as its owner wrote it', async () => {
    const proof = await prepared.verify({ text: disclosure, fingerprint: own }, context);
    expect(proof).toMatchObject({
      kind: 'registration',
      disclosure: {
        code: CODE,
        status: 'withKeeper',
        items: [item],
        registeredOn: expect.stringMatching(/^\d{4}-\d\d-\d\d$/u) as string,
      },
    });
    expect(proof.disclosure?.schemeTitle).not.toBe('');
    expect(proof.disclosure?.ownerKey).toMatch(/^[\w-]{43}$/u);
  });

  it.each<[string, () => string, Parameters<typeof refusal>]>([
    ['what is no receipt', () => '{"name": "something"}', ['badFile', 'file']],
    ['nothing', () => '', ['badFile', 'file']],
    ['half a QR code', () => qr.slice(0, -30), ['badFile', 'receipt']],
    ['an altered QR code', () => qr.replace(/.{3}$/u, '000'), ['badCheckpoint']],
    ['a receipt of another entry', () => receipt.replace(/^index .*$/mu, 'index 0'), ['badProof']],
    [
      'a file with an altered entry',
      () => file.replace(/(extra .{100})(.)/u, (_, before: string, one: string) => before + (one === 'A' ? 'B' : 'A')),
      ['badProof'],
    ],
    ['a disclosure of another code', () => disclosure.replace(/"canonical": "8/u, '"canonical": "9'), ['badProof']],
  ])('refuses %s', async (_, text, [code, field]) => {
    await expect(prepared.verify({ text: text(), fingerprint: own }, context)).rejects.toEqual(refusal(code, field));
  });

  it('refuses the receipts of another registry, and fingerprints that are none', async () => {
    const fingerprint = formatBase64url(randomBytes(32));
    await expect(prepared.verify({ text: file, fingerprint }, context)).rejects.toEqual(refusal('badRoster'));
    await expect(prepared.verify({ text: qr, fingerprint }, context)).rejects.toEqual(
      refusal('badRoster', 'fingerprint'),
    );
    await expect(prepared.verify({ text: file, fingerprint: 'short' }, context)).rejects.toEqual(
      refusal('badInput', 'rosterFingerprint'),
    );
  });

  it('asks for the registry again after it could not be reached', async () => {
    let isDown = true;
    const engine = createProofsEngine({
      registryFile: async () => services.registryFile,
      retry: { attempts: 1 },
      fetch: async () => (isDown ? Promise.reject(new TypeError('down')) : Response.json(rosterReply())),
    });
    await expect(engine.verify({ text: qr }, context)).rejects.toEqual(refusal('unreachable'));
    isDown = false;
    expect(await engine.verify({ text: qr }, context)).toMatchObject(genuine);
    isDown = true;
    expect(await engine.verify({ text: qr }, context)).toMatchObject(genuine);
  });
});

const problem = (code: string, status: number): Response =>
  Response.json({ type: 'about:blank', title: code, status, code, detail: 'in words' }, { status });

/** A proofs engine whose registry answers so; `answer` is asked each time. */
function engineAt(answer: () => Response | Promise<Response>, rosterFingerprint = randomBytes(32)): ProofsApi {
  const file = { format: 'blindmark-registry-v1' as const, url: REGISTRY_URL, rosterFingerprint };
  return createProofsEngine({
    registryFile: async () => file,
    retry: { attempts: 1 },
    fetch: async () => answer(),
  });
}

describe('a registry that does not answer as it should', () => {
  const html = '<!doctype html><title>Sign in to this network</title>';
  it.each<[string, () => Response | Promise<Response>, Parameters<typeof refusal>]>([
    ['a network’s sign-in page', () => new Response(html), ['unavailable', 'registry']],
    ['a proxy’s page', () => new Response(html, { status: 404 }), ['unavailable', 'registry']],
    ['a refusal', () => problem('unknownRoute', 404), ['unavailable', 'registry']],
    ['a refusal by a code that is of receipts', () => problem('badProof', 502), ['unavailable', 'registry']],
    ['nothing', async () => Promise.reject(new TypeError('down')), ['unreachable']],
    [
      'rosters that are not its own',
      () => Response.json(formatMessage(rosterReplySchema, { chain: new AuditWorld().chain, log: null })),
      ['badRoster', 'registry'],
    ],
  ])('says nothing of a receipt: %s', async (_, answer, [code, field]) => {
    const engine = engineAt(answer);
    for (const work of [
      async () => engine.verify({ text: 'BLINDMARK:R1:ABC' }, context),
      async () => engine.verify({ text: 'c2sp.org/tlog-proof@v1\nindex 0' }, context),
      async () => engine.prepare(undefined, context),
    ]) {
      const error: unknown = await work().then(String, (thrown: unknown) => thrown);
      expect(error).toEqual(refusal(code, field));
      expect(verdictOf(failureOf(error))).toBeNull();
    }
  });

  it('nor does a registry.json that is none', async () => {
    const engine = createProofsEngine({
      registryFile: async () => Promise.reject(new BlindmarkError('badReply', 'no JSON')),
    });
    await expect(engine.verify({ text: '{"format":"x"}' }, context)).rejects.toEqual(
      refusal('unavailable', 'registry'),
    );
  });
});

describe('rosters that came since', () => {
  /** A receipt under the world's newest roster, by guardians 1 and 3. */
  function receiptOf(world: AuditWorld, third: SigningKey): string {
    const { roster } = world;
    const entry = formatLogEntry({
      kind: 'registration',
      hour: HOUR,
      mark: randomBytes(32),
      row: randomBytes(32),
      epoch: 1,
    });
    const checkpoint = { origin: logName(roster), size: 1, root: leafHash(entry) };
    const cosigned = (
      [
        ['g1', witnesses[0] as SigningKey],
        ['g3', third],
      ] as const
    ).map(([id, key]) => {
      const name = cosignerName(roster.origin, id);
      return { name, publicKey: key.publicKey, cosignature: cosignCheckpoint(checkpoint, key, NOON) };
    });
    return formatReceipt({
      checkpoint: addCosignatures(signCheckpoint(checkpoint, logKey), cosigned),
      logged: { index: 0, entry, proof: [] },
      salt: randomBytes(32),
    });
  }

  function start() {
    const world = new AuditWorld();
    const third = witnesses[3] as SigningKey;
    let asked = 0;
    let isDown = false;
    const engine = engineAt(
      async () => {
        asked += 1;
        if (isDown) throw new TypeError('down');
        return Response.json(formatMessage(rosterReplySchema, { chain: world.chain, log: null }));
      },
      Uint8Array.from((world.rosters[0] as VerifiedRoster).hash),
    );
    const replace = (): void => {
      const guardians = world.roster.guardians.map((guardian) =>
        guardian.id === 'g3' ? { ...guardian, witnessKey: third.publicKey } : guardian,
      );
      world.addRoster(world.nextRoster({ guardians, issuedAt: '2026-10-02T00:00:00Z' }));
    };
    const cut = (down: boolean): void => {
      isDown = down;
    };
    return { world, third, engine, replace, cut, asked: () => asked };
  }

  it.each(['QR code', 'text'] as const)('are fetched once more for a receipt’s %s', async (form) => {
    const { world, third, engine, replace, cut, asked } = start();
    await engine.prepare(undefined, context);
    replace();
    const receipt = receiptOf(world, third);
    const text = form === 'text' ? receipt : (formatReceiptQr(receipt, world.rosters) as string);
    cut(true);
    await expect(engine.verify({ text }, context)).rejects.toEqual(refusal('unreachable'));
    cut(false);
    expect(await engine.verify({ text }, context)).toMatchObject({
      kind: 'registration',
      witnesses: ['Guardian 1', 'Guardian 3'],
    });
    const before = asked();
    expect(await engine.verify({ text }, context)).toMatchObject({ kind: 'registration' });
    expect(asked()).toBe(before);
  });

  it('are told from another registry where the registry does not show them', async () => {
    const { world, third, engine, replace, asked } = start();
    await engine.prepare(undefined, context);
    replace();
    const text = formatReceiptQr(receiptOf(world, third), world.rosters) as string;
    world.chain.pop();
    const error: unknown = await engine.verify({ text }, context).then(String, (thrown: unknown) => thrown);
    expect(error).toEqual(refusal('badRoster', 'roster'));
    expect(verdictOf(failureOf(error))).toBe('unknownRules');
    expect(asked()).toBe(2);
  });

  it('do not make a forged text good', async () => {
    const { world, engine, asked } = start();
    await engine.prepare(undefined, context);
    const forged = withCosignatures(receiptOf(world, witnesses[2] as SigningKey), 1);
    await expect(engine.verify({ text: forged }, context)).rejects.toEqual(refusal('badCheckpoint'));
    expect(asked()).toBe(2);
    // What was fetched just now is not fetched again.
    const fresh = start();
    await expect(fresh.engine.verify({ text: forged }, context)).rejects.toEqual(refusal('badCheckpoint'));
    expect(fresh.asked()).toBe(1);
  });
});
