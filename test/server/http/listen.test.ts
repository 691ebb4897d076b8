import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { listen } from '../../../server/http/listen.ts';
import { refusal } from '../../support/refusal.ts';
import { createTestService } from '../../support/service.ts';

const HOST = '127.0.0.1';

afterEach(() => vi.useRealTimers());

/** A service whose one request waits until it is released. */
async function listenSlowly() {
  const [started, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const app = express().get('/', async (_, response) => {
    started.resolve();
    await released.promise;
    response.send('finished');
  });
  const { log } = createTestService();
  const onStop = vi.fn(async () => {});
  const service = await listen(app, { host: HOST, port: 0, log, onStop });
  return { service, onStop, started: started.promise, release: released.resolve };
}

/** GET over a connection that its client keeps alive. */
function ask(port: number): Promise<string> {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  return new Promise((resolve, reject) => {
    get({ host: HOST, port, path: '/', agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
      response.on('error', reject);
    }).on('error', reject);
  });
}

describe('listen', () => {
  it('says that a port is taken, and how to choose another', async () => {
    const { service } = await listenSlowly();
    const { app, log } = createTestService();
    const busy = listen(app, { host: HOST, port: service.port, log, onStop: async () => {} });
    await expect(busy).rejects.toEqual(refusal('unavailable', 'port'));
    await expect(busy).rejects.toMatchObject({
      message: `Port ${service.port} is in use by another program`,
      remedy: expect.stringContaining('--port') as string,
    });
    await service.stop();
  });

  it('says that an address is not its own', async () => {
    const { app, log } = createTestService();
    const elsewhere = listen(app, { host: '192.0.2.1', port: 0, log, onStop: async () => {} });
    await expect(elsewhere).rejects.toEqual(refusal('unavailable', 'port'));
  });

  it('lets requests in progress finish, then closes what it holds, once', async () => {
    // The time after which all connections are cut never comes.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { service, onStop, started, release } = await listenSlowly();
    const reply = ask(service.port);
    await started;
    const stopped = Promise.all([service.stop(), service.stop()]);
    await expect(ask(service.port)).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/u);
    expect(onStop).not.toHaveBeenCalled();
    release();
    expect(await reply).toBe('finished');
    // The client keeps its connection; the service does not wait for it.
    await stopped;
    await service.stop();
    expect(onStop).toHaveBeenCalledTimes(1);
  });

  it('stops at once when only idle connections are left', async () => {
    const { service, onStop, release } = await listenSlowly();
    release();
    expect(await ask(service.port)).toBe('finished');
    await service.stop();
    expect(onStop).toHaveBeenCalledTimes(1);
  });

  it('cuts a request that does not end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { service, onStop, started } = await listenSlowly();
    const reply = ask(service.port);
    await started;
    const stopped = service.stop();
    const cut = expect(reply).rejects.toThrow(/socket hang up|ECONNRESET/u);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(onStop).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await cut;
    await stopped;
    expect(onStop).toHaveBeenCalledTimes(1);
  });
});

describe('stopOnSignals', () => {
  const program = fileURLToPath(new URL('../../support/stopping-service.ts', import.meta.url));

  /** Starts the program, tells it to stop while a request is in progress, and returns how all of it ended. */
  async function stopBy(how: 'SIGINT' | 'SIGTERM' | 'stdin', argument = '') {
    const child = spawn(process.execPath, [program, argument], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
    const messages: string[] = [];
    let reply: Promise<string> | undefined;
    for await (const line of createInterface(child.stdout)) {
      const { msg, port } = JSON.parse(line) as { msg: string; port?: number };
      messages.push(msg);
      if (msg === 'listening') {
        reply = new Promise((resolve, reject) => {
          get({ host: HOST, port, path: '/v1/slow' }, (response) => {
            response.setEncoding('utf8').on('data', resolve).on('error', reject);
          }).on('error', reject);
        });
      }
      if (msg === 'working' && how === 'stdin') child.stdin.end();
      else if (msg === 'working') child.kill(how as NodeJS.Signals);
    }
    return { messages, reply: await reply, exit: await exit };
  }

  it.each(['SIGINT', 'SIGTERM', 'stdin'] as const)('finishes and ends with 0 on %s', async (how) => {
    const { messages, reply, exit } = await stopBy(how);
    expect(messages).toEqual(['listening', 'working', 'stopping', 'closing', 'stopped']);
    expect(reply).toBe('{"value":"finished"}');
    expect(exit).toEqual([0, null]);
  });

  it('ends with 1 when it cannot close what it holds', async () => {
    const { messages, exit } = await stopBy('SIGTERM', 'fail');
    expect(messages.at(-1)).toBe('could not stop cleanly');
    expect(exit).toEqual([1, null]);
  });
});
