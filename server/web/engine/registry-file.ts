/** How the pages find their registry: a file beside them, so that one build may be hosted anywhere. */
import { JsonClient, registryFileSchema, type RegistryFile } from '../../../client-sdk/index.ts';

/**
 * Fetches `registry.json` from beside the pages.
 *
 * @param worker the worker's own address: it lies in a folder of the pages' root
 * @throws BlindmarkError `unreachable`, `timedOut`, `badReply`
 */
export async function fetchRegistryFile(worker: string): Promise<RegistryFile> {
  const url = new URL('../registry.json', worker).href;
  return new JsonClient().ask({ url, reply: registryFileSchema });
}
