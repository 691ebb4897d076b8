/** Batches that are kept and gone on with, against the real services. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLookupBatch, lookUpBatch, type BatchFindings, type LookupBatch } from '../../client-sdk/lookup-batch.ts';
import { LookupFindings } from '../../client-sdk/lookup-findings.ts';
import { createTurns } from '../../client-sdk/progress.ts';
import type { Fetch } from '../../client-sdk/http.ts';
import type { SchemeCode } from '../../client-sdk/registry.ts';
import { randomBytes } from '../../crypto/bytes.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { REQUEST_SECONDS } from '../../crypto/officer-request.ts';
import type { TestOfficer } from '../support/fixture.ts';
import { refusal } from '../support/refusal.ts';
import { connect, createOwner } from '../support/sdk.ts';
import { startServices, type Services } from '../support/services.ts';

let services: Services;
let signer: TestOfficer;
let registered: SchemeCode;
beforeAll(async () => {
  // Two live epochs: each code is stretched twice, and has two tags.
  services = await startServices({ epochs: [1, 2], officerCodesPerDay: 4 });
  const owner = await createOwner(services);
  registered = { scheme: 'bm1', canonical: mintCode() };
  const [activationKey] = (await services.createActivationKeys(1)) as [string];
  await owner.register({ code: registered.canonical, items: [{ category: 'Ring' }], activationKey, contact: null });
});
afterAll(async () => {
  await services.stopAll();
});

/** The kept states of a batch, each as a program finds it that starts anew: a copy. */
async function lookUp(
  batch: LookupBatch,
  options: { readonly fetch?: Fetch; readonly onStretched?: (share: number) => void } = {},
): Promise<{ findings: unknown; kept: LookupBatch[] }> {
  const kept: LookupBatch[] = [];
  const keep = async (state: LookupBatch): Promise<void> => void kept.push(structuredClone(state));
  const registry = await connect(services, { fetch: options.fetch });
  const context = { registry, signer, caseReference: 'CR/1/26' };
  const { onStretched } = options;
  const findings = await lookUpBatch(batch, context, { keep, onStretched }).catch((error: unknown) => error);
  return { findings, kept };
}

const fresh = (): LookupBatch =>
  createLookupBatch([registered, { scheme: 'bm1', canonical: mintCode() }], randomBytes(32));

/** A `fetch` through which one path is not reached. */
const without =
  (path: string): Fetch =>
  async (url, init) => {
    if ((url as string).endsWith(path)) throw new TypeError('fetch failed');
    return fetch(url, init);
  };

describe('a batch', () => {
  it('says of each code what is registered, and reports each evaluation that is stretched', async () => {
    signer = await services.createOfficer('officer-1');
    let stretched = 0;
    const { findings, kept } = await lookUp(fresh(), { onStretched: (share) => (stretched += share) });
    expect(kept.map(({ question, lookup }) => [question !== null, lookup !== null])).toEqual([
      [true, false],
      [true, true],
    ]);
    const { codes } = findings as BatchFindings;
    expect(codes.map(({ registrations }) => registrations.length)).toEqual([1, 0]);
    expect(stretched).toBe(2);
  });

  it.each(['/v1/evaluations', '/v1/lookups'])('goes on without a charge when %s was not reached', async (path) => {
    // Four codes a day: of two each, only two requests are charged.
    signer = await services.createOfficer(`officer-${path.slice(4)}`);
    const { findings: failed, kept } = await lookUp(fresh(), { fetch: without(path) });
    expect(failed).toMatchObject({ code: 'unreachable' });
    let last = kept.at(-1) as LookupBatch;
    // As if the second answer were lost as well.
    for (const lookups of [path === '/v1/lookups' ? 0 : 1, 0]) {
      const { findings, kept: more } = await lookUp(last);
      expect((findings as BatchFindings).codes[0]?.registrations).toHaveLength(1);
      expect((findings as BatchFindings).caseSalt).toEqual(last.caseSalt);
      expect(more).toHaveLength(lookups);
      last = more.at(-1) ?? last;
    }
    expect((await lookUp(fresh())).findings).toMatchObject({ codes: [{}, {}] });
    expect((await lookUp(fresh())).findings).toMatchObject({ code: 'quotaExceeded' });
  });

  it('asks anew once what was kept has ended, or was made under another roster', async () => {
    signer = await services.createOfficer('officer-late');
    const { kept } = await lookUp(fresh(), { fetch: without('/v1/lookups') });
    const last = kept.at(-1) as LookupBatch;
    const { question } = last;
    const other = { ...last, question: question === null ? null : { ...question, roster: randomBytes(32) } };
    const again = await lookUp(other);
    expect((again.findings as BatchFindings).codes[0]?.registrations).toHaveLength(1);
    expect(again.kept[0]?.question?.authorization).not.toEqual(question?.authorization);
    signer = await services.createOfficer('officer-later');
    const { kept: early } = await lookUp(fresh(), { fetch: without('/v1/lookups') });
    services.clock.now += REQUEST_SECONDS + 1;
    await services.revocations.refresh();
    const late = await lookUp(early.at(-1) as LookupBatch);
    expect((late.findings as BatchFindings).codes[0]?.registrations).toHaveLength(1);
    expect(late.kept).toHaveLength(2);
  });

  it('is asked anew from a state before its last', async () => {
    signer = await services.createOfficer('officer-rolled-back');
    const { kept } = await lookUp(fresh());
    // The registry has answered another lookup under this evaluation.
    const { findings, kept: anew } = await lookUp(kept[0] as LookupBatch);
    expect((findings as BatchFindings).codes[0]?.registrations).toHaveLength(1);
    expect(anew).toHaveLength(3);
  });

  it('asks anew when the registry has forgotten the evaluation', async () => {
    signer = await services.createOfficer('officer-forgotten');
    const { kept } = await lookUp(fresh(), { fetch: without('/v1/lookups') });
    let isFirst = true;
    const forgetful: Fetch = async (url, init) => {
      if (!(url as string).endsWith('/v1/lookups') || !isFirst) return fetch(url, init);
      isFirst = false;
      const problem = { type: 'x', title: 'x', status: 403, detail: 'It is gone', code: 'evaluationRequired' };
      return Response.json(problem, { status: 403 });
    };
    const { findings, kept: anew } = await lookUp(kept.at(-1) as LookupBatch, { fetch: forgetful });
    expect((findings as BatchFindings).codes[0]?.registrations).toHaveLength(1);
    expect(anew).toHaveLength(2);
  });

  it('sends nothing that could not be kept', async () => {
    const registry = await connect(services, { fetch: without('/v1/evaluations') });
    const full = new Error('no room');
    const keep = async (): Promise<void> => {
      throw full;
    };
    const context = { registry, signer: await services.createOfficer('officer-full'), caseReference: 'CR/1/26' };
    await expect(lookUpBatch(fresh(), context, { keep })).rejects.toBe(full);
  });

  it('is cancelled before it is sent', async () => {
    const registry = await connect(services);
    const controller = new AbortController();
    const keep = async (): Promise<void> => {
      controller.abort();
    };
    const context = { registry, signer: await services.createOfficer('officer-done'), caseReference: 'CR/1/26' };
    await expect(lookUpBatch(fresh(), context, { keep, signal: controller.signal })).rejects.toThrow(
      refusal('cancelled'),
    );
  });
});

describe('findings', () => {
  it('make a result once all codes of a reading are there', async () => {
    signer = await services.createOfficer('officer-findings');
    const codes = [registered, { scheme: 'bm1', canonical: mintCode() }];
    const batches = codes.map((code) => createLookupBatch([code], new Uint8Array(32)));
    const set = {
      count: 2,
      codes: codes.map(({ scheme, canonical }) => ({ schemeId: scheme, canonical, checkPassed: true })),
      omitted: [],
      misread: ['vin'],
    };
    const findings = new LookupFindings();
    expect(findings.resultOf('a', set)).toBeNull();
    const evaluations: Uint8Array[] = [];
    for (const batch of batches) {
      expect(findings.resultOf('a', set)).toBeNull();
      const found = (await lookUp(batch)).findings as BatchFindings;
      evaluations.push(found.lookup.evaluation);
      findings.add(found);
      expect(findings.has(batch.codes[0] as SchemeCode)).toBe(true);
    }
    expect(findings.resultOf('a', set)).toMatchObject({
      id: 'a',
      result: 'hit',
      candidates: 2,
      misread: ['vin'],
      registrations: [{ code: registered.canonical }],
      refused: 0,
      evidence: { lookups: evaluations.map((evaluation) => ({ evaluation })) },
    });
  });
});

describe('turns', () => {
  it('come one after the other, whatever became of the one before', async () => {
    const turn = createTurns();
    const order: string[] = [];
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const first = turn(async () => {
      await promise;
      order.push('first');
      throw new Error('failed');
    });
    const second = turn(async () => order.push('second'));
    resolve(undefined);
    await expect(first).rejects.toThrow('failed');
    expect(await second).toBe(2);
    expect(order).toEqual(['first', 'second']);
  });
});
