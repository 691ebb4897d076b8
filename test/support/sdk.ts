/** Owners and officers of the SDK at test services, honest ones or such that change what they answer. */
import type { z } from 'zod';
import type { Fetch } from '../../client-sdk/http.ts';
import { Officer, type LookupResult } from '../../client-sdk/officer.ts';
import { Owner } from '../../client-sdk/owner.ts';
import { connectionOf, Registry, type ConnectOptions } from '../../client-sdk/registry.ts';
import { Vault } from '../../client-sdk/vault.ts';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import { createRecoveryPhrase } from '../../crypto/owner-keys.ts';
import type { Fault } from '../../crypto/wire.ts';
import { CHEAP_STRETCH } from './fixture.ts';
import type { Services } from './services.ts';

export const PASSPHRASE = 'a passphrase';

/** A vault in memory; `lines` are what a file would hold. */
export async function createVault(phrase = createRecoveryPhrase()): Promise<{ vault: Vault; lines: string[] }> {
  const lines: string[] = [];
  const storage = {
    append: async (added: readonly string[]): Promise<void> => {
      lines.push(...added);
    },
  };
  const vault = await Vault.create({ phrase, passphrase: PASSPHRASE, storage, parameters: CHEAP_STRETCH });
  return { vault, lines };
}

/** What a program finds that opens a vault with these lines. */
export async function reopen(lines: readonly string[]): Promise<Vault> {
  const storage = { append: async (): Promise<void> => undefined };
  return Vault.open({ lines: [...lines], passphrase: PASSPHRASE, storage });
}

/** A connection that asks once. */
export async function connect(services: Services, options: Partial<ConnectOptions> = {}): Promise<Registry> {
  const { registryFile, clock } = services;
  const own = { retry: { attempts: 1 }, now: () => clock.now };
  return Registry.connect(registryFile.url, { ...connectionOf(registryFile), ...own, ...options });
}

export async function createOwner(
  services: Services,
  options: { readonly vault?: Vault; readonly fetch?: Fetch } = {},
): Promise<Owner> {
  const vault = options.vault ?? (await createVault()).vault;
  return Owner.open(await connect(services, { fetch: options.fetch }), vault, services.registryFile);
}

export async function createOfficer(
  services: Services,
  options: { readonly fetch?: Fetch; readonly onFaults?: (faults: readonly Fault[]) => void } = {},
): Promise<Officer> {
  return new Officer(await connect(services, options), await services.createOfficer());
}

/** Looks up one code. */
export async function lookUp(officer: Officer, code: string): Promise<LookupResult> {
  const plan = officer.plan([{ id: 'a', reading: code, scheme: 'bm1' }]);
  const [result] = await Array.fromAsync(officer.lookup(plan, { caseReference: 'CR/1/26' }));
  return result as LookupResult;
}

/** A `fetch` through a registry that changes its good replies at one path. */
export function lying<Reply extends z.ZodType>(
  path: RegExp,
  schema: Reply,
  change: (reply: z.output<Reply>) => z.output<Reply> | Promise<z.output<Reply>>,
): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (!path.test(url as string) || !response.ok) return response;
    return Response.json(formatMessage(schema, await change(parseMessage(schema, await response.json()))));
  };
}

/** A checkpoint, or a receipt with it, without the cosignatures of all but the first so many guardians. */
export function withCosignatures(note: string, count: number): string {
  const lines = note.split('\n');
  const isCosignature = (line: string): boolean => line.includes('/guardian/');
  const kept = new Set(lines.filter(isCosignature).slice(0, count));
  return lines.filter((line) => !isCosignature(line) || kept.has(line)).join('\n');
}
