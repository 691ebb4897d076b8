/**
 * Whether a registry serves the pages that its log names. What it serves to whom is its own choice: a server that wants to
 * deceive one person alone is not found out so, and SECURITY.md says what helps against that.
 */
import { equalBytes, formatBase64url } from '../crypto/bytes.ts';
import { parseCredentialFile, registryFileSchema } from '../crypto/credential-files.ts';
import { isBlindmarkError } from '../crypto/errors.ts';
import { parseLogEntry } from '../crypto/log-entry.ts';
import {
  isPageContent,
  MANIFEST_PATH,
  pageAddress,
  type PageFile,
  pagesHash,
  type PagesManifest,
  parsePagesManifest,
} from '../crypto/pages.ts';
import type { Finding, PagesEntry } from './audit-rules.ts';
import { checkSigned, readPublished, type RegistrySource } from './audit-sources.ts';
import { checkAddress, pause } from './http.ts';
import { VerifiedTree } from './log-reader.ts';
import { mapInOrder } from './progress.ts';

/** Files that are read at once. */
const PARALLEL_READS = 8;

/** Times that pages and log are compared: what is served since a moment is in the log a moment later. */
const ATTEMPTS = 4;

/** Files that are kept as they were served, where they are not as they should be. */
const MAX_KEPT = 20;

/** `registry.json`: which registry the pages talk to. It is configuration, and no part of the build. */
const REGISTRY_FILE = 'registry.json';

/** Where visitors look for pages. What is served there and stands in no list is judged by nobody. */
const PAGE_ADDRESSES = ['', 'check/', 'log/', 'owner/', 'police/'];

/** Those of them at which a registry that serves no pages has nothing else: neither a site of its operator's nor its log. */
const OWN_ADDRESSES = ['check/', 'owner/', 'police/'];

/** What is known of the pages that are served. */
export interface PagesFacts {
  /** Hash of the build that they say they are. 32 bytes; null where the list of their files does not parse. */
  readonly build: Uint8Array | null;
  readonly files: number;
  /** The newest entry of pages in the log; null where there is none. */
  readonly entry: PagesEntry | null;
}

/** A file as it was served. */
export interface ServedFile {
  /** `pages.json`, or as it stands there. */
  readonly path: string;
  /** Base64url; null where nothing was served. */
  readonly bytes: string | null;
}

/** What came of comparing pages. */
export interface PagesReport {
  /** Null where no pages are served. */
  readonly facts: PagesFacts | null;
  readonly findings: readonly Finding[];
  /** What was served that is not as it should be: the server did not sign it, so this alone proves nothing to others. */
  readonly served: readonly ServedFile[];
}

export interface PagesOptions {
  readonly source: RegistrySource;
  /** Where the pages are; default: at the registry's address. */
  readonly pagesUrl?: string | undefined;
  /** Milliseconds between two attempts. */
  readonly settleMs: number;
}

interface Served {
  readonly bytes: Uint8Array;
  readonly manifest: PagesManifest | null;
}

/**
 * Compares the pages that are served with the log's newest entry of pages, and each of their files with what their list says.
 *
 * @param tree verified, and judged to its end
 * @param known the newest entry of pages in it
 * @throws BlindmarkError those of `JsonClient.get`
 */
export async function comparePages(
  options: PagesOptions,
  tree: VerifiedTree,
  known: PagesEntry | null,
): Promise<PagesReport> {
  const comparison = new Comparison(options);
  return comparison.run(tree, known);
}

class Comparison {
  readonly #source: RegistrySource;
  readonly #prefix: string;
  readonly #settleMs: number;
  /** Whether it was said where the pages are. */
  readonly #isElsewhere: boolean;
  readonly #findings: Finding[] = [];
  readonly #served: ServedFile[] = [];

  constructor({ source, pagesUrl, settleMs }: PagesOptions) {
    this.#source = source;
    this.#prefix = checkAddress(pagesUrl ?? source.url);
    this.#settleMs = settleMs;
    this.#isElsewhere = pagesUrl !== undefined;
  }

  async run(tree: VerifiedTree, known: PagesEntry | null): Promise<PagesReport> {
    let [served, entry] = [await this.#readManifest(), known];
    for (let attempt = 1; served !== null && attempt < ATTEMPTS && !isOf(served, entry); attempt += 1) {
      await pause(this.#settleMs, this.#source.signal);
      [served, entry] = [await this.#readManifest(), (await this.#readNewer(tree)) ?? entry];
    }
    // A proof in this tree can be kept of what stands in it.
    const entryOf = entry !== null && entry.index < tree.head.size ? { related: entry.index } : {};
    if (served === null) {
      await this.#checkAbsence(entry, entryOf);
      return { facts: null, findings: this.#findings, served: this.#served };
    }
    const { bytes, manifest } = served;
    if (!isOf(served, entry)) {
      const related = manifest === null ? {} : entryOf;
      this.#refuse({ rule: 'pages', message: describeOther(manifest, entry), path: MANIFEST_PATH, ...related }, bytes);
    }
    if (manifest !== null) {
      await this.#checkFiles(manifest.files);
      await this.#checkUnlisted(manifest.files);
    }
    await this.#checkRegistryFile();
    const build = manifest === null ? null : pagesHash(manifest);
    const facts = { build, files: manifest?.files.length ?? 0, entry };
    return { facts, findings: this.#findings, served: this.#served };
  }

  async #read(path: string): Promise<Uint8Array | null> {
    const { http, signal } = this.#source;
    return http.get(`${this.#prefix}/${pageAddress(path)}`, signal);
  }

  async #readManifest(): Promise<Served | null> {
    const bytes = await this.#read(MANIFEST_PATH);
    if (bytes === null) return null;
    try {
      return { bytes, manifest: parsePagesManifest(bytes) };
    } catch (error) {
      if (!isBlindmarkError(error, 'badInput')) throw error;
      return { bytes, manifest: null };
    }
  }

  /** The newest entry of pages that the log has got since; null for none. What else it shows is for the next audit to judge. */
  async #readNewer(tree: VerifiedTree): Promise<PagesEntry | null> {
    const { note, current } = await readPublished(this.#source);
    const { view, findings } = checkSigned(note, current);
    if (view === null || findings.length > 0 || view.checkpoint.size <= tree.head.size) return null;
    const later = await VerifiedTree.open(this.#source.reader, view.checkpoint);
    if (!equalBytes(await later.prover(tree.head.size).root(), tree.head.root)) return null;
    let newest: PagesEntry | null = null;
    for await (const { first, entries } of later.entries(tree.head.size, this.#source.signal)) {
      for (const [i, bytes] of entries.entries()) newest = readPagesEntry(first + i, bytes) ?? newest;
    }
    return newest;
  }

  async #checkFiles(files: readonly PageFile[]): Promise<void> {
    const read = async (file: PageFile) => ({ file, content: await this.#readFile(file) });
    for await (const { file, content } of mapInOrder(files, PARALLEL_READS, read, this.#source.signal)) {
      if (content instanceof Uint8Array && isPageContent(file, content)) continue;
      const message = content instanceof Uint8Array ? 'it is not as the list of files says' : content;
      this.#refuse({ rule: 'pages', message, path: file.path }, content instanceof Uint8Array ? content : null);
    }
  }

  /** That no page is served which the list of files does not name. */
  async #checkUnlisted(files: readonly PageFile[]): Promise<void> {
    const listed = new Set(files.map(({ path }) => pageAddress(path)));
    for (const address of PAGE_ADDRESSES) {
      if (listed.has(address)) continue;
      const content = await this.#readFile({ path: address });
      if (content instanceof Uint8Array) this.#refuseUnlisted(address, content);
    }
  }

  /** That no pages are served where there is no list of them, and that the log names none. */
  async #checkAbsence(entry: PagesEntry | null, related: Pick<Finding, 'related'>): Promise<void> {
    if (entry !== null) {
      const where = this.#isElsewhere ? 'there' : 'at the registry’s address: --pages names another';
      const message = `entry ${entry.index} names pages, and no list of them is served ${where}`;
      this.#refuse({ rule: 'pages', message, path: MANIFEST_PATH, ...related }, null);
      return;
    }
    for (const address of OWN_ADDRESSES) {
      const content = await this.#readOther(address);
      if (content !== null) this.#refuseUnlisted(address, content);
    }
  }

  /** What is served at an address that may be somebody else's, who redirects or does not answer. */
  async #readOther(address: string): Promise<Uint8Array | null> {
    try {
      return await this.#read(address);
    } catch (error) {
      if (isBlindmarkError(error) && error.code !== 'cancelled') return null;
      throw error;
    }
  }

  #refuseUnlisted(address: string, content: Uint8Array): void {
    this.#refuse(
      { rule: 'pages', message: 'it is served, and in no list of files', path: `${address}index.html` },
      content,
    );
  }

  /** A file's content, or why there is none. */
  async #readFile({ path }: Pick<PageFile, 'path'>): Promise<Uint8Array | string> {
    try {
      return (await this.#read(path)) ?? 'it is not served';
    } catch (error) {
      if (isBlindmarkError(error, 'badReply')) return `it is not served as it should be: ${error.message}`;
      throw error;
    }
  }

  /** That the pages talk to this registry, and take no other for it. */
  async #checkRegistryFile(): Promise<void> {
    const bytes = await this.#read(REGISTRY_FILE);
    try {
      const file = parseCredentialFile(registryFileSchema, REGISTRY_FILE, bytes ?? new Uint8Array(0));
      const isThis = equalBytes(file.rosterFingerprint, this.#source.rosterFingerprint);
      if (isThis && checkAddress(file.url) === checkAddress(this.#source.url)) return;
      // The address counts as well: pages send there what they send, and their policy lets them.
      const message = isThis ? 'it names another address than the one that is audited' : 'it names another registry';
      this.#refuse({ rule: 'pages', message, path: REGISTRY_FILE }, bytes);
    } catch (error) {
      if (!isBlindmarkError(error, 'badFile', 'badInput')) throw error;
      const message = bytes === null ? 'it is not served' : 'it is malformed';
      this.#refuse({ rule: 'pages', message, path: REGISTRY_FILE }, bytes);
    }
  }

  #refuse(finding: Finding & { readonly path: string }, bytes: Uint8Array | null): void {
    this.#findings.push(finding);
    if (this.#served.length >= MAX_KEPT) return;
    this.#served.push({ path: finding.path, bytes: bytes === null ? null : formatBase64url(bytes) });
  }
}

function describeOther(manifest: PagesManifest | null, entry: PagesEntry | null): string {
  if (manifest === null) return 'it is malformed';
  return entry === null
    ? 'pages are served, and no entry of the log names them'
    : `it lists other pages than those that entry ${entry.index} names`;
}

function isOf({ manifest }: Served, entry: PagesEntry | null): boolean {
  return manifest !== null && entry !== null && equalBytes(pagesHash(manifest), entry.build);
}

function readPagesEntry(index: number, bytes: Uint8Array): PagesEntry | null {
  try {
    const entry = parseLogEntry(bytes);
    return entry.kind === 'pages' ? { index, build: entry.build } : null;
  } catch (error) {
    if (isBlindmarkError(error, 'badInput')) return null;
    throw error;
  }
}
