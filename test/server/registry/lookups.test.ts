/** `POST /v1/lookups`: what an officer gets, under which evaluation, and that hit and miss look alike. */
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { openItemEnvelope } from '../../../crypto/item-envelope.ts';
import { parseMessage } from '../../../crypto/message.ts';
import { authorizationHash, signOfficerRequest, type OfficerSigner } from '../../../crypto/officer-request.ts';
import { ITEM_ENVELOPE_SIZES, STATUSES, verifyRow, type RegistrationRow } from '../../../crypto/registration.ts';
import { lookupReplySchema, type LookupReply } from '../../../crypto/wire.ts';
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

  it('answers with as many bytes for a hit as for a miss, whatever the envelopes and claims', async () => {
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
    for (const [i, mark] of marks.entries()) {
      const hit = await lookUp(world, [mark.lookupTag]);
      expect(rowsOf(parse(hit.body))[0]).toHaveLength(i === 0 ? 4 : 1);
      expect(hit.text).toHaveLength(miss.text.length);
      expect(hit.headers['content-length']).toBe(miss.headers['content-length']);
    }
    const [three, threeHits] = [
      await lookUp(world, tags(3)),
      await lookUp(
        world,
        marks.slice(0, 3).map((mark) => mark.lookupTag),
      ),
    ];
    expect(three.text).toHaveLength(threeHits.text.length);
  });

  it('takes 64 tags', async () => {
    const world = await createWorld(fixture);
    expect(parse((await lookUp(world, tags(64))).body).results).toHaveLength(64);
  });

  it('is answered again, byte for byte, also after a restart', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const body = lookupBody(await lookup(fixture, officer, await evaluate(world, 1), [mark.lookupTag]));
    const [first, second] = [await world.post('/v1/lookups', body), await world.post('/v1/lookups', body)];
    expect(second.text).toBe(first.text);
    await world.restart();
    expect((await world.post('/v1/lookups', body)).text).toBe(first.text);
    expect(first.status).toBe(200);
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
    size: fc.constantFrom(...ITEM_ENVELOPE_SIZES),
    contact: fc.constantFrom(null, 512, 1024),
    status: fc.constantFrom(...STATUSES),
    version: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    epoch: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  });

  it('are four of one length, whatever rows are in them', () => {
    const empty = JSON.stringify(lookupReplySchema.encode({ results: [formatSlots([])] }));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), (shapes) => {
        const rows = shapes.map(({ size, contact, ...rest }) =>
          createRow({
            itemEnvelope: randomBytes(size),
            contactEnvelope: contact === null ? null : randomBytes(contact),
            ...rest,
          }),
        );
        const slots = formatSlots(rows);
        expect(slots.flatMap(({ registration }) => registration ?? [])).toEqual(rows);
        expect(JSON.stringify(lookupReplySchema.encode({ results: [slots] }))).toHaveLength(empty.length);
      }),
      { numRuns: 60 },
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
