import { describe, expect, it } from 'vitest';
import { utf8ToBytes } from '../../crypto/bytes.ts';
import {
  forceFileSchema,
  formatCredentialFile,
  officerFileSchema,
  parseCredentialFile,
  registryFileSchema,
  rootFileSchema,
  vendorFileSchema,
} from '../../crypto/credential-files.ts';
import { refusal, refusalOf } from '../support/refusal.ts';

const registry = { url: 'https://registry.example/', rosterFingerprint: new Uint8Array(32).fill(1) };
const seed = new Uint8Array(32).fill(2);

const files = [
  ['registry.json', registryFileSchema, { format: 'blindmark-registry-v1' as const, ...registry }],
  ['root.json', rootFileSchema, { format: 'blindmark-authority-root-v1' as const, origin: 'registry.example', seed }],
  [
    'force.json',
    forceFileSchema,
    {
      format: 'blindmark-force-v1' as const,
      origin: 'registry.example',
      force: 'force-a',
      seed,
      exchangeSecret: new Uint8Array(32).fill(3),
      forceCredential: 'a.b.c',
    },
  ],
  [
    'officer.json',
    officerFileSchema,
    {
      format: 'blindmark-officer-v1' as const,
      ...registry,
      allowTestRoster: true as const,
      seed,
      officerCredential: 'a.b.c',
      forceCredential: 'a.b.c',
    },
  ],
  [
    'vendor.json',
    vendorFileSchema,
    {
      format: 'blindmark-vendor-v1' as const,
      ...registry,
      vendor: 'v',
      name: 'Vendor',
      issuerNumber: 0,
      issuer: 'i',
      issuerUrl: 'http://127.0.0.1:8085',
      seed,
    },
  ],
] as const;

describe.each(files)('%s', (name, schema, value) => {
  // oxlint-disable-next-line typescript/no-explicit-any -- Each schema with its own value: more than the types can follow.
  const text = formatCredentialFile(schema, value as any);
  const parse = (json: string) => parseCredentialFile(schema, name, utf8ToBytes(json));

  it('reads back what was written', () => {
    expect(parse(text)).toEqual(value);
    expect(text.endsWith('}\n')).toBe(true);
  });

  it.each(Object.keys(value).filter((key) => key !== 'allowTestRoster'))('needs %s', (key) => {
    const { [key]: _, ...rest } = JSON.parse(text) as Record<string, unknown>;
    const error = refusalOf(() => parse(JSON.stringify(rest)));
    expect(error).toMatchObject({ code: 'badFile', field: name });
    expect(error.remedy).toContain(key);
  });

  it('takes no other field, format or text, and quotes nothing', () => {
    const object = JSON.parse(text) as Record<string, unknown>;
    for (const json of [
      { ...object, 'CANARY-4711': 1 },
      { ...object, format: 'CANARY-4711' },
    ].map((one) => JSON.stringify(one))) {
      const error = refusalOf(() => parse(json));
      expect(error).toMatchObject({ code: 'badFile', field: name });
      expect(JSON.stringify([error.message, error.remedy, String(error.cause)])).not.toContain('CANARY');
    }
    const error = refusalOf(() => parse('CANARY-4711'));
    expect(JSON.stringify([error.code, error.message, error.remedy, String(error.cause)])).not.toContain('CANARY');
    expect(() => parse('')).toThrow(refusal('badFile', name));
  });

  it('is no other file', () => {
    for (const [otherName, otherSchema] of files) {
      if (otherName !== name)
        expect(() => parseCredentialFile(otherSchema, 'x', utf8ToBytes(text))).toThrow(refusal('badFile', 'x'));
    }
  });
});

describe('addresses', () => {
  it.each(['javascript:alert(1)', 'file:///etc/passwd', 'registry.example', '', `https://${'a'.repeat(200)}`])(
    'may not be %s',
    (url) => {
      const json = JSON.stringify({ format: 'blindmark-registry-v1', url, rosterFingerprint: 'A'.repeat(43) });
      expect(() => parseCredentialFile(registryFileSchema, 'registry.json', utf8ToBytes(json))).toThrow(
        refusal('badFile'),
      );
    },
  );

  it('lets nobody say that a real roster is wanted: the flag is true or absent', () => {
    const json = JSON.stringify({
      format: 'blindmark-registry-v1',
      url: registry.url,
      rosterFingerprint: 'A'.repeat(43),
      allowTestRoster: false,
    });
    expect(() => parseCredentialFile(registryFileSchema, 'registry.json', utf8ToBytes(json))).toThrow(
      refusal('badFile'),
    );
  });
});
