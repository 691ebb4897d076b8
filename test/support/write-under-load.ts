/**
 * A program that writes to one service's database as fast as it can, and prints a line for each write that was
 * acknowledged: what a test kills, or runs twice on one file. Arguments: service, file, name, number of writes.
 *
 * Registry: row and nonce follow from name and number, and each fourth write contends with every other process for one
 * code's places and one nonce. Guardian: even numbers accept a token, odd ones charge an officer. Issuer: adds a key, uses it.
 */
import { writeSync } from 'node:fs';
import { isBlindmarkError } from '../../crypto/errors.ts';
import { GuardianLedger } from '../../server/guardian/ledger.ts';
import { IssuerLedger } from '../../server/issuer/ledger.ts';
import { SqliteStore } from '../../server/store/sqlite/sqlite-store.ts';
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

function openTarget(service: string, file: string, name: string): Target {
  if (service === 'registry') {
    const store = SqliteStore.open(file);
    const write = (i: number): Promise<string> => {
      const { row, nonce } = loadRegistration(name, i);
      return store.register(row, nonce);
    };
    return { write, isReady: () => store.isReady(), close: () => store.close() };
  }
  if (service === 'guardian') {
    const ledger = GuardianLedger.open(file);
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

async function main([service, file, name, writes]: readonly string[]): Promise<void> {
  // Where a test limits the size of files, writing fails instead of ending the program.
  process.on('SIGXFSZ', () => {});
  const target = openTarget(service as string, file as string, name as string);
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
