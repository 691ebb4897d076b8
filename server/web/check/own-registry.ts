/** What the page is told of its own registry, by the file beside it. */
import { isFingerprint } from '../ui/fingerprint.ts';

/** The fingerprint of the pages' registry; empty where it can't be had. The engine verifies by it, and does not believe it here. */
export async function fetchOwnFingerprint(): Promise<string> {
  try {
    const response = await fetch(new URL('../registry.json', document.baseURI));
    const file: unknown = response.ok ? await response.json() : null;
    const found =
      typeof file === 'object' && file !== null && 'rosterFingerprint' in file ? file.rosterFingerprint : '';
    return typeof found === 'string' && isFingerprint(found) ? found : '';
  } catch {
    return '';
  }
}
