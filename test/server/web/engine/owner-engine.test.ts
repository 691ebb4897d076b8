/** An owner's marks through the pages' engine, against the real services. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Officer, type LookupResult } from '../../../../client-sdk/officer.ts';
import { Openings, type OpenableHit } from '../../../../client-sdk/openings.ts';
import { parseReceiptQr } from '../../../../client-sdk/receipt-qr.ts';
import { parseProofFile, verifyProofFile } from '../../../../client-sdk/receipts.ts';
import { createActivationKey, formatActivationKey } from '../../../../crypto/activation-key.ts';
import { formatCode } from '../../../../crypto/canonical.ts';
import { mintCode } from '../../../../crypto/mint-code.ts';
import { parseReceipt, verifyReceipt } from '../../../../crypto/receipt.ts';
import type { Engine } from '../../../../server/web/engine/connection.ts';
import type { MarkView, RegisterForm } from '../../../../server/web/engine/owner-api.ts';
import { connect } from '../../../support/sdk.ts';
import { startServices, type Services } from '../../../support/services.ts';
import { BrowserProfile, type Tab } from './browser-profile.ts';

const passphrase = 'correct horse battery';
/** A new code, in groups. */
const createCode = (): string => formatCode(services.fixture.roster.roster.schemes, 'bm1', mintCode());
const CASE = 'CR/1/26';
const person = { name: 'Ann Other', email: 'ann@example.org' };

let services: Services;
let phrase: string;
let tab: Tab;
let owner: Engine['owner'];
let first: Officer;
let openings: { readonly first: Openings; readonly second: Openings };
beforeAll(async () => {
  services = await startServices();
  tab = new BrowserProfile(services).openTab();
  ({ owner } = tab.engine);
  phrase = (await owner.createPhrase()).join(' ');
  await owner.create({ phrase, passphrase });
  const [a, b] = await Promise.all(['officer-a', 'officer-b'].map(async (name) => services.createOfficer(name)));
  first = new Officer(await connect(services), a as Awaited<ReturnType<Services['createOfficer']>>);
  openings = {
    first: new Openings(await connect(services), a as Awaited<ReturnType<Services['createOfficer']>>),
    second: new Openings(await connect(services), b as Awaited<ReturnType<Services['createOfficer']>>),
  };
});
afterAll(async () => {
  await services.stopAll();
});

async function createForm(changes: Partial<RegisterForm> = {}): Promise<RegisterForm> {
  const [activationKey] = (await services.createActivationKeys(1)) as [string];
  const items = [{ category: 'Bicycle', make: 'Brompton' }];
  return { code: createCode(), activationKey, items, contact: { kind: 'details', ...person }, ...changes };
}

const register = async (changes: Partial<RegisterForm> = {}): Promise<MarkView> =>
  owner.register(await createForm(changes));

/** What an officer finds by a code. */
async function lookUp(code: string): Promise<LookupResult> {
  const plan = first.plan([{ id: '1', reading: code }]);
  const [result] = await Array.fromAsync(first.lookup(plan, { caseReference: CASE }));
  return result as LookupResult;
}

function hitOf({ registrations, evidence }: LookupResult): OpenableHit {
  const [found] = registrations;
  if (found === undefined) throw new Error('it is not found');
  return { caseReference: CASE, caseSalt: evidence.caseSalt, ...found.evidence };
}

describe('a code that is typed', () => {
  it('is a whole code of a scheme, in groups', async () => {
    const code = createCode();
    const typed = code.replaceAll('-', '').toLowerCase();
    expect(await owner.checkCode({ code: typed })).toEqual({
      state: 'complete',
      scheme: 'bm1',
      schemeTitle: (await owner.schemes()).find(({ id }) => id === 'bm1')?.title,
      display: code,
      checkPassed: true,
      entropyBits: 70,
    });
  });

  it.each([
    ['8EQ7-1S02-S?3J-TS93', undefined, { state: 'unclear', positions: [10] }],
    ['8EQ7-1S02-SG3J-TS94', undefined, { state: 'wrong', position: null, code: 'checkFailed' }],
    ['8EQ7-1SΩ2-SG3J-TS93', undefined, { state: 'wrong', position: 7, code: 'noSchemeFits' }],
    ['8EQ7-1SU2-SG3J-TS93', 'bm1', { state: 'wrong', position: 7, code: 'noSchemeFits' }],
    ['', undefined, { state: 'wrong', position: null, code: 'badInput' }],
    ['[', undefined, { state: 'wrong', position: null, code: 'badInput' }],
  ])('is at fault: %s under %s', async (code, scheme, expected) => {
    expect(await owner.checkCode({ code, scheme })).toEqual(expected);
  });

  it('may fit several schemes, and is then of the one that is named', async () => {
    const schemes = await owner.schemes();
    expect(schemes.length).toBeGreaterThan(1);
    const codes = ['AB123456', '12345678', 'ABC12345', '1234567890', 'A123456'];
    const checks = await Promise.all(codes.map(async (code) => ({ code, found: await owner.checkCode({ code }) })));
    const ambiguous = checks.find(({ found }) => found.state === 'ambiguous');
    if (ambiguous?.found.state !== 'ambiguous') throw new Error('none of these fits two schemes');
    expect(ambiguous.found.schemes.length).toBeGreaterThan(1);
    for (const { id, title } of ambiguous.found.schemes) {
      expect(schemes.map((scheme) => scheme.id)).toContain(id);
      expect(await owner.checkCode({ code: ambiguous.code, scheme: id })).toMatchObject({
        state: 'complete',
        scheme: id,
        schemeTitle: title,
      });
    }
    await expect(owner.checkCode({ code: ambiguous.code, scheme: 'none' })).rejects.toMatchObject({
      code: 'badInput',
      field: 'scheme',
    });
  });
});

describe('a mark', () => {
  it('is registered with what the form says, and without what it leaves empty', async () => {
    const phases: string[] = [];
    const form = await createForm({
      items: [
        { category: ' Laptop ', make: 'Lenovo', model: '', serial: undefined, description: '  a\nsticker ' },
        { category: 'Ring' },
      ],
      contact: { kind: 'details', ...person, telephone: ' ', second: { name: '' } },
      status: 'lost',
    });
    const mark = await owner.register(form, { onProgress: ({ phase, done }) => phases.push(`${phase} ${done}`) });
    expect(phases).toEqual(['token 0', 'evaluate 1', 'stretch 2', 'log 3', 'log 4']);
    expect(mark).toMatchObject({
      code: form.code,
      scheme: 'bm1',
      stage: 'registered',
      status: 'lost',
      receipts: 1,
      registeredOn: new Date(services.clock.now * 1000).toISOString().slice(0, 10),
    });
    expect(mark.items).toEqual([
      { category: 'Laptop', make: 'Lenovo', description: 'a\nsticker' },
      { category: 'Ring' },
    ]);
    expect(mark.contact).toEqual({ kind: 'details', ...person });
    const { marks } = await owner.view();
    expect(marks.find(({ id }) => id === mark.id)).toEqual(mark);
    expect(await owner.register(form)).toEqual(mark);
    expect((await lookUp(form.code)).registrations).toMatchObject([{ status: 'lost', items: mark.items }]);
    await expect(owner.register({ ...form, status: 'stolen' })).rejects.toMatchObject({
      code: 'alreadyRegistered',
      field: 'status',
    });
  });

  it.each([
    ['items[0].category', { items: [{ category: ' ' }] }],
    ['items[0].description', { items: [{ category: 'Ring', description: 'turned \u202e round' }] }],
    ['items[1].make', { items: [{ category: 'Ring' }, { category: 'Ring', make: 'm'.repeat(65_536) }] }],
    ['items', { items: [] }],
    ['items', { items: Array.from({ length: 20 }, () => ({ category: 'Ring', description: 'd'.repeat(400) })) }],
    ['contact', { contact: { kind: 'details' as const, name: 'Nobody in particular' } }],
    ['contact.email', { contact: { kind: 'details' as const, email: 'no address' } }],
  ])('is refused for its %s before anything is used up', async (field, changes) => {
    const before = (await owner.view()).marks;
    await expect(register(changes)).rejects.toMatchObject({ code: 'badInput', field });
    expect((await owner.view()).marks).toEqual(before);
  });

  it('is refused for its activation key, and goes on with another', async () => {
    const form = await createForm();
    await expect(owner.register({ ...form, activationKey: '0W8J4' })).rejects.toMatchObject({
      code: 'badActivationKey',
    });
    const stranger = formatActivationKey(createActivationKey(7).bytes);
    await expect(owner.register({ ...form, activationKey: stranger })).rejects.toMatchObject({
      code: 'activationKeyUnknown',
    });
    const { marks } = await owner.view();
    expect(marks.at(-1)).toMatchObject({ code: form.code, stage: 'pending' });
    expect(await owner.register({ ...form, activationKey: (await createForm()).activationKey })).toMatchObject({
      stage: 'registered',
    });
  });

  it('is changed in every way, and the registry shows it so', async () => {
    const { id: mark, code } = await register();
    expect(await owner.setStatus({ mark, status: 'stolen' })).toMatchObject({ status: 'stolen', receipts: 2 });
    const items = [{ category: 'Painting', description: 'A <b>bold</b> one' }];
    expect(await owner.replaceItems({ mark, items })).toMatchObject({ items, receipts: 3 });
    expect(await owner.replaceContact({ mark, contact: null })).toMatchObject({ contact: null, receipts: 4 });
    expect((await lookUp(code)).registrations).toMatchObject([{ status: 'stolen', items }]);
    expect(await owner.setStatus({ mark, status: 'recovered' })).toMatchObject({ status: 'recovered' });
    const refreshed = await owner.refresh({ mark });
    expect(refreshed).toMatchObject({ status: 'recovered', items, contact: null, receipts: 5 });
    await expect(owner.replaceItems({ mark, items: [] })).rejects.toMatchObject({ code: 'badInput', field: 'items' });
    await expect(owner.replaceContact({ mark, contact: { kind: 'details' } })).rejects.toMatchObject({
      code: 'badInput',
      field: 'contact',
    });
    expect(await owner.refresh({ mark })).toEqual(refreshed);
  });

  it('takes changes that are asked for at once one after the other', async () => {
    const { id: mark } = await register();
    const contact = { kind: 'relay' } as const;
    await Promise.all([
      owner.setStatus({ mark, status: 'stolen' }),
      owner.replaceItems({ mark, items: [{ category: 'Ring' }] }),
      owner.replaceContact({ mark, contact }),
    ]);
    const { marks } = await owner.view();
    expect(marks.find(({ id }) => id === mark)).toMatchObject({
      status: 'stolen',
      items: [{ category: 'Ring' }],
      contact,
      receipts: 4,
    });
  });

  it('is withdrawn; its place and history stay, and it may be registered anew', async () => {
    const form = await createForm();
    const { id: mark } = await owner.register(form);
    expect(await owner.withdraw({ mark })).toMatchObject({ id: mark, stage: 'withdrawn', receipts: 2 });
    expect((await lookUp(form.code)).registrations).toEqual([]);
    expect((await owner.history({ mark })).map(({ kind }) => kind)).toEqual(['registration', 'withdraw']);
    expect((await owner.receipts({ mark })).map(({ kind }) => kind)).toEqual(['registration', 'withdraw']);
    await expect(owner.setStatus({ mark, status: 'stolen' })).rejects.toMatchObject({ code: 'notFound' });
    await expect(owner.resume({ mark })).rejects.toMatchObject({ code: 'notFound' });
    const { activationKey } = await createForm();
    expect(await owner.register({ ...form, activationKey })).toMatchObject({
      id: mark,
      stage: 'registered',
      receipts: 1,
    });
  });

  it('is none of another name', async () => {
    for (const mark of ['0', '-1', '1.5', '999', 'toString', '']) {
      await expect(owner.refresh({ mark })).rejects.toMatchObject({ code: 'notFound', field: 'mark' });
    }
  });

  it('is found again from the phrase in another browser', async () => {
    const { id: mark, code } = await register({ contact: { kind: 'relay' } });
    await owner.setStatus({ mark, status: 'stolen' });
    const other = new BrowserProfile(services).openTab().engine.owner;
    await other.create({ phrase, passphrase: 'another passphrase' });
    const recovered = await other.recover({ code });
    expect(recovered).toMatchObject({
      id: '1',
      code,
      stage: 'registered',
      status: 'stolen',
      contact: undefined,
      receipts: 2,
    });
    await expect(other.recover({ code: mintCode() })).rejects.toMatchObject({ code: 'notFound', field: 'code' });
    expect(await other.setStatus({ mark: '1', status: 'recovered' })).toMatchObject({ status: 'recovered' });
    expect(await owner.refresh({ mark })).toMatchObject({ status: 'recovered', contact: { kind: 'relay' } });
  });
});

describe('what happens to a mark', () => {
  it('is in its history, each with its proof: lookups, openings, changes', async () => {
    const { id: mark, code } = await register();
    const hit = hitOf(await lookUp(code));
    const { token } = await openings.first.ask(hit, { reason: 'returnProperty' });
    await openings.second.approve(await openings.second.inspect(token, CASE));
    await owner.setStatus({ mark, status: 'recovered' });
    const lines = await owner.history({ mark });
    expect(lines.map(({ kind }) => kind)).toEqual(['registration', 'match', 'opening', 'status']);
    const hour = `${new Date(services.clock.now * 1000).toISOString().slice(0, 13)}:00:00Z`;
    for (const line of lines) {
      expect(line).toMatchObject({ hour, revealedBy: null });
      const receipt = parseReceipt(line.proof);
      expect(receipt.logged.index).toBe(line.index);
      expect(verifyReceipt(receipt, [services.fixture.roster]).entry.kind).toBe(
        line.kind === 'status' ? 'action' : line.kind,
      );
    }
    expect(lines[1]).toMatchObject({ forceName: null, officers: [], lookup: expect.any(Number) as number });
    expect(lines[1]?.lookup).toBeLessThan(lines[1]?.index ?? 0);
    const [force] = services.fixture.roster.roster.forces;
    expect(lines[2]).toMatchObject({ forceName: force?.name, officers: ['officer-a', 'officer-b'], lookup: null });
  });

  it('has receipts that anybody verifies, by file and by QR code', async () => {
    const { id: mark } = await register();
    await owner.setStatus({ mark, status: 'lost' });
    const receipts = await owner.receipts({ mark });
    expect(receipts.map(({ kind }) => kind)).toEqual(['registration', 'status']);
    for (const { index, file, fileName, qr } of receipts) {
      expect(fileName).toBe(`blindmark-receipt-${index}.json`);
      const proof = await verifyProofFile(parseProofFile(file), services.fixture.fingerprint);
      expect(proof).toMatchObject({ index, disclosure: null });
      const rosters = [services.fixture.roster];
      const scanned = verifyReceipt(parseReceipt(parseReceiptQr(qr as string, rosters)), rosters);
      expect(scanned.entry).toEqual(proof.receipt.entry);
    }
    const sheet = await owner.sheet({ passphrase });
    expect(sheet.phrase.join(' ')).toBe(phrase);
    expect(sheet.marks[Number(mark) - 1]?.receipt).toEqual(receipts[0]);
  });

  it('brings messages, which are kept for their keeper until they have arrived', async () => {
    const { id: mark, code } = await register({ contact: { kind: 'relay' } });
    const hit = hitOf(await lookUp(code));
    const { token } = await openings.first.ask(hit, { reason: 'returnProperty' });
    await openings.second.approve(await openings.second.inspect(token, CASE));
    const text = 'We have found <b>it</b>.';
    const opened = await openings.first.contact(token, hit);
    if (opened.status !== 'opened') throw new Error('it is not opened');
    await openings.first.leaveMessage(token, hit, opened.contact, { text, replyTo: 'desk@example.org' });
    const { messages, refused } = await owner.messages({ mark });
    const [force] = services.fixture.roster.roster.forces;
    expect(refused).toBe(0);
    expect(messages).toMatchObject([{ forceName: force?.name, officer: 'officer-a', text, reply: 'desk@example.org' }]);
    expect(await owner.messages({ mark })).toEqual({ messages, refused });
    await owner.acknowledge({ mark, ids: messages.map(({ id }) => id) });
    expect(await owner.messages({ mark })).toEqual({ messages: [], refused: 0 });
    await expect(owner.acknowledge({ mark, ids: ['nonsense'] })).rejects.toMatchObject({ code: 'badInput' });
  });

  it('is no defect of the program', () => {
    expect(tab.defects).toEqual([]);
  });
});
