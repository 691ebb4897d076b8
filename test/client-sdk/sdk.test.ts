/** The SDK against the real services: registering, looking up, and what happens when either is interrupted or lied to. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JsonClient, type Fetch } from '../../client-sdk/http.ts';
import { separateFetch } from '../../client-sdk/node/fetch.ts';
import { Officer, type LookupFailure, type LookupReading, type LookupResult } from '../../client-sdk/officer.ts';
import { Owner } from '../../client-sdk/owner.ts';
import type { Progress } from '../../client-sdk/progress.ts';
import { connectionOf, Registry } from '../../client-sdk/registry.ts';
import { Vault, type MarkRecord } from '../../client-sdk/vault.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { createRecoveryPhrase } from '../../crypto/owner-keys.ts';
import { CHEAP_STRETCH } from '../support/fixture.ts';
import { startServices, type Services } from '../support/services.ts';

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => {
  await services.stopAll();
});

const retry = { firstDelayMs: 1 };

/** A vault in memory; `lines` are what a file would hold. */
async function createVault(phrase = createRecoveryPhrase()): Promise<{ vault: Vault; lines: string[] }> {
  const lines: string[] = [];
  const storage = {
    append: async (added: readonly string[]): Promise<void> => {
      lines.push(...added);
    },
  };
  const vault = await Vault.create({ phrase, passphrase: 'a passphrase', storage, parameters: CHEAP_STRETCH });
  return { vault, lines };
}

async function reopen(lines: readonly string[]): Promise<Vault> {
  const kept = [...lines];
  const storage = {
    append: async (added: readonly string[]): Promise<void> => {
      kept.push(...added);
    },
  };
  return Vault.open({ lines: [...lines], passphrase: 'a passphrase', storage });
}

async function connect(fetch?: Fetch): Promise<Registry> {
  const { registryFile, clock } = services;
  return Registry.connect(registryFile.url, { ...connectionOf(registryFile), fetch, retry, now: () => clock.now });
}

async function createOwner(options: { vault?: Vault; fetch?: Fetch } = {}): Promise<Owner> {
  const vault = options.vault ?? (await createVault()).vault;
  return Owner.open(await connect(options.fetch), vault, services.registryFile);
}

async function createOfficer(fetch?: Fetch): Promise<Officer> {
  return new Officer(await connect(fetch), await services.createOfficer());
}

async function lookUp(officer: Officer, readings: readonly LookupReading[]): Promise<(LookupResult | LookupFailure)[]> {
  return Array.fromAsync(officer.lookup(officer.plan(readings), { caseReference: 'CR/1/26' }));
}

const activationKey = async (): Promise<string> => (await services.createActivationKeys(1))[0] as string;
const items = [{ category: 'Shotgun', make: 'AYA', model: 'No. 4' }];

/** A `fetch` whose n-th request to a path is answered, and its reply lost. */
function losing(path: RegExp, times = 1): { fetch: Fetch; lost: () => number } {
  let lost = 0;
  const losingFetch: Fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (!path.test(url as string) || lost >= times) return response;
    lost += 1;
    await response.text();
    throw new TypeError('the connection was lost');
  };
  return { fetch: losingFetch, lost: () => lost };
}

describe('an owner', () => {
  it('registers, and an officer finds what was registered, by a reading in part', async () => {
    const owner = await createOwner();
    const code = mintCode();
    const mark = await owner.register({ code, items, activationKey: await activationKey() });
    expect(mark).toMatchObject({ stage: 'registered', scheme: 'bm1', status: 'withKeeper' });
    expect(mark.token).toBeUndefined();
    const reading = `${code.slice(0, 4).toLowerCase()}-?${code.slice(5)}`;
    const [result] = await lookUp(await createOfficer(), [{ id: 'a', reading, scheme: 'bm1' }]);
    expect(result).toMatchObject({
      id: 'a',
      result: 'hit',
      registrations: [{ status: 'withKeeper', items, scheme: 'bm1' }],
    });
  });

  it('changes status and items, and withdraws; the code then misses and may be registered anew', async () => {
    const owner = await createOwner();
    const officer = await createOfficer();
    const code = mintCode();
    const readings = [{ id: 'a', reading: code }];
    const mark = await owner.register({ code, items, activationKey: await activationKey(), status: 'lost' });
    expect((await lookUp(officer, readings))[0]).toMatchObject({ registrations: [{ status: 'lost' }] });
    const stolen = await owner.setStatus(mark, 'stolen');
    const other = [{ category: 'Rifle', make: 'Tikka' }];
    await owner.replaceItems(stolen, other);
    expect((await lookUp(officer, readings))[0]).toMatchObject({ registrations: [{ status: 'stolen', items: other }] });
    await owner.withdraw(owner.find(code));
    expect((await lookUp(officer, readings))[0]).toMatchObject({ result: 'miss' });
    await expect(owner.setStatus(owner.find(code), 'lost')).rejects.toMatchObject({ code: 'notFound' });
    const again = await owner.register({ code, items, activationKey: await activationKey() });
    expect(again.counter).toBe(1);
    expect((await lookUp(officer, readings))[0]).toMatchObject({ result: 'hit', registrations: [{ items }] });
  });

  it('goes on with a mark that was begun, with what it was begun with, and says how far it is', async () => {
    const { vault } = await createVault();
    const interrupted = await createOwner({ vault, fetch: losing(/evaluations$/u, 4).fetch });
    const request = { code: mintCode(), items, activationKey: await activationKey(), status: 'stolen' as const };
    const phases: string[] = [];
    const onProgress = ({ phase, done, total }: Progress): void => void phases.push(`${phase} ${done}/${total}`);
    await expect(interrupted.register(request, { onProgress })).rejects.toMatchObject({ code: 'unreachable' });
    expect(phases.splice(0)).toEqual(['token 0/4', 'evaluate 1/4']);
    const [pending] = vault.marks as [MarkRecord];
    expect(pending.stage).toBe('pending');
    const owner = await createOwner({ vault });
    const mark = await owner.resume(pending, { onProgress });
    expect(mark).toMatchObject({ stage: 'registered', status: 'stolen', items, contact: null });
    expect(phases).toEqual(['evaluate 1/4', 'stretch 2/4', 'log 3/4', 'log 4/4']);
    expect(await owner.resume(mark)).toEqual(mark);
    const gone = await owner.withdraw(mark);
    await expect(owner.resume(gone)).rejects.toMatchObject({ code: 'notFound' });
  });

  it('keeps what a registration that was interrupted takes, though it is looked for as one to recover', async () => {
    const { vault } = await createVault();
    // Guardians have evaluated the code, and the registry has never heard of the registration.
    const unheard: Fetch = async (url, init) =>
      (url as string).endsWith('/v1/registrations')
        ? Promise.reject(new TypeError('the connection was lost'))
        : fetch(url, init);
    const begun = await createOwner({ vault, fetch: unheard });
    const code = mintCode();
    const request = { code, items, activationKey: await activationKey() };
    await expect(begun.register(request)).rejects.toMatchObject({ code: 'unreachable' });
    const owner = await createOwner({ vault });
    await expect(owner.recover(code)).rejects.toMatchObject({ code: 'notFound' });
    expect(owner.find(code)).toMatchObject({ stage: 'pending', counter: 0, items });
    expect(await owner.register(request)).toMatchObject({ stage: 'registered', counter: 0 });
    // Had the reply alone been lost, it would be found.
    const interrupted = await createOwner({ vault, fetch: losing(/registrations$/u, 4).fetch });
    const other = { code: mintCode(), items, activationKey: await activationKey() };
    await expect(interrupted.register(other)).rejects.toMatchObject({ code: 'unreachable' });
    expect(await owner.recover(other.code)).toMatchObject({ stage: 'registered', counter: 0, items });
  });

  it('goes on from a change that another device has made', async () => {
    const { vault, lines } = await createVault();
    const owner = await createOwner({ vault });
    const mark = await owner.register({ code: mintCode(), items, activationKey: await activationKey() });
    const device = await createOwner({ vault: await reopen(lines) });
    await device.setStatus(device.find(mark.canonical), 'stolen');
    const current = await owner.replaceItems(mark, [{ category: 'Bicycle' }]);
    expect(current).toMatchObject({ status: 'stolen', items: [{ category: 'Bicycle' }], row: { version: 3 } });
  });

  it('registers anew what another vault of the same phrase has withdrawn', async () => {
    const phrase = createRecoveryPhrase();
    const code = mintCode();
    const owner = async (): Promise<Owner> => createOwner({ vault: (await createVault(phrase)).vault });
    const first = await owner();
    await first.withdraw(await first.register({ code, items, activationKey: await activationKey() }));
    const mark = await (await owner()).register({ code, items, activationKey: await activationKey() });
    expect(mark).toMatchObject({ counter: 1, stage: 'registered' });
    expect((await lookUp(await createOfficer(), [{ id: 'a', reading: code }]))[0]).toMatchObject({ result: 'hit' });
  });

  it('registers anew after several withdrawals that its vault does not know of, at the cost of one further use', async () => {
    const phrase = createRecoveryPhrase();
    const code = mintCode();
    const empty = async (): Promise<Owner> => createOwner({ vault: (await createVault(phrase)).vault });
    const first = await empty();
    for (let i = 0; i < 3; i++)
      await first.withdraw(await first.register({ code, items, activationKey: await activationKey() }));
    expect(await (await empty()).register({ code, items, activationKey: await activationKey() })).toMatchObject({
      counter: 3,
    });
    const recovered = await empty();
    await recovered.withdraw(await recovered.recover(code));
    const again = await recovered.register({ code, items, activationKey: await activationKey() });
    expect(again).toMatchObject({ counter: 4, stage: 'registered' });
  });

  it('is told when the code is registered with something else, and nothing is changed', async () => {
    const owner = await createOwner();
    const request = { code: mintCode(), items, activationKey: await activationKey() };
    const mark = await owner.register(request);
    expect(await owner.register(request)).toEqual(mark);
    const other = { ...request, items: [{ category: 'Rifle' }] };
    await expect(owner.register(other)).rejects.toMatchObject({ code: 'alreadyRegistered', field: 'items' });
    await expect(owner.register({ ...request, status: 'stolen' })).rejects.toMatchObject({
      code: 'alreadyRegistered',
      field: 'status',
    });
  });

  it('asks for another token where the one in its vault is of a quarter that is over', async () => {
    const own = await startServices();
    try {
      const [key = ''] = await own.createActivationKeys(1);
      const { vault, lines } = await createVault();
      const options = { ...connectionOf(own.registryFile), retry: { attempts: 1 }, now: () => own.clock.now };
      const { fetch: crashing } = losing(/evaluations/u, Infinity);
      const request = { code: mintCode(), items, activationKey: key };
      const first = await Owner.open(
        await Registry.connect(own.registryFile.url, { ...options, fetch: crashing }),
        vault,
        own.registryFile,
      );
      await expect(first.register(request)).rejects.toMatchObject({ code: 'unreachable' });
      own.clock.now += 200 * 86_400;
      const later = await Owner.open(
        await Registry.connect(own.registryFile.url, options),
        await reopen(lines),
        own.registryFile,
      );
      // The issuer has no key for that quarter: it is asked for one, rather than the registry for what can't count any more.
      await expect(later.register(request)).rejects.toMatchObject({
        code: 'unknownIssuer',
        message: expect.stringContaining('quarter') as string,
      });
    } finally {
      await own.stopAll();
    }
  });

  it('recovers a mark from phrase and code alone, also after a withdrawal', async () => {
    const phrase = createRecoveryPhrase();
    const owner = await createOwner({ vault: (await createVault(phrase)).vault });
    const code = mintCode();
    await owner.withdraw(await owner.register({ code, items, activationKey: await activationKey() }));
    const empty = async (): Promise<Owner> => createOwner({ vault: (await createVault(phrase)).vault });
    await expect((await empty()).recover(code)).rejects.toMatchObject({ code: 'notFound' });
    await owner.register({ code, items, activationKey: await activationKey() });
    const recovered = await empty();
    expect(await recovered.recover(code)).toMatchObject({ counter: 1, items, stage: 'registered' });
    expect(await recovered.setStatus(recovered.find(code), 'stolen')).toMatchObject({ status: 'stolen' });
    const stranger = await createOwner();
    await expect(stranger.recover(code)).rejects.toMatchObject({ code: 'notFound' });
  });

  it.each([
    ['token', /\/v1\/tokens/u],
    ['evaluation', /\/v1\/evaluations/u],
    ['registration', /\/v1\/registrations$/u],
  ])('spends nothing twice when the %s’s reply is lost', async (_, path) => {
    const { fetch, lost } = losing(path);
    const owner = await createOwner({ fetch });
    const key = await activationKey();
    await owner.register({ code: mintCode(), items, activationKey: key });
    expect(lost()).toBe(1);
    // Three uses in all: two more are left, and no third.
    for (let use = 0; use < 2; use++)
      await (await createOwner()).register({ code: mintCode(), items, activationKey: key });
    const third = (await createOwner()).register({ code: mintCode(), items, activationKey: key });
    await expect(third).rejects.toMatchObject({ code: 'activationKeyUsedUp' });
  });

  it('goes on after a crash at each step, from what its vault holds', async () => {
    const code = mintCode();
    const key = await activationKey();
    const phrase = createRecoveryPhrase();
    const { vault, lines } = await createVault(phrase);
    let remembered: readonly string[] = lines;
    for (const path of [/\/v1\/tokens/u, /\/v1\/evaluations/u, /\/v1\/registrations$/u]) {
      const { fetch } = losing(path, Infinity);
      const crashing = await createOwner({ vault: remembered === lines ? vault : await reopen(remembered), fetch });
      await expect(crashing.register({ code, items, activationKey: key })).rejects.toMatchObject({
        code: 'unreachable',
      });
      remembered = [...lines];
    }
    const owner = await createOwner({ vault: await reopen(lines) });
    expect(await owner.register({ code, items, activationKey: key })).toMatchObject({
      stage: 'registered',
      counter: 0,
    });
    const [result] = (await lookUp(await createOfficer(), [{ id: 'a', reading: code }])) as LookupResult[];
    expect(result?.registrations).toHaveLength(1);
  });

  it('registers what is asked for now, where an interrupted call has registered something else', async () => {
    const code = mintCode();
    const key = await activationKey();
    const { vault, lines } = await createVault();
    const crashing = await createOwner({ vault, fetch: losing(/\/v1\/registrations$/u, Infinity).fetch });
    await expect(crashing.register({ code, items, activationKey: key })).rejects.toMatchObject({ code: 'unreachable' });
    const owner = await createOwner({ vault: await reopen(lines) });
    const other = [{ category: 'Painting' }];
    await owner.register({ code, items: other, activationKey: key, status: 'stolen' });
    expect((await lookUp(await createOfficer(), [{ id: 'a', reading: code }]))[0]).toMatchObject({
      registrations: [{ items: other, status: 'stolen' }],
    });
  });

  it('is told what is wrong before anything is used up', async () => {
    const owner = await createOwner();
    const key = await activationKey();
    const code = mintCode();
    const request = { code, items, activationKey: key };
    const mistyped = code.slice(0, 3) + (code[3] === 'A' ? 'B' : 'A') + code.slice(4);
    await expect(owner.register({ ...request, code: mistyped })).rejects.toMatchObject({ code: 'checkFailed' });
    await expect(owner.register({ ...request, code: '123456789' })).rejects.toMatchObject({
      code: 'badInput',
      field: 'scheme',
    });
    await expect(owner.register({ ...request, code: '8?Q7' })).rejects.toMatchObject({ code: 'noSchemeFits' });
    await expect(owner.register({ ...request, items: [] })).rejects.toMatchObject({ code: 'badInput' });
    await expect(owner.register({ ...request, activationKey: key.slice(1) })).rejects.toMatchObject({
      code: 'badActivationKey',
    });
    const huge = Array.from({ length: 20 }, () => ({ category: 'Ring', description: 'x'.repeat(400) }));
    await expect(owner.register({ ...request, items: huge })).rejects.toMatchObject({
      code: 'badInput',
      field: 'items',
    });
    expect(owner.marks).toEqual([]);
    for (let use = 0; use < 3; use++) await (await createOwner()).register({ ...request, code: mintCode() });
  });

  it('registers many, each for itself, and says of each what became of it', async () => {
    const { vault, lines } = await createVault();
    const keys = await services.createActivationKeys(6);
    const codes = keys.map(() => mintCode());
    const requests = codes.map((code, i) => ({ id: String(i), code, items, activationKey: keys[i] as string }));
    requests[2] = { ...(requests[2] as (typeof requests)[number]), activationKey: 'nonsense' };
    const done: number[] = [];
    const run = async (owner: Owner) =>
      Array.fromAsync(
        owner.registerMany(requests, { parallel: 3, onProgress: (progress) => done.push(progress.done) }),
      );
    const outcomes = await run(await createOwner({ vault }));
    expect(outcomes.map((outcome) => ('error' in outcome ? outcome.error.code : outcome.again))).toEqual([
      false,
      false,
      'badActivationKey',
      false,
      false,
      false,
    ]);
    expect(done).toEqual([1, 2, 3, 4, 5, 6]);
    const again = await run(await createOwner({ vault: await reopen(lines) }));
    expect(again.filter((outcome) => 'again' in outcome && outcome.again)).toHaveLength(5);
  });
});

describe('an owner of several marks', () => {
  it('registers one after the other, with pauses and over connections of their own', async () => {
    const keys = await services.createActivationKeys(3);
    const events: string[] = [];
    const watching: Fetch = async (url, init) => {
      events.push(`${new URL(new Request(url).url).pathname}, ${JSON.stringify(init?.headers)}`);
      return separateFetch(url, init);
    };
    const owner = await createOwner({ fetch: watching });
    const requests = keys.map((key, i) => ({ id: String(i), code: mintCode(), items, activationKey: key }));
    events.length = 0;
    const outcomes = owner.registerMany(requests, { pauseSeconds: { least: 0.02, most: 0.05 } });
    for await (const { id } of outcomes) events.push(id);
    const json = JSON.stringify({ 'content-type': 'application/json' });
    const steps = ['/v1/tokens', '/v1/evaluations', '/v1/registrations'].map((path) => `${path}, ${json}`);
    expect(events).toEqual([...steps, '0', ...steps, '1', ...steps, '2']);
  });

  it('can stop in a pause', async () => {
    const keys = await services.createActivationKeys(2);
    const requests = keys.map((key, i) => ({ id: String(i), code: mintCode(), items, activationKey: key }));
    const controller = new AbortController();
    const run = async (): Promise<void> => {
      const owner = await createOwner();
      for await (const _ of owner.registerMany(requests, { signal: controller.signal }))
        setTimeout(() => controller.abort(), 20);
    };
    await expect(run()).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('an officer', () => {
  it('learns of counter-claims in the order of registration', async () => {
    const code = mintCode();
    for (const make of ['First', 'Second', 'Third', 'Fourth']) {
      const owner = await createOwner();
      await owner.register({ code, items: [{ category: 'Rifle', make }], activationKey: await activationKey() });
    }
    const [result] = (await lookUp(await createOfficer(), [{ id: 'a', reading: code }])) as LookupResult[];
    expect(result?.registrations.map((registration) => registration.items[0]?.make)).toEqual([
      'First',
      'Second',
      'Third',
      'Fourth',
    ]);
    const fifth = (await createOwner()).register({ code, items, activationKey: await activationKey() });
    await expect(fifth).rejects.toMatchObject({ code: 'claimsFull' });
  });

  it('gets results in the order of the readings, failures among them, over several requests', async () => {
    const owner = await createOwner();
    const codes = Array.from({ length: 3 }, () => mintCode());
    for (const code of codes) await owner.register({ code, items, activationKey: await activationKey() });
    const readings = [
      ...codes.map((reading, i) => ({ id: `hit ${i}`, reading, scheme: 'bm1' })),
      { id: 'bad', reading: 'AB[C' },
      ...Array.from({ length: 140 }, (_, i) => ({ id: `miss ${i}`, reading: mintCode(), scheme: 'bm1' })),
      { id: 'again', reading: codes[0] as string, scheme: 'bm1' },
    ];
    const officer = await createOfficer();
    const plan = officer.plan(readings);
    expect(plan.codes).toBe(143);
    const results = await Array.fromAsync(officer.lookup(plan, { caseReference: 'CR/1/26' }));
    expect(results.map(({ id }) => id)).toEqual(readings.map(({ id }) => id));
    const verdicts = results.map((result) => ('error' in result ? result.error.code : result.result));
    expect(verdicts).toEqual(['hit', 'hit', 'hit', 'badInput', ...Array.from({ length: 140 }, () => 'miss'), 'hit']);
  });

  it('is charged once when replies are lost', async () => {
    const own = await startServices({ officerCodesPerDay: 2 });
    try {
      const options = { ...connectionOf(own.registryFile), retry, fetch: losing(/evaluations|lookups/u, 2).fetch };
      const officer = new Officer(await Registry.connect(own.registryFile.url, options), await own.createOfficer());
      for (const id of ['a', 'b']) await lookUp(officer, [{ id, reading: mintCode(), scheme: 'bm1' }]);
      await expect(lookUp(officer, [{ id: 'c', reading: mintCode(), scheme: 'bm1' }])).rejects.toMatchObject({
        code: 'quotaExceeded',
      });
    } finally {
      await own.stopAll();
    }
  });

  it('can cancel, and needs a case reference', async () => {
    const officer = await createOfficer();
    const plan = officer.plan(
      Array.from({ length: 200 }, (_, i) => ({ id: String(i), reading: mintCode(), scheme: 'bm1' })),
    );
    const controller = new AbortController();
    const onProgress = (): void => {
      controller.abort();
    };
    const run = Array.fromAsync(
      officer.lookup(plan, { caseReference: 'CR/1/26', signal: controller.signal, onProgress }),
    );
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    for (const caseReference of ['', '  ', 'x'.repeat(65)]) {
      await expect(Array.fromAsync(officer.lookup(plan, { caseReference }))).rejects.toMatchObject({
        code: 'badInput',
        field: 'caseReference',
      });
    }
  });

  it('refuses a registration that the registry has altered, and says that there was one', async () => {
    const owner = await createOwner();
    const code = mintCode();
    await owner.register({ code, items, activationKey: await activationKey() });
    const alter =
      (change: (row: Record<string, unknown>) => Record<string, unknown>): Fetch =>
      async (url, init) => {
        const response = await fetch(url, init);
        if (!(url as string).endsWith('/v1/lookups')) return response;
        const reply = (await response.json()) as { results: { registration: Record<string, unknown> | null }[][] };
        for (const slot of reply.results.flat())
          if (slot.registration !== null) slot.registration = change(slot.registration);
        return Response.json(reply);
      };
    const salt = Buffer.alloc(32, 9).toString('base64url');
    for (const change of [
      { status: 'stolen' },
      { version: 7 },
      { registeredOn: '2020-01-01' },
      { epoch: 9 },
      { salt },
      { commitment: salt },
      { index: salt },
    ]) {
      const officer = await createOfficer(alter((row) => ({ ...row, ...change })));
      expect((await lookUp(officer, [{ id: 'a', reading: code }]))[0]).toMatchObject({ result: 'unsure', refused: 1 });
    }
  });
});

describe('Registry.connect', () => {
  it('takes no other roster than the pinned one', async () => {
    const { registryFile } = services;
    const rosterFingerprint = new Uint8Array(32).fill(1);
    await expect(
      Registry.connect(registryFile.url, { rosterFingerprint, allowTestRoster: true }),
    ).rejects.toMatchObject({ code: 'badRoster' });
    await expect(Registry.connect(registryFile.url, { rosterFingerprint: 'nonsense' })).rejects.toMatchObject({
      code: 'badInput',
    });
  });

  it('takes no test roster unless told to', async () => {
    const { url, rosterFingerprint } = services.registryFile;
    await expect(Registry.connect(url, { rosterFingerprint })).rejects.toMatchObject({ code: 'badRoster' });
  });

  it('sends nothing in clear to another machine', async () => {
    const options = { rosterFingerprint: new Uint8Array(32) };
    for (const url of [
      'http://registry.example',
      'http://127.0.0.1.example:80',
      'ftp://x',
      'http://localhost.example/',
    ])
      await expect(Registry.connect(url, options)).rejects.toMatchObject({ code: 'badInput', field: 'url' });
  });

  it('says so when there is no registry', async () => {
    const options = { rosterFingerprint: new Uint8Array(32), retry: { attempts: 1 } };
    await expect(Registry.connect('http://127.0.0.1:1', options)).rejects.toMatchObject({ code: 'unreachable' });
    expect(new JsonClient()).toBeInstanceOf(JsonClient);
  });
});

describe('guardians', () => {
  it('may be fewer, down to the threshold; the missing one is named', async () => {
    const own = await startServices();
    try {
      const faults: string[] = [];
      const options = { ...connectionOf(own.registryFile), retry: { attempts: 1 } };
      const registry = await Registry.connect(own.registryFile.url, {
        ...options,
        onFaults: (named) => faults.push(...named.map((fault) => fault.guardian)),
      });
      const officer = new Officer(registry, await own.createOfficer());
      const look = async (): Promise<unknown> => lookUp(officer, [{ id: 'a', reading: mintCode(), scheme: 'bm1' }]);
      await own.stop('g2');
      for (let i = 0; i < 5; i++) await look();
      expect(new Set(faults)).toEqual(new Set(['g2']));
      await own.stop('g3');
      await expect(look()).rejects.toMatchObject({
        code: 'guardiansUnavailable',
        guardians: expect.arrayContaining(['g2', 'g3']) as string[],
      });
    } finally {
      await own.stopAll();
    }
  });
});
