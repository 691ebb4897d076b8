/**
 * The pages that a registry serves: the list of their files, and the one hash that stands for all of them. The hash is in the
 * log (entry `pages`), so that anybody can compare what is served with what the registry says it serves.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { equalBytes, formatBase64url, formatJsonBytes, parseJsonBytes } from './bytes.ts';
import { badInput } from './errors.ts';
import { labelledHash } from './hash.ts';
import { bytesField, formatMessage, parseMessage } from './message.ts';

/** Where the list of files is served, beside the pages. It does not list itself, nor `registry.json`. */
export const MANIFEST_PATH = 'pages.json';

/** Most files of a build. */
export const MAX_PAGE_FILES = 1000;

/** Longest file of a build, in bytes. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** Letters, digits and `. _ -` alone, so that a path is the same in a folder, in a URL and in a hash. No part begins with a dot. */
const pathField = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/u);

const fileSchema = z.strictObject({
  /** Below the pages' address: `owner/index.html`. */
  path: pathField,
  /** SHA-256 of its content, without any compression of the transport. */
  sha256: bytesField(32),
});

/** `pages.json`: the files of a build in the order of their paths (by code units), each once. */
export const pagesManifestSchema = z.strictObject({
  format: z.literal('blindmark-pages-v1'),
  files: z
    .array(fileSchema)
    .min(1)
    .max(MAX_PAGE_FILES)
    .refine((files) => files.every(({ path }, i) => i === 0 || path > (files[i - 1] as PageFile).path)),
});
export type PageFile = z.output<typeof fileSchema>;
export type PagesManifest = z.output<typeof pagesManifestSchema>;

/**
 * The manifest of a build.
 *
 * @param files in any order; `path` with `/` between its parts
 * @throws BlindmarkError `badInput` for a path that is malformed or there twice, a file longer than {@link MAX_PAGE_BYTES}, and
 *   for no files or more than {@link MAX_PAGE_FILES}
 */
export function createPagesManifest(
  files: readonly { readonly path: string; readonly content: Uint8Array }[],
): PagesManifest {
  const described = files.map(({ path, content }) => {
    if (content.length > MAX_PAGE_BYTES) throw badInput(path, `a file of at most ${MAX_PAGE_BYTES} bytes`);
    return { path, sha256: formatBase64url(sha256(content)) };
  });
  described.sort((a, b) => (a.path < b.path ? -1 : 1));
  return parseMessage(pagesManifestSchema, { format: 'blindmark-pages-v1', files: described }, MANIFEST_PATH);
}

/** The bytes of `pages.json`. */
export function formatPagesManifest(manifest: PagesManifest): Uint8Array {
  return formatJsonBytes(formatMessage(pagesManifestSchema, manifest));
}

/** Reads `pages.json`. @throws BlindmarkError `badInput` */
export function parsePagesManifest(bytes: Uint8Array): PagesManifest {
  return parseMessage(pagesManifestSchema, parseJsonBytes(MANIFEST_PATH, bytes), MANIFEST_PATH);
}

/** The hash that stands for a build: over each file's path and hash, in the order of the manifest. 32 bytes. */
export function pagesHash({ files }: PagesManifest): Uint8Array {
  return labelledHash('pages', ...files.flatMap(({ path, sha256: hash }) => [path, hash]));
}

/** Whether `content` is a file's. */
export function isPageContent(file: PageFile, content: Uint8Array): boolean {
  return equalBytes(sha256(content), file.sha256);
}

/** Where a browser asks for a file, below the pages' address: a folder's `index.html` is asked for as the folder. */
export function pageAddress(path: string): string {
  return path.replace(/(^|\/)index\.html$/u, '$1');
}
