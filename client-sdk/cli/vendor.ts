/** `blindmark vendor`: minting packs. */
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { vendorFileSchema, type VendorFile } from '../../crypto/credential-files.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { formatBase64url } from '../../crypto/bytes.ts';
import { readBytes, writeFile } from '../node/files.ts';
import { formatTable, parseTable } from '../tables.ts';
import { mintPacks, Vendor, type Pack } from '../vendor.ts';
import { createCommand, signalOfInterrupt } from './command.ts';
import { readRegistryFile } from '../node/index.ts';
import { createOutput, formatCount } from './output.ts';
import { readCredential, writeCredential } from './secrets.ts';

interface MintOptions {
  readonly credential: string;
  readonly count?: string;
  readonly out: string;
  readonly withCodes?: boolean;
  readonly resume?: boolean;
  readonly json?: boolean;
}

interface NewOptions {
  readonly registryFile: string;
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly issuerNumber: string;
  readonly issuerUrl: string;
  readonly out: string;
  readonly seal?: boolean;
  readonly json?: boolean;
}

function writePacks(path: string, packs: readonly Pack[], withCodes: boolean): void {
  const columns = withCodes ? ['activation_key', 'scheme', 'code'] : ['activation_key'];
  const rows = packs.map(({ activationKey, code }) =>
    code === undefined ? [activationKey] : [activationKey, 'bm1', code],
  );
  writeFile(path, formatTable(columns, rows));
}

function readPacks(path: string): Pack[] {
  const { rows } = parseTable(path, readBytes(path), ['activation_key']);
  return rows.map((row) => ({ activationKey: row.cells['activation_key'] as string }));
}

/** Packs for the issuer to know of: new ones, in a file before the issuer hears of them; or those of an interrupted run. */
function preparePacks(options: MintOptions, file: VendorFile): Pack[] {
  if (options.resume === true) return readPacks(options.out);
  if (existsSync(options.out)) {
    throw new BlindmarkError('badFile', `${options.out}: there is a file of that name already`, {
      field: 'out',
      remedy: 'Name another file, or go on with an interrupted run by --resume.',
    });
  }
  const withCodes = options.withCodes === true;
  if (options.count === undefined) throw badInput('count', 'a whole number, with --count');
  const packs = mintPacks({ count: Number(options.count), issuerNumber: file.issuerNumber, withCodes });
  writePacks(options.out, packs, withCodes);
  return packs;
}

async function mint(options: MintOptions): Promise<void> {
  const output = createOutput(options.json === true);
  const file = await readCredential(options.credential, vendorFileSchema, 'vendor');
  const packs = preparePacks(options, file);
  try {
    const { added, known } = await new Vendor(file).addPacks(packs, {
      signal: signalOfInterrupt(),
      onProgress: output.onProgress,
    });
    output.endProgress();
    output.result({ out: options.out, added, known }, `${formatCount(added, 'pack')} minted in ${options.out}.`);
  } catch (error) {
    output.endProgress();
    output.remark(
      `The packs are in ${options.out}, but the issuer does not know all of them yet: run this again with --resume.`,
    );
    throw error;
  }
}

function readIssuerNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/u.test(text) && value <= 255) return value;
  throw badInput('issuer-number', 'a whole number from 0 to 255');
}

async function createNew(options: NewOptions): Promise<void> {
  const { format: _, ...registry } = readRegistryFile(options.registryFile);
  const key = createSigningKey();
  const { id: vendor, name, issuer, issuerUrl } = options;
  const value = {
    format: 'blindmark-vendor-v1' as const,
    ...registry,
    vendor,
    name,
    issuer,
    issuerUrl,
    issuerNumber: readIssuerNumber(options.issuerNumber),
    seed: key.seed,
  };
  await writeCredential(options.out, vendorFileSchema, value, { purpose: 'vendor', plain: options.seal !== true });
  const publicKey = formatBase64url(key.publicKey);
  createOutput(options.json === true).result({ vendor, publicKey }, `Tell the issuer this public key: ${publicKey}`);
}

/** `blindmark vendor`. */
export function vendorCommand(): Command {
  return createCommand('vendor', 'sell packs')
    .addCommand(
      createCommand('new', 'make a vendor’s credential for an issuer')
        .requiredOption('--registry-file <file>', 'the registry’s address and fingerprint')
        .requiredOption('--id <id>', 'the vendor’s identifier')
        .requiredOption('--name <name>', 'the vendor’s name')
        .requiredOption('--issuer <id>', 'the issuer’s identifier')
        .requiredOption('--issuer-number <n>', 'the issuer’s number, 0 to 255')
        .requiredOption('--issuer-url <url>', 'the issuer’s address')
        .requiredOption('--out <file>', 'where to write the credential')
        .option('--seal', 'seal it under a passphrase')
        .option('--json', 'print JSON')
        .action(createNew),
    )
    .addCommand(
      createCommand('mint', 'mint packs: activation keys, with codes or without')
        .requiredOption('--credential <file>', 'the vendor’s credential')
        .option('--count <n>', 'how many, 1 to 100,000')
        .requiredOption('--out <file>', 'the table of packs: activation_key, and scheme and code where they have one')
        .option('--with-codes', 'mint a bm1 code for each pack too')
        .option('--resume', 'tell the issuer of the packs in --out, after an interrupted run')
        .option('--json', 'print JSON')
        .action(mint),
    );
}
