/** What a registry puts into the log by itself: tried until guardians answer, who may start after it. */
import { isBlindmarkError } from '../../crypto/errors.ts';
import type { Log as ServiceLog } from '../http/log.ts';

/** Milliseconds until it is tried again. */
const RETRY_MS = 2000;

/**
 * Appends to the log, again and again until it is done.
 *
 * @param what is logged, as the service's log says it: `the roster`
 * @param append may be called again whatever came of it before
 * @returns stops, and waits for an attempt that is under way
 */
export function startLogging(what: string, append: () => Promise<void>, log: ServiceLog): () => Promise<void> {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let current = Promise.resolve();
  let said: string | undefined;
  const attempt = async (): Promise<void> => {
    try {
      await append();
      log.info(`${what} is in the log`);
    } catch (error) {
      const code = isBlindmarkError(error) ? error.code : 'internal';
      if (said !== code) log.warn({ code }, `${what} could not be logged; tried again until it can`);
      said = code;
      if (!isStopped) timer = setTimeout(start, RETRY_MS).unref();
    }
  };
  const start = (): void => {
    current = attempt();
  };
  start();
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await current;
  };
}
