/**
 * A program that writes to one service's database as fast as it can, and prints a line for each write that was
 * acknowledged: what a test kills, or runs twice on one file. Arguments: service, file, name, number of writes; for a
 * log its settings as JSON.
 *
 * Registry: row and nonce follow from name and number, and each fourth write contends with every other process for one
 * code's places and one nonce. Guardian: even numbers accept a token, odd ones charge an officer. Issuer: adds a key, uses it.
 * Log: appends an entry; the answer is its index.
 */
import { writeSync } from 'node:fs';
import { hexToBytes } from '../../crypto/bytes.ts';
import { isBlindmarkError } from '../../crypto/errors.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { openGuardianDatabase } from '../../server/guardian/database.ts';
import { GuardianLedger } from '../../server/guardian/ledger.ts';
import { createLog } from '../../server/http/log.ts';
import { createMetrics } from '../../server/http/metrics.ts';
import { IssuerLedger } from '../../server/issuer/ledger.ts';
import { openLog } from '../../server/log/sequencer.ts';
import { createWitnesses } from '../../server/log/witnesses.ts';
import { openSqliteStores } from '../../server/store/sqlite/open-stores.ts';
import { namedRequest } from './log-request.ts';
import { namedBytes, namedRow } from './rows.ts';

const CLIENTS = 32;

/** Epoch seconds at which the writes are made. */
export const LOAD_TIME = 1_800_000_000;

/** The write of a number to a registry. */
export function loadRegistration(name: string, i: number) {
  const own = `${name} ${i}`;
  if (i % 4 !== 0) return { row: namedRow(own), nonce: namedBytes(`nonce ${own}`) };
  const isNonceShared = i % 8 === 0;
  return {
    row: isNonceShared ? namedRow(own) : namedRow(own, `shared ${Math.floor(i / 32)}`),
    nonce: namedBytes(isNonceShared ? `nonce ${i}` : `nonce ${own}`),
  };
}

/** The write of an odd number to a guardian. */
export function loadCharge(name: string, i: number, limit = Number.MAX_SAFE_INTEGER) {
  return {
    requestHash: namedBytes(`request ${name} ${i}`),
    expiresAt: LOAD_TIME + 600,
    force: 'force',
    officer: namedBytes('officer'),
    pseudonym: 'pseudonym',
    codes: 1,
    limits: { forceCodesPerDay: limit, officerCodesPerDay: limit },
    now: LOAD_TIME,
  };
}

/** The write of an even number to a guardian. */
export function loadAcceptance(name: string, i: number) {
  const limits = { issuerCodesPerDay: Number.MAX_SAFE_INTEGER };
  return { nonce: namedBytes(`element ${name} ${i}`), issuer: 'issuer', limits, now: LOAD_TIME };
}

interface Target {
  readonly write: (i: number) => Promise<string>;
  readonly isReady: () => Promise<boolean>;
  readonly close: () => Promise<void>;
}

/** A log of another process, which holds its witnesses. */
export interface LogLoadSettings {
  readonly logName: string;
  /** Of the log's key, in hexadecimal. */
  readonly seed: string;
  readonly threshold: number;
  /** Public keys in hexadecimal. */
  readonly witnesses: readonly {
    readonly id: string;
    readonly url: string;
    readonly name: string;
    readonly publicKey: string;
  }[];
}

async function openLogTarget(file: string, name: string, settings: LogLoadSettings): Promise<Target> {
  const stores = openSqliteStores(file);
  const guardians = settings.witnesses.map(({ publicKey, ...witness }) =>
    Object.assign(witness, { publicKey: hexToBytes(publicKey) }),
  );
  const log = await openLog({
    store: stores.log,
    key: createSigningKey(hexToBytes(settings.seed)),
    name: settings.logName,
    generation: 1,
    start: null,
    witnesses: createWitnesses({ guardians, threshold: settings.threshold, timeoutMs: 10_000 }),
    now: () => Math.floor(Date.now() / 1000),
    log: createLog('registry', { level: 'silent' }),
    metrics: createMetrics('registry'),
  });
  return {
    write: async (i) => String((await log.append([namedRequest(`${name} ${i}`)])).entries[0]?.index),
    isReady: () => stores.isReady(),
    close: async () => {
      await log.close();
      await stores.close();
    },
  };
}

async function openTarget(service: string, file: string, name: string, settings: string): Promise<Target> {
  if (service === 'log') return openLogTarget(file, name, JSON.parse(settings) as LogLoadSettings);
  if (service === 'registry') {
    const store = openSqliteStores(file).registrations;
    const write = (i: number): Promise<string> => {
      const { row, nonce } = loadRegistration(name, i);
      return store.register(row, nonce);
    };
    return { write, isReady: () => store.isReady(), close: () => store.close() };
  }
  if (service === 'guardian') {
    const ledger = new GuardianLedger(openGuardianDatabase(file));
    const write = (i: number): Promise<string> =>
      i % 2 === 0 ? ledger.acceptToken(loadAcceptance(name, i)) : ledger.chargeOfficer(loadCharge(name, i));
    return { write, isReady: () => ledger.isReady(), close: () => ledger.close() };
  }
  const ledger = IssuerLedger.open(file);
  const write = async (i: number): Promise<string> => {
    await ledger.addKeys([namedBytes(`key ${name} ${i}`)], 'vendor');
    return ledger.use(namedBytes(`key ${name} ${i}`), namedBytes(`use ${name} ${i}`));
  };
  return { write, isReady: () => ledger.isReady(), close: () => ledger.close() };
}

async function main([service, file, name, writes, settings]: readonly string[]): Promise<void> {
  // Where a test limits the size of files, writing fails instead of ending the program.
  process.on('SIGXFSZ', () => {});
  const target = await openTarget(service as string, file as string, name as string, settings as string);
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < Number(writes)) {
      const i = next++;
      try {
        writeSync(1, `${i} ${await target.write(i)}\n`);
      } catch (error) {
        if (!isBlindmarkError(error)) throw error;
        writeSync(1, `${i} ${error.code}\n`);
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  writeSync(1, `ready ${await target.isReady()}\n`);
  await target.close();
}

if (import.meta.main) await main(process.argv.slice(2));
