/** What every storage engine of the registry must do, run unchanged on each: registrations, evaluations and lookups. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { MAX_CLAIMS, STATUSES, type RegistrationRow } from '../../../crypto/registration.ts';
import { MAX_ELEMENTS } from '../../../crypto/wire.ts';
import {
  type HistoryRecord,
  type LookupClaim,
  type RecordedEvaluation,
  type RegistryStore,
} from '../../../server/store/store.ts';
import { createRow, nextVersion } from '../../support/rows.ts';

/** Where one test keeps its data: an empty file, or an empty database of a cluster. */
export interface StorePlace {
  /** Opens the store; again after it was closed. */
  readonly open: () => Promise<RegistryStore>;
  readonly destroy: () => Promise<void>;
}

/** Epoch seconds at which the suites play. */
export const NOW = 1_800_000_000;

export function createEvaluation(fields: Partial<RecordedEvaluation> = {}): RecordedEvaluation {
  return { hash: randomBytes(32), officer: randomBytes(32), tagLimit: 3, entry: 7, expiresAt: NOW + 600, ...fields };
}

/** What a claim of an evaluation of {@link createEvaluation} is answered. */
const CLAIMED = { result: 'claimed', entry: 7 };
const AGAIN = { result: 'again', entry: 7 };

export function createRecord(fields: Partial<HistoryRecord> = {}): HistoryRecord {
  return { key: randomBytes(32), kind: 'match', hour: NOW / 3600, ...fields };
}

export function createClaim(evaluation: RecordedEvaluation, fields: Partial<LookupClaim> = {}): LookupClaim {
  const { hash, officer, tagLimit } = evaluation;
  return { evaluation: hash, officer, tags: tagLimit, requestHash: randomBytes(32), now: NOW, ...fields };
}

function changed(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[copy.length - 1] = (copy[copy.length - 1] as number) ^ 1;
  return copy;
}

export function count<T>(values: readonly T[], value: T): number {
  return values.filter((each) => each === value).length;
}

/** Runs the suite on an engine. */
export function describeRegistryStore(engine: string, createPlace: () => Promise<StorePlace>): void {
  describe(`registry store: ${engine}`, () => {
    let place: StorePlace;
    let store: RegistryStore;

    beforeEach(async () => {
      place = await createPlace();
      store = await place.open();
    });

    afterEach(async () => {
      await store.close();
      await place.destroy();
    });

    async function reopen(): Promise<void> {
      await store.close();
      store = await place.open();
    }

    /** Registers counter-claims of one code, one after the other. */
    async function registerClaims(number: number, index: Uint8Array = randomBytes(32)): Promise<RegistrationRow[]> {
      const rows = Array.from({ length: number }, () => createRow({ index }));
      for (const row of rows) expect(await store.register(row, randomBytes(32))).toBe('registered');
      return rows;
    }

    async function find(index: Uint8Array): Promise<RegistrationRow[]> {
      const [rows] = await store.findByIndexes([index]);
      return rows as RegistrationRow[];
    }

    describe('register', () => {
      it('keeps every field of rows of each size and status', async () => {
        const rows = STATUSES.map((status, i) =>
          createRow({
            status,
            itemEnvelope: randomBytes(512 * 2 ** i),
            contactEnvelope: [null, randomBytes(512), randomBytes(1024), null][i] ?? null,
            version: [1, 2, 1000, 2 ** 31 - 1][i] as number,
            epoch: [1, 2, 3, 2 ** 31 - 1][i] as number,
            registeredOn: ['1970-01-01', '2024-02-29', '2026-12-31', '2999-06-30'][i] as string,
          }),
        );
        for (const row of rows) expect(await store.register(row, randomBytes(32))).toBe('registered');
        for (const row of rows) {
          expect(await find(row.index)).toEqual([row]);
          expect(await store.findByCommitment(row)).toEqual(row);
        }
      });

      it('says again to the same row, whatever the nonce, and spends nothing', async () => {
        const [row, nonce, second] = [createRow(), randomBytes(32), randomBytes(32)];
        expect(await store.register(row, nonce)).toBe('registered');
        expect(await store.register(row, nonce)).toBe('again');
        expect(await store.register(row, second)).toBe('again');
        expect(await find(row.index)).toEqual([row]);
        expect(await store.register(createRow(), second)).toBe('registered');
      });

      it('refuses the commitment with any other content, and spends nothing', async () => {
        const row = createRow();
        await store.register(row, randomBytes(32));
        const others: Partial<RegistrationRow>[] = [
          { salt: changed(row.salt) },
          { itemEnvelope: changed(row.itemEnvelope) },
          { itemEnvelope: randomBytes(1024) },
          { contactEnvelope: randomBytes(512) },
          { status: 'lost' },
          { version: 2 },
          { epoch: 2 },
          { registeredOn: '2026-03-02' },
          { rowSignature: changed(row.rowSignature) },
        ];
        const nonce = randomBytes(32);
        for (const other of others) expect(await store.register({ ...row, ...other }, nonce)).toBe('alreadyRegistered');
        expect(await find(row.index)).toEqual([row]);
        expect(await store.register(createRow(), nonce)).toBe('registered');
      });

      it('lets a nonce make one registration, even after that one is erased', async () => {
        const [row, nonce] = [createRow(), randomBytes(32)];
        await store.register(row, nonce);
        const other = createRow();
        expect(await store.register(other, nonce)).toBe('tokenSpent');
        expect(await store.findByCommitment(other)).toBeNull();
        expect(await store.erase(row, 1)).toBe('erased');
        expect(await store.register(other, nonce)).toBe('tokenSpent');
        expect(await store.register(row, nonce)).toBe('tokenSpent');
        expect(await store.register(row, randomBytes(32))).toBe('registered');
      });

      it(`takes ${MAX_CLAIMS} claims of a code and spends nothing for more`, async () => {
        const rows = await registerClaims(MAX_CLAIMS);
        const { index } = rows[0] as RegistrationRow;
        const [late, nonce] = [createRow({ index }), randomBytes(32)];
        expect(await store.register(late, nonce)).toBe('claimsFull');
        expect(await find(index)).toEqual(rows);
        expect(await store.erase(rows[0] as RegistrationRow, 1)).toBe('erased');
        expect(await store.register(late, nonce)).toBe('registered');
        expect(await find(index)).toEqual([...rows.slice(1), late]);
      });

      it.each(['index', 'commitment'] as const)('refuses a %s of another length', async (field) => {
        const row = createRow({ [field]: randomBytes(31) });
        await expect(store.register(row, randomBytes(32))).rejects.toMatchObject({ code: 'badInput', field });
      });

      it('refuses a nonce of another length', async () => {
        const row = createRow();
        await expect(store.register(row, randomBytes(33))).rejects.toMatchObject({ code: 'badInput' });
        expect(await store.findByCommitment(row)).toBeNull();
      });
    });

    describe('find', () => {
      it('answers each index in the order asked, repeated and unknown ones too', async () => {
        const [a] = await registerClaims(1);
        const b = await registerClaims(3);
        const [indexA, indexB] = [(a as RegistrationRow).index, (b[0] as RegistrationRow).index];
        const found = await store.findByIndexes([indexB, randomBytes(32), indexA, indexB]);
        expect(found).toEqual([b, [], [a], b]);
        expect(await store.findByIndexes([])).toEqual([]);
      });

      it(`takes ${MAX_ELEMENTS} indexes and refuses more`, async () => {
        const indexes = Array.from({ length: MAX_ELEMENTS }, () => randomBytes(32));
        expect(await store.findByIndexes(indexes)).toEqual(indexes.map(() => []));
        await expect(store.findByIndexes([...indexes, randomBytes(32)])).rejects.toMatchObject({
          code: 'badInput',
          field: 'indexes',
        });
      });

      it('tells indexes apart that differ in their last bits alone', async () => {
        const index = randomBytes(32);
        const near = changed(index);
        const [first] = await registerClaims(1, index);
        const [second] = await registerClaims(1, near);
        const [third] = await registerClaims(1, index);
        expect(await store.findByIndexes([index, near])).toEqual([[first, third], [second]]);
        expect(await store.erase(first as RegistrationRow, 1)).toBe('erased');
        expect(await store.findByIndexes([index, near])).toEqual([[third], [second]]);
      });

      it('finds a commitment under its own index alone', async () => {
        const [row] = (await registerClaims(1)) as [RegistrationRow];
        expect(await store.findByCommitment({ index: row.index, commitment: row.commitment })).toEqual(row);
        expect(await store.findByCommitment({ index: row.index, commitment: randomBytes(32) })).toBeNull();
        for (const index of [randomBytes(32), changed(row.index)]) {
          const misplaced = { ...row, index };
          expect(await store.findByCommitment(misplaced)).toBeNull();
          expect(await store.replace({ ...misplaced, version: 2 }, 1, [])).toBe('notFound');
          expect(await store.erase(misplaced, 1)).toBe('notFound');
        }
        expect(await find(row.index)).toEqual([row]);
      });

      it('hands out copies', async () => {
        const [row] = (await registerClaims(1)) as [RegistrationRow];
        const found = (await store.findByCommitment(row)) as RegistrationRow;
        found.itemEnvelope.fill(0);
        expect(await store.findByCommitment(row)).toEqual(row);
      });
    });

    describe('replace and erase', () => {
      it('replaces the expected version alone, in its place among the claims', async () => {
        const [a, b, c] = (await registerClaims(3)) as [RegistrationRow, RegistrationRow, RegistrationRow];
        const next = nextVersion(b, { contactEnvelope: randomBytes(1024), itemEnvelope: randomBytes(4096) });
        expect(await store.replace(next, 2, [])).toBe('versionConflict');
        expect(await store.replace(next, 0, [])).toBe('versionConflict');
        expect(await find(a.index)).toEqual([a, b, c]);
        expect(await store.replace(next, 1, [])).toBe('replaced');
        expect(await find(a.index)).toEqual([a, next, c]);
        expect(await store.replace(next, 1, [])).toBe('versionConflict');
        expect(await store.replace(createRow(), 1, [])).toBe('notFound');
      });

      it('holds a registration against the row as it is now', async () => {
        const [row] = (await registerClaims(1)) as [RegistrationRow];
        const next = nextVersion(row);
        await store.replace(next, 1, []);
        expect(await store.register(row, randomBytes(32))).toBe('alreadyRegistered');
        expect(await store.register(next, randomBytes(32))).toBe('again');
      });

      it('erases the expected version alone, and leaves the others in their order', async () => {
        const [a, b, c, d] = (await registerClaims(4)) as [
          RegistrationRow,
          RegistrationRow,
          RegistrationRow,
          RegistrationRow,
        ];
        expect(await store.erase(b, 2)).toBe('versionConflict');
        expect(await store.erase(b, 1)).toBe('erased');
        expect(await find(a.index)).toEqual([a, c, d]);
        expect(await store.findByCommitment(b)).toBeNull();
        expect(await store.erase(b, 1)).toBe('notFound');
        expect(await store.replace(nextVersion(b), 1, [])).toBe('notFound');
        const [e] = (await registerClaims(1, a.index)) as [RegistrationRow];
        expect(await find(a.index)).toEqual([a, c, d, e]);
        for (const row of [d, a, e, c]) expect(await store.erase(row, 1)).toBe('erased');
        expect(await find(a.index)).toEqual([]);
      });
    });

    describe('evaluations and lookups', () => {
      it('lets one lookup use an evaluation, and knows it again', async () => {
        const evaluation = createEvaluation();
        await store.recordEvaluation(evaluation);
        const claim = createClaim(evaluation);
        expect(await store.claimLookup(claim)).toEqual(CLAIMED);
        expect(await store.claimLookup(claim)).toEqual(AGAIN);
        expect(await store.claimLookup(createClaim(evaluation))).toEqual({ result: 'replayed' });
        expect(await store.claimLookup(claim)).toEqual(AGAIN);
      });

      it('requires an evaluation of this officer, for so many tags, in time; and a refusal uses nothing', async () => {
        const evaluation = createEvaluation();
        await store.recordEvaluation(evaluation);
        const refused: Partial<LookupClaim>[] = [
          { evaluation: randomBytes(32) },
          { officer: randomBytes(32) },
          { tags: evaluation.tagLimit + 1 },
        ];
        for (const fields of refused) {
          expect(await store.claimLookup(createClaim(evaluation, fields))).toEqual({ result: 'evaluationRequired' });
        }
        expect(await store.claimLookup(createClaim(evaluation, { now: evaluation.expiresAt - 1, tags: 1 }))).toEqual(
          CLAIMED,
        );
        const late = createEvaluation({ expiresAt: NOW + 900 });
        await store.recordEvaluation(late);
        expect(await store.claimLookup(createClaim(late, { now: NOW + 900 }))).toEqual({
          result: 'evaluationRequired',
        });
      });

      it('keeps the first record of a hash', async () => {
        const evaluation = createEvaluation();
        await store.recordEvaluation(evaluation);
        await store.recordEvaluation({ ...evaluation, officer: randomBytes(32), tagLimit: 64, expiresAt: NOW + 9000 });
        expect(await store.claimLookup(createClaim(evaluation, { tags: 4 }))).toEqual({ result: 'evaluationRequired' });
        expect(await store.claimLookup(createClaim(evaluation))).toEqual(CLAIMED);
        await store.recordEvaluation(evaluation);
        expect(await store.claimLookup(createClaim(evaluation))).toEqual({ result: 'replayed' });
        expect(await store.claimLookup(createClaim(evaluation, { now: evaluation.expiresAt }))).toEqual({
          result: 'evaluationRequired',
        });
      });

      it('takes no purged evaluation a second time when the clock is set back', async () => {
        const used = createEvaluation({ expiresAt: NOW + 60 });
        await store.recordEvaluation(used);
        expect(await store.claimLookup(createClaim(used))).toEqual(CLAIMED);
        expect(await store.claimLookup(createClaim(createEvaluation(), { now: NOW + 61 }))).toEqual({
          result: 'evaluationRequired',
        });
        await expect(store.recordEvaluation(used)).rejects.toMatchObject({ code: 'credentialExpired' });
        expect(await store.claimLookup(createClaim(used, { now: NOW }))).toEqual({ result: 'evaluationRequired' });
        await reopen();
        await expect(store.recordEvaluation(used)).rejects.toMatchObject({ code: 'credentialExpired' });
      });

      it('loses to a clock that ran ahead no more than what ended before', async () => {
        const ended = createEvaluation({ expiresAt: NOW + 60 });
        await store.recordEvaluation(ended);
        await store.claimLookup(createClaim(ended, { now: NOW + 10 ** 9 }));
        const next = createEvaluation({ expiresAt: NOW + 61 });
        await store.recordEvaluation(next);
        expect(await store.claimLookup(createClaim(next))).toEqual(CLAIMED);
      });

      it.each(['hash', 'officer'] as const)('refuses a record whose %s has another length', async (field) => {
        const evaluation = createEvaluation({ [field]: randomBytes(31) });
        await expect(store.recordEvaluation(evaluation)).rejects.toMatchObject({ code: 'badInput', field });
      });
    });

    describe('in parallel', () => {
      it('registers different codes', async () => {
        const rows = Array.from({ length: 200 }, () => createRow());
        const results = await Promise.all(rows.map((row) => store.register(row, randomBytes(32))));
        expect(count(results, 'registered')).toBe(200);
        for (const row of rows) expect(await store.findByCommitment(row)).toEqual(row);
      });

      it('stores one of many equal calls', async () => {
        const [row, nonce] = [createRow(), randomBytes(32)];
        const results = await Promise.all(Array.from({ length: 20 }, () => store.register(row, nonce)));
        expect([count(results, 'registered'), count(results, 'again')]).toEqual([1, 19]);
        expect(await find(row.index)).toEqual([row]);
      });

      it('lets a nonce make one registration', async () => {
        const nonce = randomBytes(32);
        const rows = Array.from({ length: 20 }, () => createRow());
        const results = await Promise.all(rows.map((row) => store.register(row, nonce)));
        expect([count(results, 'registered'), count(results, 'tokenSpent')]).toEqual([1, 19]);
        const found = await Promise.all(rows.map((row) => store.findByCommitment(row)));
        expect(found.map((row) => row !== null)).toEqual(results.map((result) => result === 'registered'));
      });

      it(`takes ${MAX_CLAIMS} claims of a code`, async () => {
        const index = randomBytes(32);
        const rows = Array.from({ length: 10 }, () => createRow({ index }));
        const results = await Promise.all(rows.map((row) => store.register(row, randomBytes(32))));
        expect([count(results, 'registered'), count(results, 'claimsFull')]).toEqual([MAX_CLAIMS, 10 - MAX_CLAIMS]);
        const stored = rows.filter((_, i) => results[i] === 'registered');
        expect(new Set(await find(index))).toEqual(new Set(stored));
      });

      it('lets one of many changes of a version win', async () => {
        const [row] = (await registerClaims(1)) as [RegistrationRow];
        const versions = Array.from({ length: 10 }, () => nextVersion(row));
        const results = await Promise.all([
          ...versions.map((next) => store.replace(next, 1, [])),
          store.erase(row, 1),
          ...versions.map((next) => store.replace(next, 1, [])),
        ]);
        expect(count(results, 'replaced') + count(results, 'erased')).toBe(1);
        const at = results.indexOf('replaced');
        expect(await find(row.index)).toEqual(at === -1 ? [] : [[...versions, row, ...versions][at]]);
      });

      it('shows a reader whole rows of one version', async () => {
        const [row] = (await registerClaims(1)) as [RegistrationRow];
        const versions = [row];
        const writer = async (): Promise<void> => {
          for (let version = 1; version < 30; version++) {
            const next = nextVersion(versions.at(-1) as RegistrationRow);
            versions.push(next);
            expect(await store.replace(next, version, [])).toBe('replaced');
          }
        };
        const seen: RegistrationRow[] = [];
        const reader = async (): Promise<void> => {
          for (let i = 0; i < 30; i++) {
            seen.push(...(await find(row.index)));
            await new Promise((resolve) => setImmediate(resolve));
          }
        };
        await Promise.all([writer(), reader(), reader()]);
        expect(seen).toHaveLength(60);
        for (const each of seen) expect(each).toEqual(versions[each.version - 1]);
      });

      it('lets one lookup use an evaluation', async () => {
        const evaluation = createEvaluation();
        await store.recordEvaluation(evaluation);
        const claims = Array.from({ length: 10 }, () => createClaim(evaluation));
        const answers = await Promise.all([...claims, ...claims].map((claim) => store.claimLookup(claim)));
        const results = answers.map(({ result }) => result);
        expect([count(results, 'claimed'), count(results, 'again'), count(results, 'replayed')]).toEqual([1, 1, 18]);
        const winner = results.indexOf('claimed');
        expect(results.indexOf('again') % 10).toBe(winner % 10);
      });
    });

    describe('opening and closing', () => {
      it('keeps everything', async () => {
        const claims = await registerClaims(3);
        const [row, nonce] = [createRow(), randomBytes(32)];
        await store.register(row, nonce);
        const next = nextVersion(claims[1] as RegistrationRow);
        await store.replace(next, 1, []);
        await store.erase(claims[0] as RegistrationRow, 1);
        const [open, used] = [createEvaluation(), createEvaluation()];
        await store.recordEvaluation(open);
        await store.recordEvaluation(used);
        const claim = createClaim(used);
        await store.claimLookup(claim);
        await reopen();
        expect(await find(next.index)).toEqual([next, claims[2]]);
        expect(await store.register(row, randomBytes(32))).toBe('again');
        expect(await store.register(createRow(), nonce)).toBe('tokenSpent');
        expect(await store.claimLookup(createClaim(open))).toEqual(CLAIMED);
        expect(await store.claimLookup(claim)).toEqual(AGAIN);
        expect(await store.claimLookup(createClaim(used))).toEqual({ result: 'replayed' });
      });

      it('finishes what is under way before it closes', async () => {
        const rows = Array.from({ length: 20 }, () => createRow());
        const results = rows.map((row) => store.register(row, randomBytes(32)));
        await reopen();
        expect(count(await Promise.all(results), 'registered')).toBe(20);
        for (const row of rows) expect(await store.findByCommitment(row)).toEqual(row);
      });

      it('is ready while it is open', async () => {
        expect(await store.isReady()).toBe(true);
        await store.close();
        expect(await store.isReady()).toBe(false);
      });

      it('refuses every operation once it is closed, and closes twice', async () => {
        const row = createRow();
        const evaluation = createEvaluation();
        await store.close();
        await store.close();
        const operations: (() => Promise<unknown>)[] = [
          () => store.register(row, randomBytes(32)),
          () => store.findByIndexes([row.index]),
          () => store.findByCommitment(row),
          () => store.replace(row, 1, [createRecord()]),
          () => store.erase(row, 1),
          () => store.recordEvaluation(evaluation),
          () => store.claimLookup(createClaim(evaluation)),
          () => store.settleLookup(evaluation.hash, []),
          () => store.addHistory(row, createRecord()),
          () => store.findHistory(row, randomBytes(32), 1),
          () => store.acceptElement(randomBytes(32)),
          () => store.isAccepted(randomBytes(32)),
        ];
        for (const operation of operations) await expect(operation()).rejects.toMatchObject({ code: 'storageFailed' });
      });
    });
  });
}
