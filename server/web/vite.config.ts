/** How Vite builds the pages: one small bundle for each, and the engine beside them. */
import { join, resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { sealPages } from './build/seal.ts';

const root = import.meta.dirname;

/** The pages, by the room that each is made in. */
const PAGES = { start: '', owner: 'owner', police: 'police', check: 'check', log: 'log' } as const;

/** A package of blind RSA looks for Node's own randomness, and does without where there is none. */
function withoutNodeCrypto(): Plugin {
  const nothing = '\0no-node-crypto';
  return {
    name: 'blindmark-without-node-crypto',
    enforce: 'pre',
    resolveId: (id) => (id === 'crypto' ? nothing : null),
    load: (id) => (id === nothing ? 'export {};' : null),
  };
}

// oxlint-disable-next-line import/no-default-export -- Vite reads the default export.
export default defineConfig({
  root,
  // Relative, so that a build works wherever it is hosted.
  base: './',
  publicDir: false,
  // No file outside of the sources has a say in what is built.
  envDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  css: {
    preprocessorOptions: {
      scss: { loadPaths: [resolve(root, '../../node_modules')], quietDeps: true },
    },
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // The Content-Security-Policy has no data: addresses.
    assetsInlineLimit: 0,
    // Every browser that these pages run in preloads modules by itself.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The engine is large; no page waits for it.
    chunkSizeWarningLimit: 2048,
    rolldownOptions: {
      checks: { pluginTimings: false },
      input: Object.fromEntries(
        Object.entries(PAGES).map(([name, folder]) => [name, join(root, folder, 'index.html')]),
      ),
    },
  },
  worker: { format: 'es', plugins: () => [withoutNodeCrypto()] },
  plugins: [withoutNodeCrypto(), sealPages()],
});
