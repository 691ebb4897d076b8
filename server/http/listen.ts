/** A running service: it listens, and stops gracefully. */
import type { Express } from 'express';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BlindmarkError } from '../../crypto/errors.ts';
import { describeError, type Log } from './log.ts';

/** How long requests in progress may take to end once a service is told to stop, in milliseconds. */
const SHUTDOWN_MS = 10_000;

/** How often a service that stops closes connections without a request, in milliseconds. */
const SWEEP_MS = 50;

export interface RunningService {
  readonly port: number;
  /** Takes no new request, lets those in progress end, then closes what the service holds. */
  readonly stop: () => Promise<void>;
}

function createBoundedServer(app: Express): Server {
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 65_000, maxHeaderSize: 16 * 1024 },
    app,
  );
  server.maxConnections = 2048;
  return server;
}

/**
 * Listens.
 *
 * @param options.port 0 takes a free one
 * @param options.onStop closes databases and threads once no request is in progress
 * @throws BlindmarkError `unavailable` when the port is taken
 */
export async function listen(
  app: Express,
  options: { readonly host: string; readonly port: number; readonly log: Log; readonly onStop: () => Promise<void> },
): Promise<RunningService> {
  const { host, port, log } = options;
  const server = createBoundedServer(app);
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void => {
      const reason =
        cause.code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be listened on (${cause.code})`;
      reject(
        new BlindmarkError('unavailable', `Port ${port} ${reason}`, {
          field: 'port',
          remedy: 'Stop that program, or choose another port with --port.',
          cause,
        }),
      );
    };
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  // Said once the caller has had its turn to take signals: whoever waits for this line may stop the service at once.
  setImmediate(() => log.info({ address: host, port: address.port }, 'listening'));
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    // A connection that is kept alive becomes idle when its reply is sent: Node would then wait for its client to close it.
    const sweep = setInterval(() => {
      server.closeIdleConnections();
    }, SWEEP_MS);
    const timer = setTimeout(() => {
      server.closeAllConnections();
    }, SHUTDOWN_MS);
    await closed;
    clearInterval(sweep);
    clearTimeout(timer);
    await options.onStop();
    log.info('stopped');
  };
  let stopping: Promise<void> | undefined;
  return { port: address.port, stop: async () => (stopping ??= stop()) };
}

/**
 * Stops a service on SIGINT and SIGTERM, and when standard input ends if `--stop-with-stdin` asks for that (how a launcher
 * takes its services with it, however it ends).
 */
export function stopOnSignals(service: RunningService, log: Log, stopWithStdin: boolean): void {
  const stop = (signal: string): void => {
    log.info({ signal }, 'stopping');
    service.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error(describeError(error), 'could not stop cleanly');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(signal));
  if (stopWithStdin) process.stdin.resume().once('end', () => stop('stdin'));
}
