import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { randomBytes } from '../../crypto/bytes.ts';
import { officerThumbprint, verifyOfficerCredential, type VerifiedOfficer } from '../../crypto/credential.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { formatMessage } from '../../crypto/message.ts';
import {
  createRevocationList,
  MAX_REVOCATION_AGE,
  signedRevocationListSchema,
  type SignedRevocationList,
} from '../../crypto/revocation-list.ts';
import type { Roster, RosterForce } from '../../crypto/roster.ts';
import { createLog } from '../../server/http/log.ts';
import { RevocationWatch } from '../../server/revocations.ts';
import { createFixture, type Fixture } from '../support/fixture.ts';
import { refusal } from '../support/refusal.ts';

let fixture: Fixture;
let officer: VerifiedOfficer;
beforeAll(async () => {
  fixture = await createFixture();
  officer = await verifyOfficerCredential(await fixture.createOfficer(), fixture.roster.roster, fixture.now);
});

async function listOf(revoked: readonly Uint8Array[], now: number): Promise<SignedRevocationList> {
  const { origin, forceKey: key, forceCredential } = fixture;
  return createRevocationList({ key, id: 'demo-force', origin, forceCredential }, revoked, now);
}

const revocationOf = ({ publicKey }: VerifiedOfficer): Uint8Array => officerThumbprint(publicKey);

interface Watching {
  readonly watch: RevocationWatch;
  readonly clock: { now: number };
  readonly lines: string[];
}

function open(fetch?: (force: RosterForce) => Promise<SignedRevocationList>, roster?: Roster): Watching {
  const clock = { now: fixture.now };
  const lines: string[] = [];
  const watch = new RevocationWatch({
    roster: roster ?? fixture.roster.roster,
    now: () => clock.now,
    log: createLog('test', { destination: { write: (line) => void lines.push(line) } }),
    ...(fetch === undefined ? {} : { fetch }),
  });
  onTestFinished(() => watch.close());
  return { watch, clock, lines };
}

describe('a watch', () => {
  it('lets an officer pass whose force’s list does not name him, and refuses one whom it names', async () => {
    const revoked: Uint8Array[] = [randomBytes(32)];
    const { watch, clock } = open(async () => listOf(revoked, fixture.now));
    await watch.check(officer, clock.now);
    revoked.push(revocationOf(officer));
    await watch.refresh();
    await expect(watch.check(officer, clock.now)).rejects.toEqual(refusal('credentialRevoked', 'officerCredential'));
  });

  it('looks when it is made, and again when a request needs a younger list: once for all that ask at once', async () => {
    let looks = 0;
    const { watch, clock } = open(async () => {
      looks++;
      return listOf([], clock.now);
    });
    await Promise.all(Array.from({ length: 5 }, async () => watch.check(officer, clock.now)));
    expect(looks).toBe(1);
    clock.now += MAX_REVOCATION_AGE;
    await watch.check(officer, clock.now);
    expect(looks).toBe(1);
    clock.now += 1;
    await Promise.all(Array.from({ length: 5 }, async () => watch.check(officer, clock.now)));
    expect(looks).toBe(2);
  });

  it('refuses the force’s officers once its list is too old, says when to come again, and says so in its log once', async () => {
    let isDown = false;
    const { watch, clock, lines } = open(async () => {
      if (isDown) throw new BlindmarkError('unreachable', 'broken by the test');
      return listOf([], clock.now);
    });
    await watch.check(officer, clock.now);
    isDown = true;
    clock.now += MAX_REVOCATION_AGE;
    await watch.refresh();
    await watch.check(officer, clock.now);
    clock.now += 1;
    await watch.refresh();
    const stale = expect.objectContaining({ code: 'revocationsStale', retryAfter: 60 }) as Error;
    await expect(watch.check(officer, clock.now)).rejects.toEqual(stale);
    expect(lines.filter((line) => line.includes('could not be fetched'))).toHaveLength(1);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ level: 'warn', force: 'demo-force', code: 'unreachable' });
    isDown = false;
    await watch.refresh();
    await watch.check(officer, clock.now);
    expect(lines.join('')).toContain('is there again');
  });

  it('does not make every request wait for a list that has just failed to come', async () => {
    let looks = 0;
    const { watch, clock } = open(async () => {
      looks++;
      return Promise.reject(new BlindmarkError('unreachable', 'broken by the test'));
    });
    for (let i = 0; i < 5; i++) {
      await expect(watch.check(officer, clock.now)).rejects.toEqual(refusal('revocationsStale'));
    }
    expect(looks).toBe(1);
  });

  it('concerns one force alone', async () => {
    const { roster } = fixture.roster;
    const [force] = roster.forces as [RosterForce];
    const two = { ...roster, forces: [force, { ...force, id: 'other-force' }] };
    const { watch, clock } = open(async ({ id }) => {
      if (id === 'other-force') throw new BlindmarkError('timedOut', 'broken by the test');
      return listOf([], fixture.now);
    }, two);
    await watch.check(officer, clock.now);
    const stranger = { ...officer, force: { ...force, id: 'other-force' } };
    await expect(watch.check(stranger, clock.now)).rejects.toEqual(refusal('revocationsStale'));
    const unknown = { ...officer, force: { ...force, id: 'no-force' } };
    await expect(watch.check(unknown, clock.now)).rejects.toEqual(refusal('unknownForce'));
  });

  it('does not let whoever relays the list go back to one that was signed before', async () => {
    let shown = await listOf([revocationOf(officer)], fixture.now);
    const { watch, clock } = open(async () => Promise.resolve(shown));
    await watch.refresh();
    shown = await listOf([], fixture.now - 60);
    await watch.refresh();
    await expect(watch.check(officer, clock.now)).rejects.toEqual(refusal('credentialRevoked'));
    shown = await listOf([], fixture.now + 1);
    await watch.refresh();
    await watch.check(officer, clock.now);
  });

  it('goes back to no other list of the same second either: whom one of two names is revoked until a later one', async () => {
    const { watch, clock } = open(async () => listOf([], fixture.now));
    await watch.refresh();
    await watch.add(await listOf([revocationOf(officer)], fixture.now), 'demo-force');
    await watch.add(await listOf([], fixture.now), 'demo-force');
    await expect(watch.check(officer, clock.now)).rejects.toEqual(refusal('credentialRevoked'));
    clock.now += 1;
    await watch.add(await listOf([], clock.now), 'demo-force');
    await watch.check(officer, clock.now);
  });

  it('refuses whom the last list names, even when that list has become too old', async () => {
    let isDown = false;
    const { watch, clock } = open(async () => {
      if (isDown) throw new BlindmarkError('unreachable', 'broken by the test');
      return listOf([revocationOf(officer)], clock.now);
    });
    await watch.refresh();
    isDown = true;
    clock.now += MAX_REVOCATION_AGE + 1;
    await expect(watch.check(officer, clock.now)).rejects.toEqual(refusal('credentialRevoked'));
  });

  it('takes a list that is pushed, unless it does not verify or is older than what it has', async () => {
    const { watch, clock } = open(async () => Promise.reject(new BlindmarkError('unreachable', 'broken by the test')));
    const first = await watch.add(await listOf([], clock.now - 60), 'demo-force');
    expect([first.isNewer, first.list.issuedAt]).toEqual([true, clock.now - 60]);
    await watch.check(officer, clock.now);
    const pushed = await listOf([revocationOf(officer)], clock.now);
    expect((await watch.add(pushed, 'demo-force')).isNewer).toBe(true);
    expect((await watch.add(pushed, 'demo-force')).isNewer).toBe(false);
    expect((await watch.add(await listOf([], clock.now - 60), 'demo-force')).isNewer).toBe(false);
    await expect(watch.check(officer, clock.now)).rejects.toEqual(refusal('credentialRevoked'));
    const old = await listOf([], clock.now - MAX_REVOCATION_AGE - 1);
    await expect(watch.add(old, 'demo-force')).rejects.toEqual(refusal('revocationsStale'));
    const torn = { ...pushed, list: `${pushed.list.slice(0, -4)}AAAA` };
    await expect(watch.add(torn, 'demo-force')).rejects.toEqual(refusal('badSignature'));
  });
});

describe('a watch over HTTP', () => {
  async function serve(answer: RequestListener): Promise<Roster> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const { roster } = fixture.roster;
    const [force] = roster.forces as [RosterForce];
    return { ...roster, forces: [{ ...force, revocationUrl: `http://127.0.0.1:${port}/list` }] };
  }
  const sendJson =
    (value: unknown): RequestListener =>
    (_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(value));
    };
  const good = async (): Promise<unknown> => formatMessage(signedRevocationListSchema, await listOf([], fixture.now));

  it('fetches the list from where the roster says', async () => {
    const asked: (string | undefined)[] = [];
    const list = await good();
    const roster = await serve((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      sendJson(list)(request, response);
    });
    const { watch, clock } = open(undefined, roster);
    await watch.check(officer, clock.now);
    expect(asked).toEqual(['GET /list']);
  });

  it.each([
    ['something else than a list', async () => sendJson({ list: 'none' })],
    ['more than it reads', async () => sendJson({ ...((await good()) as object), padding: 'x'.repeat(300_000) })],
    [
      'a list with a field that is not documented',
      async () => sendJson({ ...((await good()) as object), padding: 'x' }),
    ],
    [
      'a redirection',
      async (): Promise<RequestListener> => async (_, response) => {
        response.writeHead(302, { location: '/elsewhere' });
        response.end();
      },
    ],
    [
      'nothing',
      async (): Promise<RequestListener> => async (request) => {
        request.socket.destroy();
      },
    ],
  ] as const)('is stale when the address gives %s', async (_, build) => {
    const roster = await serve(await build());
    const { watch, clock } = open(undefined, roster);
    await expect(watch.check(officer, clock.now)).rejects.toEqual(refusal('revocationsStale'));
  });
});
