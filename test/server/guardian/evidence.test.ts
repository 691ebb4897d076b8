/** No answer without a trace: what a guardian demands of the log before it evaluates, each refusal for its own reason. */
import { readdirSync } from 'node:fs';
import request from 'supertest';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { cosignatureTime, isCosignature, signCheckpoint } from '../../../crypto/checkpoint.ts';
import { evaluationEntry, verifyEvaluationRequest } from '../../../crypto/evaluation.ts';
import { delayedCommitment, formatLogEntry, hourOf, type LogEntry } from '../../../crypto/log-entry.ts';
import { logName, type DelayedFields, type LogEvidence } from '../../../crypto/log-proof.ts';
import { parseMessage } from '../../../crypto/message.ts';
import type { OfficerSigner } from '../../../crypto/officer-request.ts';
import { rosterEntry, verifyRosterChain, type Roster, type SignedRoster } from '../../../crypto/roster.ts';
import { createSigningKey, type SigningKey } from '../../../crypto/signature.ts';
import { guardianEvaluationSchema, type EvaluationRequest } from '../../../crypto/wire.ts';
import { nodeRsaVerifier } from '../../../server/rsa.ts';
import { createFixture, signByOperators, type Fixture } from '../../support/fixture.ts';
import { createTestLog, type TestLog } from '../../support/log.ts';
import { createToken, randomElement } from '../../support/tokens.ts';
import { codeOf, officerRequest, openGuardian, ownerRequest, parseProblem, type TestGuardian } from './world.ts';

let fixture: Fixture;
let officer: OfficerSigner;
beforeAll(async () => {
  fixture = await createFixture();
  officer = await fixture.createOfficer();
});

const other = (): LogEntry => ({ kind: 'activation', hour: 1, request: randomBytes(32) });

/** What the registry would log for a request. */
async function entryOf(body: EvaluationRequest, hour = hourOf(fixture.now), of = fixture): Promise<LogEntry> {
  const verified = await verifyEvaluationRequest(body, of.roster, of.now, nodeRsaVerifier);
  return evaluationEntry(verified, body, hour);
}

interface Asked {
  readonly body: EvaluationRequest;
  readonly log: TestLog;
  /** Of the request's entry. */
  readonly index: number;
}

/** An officer's request that is logged among others: of `before` before it and `after` after it. */
async function ask(before = 3, after = 3): Promise<Asked> {
  const body = await officerRequest(fixture, officer, [randomElement()]);
  const log = createTestLog(fixture, Array.from({ length: before }, other));
  const index = log.append(await entryOf(body));
  for (let i = 0; i < after; i++) log.append(other());
  return { body, log, index };
}

describe('a request that is logged', () => {
  it('is answered, with the cosignature of the very checkpoint that was shown', async () => {
    const guardian = openGuardian(fixture, { index: 3 });
    const { body, log, index } = await ask();
    const response = await guardian.evaluateWith(body, log.evidence(index));
    const { cosignature } = parseMessage(guardianEvaluationSchema, response.body);
    expect(isCosignature(log.head(), (fixture.witnesses[2] as SigningKey).publicKey, cosignature)).toBe(true);
  });

  it('of an owner is answered years later, with the entry of then', async () => {
    const guardian = openGuardian(fixture);
    const element = randomElement();
    const first = ownerRequest(fixture, [element], await createToken(fixture, element));
    expect(codeOf(await guardian.evaluate(first))).toBe('ok');
    const again = ownerRequest(fixture, [element], null);
    expect(codeOf(await guardian.evaluate(again))).toBe('ok');
    guardian.clock.now += 3 * 365 * 86_400;
    expect(codeOf(await guardian.evaluate(again))).toBe('ok');
  });
});

describe('a request is refused', () => {
  /** Tries what a lying registry shows; then the truth, to an officer who may have one code: so nothing was charged. */
  async function refusalOf(change: (asked: Asked) => LogEvidence | Promise<LogEvidence>) {
    const guardian = openGuardian(fixture, { maxima: { codesPerOfficerAndDay: 1 } });
    const asked = await ask();
    const problem = parseProblem(await guardian.evaluateWith(asked.body, await change(asked)));
    expect(guardian.witness.latest()).toBeUndefined();
    expect(codeOf(await guardian.evaluateWith(asked.body, asked.log.evidence(asked.index)))).toBe('ok');
    return { code: problem.code, field: problem.field, status: problem.status };
  }

  const notLogged = { code: 'notLogged', field: 'log', status: 403 };

  it('when its entry is not there', async () => {
    expect(await refusalOf(({ log }) => log.evidence(1))).toEqual(notLogged);
    expect(await refusalOf(({ log }) => log.evidence(0))).toEqual(notLogged);
  });

  it('when the entry is of another request, or of this one’s officer, case or size otherwise than it is', async () => {
    const another = await officerRequest(fixture, officer, [randomElement()]);
    expect(await refusalOf(async ({ log }) => log.evidence(log.append(await entryOf(another))))).toEqual(notLogged);
    for (const change of [
      { officer: 'somebody-else' },
      { force: 'other-force' },
      { codes: '2-4' },
      { caseCommitment: randomBytes(32) },
      { request: randomBytes(32) },
    ]) {
      const changed = async ({ log, body }: Asked): Promise<LogEvidence> =>
        log.evidence(log.append({ ...(await entryOf(body)), ...change } as LogEntry));
      expect(await refusalOf(changed)).toEqual(notLogged);
    }
  });

  it('when the entry is not one, or not spelt as it must be', async () => {
    const spellings = async ({ log, body }: Asked): Promise<LogEvidence> => {
      const bytes = formatLogEntry(await entryOf(body));
      return log.evidence(log.append(Uint8Array.from([...bytes, 10])));
    };
    expect(await refusalOf(spellings)).toEqual(notLogged);
    expect(await refusalOf(({ log }) => log.evidence(log.append(randomBytes(40))))).toEqual(notLogged);
  });

  it('when the checkpoint is older than the entry', async () => {
    expect(
      await refusalOf(({ log, index }) => ({ ...log.evidence(index), checkpoint: log.note({ size: index }) })),
    ).toMatchObject({ code: 'notLogged' });
    // With whatever proof: beyond the tree's size nothing can be included.
    expect(
      await refusalOf(({ log, index }) => ({
        ...log.evidence(index),
        roster: log.logged(0, index),
        checkpoint: log.note({ size: index }),
      })),
    ).toEqual(notLogged);
  });

  it('when the inclusion proof is another entry’s, too short, too long or changed', async () => {
    const withProof =
      (change: (proof: Uint8Array[]) => Uint8Array[]) =>
      ({ log, index }: Asked): LogEvidence => {
        const evidence = log.evidence(index);
        return { ...evidence, logged: { ...evidence.logged, proof: change(evidence.logged.proof) } };
      };
    for (const change of [
      (proof: Uint8Array[]) => proof.slice(1),
      (proof: Uint8Array[]) => [...proof, randomBytes(32)],
      (proof: Uint8Array[]) => [randomBytes(32), ...proof.slice(1)],
      () => [],
    ]) {
      expect(await refusalOf(withProof(change))).toEqual(notLogged);
    }
    const moved = ({ log, index }: Asked): LogEvidence => {
      const evidence = log.evidence(index);
      return { ...evidence, logged: { ...evidence.logged, index: index + 1 } };
    };
    expect(await refusalOf(moved)).toEqual(notLogged);
  });

  it('when the checkpoint is not signed by the log’s key, or of another log', async () => {
    const refused = { code: 'badCheckpoint', field: 'checkpoint', status: 403 };
    const signed = (key: SigningKey, origin?: string) => {
      return ({ log, index }: Asked): LogEvidence => {
        const head = { ...log.head(), ...(origin === undefined ? {} : { origin }) };
        return { ...log.evidence(index), checkpoint: signCheckpoint(head, key) };
      };
    };
    expect(await refusalOf(signed(createSigningKey()))).toEqual(refused);
    expect(await refusalOf(signed(fixture.logKey, 'other.example/log'))).toEqual(refused);
    expect(await refusalOf(signed(fixture.logKey, `${fixture.origin}/log-2`))).toEqual(refused);
    expect(await refusalOf(({ log, index }) => ({ ...log.evidence(index), checkpoint: 'no note' }))).toEqual(refused);
  });

  it('when the log does not hold the roster, or holds it without the signatures that make it count', async () => {
    const withRoster = (entry: (log: TestLog) => number) => {
      return ({ log, index }: Asked): LogEvidence => {
        const roster = entry(log);
        return { ...log.evidence(index), roster: log.logged(roster) };
      };
    };
    const badRoster = (field: string) => ({ code: 'badRoster', field, status: 403 });
    const own = rosterEntry(fixture.chain[0] as SignedRoster, fixture.roster, 1);
    expect(await refusalOf(withRoster(() => 1))).toEqual(badRoster('log'));
    expect(await refusalOf(withRoster((log) => log.append({ ...own, roster: randomBytes(32) })))).toEqual(
      badRoster('log'),
    );
    expect(await refusalOf(withRoster((log) => log.append({ ...own, version: 2 })))).toEqual(badRoster('log'));
    expect(await refusalOf(withRoster((log) => log.append({ ...own, signatures: own.signatures.slice(1) })))).toEqual(
      badRoster('signatures'),
    );
    const forged = own.signatures.map((each, i) => (i === 0 ? { ...each, signature: randomBytes(64) } : each));
    expect(await refusalOf(withRoster((log) => log.append({ ...own, signatures: forged })))).toEqual(
      badRoster('signatures'),
    );
    const unproven = ({ log, index }: Asked): LogEvidence => {
      const evidence = log.evidence(index);
      return { ...evidence, roster: { ...evidence.roster, proof: [] } };
    };
    expect(await refusalOf(unproven)).toEqual(notLogged);
  });

  it('when the entry says another time than now', async () => {
    const at = (hours: number) => async (asked: Asked) =>
      asked.log.evidence(asked.log.append(await entryOf(asked.body, hourOf(fixture.now) + hours)));
    const refused = { code: 'notLogged', field: 'log.logged.entry', status: 403 };
    expect(await refusalOf(at(-2))).toEqual(refused);
    expect(await refusalOf(at(2))).toEqual(refused);
    for (const hours of [-1, 1]) {
      const asked = await ask();
      const guardian = openGuardian(fixture);
      expect(codeOf(await guardian.evaluateWith(asked.body, await at(hours)(asked)))).toBe('ok');
    }
  });
});

describe('an entry that hides its fields', () => {
  const delay = (plain: LogEntry, revealBy: number, change: Partial<LogEntry> = {}) => {
    const delayed: NonNullable<DelayedFields> = { salt: randomBytes(32), plain: formatLogEntry(plain) };
    const entry = {
      kind: 'delayed',
      hour: plain.hour,
      of: 'lookup',
      commitment: delayedCommitment(delayed.salt, delayed.plain),
      revealBy,
      ...change,
    } as LogEntry;
    return { entry, delayed };
  };

  it('is taken where the force’s policy allows it, for as long as it allows it', async () => {
    const policy = await createFixture({ delayDays: 7 });
    const guardian = openGuardian(policy, { maxima: { codesPerOfficerAndDay: 1 } });
    const body = await officerRequest(policy, await policy.createOfficer(), [randomElement()]);
    const hour = hourOf(policy.now);
    const plain = await entryOf(body, hour, policy);
    const log = createTestLog(policy);
    const codeFor = async ({ entry, delayed }: ReturnType<typeof delay>, shown: DelayedFields = delayed) =>
      codeOf(await guardian.evaluateWith(body, log.evidence(log.append(entry), { delayed: shown })));
    expect(await codeFor(delay(plain, hour + 7 * 24 + 1))).toBe('notLogged');
    expect(await codeFor(delay(plain, hour - 1))).toBe('notLogged');
    expect(await codeFor(delay(plain, hour + 24), { salt: randomBytes(32), plain: formatLogEntry(plain) })).toBe(
      'notLogged',
    );
    expect(await codeFor(delay({ ...plain, codes: '17-64' } as LogEntry, hour + 24))).toBe('notLogged');
    expect(await codeFor(delay(plain, hour + 24, { hour: hour - 1 }))).toBe('notLogged');
    expect(await codeFor(delay(plain, hour + 24, { of: 'opening' }))).toBe('notLogged');
    expect(await codeFor(delay(plain, hour + 24), null)).toBe('notLogged');
    expect(await codeFor(delay(plain, hour + 7 * 24))).toBe('ok');
  });

  it('is refused where the policy hides nothing', async () => {
    const guardian = openGuardian(fixture);
    const { body, log } = await ask();
    const { entry, delayed } = delay(await entryOf(body), hourOf(fixture.now) + 24);
    expect(codeOf(await guardian.evaluateWith(body, log.evidence(log.append(entry), { delayed })))).toBe('notLogged');
  });
});

describe('a checkpoint', () => {
  it('that does not follow from what the guardian knows is refused, and nothing is charged', async () => {
    const guardian = openGuardian(fixture, { maxima: { codesPerOfficerAndDay: 1 } });
    const { body, log, index } = await ask();
    await guardian.witness.observe(log.note({ size: 3 }), null);
    const without = parseProblem(await guardian.evaluateWith(body, log.evidence(index)));
    expect(without).toMatchObject({ code: 'sizeConflict', status: 409, size: 3, field: 'log.consistency' });
    const proofs = [[], [randomBytes(32), ...log.consistency(3).slice(1)], log.consistency(2)];
    for (const proof of proofs) {
      const wrong = await guardian.evaluateWith(body, { ...log.evidence(index), consistency: { size: 3, proof } });
      expect(parseProblem(wrong)).toMatchObject({ code: 'notLogged', status: 403, field: 'log.consistency' });
    }
    expect(guardian.witness.unexplained()).toEqual([log.note({ cosigners: [] })]);
    expect(codeOf(await guardian.evaluateWith(body, log.evidence(index, { from: 3 })))).toBe('ok');
  });

  it('of a log that is shown to nobody else is refused as a fork, and so is everything after it', async () => {
    const guardian = openGuardian(fixture);
    const [shown, hidden] = [await ask(), await ask()];
    expect(codeOf(await guardian.evaluateWith(shown.body, shown.log.evidence(shown.index)))).toBe('ok');
    // Of the same size, with the hidden request's entry in it.
    const problem = parseProblem(await guardian.evaluateWith(hidden.body, hidden.log.evidence(hidden.index)));
    expect(problem).toMatchObject({ code: 'logForked', status: 409 });
    expect(codeOf(await guardian.evaluateWith(shown.body, shown.log.evidence(shown.index)))).toBe('logForked');
    await guardian.restart();
    expect(codeOf(await guardian.evaluateWith(shown.body, shown.log.evidence(shown.index)))).toBe('logForked');
  });

  it('of such a log with another size is refused too, and its note is kept', async () => {
    const guardian = openGuardian(fixture);
    const [shown, hidden] = [await ask(), await ask(5, 5)];
    expect(codeOf(await guardian.evaluateWith(shown.body, shown.log.evidence(shown.index)))).toBe('ok');
    const from = shown.log.size;
    expect(codeOf(await guardian.evaluateWith(hidden.body, hidden.log.evidence(hidden.index, { from })))).toBe(
      'notLogged',
    );
    expect(guardian.witness.unexplained()).toEqual([hidden.log.note({ cosigners: [] })]);
    expect(codeOf(await guardian.evaluateWith(shown.body, shown.log.evidence(shown.index)))).toBe('ok');
  });
});

describe('requests that come at once, and out of order', () => {
  it('are all answered, each under its own checkpoint', async () => {
    const guardian = openGuardian(fixture);
    const log = createTestLog(fixture);
    const asked: { body: EvaluationRequest; index: number; size: number }[] = [];
    for (let i = 0; i < 12; i++) {
      const body = await officerRequest(fixture, officer, [randomElement()]);
      const index = log.append(await entryOf(body));
      asked.push({ body, index, size: log.size });
    }
    const send = async ({ body, index, size }: (typeof asked)[number]) => {
      for (let from = 0; ;) {
        const proof = from <= size ? log.consistency(from, size) : log.consistency(size, from);
        const evidence = { ...log.evidence(index, { size }), consistency: { size: from, proof } };
        const response = await guardian.evaluateWith(body, evidence);
        if (response.status !== 409) return response;
        from = parseProblem(response).size as number;
      }
    };
    const responses = await Promise.all(asked.toReversed().map(send));
    const publicKey = (fixture.witnesses[0] as SigningKey).publicKey;
    for (const [i, response] of responses.entries()) {
      const { size } = asked.toReversed()[i] as (typeof asked)[number];
      const { cosignature } = parseMessage(guardianEvaluationSchema, response.body);
      expect(isCosignature(log.head(size), publicKey, cosignature)).toBe(true);
    }
    // All of them once more, without proofs: their sizes are known now.
    for (const { body, index, size } of asked) {
      expect(codeOf(await guardian.evaluateWith(body, log.evidence(index, { size })))).toBe('ok');
    }
  });
});

describe('a successor log', () => {
  it('takes on a guardian that had stopped at a fork, once its roster is accepted and stands in the new log', async () => {
    const guardian = openGuardian(fixture);
    const [kept, hidden] = [await ask(), await ask()];
    expect(codeOf(await guardian.evaluateWith(kept.body, kept.log.evidence(kept.index)))).toBe('ok');
    expect(codeOf(await guardian.evaluateWith(hidden.body, hidden.log.evidence(hidden.index)))).toBe('logForked');
    expect((await request(guardian.app).get('/readyz')).status).toBe(503);

    const key = createSigningKey();
    const { size, root } = kept.log.head();
    const draft: Roster = {
      ...fixture.roster.roster,
      version: 2,
      predecessor: fixture.roster.hash,
      log: { generation: 2, publicKey: key.publicKey, start: { size, root }, closed: { size, root } },
    };
    const signed = signByOperators(draft, fixture.operators);
    const chain = [...fixture.chain, signed];
    const roster = verifyRosterChain(chain, fixture.fingerprint, { allowTestRoster: true });
    await guardian.restart({ ...fixture, chain, roster });
    expect((await request(guardian.app).get('/readyz')).status).toBe(200);

    // The entries of the log that ended, then those of the new one: one tree, signed by another key under another name.
    const { log } = kept;
    const body = await officerRequest({ ...fixture, roster }, officer, [randomElement()]);
    const verified = await verifyEvaluationRequest(body, roster, fixture.now, nodeRsaVerifier);
    const index = log.append(evaluationEntry(verified, body, hourOf(fixture.now)));
    const show = (rosterIndex: number): LogEvidence => ({
      ...log.evidence(index, { from: size }),
      roster: log.logged(rosterIndex),
      checkpoint: signCheckpoint({ ...log.head(), origin: logName(roster.roster) }, key),
    });
    expect(parseProblem(await guardian.evaluateWith(body, show(0)))).toMatchObject({ code: 'badRoster', field: 'log' });
    const rosterIndex = log.append(rosterEntry(signed, roster, hourOf(fixture.now)));
    const old = { ...show(rosterIndex), checkpoint: log.note() };
    expect(codeOf(await guardian.evaluateWith(body, old))).toBe('badCheckpoint');
    const unproven = { ...show(rosterIndex), consistency: null };
    expect(parseProblem(await guardian.evaluateWith(body, unproven))).toMatchObject({ code: 'sizeConflict', size });
    expect(codeOf(await guardian.evaluateWith(body, show(rosterIndex)))).toBe('ok');
    // What was signed under the roster before does not count any more.
    expect(codeOf(await guardian.evaluateWith(kept.body, show(rosterIndex)))).toBe('wrongRoster');
    // The evidence of the fork is there as before.
    expect(readdirSync(guardian.folder)).toContain(`fork-1-${size}.txt`);
  });
});

describe('a guardian that stops in the middle', () => {
  it('between writing what it saw and answering gives the same answer when it is asked again, charged once', async () => {
    let commits = 0;
    let breakAt = 1;
    const hooks = {
      afterCommit: (): void => {
        if (++commits === breakAt) throw new Error('broken by the test');
      },
    };
    const guardian = openGuardian(fixture, { hooks, maxima: { codesPerOfficerAndDay: 1 } });
    const { body, log, index } = await ask();
    const send = async () => guardian.evaluateWith(body, log.evidence(index));
    // The checkpoint is on disk, the answer is not given; then the charge is, and the answer is not given.
    expect(codeOf(await send())).toBe('storageFailed');
    await guardian.restart();
    breakAt = commits + 1;
    guardian.clock.now += 30;
    expect(codeOf(await send())).toBe('storageFailed');
    await guardian.restart();
    breakAt = 0;
    const { cosignature } = parseMessage(guardianEvaluationSchema, (await send()).body);
    expect(cosignatureTime(cosignature)).toBe(fixture.now);
    const more = await officerRequest(fixture, officer, [randomElement()]);
    const next = log.append(await entryOf(more));
    const from = log.size - 1;
    expect(codeOf(await guardian.evaluateWith(more, log.evidence(next, { from })))).toBe('quotaExceeded');
  });

  it('goes on after a restart from what it knew', async () => {
    const guardian: TestGuardian = openGuardian(fixture);
    const { body, log, index } = await ask();
    expect(codeOf(await guardian.evaluateWith(body, log.evidence(index)))).toBe('ok');
    const known = log.size;
    await guardian.restart();
    expect(codeOf(await guardian.evaluateWith(body, log.evidence(index)))).toBe('ok');
    log.append(other());
    expect(parseProblem(await guardian.evaluateWith(body, log.evidence(index)))).toMatchObject({ size: known });
    expect(codeOf(await guardian.evaluateWith(body, log.evidence(index, { from: known })))).toBe('ok');
  });
});
