/**
 * The foreign verifier: the Go program in `verify-log/`, of golang.org/x/mod/sumdb's note and tlog. It needs Go, and Go's module
 * proxy the first time.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Whether there is Go. CI sets `BLINDMARK_REQUIRE_FOREIGN_VECTORS` and so demands it. */
export const hasGo = spawnSync('go', ['version']).status === 0;

if (!hasGo) {
  const message = 'FOREIGN VERIFIER NOT RUN: there is no Go on this machine (Debian: apt-get install golang-go)';
  if (process.env['BLINDMARK_REQUIRE_FOREIGN_VECTORS'] !== undefined) throw new Error(message);
  console.warn(message);
}

/** What the Go program verified. */
export interface VerifierReport {
  readonly origin: string;
  readonly size: number;
  /** In base64. */
  readonly root: string;
  readonly signedBy: string[];
  readonly tiles: number;
  readonly entries: number;
  readonly consistentFrom: number | null;
}

/** What it is to verify. */
export interface VerifierTask {
  /** The log's address. */
  readonly url: string;
  /** Its verifier key. */
  readonly log: string;
  /** Witnesses' verifier keys. */
  readonly witnesses: readonly string[];
  /** How many of them must have cosigned. */
  readonly quorum: number;
  /** A checkpoint that the log must go on from. */
  readonly old?: string;
}

export interface Verifier {
  /** Rejects with what the program finds wrong. */
  readonly verify: (task: VerifierTask) => Promise<VerifierReport>;
  /** Removes the program. */
  readonly remove: () => void;
}

const run = promisify(execFile);

/** Compiles the program into a temporary folder. */
export async function buildVerifier(): Promise<Verifier> {
  const folder = mkdtempSync(join(tmpdir(), 'blindmark-go-'));
  const program = join(folder, 'verify-log');
  // The language version of go.mod is that of Debian 12's Go; no newer toolchain is to be downloaded.
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-buildvcs=false' };
  await run('go', ['build', '-o', program, '.'], { cwd: join(import.meta.dirname, 'verify-log'), env });
  return {
    verify: async ({ url, log, witnesses, quorum, old }) => {
      const parameters = [`-url=${url}`, `-log=${log}`, `-quorum=${quorum}`];
      parameters.push(...witnesses.map((key) => `-witness=${key}`));
      if (old !== undefined) {
        writeFileSync(join(folder, 'old-checkpoint'), old);
        parameters.push(`-old=${join(folder, 'old-checkpoint')}`);
      }
      try {
        const { stdout } = await run(program, parameters);
        return JSON.parse(stdout) as VerifierReport;
      } catch (error) {
        throw new Error((error as { stderr: string }).stderr, { cause: error });
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
