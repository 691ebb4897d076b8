/** The log of a whole registry, read by Go over HTTP, while it grows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomBytes } from '../../crypto/bytes.ts';
import { formatLogEntry, hourOf } from '../../crypto/log-entry.ts';
import { cosignerName, logName } from '../../crypto/log-proof.ts';
import { formatBase64, formatVerifierKey, SIGNATURE_TYPES } from '../../crypto/note.ts';
import { parseCheckpoint } from '../../crypto/checkpoint.ts';
import { startServices, type Services } from '../support/services.ts';
import { buildVerifier, hasGo, type Verifier } from './go-verifier.ts';

describe.runIf(hasGo)('Go’s note and tlog', () => {
  let services: Services;
  let verifier: Verifier;
  beforeAll(async () => {
    [services, verifier] = await Promise.all([startServices(), buildVerifier()]);
  }, 180_000);
  afterAll(async () => {
    verifier.remove();
    await services.stopAll();
  });

  const append = async (count: number) => {
    const hour = hourOf(services.clock.now);
    const requests = Array.from({ length: count }, () => {
      const request = randomBytes(32);
      return { key: request, entry: formatLogEntry({ kind: 'activation', hour, request }) };
    });
    return services.publicLog().append(requests);
  };

  it('verify what registry and guardians have signed, and that it goes on from what it was', async () => {
    const { roster } = services.fixture.roster;
    const task = {
      url: `${services.registryFile.url}/log`,
      log: formatVerifierKey({
        name: logName(roster),
        type: SIGNATURE_TYPES.ed25519,
        publicKey: roster.log.publicKey,
      }),
      witnesses: roster.guardians.map(({ id, witnessKey }) => {
        const name = cosignerName(roster.origin, id);
        return formatVerifierKey({ name, type: SIGNATURE_TYPES.cosignature, publicKey: witnessKey });
      }),
      quorum: roster.threshold,
    };
    let old: string | undefined;
    for (const count of [1, 3, 250, 256]) {
      const { checkpoint } = await append(count);
      const { size, root } = parseCheckpoint(checkpoint).checkpoint;
      const report = await verifier.verify(old === undefined ? task : { ...task, old });
      expect(report).toMatchObject({ origin: logName(roster), size, entries: size, root: formatBase64(root) });
      expect(report.consistentFrom).toBe(old === undefined ? null : parseCheckpoint(old).checkpoint.size);
      expect(report.signedBy.length).toBeGreaterThanOrEqual(1 + roster.threshold);
      old = checkpoint;
    }
  });
});
