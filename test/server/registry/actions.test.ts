/** An owner's actions on, and reading of, one registration: what each may change, and who may not. */
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { formatMessage } from '../../../crypto/message.ts';
import { historyHash, type RegistrationRow } from '../../../crypto/registration.ts';
import { createSigningKey, sign } from '../../../crypto/signature.ts';
import { actionRequestSchema, historyRequestSchema, type ActionRequest } from '../../../crypto/wire.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import { act, change, read, setStatus, stored, withdraw, withdrawal, witness } from './owner-steps.ts';
import {
  changeByte,
  changeRow,
  createMark,
  createWorld,
  pathOf,
  problemOf,
  refusalIn,
  register,
  registrationBody,
  type Mark,
} from './world.ts';
import { createToken } from '../../support/tokens.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ epochs: [1, 2] });
});

/** The same tag and commitment, presented by somebody else. */
const stranger = (mark: Mark): Mark => ({ ...mark, signingKey: createSigningKey() });

describe('status', () => {
  for (const status of ['stolen', 'lost', 'recovered', 'withKeeper'] as const) {
    it(`becomes ${status}, and nothing else changes`, async () => {
      const world = await createWorld(fixture);
      const mark = await register(world, { change: { status: status === 'withKeeper' ? 'lost' : 'withKeeper' } });
      expect((await setStatus(world, mark, status)).body).toMatchObject({ result: 'done' });
      const row = await stored(world, mark);
      expect({ ...row, rowSignature: null }).toEqual({ ...mark.row, status, version: 2, rowSignature: null });
    });
  }

  it('is answered again, byte for byte, also after a restart', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    await setStatus(world, mark, 'stolen');
    expect((await setStatus(world, mark, 'stolen')).body).toMatchObject({ result: 'again' });
    await world.restart();
    expect((await setStatus(world, mark, 'stolen')).body).toMatchObject({ result: 'again' });
    expect((await stored(world, mark)).version).toBe(2);
  });

  it('changes by compare-and-swap: of two at once, one wins', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const replies = await Promise.all([setStatus(world, mark, 'stolen'), setStatus(world, mark, 'lost')]);
    const outcomes = replies.map((reply) => (reply.status === 200 ? 'done' : refusalIn(reply).code)).sort();
    expect(outcomes).toEqual(['done', 'versionConflict']);
  });

  it('is done once when sent many times at once', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const replies = await Promise.all(Array.from({ length: 12 }, async () => setStatus(world, mark, 'stolen')));
    const results = replies.map(({ body }) => (body as { result: string }).result);
    expect(results.filter((result) => result === 'done')).toHaveLength(1);
    expect(results.filter((result) => result === 'again')).toHaveLength(11);
  });

  it('refuses an older version, which is a replay, and one that leaps', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const first = changeRow(fixture, mark, { status: 'stolen', version: 2 });
    await change(world, 'status', mark, first);
    await setStatus(world, mark, 'recovered', 3);
    expect(refusalIn(await change(world, 'status', mark, first))).toEqual({
      code: 'versionConflict',
      field: 'version',
    });
    expect(refusalIn(await setStatus(world, mark, 'lost', 5)).code).toBe('versionConflict');
    expect((await stored(world, mark)).status).toBe('recovered');
  });

  const others: [keyof RegistrationRow, Partial<RegistrationRow>][] = [
    ['itemEnvelope', { itemEnvelope: new Uint8Array(1024) }],
    ['contactEnvelope', { contactEnvelope: new Uint8Array(512) }],
    ['epoch', { epoch: 1 }],
    ['registeredOn', { registeredOn: '2020-01-01' }],
  ];
  for (const [field, fields] of others) {
    it(`does not change ${field}`, async () => {
      const world = await createWorld(fixture);
      const mark = await register(world);
      const row = changeRow(fixture, mark, { status: 'stolen', version: 2, ...fields });
      expect(refusalIn(await change(world, 'status', mark, row))).toEqual({ code: 'badInput', field: `row.${field}` });
      expect((await stored(world, mark)).version).toBe(1);
    });
  }
});

describe('replace', () => {
  it('changes the envelopes, and nothing else', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const envelopes = { itemEnvelope: randomBytes(2048), contactEnvelope: randomBytes(1024) };
    const row = changeRow(fixture, mark, { ...envelopes, version: 2 });
    expect((await change(world, 'replace', mark, row)).body).toMatchObject({ result: 'done' });
    expect((await change(world, 'replace', mark, row)).body).toMatchObject({ result: 'again' });
    expect(await stored(world, mark)).toEqual(row);
  });

  const others: [keyof RegistrationRow, Partial<RegistrationRow>][] = [
    ['status', { status: 'stolen' }],
    ['epoch', { epoch: 1 }],
    ['registeredOn', { registeredOn: '2020-01-01' }],
  ];
  for (const [field, fields] of others) {
    it(`does not change ${field}`, async () => {
      const world = await createWorld(fixture);
      const mark = await register(world);
      const row = changeRow(fixture, mark, { itemEnvelope: randomBytes(512), version: 2, ...fields });
      expect(refusalIn(await change(world, 'replace', mark, row))).toEqual({ code: 'badInput', field: `row.${field}` });
    });
  }
});

describe('withdraw', () => {
  it('erases the row, so that nothing tells it from one that never was', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    expect((await withdraw(world, mark)).body).toMatchObject({ result: 'done' });
    const never = createMark(fixture);
    const [erased, unknown] = [await read(world, mark), await read(world, never)];
    expect(refusalIn(erased).code).toBe('notFound');
    expect(erased.text).toBe(unknown.text);
    // Repeated, it is answered like a registration that never was: that it was done can't be known.
    const repeated = await withdraw(world, mark);
    expect(repeated.text).toBe((await withdraw(world, never)).text);
    await world.restart();
    const db = new DatabaseSync(world.file, { readOnly: true });
    expect(db.prepare('SELECT count(*) AS n FROM registrations').get()).toEqual({ n: 0 });
    db.close();
  });

  it('lets the owner register the code again, with another token', async () => {
    const world = await createWorld(fixture);
    const mark = createMark(fixture);
    const token = await createToken(fixture);
    await world.post('/v1/registrations', registrationBody(mark, token));
    await withdraw(world, mark);
    expect(refusalIn(await world.post('/v1/registrations', registrationBody(mark, token))).code).toBe('tokenSpent');
    const again = await register(world, { lookupTag: mark.lookupTag });
    expect((await stored(world, again)).version).toBe(1);
  });

  it('refuses another version than the stored one', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    await setStatus(world, mark, 'stolen');
    expect(refusalIn(await withdraw(world, mark, 1)).code).toBe('versionConflict');
    expect((await withdraw(world, mark, 2)).body).toMatchObject({ result: 'done' });
  });

  it('refuses a signature for another registry, version or registration', async () => {
    const world = await createWorld(fixture);
    const [mark, second] = [await register(world), await register(world)];
    const signatures = [
      withdrawal({ ...fixture, origin: 'other.blindmark.example' }, mark).signature,
      withdrawal(fixture, mark, 2).signature,
      withdrawal(fixture, { ...mark, row: second.row }).signature,
    ];
    for (const signature of signatures) {
      const response = await act(world, mark.row.commitment, { ...withdrawal(fixture, mark), signature });
      expect(refusalIn(response)).toEqual({ code: 'badSignature', field: 'signature' });
    }
    expect((await stored(world, mark)).version).toBe(1);
  });
});

describe('history', () => {
  it('gives the row to its owner', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    expect(await stored(world, mark)).toEqual(mark.row);
  });

  it('takes a request of the last five minutes, a minute of clock difference aside', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const { now } = world.clock;
    expect((await read(world, mark, { issuedAt: now - 300 })).status).toBe(200);
    expect((await read(world, mark, { issuedAt: now + 60 })).status).toBe(200);
    for (const issuedAt of [now - 301, now + 61]) {
      expect(refusalIn(await read(world, mark, { issuedAt }))).toEqual({
        code: 'credentialExpired',
        field: 'issuedAt',
      });
    }
  });

  it('refuses a signature for another registry, or another moment', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const response = await read(world, mark, { origin: 'other.blindmark.example' });
    expect(refusalIn(response)).toEqual({ code: 'badSignature', field: 'signature' });
    const { now } = world.clock;
    const signature = sign(mark.signingKey, historyHash(fixture.origin, mark.row.commitment, now));
    const body = formatMessage(historyRequestSchema, { ...witness(mark), issuedAt: now - 1, signature });
    expect(refusalIn(await world.post(pathOf(mark.row.commitment, 'history'), body)).code).toBe('badSignature');
  });
});

describe('somebody else’s registration, and one that does not exist', () => {
  it('are refused alike, byte for byte, whatever is asked', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const never = createMark(fixture);
    const asked = async (target: Mark): Promise<string[]> => {
      const thief = stranger(target);
      const responses = [await read(world, thief), await act(world, target.row.commitment, withdrawal(fixture, thief))];
      return responses.map((response) => {
        expect(refusalIn(response)).toEqual({ code: 'notFound', field: 'commitment' });
        return response.text;
      });
    };
    expect(await asked(mark)).toEqual(await asked(never));
    expect(await stored(world, mark)).toEqual(mark.row);
  });

  it('are refused alike to who has the right key and another tag', async () => {
    const world = await createWorld(fixture);
    const mark = { ...(await register(world)), lookupTag: randomBytes(32) };
    expect(refusalIn(await read(world, mark)).code).toBe('notFound');
    expect(refusalIn(await withdraw(world, mark)).code).toBe('notFound');
  });

  it('are refused alike to who knows tag and public key, and can’t sign', async () => {
    const world = await createWorld(fixture);
    const answers = [];
    for (const target of [await register(world), createMark(fixture)]) {
      const forged = { ...withdrawal(fixture, target), signature: randomBytes(64) };
      answers.push(problemOf(await act(world, target.row.commitment, forged)));
    }
    expect(answers[0]).toMatchObject({ code: 'badSignature' });
    expect(answers[1]).toEqual(answers[0]);
  });

  it('can’t be changed by a row of the thief’s own key', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const thief = stranger(mark);
    const row = changeRow(fixture, thief, { status: 'recovered', version: 2 });
    expect(refusalIn(await change(world, 'status', thief, row))).toEqual({ code: 'badRow', field: 'commitment' });
    // A well-made row of his own under the victim's address.
    const own = createMark(fixture, { lookupTag: mark.lookupTag, change: { version: 2 } });
    const action: ActionRequest = { kind: 'status', ...witness(own), row: own.row };
    expect(refusalIn(await act(world, mark.row.commitment, action))).toEqual({
      code: 'badInput',
      field: 'row.commitment',
    });
    expect(await stored(world, mark)).toEqual(mark.row);
  });

  it('are refused alike for a well-made change', async () => {
    const world = await createWorld(fixture);
    expect(refusalIn(await setStatus(world, createMark(fixture), 'stolen')).code).toBe('notFound');
  });
});

describe('a changed byte', () => {
  const cases = [
    ['lookupTag', 'badRow', 'index'],
    ['ownerPublicKey', 'badRow', 'commitment'],
    ['row.itemEnvelope', 'badRow', 'rowSignature'],
    ['row.rowSignature', 'badRow', 'rowSignature'],
    ['row.salt', 'badRow', 'commitment'],
    ['row.commitment', 'badInput', 'row.commitment'],
  ] as const;
  for (const [path, code, field] of cases) {
    it(`in ${path} of a change is refused as ${code}`, async () => {
      const world = await createWorld(fixture);
      const mark = await register(world);
      const action: ActionRequest = {
        kind: 'status',
        ...witness(mark),
        row: changeRow(fixture, mark, { status: 'lost', version: 2 }),
      };
      const body = formatMessage(actionRequestSchema, action) as unknown as Record<string, Record<string, string>>;
      const [outer, inner] = path.split('.') as [string, string?];
      const target = (inner === undefined ? body : body[outer]) as Record<string, string>;
      const name = inner ?? outer;
      target[name] = changeByte(target[name] as string);
      expect(refusalIn(await world.post(pathOf(mark.row.commitment, 'actions'), body))).toEqual({ code, field });
      expect(await stored(world, mark)).toEqual(mark.row);
    });
  }

  it('in the address is refused', async () => {
    const world = await createWorld(fixture);
    const mark = await register(world);
    const response = await act(world, randomBytes(32), withdrawal(fixture, mark));
    expect(refusalIn(response).code).toBe('badSignature');
    for (const address of ['x', formatBase64url(randomBytes(31)), '%E0%A4%A']) {
      const malformed = await world.post(
        `/v1/registrations/${address}/actions`,
        formatMessage(actionRequestSchema, withdrawal(fixture, mark)),
      );
      expect(['badInput', 'unknownRoute']).toContain(refusalIn(malformed).code);
    }
  });
});
