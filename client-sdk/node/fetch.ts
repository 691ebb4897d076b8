/** Requests over connections of their own. */
import type { Fetch } from '../http.ts';

/** Node's `fetch`, with a new connection for each request: a registry can't tell by it which requests belong together. */
export const separateFetch: Fetch = async (url, init) => {
  const headers = init?.headers as Record<string, string> | undefined;
  return fetch(url, { ...init, headers: { ...headers, connection: 'close' } });
};
