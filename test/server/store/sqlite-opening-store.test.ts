import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bytesToHex, randomBytes } from '../../../crypto/bytes.ts';
import type { CommitHooks } from '../../../server/database/group-commit.ts';
import { openSqliteStores, type SqliteStores } from '../../../server/store/sqlite/open-stores.ts';
import type { NewOpening, OpeningStore } from '../../../server/store/opening-store.ts';
import { createFolder } from '../../support/folder.ts';
import { refusal } from '../../support/refusal.ts';
import {
  addOpened,
  createHidden,
  createMessage,
  createOpening,
  createRevocations,
  describeOpeningStore,
} from './opening-contract.ts';

describeOpeningStore('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'blindmark-'));
  let stores: SqliteStores | undefined;
  return {
    open: async () => {
      stores = openSqliteStores(join(folder, 'registry.db'));
      return stores.openings;
    },
    close: async () => stores?.close(),
    destroy: async () => rmSync(folder, { recursive: true, force: true }),
  };
});

/** One write of each operation on prepared data, with its answer the first time, and once it is stored. */
interface Write {
  readonly name: string;
  readonly write: (store: OpeningStore) => Promise<unknown>;
  readonly answer: unknown;
  readonly after: unknown;
}

const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const opened = createOpening({ id: bytes(1), commitment: bytes(2) });
const asked = createOpening({ id: bytes(3), commitment: bytes(4) });
const approved = createOpening({ id: bytes(5) });
const hidden = createHidden();
const message = createMessage(opened);
const list = createRevocations();

async function prepare(store: OpeningStore): Promise<void> {
  await addOpened(store, opened);
  for (const opening of [asked, approved]) await store.addOpening(opening);
  await store.approve(approved.id, 'approval');
}

const WRITES: readonly Write[] = [
  { name: 'addHidden', write: (s) => s.addHidden([hidden]), answer: undefined, after: undefined },
  { name: 'addOpening', write: (s) => s.addOpening(createOpening({ id: bytes(7) })), answer: 'added', after: 'again' },
  { name: 'approve', write: (s) => s.approve(asked.id, 'approval'), answer: 'approved', after: 'again' },
  { name: 'saveResult', write: (s) => s.saveResult(approved.id, 'result'), answer: 'result', after: 'result' },
  { name: 'addMessage', write: (s) => s.addMessage(message), answer: 'added', after: 'again' },
  {
    name: 'saveRevocations',
    write: async (s) => (await s.saveRevocations(list)).result,
    answer: 'taken',
    after: 'again',
  },
];

describe('broken commits', () => {
  it.each(WRITES)('$name: nothing is stored when the commit fails, and the retry is the first', async (each) => {
    let isBroken = false;
    const hooks: CommitHooks = {
      beforeCommit: () => {
        if (isBroken) throw new Error('no space left');
      },
    };
    const stores = openSqliteStores(join(createFolder(), 'registry.db'), { hooks });
    onTestFinished(() => stores.close());
    await prepare(stores.openings);
    isBroken = true;
    await expect(each.write(stores.openings)).rejects.toThrow(refusal('storageFailed'));
    isBroken = false;
    expect(await each.write(stores.openings)).toEqual(each.answer);
  });

  it.each(WRITES)('$name: what failed after it was stored shows at the retry, over a restart too', async (each) => {
    const file = join(createFolder(), 'registry.db');
    let isBroken = false;
    const hooks: CommitHooks = {
      afterCommit: () => {
        if (isBroken) throw new Error('lost reply');
      },
    };
    const stores = openSqliteStores(file, { hooks });
    await prepare(stores.openings);
    isBroken = true;
    await expect(each.write(stores.openings)).rejects.toThrow(refusal('storageFailed'));
    isBroken = false;
    await stores.close();
    const again = openSqliteStores(file);
    onTestFinished(() => again.close());
    expect(await each.write(again.openings)).toEqual(each.after);
  });

  it('erases messages and openings of a registration together, or neither', async () => {
    let isBroken = false;
    const hooks: CommitHooks = {
      beforeCommit: () => {
        if (isBroken) throw new Error('no space left');
      },
    };
    const stores = openSqliteStores(join(createFolder(), 'registry.db'), { hooks });
    onTestFinished(() => stores.close());
    await prepare(stores.openings);
    await stores.openings.addMessage(message);
    isBroken = true;
    await expect(stores.openings.eraseRegistration(opened.commitment)).rejects.toThrow(refusal('storageFailed'));
    isBroken = false;
    expect(await stores.openings.findOpening(opened.id)).not.toBeNull();
    expect(await stores.openings.listMessages(opened.commitment)).toEqual([message]);
  });
});

describe('files', () => {
  it('hold nothing of an acknowledged message or of an erased registration', async () => {
    const file = join(createFolder(), 'registry.db');
    const stores = openSqliteStores(file);
    const boxes: Uint8Array[] = [];
    const openings: NewOpening[] = [];
    for (let i = 0; i < 20; i++) {
      const opening = await addOpened(stores.openings, { ask: `asked ${bytesToHex(randomBytes(20))}` });
      const left = createMessage(opening);
      await stores.openings.addMessage(left);
      openings.push(opening);
      boxes.push(left.box);
    }
    for (const [i, { commitment }] of openings.entries()) {
      const [left] = await stores.openings.listMessages(commitment);
      if (i % 2 === 0) await stores.openings.eraseRegistration(commitment);
      else await stores.openings.acknowledgeMessages(commitment, [(left as { id: Uint8Array }).id]);
    }
    await stores.close();
    const content = readFileSync(file);
    expect(boxes.filter((box) => content.includes(Buffer.from(box.subarray(0, 64))))).toEqual([]);
    const kept = openings.filter(({ ask }) => content.includes(ask));
    expect(kept).toEqual(openings.filter((_, i) => i % 2 === 1));
  });

  it('grow when nothing is hidden as when something is', async () => {
    const file = join(createFolder(), 'registry.db');
    const stores = openSqliteStores(file);
    onTestFinished(() => stores.close());
    await stores.openings.addHidden([]);
    const size = (): number => statSync(`${file}-wal`).size;
    const before = size();
    await stores.openings.addHidden([]);
    const after = size();
    expect(after).toBeGreaterThan(before);
  });

  it('refuses every operation once it is closed', async () => {
    const stores = openSqliteStores(join(createFolder(), 'registry.db'));
    await stores.close();
    const { openings } = stores;
    const operations = [
      ...WRITES.map(
        ({ write }) =>
          () =>
            write(openings),
      ),
      () => openings.findHidden(bytes(1)),
      () => openings.findHiddenByKey(bytes(1)),
      () => openings.listHidden(1, null, 1),
      () => openings.markRevealed([]),
      () => openings.removeHidden([]),
      () => openings.findOpening(bytes(1)),
      () => openings.listMessages(bytes(1)),
      () => openings.acknowledgeMessages(bytes(1), []),
      () => openings.eraseRegistration(bytes(1)),
      () => openings.findRevocations('demo-force'),
      () => openings.purge({ openings: 0, revealed: 0, unused: 0 }),
    ];
    for (const operation of operations) await expect(operation()).rejects.toThrow(refusal('storageFailed'));
  });
});
