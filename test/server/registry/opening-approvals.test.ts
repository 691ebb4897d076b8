/** Two officers open a contact: the log first, then the guardians. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { isCosignature } from '../../../crypto/checkpoint.ts';
import { CLOCK_TOLERANCE, officerCredentialHash, officerThumbprint } from '../../../crypto/credential.ts';
import { labelledHash } from '../../../crypto/hash.ts';
import { hourOf, markHash, type EntryOf, type LogEntry } from '../../../crypto/log-entry.ts';
import { openDelayed, verifyCosigned, verifyLogged } from '../../../crypto/log-proof.ts';
import type { OfficerAuthorization, OfficerSigner } from '../../../crypto/officer-request.ts';
import { pseudonymHash } from '../../../crypto/revocation-list.ts';
import { createSigningKey } from '../../../crypto/signature.ts';
import { openingReplySchema, type OpeningReply } from '../../../crypto/wire-openings.ts';
import {
  accepted,
  ask,
  CONTACT,
  createApproval,
  createAsk,
  createOfficer,
  createOpeningWorld,
  lookUp,
  openContact,
  pathOf,
  postApproval,
  postAsk,
  readOpening,
  refusalOf,
  refused,
  register,
  signAs,
  withdraw,
  type Asked,
  type OpeningWorld,
  type Operation,
} from './opening-world.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

let world: OpeningWorld;
let second: OfficerSigner;

beforeAll(async () => {
  world = await createOpeningWorld();
  second = await createOfficer(world);
});

afterAll(async () => world.close());

const openingEntries = async (of: OpeningWorld = world): Promise<EntryOf<'opening'>[]> =>
  (await of.entries()).filter((entry): entry is EntryOf<'opening'> => entry.kind === 'opening');

const decryptRequests = (of: OpeningWorld = world): number =>
  of.guardians.flatMap(({ requests }) => requests.filter(({ path }) => path === '/v1/decrypt')).length;

async function approve(asked: Asked, officer = second, of: OpeningWorld = world): Promise<OpeningReply> {
  const authorization = await createApproval(of, officer, asked);
  return accepted(await postApproval(of, asked.id, authorization), openingReplySchema);
}

/** Runs an action while guardians with these numbers decrypt falsely, though they cosign. */
async function whileLying<T>(numbers: readonly number[], action: () => Promise<T>): Promise<T> {
  const liars = world.guardians.filter((_, i) => numbers.includes(i + 1));
  for (const guardian of liars) guardian.isLying = true;
  try {
    return await action();
  } finally {
    for (const guardian of liars) guardian.isLying = false;
  }
}

async function whileDown<T>(numbers: readonly number[], action: () => Promise<T>): Promise<T> {
  const gone = world.guardians.filter((_, i) => numbers.includes(i + 1));
  for (const guardian of gone) guardian.isDown = true;
  try {
    return await action();
  } finally {
    for (const guardian of gone) guardian.isDown = false;
  }
}

describe('approving', () => {
  it('opens what two officers stand for, and the log says so', async () => {
    const { fixture } = world;
    const asked = await ask(world);
    const entries = await world.entries();
    const reply = await approve(asked);
    expect(reply).toMatchObject({
      status: 'opened',
      details: asked.request.details,
      first: asked.request.authorization,
    });
    expect(openContact(world, asked, reply)).toEqual(CONTACT);
    const {
      checkpoint: note,
      logged,
      markSalt,
      delayed,
      decryptions,
    } = reply.result as NonNullable<typeof reply.result>;
    const { checkpoint } = verifyCosigned(note, fixture.roster.roster);
    const { commitment } = asked.mark.row;
    const entry = verifyLogged(logged, checkpoint);
    expect(entry).toEqual({
      kind: 'opening',
      hour: hourOf(world.clock.now),
      request: labelledHash('opening-request', asked.id),
      mark: markHash(markSalt, commitment),
      caseCommitment: asked.caseCommitment,
      force: 'demo-force',
      first: expect.stringMatching(/^officer-\d+$/u),
      second: expect.stringMatching(/^officer-\d+$/u),
    });
    expect((entry as EntryOf<'opening'>).first).not.toBe((entry as EntryOf<'opening'>).second);
    expect(delayed).toBeNull();
    expect(await world.entries()).toEqual([...entries, entry]);
    expect(decryptions).toHaveLength(2);
    for (const { guardian, cosignature } of decryptions) {
      const { witnessKey } = fixture.roster.roster.guardians[Number(guardian.slice(1)) - 1] as {
        witnessKey: Uint8Array;
      };
      expect(isCosignature(checkpoint, witnessKey, cosignature)).toBe(true);
    }
    const { index } = asked.mark.row;
    const history = await world.stores.registrations.findHistory({ index, commitment }, randomBytes(32), 10);
    expect(history.find(({ kind }) => kind === 'opening')?.key).toEqual(asked.id);
  });

  it('answers again what was opened, without the guardians and without another entry', async () => {
    const asked = await ask(world);
    const authorization = await createApproval(world, second, asked);
    const reply = accepted(await postApproval(world, asked.id, authorization), openingReplySchema);
    const [asks, entries] = [decryptRequests(), await world.entries()];
    await world.restart();
    expect(accepted(await postApproval(world, asked.id, authorization), openingReplySchema)).toEqual(reply);
    expect(await readOpening(world, asked.id)).toEqual(reply);
    expect(decryptRequests()).toBe(asks);
    expect(await world.entries()).toEqual(entries);
  });

  it('answers many equal approvals with one result', async () => {
    const asked = await ask(world);
    const before = await openingEntries();
    const authorization = await createApproval(world, second, asked);
    const asks = decryptRequests();
    const responses = await Promise.all(
      Array.from({ length: 8 }, async () => postApproval(world, asked.id, authorization)),
    );
    const replies = responses.map((response) => accepted(response, openingReplySchema));
    expect(replies.map(({ result }) => result)).toEqual(replies.map(() => replies[0]?.result));
    // Each guardian once, and once more if it had yet to hear how the log has grown.
    expect(decryptRequests() - asks).toBeLessThanOrEqual(2 * world.guardians.length);
    expect(await openingEntries()).toHaveLength(before.length + 1);
  });

  it('lets one of several approvals win', async () => {
    const asked = await ask(world);
    const before = await openingEntries();
    const approvals = await Promise.all(
      Array.from({ length: 4 }, async () => createApproval(world, await createOfficer(world), asked)),
    );
    const responses = await Promise.all(approvals.map(async (each) => postApproval(world, asked.id, each)));
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409]);
    expect(await openingEntries()).toHaveLength(before.length + 1);
    const late = await createApproval(world, second, asked);
    expect(refusalOf(await postApproval(world, asked.id, late))).toEqual({ code: 'openingNotPending', field: 'id' });
  });

  it('opens the envelope that was asked for, though its keeper has replaced it since', async () => {
    const asked = await ask(world);
    const { row } = asked.mark;
    await world.stores.registrations.replace({ ...row, contactEnvelope: null, version: 2 }, 1, []);
    expect(openContact(world, asked, await approve(asked))).toEqual(CONTACT);
  });

  it('opens nothing of a registration that was withdrawn', async () => {
    const asked = await ask(world);
    const authorization = await createApproval(world, second, asked);
    expect((await withdraw(world, asked.mark)).status).toBe(200);
    const entries = await world.entries();
    expect(refusalOf(await postApproval(world, asked.id, authorization))).toEqual({ code: 'notFound', field: 'id' });
    expect(await world.entries()).toEqual(entries);
  });

  it.each<[Operation, number]>([
    ['registrations.addHistory', 0],
    ['openings.saveResult', 1],
  ])('gives nothing away of a registration that is withdrawn at %s', async (operation, logged) => {
    const asked = await ask(world);
    const [before, asks] = [await openingEntries(), decryptRequests()];
    const authorization = await createApproval(world, second, asked);
    world.broken.set(operation, async () => {
      expect((await withdraw(world, asked.mark)).status).toBe(200);
    });
    expect(refusalOf(await postApproval(world, asked.id, authorization))).toEqual({ code: 'notFound', field: 'id' });
    expect((await world.get(pathOf(asked.id))).status).toBe(404);
    expect(await openingEntries()).toHaveLength(before.length + logged);
    expect(decryptRequests() > asks).toBe(logged === 1);
  });
});

describe('refusals of approving', () => {
  let asked: Asked;
  let entries: LogEntry[];

  beforeAll(async () => {
    asked = await ask(world);
    entries = await world.entries();
  });

  /** The refusal of an approval, after which the opening is as it was. */
  async function refuse(authorization: OfficerAuthorization, of: Asked = asked): Promise<unknown> {
    const asks = decryptRequests();
    const refusal = refusalOf(await postApproval(world, of.id, authorization));
    expect(await readOpening(world, of.id)).toMatchObject({ status: 'pending', second: null, result: null });
    expect(decryptRequests()).toBe(asks);
    return refusal;
  }

  const pseudonymOf = (officer: OfficerSigner): string =>
    (
      JSON.parse(Buffer.from(officer.officerCredential.split('.')[1] as string, 'base64url').toString('utf8')) as {
        sub: string;
      }
    ).sub;

  it('the officer who asked, under any pseudonym, with any key or both anew', async () => {
    const { first } = asked;
    const renamed = await createOfficer(world, { key: first.key });
    const rekeyed = await createOfficer(world, { pseudonym: pseudonymOf(first) });
    const reissued = await createOfficer(world, { person: pseudonymOf(first) });
    for (const officer of [first, renamed, rekeyed, reissued]) {
      expect(await refuse(await createApproval(world, officer, asked))).toEqual({
        code: 'sameOfficer',
        field: 'request',
      });
    }
  });

  it('another force’s officer', async () => {
    const stranger = await createOfficer(world, { force: 'other-force' });
    const authorization = await createApproval(world, stranger, asked);
    expect(await refuse(authorization)).toEqual({ code: 'badSignature', field: 'request' });
  });

  it('another case', async () => {
    const authorization = await createApproval(world, second, { ...asked, caseCommitment: randomBytes(32) });
    expect(await refuse(authorization)).toEqual({ code: 'badSignature', field: 'request' });
  });

  it('the approval of another opening', async () => {
    const other = await ask(world, { mark: asked.mark });
    const authorization = await createApproval(world, second, { ...asked, id: other.id });
    expect(await refuse(authorization)).toEqual({ code: 'badSignature', field: 'request' });
  });

  it('a signature for another purpose or epoch', async () => {
    const { id, caseCommitment } = asked;
    const opening = await signAs(world, second, 'opening', [id], caseCommitment);
    const old = await signAs(world, second, 'approval', [id], caseCommitment, { epoch: 1 });
    for (const each of [opening, old]) expect(await refuse(each)).toEqual({ code: 'badSignature', field: 'request' });
  });

  it('an opening that does not exist', async () => {
    const id = randomBytes(32);
    const authorization = await createApproval(world, second, { ...asked, id });
    expect(refusalOf(await postApproval(world, id, authorization))).toEqual({ code: 'notFound', field: 'id' });
  });

  it.each([
    ['key', (officer: OfficerSigner) => officerThumbprint(officer.key.publicKey)],
    ['credential', (officer: OfficerSigner) => officerCredentialHash(officer.officerCredential)],
    ['pseudonym', (officer: OfficerSigner) => pseudonymHash('demo-force', pseudonymOf(officer))],
  ])('a second officer whose %s is revoked', async (_, hashOf) => {
    const revoked = await createOfficer(world);
    const authorization = await createApproval(world, revoked, asked);
    await world.revoke(hashOf(revoked));
    expect(await refuse(authorization)).toMatchObject({ code: 'credentialRevoked' });
  });

  it('a first officer who is revoked between both', async () => {
    const other = await ask(world);
    const authorization = await createApproval(world, second, other);
    await world.revoke(officerThumbprint(other.first.key.publicKey));
    expect(await refuse(authorization, other)).toMatchObject({ code: 'credentialRevoked' });
  });

  it('left nothing behind: a good approval is taken, and is the one entry', async () => {
    const before = await openingEntries();
    expect((await openingEntries()).length).toBe(entries.filter(({ kind }) => kind === 'opening').length);
    expect(openContact(world, asked, await approve(asked))).toEqual(CONTACT);
    expect(await openingEntries()).toHaveLength(before.length + 1);
  });
});

describe('guardians', () => {
  it('that are down or lie are done without, as long as t remain', async () => {
    const [one, two] = [await ask(world), await ask(world)];
    const down = await whileDown([3], async () => approve(one));
    expect(openContact(world, one, down)).toEqual(CONTACT);
    expect(down.result?.decryptions.map(({ guardian }) => guardian).toSorted()).toEqual(['g1', 'g2']);
    const lying = await whileLying([1], async () => approve(two));
    expect(openContact(world, two, lying)).toEqual(CONTACT);
    expect(lying.result?.decryptions.map(({ guardian }) => guardian).toSorted()).toEqual(['g2', 'g3']);
  });

  it('that are too few leave the opening approved; the same approval completes it with the same entry', async () => {
    const asked = await ask(world);
    const before = await openingEntries();
    const authorization = await createApproval(world, second, asked);
    const refusal = refused(await whileLying([1, 2], async () => postApproval(world, asked.id, authorization)));
    expect(refusal).toMatchObject({ code: 'guardiansUnavailable', guardians: expect.arrayContaining(['g1', 'g2']) });
    expect(await openingEntries()).toHaveLength(before.length + 1);
    expect(refusalOf(await postApproval(world, asked.id, await createApproval(world, second, asked)))).toEqual({
      code: 'openingNotPending',
      field: 'id',
    });
    const reply = accepted(await postApproval(world, asked.id, authorization), openingReplySchema);
    expect(openContact(world, asked, reply)).toEqual(CONTACT);
    expect(await openingEntries()).toHaveLength(before.length + 1);
  });

  it('are asked again by whoever reads an approved opening, hours later and after a restart', async () => {
    const timed = await createOpeningWorld();
    onTestFinished(async () => timed.close());
    const asked = await ask(timed);
    const authorization = await createApproval(timed, await createOfficer(timed), asked);
    for (const guardian of timed.guardians) guardian.isLying = true;
    expect(refusalOf(await postApproval(timed, asked.id, authorization))).toMatchObject({
      code: 'guardiansUnavailable',
    });
    const reply = await readOpening(timed, asked.id);
    expect(reply).toMatchObject({ status: 'approved', second: authorization, result: null });
    expect(reply.faults.length).toBeGreaterThanOrEqual(2);
    for (const guardian of timed.guardians) guardian.isLying = false;
    timed.clock.now += 3 * HOUR;
    await timed.restart();
    const opened = await readOpening(timed, asked.id);
    expect(opened.status).toBe('opened');
    expect(openContact(timed, asked, opened)).toEqual(CONTACT);
    expect(await openingEntries(timed)).toHaveLength(1);
  });

  it('are not asked for an opening that has ended meanwhile', async () => {
    const timed = await createOpeningWorld();
    onTestFinished(async () => timed.close());
    const asked = await ask(timed);
    const authorization = await createApproval(timed, await createOfficer(timed), asked);
    for (const guardian of timed.guardians) guardian.isLying = true;
    expect(refusalOf(await postApproval(timed, asked.id, authorization))).toMatchObject({
      code: 'guardiansUnavailable',
    });
    for (const guardian of timed.guardians) guardian.isLying = false;
    const asks = decryptRequests(timed);
    timed.clock.now = asked.request.details.expiresAt + 61;
    expect(await readOpening(timed, asked.id)).toMatchObject({ status: 'expired', result: null });
    expect(refusalOf(await postApproval(timed, asked.id, authorization))).toMatchObject({ code: 'openingExpired' });
    const late = await createApproval(timed, await createOfficer(timed), { ...asked, request: asked.request });
    expect(refusalOf(await postApproval(timed, asked.id, late))).toMatchObject({ code: 'openingNotPending' });
    expect(decryptRequests(timed)).toBe(asks);
  });

  it('that can’t cosign leave it approved and unopened; reading it completes it, once', async () => {
    const asked = await ask(world);
    const before = await openingEntries();
    const authorization = await createApproval(world, second, asked);
    await whileDown([1, 2], async () => {
      const refusal = refusalOf(await postApproval(world, asked.id, authorization));
      expect(refusal).toMatchObject({ code: 'guardiansUnavailable' });
      expect(await readOpening(world, asked.id)).toMatchObject({ status: 'approved', result: null });
    });
    expect(openContact(world, asked, await readOpening(world, asked.id))).toEqual(CONTACT);
    expect(await openingEntries()).toHaveLength(before.length + 1);
  });

  it('answer nobody who is revoked once the opening is approved', async () => {
    const revoked = await createOfficer(world);
    const asked = await ask(world);
    const authorization = await createApproval(world, revoked, asked);
    await whileLying([1, 2], async () => postApproval(world, asked.id, authorization));
    await world.revoke(officerThumbprint(revoked.key.publicKey));
    const asks = decryptRequests();
    expect(refusalOf(await world.get(pathOf(asked.id)))).toMatchObject({ code: 'credentialRevoked' });
    expect(refusalOf(await postApproval(world, asked.id, authorization))).toMatchObject({ code: 'credentialRevoked' });
    expect(decryptRequests()).toBe(asks);
  });
});

describe('each step broken', () => {
  const STEPS: readonly Operation[] = [
    'openings.approve',
    'registrations.addHistory',
    'log.commit',
    'log.saveCosigned',
    'openings.saveResult',
  ];
  const CASES = STEPS.flatMap((step) => (['before', 'after'] as const).map((when) => [step, when] as const));

  it.each(CASES)('%s fails %s it is done: one entry, one result', async (step, when) => {
    const asked = await ask(world);
    const before = await openingEntries();
    const authorization = await createApproval(world, second, asked);
    world.broken.set(step, when);
    const broken = await postApproval(world, asked.id, authorization);
    // What is kept for the next start alone may fail without anybody's noticing.
    if (step !== 'log.saveCosigned') expect(refusalOf(broken)).toMatchObject({ code: 'storageFailed' });
    world.broken.clear();
    const reply = accepted(await postApproval(world, asked.id, authorization), openingReplySchema);
    expect(openContact(world, asked, reply)).toEqual(CONTACT);
    expect(await openingEntries()).toHaveLength(before.length + 1);
    expect((await readOpening(world, asked.id)).result).toEqual(reply.result);
  });

  it.each(CASES)('%s fails %s it is done, then the registry restarts', async (step, when) => {
    const asked = await ask(world);
    const before = await openingEntries();
    const authorization = await createApproval(world, second, asked);
    world.broken.set(step, when);
    await postApproval(world, asked.id, authorization);
    world.broken.clear();
    await world.restart();
    const isPending = (await readOpening(world, asked.id)).status === 'pending';
    // Only where the approval itself was lost does somebody have to send it again.
    expect(isPending).toBe(step === 'openings.approve' && when === 'before');
    const reply = accepted(await postApproval(world, asked.id, authorization), openingReplySchema);
    expect(openContact(world, asked, reply)).toEqual(CONTACT);
    expect(await openingEntries()).toHaveLength(before.length + 1);
  });
});

describe('a force whose entries are delayed', () => {
  it.each(['before', 'after'] as const)(
    'opens behind a commitment, whatever step fails %s, and is revealed in time across a restart',
    async (when) => {
      const delayed = await createOpeningWorld({ delayDays: 2, revealIntervalMs: 10 });
      onTestFinished(async () => delayed.close());
      const start = delayed.clock.now;
      const asked = await ask(delayed);
      const approver = await createOfficer(delayed);
      const authorization = await createApproval(delayed, approver, asked);
      delayed.broken.set('openings.addHidden', when);
      expect(refusalOf(await postApproval(delayed, asked.id, authorization))).toMatchObject({ code: 'storageFailed' });
      delayed.broken.clear();
      const reply = accepted(await postApproval(delayed, asked.id, authorization), openingReplySchema);
      expect(openContact(delayed, asked, reply)).toEqual(CONTACT);
      const entries = await delayed.entries();
      expect(entries.map(({ kind }) => kind)).toEqual(['roster', 'registration', 'delayed', 'delayed', 'delayed']);
      const { logged, delayed: hides, markSalt } = reply.result as NonNullable<typeof reply.result>;
      const hidden = entries[logged.index] as EntryOf<'delayed'>;
      expect(hidden).toMatchObject({ of: 'opening', revealBy: hourOf(start) + 48 });
      const plain = openDelayed(hidden, hides as NonNullable<typeof hides>);
      expect(plain).toMatchObject({ kind: 'opening', mark: markHash(markSalt, asked.mark.row.commitment) });

      delayed.clock.now = start + 2 * DAY - 2 * HOUR;
      await delayed.restart();
      await expect.poll(async () => (await delayed.entries()).length, { timeout: 30_000 }).toBe(8);
      const reveals = (await delayed.entries()).slice(5) as EntryOf<'reveal'>[];
      expect(new Set(reveals.map(({ kind, entry }) => `${kind} ${entry}`))).toEqual(
        new Set(['reveal 2', 'reveal 3', 'reveal 4']),
      );
      for (const { hour } of reveals) expect(hour).toBeLessThan(hidden.revealBy);
      expect(await readOpening(delayed, asked.id)).toMatchObject({ status: 'opened', result: null });

      // A match is still known when what was hidden has been forgotten here.
      delayed.clock.now = start + 5 * DAY;
      await delayed.restart();
      await expect
        .poll(async () => delayed.stores.openings.findHidden(hidden.commitment), { timeout: 30_000 })
        .toBeNull();
      const later = await createAsk(delayed, await createOfficer(delayed), asked);
      expect((await postAsk(delayed, later)).status).toBe(200);
      const wrong = await createAsk(delayed, await createOfficer(delayed), asked, { change: { match: asked.lookup } });
      expect(refusalOf(await postAsk(delayed, wrong))).toMatchObject({ code: 'notMatched' });
    },
  );
});

it('hands out what guardians answered until the opening’s end, and not for as long as it is kept', async () => {
  const timed = await createOpeningWorld();
  onTestFinished(async () => timed.close());
  const asked = await ask(timed);
  const { expiresAt } = asked.request.details;
  const authorization = await createApproval(timed, await createOfficer(timed), asked);
  const opened = accepted(await postApproval(timed, asked.id, authorization), openingReplySchema);
  expect(openContact(timed, asked, opened)).toEqual(CONTACT);
  timed.clock.now = expiresAt + CLOCK_TOLERANCE;
  expect(await readOpening(timed, asked.id)).toEqual(opened);
  const over = { ...opened, status: 'opened', result: null };
  for (const now of [expiresAt + CLOCK_TOLERANCE + 1, expiresAt + 29 * DAY]) {
    timed.clock.now = now;
    expect(await readOpening(timed, asked.id)).toEqual(over);
    expect(accepted(await postApproval(timed, asked.id, authorization), openingReplySchema)).toEqual(over);
  }
});

it('refuses a second officer whose credential has run out', async () => {
  const timed = await createOpeningWorld();
  onTestFinished(async () => timed.close());
  const brief = await createOfficer(timed, { validSeconds: HOUR, key: createSigningKey() });
  const first = await createOfficer(timed);
  const hit = await lookUp(timed, first, await register(timed));
  const asked = await ask(timed, { first, mark: hit.mark });
  timed.clock.now += HOUR + 61;
  const authorization = await createApproval(timed, brief, asked);
  expect(refusalOf(await postApproval(timed, asked.id, authorization))).toEqual({
    code: 'credentialExpired',
    field: 'officerCredential',
  });
});
