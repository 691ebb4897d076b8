import { describe, expect, it } from 'vitest';
import type { ForceFile } from '../../crypto/credential-files.ts';
import { BlindmarkError, isBlindmarkError } from '../../crypto/errors.ts';
import { parseMessage } from '../../crypto/message.ts';
import { MAX_REVOKED, pseudonymHash, verifyRevocationList } from '../../crypto/revocation-list.ts';
import { revocationsSchema } from '../../crypto/wire-openings.ts';
import { JsonClient } from '../../client-sdk/http.ts';
import {
  addRevoked,
  createRevokedFile,
  currentlyRevoked,
  keepPublishing,
  MAX_PUBLISH_SECONDS,
  publishRevoked,
  REVOKED_SECONDS,
  type PublishOutcome,
  type RevokedFile,
} from '../../client-sdk/revocations.ts';
import { createFixture } from '../support/fixture.ts';
import { refusal } from '../support/refusal.ts';

const fixture = await createFixture();
const { origin, now } = fixture;
const force: ForceFile = {
  format: 'blindmark-force-v1',
  origin,
  force: 'demo-force',
  seed: fixture.forceKey.seed,
  exchangeSecret: fixture.forceExchange.secret,
  forceCredential: fixture.forceCredential,
};
const empty = createRevokedFile(force);
const entry = (name: string) => ({ kind: 'pseudonym' as const, hash: pseudonymHash('demo-force', name) });

/** A registry that takes lists; each reply may be something else instead. */
function registry(replies: (() => Response)[] = []) {
  const bodies: { url: string; body: unknown }[] = [];
  const http = new JsonClient({
    retry: { attempts: 1 },
    fetch: async (url, init) => {
      bodies.push({ url: url as string, body: JSON.parse(init?.body as string) });
      return replies.shift()?.() ?? Response.json({ result: 'taken' });
    },
  });
  return { publisher: { http, url: 'http://127.0.0.1:1/', force }, bodies };
}

describe('the file of what is revoked', () => {
  it('takes entries, each once, and begins one anew that is there', () => {
    const once = addRevoked(empty, [entry('a'), entry('b')], now);
    expect(currentlyRevoked(once, now)).toHaveLength(2);
    const again = addRevoked(once, [entry('a')], now + 10);
    expect(again.revoked).toEqual([
      { ...entry('b'), since: now },
      { ...entry('a'), since: now + 10 },
    ]);
  });

  it('publishes an entry until no credential of that time can be valid', () => {
    const file = addRevoked(empty, [entry('a')], now);
    expect(currentlyRevoked(file, now + REVOKED_SECONDS - 1)).toHaveLength(1);
    expect(currentlyRevoked(file, now + REVOKED_SECONDS)).toHaveLength(0);
    expect(file.revoked).toHaveLength(1);
  });

  it('refuses more than a list holds', () => {
    const many = Array.from({ length: MAX_REVOKED }, (_, i) => entry(`p-${i}`));
    const full = addRevoked(empty, many, now);
    expect(() => addRevoked(full, [entry('one-more')], now)).toThrow(refusal('badInput', 'revoked'));
    expect(addRevoked(full, [entry('one-more')], now + REVOKED_SECONDS).revoked).toHaveLength(MAX_REVOKED + 1);
  });
});

describe('publishing', () => {
  it('pushes a list that guardians take', async () => {
    const { publisher, bodies } = registry();
    const file = addRevoked(empty, [entry('officer-a')], now);
    await expect(publishRevoked(publisher, file, now)).resolves.toBe('taken');
    expect(bodies[0]?.url).toBe('http://127.0.0.1:1/v1/revocations');
    const signed = parseMessage(revocationsSchema, bodies[0]?.body);
    const list = await verifyRevocationList(signed, fixture.roster.roster, 'demo-force', now);
    const [forceInRoster] = fixture.roster.roster.forces;
    const officer = {
      force: forceInRoster as NonNullable<typeof forceInRoster>,
      publicKey: new Uint8Array(32),
      persons: [],
    };
    const hashes = { thumbprint: new Uint8Array(32), credentialHash: new Uint8Array(32) };
    expect(['officer-a', 'officer-b'].map((pseudonym) => list.isRevoked({ ...officer, ...hashes, pseudonym }))).toEqual(
      [true, false],
    );
  });

  it('refuses another force’s file, before anything is sent', async () => {
    const { publisher, bodies } = registry();
    for (const change of [{ force: 'other' }, { origin: 'other.example' }]) {
      await expect(publishRevoked(publisher, { ...empty, ...change }, now)).rejects.toThrow(refusal('badFile', 'list'));
    }
    expect(bodies).toEqual([]);
  });
});

describe('publishing again and again', () => {
  /** Runs so many rounds by a clock of its own, and says what each came to and how long each pause was. */
  async function run(
    rounds: number,
    options: { read?: (at: number) => RevokedFile; every?: number; replies?: (() => Response)[] },
  ) {
    const { publisher, bodies } = registry(options.replies);
    let at = now;
    const outcomes: (PublishOutcome & { pausedAfter?: number })[] = [];
    const rest = keepPublishing(publisher, {
      read: () => options.read?.(at) ?? empty,
      everySeconds: options.every,
      now: () => at,
      wait: async (milliseconds) => {
        at += milliseconds / 1000;
      },
    });
    for await (const outcome of rest) {
      outcomes.push(outcome);
      if (outcomes.length === rounds) break;
    }
    return { outcomes, bodies, pauses: outcomes.slice(1).map((outcome, i) => outcome.at - (outcomes[i]?.at ?? 0)) };
  }
  const failure = () => Response.json({}, { status: 503 });

  it('signs a new list every few minutes, the same or not', async () => {
    const { outcomes, pauses, bodies } = await run(4, { every: 120 });
    expect(outcomes.map((outcome) => 'result' in outcome && outcome.result)).toEqual(Array(4).fill('taken'));
    expect(pauses).toEqual([120, 120, 120]);
    for (const [i, { body }] of bodies.entries()) {
      const signed = parseMessage(revocationsSchema, body);
      const list = await verifyRevocationList(signed, fixture.roster.roster, 'demo-force', now + 120 * i);
      expect(list.issuedAt).toBe(now + 120 * i);
    }
    expect((await run(2, {})).pauses).toEqual([300]);
  });

  it('publishes a change of the file within seconds', async () => {
    const changed = addRevoked(empty, [entry('a')], now + 41);
    const { outcomes, pauses } = await run(3, { read: (at) => (at < now + 41 ? empty : changed) });
    expect(pauses).toEqual([45, 300]);
    expect(outcomes.map((outcome) => 'revoked' in outcome && outcome.revoked)).toEqual([0, 1, 1]);
  });

  it('goes on after failures: soon, then less often, then as usual', async () => {
    const { outcomes, pauses } = await run(8, { replies: Array.from({ length: 6 }, () => failure) });
    expect(pauses).toEqual([5, 10, 20, 40, 60, 60, 300]);
    expect(outcomes.map((outcome) => ('error' in outcome ? outcome.error.code : outcome.result))).toEqual([
      ...Array<string>(6).fill('unavailable'),
      'taken',
      'taken',
    ]);
    expect(outcomes[0]).toMatchObject({ retryInSeconds: 5 });
  });

  it('goes on while the file cannot be read, and says so', async () => {
    const broken = (): never => {
      throw new BlindmarkError('badFile', 'It is gone');
    };
    const { outcomes, pauses } = await run(4, { read: (at) => (at >= now + 10 && at < now + 60 ? broken() : empty) });
    expect(outcomes.map((outcome) => ('error' in outcome ? outcome.error.code : outcome.result))).toEqual([
      'taken',
      'badFile',
      'badFile',
      'badFile',
    ]);
    expect(pauses).toEqual([10, 5, 10]);
  });

  it('ends when it is cancelled, and only then', async () => {
    const { publisher } = registry();
    const controller = new AbortController();
    const rounds: PublishOutcome[] = [];
    const work = (async () => {
      for await (const outcome of keepPublishing(publisher, { read: () => empty, signal: controller.signal })) {
        rounds.push(outcome);
        controller.abort();
      }
    })();
    await expect(work).rejects.toThrow(refusal('cancelled'));
    expect(rounds).toHaveLength(1);
  });

  it.each([29, MAX_PUBLISH_SECONDS + 1, 60.5])('refuses to publish every %d seconds', async (every) => {
    const error: unknown = await run(1, { every }).catch((cause: unknown) => cause);
    expect(isBlindmarkError(error, 'badInput') && error.field).toBe('every');
  });
});
