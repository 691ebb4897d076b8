/** `POST /v1/registrations`: what is stored, and what is refused, each for its own reason. */
import { DatabaseSync } from 'node:sqlite';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { registrationIndex, signRow, type RegistrationRow } from '../../../crypto/registration.ts';
import { shiftQuarter, quarterOf } from '../../../crypto/roster.ts';
import { createSigningKey } from '../../../crypto/signature.ts';
import { parseToken } from '../../../crypto/token.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import {
  changeByte,
  changeRow,
  createMark,
  createWorld,
  dateOf,
  eventually,
  refusalIn,
  register,
  registrationBody,
  type Mark,
  type World,
} from './world.ts';
import { createToken } from '../../support/tokens.ts';

let fixture: Fixture;
let other: Fixture;
beforeAll(async () => {
  fixture = await createFixture({
    change: (roster) => ({
      ...roster,
      epochs: roster.epochs.flatMap((epoch) => [epoch, { ...epoch, epoch: 2 }, { ...epoch, epoch: 3, live: false }]),
      issuers: roster.issuers.flatMap((issuer) => {
        const quarter = (issuer.tokenKeys[0] as (typeof issuer.tokenKeys)[number]).quarter;
        const [key] = issuer.tokenKeys as [(typeof issuer.tokenKeys)[number]];
        return [{ ...issuer, tokenKeys: [key, { ...key, quarter: shiftQuarter(quarter, -2) }] }];
      }),
    }),
  });
  other = await createFixture({ origin: 'other.blindmark.example' });
});

/** A mark in the newest live epoch, which is not the newest of all. */
const newMark = (options: Parameters<typeof createMark>[1] = {}): Mark =>
  createMark(fixture, { ...options, change: { epoch: 2, ...options.change } });

const post = async (world: World, mark: Mark, token: Uint8Array, row = mark.row) =>
  world.post('/v1/registrations', registrationBody(mark, token, row));

describe('a registration', () => {
  it('is stored with its row alone, and kept over a restart', async () => {
    const world = await createWorld(fixture);
    const mark = newMark();
    const token = await createToken(fixture);
    expect((await post(world, mark, token)).body).toMatchObject({ result: 'registered' });
    await world.restart();
    expect((await post(world, mark, token)).body).toMatchObject({ result: 'again' });
    const bytes = readFileSync(world.file);
    expect(bytes.includes(Buffer.from(mark.row.commitment))).toBe(true);
    for (const secret of [mark.lookupTag, mark.signingKey.publicKey, mark.codeKey, token.subarray(98)]) {
      expect(bytes.includes(Buffer.from(secret))).toBe(false);
    }
  });

  for (const status of ['withKeeper', 'stolen', 'lost'] as const) {
    it(`may start as ${status}`, async () => {
      const response = await post(
        await createWorld(fixture),
        newMark({ change: { status } }),
        await createToken(fixture),
      );
      expect(response.body).toMatchObject({ result: 'registered' });
    });
  }

  it('may be of yesterday, so that it can be repeated over midnight, and of a clock that is a minute ahead', async () => {
    const world = await createWorld(fixture);
    const midnight = Math.floor(fixture.now / 86_400) * 86_400;
    world.clock.now = midnight + 10;
    const yesterday = newMark({ change: { registeredOn: dateOf(midnight - 1) } });
    expect((await post(world, yesterday, await createToken(fixture))).status).toBe(200);
    world.clock.now = midnight - 59;
    const today = newMark({ change: { registeredOn: dateOf(midnight) } });
    expect((await post(world, today, await createToken(fixture))).status).toBe(200);
  });

  it('is answered again a week later, when its token and date would not do any more', async () => {
    const world = await createWorld(fixture);
    const mark = newMark();
    const token = await createToken(fixture);
    await post(world, mark, token);
    world.clock.now += 200 * 86_400;
    expect((await post(world, mark, token)).body).toMatchObject({ result: 'again' });
  });

  it('takes a token of the last quarter, and none of the one before', async () => {
    const world = await createWorld(fixture);
    const token = await createToken(fixture);
    const mark = newMark({ change: { registeredOn: dateOf(fixture.now + 92 * 86_400) } });
    world.clock.now = fixture.now + 92 * 86_400;
    expect(quarterOf(world.clock.now)).toBe(shiftQuarter(quarterOf(fixture.now), 1));
    expect((await post(world, mark, token)).status).toBe(200);
    world.clock.now = fixture.now + 184 * 86_400;
    const late = newMark({ change: { registeredOn: dateOf(world.clock.now) } });
    expect(refusalIn(await post(world, late, await createToken(fixture)))).toEqual({
      code: 'unknownIssuer',
      field: 'token',
    });
  });

  it('is one of at most four of a code', async () => {
    const world = await createWorld(fixture);
    const lookupTag = randomBytes(32);
    for (let i = 0; i < 4; i++) {
      expect((await post(world, newMark({ lookupTag }), await createToken(fixture))).status).toBe(200);
    }
    const token = await createToken(fixture);
    expect(refusalIn(await post(world, newMark({ lookupTag }), token)).code).toBe('claimsFull');
    // The token is unspent.
    expect((await post(world, newMark(), token)).body).toMatchObject({ result: 'registered' });
  });
});

describe('a token', () => {
  it('makes one registration, also after a restart', async () => {
    const world = await createWorld(fixture);
    const token = await createToken(fixture);
    await post(world, newMark(), token);
    expect(refusalIn(await post(world, newMark(), token))).toEqual({ code: 'tokenSpent', field: 'token' });
    await world.restart();
    expect(refusalIn(await post(world, newMark(), token)).code).toBe('tokenSpent');
  });

  it('makes one registration when many are tried at once', async () => {
    const world = await createWorld(fixture);
    const token = await createToken(fixture);
    const replies = await Promise.all(Array.from({ length: 24 }, async () => post(world, newMark(), token)));
    const outcomes = replies.map((reply) => (reply.status === 200 ? 'registered' : refusalIn(reply).code));
    expect(outcomes.filter((outcome) => outcome === 'registered')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'tokenSpent')).toHaveLength(23);
    await world.restart();
    const db = new DatabaseSync(world.file, { readOnly: true });
    expect(db.prepare('SELECT count(*) AS n FROM registrations').get()).toEqual({ n: 1 });
    db.close();
  });

  it('makes one registration when the very same one is sent many times at once', async () => {
    const world = await createWorld(fixture);
    const mark = newMark();
    const token = await createToken(fixture);
    const replies = await Promise.all(Array.from({ length: 16 }, async () => post(world, mark, token)));
    const results = replies.map(({ body }) => (body as { result: string }).result);
    expect(results.filter((result) => result === 'registered')).toHaveLength(1);
    expect(results.filter((result) => result === 'again')).toHaveLength(15);
  });

  it('is not spent by a refused registration', async () => {
    const world = await createWorld(fixture);
    const token = await createToken(fixture);
    const mark = newMark();
    expect((await post(world, mark, token, { ...mark.row, status: 'lost' })).status).toBe(403);
    expect((await post(world, mark, token)).body).toMatchObject({ result: 'registered' });
  });

  it('is refused to whoever saw it and does not know what redeems it', async () => {
    const world = await createWorld(fixture);
    const token = await createToken(fixture);
    const body = registrationBody(newMark(), token);
    const guessed = formatBase64url(randomBytes(32));
    const stolen = await world.post('/v1/registrations', { ...body, redemptionSecret: guessed });
    expect(refusalIn(stolen).code).toBe('tokenForAnotherElement');
    expect((await world.post('/v1/registrations', body)).body).toMatchObject({ result: 'registered' });
  });

  it('for another registry, or by an issuer that is not in the roster, is refused', async () => {
    const world = await createWorld(fixture);
    const foreign = await createToken(fixture, undefined, { key: other.tokenKey });
    expect(refusalIn(await post(world, newMark(), foreign))).toEqual({ code: 'unknownIssuer', field: 'token' });
    // Under the right key, but made for another origin, or in another issuer's name.
    const anotherOrigin = await createToken({ ...fixture, origin: other.origin });
    expect(refusalIn(await post(world, newMark(), anotherOrigin)).code).toBe('tokenForAnotherElement');
    const anotherName = await createToken(fixture, undefined, { issuerName: 'another-issuer' });
    expect(refusalIn(await post(world, newMark(), anotherName))).toEqual({ code: 'badToken', field: 'token' });
  });

  const parts = [
    ['type', 1, 'badToken'],
    ['nonce', 20, 'tokenForAnotherElement'],
    ['challenge digest', 50, 'badToken'],
    ['key id', 90, 'unknownIssuer'],
    ['authenticator', 98, 'badToken'],
    ['authenticator’s end', 353, 'badToken'],
  ] as const;
  for (const [part, at, code] of parts) {
    it(`with a changed byte in its ${part} is refused as ${code}`, async () => {
      const token = await createToken(fixture);
      token[at] = (token[at] as number) ^ 1;
      expect(refusalIn(await post(await createWorld(fixture), newMark(), token))).toEqual({ code, field: 'token' });
    });
  }
});

describe('a row', () => {
  const cases: [string, (mark: Mark) => RegistrationRow, { code: string; field: string }][] = [
    [
      'of a later version',
      (mark) => changeRow(fixture, mark, { version: 2 }),
      { code: 'badInput', field: 'row.version' },
    ],
    [
      'that starts as recovered',
      (mark) => changeRow(fixture, mark, { status: 'recovered' }),
      { code: 'badInput', field: 'row.status' },
    ],
    [
      'of an epoch before the newest',
      (mark) => changeRow(fixture, mark, { epoch: 1 }),
      { code: 'wrongEpoch', field: 'row.epoch' },
    ],
    [
      'of a retired epoch',
      (mark) => changeRow(fixture, mark, { epoch: 3 }),
      { code: 'wrongEpoch', field: 'row.epoch' },
    ],
    [
      'of an unknown epoch',
      (mark) => changeRow(fixture, mark, { epoch: 4 }),
      { code: 'wrongEpoch', field: 'row.epoch' },
    ],
    [
      'of the day before yesterday',
      (mark) => changeRow(fixture, mark, { registeredOn: dateOf(fixture.now - 2 * 86_400) }),
      { code: 'badInput', field: 'row.registeredOn' },
    ],
    [
      'of the day after tomorrow',
      (mark) => changeRow(fixture, mark, { registeredOn: dateOf(fixture.now + 2 * 86_400) }),
      { code: 'badInput', field: 'row.registeredOn' },
    ],
    [
      'under another tag’s index',
      (mark) => changeRow(fixture, mark, { index: randomBytes(32) }),
      { code: 'badRow', field: 'index' },
    ],
    [
      'indexed for another registry',
      (mark) => changeRow(fixture, mark, { index: registrationIndex(other.origin, mark.lookupTag) }),
      { code: 'badRow', field: 'index' },
    ],
    [
      'with another commitment',
      (mark) => changeRow(fixture, mark, { commitment: randomBytes(32) }),
      { code: 'badRow', field: 'commitment' },
    ],
    [
      'with another salt',
      (mark) => changeRow(fixture, mark, { salt: randomBytes(32) }),
      { code: 'badRow', field: 'commitment' },
    ],
    [
      'signed for another registry',
      ({ row, signingKey }) => signRow(other.origin, row, signingKey),
      { code: 'badRow', field: 'rowSignature' },
    ],
    [
      'signed by another key',
      ({ row }) => signRow(fixture.origin, row, createSigningKey()),
      { code: 'badRow', field: 'rowSignature' },
    ],
    ['with a changed status', ({ row }) => ({ ...row, status: 'stolen' }), { code: 'badRow', field: 'rowSignature' }],
    [
      'with a changed day',
      ({ row }) => ({ ...row, registeredOn: '2020-02-02' }),
      { code: 'badRow', field: 'rowSignature' },
    ],
    [
      'with a contact envelope put in',
      ({ row }) => ({ ...row, contactEnvelope: randomBytes(512) }),
      { code: 'badRow', field: 'rowSignature' },
    ],
  ];
  for (const [what, make, expected] of cases) {
    it(`${what} is refused`, async () => {
      const world = await createWorld(fixture);
      const mark = newMark();
      expect(refusalIn(await post(world, mark, await createToken(fixture), make(mark)))).toEqual(expected);
    });
  }

  const changes = [
    ['lookupTag', 'index'],
    ['ownerPublicKey', 'commitment'],
    ['row.index', 'index'],
    ['row.salt', 'commitment'],
    ['row.commitment', 'commitment'],
    ['row.itemEnvelope', 'rowSignature'],
    ['row.rowSignature', 'rowSignature'],
  ] as const;
  for (const [path, field] of changes) {
    it(`with a changed byte in ${path} is refused for its ${field}`, async () => {
      const body = registrationBody(newMark(), await createToken(fixture));
      const [outer, inner] = path.split('.') as [keyof typeof body, string?];
      const target = (inner === undefined ? body : body[outer]) as unknown as Record<string, string>;
      const name = inner ?? outer;
      target[name] = changeByte(target[name] as string);
      const response = await (await createWorld(fixture)).post('/v1/registrations', body);
      expect(refusalIn(response)).toEqual({ code: 'badRow', field });
      expect(response.status).toBe(403);
    });
  }

  it('of another envelope size, or with a field too many, does not parse', async () => {
    const world = await createWorld(fixture);
    const body = registrationBody(newMark(), await createToken(fixture));
    const shorter = { ...body, row: { ...body.row, itemEnvelope: formatBase64url(randomBytes(600)) } };
    expect(refusalIn(await world.post('/v1/registrations', shorter))).toEqual({
      code: 'badInput',
      field: 'row.itemEnvelope',
    });
    const wider = { ...body, row: { ...body.row, owner: 'me' } };
    expect(refusalIn(await world.post('/v1/registrations', wider))).toEqual({ code: 'badInput', field: 'row' });
  });

  it('of a commitment that is stored with another content is refused, and the token unspent', async () => {
    const world = await createWorld(fixture);
    const mark = newMark();
    await post(world, mark, await createToken(fixture));
    const token = await createToken(fixture);
    const changed = changeRow(fixture, mark, { status: 'stolen' });
    expect(refusalIn(await post(world, mark, token, changed)).code).toBe('alreadyRegistered');
    expect((await post(world, newMark(), token)).body).toMatchObject({ result: 'registered' });
  });
});

it('keeps nothing of a registration in logs and metrics', async () => {
  const world = await createWorld(fixture);
  const mark = await register(world, { change: { epoch: 2 } });
  const token = await createToken(fixture);
  await post(world, mark, token, { ...mark.row, status: 'lost' });
  await eventually(() => expect(world.log.join('')).toContain('badRow'));
  const written = world.log.join('') + (await world.metrics());
  const { commitment, index, salt } = mark.row;
  for (const secret of [mark.lookupTag, mark.signingKey.publicKey, commitment, index, salt, parseToken(token).nonce]) {
    expect(written).not.toContain(formatBase64url(secret));
  }
  expect(written).toContain('blindmark_registrations_total{result="registered",service="registry"} 1');
});
