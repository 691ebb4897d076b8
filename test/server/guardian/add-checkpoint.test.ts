/** C2SP tlog-witness over HTTP: statuses and bodies are that specification's. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import request from 'supertest';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { formatAddCheckpoint, parseCheckpoint, readCosignature, signCheckpoint } from '../../../crypto/checkpoint.ts';
import { cosignerName, logName } from '../../../crypto/log-proof.ts';
import { parseSignatureLines } from '../../../crypto/note.ts';
import { createSigningKey, type SigningKey } from '../../../crypto/signature.ts';
import { createFixture, type Fixture } from '../../support/fixture.ts';
import { createTestLog, type TestLog } from '../../support/log.ts';
import { randomElement } from '../../support/tokens.ts';
import { codeOf, officerRequest, openGuardian, parseProblem, type TestGuardian } from './world.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});

function createLogOf(size: number): TestLog {
  const entries = Array.from({ length: size - 1 }, () => ({
    kind: 'activation' as const,
    hour: 1,
    request: randomBytes(32),
  }));
  return createTestLog(fixture, entries);
}

function bodyOf(log: TestLog, oldSize: number, size = log.size, proof = log.consistency(oldSize, size)): string {
  return formatAddCheckpoint({ oldSize, proof, checkpoint: log.note({ size, cosigners: [] }) });
}

const cosigner = () => ({
  name: cosignerName(fixture.origin, 'g1'),
  publicKey: (fixture.witnesses[0] as SigningKey).publicKey,
});

describe('add-checkpoint', () => {
  it('answers 200 with a cosignature line, which makes the checkpoint a cosigned one', async () => {
    const guardian = openGuardian(fixture);
    const log = createLogOf(7);
    for (const [oldSize, size] of [
      [0, 4],
      [4, 4],
      [4, 7],
    ] as const) {
      const response = await guardian.addCheckpoint(bodyOf(log, oldSize, size));
      expect(response.status).toBe(200);
      expect(response.type).toBe('text/plain');
      const [line, ...more] = parseSignatureLines(response.text);
      expect([line?.name, more]).toEqual([cosigner().name, []]);
      const { note } = parseCheckpoint(log.note({ size, cosigners: [] }) + response.text);
      expect(readCosignature(note, cosigner())).not.toBeNull();
    }
  });

  it('takes a body of whatever type', async () => {
    const guardian = openGuardian(fixture);
    const posting = request(guardian.app).post('/v1/add-checkpoint').type('application/octet-stream');
    expect((await posting.send(Buffer.from(bodyOf(createLogOf(3), 0)))).status).toBe(200);
  });

  const malformed: [string, (log: TestLog) => string][] = [
    ['nothing', () => ''],
    ['no old size', (log) => bodyOf(log, 0).replace('old 0\n', '\n')],
    ['a negative old size', (log) => bodyOf(log, 0).replace('old 0', 'old -1')],
    ['a padded old size', (log) => bodyOf(log, 0).replace('old 0', 'old 00')],
    ['no checkpoint', () => 'old 0\n\n'],
    ['a checkpoint without a signature', (log) => bodyOf(log, 0).replace(/^— .*\n/mu, '')],
    ['a proof of hashes that are too short', (log) => bodyOf(log, 0).replace('old 0\n', 'old 0\nAAAA\n')],
    [
      '64 hashes',
      (log) =>
        bodyOf(
          log,
          0,
          3,
          Array.from({ length: 64 }, () => randomBytes(32)),
        ),
    ],
    ['an old size above the checkpoint’s', (log) => bodyOf(log, 3, 3, []).replace('old 3', 'old 4')],
  ];
  it.each(malformed)('answers 400 to %s', async (_, build) => {
    const guardian = openGuardian(fixture);
    const response = await guardian.addCheckpoint(build(createLogOf(3)));
    expect([response.status, codeOf(response)]).toEqual([400, 'badInput']);
  });

  it('answers 413 to more than it reads', async () => {
    const guardian = openGuardian(fixture);
    expect((await guardian.addCheckpoint('x'.repeat(70_000))).status).toBe(413);
    expect((await guardian.addCheckpoint('x'.repeat(30_000))).status).toBe(400);
  });

  it('answers 403 to a checkpoint that the log did not sign, whatever else signed it', async () => {
    const guardian = openGuardian(fixture);
    const log = createLogOf(3);
    const stranger = signCheckpoint(log.head(), createSigningKey());
    const own = log.note({ cosigners: [1, 2, 3] });
    const altered = own.replace(/^3$/mu, '2');
    for (const checkpoint of [stranger, altered]) {
      const response = await guardian.addCheckpoint(formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint }));
      expect([response.status, codeOf(response)]).toEqual([403, 'badCheckpoint']);
    }
    expect((await guardian.addCheckpoint(formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: own }))).status).toBe(
      200,
    );
  });

  it('answers 404 for another log', async () => {
    const guardian = openGuardian(fixture);
    const head = { ...createLogOf(3).head(), origin: 'other.example/log' };
    const checkpoint = signCheckpoint(head, fixture.logKey);
    const response = await guardian.addCheckpoint(formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint }));
    expect([response.status, codeOf(response)]).toEqual([404, 'wrongOrigin']);
  });

  it('answers 409 with the size that it cosigned last, and nothing else, to any other old size', async () => {
    const guardian = openGuardian(fixture);
    const log = createLogOf(9);
    const conflict = async (oldSize: number, size: number): Promise<unknown[]> => {
      const response = await guardian.addCheckpoint(bodyOf(log, oldSize, size));
      return [response.status, response.headers['content-type'], response.text];
    };
    expect(await conflict(2, 9)).toEqual([409, 'text/x.tlog.size', '0\n']);
    await guardian.addCheckpoint(bodyOf(log, 0, 4));
    expect(await conflict(0, 9)).toEqual([409, 'text/x.tlog.size', '4\n']);
    expect(await conflict(3, 9)).toEqual([409, 'text/x.tlog.size', '4\n']);
    expect(await conflict(5, 9)).toEqual([409, 'text/x.tlog.size', '4\n']);
    // Known sizes too: the specification knows no window.
    expect(await conflict(0, 4)).toEqual([409, 'text/x.tlog.size', '4\n']);
    expect(await conflict(2, 3)).toEqual([409, 'text/x.tlog.size', '4\n']);
    expect((await guardian.addCheckpoint(bodyOf(log, 4, 9))).status).toBe(200);
  });

  it('answers 422 to a proof that does not hold, is missing, or is there where none may be', async () => {
    const guardian = openGuardian(fixture);
    const log = createLogOf(9);
    const refused = async (body: string): Promise<void> => {
      const response = await guardian.addCheckpoint(body);
      expect([response.status, codeOf(response)]).toEqual([422, 'badProof']);
    };
    await refused(bodyOf(log, 0, 4, [randomBytes(32)]));
    await guardian.addCheckpoint(bodyOf(log, 0, 4));
    await refused(bodyOf(log, 4, 9, []));
    await refused(bodyOf(log, 4, 9, [randomBytes(32), ...log.consistency(4, 9).slice(1)]));
    await refused(bodyOf(log, 4, 4, [randomBytes(32)]));
    expect((await guardian.addCheckpoint(bodyOf(log, 4, 9))).status).toBe(200);
  });

  it('answers 422 to an empty tree with another root than that of nothing', async () => {
    const guardian = openGuardian(fixture);
    const head = { origin: logName(fixture.roster.roster), size: 0, root: randomBytes(32) };
    const checkpoint = signCheckpoint(head, fixture.logKey);
    const response = await guardian.addCheckpoint(formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint }));
    expect([response.status, codeOf(response)]).toEqual([422, 'badProof']);
    expect(guardian.witness.isForked()).toBe(false);
  });

  it('lets one of two that come at once from the same size win; the other hears the new size', async () => {
    const guardian = openGuardian(fixture);
    const log = createLogOf(9);
    await guardian.addCheckpoint(bodyOf(log, 0, 4));
    const both = await Promise.all([6, 9].map(async (size) => guardian.addCheckpoint(bodyOf(log, 4, size))));
    const statuses = both.map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409]);
    expect(both[statuses.indexOf(409)]?.text).toBe(`${statuses[0] === 200 ? 6 : 9}\n`);
  });
});

describe('a log that forked', () => {
  const fork = async (): Promise<{ guardian: TestGuardian; log: TestLog }> => {
    const guardian = openGuardian(fixture);
    const [log, other] = [createLogOf(5), createLogOf(5)];
    await guardian.addCheckpoint(bodyOf(log, 0));
    const response = await guardian.addCheckpoint(bodyOf(other, 5, 5, []));
    expect([response.status, codeOf(response)]).toEqual([422, 'logForked']);
    return { guardian, log };
  };

  it('stops the whole guardian: no cosignature, no evaluation, not ready, and said in log and metrics', async () => {
    const { guardian, log } = await fork();
    log.append({ kind: 'activation', hour: 1, request: randomBytes(32) });
    for (const body of [bodyOf(log, 5), bodyOf(log, 5, 5), bodyOf(log, 0, 3)]) {
      const response = await guardian.addCheckpoint(body);
      expect([response.status, codeOf(response)]).toEqual([422, 'logForked']);
    }
    const officer = await fixture.createOfficer();
    const body = await officerRequest(fixture, officer, [randomElement()]);
    expect(codeOf(await guardian.evaluate(body))).toBe('logForked');
    expect(parseProblem(await request(guardian.app).get('/readyz')).code).toBe('unavailable');
    expect((await request(guardian.app).get('/healthz')).status).toBe(200);
    const metrics = (await request(guardian.app).get('/metrics')).text;
    expect(metrics).toContain('blindmark_guardian_log_forked{service="guardian"} 1');
    expect(metrics).toContain('blindmark_guardian_checkpoint_refusals_total{code="logForked",service="guardian"} 5');
    expect(guardian.lines.join('')).toContain('THE LOG HAS FORKED');
    expect(existsSync(join(guardian.folder, 'fork-1-5.txt'))).toBe(true);
  });

  it('stays stopped through a restart', async () => {
    const { guardian, log } = await fork();
    await guardian.restart();
    expect((await request(guardian.app).get('/readyz')).status).toBe(503);
    expect(codeOf(await guardian.addCheckpoint(bodyOf(log, 5, 5)))).toBe('logForked');
    expect((await request(guardian.app).get('/metrics')).text).toContain(
      'blindmark_guardian_log_forked{service="guardian"} 1',
    );
  });
});

describe('monitor retrieval', () => {
  const addressOf = (name: string): string => `/v1/${createHash('sha256').update(name).digest('hex')}/checkpoint`;

  it('shows the largest checkpoint with the log’s signature and this witness’s', async () => {
    const guardian = openGuardian(fixture);
    const address = addressOf(logName(fixture.roster.roster));
    expect((await request(guardian.app).get(address)).status).toBe(404);
    const log = createLogOf(7);
    await guardian.addCheckpoint(bodyOf(log, 0, 4));
    await guardian.addCheckpoint(bodyOf(log, 4, 7));
    const response = await request(guardian.app).get(address);
    expect([response.status, response.type]).toEqual([200, 'text/plain']);
    const { checkpoint, note } = parseCheckpoint(response.text);
    expect(checkpoint).toEqual(log.head(7));
    expect(readCosignature(note, cosigner())).not.toBeNull();
    const metrics = (await request(guardian.app).get('/metrics')).text;
    expect(metrics).toContain('blindmark_guardian_witnessed_size{service="guardian"} 7');
    expect(metrics).toContain('blindmark_guardian_cosignatures_total{service="guardian"} 2');
  });

  it('knows no other log', async () => {
    const guardian = openGuardian(fixture);
    await guardian.addCheckpoint(bodyOf(createLogOf(3), 0));
    expect((await request(guardian.app).get(addressOf('other.example/log'))).status).toBe(404);
    expect((await request(guardian.app).get('/v1/xyz/checkpoint')).status).toBe(400);
  });
});
