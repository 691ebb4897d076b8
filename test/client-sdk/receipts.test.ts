/** Receipts, disclosures and histories of a registration, at the real services; what is verified of them, without anybody. */
import { setTimeout } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  createDisclosureFile,
  createReceiptFile,
  formatProofFile,
  keptReceipts,
  parseProofFile,
  verifyProofFile,
  type ProofFile,
  type VerifiedProof,
} from '../../client-sdk/receipts.ts';
import type { MarkRecord, Vault } from '../../client-sdk/vault.ts';
import { formatBase64url, randomBytes } from '../../crypto/bytes.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { hourOf } from '../../crypto/log-entry.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { createRecoveryPhrase } from '../../crypto/owner-keys.ts';
import { formatReceipt, type Receipt } from '../../crypto/receipt.ts';
import { refusal } from '../support/refusal.ts';
import { createOfficer, createOwner, createVault, lookUp, reopen, withCosignatures } from '../support/sdk.ts';
import { startServices, type Services } from '../support/services.ts';

const items = [{ category: 'Shotgun', make: 'AYA', model: 'No. 4' }];
const later = [{ category: 'Shotgun', make: 'AYA', model: 'No. 4', description: 'engraved' }];
const activationKey = async (services: Services): Promise<string> =>
  (await services.createActivationKeys(1))[0] as string;

describe('of a registration', () => {
  const code = mintCode();
  const phrase = createRecoveryPhrase();
  let services: Services;
  let vault: Vault;
  let mark: MarkRecord;
  let recovered: { vault: Vault; mark: MarkRecord };
  let withdrawn: { vault: Vault; mark: MarkRecord };

  beforeAll(async () => {
    services = await startServices();
    const kept = await createVault(phrase);
    const owner = await createOwner(services, { vault: kept.vault });
    const registered = await owner.register({ code, items, activationKey: await activationKey(services) });
    await lookUp(await createOfficer(services), code);
    const stolen = await owner.setStatus(registered, 'stolen');
    await owner.replaceItems(stolen, later);

    const empty = (await createVault(phrase)).vault;
    const elsewhere = await createOwner(services, { vault: empty });
    recovered = { vault: empty, mark: await elsewhere.recover(code) };

    const other = (await createVault()).vault;
    const second = await createOwner(services, { vault: other });
    const gone = await second.register({ code: mintCode(), items, activationKey: await activationKey(services) });
    withdrawn = { vault: other, mark: await second.withdraw(gone) };

    await services.stopAll();
    // Whatever follows asks nobody.
    vi.stubGlobal('fetch', () => {
      throw new Error('nobody is to be asked');
    });
    vault = await reopen(kept.lines);
    mark = vault.latestMarks(services.fixture.origin)[0] as MarkRecord;
  });
  afterAll(() => {
    vi.unstubAllGlobals();
  });

  const throughText = (file: ProofFile): ProofFile => parseProofFile(formatProofFile(file));
  const verify = async (file: ProofFile): Promise<VerifiedProof> =>
    verifyProofFile(throughText(file), services.fixture.fingerprint);

  describe('a receipt', () => {
    it('is in the vault for the registration and for each change, in less than 2 KiB', () => {
      const receipts = keptReceipts(vault, mark);
      expect(receipts.map(({ entry }) => (entry.kind === 'action' ? entry.action : entry.kind))).toEqual([
        'registration',
        'status',
        'replace',
      ]);
      expect(receipts.map(({ row }) => row?.version)).toEqual([1, 2, 3]);
      for (const { receipt } of receipts) expect(formatReceipt(receipt).length).toBeLessThan(2048);
    });

    it('verifies with its file and the fingerprint alone', async () => {
      const { origin, index, receipt, disclosure } = await verify(createReceiptFile(vault, mark));
      expect(origin).toBe(services.fixture.origin);
      expect(index).toBe(keptReceipts(vault, mark)[0]?.receipt.logged.index);
      expect(receipt.entry).toMatchObject({ kind: 'registration', epoch: 1 });
      expect(receipt.guardians.length).toBeGreaterThanOrEqual(2);
      expect(hourOf(receipt.cosignedAt)).toBeGreaterThanOrEqual(receipt.entry.hour);
      expect(disclosure).toBeNull();
    });

    it('of a change is had by its entry', async () => {
      const [, status] = keptReceipts(vault, mark).map(({ receipt }) => receipt.logged.index) as [number, number];
      const { receipt } = await verify(createReceiptFile(vault, mark, status));
      expect(receipt.entry).toMatchObject({ kind: 'action', action: 'status' });
      expect(() => createReceiptFile(vault, mark, status + 1000)).toThrow(refusal('notFound', 'entry'));
    });

    it('is fetched with a mark that is recovered, and kept of one that is withdrawn', async () => {
      const [registration, ...changes] = keptReceipts(recovered.vault, recovered.mark);
      expect(registration?.entry.kind).toBe('registration');
      expect(changes).toHaveLength(2);
      // The first row is gone; the current one is there.
      expect([registration, ...changes].map((receipt) => receipt?.row?.version)).toEqual([undefined, undefined, 3]);
      await verify(createReceiptFile(recovered.vault, recovered.mark));
      const [, last] = keptReceipts(withdrawn.vault, withdrawn.mark);
      expect(last?.entry).toMatchObject({ kind: 'action', action: 'withdraw' });
      expect(last?.row).toBeNull();
    });

    it('says nothing of code and owner', () => {
      const text = formatProofFile(createReceiptFile(vault, mark));
      for (const secret of [code, mark.canonical, 'AYA', phrase]) expect(text).not.toContain(secret);
      for (const bytes of [mark.row?.commitment, mark.row?.index, mark.lookupTag]) {
        expect(text).not.toContain(formatBase64url(bytes as Uint8Array));
      }
    });

    it('is refused for another registry, and altered in any part', async () => {
      const file = createReceiptFile(vault, mark);
      const refusedBy = async (change: (text: string) => string): Promise<unknown> => {
        return verify({ ...file, receipt: change(file.receipt) }).then(
          () => 'verified',
          (error: { code: string }) => error.code,
        );
      };
      await expect(verifyProofFile(file, randomBytes(32))).rejects.toEqual(refusal('badRoster'));
      const { receipt } = keptReceipts(vault, mark)[0] as { receipt: Receipt };
      const { logged } = receipt;
      const other = logged.entry.map((byte, i) => (i === 60 ? byte ^ 1 : byte));
      const edit = (change: Partial<typeof logged>): (() => string) => {
        return () => formatReceipt({ ...receipt, logged: { ...logged, ...change } });
      };
      expect(await refusedBy(edit({ entry: other }))).toBe('badProof');
      expect(await refusedBy(edit({ index: logged.index + 1 }))).toBe('badProof');
      expect(await refusedBy(edit({ proof: logged.proof.slice(1) }))).toBe('badProof');
      expect(await refusedBy((text) => withCosignatures(text, 1))).toBe('badCheckpoint');
      const ofHeader = (text: string): string =>
        text.replace(/\n(\d+)\n(.*)\n\n—/u, (_, size: string, root: string) => `\n${Number(size) + 1}\n${root}\n\n—`);
      expect(await refusedBy(ofHeader)).toBe('badCheckpoint');
      expect(await refusedBy((text) => text.replace('c2sp.org', 'example.org'))).toBe('badFile');
    });

    it('never proves anything else, whichever character is altered', async () => {
      const file = createReceiptFile(vault, mark);
      const { receipt } = await verify(file);
      const altered = fc.tuple(fc.nat(file.receipt.length - 1), fc.constantFrom('A', '1', '+', '\n', '—'));
      const property = fc.asyncProperty(altered, async ([at, character]) => {
        const text = file.receipt.slice(0, at) + character + file.receipt.slice(at + 1);
        const outcome = await verify({ ...file, receipt: text }).catch((error: unknown) => error);
        // Cosignatures beyond the threshold may become unreadable, and the salt is not the log's.
        if (!(outcome instanceof BlindmarkError)) {
          expect((outcome as VerifiedProof).receipt).toMatchObject({
            entry: receipt.entry,
            checkpoint: receipt.checkpoint,
          });
        }
      });
      await fc.assert(property, { numRuns: 150 });
    });
  });

  describe('a disclosure', () => {
    it('proves that the code was registered with its items, then, by the owner’s key', async () => {
      const { receipt, disclosure } = await verify(await createDisclosureFile(vault, mark));
      expect(disclosure).toMatchObject({ scheme: 'bm1', canonical: mark.canonical, items, row: { version: 1 } });
      expect(receipt.entry.kind).toBe('registration');
    });

    it('proves what it was changed to, by the entry of the change', async () => {
      const index = keptReceipts(vault, mark)[2]?.receipt.logged.index;
      const { disclosure } = await verify(await createDisclosureFile(vault, mark, index));
      expect(disclosure).toMatchObject({ items: later, row: { version: 3, status: 'stolen' } });
    });

    it('on a recovered machine proves what is there now, and says so of what is not', async () => {
      const { disclosure } = await verify(await createDisclosureFile(recovered.vault, recovered.mark));
      expect(disclosure).toMatchObject({ items: later, row: { version: 3 } });
      const first = keptReceipts(recovered.vault, recovered.mark)[0]?.receipt.logged.index;
      const disclosing = createDisclosureFile(recovered.vault, recovered.mark, first);
      await expect(disclosing).rejects.toEqual(refusal('badInput', 'entry'));
    });

    it('is refused with another code, another receipt and another owner’s key', async () => {
      const file = await createDisclosureFile(vault, mark);
      const refuses = async (change: Partial<typeof file.disclosure>, expected: Parameters<typeof refusal>[0]) => {
        const changed = { ...file, disclosure: { ...file.disclosure, ...change } };
        await expect(verify(changed)).rejects.toEqual(refusal(expected));
      };
      await refuses({ canonical: mintCode().replaceAll('-', '').toUpperCase() }, 'guardiansUnavailable');
      await refuses({ receipt: formatReceipt(keptReceipts(vault, mark)[1]?.receipt as never) }, 'notLogged');
      await refuses({ ownerPublicKey: randomBytes(32) }, 'badRow');
      const { receipt } = keptReceipts(withdrawn.vault, withdrawn.mark)[0] as {
        receipt: Receipt;
      };
      await refuses({ receipt: formatReceipt(receipt) }, 'notLogged');
    });
  });

  it('is in no file that is something else', () => {
    for (const text of ['', '{}', 'c2sp.org/tlog-proof@v1\n', '{"format":"blindmark-receipt-file-v1"}']) {
      expect(() => parseProofFile(text)).toThrow(refusal('badFile', 'file'));
    }
  });
});

describe('a history', () => {
  it('shows each lookup and change, in plain at once where the force hides nothing', async () => {
    const services = await startServices();
    try {
      const owner = await createOwner(services);
      const code = mintCode();
      const registered = await owner.register({ code, items, activationKey: await activationKey(services) });
      const hits = [];
      for (let i = 0; i < 2; i++) hits.push(await lookUp(await createOfficer(services), code));
      await lookUp(await createOfficer(services), mintCode());
      const stolen = await owner.setStatus(registered, 'stolen');
      const { lines, mark } = await owner.history(stolen);
      expect(lines.map(({ entry }) => entry.kind)).toEqual(['registration', 'match', 'match', 'action']);
      expect(mark).toMatchObject({ status: 'stolen', row: { version: 2 } });
      const matches = hits.map((hit) => hit.registrations[0]?.evidence);
      expect(lines.slice(1, 3)).toMatchObject(
        matches.map((evidence) => ({
          index: evidence?.match.logged.index,
          entry: { lookup: evidence?.lookup },
          revealedBy: null,
        })),
      );
    } finally {
      await services.stopAll();
    }
  });

  it('shows a lookup that the force’s policy hid once it is revealed; the officer’s hit counts at once', async () => {
    const services = await startServices({ delayDays: 1, revealIntervalMs: 50 });
    try {
      const owner = await createOwner(services);
      const code = mintCode();
      const mark = await owner.register({ code, items, activationKey: await activationKey(services) });
      const hit = await lookUp(await createOfficer(services), code);
      const [found] = hit.registrations;
      expect(hit).toMatchObject({ result: 'hit', refused: 0 });
      expect(found?.evidence.match.delayed).not.toBeNull();
      expect(hit.evidence.lookups[0]?.delayed).not.toBeNull();
      expect((await owner.history(mark)).lines.map(({ entry }) => entry.kind)).toEqual(['registration']);

      services.clock.now += 24 * 3600;
      const history = async () => (await owner.history(mark)).lines;
      let lines = await history();
      for (let attempt = 0; lines.length < 2 && attempt < 200; attempt++) {
        await setTimeout(50);
        lines = await history();
      }
      expect(lines).toMatchObject([
        { entry: { kind: 'registration' } },
        { index: found?.evidence.match.logged.index, entry: { kind: 'match', lookup: found?.evidence.lookup } },
      ]);
      expect(lines[1]?.revealedBy).toBeGreaterThan(lines[1]?.index as number);
    } finally {
      await services.stopAll();
    }
  });

  it('is there after a reply was lost, with the receipt of each change', async () => {
    const services = await startServices();
    try {
      const { vault } = await createVault();
      let isLosing = false;
      const losing: typeof fetch = async (url, init) => {
        const response = await fetch(url, init);
        if (!isLosing || !/registrations/u.test(url as string)) return response;
        isLosing = false;
        throw new TypeError('the connection was lost');
      };
      const owner = await createOwner(services, { vault, fetch: losing });
      const request = { code: mintCode(), items, activationKey: await activationKey(services) };
      isLosing = true;
      await expect(owner.register(request)).rejects.toEqual(refusal('unreachable'));
      const mark = await owner.register(request);
      expect(keptReceipts(vault, mark)).toHaveLength(1);
      isLosing = true;
      await expect(owner.setStatus(mark, 'lost')).rejects.toEqual(refusal('unreachable'));
      expect(keptReceipts(vault, mark)).toHaveLength(1);
      expect((await owner.refresh(mark)).status).toBe('lost');
      expect(keptReceipts(vault, mark)).toHaveLength(2);
      // Told again, nothing is kept twice.
      await owner.refresh(mark);
      expect(keptReceipts(vault, mark)).toHaveLength(2);
    } finally {
      await services.stopAll();
    }
  });
});
