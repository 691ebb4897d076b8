/** How a page starts its engine. Loads no cryptography. */
import { connectEngine, type Engine } from './connection.ts';
import { createTrust } from './trusted-script.ts';
import workerUrl from './worker.ts?worker&url';

export { EngineError, type Engine } from './connection.ts';

const trustedUrl = createTrust(workerUrl);

/** Asks the browser not to clear the vault or a tray when room runs low. It may ask its visitor, or decline. */
function keepStorage(): void {
  if (!('storage' in navigator)) return;
  navigator.storage.persist().catch(() => undefined);
}

/** The engine of this page. Its worker starts at the first call. */
export function startEngine(): Engine {
  return connectEngine(() => new Worker(trustedUrl(), { type: 'module', name: 'blindmark-engine' }), keepStorage);
}
