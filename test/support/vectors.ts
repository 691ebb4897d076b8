/** Foreign test vectors: read where they lie, and missed loudly. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const shared = fileURLToPath(new URL('../../../shared/vectors/', import.meta.url));

/**
 * The foreign vectors' folder, `../shared/vectors` from the project's root. A clone without it still tests against the
 * published values in `test/vectors/`; CI sets `BLINDMARK_REQUIRE_FOREIGN_VECTORS` and so demands the folder.
 */
export const hasForeignVectors = existsSync(shared);

if (!hasForeignVectors) {
  const message = `FOREIGN VECTORS NOT RUN: the folder ${shared} is absent; only test/vectors/ is tested`;
  if (process.env['BLINDMARK_REQUIRE_FOREIGN_VECTORS'] !== undefined) throw new Error(message);
  console.warn(message);
}

/** Parses one of the foreign vector files. The test says of what form it is. */
export function readForeignVectors(name: string): unknown {
  return JSON.parse(readFileSync(shared + name, 'utf8'));
}

/** Parses one of the repository's own vector files in `test/vectors/`. */
export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));
}
