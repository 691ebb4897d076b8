/**
 * Canaries: values that would be known again anywhere. Through the real services, by the SDK and by the command line, they are
 * registered, looked up, reported, withdrawn, mistyped and put where they do not belong; then everything that is stored,
 * logged, measured, said or asked for is searched for them, in clear and in every encoding.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fetch } from '../../client-sdk/http.ts';
import { argon2idNode, createVaultFile, openVaultFile, readOfficerFile } from '../../client-sdk/node/index.ts';
import { Officer, type LookupResult } from '../../client-sdk/officer.ts';
import { Openings, type OpeningOutcome } from '../../client-sdk/openings.ts';
import { Owner } from '../../client-sdk/owner.ts';
import { connectionOf, Registry } from '../../client-sdk/registry.ts';
import { parseActivationKey } from '../../crypto/activation-key.ts';
import { bytesToHex, utf8ToBytes } from '../../crypto/bytes.ts';
import { formatCode } from '../../crypto/canonical.ts';
import { formatCredentialFile, officerFileSchema, registryFileSchema } from '../../crypto/credential-files.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { mintCode } from '../../crypto/mint-code.ts';
import { codeInput } from '../../crypto/oprf.ts';
import { createRecoveryPhrase, deriveMasterSeed } from '../../crypto/owner-keys.ts';
import { STANDARD_SCHEMES } from '../../crypto/standard-schemes.ts';
import type { MarkRecord } from '../../client-sdk/vault.ts';
import { readLogKeys } from '../../server/registry/log-key.ts';
import { CHEAP_STRETCH } from '../support/fixture.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { startServices, type Services } from '../support/services.ts';
import { send } from './ask.ts';
import { findCanaries } from './canaries.ts';
import { filesOf } from './loot.ts';

const [code, missed, mistyped] = [mintCode(), mintCode(), mintCode()];
const description = 'canary.keeper@example.org or 07700 900123';
const items = [{ category: 'Canarybird', make: 'Kanarienvogel', description }];
const caseReference = 'CANARY/4711/26';
const explanation = 'the canary wants its cage back';
const message = 'the canary is at the front desk';
const replyTo = 'canary.desk@example.org';
const contact = {
  kind: 'details' as const,
  name: 'Canarina Kanari',
  email: 'canarina@example.org',
  telephone: '07700 900321',
  note: 'after six',
  second: { name: 'Canario Kanari', telephone: '07700 900456' },
};
const phrase = createRecoveryPhrase();
const passphrase = 'a canary sings in four words';

/** Nothing of them may be found. */
const canaries = new Map<string, (string | Uint8Array)[]>();
const findIn = (content: string | Uint8Array, except: readonly string[] = []): string[] =>
  findCanaries(canaries, content, except);

function addCode(name: string, canonical: string): void {
  const grouped = formatCode(STANDARD_SCHEMES, 'bm1', canonical);
  canaries.set(name, [canonical, grouped, grouped.replaceAll('-', ' ')]);
}

function addActivationKey(name: string, printed: string): void {
  canaries.set(name, [printed, printed.replaceAll('-', ''), parseActivationKey(printed).bytes]);
}

let services: Services;
let folder: string;
const at = (name: string): string => join(folder, name);
/** Every address that was asked for by the SDK. */
const urls: string[] = [];
/** What services answered to what they refused. */
const problems: string[] = [];
/** What the SDK threw. */
const errors: BlindmarkError[] = [];

const watched: Fetch = async (url, init) => {
  urls.push(url as string, JSON.stringify(init?.headers ?? {}));
  const response = await fetch(url, init);
  if (!response.ok) problems.push(await response.clone().text());
  return response;
};

async function failing(work: () => Promise<unknown>, expected: string): Promise<void> {
  const error = await work().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BlindmarkError);
  expect((error as BlindmarkError).code).toBe(expected);
  errors.push(error as BlindmarkError);
}

async function connect(): Promise<Registry> {
  const { registryFile } = services;
  const options = { ...connectionOf(registryFile), fetch: watched, argon2id: argon2idNode, retry: { attempts: 1 } };
  return Registry.connect(registryFile.url, options);
}

async function lookUp(officer: Officer, reading: string, reference = caseReference): Promise<LookupResult> {
  const plan = officer.plan([{ id: 'a', reading, scheme: 'bm1' }]);
  const [result] = await Array.fromAsync(officer.lookup(plan, { caseReference: reference }));
  return result as LookupResult;
}

/** Two officers have the contact of a hit opened; the first one can leave a message where there is nothing else. */
async function openContact(): Promise<OpeningOutcome> {
  const [signer, colleague] = [await services.createOfficer('officer-b'), await services.createOfficer('officer-c')];
  const registry = await connect();
  const { registrations, evidence } = await lookUp(new Officer(registry, signer), code);
  const { caseSalt } = evidence;
  const found = (registrations[0] as LookupResult['registrations'][number]).evidence;
  const hit = { ...found, caseReference, caseSalt };
  canaries.set('case salt', [...(canaries.get('case salt') ?? []), caseSalt]);
  const [openings, approvals] = [new Openings(registry, signer), new Openings(await connect(), colleague)];
  const { token } = await openings.ask(hit, { reason: 'other', explanation });
  await failing(async () => openings.inspect(token, caseReference), 'sameOfficer');
  await failing(async () => approvals.inspect(token, `${caseReference}/2`), 'badInput');
  await approvals.approve(await approvals.inspect(token, caseReference));
  const outcome = await openings.contact(token, hit);
  if (outcome.status === 'opened' && outcome.contact.kind === 'relay') {
    await openings.leaveMessage(token, hit, outcome.contact, { text: message, replyTo });
  }
  return outcome;
}

/** The salts of an owner's entries: whoever has them can say which entries they are. */
async function addSalts(owner: Owner, mark: MarkRecord): Promise<void> {
  const { lines } = await owner.history(mark);
  canaries.set('entry salts', [...(canaries.get('entry salts') ?? []), ...lines.map(({ receipt }) => receipt.salt)]);
}

/** The owner's life with a mark, and an officer's day, with mistakes in between. */
async function useSdk(keys: readonly string[]): Promise<void> {
  const { vault, close } = await createVaultFile(at('sdk.vault'), { phrase, passphrase, parameters: CHEAP_STRETCH });
  const owner = await Owner.open(await connect(), vault, services.registryFile);
  const officer = new Officer(await connect(), await services.createOfficer());
  const request = { code, items, activationKey: keys[0] as string };
  const wrongCheck = code.slice(0, -1) + (code.endsWith('7') ? '8' : '7');
  await failing(async () => owner.register({ ...request, code: wrongCheck }), 'checkFailed');
  await failing(async () => owner.register({ ...request, scheme: 'vin' }), 'noSchemeFits');
  await failing(
    async () => owner.register({ ...request, activationKey: (keys[0] as string).slice(1) }),
    'badActivationKey',
  );
  await failing(
    async () => owner.register({ ...request, items: [{ ...items[0], make: description.repeat(3) }] as typeof items }),
    'badInput',
  );
  await failing(async () => owner.recover(code), 'notFound');
  await failing(async () => lookUp(officer, code, caseReference.repeat(6)), 'badInput');
  await failing(
    async () => owner.register({ ...request, contact: { ...contact, email: description.repeat(10) } }),
    'badInput',
  );
  const mark = await owner.register({ ...request, contact });
  canaries.set('lookup tag', [mark.lookupTag as Uint8Array]);
  canaries.set('code key', [mark.codeKey as Uint8Array]);
  expect(await lookUp(officer, code)).toMatchObject({ result: 'hit', registrations: [{ items }] });
  expect(await lookUp(officer, missed)).toMatchObject({ result: 'miss' });
  expect(await openContact()).toMatchObject({ status: 'opened', contact });
  const stolen = await owner.setStatus(mark, 'stolen');
  await owner.refresh(stolen);
  const replaced = await owner.replaceItems(stolen, [...items, ...items]);
  await failing(async () => owner.find(missed), 'notFound');
  await addSalts(owner, replaced);
  await owner.withdraw(replaced);
  await failing(async () => owner.setStatus(owner.find(code), 'lost'), 'notFound');
  // What stays registered to the end: it must not be found either.
  const last = await owner.register({ code, items, activationKey: keys[1] as string, contact: { kind: 'relay' } });
  expect(await openContact()).toMatchObject({ status: 'opened', contact: { kind: 'relay' } });
  // It is not acknowledged: it stays at the registry.
  expect((await owner.messages(last)).messages).toMatchObject([{ text: message, replyTo }]);
  await addSalts(owner, last);
  close();
  await failing(async () => openVaultFile(at('sdk.vault'), `${passphrase} of another`), 'badPassphrase');
}

/** Canaries where they do not belong: in paths, queries, headers, bodies that do not parse. */
async function abuseServices(keys: readonly string[]): Promise<void> {
  const json = { 'content-type': 'application/json' };
  const texts = [code, description, caseReference, phrase, passphrase, keys[0] as string, contact.email, message];
  const bases = [
    services.registryFile.url,
    services.fixture.roster.roster.issuers[0]?.url as string,
    ...services.guardianUrls.values(),
  ];
  const paths = [
    '/v1/evaluate',
    '/v1/evaluations',
    '/v1/registrations',
    '/v1/lookups',
    '/v1/openings',
    '/v1/decrypt',
    '/v1/revocations',
    '/v1/add-checkpoint',
    '/v1/tokens',
    '/v1/packs',
    '/healthz',
  ];
  const attempts = bases.flatMap((base) =>
    texts.flatMap((text, i): [string, RequestInit][] => {
      const path = paths[i % paths.length] as string;
      const word = encodeURIComponent(text);
      const header = {
        'user-agent': text,
        'x-case': text,
        'cookie': `case=${word}`,
        'authorization': `Bearer ${word}`,
      };
      return [
        [`${base}/${word}`, {}],
        [`${base}/v1/registrations/${word}/history`, { method: 'POST', headers: json, body: '{}' }],
        [`${base}/%E0%A4%A${word}`, {}],
        [`${base}${path}?code=${word}`, { headers: header }],
        [`${base}${path}`, { method: 'POST', headers: { ...json, ...header }, body: `{"purpose": "${text}` }],
        [`${base}${path}`, { method: 'POST', headers: json, body: JSON.stringify({ [text]: text, purpose: text }) }],
        [`${base}${path}`, { method: 'POST', headers: json, body: JSON.stringify([text]) }],
        [`${base}${path}`, { method: 'POST', headers: json, body: JSON.stringify(text.repeat(4000)) }],
        [
          `${base}${path}`,
          {
            method: 'POST',
            headers: { 'content-type': `application/json; charset=${word.replaceAll('%', '')}` },
            body: '{}',
          },
        ],
        [
          `${base}${path}`,
          { method: 'POST', headers: { ...json, 'content-encoding': word.replaceAll('%', '') }, body: '{}' },
        ],
        [`${base}${path}`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: text }],
        [`${base}${path}`, { method: 'PUT', headers: json, body: JSON.stringify(text) }],
      ];
    }),
  );
  for (const [url, init] of attempts) problems.push((await send(url, init)).text);
}

/** Valid but for one field, which holds a canary: parsing comes as far as it can. */
async function abuseFields(): Promise<void> {
  const url = services.registryFile.url;
  const jws = 'YQ.YQ.YQ';
  const authorization = { request: jws, officerCredential: jws, forceCredential: jws };
  const zero = 'A'.repeat(43);
  const bodies: [string, unknown][] = [
    ['/v1/evaluations', { purpose: 'lookup', epochs: [1], elements: [code], authorization }],
    [
      '/v1/evaluations',
      { purpose: 'lookup', epochs: [1], elements: [zero], authorization: { ...authorization, request: code } },
    ],
    [
      '/v1/evaluations',
      { purpose: 'registration', epochs: [code], elements: [zero], redemptions: [zero], roster: zero, token: null },
    ],
    ['/v1/evaluations', { purpose: code }],
    ['/v1/lookups', { evaluation: zero, tags: [caseReference], authorization }],
    ['/v1/lookups', { evaluation: zero, tags: [zero], authorization }],
    [
      '/v1/registrations',
      { lookupTag: zero, ownerPublicKey: zero, token: code, row: { status: description, [code]: 1 } },
    ],
    [`/v1/registrations/${zero}/actions`, { kind: code }],
    ['/v1/openings', { details: { commitment: zero, reason: explanation }, lookupTag: zero, authorization }],
    [`/v1/openings/${zero}/messages`, { authorization, box: message }],
    [`/v1/registrations/${zero}/messages`, { lookupTag: zero, ownerPublicKey: code }],
    ['/v1/revocations', { forceCredential: caseReference, list: code }],
  ];
  for (const [path, body] of bodies) {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    problems.push((await send(url + path, init)).text);
  }
}

interface Run {
  readonly what: string;
  readonly result: CliResult;
  /** What the command was asked to show. */
  readonly shows: readonly string[];
}
const runs: Run[] = [];

/** Writes the credential of a new officer. */
async function writeOfficer(name: string): Promise<void> {
  const { key, officerCredential, forceCredential } = await services.createOfficer(name);
  const { url, rosterFingerprint, allowTestRoster } = services.registryFile;
  const format = 'blindmark-officer-v1' as const;
  const credentials = { seed: key.seed, officerCredential, forceCredential };
  const file = { format, url, rosterFingerprint, allowTestRoster, ...credentials };
  writeFileSync(at(`${name}.json`), formatCredentialFile(officerFileSchema, file));
  expect(readOfficerFile(at(`${name}.json`)).seed).toEqual(key.seed);
}

async function useCommandLine(keys: readonly string[]): Promise<void> {
  await Promise.all(['officer', 'colleague'].map(writeOfficer));
  writeFileSync(at('contact.json'), JSON.stringify(contact));
  writeFileSync(at('explanation.txt'), explanation);
  writeFileSync(at('message.txt'), message);
  writeFileSync(at('registry.json'), formatCredentialFile(registryFileSchema, services.registryFile));
  writeFileSync(at('broken.json'), `{"format": "${code}", "seed": "${caseReference}"`);
  writeFileSync(
    at('marks.csv'),
    `id,scheme,code,category,keeper,contact\n1,bm1,${mistyped.slice(1)},Ring,${description},${description}\n2,numeric,1.16E+12,${description},,\n`,
  );
  writeFileSync(at('packs.csv'), `activation_key\n${keys[2]}\n${(keys[2] as string).slice(1)}\n`);
  const env = { BLINDMARK_PASSPHRASE: passphrase, BLINDMARK_CASE: caseReference };
  const owner = ['--vault', at('cli.vault'), '--registry-file', at('registry.json')];
  const item = ['--item', `category=Canarybird,description=${description}`];
  const lookup = ['officer', 'lookup', '--credential', at('officer.json')];
  const run = async (
    what: string,
    args: string[],
    shows: string[] = [],
    extra: Record<string, string> = {},
  ): Promise<CliResult> => {
    const result = await runCli(args, { ...env, ...extra });
    runs.push({ what, result, shows });
    return result;
  };
  const all = (batch: [string, string[], string[]?, Record<string, string>?][]) =>
    Promise.all(batch.map(async (args) => run(...args)));
  await run('recover by a phrase that has nothing', ['owner', 'recover', ...owner, '--code', missed], [], {
    BLINDMARK_PHRASE: phrase,
  });
  const left = ['--contact-file', at('contact.json')];
  await run('register', ['owner', 'register', ...owner, '--code', missed, ...item, ...left], ['missed code', 'items'], {
    BLINDMARK_ACTIVATION_KEY: keys[2] as string,
  });
  await all([
    ['look up a hit', [...lookup, '--case-file', at('case'), missed], ['items', 'missed code']],
    ['look up a miss', [...lookup, mistyped.replace(/.$/u, '?')], ['case reference']],
    ['a wrong scheme', [...lookup, '--scheme', code, mistyped]],
    ['a wrong option', [...lookup, `--case-reference=${caseReference}`, mistyped]],
    ['a code for a command', ['owner', code]],
    ['a code for a status', ['owner', 'status', ...owner, '--set', code, '--code', missed]],
    ['a long case', [...lookup, '--case', caseReference.repeat(6), missed]],
    ['a broken credential', ['officer', 'lookup', '--credential', at('broken.json'), missed]],
    [
      'a wrong phrase',
      ['owner', 'recover', '--vault', at('new.vault'), '--registry-file', at('registry.json'), '--code', code],
      [],
      { BLINDMARK_PHRASE: `${phrase} ${code}` },
    ],
  ]);
  await run('a wrong key', ['owner', 'register', ...owner, '--code', code, ...item], [], {
    BLINDMARK_ACTIVATION_KEY: `${keys[2]}7`,
  });
  await run('a wrong item', ['owner', 'register', ...owner, '--code', code, '--item', description], [], {
    BLINDMARK_ACTIVATION_KEY: keys[2] as string,
  });
  await run('a bad table', [
    'owner',
    'register',
    ...owner,
    '--from',
    at('marks.csv'),
    '--activation-keys',
    at('packs.csv'),
  ]);
  await run('a wrong passphrase', ['owner', 'list', '--vault', at('cli.vault')], [], {
    BLINDMARK_PASSPHRASE: `${passphrase} too`,
  });

  const fromCase = ['--credential', at('officer.json'), '--case-file', at('case')];
  const open = ['officer', 'open', ...fromCase, '--reason', 'other', '--explanation-file', at('explanation.txt')];
  const opened = await run('open', [...open, '--json']);
  const [{ token }] = opened.records() as [{ token: string }];
  const approve = ['officer', 'approve', token, '--credential', at('colleague.json'), '--yes'];
  await all([
    ['open for another case', [...open, '--case', `${caseReference}/2`]],
    ['open with a long explanation', [...open.slice(0, -2), '--explanation', explanation.repeat(50)]],
    ['approve another case', [...approve, '--case', `${caseReference}/2`]],
    ['approve a code', ['officer', 'approve', code, '--credential', at('colleague.json'), '--yes']],
  ]);
  await run('approve', approve);
  const mark = [...owner, '--code', missed];
  await all([
    ['contact', ['officer', 'contact', token, ...fromCase], ['contact']],
    ['a message to who has a contact', ['officer', 'message', token, ...fromCase, '--text-file', at('message.txt')]],
    ['owner contact', ['owner', 'contact', ...mark], ['contact']],
    ['a contact that is none', ['owner', 'contact', ...mark, '--contact-file', at('message.txt')]],
  ]);
  // One at a time has the vault.
  await run('owner history', ['owner', 'history', ...mark]);
}

beforeAll(async () => {
  services = await startServices();
  folder = mkdtempSync(join(tmpdir(), 'blindmark-canary-'));
  const keys = await services.createActivationKeys(3);
  addCode('code', code);
  addCode('missed code', missed);
  addCode('mistyped code', mistyped);
  canaries.set('items', [description, 'Canarybird', 'Kanarienvogel', '07700 900123']);
  canaries.set('case reference', [caseReference]);
  const { second, name, email, telephone, note } = contact;
  canaries.set('contact', [name, email, telephone, note, second.name, second.telephone]);
  canaries.set('explanation', [explanation]);
  canaries.set('message', [message, replyTo]);
  const { seeds, saltKey } = readLogKeys(join(services.folder, 'registry'));
  canaries.set('log keys', [...seeds, saltKey]);
  canaries.set(
    'witness keys',
    services.fixture.witnesses.map(({ seed }) => seed),
  );
  canaries.set('phrase', [phrase, mnemonicToEntropy(phrase, wordlist), await deriveMasterSeed(phrase)]);
  canaries.set('passphrase', [passphrase]);
  const { origin } = services.fixture;
  canaries.set(
    'OPRF input',
    [code, missed].map((canonical) => codeInput(origin, 'bm1', canonical)),
  );
  keys.forEach((key, i) => addActivationKey(`activation key ${i}`, key));
  await useSdk(keys);
  await abuseServices(keys);
  await abuseFields();
  await useCommandLine(keys);
});
afterAll(async () => {
  await services.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * What a file is there to hold. The registry keeps what came of an opening, with the salt of its entry; it could derive it, and
 * every other, from its own key.
 */
function mayHold(file: string): string[] {
  if (file === 'registry/log-key.json') return ['log keys'];
  return file.startsWith('registry/registry.db') ? ['entry salts'] : [];
}

describe('no canary is found', () => {
  it('unless it is put there: the search finds each in every encoding', () => {
    for (const [name, [canary]] of canaries) {
      const bytes = typeof canary === 'string' ? utf8ToBytes(canary) : (canary as Uint8Array);
      const spellings = [
        bytesToHex(bytes),
        ...['base64', 'base64url'].map((encoding) => Buffer.from(bytes).toString(encoding as BufferEncoding)),
      ];
      const within = ['x', 'xx', 'xxx'].map((before) =>
        Buffer.concat([Buffer.from(before), bytes, Buffer.from('yy')]).toString('base64'),
      );
      for (const spelling of [...spellings, ...within])
        expect(findIn(`before ${spelling} after`), name).toContain(name);
      expect(findIn(Buffer.concat([Buffer.alloc(3), bytes])), name).toContain(name);
    }
    expect(canaries.size).toBe(20);
  });

  it('in databases, write-ahead logs and all other files of the services, while they run and when they have stopped', async () => {
    const files = (): string[] => filesOf(services.folder);
    expect(files()).toEqual(
      expect.arrayContaining(['registry/registry.db-wal', 'g1/guardian.db-wal', 'issuer/issuer.db-wal']),
    );
    for (const file of files()) {
      expect(findIn(readFileSync(join(services.folder, file)), mayHold(file)), file).toEqual([]);
    }
    expect(findIn(readFileSync(join(services.folder, 'registry/log-key.json')))).toEqual(['log keys']);
    // What is registered is there, sealed: in the file, or still in its write-ahead log.
    const sizes = files()
      .filter((file) => /registry\.db(?:-wal)?$/u.test(file))
      .map((file) => statSync(join(services.folder, file)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(16_384);
  });

  it('in any line of any log', () => {
    expect(services.lines.length).toBeGreaterThan(400);
    expect(findIn(services.lines.join(''))).toEqual([]);
    expect(services.lines.filter((line) => (JSON.parse(line) as { level: string }).level === 'error')).toEqual([]);
  });

  it('in the metrics of any service', async () => {
    const urlOf = [
      services.registryFile.url,
      services.fixture.roster.roster.issuers[0]?.url,
      ...services.guardianUrls.values(),
    ];
    for (const url of urlOf) {
      const { text } = await send(`${url}/metrics`);
      expect(text).toContain('blindmark_http_request_seconds');
      expect(findIn(text)).toEqual([]);
    }
  });

  it('in any problem document', () => {
    expect(problems.length).toBeGreaterThan(300);
    for (const problem of problems) expect(findIn(problem)).toEqual([]);
  });

  it('in any error of the SDK, its causes included', () => {
    for (const error of errors) {
      const said = [error.message, error.field, error.remedy, error.stack, String(error.cause), JSON.stringify(error)];
      expect(findIn(said.join('\n')), error.code).toEqual([]);
    }
  });

  it('in any address or header that the SDK asks with', () => {
    expect(urls.length).toBeGreaterThan(20);
    expect(findIn(urls.join('\n'))).toEqual([]);
    const paths = new Set(
      urls.filter((url) => url.startsWith('http')).map((url) => new URL(url).pathname.replace(/[\w-]{43}/u, '*')),
    );
    expect(paths).toEqual(
      new Set([
        '/v1/roster',
        '/v1/evaluations',
        '/v1/tokens',
        '/v1/registrations',
        '/v1/registrations/*/actions',
        '/v1/registrations/*/history',
        '/v1/lookups',
        '/v1/openings',
        '/v1/openings/*',
        '/v1/openings/*/approvals',
        '/v1/openings/*/messages',
        '/v1/registrations/*/messages',
      ]),
    );
    expect(urls.every((url) => !url.includes('?'))).toBe(true);
  });

  it('in the vaults, and in the case file', () => {
    for (const name of ['sdk.vault', 'cli.vault', 'case']) {
      const bytes = readFileSync(at(name));
      expect(bytes.length).toBeGreaterThan(500);
      expect(findIn(bytes), name).toEqual([]);
    }
  });

  it('in what the command line says, beside what it was asked to show', () => {
    const codes = runs.map(({ what, result }) => `${what}: ${result.code}`);
    expect(codes).toEqual(
      expect.arrayContaining([
        'recover by a phrase that has nothing: 3',
        'register: 0',
        'look up a hit: 0',
        'look up a miss: 0',
        'a wrong scheme: 2',
        'a wrong option: 2',
        'a code for a command: 2',
        'a code for a status: 2',
        'a long case: 2',
        'a broken credential: 2',
        'a wrong phrase: 2',
        'a wrong key: 2',
        'a wrong item: 2',
        'a bad table: 2',
        'a wrong passphrase: 2',
        'open: 0',
        'open for another case: 2',
        'open with a long explanation: 2',
        'approve another case: 2',
        'approve a code: 2',
        'approve: 0',
        'contact: 0',
        'a message to who has a contact: 2',
        'owner contact: 0',
        'a contact that is none: 2',
        'owner history: 0',
      ]),
    );
    for (const { what, result, shows } of runs) {
      expect(findIn(result.err), what).toEqual([]);
      expect(findIn(result.out, shows), what).toEqual([]);
    }
    const hit = runs.find(({ what }) => what === 'look up a hit') as Run;
    expect(hit.result.out).toContain(description);
  });

  // Last: it stops the services.
  it('in what is left on disk when everything has stopped', async () => {
    for (const name of ['registry', 'g1', 'g2', 'g3', 'issuer']) await services.stop(name);
    const left = filesOf(services.folder);
    expect(left.filter((file) => file.endsWith('.db'))).toHaveLength(5);
    for (const file of left) {
      expect(findIn(readFileSync(join(services.folder, file)), mayHold(file)), file).toEqual([]);
    }
    expect(findIn(services.lines.join(''))).toEqual([]);
  });
});
