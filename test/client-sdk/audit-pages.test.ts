/** The audit of the pages that a registry serves: just those that its log names, file by file. */
import { describe, expect, it } from 'vitest';
import { formatAuditState, parseAuditState, type AuditState } from '../../client-sdk/audit-state.ts';
import type { Fetch } from '../../client-sdk/http.ts';
import { formatBase64url, parseBase64url, utf8ToBytes } from '../../crypto/bytes.ts';
import { formatCredentialFile, registryFileSchema } from '../../crypto/credential-files.ts';
import { verifyLogged } from '../../crypto/log-proof.ts';
import { verifyCheckpoint } from '../../crypto/checkpoint.ts';
import {
  createPagesManifest,
  formatPagesManifest,
  pageAddress,
  pagesHash,
  type PagesManifest,
} from '../../crypto/pages.ts';
import { rosterHash } from '../../crypto/roster.ts';
import {
  activations,
  addressOf,
  AuditWorld,
  deployPages,
  HOUR,
  pageContents,
  REGISTRY_URL,
} from '../support/audit-world.ts';
import { refusal } from '../support/refusal.ts';
import { logKey, NOON } from '../support/small-roster.ts';

/** @returns the index of the entry */
const logBuild = (world: AuditWorld, manifest: PagesManifest): number =>
  world.append({ kind: 'pages', hour: HOUR, build: pagesHash(manifest) });

/** A registry that serves pages as its log says. */
function worldWithPages(): { readonly world: AuditWorld; readonly manifest: PagesManifest; readonly index: number } {
  const world = new AuditWorld();
  const manifest = deployPages(world);
  const index = logBuild(world, manifest);
  world.append(...activations(3));
  return { world, manifest, index };
}

describe('pages that are those of the log', () => {
  it('verify, each file of them', async () => {
    const { world, manifest, index } = worldWithPages();
    const { report, read } = await world.audit();
    const build = pagesHash(manifest);
    expect(report).toMatchObject({ findings: [], pages: { build, files: 3, entry: { index, build } }, evidence: null });
    expect(report.totals.kinds).toMatchObject({ pages: 1 });
    const asked = read.filter((path) => !path.startsWith('log/') && !path.startsWith('v1/'));
    const unlisted = ['check/', 'police/'];
    expect(asked.toSorted()).toEqual(
      ['', 'assets/main.js', 'owner/', 'pages.json', 'registry.json', ...unlisted].toSorted(),
    );
    expect(read).toContain('log/');
  });

  it('verify when the log has named others before and since then again', async () => {
    const { world, manifest } = worldWithPages();
    logBuild(world, deployPages(world, 'two'));
    deployPages(world);
    const index = logBuild(world, manifest);
    expect((await world.audit()).report).toMatchObject({ findings: [], pages: { entry: { index } } });
  });

  it('verify in a later audit, by what it kept', async () => {
    const { world, index } = worldWithPages();
    const { state } = await world.audit();
    world.append(...activations(300));
    const kept = parseAuditState('state', utf8ToBytes(formatAuditState(state as AuditState)));
    expect((await world.audit(kept)).report).toMatchObject({ findings: [], pages: { entry: { index } } });
  });

  it('may be hosted elsewhere', async () => {
    const world = new AuditWorld();
    logBuild(world, deployPages(world, 'one', 'hosted/'));
    const { report } = await world.audit(null, { pagesUrl: `${REGISTRY_URL}/hosted/` });
    expect(report).toMatchObject({ findings: [], pages: { files: 3 } });
  });

  it('are said not to be there where none are served, and the log names none', async () => {
    const world = new AuditWorld();
    // What an operator has beside a registry without pages is no page of it.
    for (const address of ['', 'log/', 'pages/']) world.files.set(address, utf8ToBytes('welcome'));
    expect((await world.audit()).report).toMatchObject({ findings: [], pages: null });
    const inner = world.fetch();
    const fetch: Fetch = async (input, init) =>
      addressOf(input).endsWith('/owner/') ? Promise.reject(new TypeError('redirect')) : inner(input, init);
    expect((await world.audit(null, { fetch })).report).toMatchObject({ findings: [], pages: null });
  });

  it.each([1, 2, 3])('may change while they are looked at, and be logged %i looks later', async (looks) => {
    const { world } = worldWithPages();
    const second = deployPages(world, 'two');
    let seen = 0;
    const inner = world.fetch();
    const fetch: Fetch = async (input, init) => {
      if (addressOf(input).endsWith('/pages.json') && ++seen === looks) {
        logBuild(world, second);
        world.append(...activations(300));
        world.log.publish(NOON);
      }
      return inner(input, init);
    };
    const { report, state } = await world.audit(null, { fetch });
    expect(report).toMatchObject({
      findings: [],
      audited: 5,
      pages: { build: pagesHash(second), entry: { index: 5 } },
    });
    expect(state?.audited).toBe(5);
  });
});

describe('a state of an audit that knew no pages', () => {
  it('is gone on from', async () => {
    const world = new AuditWorld();
    const { state } = await world.audit();
    const text = JSON.parse(formatAuditState(state as AuditState)) as { rules: { pages?: unknown; kinds: object } };
    delete text.rules.pages;
    text.rules.kinds = Object.fromEntries(Object.entries(text.rules.kinds).filter(([kind]) => kind !== 'pages'));
    const kept = parseAuditState('state', utf8ToBytes(JSON.stringify(text)));
    const index = logBuild(world, deployPages(world));
    const { report } = await world.audit(kept);
    expect(report).toMatchObject({ findings: [], auditedBefore: 1, pages: { entry: { index } } });
    expect(report.totals.kinds.pages).toBe(1);
  });
});

interface Evidence {
  readonly checkpoint: string;
  readonly entries: readonly { readonly index: number; readonly entry: string; readonly proof: readonly string[] }[];
  readonly pages: readonly { readonly path: string; readonly bytes: string | null }[];
}

describe('pages that are not', () => {
  it('are found where the log names others, with the entry’s proof', async () => {
    const { world, index, manifest } = worldWithPages();
    const other = deployPages(world, 'two');
    const { report } = await world.audit();
    expect(report.findings).toEqual([
      {
        rule: 'pages',
        message: `it lists other pages than those that entry ${index} names`,
        path: 'pages.json',
        related: index,
      },
    ]);
    expect(report.pages).toMatchObject({ build: pagesHash(other), entry: { build: pagesHash(manifest) } });
    const evidence = JSON.parse(report.evidence as string) as Evidence;
    expect(evidence.pages).toEqual([{ path: 'pages.json', bytes: formatBase64url(formatPagesManifest(other)) }]);
    const checkpoint = verifyCheckpoint(evidence.checkpoint, {
      origin: 'registry.example/log',
      publicKey: logKey.publicKey,
    });
    const [{ entry, proof } = { entry: '', proof: [] }] = evidence.entries;
    const bytes = (text: string) => parseBase64url('evidence', text);
    expect(verifyLogged({ index, entry: bytes(entry), proof: proof.map(bytes) }, checkpoint)).toMatchObject({
      kind: 'pages',
      build: pagesHash(manifest),
    });
  });

  it('are found again by the next audit', async () => {
    const { world } = worldWithPages();
    deployPages(world, 'two');
    const { state } = await world.audit();
    expect((await world.audit(state)).report.findings).toMatchObject([{ rule: 'pages', path: 'pages.json' }]);
  });

  it('are found where no entry names any', async () => {
    const world = new AuditWorld();
    deployPages(world);
    expect((await world.audit()).report.findings).toMatchObject([
      { rule: 'pages', path: 'pages.json', message: 'pages are served, and no entry of the log names them' },
    ]);
  });

  it('are found where the log names some, and no list of them is served', async () => {
    const { world, index } = worldWithPages();
    world.files.delete('pages.json');
    const { report } = await world.audit();
    const finding = (message: string) => [{ rule: 'pages', message, path: 'pages.json', related: index }];
    expect(report.findings).toEqual(
      finding(
        `entry ${index} names pages, and no list of them is served at the registry’s address: --pages names another`,
      ),
    );
    expect(report.pages).toBeNull();
    const { pages, entries } = JSON.parse(report.evidence as string) as Evidence;
    expect(pages).toEqual([{ path: 'pages.json', bytes: null }]);
    expect(entries.map((entry) => entry.index)).toEqual([index]);
    const elsewhere = await world.audit(null, { pagesUrl: `${REGISTRY_URL}/hosted/` });
    expect(elsewhere.report.findings).toEqual(
      finding(`entry ${index} names pages, and no list of them is served there`),
    );
  });

  it.each(['check/', 'owner/', 'police/'])('are found at %s where there is no list, and no entry', async (address) => {
    const world = new AuditWorld();
    world.files.set(address, utf8ToBytes('evil'));
    const { report } = await world.audit();
    const path = `${address}index.html`;
    expect(report.findings).toEqual([{ rule: 'pages', message: 'it is served, and in no list of files', path }]);
    expect((JSON.parse(report.evidence as string) as Evidence).pages).toEqual([
      { path, bytes: formatBase64url(utf8ToBytes('evil')) },
    ]);
  });

  it.each(['', 'check/', 'log/', 'owner/', 'police/'])(
    'are found at “%s” where the list is of others',
    async (address) => {
      const world = new AuditWorld();
      deployPages(world);
      const manifest = createPagesManifest([{ path: 'robots.txt', content: utf8ToBytes('x') }]);
      for (const { path } of pageContents('one')) world.files.delete(pageAddress(path));
      world.files.set('robots.txt', utf8ToBytes('x'));
      world.files.set('pages.json', formatPagesManifest(manifest));
      logBuild(world, manifest);
      expect((await world.audit()).report).toMatchObject({ findings: [], pages: { files: 1 } });
      world.files.set(address, utf8ToBytes('evil'));
      const { report } = await world.audit();
      const path = `${address}index.html`;
      expect(report.findings).toEqual([{ rule: 'pages', message: 'it is served, and in no list of files', path }]);
    },
  );

  it.each<[string, string, Uint8Array | null, string, string]>([
    ['a file that was altered', 'assets/main.js', utf8ToBytes('x'), 'assets/main.js', 'it is not as the list of files'],
    ['a folder’s page that was altered', 'owner/', utf8ToBytes('x'), 'owner/index.html', 'it is not as the list'],
    ['a file that is missing', 'assets/main.js', null, 'assets/main.js', 'it is not served'],
    ['a start page that is missing', '', null, 'index.html', 'it is not served'],
    ['a list that is no list', 'pages.json', utf8ToBytes('{}'), 'pages.json', 'it is malformed'],
    ['no registry.json', 'registry.json', null, 'registry.json', 'it is not served'],
    ['a registry.json that is none', 'registry.json', utf8ToBytes('{}'), 'registry.json', 'it is malformed'],
  ])('are found: %s', async (_, address, bytes, path, message) => {
    const { world } = worldWithPages();
    if (bytes === null) world.files.delete(address);
    else world.files.set(address, bytes);
    const { report } = await world.audit();
    const found = expect.stringContaining(message) as string;
    expect(report.findings).toEqual([{ rule: 'pages', message: found, path }]);
    const { pages } = JSON.parse(report.evidence as string) as Evidence;
    expect(pages).toEqual([{ path, bytes: bytes === null ? null : formatBase64url(bytes) }]);
  });

  it('are found where they talk to another registry', async () => {
    const { world } = worldWithPages();
    const file = {
      format: 'blindmark-registry-v1' as const,
      url: REGISTRY_URL,
      rosterFingerprint: new Uint8Array(32).fill(1),
    };
    world.files.set('registry.json', utf8ToBytes(formatCredentialFile(registryFileSchema, file)));
    expect((await world.audit()).report.findings).toEqual([
      { rule: 'pages', message: 'it names another registry', path: 'registry.json' },
    ]);
  });

  it.each([
    ['https://collector.example', false],
    [`${REGISTRY_URL}.example`, false],
    [`${REGISTRY_URL}/other`, false],
    [`${REGISTRY_URL}/`, true],
  ])('are found where they send to another address: %s', async (url, isThis) => {
    const { world } = worldWithPages();
    const rosterFingerprint = rosterHash(world.chain[0]?.roster as Uint8Array);
    const file = { format: 'blindmark-registry-v1' as const, url, rosterFingerprint };
    world.files.set('registry.json', utf8ToBytes(formatCredentialFile(registryFileSchema, file)));
    const message = 'it names another address than the one that is audited';
    expect((await world.audit()).report.findings).toEqual(
      isThis ? [] : [{ rule: 'pages', message, path: 'registry.json' }],
    );
  });

  it('are kept as they were served up to twenty, and all of them are named', async () => {
    const world = new AuditWorld();
    deployPages(world);
    const files = Array.from({ length: 30 }, (_, i) => ({ path: `${i}.js`, content: utf8ToBytes(`${i}`) }));
    const manifest = createPagesManifest(files);
    logBuild(world, manifest);
    world.files.set('pages.json', formatPagesManifest(manifest));
    for (const address of ['', 'owner/']) world.files.delete(address);
    const { report } = await world.audit();
    expect(report.findings).toHaveLength(30);
    expect((JSON.parse(report.evidence as string) as Evidence).pages).toHaveLength(20);
  });

  it('are not judged where they cannot be read', async () => {
    const { world } = worldWithPages();
    const inner = world.fetch();
    const fetch: Fetch = async (input, init) =>
      addressOf(input).endsWith('/main.js') ? new Response('busy', { status: 503 }) : inner(input, init);
    await expect(world.audit(null, { fetch })).rejects.toThrow(refusal('unavailable'));
  });
});
