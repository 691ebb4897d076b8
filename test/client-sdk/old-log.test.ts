/** An old state of the log, genuinely cosigned, shown to clients that remember nothing of it; and how a registry stays young. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MAX_COSIGNATURE_AGE } from '../../client-sdk/checkpoints.ts';
import type { Fetch } from '../../client-sdk/http.ts';
import { parseCheckpoint } from '../../crypto/checkpoint.ts';
import { isBlindmarkError, type BlindmarkError } from '../../crypto/errors.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { historyReplySchema, rosterReplySchema, type HistoryReply, type RosterReply } from '../../crypto/wire.ts';
import { connect, createOwner, lying } from '../support/sdk.ts';
import { startServices, type Services } from '../support/services.ts';

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => {
  await services.stopAll();
});

const sizeOf = (note: string): number => parseCheckpoint(note).checkpoint.size;

async function refusalOf(work: Promise<unknown>): Promise<BlindmarkError> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!isBlindmarkError(error)) throw new Error('not refused');
  return error;
}

describe('an old state of the log', () => {
  it('is refused by whoever connects or reads a history, although guardians cosigned it', async () => {
    const [activationKey] = (await services.createActivationKeys(1)) as [string];
    const owner = await createOwner(services);
    const mark = await owner.register({ code: mintCode(), items: [{ category: 'Ring' }], activationKey });
    let [oldRoster, oldHistory]: [RosterReply | undefined, HistoryReply | undefined] = [undefined, undefined];
    const keeping = lying(/\/history$/u, historyReplySchema, (reply) => (oldHistory = reply));
    await (await createOwner(services, { vault: owner.vault, fetch: keeping })).refresh(mark);
    await connect(services, {
      fetch: lying(/\/v1\/roster$/u, rosterReplySchema, (reply) => (oldRoster = reply)),
    });
    const old = oldHistory as unknown as HistoryReply;

    services.clock.now += MAX_COSIGNATURE_AGE + 60;
    const roster: Fetch = lying(/\/v1\/roster$/u, rosterReplySchema, () => oldRoster as RosterReply);
    const connecting = await refusalOf(connect(services, { fetch: roster }));
    expect(connecting).toMatchObject({ code: 'badCheckpoint', field: 'checkpoint' });
    expect(connecting.remedy).toMatch(/clock.*old state of its log/u);

    // One that has connected to the log of today, and still has nothing of its size: the roster is young, the history is not.
    const history: Fetch = lying(/\/history$/u, historyReplySchema, () => old);
    const reading = await createOwner(services, { vault: owner.vault, fetch: history });
    expect(await refusalOf(reading.refresh(mark))).toMatchObject({ code: 'badCheckpoint', field: 'checkpoint' });
    expect((await owner.refresh(mark)).stage).toBe('registered');
  });

  it('is not what a registry shows that nobody has asked for days', async () => {
    for (let day = 0; day < 3; day++) {
      const size = sizeOf(services.publicLog().latest() as string);
      services.clock.now += 10 * MAX_COSIGNATURE_AGE;
      await connect(services);
      expect(sizeOf(services.publicLog().latest() as string)).toBe(size);
    }
  });

  it('is all that a registry can show while guardians are down: the client says what may be the reason', async () => {
    await connect(services);
    await services.stop('g1');
    await services.stop('g3');
    // Young enough until then.
    services.clock.now += MAX_COSIGNATURE_AGE / 2;
    await connect(services);
    services.clock.now += MAX_COSIGNATURE_AGE;
    const response = await fetch(`${services.registryFile.url}/v1/roster`);
    expect(await response.json()).toMatchObject({ log: { logged: { index: 0 } } });
    const checkpoint = await fetch(`${services.registryFile.url}/log/checkpoint`);
    expect([response.status, checkpoint.status]).toEqual([200, 200]);
    const error = await refusalOf(connect(services));
    expect(error).toMatchObject({ code: 'badCheckpoint', field: 'checkpoint' });
    expect(error.message).toContain('in the last day');
    for (const reason of [
      'this computer’s clock',
      'guardians do not answer',
      'hides what came since',
      'ask a guardian',
    ]) {
      expect(error.remedy).toContain(reason);
    }
    await services.restart('g1');
    await services.restart('g3');
    await vi.waitFor(async () => connect(services), { timeout: 30_000, interval: 200 });
  });
});
