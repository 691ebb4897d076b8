/** What every storage engine of the registry must remember beside registrations: histories, what lookups showed, elements. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import type { RegistrationRow } from '../../../crypto/registration.ts';
import { HISTORY_KINDS, MAX_MATCHES, type RegistryStore } from '../../../server/store/store.ts';
import { createRow, nextVersion } from '../../support/rows.ts';
import { count, createClaim, createEvaluation, createRecord, type StorePlace } from './contract.ts';

/** Runs the suite on an engine. */
export function describeRegistryMemory(engine: string, createPlace: () => Promise<StorePlace>): void {
  describe(`registry store’s memory: ${engine}`, () => {
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

    describe('what a lookup shows', () => {
      it('is what it was the first time, many or none', async () => {
        const [some, none] = [createEvaluation(), createEvaluation()];
        const first = Array.from({ length: MAX_MATCHES }, () => randomBytes(32));
        for (const evaluation of [some, none]) await store.recordEvaluation(evaluation);
        expect(await store.settleLookup(some.hash, first)).toEqual(first);
        expect(await store.settleLookup(some.hash, [randomBytes(32)])).toEqual(first);
        expect(await store.settleLookup(none.hash, [])).toEqual([]);
        expect(await store.settleLookup(none.hash, first)).toEqual([]);
        await reopen();
        expect(await store.settleLookup(some.hash, [])).toEqual(first);
      });

      it('is nothing once the evaluation is purged', async () => {
        const evaluation = createEvaluation();
        expect(await store.settleLookup(evaluation.hash, [])).toBeNull();
        await store.recordEvaluation(evaluation);
        await store.settleLookup(evaluation.hash, [randomBytes(32)]);
        await store.claimLookup(createClaim(createEvaluation(), { now: evaluation.expiresAt }));
        expect(await store.settleLookup(evaluation.hash, [])).toBeNull();
      });

      it('is at most four registrations for each of 64 tags, named by commitments', async () => {
        const evaluation = createEvaluation();
        await store.recordEvaluation(evaluation);
        const many = Array.from({ length: MAX_MATCHES + 1 }, () => randomBytes(32));
        for (const matches of [many, [randomBytes(31)]]) {
          await expect(store.settleLookup(evaluation.hash, matches)).rejects.toMatchObject({
            code: 'badInput',
            field: 'matches',
          });
        }
        expect(await store.settleLookup(evaluation.hash, [])).toEqual([]);
      });
    });

    describe('history', () => {
      it('keeps each record once, of every kind, under its registration alone', async () => {
        const [a, b] = (await registerClaims(2)) as [RegistrationRow, RegistrationRow];
        const records = HISTORY_KINDS.map((kind, i) => createRecord({ kind, hour: 100 - i }));
        for (const record of records) expect(await store.addHistory(a, record)).toBe('added');
        for (const record of records) expect(await store.addHistory(a, { ...record, hour: 7 })).toBe('again');
        expect(await store.findHistory(a, randomBytes(32), 10)).toEqual(records);
        expect(await store.findHistory(b, randomBytes(32), 10)).toEqual([]);
        await reopen();
        expect(await store.findHistory(a, randomBytes(32), 10)).toEqual(records);
      });

      it('answers the registration first, then the one asked for, then the newest', async () => {
        const [row] = (await registerClaims(1)) as [RegistrationRow];
        const matches = Array.from({ length: 12 }, (_, i) => createRecord({ hour: 1000 + ((i * 5) % 12) }));
        const registration = createRecord({ kind: 'registration', hour: 1 });
        const status = createRecord({ kind: 'status', hour: 2 });
        for (const record of [...matches, status, registration]) await store.addHistory(row, record);
        const newest = matches.toSorted((x, y) => y.hour - x.hour);
        expect(await store.findHistory(row, status.key, 5)).toEqual([registration, status, ...newest.slice(0, 3)]);
        expect(await store.findHistory(row, status.key, 1)).toEqual([registration]);
        expect(await store.findHistory(row, randomBytes(32), 3)).toEqual([registration, ...newest.slice(0, 2)]);
        expect(await store.findHistory(row, newest[11]?.key as Uint8Array, 100)).toEqual([
          registration,
          newest[11],
          ...newest.slice(0, 11),
          status,
        ]);
      });

      it('is added to by a replacement, and by no other', async () => {
        const [row] = (await registerClaims(1)) as [RegistrationRow];
        const [registration, status] = [createRecord({ kind: 'registration' }), createRecord({ kind: 'status' })];
        expect(await store.replace(nextVersion(row), 2, [createRecord()])).toBe('versionConflict');
        expect(await store.replace(nextVersion(row), 1, [registration, status])).toBe('replaced');
        expect(await store.replace(nextVersion(row), 1, [createRecord()])).toBe('versionConflict');
        expect(await store.replace(createRow(), 1, [createRecord()])).toBe('notFound');
        expect(await store.findHistory(row, status.key, 10)).toEqual([registration, status]);
      });

      it('ends with its registration, and does not begin without one', async () => {
        const [row, kept] = (await registerClaims(2)) as [RegistrationRow, RegistrationRow];
        const [gone, stays] = [createRecord(), createRecord()];
        await store.addHistory(row, gone);
        await store.addHistory(kept, stays);
        expect(await store.erase(row, 2)).toBe('versionConflict');
        expect(await store.findHistory(row, gone.key, 10)).toEqual([gone]);
        expect(await store.erase(row, 1)).toBe('erased');
        expect(await store.addHistory(row, gone)).toBe('notFound');
        expect(await store.findHistory(row, gone.key, 10)).toEqual([]);
        expect(await store.findHistory(kept, stays.key, 10)).toEqual([stays]);
        expect(await store.register(row, randomBytes(32))).toBe('registered');
        expect(await store.findHistory(row, gone.key, 10)).toEqual([]);
      });

      it('refuses a key of another length', async () => {
        const [row] = (await registerClaims(1)) as [RegistrationRow];
        const record = createRecord({ key: randomBytes(31) });
        await expect(store.addHistory(row, record)).rejects.toMatchObject({ code: 'badInput', field: 'key' });
        await expect(store.replace(nextVersion(row), 1, [record])).rejects.toMatchObject({ code: 'badInput' });
        expect(await store.findByCommitment(row)).toEqual(row);
      });
    });

    describe('accepted elements', () => {
      it('are remembered for ever, and spend nothing', async () => {
        const nonce = randomBytes(32);
        expect(await store.isAccepted(nonce)).toBe(false);
        await store.acceptElement(nonce);
        await store.acceptElement(nonce);
        await reopen();
        expect(await store.isAccepted(nonce)).toBe(true);
        expect(await store.register(createRow(), nonce)).toBe('registered');
        expect(await store.register(createRow(), nonce)).toBe('tokenSpent');
        await store.acceptElement(nonce);
        expect(await store.register(createRow(), nonce)).toBe('tokenSpent');
      });

      it('are those too whose token made a registration without them', async () => {
        const nonce = randomBytes(32);
        await store.register(createRow(), nonce);
        expect(await store.isAccepted(nonce)).toBe(true);
      });

      it('have nonces of 32 bytes', async () => {
        const nonce = randomBytes(33);
        for (const operation of [store.acceptElement(nonce), store.isAccepted(nonce)]) {
          await expect(operation).rejects.toMatchObject({ code: 'badInput', field: 'nonce' });
        }
      });
    });

    describe('in parallel', () => {
      it('settles a lookup once', async () => {
        const evaluation = createEvaluation();
        await store.recordEvaluation(evaluation);
        const sets = Array.from({ length: 8 }, (_, i) => Array.from({ length: i }, () => randomBytes(32)));
        const settled = await Promise.all(sets.map((matches) => store.settleLookup(evaluation.hash, matches)));
        expect(sets).toContainEqual(settled[0]);
        for (const each of settled) expect(each).toEqual(settled[0]);
      });

      it('adds a record once', async () => {
        const [row] = (await registerClaims(1)) as [RegistrationRow];
        const record = createRecord();
        const results = await Promise.all(Array.from({ length: 10 }, () => store.addHistory(row, record)));
        expect([count(results, 'added'), count(results, 'again')]).toEqual([1, 9]);
        expect(await store.findHistory(row, record.key, 10)).toEqual([record]);
      });
    });
  });
}
