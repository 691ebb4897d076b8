/** `POST /v1/evaluations`: who may ask, what guardians may do wrong, and what the caller hears of it. */
import request from 'supertest';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatBase64url, randomBytes } from '../../../crypto/bytes.ts';
import { finalize, blind } from '../../../crypto/oprf.ts';
import { authorizationHash } from '../../../crypto/officer-request.ts';
import { combineVerified } from '../../../crypto/threshold.ts';
import { rosterHash } from '../../../crypto/roster.ts';
import type { EvaluationReply, EvaluationRequest } from '../../../crypto/wire.ts';
import { storageFailed } from '../../../server/database/database.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import type { Behaviour } from './fake-guardian.ts';
import {
  blindedElements,
  countEntries,
  createWorld,
  evaluationBody,
  eventually,
  lookup,
  lookupBody,
  lookupEvaluation,
  parseEvaluationReply,
  problemOf,
  refusalIn,
  type World,
} from './world.ts';
import { createToken, REDEMPTION } from '../../support/tokens.ts';

let fixture: Fixture;
let other: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ epochs: [1, 2] });
  other = await createFixture({ origin: 'other.blindmark.example' });
});

/** What an honest client makes of the answers for one input: the OPRF's output under one epoch's whole key. */
function outputOf(
  reply: EvaluationReply,
  epoch: number,
  input: Uint8Array,
  blinded: ReturnType<typeof blind>,
): Uint8Array {
  const { threshold, guardians, epochs } = fixture.roster.roster;
  const key = epochs.find((entry) => entry.epoch === epoch) as (typeof epochs)[number];
  const answers = reply.evaluations.map(({ guardian, evaluations }) => {
    const index = (guardians.find(({ id }) => id === guardian) as (typeof guardians)[number]).index;
    const { elements, proof } = evaluations.find((entry) => entry.epoch === epoch) as (typeof evaluations)[number];
    return {
      guardian,
      index,
      evaluatedElements: elements,
      proof,
      publicShare: key.publicShares[index - 1] as Uint8Array,
    };
  });
  const { combined } = combineVerified([blinded.element], answers, threshold, key.groupKey);
  return finalize(input, blinded.blind, combined[0] as Uint8Array);
}

/** An owner's request for one new element, with its token. */
async function ownerRequest(element = blindedElements(1)[0] as Uint8Array): Promise<EvaluationRequest> {
  const token = await createToken(fixture, element);
  return {
    purpose: 'registration',
    roster: fixture.roster.hash,
    epochs: [1, 2],
    elements: [element],
    redemptions: [REDEMPTION],
    token,
  };
}

const ask = async (world: World, evaluation: EvaluationRequest) =>
  world.post('/v1/evaluations', evaluationBody(evaluation));

/** An officer's request for two elements. */
const officerRequest = async (count = 2): Promise<EvaluationRequest> =>
  lookupEvaluation(fixture, await fixture.createOfficer(), blindedElements(count));

describe('evaluations', () => {
  it('gives the output under the whole key, whichever guardians answered', async () => {
    const input = randomBytes(32);
    const blinded = blind(input);
    const evaluation = await ownerRequest(blinded.element);
    const outputs = [];
    for (const down of [0, 1, 2]) {
      const behaviours = [0, 1, 2].map((i): Behaviour => (i === down ? { refusing: 'storageFailed' } : 'honest'));
      const reply = parseEvaluationReply(await ask(await createWorld(fixture, { behaviours }), evaluation));
      expect(reply.evaluations.map(({ guardian }) => guardian).sort()).toEqual(
        ['g1', 'g2', 'g3'].filter((_, i) => i !== down),
      );
      outputs.push([1, 2].map((epoch) => formatBase64url(outputOf(reply, epoch, input, blinded))));
    }
    expect(outputs[1]).toEqual(outputs[0]);
    expect(outputs[2]).toEqual(outputs[0]);
    expect(outputs[0]?.[0]).not.toBe(outputs[0]?.[1]);
  });

  it('sends all guardians the same bytes', async () => {
    const world = await createWorld(fixture);
    await ask(world, await officerRequest());
    await eventually(() => expect(world.guardians.map(({ requests }) => requests.length)).toEqual([1, 1, 1]));
    expect(new Set(world.guardians.map(({ requests }) => requests[0])).size).toBe(1);
  });

  it('takes 64 elements, and refuses 65', async () => {
    const world = await createWorld(fixture);
    const reply = parseEvaluationReply(await ask(world, await officerRequest(64)));
    expect(reply.evaluations[0]?.evaluations[1]?.elements).toHaveLength(64);
    const tooMany = {
      ...evaluationBody(await officerRequest(1)),
      elements: Array(65).fill(formatBase64url(randomBytes(32))),
    };
    expect(refusalIn(await world.post('/v1/evaluations', tooMany))).toEqual({ code: 'badInput', field: 'elements' });
  });

  const faults: [string, Behaviour, string][] = [
    ['ends the connection', 'resetting', 'unreachable'],
    ['evaluates under another share', 'wrongShare', 'badProof'],
    ['proves nothing', 'wrongProof', 'badProof'],
    ['sends a proof of zeros', 'zeroProof', 'badProof'],
    ['answers with the identity', 'identity', 'badElement'],
    ['answers with a non-canonical point', 'nonCanonical', 'badElement'],
    ['answers with elements in each other’s places', 'rotated', 'badProof'],
    ['answers for an epoch that was not asked', 'oldEpoch', 'badReply'],
    ['evaluates under the share of an old epoch', 'oldShare', 'badProof'],
    ['leaves an element out', 'fewerElements', 'badReply'],
    ['leaves an epoch out', 'fewerEpochs', 'badReply'],
    ['answers in another’s name', 'anotherName', 'badReply'],
    ['sends too much', 'tooLarge', 'badReply'],
    ['sends garbage', 'garbage', 'badReply'],
    ['answers with a page', 'htmlError', 'badReply'],
    ['redirects', 'redirecting', 'badReply'],
    ['has spent the quota', { refusing: 'quotaExceeded', retryAfter: 100 }, 'quotaExceeded'],
    ['follows another roster', { refusing: 'wrongRoster' }, 'wrongRoster'],
    ['cosigns by another key', 'otherWitnessKey', 'badCheckpoint'],
    ['cosigns another checkpoint', 'otherCheckpoint', 'badCheckpoint'],
    ['knows another size of the log each time', 'wandering', 'sizeConflict'],
    ['claims to know more of the log than there is', 'ahead', 'sizeConflict'],
    ['finds no entry', { refusing: 'notLogged' }, 'notLogged'],
  ];
  for (const [what, behaviour, code] of faults) {
    const usesOldEpoch = behaviour === 'oldShare' || behaviour === 'oldEpoch';
    const evaluate = async (): Promise<EvaluationRequest> =>
      lookupEvaluation(fixture, await fixture.createOfficer(), blindedElements(2), usesOldEpoch ? { epochs: [2] } : {});

    it(`names a guardian that ${what}, and goes on without it`, async () => {
      // The last guardian answers when the one at fault has been heard, so that the fault is known by then.
      const world = await createWorld(fixture, { behaviours: [behaviour, 'honest', 'held'] });
      const replied = ask(world, await evaluate());
      await eventually(async () => expect(await world.metrics()).toMatch(faultLine('g1', code)));
      world.guardians[2]?.release();
      const reply = parseEvaluationReply(await replied);
      expect(reply.faults).toEqual([{ guardian: 'g1', code }]);
      expect(reply.evaluations.map(({ guardian }) => guardian).sort()).toEqual(['g2', 'g3']);
    });

    // Two that refuse for a reason of the caller's are another matter: see below.
    if (code === 'quotaExceeded') continue;
    it(`answers 503 when two ${what}, naming both`, async () => {
      const world = await createWorld(fixture, { behaviours: [behaviour, 'honest', behaviour] });
      const problem = problemOf(await ask(world, await evaluate()));
      expect(problem).toMatchObject({ status: 503, code: 'guardiansUnavailable', retryAfter: 5 });
      expect(problem.guardians?.toSorted()).toEqual(['g1', 'g3']);
    });
  }

  it('names a guardian that is dead', async () => {
    const world = await createWorld(fixture, { behaviours: ['honest', 'honest', 'held'] });
    await world.guardians[0]?.close();
    const replied = ask(world, await officerRequest());
    await eventually(async () => expect(await world.metrics()).toMatch(faultLine('g1', 'unreachable')));
    world.guardians[2]?.release();
    expect(parseEvaluationReply(await replied).faults).toEqual([{ guardian: 'g1', code: 'unreachable' }]);
    await world.guardians[1]?.close();
    const problem = problemOf(await ask(world, await officerRequest()));
    expect(problem).toMatchObject({ code: 'guardiansUnavailable', retryAfter: 5 });
    expect(problem.guardians?.toSorted()).toEqual(['g1', 'g2']);
  });

  it('does not wait for a guardian that hangs, and names it once that is known', async () => {
    const world = await createWorld(fixture, { behaviours: ['honest', 'hanging', 'honest'], guardianTimeoutMs: 1500 });
    expect(parseEvaluationReply(await ask(world, await officerRequest())).faults).toEqual([]);
    await eventually(async () => expect(await world.metrics()).toMatch(faultLine('g2', 'timedOut')));
    expect(await world.metrics()).toMatch(/^blindmark_guardian_healthy\{guardian="g2",.*\} 0$/mu);
    expect(parseEvaluationReply(await ask(world, await officerRequest())).faults).toEqual([
      { guardian: 'g2', code: 'timedOut' },
    ]);
  });

  it('waits for slow guardians within the limit when t can’t be reached otherwise', async () => {
    const world = await createWorld(fixture, { behaviours: ['held', 'honest', 'garbage'] });
    const replied = ask(world, await officerRequest());
    await eventually(async () => expect(await world.metrics()).toMatch(faultLine('g3', 'badReply')));
    world.guardians[0]?.release();
    const reply = parseEvaluationReply(await replied);
    expect(reply.evaluations.map(({ guardian }) => guardian)).toEqual(['g2', 'g1']);
  });

  it('names guardians that stay silent beyond the limit when t can’t be reached', async () => {
    const world = await createWorld(fixture, { behaviours: ['hanging', 'honest', 'hanging'], guardianTimeoutMs: 1000 });
    const problem = problemOf(await ask(world, await officerRequest()));
    expect(problem).toMatchObject({ code: 'guardiansUnavailable', guardians: ['g1', 'g3'] });
    expect(await world.metrics()).toMatch(faultLine('g1', 'timedOut'));
  });

  it('takes a guardian back once it answers well', async () => {
    const world = await createWorld(fixture, { behaviours: ['honest', 'wrongProof', 'held'] });
    const replied = ask(world, await officerRequest());
    await eventually(async () => expect(await world.metrics()).toMatch(faultLine('g2', 'badProof')));
    world.guardians[2]?.release();
    await replied;
    (world.guardians[1] as { behaviour: Behaviour }).behaviour = 'honest';
    await eventually(async () => {
      await ask(world, await officerRequest());
      expect(await world.metrics()).toMatch(/^blindmark_guardian_healthy\{guardian="g2",.*\} 1$/mu);
    });
    expect(parseEvaluationReply(await ask(world, await officerRequest())).faults).toEqual([]);
  });

  it('gives up what nobody waits for beyond a bound, and still answers', async () => {
    const world = await createWorld(fixture, { behaviours: ['honest', 'honest', 'hanging'] });
    const replies = await Promise.all(Array.from({ length: 80 }, async () => ask(world, await officerRequest(1))));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(parseEvaluationReply(await ask(world, await officerRequest(1))).faults).toEqual([]);
  });
});

const faultLine = (guardian: string, code: string): RegExp =>
  new RegExp(`^blindmark_guardian_faults_total\\{guardian="${guardian}",code="${code}",.*\\} \\d`, 'mu');

describe('guardians’ refusals', () => {
  const codes = [
    'quotaExceeded',
    'tokenRequired',
    'badToken',
    'credentialExpired',
    'credentialRevoked',
    'revocationsStale',
    'logForked',
  ] as const;
  const temporary = new Set<string>(['quotaExceeded', 'revocationsStale']);
  for (const code of codes) {
    it(`passes ${code} on when those that are left are too few`, async () => {
      const refusing: Behaviour = { refusing: code, retryAfter: 1000 };
      const world = await createWorld(fixture, { behaviours: [refusing, 'honest', refusing] });
      const problem = problemOf(await ask(world, await officerRequest()));
      expect(problem.code).toBe(code);
      expect(problem.guardians?.toSorted()).toEqual(['g1', 'g3']);
      expect(problem.retryAfter).toBe(temporary.has(code) ? 1000 : undefined);
    });
  }

  it('passes a quota on although another guardian is down', async () => {
    const refusing: Behaviour = { refusing: 'quotaExceeded', retryAfter: 9e9 };
    const world = await createWorld(fixture, { behaviours: [refusing, 'garbage', refusing] });
    const problem = problemOf(await ask(world, await officerRequest()));
    // A guardian’s wild number is not believed.
    expect(problem).toMatchObject({ code: 'quotaExceeded', status: 429, retryAfter: 86_400 });
  });

  it('takes refusals that differ for an outage', async () => {
    const behaviours: Behaviour[] = [
      { refusing: 'quotaExceeded', retryAfter: 900 },
      'honest',
      { refusing: 'tokenRequired' },
    ];
    const problem = problemOf(await ask(await createWorld(fixture, { behaviours }), await officerRequest()));
    expect(problem).toMatchObject({ code: 'guardiansUnavailable', retryAfter: 5 });
  });

  it('takes guardians that follow another roster for an outage: the caller can’t mend it', async () => {
    const refusing: Behaviour = { refusing: 'wrongRoster' };
    const world = await createWorld(fixture, { behaviours: [refusing, refusing, refusing] });
    expect(problemOf(await ask(world, await officerRequest())).code).toBe('guardiansUnavailable');
  });

  it('does not hold a refusal against a guardian’s health', async () => {
    const refusing: Behaviour = { refusing: 'tokenRequired' };
    const world = await createWorld(fixture, { behaviours: [refusing, refusing, refusing] });
    await ask(world, await officerRequest());
    expect(await world.metrics()).toMatch(/^blindmark_guardian_healthy\{guardian="g1",.*\} 1$/mu);
  });
});

describe('requests that no guardian is asked about', () => {
  let evaluation: Extract<EvaluationRequest, { purpose: 'registration' }>;
  let signed: Extract<EvaluationRequest, { purpose: 'lookup' }>;
  beforeAll(async () => {
    evaluation = (await ownerRequest()) as typeof evaluation;
    signed = (await officerRequest()) as typeof signed;
  });

  const cases: [string, () => EvaluationRequest | Promise<EvaluationRequest>, { code: string; field?: string }][] = [
    ['a retired or unknown epoch', () => ({ ...evaluation, epochs: [3] }), { code: 'wrongEpoch', field: 'epochs' }],
    ['an epoch twice', () => ({ ...evaluation, epochs: [1, 1] }), { code: 'badInput', field: 'epochs' }],
    [
      'another roster',
      () => ({ ...evaluation, roster: rosterHash(randomBytes(2)) }),
      { code: 'wrongRoster', field: 'roster' },
    ],
    [
      'the identity',
      () => ({ ...evaluation, elements: [new Uint8Array(32)] }),
      { code: 'badElement', field: 'elements[0]' },
    ],
    [
      'a non-canonical point',
      () => ({ ...evaluation, elements: [new Uint8Array(32).fill(255)] }),
      { code: 'badElement', field: 'elements[0]' },
    ],
    [
      'a token for another element',
      () => ({ ...evaluation, elements: blindedElements(1) }),
      { code: 'tokenForAnotherElement', field: 'token' },
    ],
    [
      'a token with a changed authenticator',
      () => ({ ...evaluation, token: changed(evaluation.token as Uint8Array, 200) }),
      { code: 'badToken', field: 'token' },
    ],
    [
      'a token under an unknown key',
      () => ({ ...evaluation, token: changed(evaluation.token as Uint8Array, 70) }),
      { code: 'unknownIssuer', field: 'token' },
    ],
    [
      'other elements than were signed',
      () => ({ ...signed, elements: blindedElements(2) }),
      { code: 'badSignature', field: 'request' },
    ],
    ['other epochs than were signed', () => ({ ...signed, epochs: [1] }), { code: 'badSignature', field: 'epochs' }],
    [
      'a request for another registry',
      async () =>
        lookupEvaluation(fixture, await fixture.createOfficer(), blindedElements(1), {
          roster: { ...fixture.roster, roster: { ...fixture.roster.roster, origin: other.origin } },
        }),
      { code: 'wrongOrigin', field: 'request' },
    ],
    [
      'a request under another roster',
      async () =>
        lookupEvaluation(fixture, await fixture.createOfficer(), blindedElements(1), {
          roster: { ...fixture.roster, hash: randomBytes(32) },
        }),
      { code: 'wrongRoster', field: 'roster' },
    ],
    [
      'another registry’s officer',
      async () => lookupEvaluation(fixture, await other.createOfficer(), blindedElements(1)),
      { code: 'badCredential', field: 'forceCredential' },
    ],
    [
      'an expired request',
      async () =>
        lookupEvaluation(fixture, await fixture.createOfficer(), blindedElements(1), { now: fixture.now - 400 }),
      { code: 'credentialExpired', field: 'request' },
    ],
  ];
  for (const [what, make, expected] of cases) {
    it(`refuses ${what}`, async () => {
      const world = await createWorld(fixture);
      expect(refusalIn(await ask(world, await make()))).toEqual(expected);
      expect(world.guardians.flatMap(({ requests }) => requests)).toEqual([]);
      expect(await countEntries(world)).toEqual({});
    });
  }

  for (const part of ['request', 'officerCredential', 'forceCredential'] as const) {
    it(`refuses any changed segment of the ${part}`, async () => {
      const world = await createWorld(fixture);
      for (const segment of [0, 1, 2]) {
        const segments = signed.authorization[part].split('.');
        const text = segments[segment] as string;
        segments[segment] = text.slice(0, 20) + (text[20] === 'A' ? 'B' : 'A') + text.slice(21);
        const authorization = { ...signed.authorization, [part]: segments.join('.') };
        const { code } = problemOf(await ask(world, { ...signed, authorization }));
        expect(part === 'request' ? ['badSignature'] : ['badCredential', 'unknownForce']).toContain(code);
      }
      expect(world.guardians.flatMap(({ requests }) => requests)).toEqual([]);
    });
  }

  it('refuses an owner’s request for more than one element', async () => {
    const world = await createWorld(fixture);
    const body = evaluationBody(evaluation) as { elements: string[]; redemptions: string[] };
    const two = {
      ...body,
      elements: [body.elements[0], body.elements[0]],
      redemptions: Array(2).fill(body.redemptions[0]),
    };
    expect(refusalIn(await world.post('/v1/evaluations', two))).toEqual({ code: 'badInput', field: 'elements' });
  });

  it('refuses what is not JSON, or larger than the limit', async () => {
    const { app } = await createWorld(fixture);
    const post = () => request(app).post('/v1/evaluations');
    expect(refusalIn(await post().type('text/plain').send('{}')).code).toBe('unsupportedMediaType');
    expect(refusalIn(await post().type('application/json').send('{"purpose"')).code).toBe('badInput');
    expect(refusalIn(await post().send({ pad: 'x'.repeat(70_000) })).code).toBe('tooLarge');
  });
});

describe('the evaluation that a lookup names', () => {
  it('is remembered for elements times epochs tags', async () => {
    const world = await createWorld(fixture);
    const officer = await fixture.createOfficer();
    const evaluation = await lookupEvaluation(fixture, officer, blindedElements(2));
    expect((await ask(world, evaluation)).status).toBe(200);
    const hash = authorizationHash(evaluation.authorization);
    const tags = (count: number) => Array.from({ length: count }, () => randomBytes(32));
    const five = lookupBody(await lookup(fixture, officer, hash, tags(5)));
    expect(refusalIn(await world.post('/v1/lookups', five)).code).toBe('evaluationRequired');
    const four = lookupBody(await lookup(fixture, officer, hash, tags(4)));
    expect((await world.post('/v1/lookups', four)).status).toBe(200);
  });

  it('counts for nothing when too few guardians have answered: what they refuse is not looked up', async () => {
    const world = await createWorld(fixture, { behaviours: ['garbage', 'garbage', 'honest'] });
    const officer = await fixture.createOfficer();
    const evaluation = await lookupEvaluation(fixture, officer, blindedElements(1));
    expect(refusalIn(await ask(world, evaluation)).code).toBe('guardiansUnavailable');
    const body = lookupBody(
      await lookup(fixture, officer, authorizationHash(evaluation.authorization), [randomBytes(32)]),
    );
    expect(refusalIn(await world.post('/v1/lookups', body)).code).toBe('evaluationRequired');
  });

  it('is no answer when it can’t be written down, and is asked for again at no cost', async () => {
    let isFull = true;
    const world = await createWorld(fixture, {
      wrap: (store) =>
        new Proxy(store, {
          get: (target, name: keyof typeof store) =>
            name === 'recordEvaluation' && isFull
              ? () => Promise.reject(storageFailed('The disk is full'))
              : (...args: unknown[]) => (target[name] as (...all: unknown[]) => unknown).apply(target, args),
        }),
    });
    const request = await officerRequest();
    expect(refusalIn(await ask(world, request)).code).toBe('storageFailed');
    isFull = false;
    expect((await ask(world, request)).status).toBe(200);
  });
});

describe('what the logs and metrics of evaluations hold', () => {
  it('is never what was asked', async () => {
    const world = await createWorld(fixture, { behaviours: ['garbage', 'honest', 'honest'] });
    const officer = await fixture.createOfficer('constable-canary');
    const evaluation = await lookupEvaluation(fixture, officer, blindedElements(1));
    const owner = await ownerRequest();
    await ask(world, evaluation);
    await ask(world, owner);
    await ask(world, { ...owner, epochs: [9] });
    await eventually(() => expect(world.log.join('')).toContain('wrongEpoch'));
    const written = world.log.join('') + (await world.metrics());
    const secrets = [...evaluation.elements, ...owner.elements, authorizationHash(evaluation.authorization)].map(
      (bytes) => formatBase64url(bytes),
    );
    for (const secret of [...secrets, evaluation.authorization.request, 'constable-canary', '127.0.0.1']) {
      expect(written).not.toContain(secret);
    }
  });
});

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}
