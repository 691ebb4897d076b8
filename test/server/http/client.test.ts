/** Asking another service: what comes back, and what each way of failing is called. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { BlindmarkError } from '../../../crypto/errors.ts';
import { askService, createServiceAgent, exchangeText, MAX_REPLY_BYTES } from '../../../server/http/client.ts';
import { formatProblem } from '../../../server/http/problem.ts';
import { refusal } from '../../support/refusal.ts';

const schema = z.strictObject({ answer: z.int() });

async function serve(handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function createAgent(url: string) {
  const agent = createServiceAgent(url);
  onTestFinished(() => agent.destroy());
  return agent;
}

const reply = (response: ServerResponse, text: string, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(text);
};

describe('askService', () => {
  it('gets, and posts JSON', async () => {
    const seen: unknown[] = [];
    const url = await serve((request: IncomingMessage, response) => {
      seen.push([request.method, request.headers['content-type']]);
      request.resume().on('end', () => reply(response, '{"answer": 42}'));
    });
    expect(await askService(url, schema, { timeoutMs: 10_000 })).toEqual({ answer: 42 });
    expect(await askService(url, schema, { timeoutMs: 10_000, body: '{}' })).toEqual({ answer: 42 });
    expect(seen).toEqual([
      ['GET', undefined],
      ['POST', 'application/json'],
    ]);
  });

  it('gives the code of a problem document, with what it says', async () => {
    const problem = formatProblem(new BlindmarkError('quotaExceeded', 'No more today', { retryAfter: 77 }));
    const url = await serve((_, response) => reply(response, JSON.stringify(problem), 429));
    await expect(askService(url, schema, { timeoutMs: 10_000 })).rejects.toMatchObject({
      code: 'quotaExceeded',
      message: 'No more today',
      retryAfter: 77,
    });
  });

  const bad: [string, (response: ServerResponse) => void][] = [
    ['is no JSON', (response) => reply(response, 'hello')],
    ['is another message', (response) => reply(response, '{"answer": "42"}')],
    ['is an error that is no problem document', (response) => reply(response, 'Bad gateway', 502)],
    ['redirects', (response) => response.writeHead(302, { location: '/' }).end()],
    ['is too large', (response) => reply(response, `{"answer": 4${' '.repeat(MAX_REPLY_BYTES)}}`)],
    [
      'is too large, in pieces without an end',
      (response) => {
        const write = (): void => {
          if (response.destroyed) return;
          response.write(' '.repeat(16_384), () => setImmediate(write));
        };
        response.writeHead(200);
        write();
      },
    ],
  ];
  for (const [what, answer] of bad) {
    it(`refuses a reply that ${what}`, async () => {
      const url = await serve((_, response) => answer(response));
      await expect(askService(url, schema, { timeoutMs: 10_000 })).rejects.toThrow(refusal('badReply'));
    });
  }

  it('gives up on a service that takes the request and is silent, or stops in the middle of the reply', async () => {
    const silent = await serve(() => {});
    await expect(askService(silent, schema, { timeoutMs: 50 })).rejects.toThrow(refusal('timedOut'));
    const stuck = await serve((_, response) => response.writeHead(200).write('{"ans'));
    await expect(askService(stuck, schema, { timeoutMs: 50 })).rejects.toThrow(refusal('timedOut'));
  });

  it('ends when it is told to', async () => {
    const stop = new AbortController();
    const url = await serve(() => stop.abort());
    await expect(askService(url, schema, { timeoutMs: 60_000, signal: stop.signal })).rejects.toThrow(
      refusal('cancelled'),
    );
    await expect(askService(url, schema, { timeoutMs: 60_000, signal: stop.signal })).rejects.toThrow(
      refusal('cancelled'),
    );
  });

  it('says that a service can’t be reached: no listener, or a connection that is ended', async () => {
    await expect(askService('http://127.0.0.1:1/', schema, { timeoutMs: 10_000 })).rejects.toThrow(
      refusal('unreachable'),
    );
    const url = await serve((request) => request.socket.destroy());
    await expect(askService(url, schema, { timeoutMs: 10_000 })).rejects.toThrow(refusal('unreachable'));
    const cut = await serve((request, response) =>
      response.writeHead(200).write('{"ans', () => request.socket.destroy()),
    );
    await expect(askService(cut, schema, { timeoutMs: 10_000 })).rejects.toThrow(refusal('unreachable'));
  });
});

describe('exchangeText', () => {
  it('posts text, and gives whatever comes back with its status', async () => {
    const seen: unknown[] = [];
    const url = await serve((request: IncomingMessage, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        seen.push([request.method, request.headers['content-type'], body]);
        response.writeHead(409, { 'content-type': 'text/x.size' }).end('42\n');
      });
    });
    const expected = { status: 409, text: '42\n' };
    expect(await exchangeText(url, { timeoutMs: 10_000, body: 'grüße\n' })).toEqual(expected);
    expect(await exchangeText(url, { timeoutMs: 10_000 })).toEqual(expected);
    expect(seen).toEqual([
      ['POST', 'text/plain; charset=utf-8', 'grüße\n'],
      ['GET', undefined, ''],
    ]);
  });

  it('fails as asking does', async () => {
    const silent = await serve(() => {});
    await expect(exchangeText(silent, { timeoutMs: 50 })).rejects.toThrow(refusal('timedOut'));
    await expect(exchangeText('http://127.0.0.1:1/', { timeoutMs: 10_000 })).rejects.toThrow(refusal('unreachable'));
    const large = await serve((_, response) => response.end(' '.repeat(MAX_REPLY_BYTES + 1)));
    await expect(exchangeText(large, { timeoutMs: 10_000 })).rejects.toThrow(refusal('badReply'));
  });
});

describe('kept connections', () => {
  it('carry one request after the other', async () => {
    const sockets = new Set<Socket>();
    const url = await serve((request, response) => {
      sockets.add(request.socket);
      reply(response, '{"answer": 1}');
    });
    const agent = createAgent(url);
    for (let i = 0; i < 5; i++) await askService(url, schema, { timeoutMs: 10_000, agent });
    expect(sockets.size).toBe(1);
  });

  it('are replaced when the service closed one just then', async () => {
    const uses = new Map<Socket, number>();
    const url = await serve((request, response) => {
      const use = (uses.get(request.socket) ?? 0) + 1;
      uses.set(request.socket, use);
      if (use === 1) reply(response, '{"answer": 1}');
      else request.socket.resetAndDestroy();
    });
    const agent = createAgent(url);
    for (let i = 0; i < 3; i++) {
      expect(await askService(url, schema, { timeoutMs: 10_000, agent })).toEqual({ answer: 1 });
    }
    expect(uses.size).toBe(3);
  });

  it('are at most 64; what is asked beyond them waits, and is not lost', async () => {
    let most = 0;
    let total = 0;
    const held: ServerResponse[] = [];
    // Twice 64 are held until all of them are there; the rest is answered at once.
    const url = await serve((_, response) => {
      total += 1;
      most = Math.max(most, held.push(response));
      if (held.length < 64 && total <= 128) return;
      for (const waiting of held.splice(0)) reply(waiting, '{"answer": 7}');
    });
    const agent = createAgent(url);
    const asked = Array.from({ length: 150 }, async () => askService(url, schema, { timeoutMs: 60_000, agent }));
    expect(await Promise.all(asked)).toEqual(asked.map(() => ({ answer: 7 })));
    expect(most).toBe(64);
  });
});
