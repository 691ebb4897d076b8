/**
 * Readings as police type them, against marks that are registered: of each kind and scheme some, all the way through the real
 * services with cheap stretching. `npm run rehearse` does it with all of them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Officer, type LookupReading, type LookupResult } from '../../client-sdk/officer.ts';
import { Owner } from '../../client-sdk/owner.ts';
import { connectionOf, Registry } from '../../client-sdk/registry.ts';
import { Vault } from '../../client-sdk/vault.ts';
import { createRecoveryPhrase } from '../../crypto/owner-keys.ts';
import { CHEAP_STRETCH } from '../support/fixture.ts';
import { readMarks, readReads, type MarkRow } from '../support/marks.ts';
import { startServices, type Services } from '../support/services.ts';

/** Readings taken of each kind and scheme. */
const SAMPLE = 2;

const marks = readMarks();
const codeOf = new Map(marks.map(({ id, scheme, code }) => [id, `${scheme}|${code}`]));
const itemsOf = Map.groupBy(marks, ({ scheme, code }) => `${scheme}|${code}`);
const groups = Map.groupBy(readReads(), ({ kind, scheme }) => `${kind} ${scheme}`);
const sample = [...groups.values()].flatMap((group) => group.slice(0, SAMPLE));

let services: Services;
let results: Map<string, LookupResult>;

async function register(registry: Registry): Promise<void> {
  const storage = { append: async (): Promise<void> => undefined };
  const vault = await Vault.create({
    phrase: createRecoveryPhrase(),
    passphrase: 'a passphrase',
    storage,
    parameters: CHEAP_STRETCH,
  });
  const owner = await Owner.open(registry, vault, services.registryFile);
  const codes = [...new Set(sample.map((row) => codeOf.get(row.id) as string))];
  const keys = await services.createActivationKeys(codes.length);
  const requests = codes.map((code, i) => {
    const rows = itemsOf.get(code) as MarkRow[];
    const items = rows.map(({ category, make, model }) => ({ category, make, model }));
    const { scheme, code: text } = rows[0] as MarkRow;
    return { id: code, scheme, code: text, items, activationKey: keys[i] as string };
  });
  for await (const outcome of owner.registerMany(requests, { parallel: 4 }))
    expect(outcome).not.toHaveProperty('error');
}

beforeAll(async () => {
  services = await startServices();
  const options = connectionOf(services.registryFile);
  const registry = await Registry.connect(services.registryFile.url, options);
  await register(registry);
  const officer = new Officer(registry, await services.createOfficer());
  const readings = sample.map(({ id, read, scheme }): LookupReading => ({
    id,
    reading: read,
    scheme: scheme || undefined,
  }));
  const found = await Array.fromAsync(officer.lookup(officer.plan(readings), { caseReference: 'CR/1/26' }));
  results = new Map(found.map((result) => [result.id, result as LookupResult]));
});
afterAll(async () => {
  await services.stopAll();
});

describe('a sample of reads.csv', () => {
  it('has every kind and scheme', () => {
    expect(groups.size).toBe(6 * 8);
    expect(sample.length).toBe(SAMPLE * groups.size);
  });

  it.each(sample.map((row) => [row.kind, row.scheme || 'unknown scheme', row.id, row.expect] as const))(
    '%s, %s: %s is a %s',
    (_, __, id, expected) => {
      const result = results.get(id) as LookupResult;
      expect(result.result).toBe(expected);
      if (expected === 'miss') return;
      const rows = itemsOf.get(codeOf.get(id) as string) as MarkRow[];
      const items = rows.map(({ category, make, model }) => ({ category, make, model }));
      expect(result.registrations.map((registration) => registration.items)).toContainEqual(items);
    },
  );
});
