/** What every storage engine must do for openings: one suite, run unchanged on each. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { MAX_MESSAGES, MAX_MESSAGES_OF_OPENING } from '../../../crypto/relay-message.ts';
import type {
  HiddenEntry,
  NewOpening,
  OpeningStore,
  StoredMessage,
  StoredRevocations,
} from '../../../server/store/opening-store.ts';

/** Where one test keeps its data. */
export interface OpeningPlace {
  /** Opens the store; again after `close`. */
  readonly open: () => Promise<OpeningStore>;
  readonly close: () => Promise<void>;
  readonly destroy: () => Promise<void>;
}

export function createHidden(fields: Partial<HiddenEntry> = {}): HiddenEntry {
  return {
    commitment: randomBytes(32),
    key: randomBytes(32),
    revealBy: 500_000,
    salt: randomBytes(32),
    plain: randomBytes(200),
    ...fields,
  };
}

export function createOpening(fields: Partial<NewOpening> = {}): NewOpening {
  return {
    id: randomBytes(32),
    index: randomBytes(32),
    commitment: randomBytes(32),
    ask: '{"asked":true}',
    keptUntil: 1_800_000_000,
    ...fields,
  };
}

export function createMessage({ id, commitment }: NewOpening, fields: Partial<StoredMessage> = {}): StoredMessage {
  return {
    id: randomBytes(32),
    opening: id,
    commitment,
    receivedOn: '2026-11-24',
    authorization: '{"request":"…"}',
    box: randomBytes(1096),
    ...fields,
  };
}

export function createRevocations(fields: Partial<StoredRevocations> = {}): Omit<StoredRevocations, 'since'> {
  return {
    force: 'demo-force',
    issuedAt: 1_800_000_000,
    hash: randomBytes(32),
    forceCredential: 'credential',
    list: 'list',
    ...fields,
  };
}

const KEEP = { openings: 0, revealed: 0, unused: 0 };

/** Stores an opening that has its result. */
export async function addOpened(store: OpeningStore, fields: Partial<NewOpening> = {}): Promise<NewOpening> {
  const opening = createOpening(fields);
  expect(await store.addOpening(opening)).toBe('added');
  expect(await store.approve(opening.id, 'approval')).toBe('approved');
  expect(await store.saveResult(opening.id, 'result')).toBe('result');
  return opening;
}

/** Runs the suite on an engine. */
export function describeOpeningStore(engine: string, createPlace: () => Promise<OpeningPlace>): void {
  describe(`opening store: ${engine}`, () => {
    let place: OpeningPlace;
    let store: OpeningStore;

    beforeEach(async () => {
      place = await createPlace();
      store = await place.open();
    });

    afterEach(async () => {
      await place.close();
      await place.destroy();
    });

    async function reopen(): Promise<void> {
      await place.close();
      store = await place.open();
    }

    describe('hidden entries', () => {
      it('are found by commitment and by append key, the later one first', async () => {
        const key = randomBytes(32);
        const [first, second] = [createHidden({ key }), createHidden({ key, revealBy: 500_024 })];
        const other = createHidden();
        await store.addHidden([first, second]);
        await store.addHidden([other]);
        await store.addHidden([]);
        expect(await store.findHiddenByKey(key)).toEqual([second, first]);
        expect(await store.findHidden(first.commitment)).toEqual(first);
        expect(await store.findHidden(other.commitment)).toEqual(other);
        expect(await store.findHidden(key)).toBeNull();
        expect(await store.findHiddenByKey(first.commitment)).toEqual([]);
      });

      it('keep the first record of a commitment', async () => {
        const hidden = createHidden();
        await store.addHidden([hidden]);
        const other = createHidden();
        await store.addHidden([{ ...hidden, revealBy: 1, plain: randomBytes(10) }, other]);
        expect(await store.findHidden(other.commitment)).toEqual(other);
        expect(await store.findHidden(hidden.commitment)).toEqual(hidden);
      });

      it('are listed page by page in the order of their ends, up to an hour, until they are revealed', async () => {
        const all = [3, 1, 2, 2, 2].map((revealBy) => createHidden({ revealBy }));
        await store.addHidden(all);
        const wanted = all
          .filter(({ revealBy }) => revealBy <= 2)
          .sort((a, b) => a.revealBy - b.revealBy || Buffer.compare(a.commitment, b.commitment));
        const listed: HiddenEntry[] = [];
        for (;;) {
          const page = await store.listHidden(2, listed.at(-1) ?? null, 3);
          listed.push(...page);
          if (page.length === 0) break;
          expect(page.length).toBeLessThanOrEqual(3);
        }
        expect(listed).toEqual(wanted);
        await store.markRevealed(wanted.slice(1).map(({ commitment }) => commitment));
        expect(await store.listHidden(2, null, 10)).toEqual(wanted.slice(0, 1));
        expect(await store.findHidden((wanted[1] as HiddenEntry).commitment)).toEqual(wanted[1]);
        await store.removeHidden(wanted.map(({ commitment }) => commitment));
        expect(await store.listHidden(9, null, 10)).toEqual(all.slice(0, 1));
      });

      it('are purged by whether they were revealed', async () => {
        const [revealed, hidden] = [createHidden({ revealBy: 100 }), createHidden({ revealBy: 100 })];
        await store.addHidden([revealed, hidden]);
        await store.markRevealed([revealed.commitment]);
        await store.purge({ ...KEEP, revealed: 99, unused: 99 });
        expect(await store.findHidden(revealed.commitment)).toEqual(revealed);
        await store.purge({ ...KEEP, revealed: 100 });
        expect(await store.findHidden(revealed.commitment)).toBeNull();
        expect(await store.findHidden(hidden.commitment)).toEqual(hidden);
        await store.purge({ ...KEEP, unused: 100 });
        expect(await store.findHidden(hidden.commitment)).toBeNull();
      });
    });

    describe('openings', () => {
      it('go from asked to approved to opened, each once', async () => {
        const opening = createOpening();
        expect(await store.addOpening(opening)).toBe('added');
        expect(await store.findOpening(opening.id)).toEqual({ ...opening, approval: null, result: null });
        expect(await store.saveResult(opening.id, 'too early')).toBeNull();
        expect(await store.approve(opening.id, 'approval')).toBe('approved');
        expect(await store.approve(opening.id, 'approval')).toBe('again');
        expect(await store.approve(opening.id, 'another')).toBe('taken');
        expect(await store.saveResult(opening.id, 'result')).toBe('result');
        expect(await store.saveResult(opening.id, 'another')).toBe('result');
        expect(await store.addOpening({ ...opening, ask: 'another' })).toBe('again');
        expect(await store.findOpening(opening.id)).toEqual({ ...opening, approval: 'approval', result: 'result' });
      });

      it('are known by their id alone', async () => {
        const opening = createOpening();
        await store.addOpening(opening);
        expect(await store.findOpening(randomBytes(32))).toBeNull();
        expect(await store.approve(randomBytes(32), 'approval')).toBe('notFound');
        expect(await store.saveResult(randomBytes(32), 'result')).toBeNull();
      });

      it('let one of many approvals and one of many results win', async () => {
        const { id } = createOpening();
        await store.addOpening(createOpening({ id }));
        const approvals = await Promise.all(Array.from({ length: 10 }, (_, i) => store.approve(id, `approval ${i}`)));
        expect(approvals.toSorted()).toEqual(['approved', ...Array.from({ length: 9 }, () => 'taken')]);
        const results = await Promise.all(Array.from({ length: 10 }, (_, i) => store.saveResult(id, `result ${i}`)));
        expect(new Set(results).size).toBe(1);
      });

      it('are purged at their end, without the others', async () => {
        const [early, late] = [createOpening({ keptUntil: 100 }), createOpening({ keptUntil: 101 })];
        for (const opening of [early, late]) await store.addOpening(opening);
        await store.purge({ ...KEEP, openings: 99 });
        expect(await store.findOpening(early.id)).not.toBeNull();
        await store.purge({ ...KEEP, openings: 100 });
        expect(await store.findOpening(early.id)).toBeNull();
        expect(await store.findOpening(late.id)).not.toBeNull();
      });
    });

    describe('messages', () => {
      it('wait in their order until they are acknowledged', async () => {
        const opening = await addOpened(store);
        const messages = [1, 2, 3].map(() => createMessage(opening));
        for (const message of messages) expect(await store.addMessage(message)).toBe('added');
        expect(await store.listMessages(opening.commitment)).toEqual(messages);
        const [first, second, third] = messages as [StoredMessage, StoredMessage, StoredMessage];
        await store.acknowledgeMessages(opening.commitment, [second.id, randomBytes(32)]);
        expect(await store.listMessages(opening.commitment)).toEqual([first, third]);
        await store.acknowledgeMessages(randomBytes(32), [first.id]);
        expect(await store.listMessages(opening.commitment)).toEqual([first, third]);
      });

      it('are stored once, waiting or acknowledged', async () => {
        const opening = await addOpened(store);
        const message = createMessage(opening);
        await store.addMessage(message);
        expect(await store.addMessage(message)).toBe('again');
        await store.acknowledgeMessages(opening.commitment, [message.id]);
        expect(await store.addMessage(message)).toBe('again');
        expect(await store.listMessages(opening.commitment)).toEqual([]);
      });

      it(`wait at most ${MAX_MESSAGES} a registration, of whatever opening`, async () => {
        const commitment = randomBytes(32);
        const openings = await Promise.all(Array.from({ length: 5 }, async () => addOpened(store, { commitment })));
        const messages = Array.from({ length: MAX_MESSAGES }, (_, i) => createMessage(openings[i % 5] as NewOpening));
        const results = await Promise.all(messages.map((message) => store.addMessage(message)));
        expect(new Set(results)).toEqual(new Set(['added']));
        const late = createMessage(openings[4] as NewOpening);
        expect(await store.addMessage(late)).toBe('full');
        expect(await store.addMessage(messages[0] as StoredMessage)).toBe('again');
        expect(await store.addMessage(createMessage(await addOpened(store)))).toBe('added');
        await store.acknowledgeMessages(commitment, [(messages[0] as StoredMessage).id]);
        expect(await store.addMessage(late)).toBe('added');
        expect((await store.listMessages(commitment)).at(-1)).toEqual(late);
      });

      it(`wait at most ${MAX_MESSAGES_OF_OPENING} an opening, so that the messages of one leave room for others’`, async () => {
        const commitment = randomBytes(32);
        const [one, other] = [await addOpened(store, { commitment }), await addOpened(store, { commitment })];
        const messages = Array.from({ length: MAX_MESSAGES_OF_OPENING }, () => createMessage(one));
        for (const message of messages) expect(await store.addMessage(message)).toBe('added');
        const late = createMessage(one);
        expect(await store.addMessage(late)).toBe('full');
        expect(await store.addMessage(messages[0] as StoredMessage)).toBe('again');
        expect(await store.addMessage(createMessage(other))).toBe('added');
        await store.acknowledgeMessages(commitment, [(messages[0] as StoredMessage).id]);
        expect(await store.addMessage(late)).toBe('added');
        expect(await store.addMessage(createMessage(one))).toBe('full');
      });

      it('need an opening of this registration that has a result', async () => {
        const opened = await addOpened(store);
        const asked = createOpening();
        await store.addOpening(asked);
        expect(await store.addMessage(createMessage(asked))).toBe('notOpened');
        await store.approve(asked.id, 'approval');
        expect(await store.addMessage(createMessage(asked))).toBe('notOpened');
        expect(await store.addMessage(createMessage(createOpening()))).toBe('notOpened');
        expect(await store.addMessage(createMessage(opened, { commitment: randomBytes(32) }))).toBe('notOpened');
        expect(await store.listMessages(opened.commitment)).toEqual([]);
      });

      it('outlive their opening unless they are acknowledged', async () => {
        const opening = await addOpened(store, { keptUntil: 100 });
        const messages = [createMessage(opening), createMessage(opening)] as const;
        for (const message of messages) await store.addMessage(message);
        await store.acknowledgeMessages(opening.commitment, [messages[0].id]);
        await store.purge({ ...KEEP, openings: 100 });
        expect(await store.findOpening(opening.id)).toBeNull();
        expect(await store.listMessages(opening.commitment)).toEqual([messages[1]]);
        expect(await store.addMessage(messages[0])).toBe('notOpened');
      });
    });

    it('erases what belongs to a registration, and nothing else', async () => {
      const [gone, kept] = [await addOpened(store), await addOpened(store)];
      const messages = [createMessage(gone), createMessage(kept)] as const;
      for (const message of messages) await store.addMessage(message);
      const pending = createOpening({ commitment: gone.commitment });
      await store.addOpening(pending);
      await store.eraseRegistration(gone.commitment);
      for (const { id } of [gone, pending]) expect(await store.findOpening(id)).toBeNull();
      expect(await store.listMessages(gone.commitment)).toEqual([]);
      expect(await store.findOpening(kept.id)).not.toBeNull();
      expect(await store.listMessages(kept.commitment)).toEqual([messages[1]]);
    });

    describe('revocation lists', () => {
      it('give way to younger ones, and remember since when they revoke the same', async () => {
        const first = createRevocations({ issuedAt: 100 });
        const stored = { ...first, since: 100 };
        expect(await store.saveRevocations(first)).toEqual({ result: 'taken', stored });
        expect(await store.saveRevocations(first)).toEqual({ result: 'again', stored });
        const [older, sameSecond] = [createRevocations({ issuedAt: 99 }), createRevocations({ issuedAt: 100 })];
        for (const list of [older, sameSecond]) {
          expect(await store.saveRevocations(list)).toEqual({ result: 'again', stored });
        }
        expect(await store.findRevocations('demo-force')).toEqual(stored);
        const same = { ...first, issuedAt: 160, list: 'signed anew' };
        expect(await store.saveRevocations(same)).toEqual({ result: 'taken', stored: { ...same, since: 100 } });
        const changed = createRevocations({ issuedAt: 220 });
        await store.saveRevocations(changed);
        const back = { ...same, issuedAt: 280 };
        expect(await store.saveRevocations(back)).toEqual({ result: 'taken', stored: { ...back, since: 280 } });
        expect(await store.findRevocations('demo-force')).toEqual({ ...back, since: 280 });
      });

      it('are each force’s own', async () => {
        await store.saveRevocations(createRevocations());
        expect(await store.findRevocations('other-force')).toBeNull();
        const other = createRevocations({ force: 'other-force', issuedAt: 1 });
        expect((await store.saveRevocations(other)).result).toBe('taken');
      });
    });

    it('keeps everything', async () => {
      const [hidden, revealed, opening] = [createHidden(), createHidden(), await addOpened(store)];
      await store.addHidden([hidden, revealed]);
      await store.markRevealed([revealed.commitment]);
      const message = createMessage(opening);
      await store.addMessage(message);
      const list = createRevocations();
      await store.saveRevocations(list);
      await reopen();
      expect(await store.listHidden(10 ** 6, null, 10)).toEqual([hidden]);
      expect(await store.findHidden(revealed.commitment)).toEqual(revealed);
      expect(await store.findOpening(opening.id)).toEqual({ ...opening, approval: 'approval', result: 'result' });
      expect(await store.listMessages(opening.commitment)).toEqual([message]);
      expect(await store.findRevocations('demo-force')).toEqual({ ...list, since: list.issuedAt });
    });

    it.each<[string, (store: OpeningStore) => Promise<unknown>]>([
      ['commitment', (s) => s.addHidden([createHidden({ commitment: randomBytes(31) })])],
      ['key', (s) => s.addHidden([createHidden({ key: randomBytes(33) })])],
      ['salt', (s) => s.addHidden([createHidden({ salt: randomBytes(16) })])],
      ['id', (s) => s.addOpening(createOpening({ id: randomBytes(31) }))],
      ['index', (s) => s.addOpening(createOpening({ index: randomBytes(31) }))],
      ['commitment', (s) => s.addOpening(createOpening({ commitment: randomBytes(31) }))],
      ['id', (s) => s.addMessage(createMessage(createOpening(), { id: randomBytes(31) }))],
      ['hash', (s) => s.saveRevocations(createRevocations({ hash: randomBytes(31) }))],
    ])('refuses a %s of another length (%#)', async (field, write) => {
      await expect(write(store)).rejects.toMatchObject({ code: 'badInput', field });
    });
  });
}
