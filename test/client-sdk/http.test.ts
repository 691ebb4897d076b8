import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { JsonClient } from '../../client-sdk/http.ts';
import { mapInOrder } from '../../client-sdk/progress.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

type Reply = { status?: number; body?: string; type?: 'hang' | 'drop' };

/** A service that gives these replies in turn, the last one from then on. */
async function serve(...replies: Reply[]): Promise<{ url: string; asked: () => string[] }> {
  const bodies: string[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const reply = replies[Math.min(bodies.length, replies.length - 1)] as Reply;
      bodies.push(body);
      if (reply.type === 'hang') return;
      if (reply.type === 'drop') response.destroy();
      else response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' }).end(reply.body ?? '{"n":1}');
    });
  });
  await new Promise<void>((resolve) => {
    server?.listen(0, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => bodies };
}

/** A service whose reply has no end, and does not say how long it is; compressed, it is small on its way. */
async function serveEndless(encoding: 'gzip' | 'identity'): Promise<string> {
  const chunk = Buffer.alloc(1024 * 1024, ' ');
  server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding });
    const body = new Readable({
      read() {
        this.push(chunk);
      },
    });
    const stages = encoding === 'gzip' ? [body, createGzip(), response] : [body, response];
    pipeline(stages, () => {});
  });
  await new Promise<void>((resolve) => {
    server?.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const problem = (code: string, status: number, extra: object = {}): Reply => ({
  status,
  body: JSON.stringify({ type: 'x', title: 'x', status, detail: 'It says so', code, ...extra }),
});
const client = new JsonClient({ retry: { firstDelayMs: 1, timeoutMs: 300 } });
const reply = z.strictObject({ n: z.int() });

describe('JsonClient', () => {
  it('repeats the same bytes after a lost reply, a dropped connection and a busy service', async () => {
    const { url, asked } = await serve(
      { type: 'drop' },
      problem('overloaded', 503),
      { status: 502, body: 'bad gateway' },
      {},
    );
    await expect(client.ask({ url, reply, body: '{"same":true}' })).resolves.toEqual({ n: 1 });
    expect(asked()).toEqual(Array.from({ length: 4 }, () => '{"same":true}'));
  });

  it('gives up after four attempts', async () => {
    const { url, asked } = await serve({ type: 'drop' });
    await expect(client.ask({ url, reply })).rejects.toMatchObject({ code: 'unreachable' });
    expect(asked()).toHaveLength(4);
  });

  it('does not repeat what was refused', async () => {
    const { url, asked } = await serve(problem('quotaExceeded', 429, { retryAfter: 3600, remedy: 'Wait', field: 'f' }));
    await expect(client.ask({ url, reply })).rejects.toMatchObject({
      code: 'quotaExceeded',
      retryAfter: 3600,
      remedy: 'Wait',
      field: 'f',
      message: 'It says so',
    });
    expect(asked()).toHaveLength(1);
  });

  it('does not wait for hours', async () => {
    const { url, asked } = await serve(problem('guardiansUnavailable', 503, { retryAfter: 3600, guardians: ['g2'] }));
    await expect(client.ask({ url, reply })).rejects.toMatchObject({ code: 'guardiansUnavailable', guardians: ['g2'] });
    expect(asked()).toHaveLength(1);
  });

  it.each([
    ['hangs', { type: 'hang' as const }, 'timedOut'],
    ['sends no JSON', { body: '<html>' }, 'badReply'],
    ['sends another form', { body: '{"n":"1"}' }, 'badReply'],
    ['answers in another protocol', { status: 404, body: 'nothing here' }, 'badReply'],
  ])('says so when a service %s', async (_, answer, code) => {
    const { url } = await serve(answer);
    const impatient = new JsonClient({ retry: { attempts: 1, timeoutMs: 200 } });
    await expect(impatient.ask({ url, reply })).rejects.toMatchObject({ code });
  });

  it.each(['gzip', 'identity'] as const)('reads no more than a reply may have (%s)', async (encoding) => {
    const url = await serveEndless(encoding);
    const once = new JsonClient({ retry: { attempts: 1, timeoutMs: 20_000 } });
    await expect(once.ask({ url, reply })).rejects.toMatchObject({ code: 'badReply' });
    await expect(once.get(url)).rejects.toMatchObject({ code: 'badReply' });
  });

  it('can be cancelled, also while it waits', async () => {
    const { url } = await serve({ type: 'hang' });
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort();
    }, 20);
    await expect(client.ask({ url, reply, signal: controller.signal })).rejects.toMatchObject({ code: 'cancelled' });
    await expect(client.ask({ url, reply, signal: controller.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('mapInOrder', () => {
  it('keeps the order and the limit', async () => {
    let running = 0;
    let most = 0;
    const results: number[] = [];
    const work = async (n: number): Promise<number> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => {
        setTimeout(resolve, (7 * n) % 5);
      });
      running -= 1;
      return n * n;
    };
    for await (const result of mapInOrder([1, 2, 3, 4, 5, 6, 7], 3, work)) results.push(result);
    expect(results).toEqual([1, 4, 9, 16, 25, 36, 49]);
    expect(most).toBe(3);
  });

  it('hands on a failure in its turn, and stops when cancelled', async () => {
    const results: number[] = [];
    const controller = new AbortController();
    const iterate = async (): Promise<void> => {
      const work = async (n: number): Promise<number> => {
        if (n === 2) throw new Error('two');
        return n;
      };
      for await (const result of mapInOrder([1, 2, 3], 2, work, controller.signal)) results.push(result);
    };
    await expect(iterate()).rejects.toThrow('two');
    expect(results).toEqual([1]);
    controller.abort();
    await expect(iterate()).rejects.toMatchObject({ code: 'cancelled' });
  });
});
