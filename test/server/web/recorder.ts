/**
 * A proxy through which a browser sends everything: it records each request whole, by whatever way a page or a worker made it,
 * and hands it on to this machine alone. And it has browsers report to it what a Content-Security-Policy refused: of workers, no
 * other way tells of the first moment.
 */
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it left the browser. A tunnel (`CONNECT`: https, WebSocket) has its host as its address, and was refused. */
export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  /** Names and values in turn, as they were sent. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

export interface Recorder {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** What the browser reported that a Content-Security-Policy refused, as JSON. */
  readonly violations: readonly string[];
  /** All that left the browser, as one text: for looking for what must not be in it. */
  readonly text: () => string;
  readonly stop: () => Promise<void>;
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Where browsers report to; never handed on. */
const REPORTS = '/content-security-policy-reports';
const POLICY = 'content-security-policy';

/** A reply's headers, with each policy saying where to report to. */
function addReports(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const policy = headers[POLICY];
  return policy === undefined ? headers : { ...headers, [POLICY]: `${String(policy)};report-uri ${REPORTS}` };
}

function handOn(request: IncomingMessage, body: Uint8Array, response: ServerResponse): void {
  const target = new URL(request.url as string);
  if (target.hostname !== '127.0.0.1') {
    response.writeHead(502).end();
    return;
  }
  const { method = 'GET', headers } = request;
  const onward = forward(target, { method, headers, agent: false }, (reply) => {
    response.writeHead(reply.statusCode as number, addReports(reply.headers));
    reply.pipe(response);
    reply.on('error', () => response.destroy());
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  onward.end(body);
}

/**
 * @param isOwn whether a browser asks such a host on its own account: refused all the same, and searched, but not listed
 */
export async function startRecorder(isOwn: (host: string) => boolean = () => false): Promise<Recorder> {
  const requests: RecordedRequest[] = [];
  const own: RecordedRequest[] = [];
  const violations: string[] = [];
  const record = (request: IncomingMessage, body: Uint8Array): void => {
    const { method = '', url = '', rawHeaders } = request;
    const host = method === 'CONNECT' ? url.replace(/:\d+$/u, '') : new URL(url).hostname;
    (isOwn(host) ? own : requests).push({ method, url, headers: rawHeaders, body });
  };
  const server = createServer((request, response) => {
    const take = async (): Promise<void> => {
      const body = await readAll(request);
      if (request.url?.endsWith(REPORTS) === true) {
        violations.push(body.toString('utf8'));
        response.writeHead(204).end();
      } else {
        record(request, body);
        handOn(request, body, response);
      }
    };
    take().catch(() => response.destroy());
  });
  const refuseTunnel = (request: IncomingMessage, socket: NodeJS.WritableStream): void => {
    record(request, new Uint8Array());
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  };
  server.on('connect', refuseTunnel);
  server.on('upgrade', refuseTunnel);
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    violations,
    text: () =>
      [...requests, ...own]
        .map(
          ({ method, url, headers, body }) =>
            `${method} ${url}\n${headers.join('\n')}\n${Buffer.from(body).toString('utf8')}`,
        )
        .join('\n\n'),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => {
        server.close(done);
      });
    },
  };
}
