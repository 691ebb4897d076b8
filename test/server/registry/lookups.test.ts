/** `POST /v1/lookups`: what an officer gets, under which evaluation, and that hit and miss look alike. */
import * as fc from 'fast-check';
import type { Response } from 'supertest';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { parseCheckpoint } from '../../../crypto/checkpoint.ts';
import { openItemEnvelope } from '../../../crypto/item-envelope.ts';
import { formatLogEntry, type LogEntry } from '../../../crypto/log-entry.ts';
import { formatMessage, parseMessage } from '../../../crypto/message.ts';
import { authorizationHash, signOfficerRequest, type OfficerSigner } from '../../../crypto/officer-request.ts';
import { ITEM_ENVELOPE_SIZES, STATUSES, verifyRow, type RegistrationRow } from '../../../crypto/registration.ts';
import { lookupReplySchema, lookupSlotSchema, type LookupReply } from '../../../crypto/wire.ts';
import { formatSlots } from '../../../server/registry/lookup-slot.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import { createRow } from '../../support/rows.ts';
import {
  blindedElements,
  createWorld,
  evaluationBody,
  eventually,
  lookup,
  lookupBody,
  lookupEvaluation,
  refusalIn,
  register,
  type World,
} from './world.ts';

let fixture: Fixture;
let other: Fixture;
let officer: OfficerSigner;
beforeAll(async () => {
  fixture = await createFixture();
  other = await createFixture({ origin: 'other.blindmark.example' });
  officer = await fixture.createOfficer();
});

/** Has so many codes evaluated; answers the hash that a lookup names. */
async function evaluate(world: World, count: number, by = officer): Promise<Uint8Array> {
  const evaluation = await lookupEvaluation(fixture, by, blindedElements(count), { now: world.clock.now });
  const response = await world.post('/v1/evaluations', evaluationBody(evaluation));
  if (response.status !== 200) throw new Error(response.text);
  return authorizationHash(evaluation.authorization);
}

async function lookUp(world: World, tags: Uint8Array[], by = officer) {
  const evaluation = await evaluate(world, tags.length, by);
  return world.post('/v1/lookups', lookupBody(await lookup(fixture, by, evaluation, tags, world.clock.now)));
}

const rowsOf = (reply: LookupReply): RegistrationRow[][] =>
  reply.results.map((slots) => slots.flatMap(({ registration }) => registration ?? []));

/** The checkpoint grows with the cosignatures that have come by then, whatever is found. */
const bytesBeyondCheckpoint = ({ text, body }: Response): number =>
  text.length - JSON.stringify(parse(body).checkpoint).length;

/** The bytes of a reply without any match, in the log of another reply. */
function bytesOfMiss({ body }: Response, count: number): number {
  const { size } = parseCheckpoint(parse(body).checkpoint).checkpoint;
  const results = formatSlots(
    size,
    Array.from({ length: count }, () => []),
  );
  return JSON.stringify(formatMessage(lookupReplySchema, { checkpoint: 'x', results })).length - '"x"'.length;
}

const parse = (body: unknown): LookupReply => parseMessage(lookupReplySchema, body);
const tags = (count: number): Uint8Array[] => Array.from({ length: count }, () => randomBytes(32));

describe('a lookup', () => {
  it('finds every registration of its tags, in the order asked and of registration, and nothing else', async () => {
    const world = await createWorld(fixture);
    const first = await register(world);
    const claims = [first, await register(world, { lookupTag: first.lookupTag })];
    const second = await register(world);
    await register(world);
    const reply = parse((await lookUp(world, [second.lookupTag, randomBytes(32), first.lookupTag])).body);
    expect(rowsOf(reply)).toEqual([[second.row], [], claims.map(({ row }) => row)]);
    const row = rowsOf(reply)[0]?.[0] as RegistrationRow;
    const { ownerPublicKey, items } = openItemEnvelope(row.itemEnvelope, second.codeKey, row.commitment);
    verifyRow(fixture.origin, row, { lookupTag: second.lookupTag, ownerPublicKey });
    expect(items).toEqual([{ category: 'Bicycle' }]);
  });

  it('answers with as many bytes for a hit as for a miss in the same log, whatever the envelopes and claims', async () => {
    const world = await createWorld(fixture);
    const marks = [];
    for (const size of ITEM_ENVELOPE_SIZES) {
      marks.push(await register(world, { change: { itemEnvelope: randomBytes(size), status: 'lost' } }));
    }
    const [crowded] = marks;
    for (const contact of [512, 1024, null]) {
      const contactEnvelope = contact === null ? null : randomBytes(contact);
      await register(world, { lookupTag: crowded?.lookupTag as Uint8Array, contactEnvelope });
    }
    const miss = await lookUp(world, tags(1));
    expect(rowsOf(parse(miss.body))).toEqual([[]]);
    expect(bytesBeyondCheckpoint(miss)).toBe(bytesOfMiss(miss, 1));
    for (const [i, mark] of marks.entries()) {
      const hit = await lookUp(world, [mark.lookupTag]);
      expect(rowsOf(parse(hit.body))[0]).toHaveLength(i === 0 ? 4 : 1);
      expect(bytesBeyondCheckpoint(hit)).toBe(bytesOfMiss(hit, 1));
    }
    const hits = await lookUp(
      world,
      marks.slice(0, 3).map((mark) => mark.lookupTag),
    );
    expect(bytesBeyondCheckpoint(hits)).toBe(bytesOfMiss(hits, 3));
  });

  it('takes 64 tags', async () => {
    const world = await createWorld(fixture);
    expect(parse((await lookUp(world, tags(64))).body).results).toHaveLength(64);
  });

  it('is answered again alike, also after a restart', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const body = lookupBody(await lookup(fixture, officer, await evaluate(world, 1), [mark.lookupTag]));
    const [first, second] = [await world.post('/v1/lookups', body), await world.post('/v1/lookups', body)];
    expect(first.status).toBe(200);
    expect(parse(second.body).results).toEqual(parse(first.body).results);
    await world.restart();
    expect(parse((await world.post('/v1/lookups', body)).body).results).toEqual(parse(first.body).results);
  });
});

describe('an evaluation', () => {
  it('is good for one lookup, also when two are sent at once, and after a restart', async () => {
    const world = await createWorld(fixture);
    const evaluation = await evaluate(world, 1);
    const bodies = await Promise.all(
      [0, 1].map(async () => lookupBody(await lookup(fixture, officer, evaluation, tags(1)))),
    );
    const replies = await Promise.all(bodies.map(async (body) => world.post('/v1/lookups', body)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 409)).toHaveLength(1);
    await world.restart();
    const third = lookupBody(await lookup(fixture, officer, evaluation, tags(1)));
    expect(refusalIn(await world.post('/v1/lookups', third))).toEqual({ code: 'replayed', field: 'evaluation' });
  });

  it('is good for as many tags as were evaluated', async () => {
    const world = await createWorld(fixture);
    const evaluation = await evaluate(world, 2);
    const three = lookupBody(await lookup(fixture, officer, evaluation, tags(3)));
    expect(refusalIn(await world.post('/v1/lookups', three))).toEqual({
      code: 'evaluationRequired',
      field: 'evaluation',
    });
    const two = lookupBody(await lookup(fixture, officer, evaluation, tags(2)));
    expect((await world.post('/v1/lookups', two)).status).toBe(200);
  });

  it('is good for the officer’s key that asked for it alone', async () => {
    const world = await createWorld(fixture);
    const evaluation = await evaluate(world, 1);
    // Of the same force and pseudonym, even.
    const colleague = await fixture.createOfficer();
    const body = lookupBody(await lookup(fixture, colleague, evaluation, tags(1)));
    expect(refusalIn(await world.post('/v1/lookups', body)).code).toBe('evaluationRequired');
  });

  it('must have been asked for, here', async () => {
    const world = await createWorld(fixture);
    const elsewhere = await createWorld(fixture);
    for (const evaluation of [randomBytes(32), await evaluate(elsewhere, 1)]) {
      const body = lookupBody(await lookup(fixture, officer, evaluation, tags(1)));
      expect(refusalIn(await world.post('/v1/lookups', body)).code).toBe('evaluationRequired');
    }
  });

  it('ends with its request', async () => {
    const world = await createWorld(fixture);
    const evaluation = await evaluate(world, 1);
    world.clock.now += 361;
    const body = lookupBody(await lookup(fixture, officer, evaluation, tags(1), world.clock.now));
    expect(refusalIn(await world.post('/v1/lookups', body)).code).toBe('evaluationRequired');
  });

  it('can’t be made good again by setting the clock back', async () => {
    const world = await createWorld(fixture);
    const evaluation = await lookupEvaluation(fixture, officer, blindedElements(1));
    await world.post('/v1/evaluations', evaluationBody(evaluation));
    const hash = authorizationHash(evaluation.authorization);
    expect((await world.post('/v1/lookups', lookupBody(await lookup(fixture, officer, hash, tags(1))))).status).toBe(
      200,
    );
    world.clock.now += 1000;
    // Something has to be claimed for what has ended to be forgotten.
    const later = await fixture.createOfficer('officer-a', world.clock.now);
    expect((await lookUp(world, tags(1), later)).status).toBe(200);
    world.clock.now -= 1000;
    expect(refusalIn(await world.post('/v1/evaluations', evaluationBody(evaluation))).code).toBe('credentialExpired');
    const again = lookupBody(await lookup(fixture, officer, hash, tags(1)));
    expect(refusalIn(await world.post('/v1/lookups', again)).code).toBe('evaluationRequired');
  });
});

describe('a lookup that is refused', () => {
  const sign = async (change: {
    readonly purpose?: 'evaluation' | 'lookup';
    readonly roster?: Fixture['roster'];
    readonly now?: number;
    readonly by?: OfficerSigner;
  }) => {
    const [evaluation, [tag]] = [randomBytes(32), tags(1)];
    const authorization = await signOfficerRequest(change.by ?? officer, {
      purpose: change.purpose ?? 'lookup',
      content: [evaluation, tag as Uint8Array],
      caseCommitment: randomBytes(32),
      roster: change.roster ?? fixture.roster,
      epochs: [1],
      now: change.now ?? fixture.now,
    });
    return { evaluation, tags: [tag as Uint8Array], authorization };
  };

  const anotherOrigin = (): Fixture['roster'] => ({
    ...fixture.roster,
    roster: { ...fixture.roster.roster, origin: other.origin },
  });

  const cases: [string, () => ReturnType<typeof sign>, { code: string; field?: string }][] = [
    [
      'is signed for an evaluation',
      async () => sign({ purpose: 'evaluation' }),
      { code: 'badSignature', field: 'request' },
    ],
    [
      'is for another registry',
      async () => sign({ roster: anotherOrigin() }),
      { code: 'wrongOrigin', field: 'request' },
    ],
    [
      'is under another roster',
      async () => sign({ roster: { ...fixture.roster, hash: randomBytes(32) } }),
      { code: 'wrongRoster', field: 'roster' },
    ],
    ['has expired', async () => sign({ now: fixture.now - 361 }), { code: 'credentialExpired', field: 'request' }],
    [
      'is by another registry’s officer',
      async () => sign({ by: await other.createOfficer() }),
      { code: 'badCredential', field: 'forceCredential' },
    ],
    [
      'has other tags than were signed',
      async () => ({ ...(await sign({})), tags: tags(1) }),
      { code: 'badSignature', field: 'request' },
    ],
    [
      'has more tags than were signed',
      async () => ({ ...(await sign({})), tags: tags(2) }),
      { code: 'badSignature', field: 'request' },
    ],
    [
      'names another evaluation than was signed',
      async () => ({ ...(await sign({})), evaluation: randomBytes(32) }),
      { code: 'badSignature', field: 'request' },
    ],
  ];
  for (const [what, make, expected] of cases) {
    it(what, async () => {
      const world = await createWorld(fixture);
      expect(refusalIn(await world.post('/v1/lookups', lookupBody(await make())))).toEqual(expected);
    });
  }

  it('asks for no tag, or for 65', async () => {
    const world = await createWorld(fixture);
    for (const count of [0, 65]) {
      const body = { ...lookupBody(await sign({})), tags: tags(count).map((tag) => formatBase64url(tag)) };
      expect(refusalIn(await world.post('/v1/lookups', body))).toEqual({ code: 'badInput', field: 'tags' });
    }
  });
});

describe('the places of a tag', () => {
  const row = fc.record({
    itemEnvelope: fc.constantFrom(...ITEM_ENVELOPE_SIZES).map((size) => randomBytes(size)),
    contactEnvelope: fc.constantFrom(null, 512, 1024).map((size) => (size === null ? null : randomBytes(size))),
    status: fc.constantFrom(...STATUSES),
    version: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    epoch: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  });
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const hour = fc.nat({ max: 10 ** 6 });
  const sizes = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
  const registeredEntry = fc.oneof(
    fc.record({
      kind: fc.constant('registration' as const),
      hour,
      mark: hash,
      row: hash,
      epoch: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    }),
    fc.record({
      kind: fc.constant('action' as const),
      hour,
      mark: hash,
      action: fc.constantFrom('status' as const, 'replace' as const),
      row: hash,
    }),
  );

  /** What a registration may look like in a tree of this size: an index in it, and a proof of any length that it has there. */
  const shownIn = (size: number) => {
    const depth = Math.ceil(Math.log2(size));
    const logged = (entry: fc.Arbitrary<LogEntry>) =>
      fc.record({
        index: fc.integer({ min: 0, max: size - 1 }),
        entry: entry.map(formatLogEntry),
        proof: fc.array(hash, { minLength: depth, maxLength: depth }).chain((all) => fc.subarray(all)),
      });
    const plain = fc.record({
      kind: fc.constant('match' as const),
      hour,
      mark: hash,
      lookup: fc.integer({ min: 0, max: size }),
    });
    const hidden = fc.record({
      kind: fc.constant('delayed' as const),
      hour,
      of: fc.constant('match' as const),
      commitment: hash,
      revealBy: hour,
    });
    const match = fc.oneof(
      fc.record({ logged: logged(plain), salt: hash, delayed: fc.constant(null) }),
      fc.record({
        logged: logged(hidden),
        salt: hash,
        delayed: fc.record({ salt: hash, plain: plain.map(formatLogEntry) }),
      }),
    );
    const registered = fc.record({ logged: logged(registeredEntry), salt: hash });
    return fc.record({ registration: row.map((fields) => createRow(fields)), registered, match });
  };

  it('are four of one length, whatever registrations and entries are in them', () => {
    fc.assert(
      fc.property(
        sizes.chain((size) => fc.tuple(fc.constant(size), fc.array(shownIn(size), { maxLength: 4 }))),
        ([size, shown]) => {
          const [slots, empty] = formatSlots(size, [shown, []]) as [
            LookupReply['results'][number],
            LookupReply['results'][number],
          ];
          expect(slots.flatMap(({ registration }) => registration ?? [])).toEqual(
            shown.map(({ registration }) => registration),
          );
          const lengths = [...slots, ...empty].map(
            (slot) => JSON.stringify(formatMessage(lookupSlotSchema, slot)).length,
          );
          expect(new Set(lengths).size).toBe(1);
          expect(slots).toHaveLength(4);
        },
      ),
      { numRuns: 100 },
    );
  });
});

it('tells neither tags nor results nor cases to logs and metrics', async () => {
  const world = await createWorld(fixture);
  const mark = await register(world);
  const by = await fixture.createOfficer('constable-canary');
  const metricsOf = async (tag: Uint8Array): Promise<string> => {
    await lookUp(world, [tag], by);
    const text = await world.metrics();
    return text
      .split('\n')
      .filter((line) => line.startsWith('blindmark_lookups_total'))
      .join();
  };
  expect(await metricsOf(mark.lookupTag)).toContain(' 1');
  expect(await metricsOf(randomBytes(32))).toContain('blindmark_lookups_total{result="claimed",service="registry"} 2');
  await eventually(() => expect(world.log.filter((line) => line.includes('/v1/lookups'))).toHaveLength(2));
  const written = world.log.join('') + (await world.metrics());
  for (const secret of ['constable-canary', formatBase64url(mark.lookupTag), formatBase64url(mark.row.commitment)]) {
    expect(written).not.toContain(secret);
  }
  // A hit and a miss leave the same line, time and number of the request aside.
  const lines = world.log
    .filter((line) => line.includes('/v1/lookups'))
    .map((line) => Object.assign(JSON.parse(line) as object, { time: 0, requestId: 0, durationMs: 0 }));
  expect(lines[0]).toEqual(lines[1]);
});
