/** `blindmark audit`: whether a registry's log keeps its promises. */
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { formatBase64url } from '../../crypto/bytes.ts';
import { badInput, isBlindmarkError } from '../../crypto/errors.ts';
import { parseRosterFingerprint } from '../../crypto/roster.ts';
import { auditLog, type AuditReport } from '../audit.ts';
import type { Finding } from '../audit-rules.ts';
import { formatAuditState, parseAuditState } from '../audit-state.ts';
import { readRegistryFile } from '../node/index.ts';
import { readBytes, writeFile } from '../node/files.ts';
import { createCommand, signalOfInterrupt } from './command.ts';
import { createOutput, formatCount, formatNumber } from './output.ts';

/** Ends a run that found something wrong with the log. */
const EXIT_WRONG = 1;

interface AuditCommandOptions {
  readonly registryFile?: string;
  readonly url?: string;
  readonly fingerprint?: string;
  readonly state?: string;
  readonly evidence?: string;
  readonly guardian?: readonly string[];
  readonly pages?: string;
  readonly json?: boolean;
}

/** Which registry is meant: by its file, or by address and fingerprint. */
function registryOf({ registryFile, url, fingerprint }: AuditCommandOptions): {
  readonly url: string;
  readonly rosterFingerprint: Uint8Array;
  readonly allowTestRoster: boolean;
} {
  const isNamed = url !== undefined || fingerprint !== undefined;
  if (registryFile !== undefined && !isNamed) {
    const file = readRegistryFile(registryFile);
    const { rosterFingerprint, allowTestRoster = false } = file;
    return { url: file.url, rosterFingerprint, allowTestRoster };
  }
  if (registryFile !== undefined || url === undefined || fingerprint === undefined) {
    throw badInput('registry-file', 'either --registry-file, or --url and --fingerprint');
  }
  // Whoever audits protects no code of his own: a test roster's log is audited like any other.
  return { url, rosterFingerprint: parseRosterFingerprint(fingerprint), allowTestRoster: true };
}

function guardiansOf(given: readonly string[] = []): Map<string, string> {
  return new Map(
    given.map((text) => {
      const [id = '', ...address] = text.split('=');
      if (address.length === 0) throw badInput('guardian', 'an identifier and an address: g1=https://…');
      return [id, address.join('=')];
    }),
  );
}

/** A name that no file has: evidence of an earlier audit is never written over. */
function freeName(path: string): string {
  if (!existsSync(path)) return path;
  for (let number = 2; ; number += 1) {
    const numbered = path.replace(/(\.[^./\\]*)?$/u, `-${number}$1`);
    if (!existsSync(numbered)) return numbered;
  }
}

function describeFinding({ rule, message, index, path, guardian }: Finding): string {
  const place = index === undefined ? (path ?? guardian) : `entry ${formatNumber(index)}`;
  return `  ${place === undefined ? '' : `${place}: `}${message} (${rule})`;
}

function describeTotals({ totals, guardians, lost }: AuditReport): string[] {
  const kinds = Object.entries(totals.kinds).filter(([, count]) => count > 0);
  const forces = totals.forces.map(({ force, lookups, hits, openings }) => {
    const counts = [formatCount(lookups, 'lookup'), formatCount(hits, 'hit'), formatCount(openings, 'opening')];
    return `  ${force}: ${counts.join(', ')}`;
  });
  const hidden = totals.hidden === 0 ? [] : [`  Not yet revealed: ${formatNumber(totals.hidden)}`];
  const gone = lost === 0 ? [] : [`  Lost, once cosigned, when a successor log began: ${formatNumber(lost)}`];
  const cosigned = guardians.map(({ id, cosignedAt, error }) => {
    const when = cosignedAt === null ? 'never' : new Date(cosignedAt * 1000).toISOString().replace(/\.\d+Z$/u, 'Z');
    return `  ${id}: ${when}${error === undefined ? '' : ` (${error})`}`;
  });
  return [
    'Entries:',
    ...kinds.map(([kind, count]) => `  ${kind}: ${formatNumber(count)}`),
    ...hidden,
    ...gone,
    ...(forces.length === 0 ? [] : ['By force:', ...forces]),
    'Last cosigned by guardians:',
    ...cosigned,
  ];
}

function describePages({ pages, findings, size }: AuditReport): string[] {
  if (pages === null) return size === null || findings.length > 0 ? [] : ['Pages: none are served here.'];
  const { build, files, entry } = pages;
  const named = entry === null ? 'no entry names them' : `the log names them in entry ${formatNumber(entry.index)}`;
  const isGood = findings.every(({ rule }) => rule !== 'pages');
  const said = isGood ? `: ${named}, and all of them verify` : '';
  return build === null ? [] : [`Pages: ${formatCount(files, 'file')}, build ${formatBase64url(build)}${said}.`];
}

function describeEvidence(findings: readonly Finding[]): string {
  return findings.some(({ rule }) => rule !== 'pages')
    ? 'Show it to the guardians: it proves itself.'
    : 'It holds the files as they were served: compare them with another copy of the pages.';
}

function wordsOf(report: AuditReport, evidence: string | undefined): string {
  const { log, size, findings, omitted, audited, auditedBefore } = report;
  const held = size === null ? 'no checkpoint of its own' : `${formatNumber(size)} ${size === 1 ? 'entry' : 'entries'}`;
  if (findings.length === 0) {
    const earlier = auditedBefore === 0 ? '' : ` (${formatNumber(audited - auditedBefore)} new)`;
    return [
      `${log}: ${held}${earlier}. All of it verifies, and the rules are kept.`,
      ...describeTotals(report),
      ...describePages(report),
    ].join('\n');
  }
  return [
    `${log}: ${held}. SOMETHING IS WRONG:`,
    ...findings.map(describeFinding),
    ...(omitted > 0 ? [`  and ${formatCount(omitted, 'more finding')}`] : []),
    ...(evidence === undefined ? [] : [`The evidence is in ${evidence}. ${describeEvidence(findings)}`]),
    ...describeTotals(report),
    ...describePages(report),
  ].join('\n');
}

function recordOf(report: AuditReport, evidence: string | undefined): Record<string, unknown> {
  const { evidence: _, root, pages, ...rest } = report;
  const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : formatBase64url(bytes));
  return {
    ...rest,
    root: text(root),
    pages: pages === null ? null : { ...pages, build: text(pages.build), entry: pages.entry?.index ?? null },
    evidence: evidence ?? null,
  };
}

async function audit(options: AuditCommandOptions): Promise<void> {
  const output = createOutput(options.json === true);
  const { state: stateFile } = options;
  const hasState = stateFile !== undefined && existsSync(stateFile);
  let report: AuditReport;
  try {
    report = await auditLog({
      ...registryOf(options),
      state: hasState ? parseAuditState(stateFile, readBytes(stateFile)) : null,
      onState: (state) => {
        if (stateFile !== undefined) writeFile(stateFile, formatAuditState(state));
      },
      guardians: guardiansOf(options.guardian),
      pagesUrl: options.pages,
      onProgress: output.onProgress,
      signal: signalOfInterrupt(),
    });
  } finally {
    output.endProgress();
  }
  const evidence = saveEvidence(report, options.evidence, output.remark);
  output.result(recordOf(report, evidence), wordsOf(report, evidence));
  if (report.findings.length > 0) process.exitCode = EXIT_WRONG;
}

/** @returns where it is; evidence that cannot be written is no reason not to say what was found */
function saveEvidence(
  { evidence }: AuditReport,
  name = `audit-evidence-${new Date().toISOString().slice(0, 10)}.json`,
  remark: (text: string) => void,
): string | undefined {
  if (evidence === null) return undefined;
  const path = freeName(name);
  try {
    writeFile(path, evidence);
    return path;
  } catch (error) {
    if (!isBlindmarkError(error)) throw error;
    remark(`The evidence could not be saved. ${error.message}`);
    return undefined;
  }
}

/** `blindmark audit`. */
export function auditCommand(): Command {
  return createCommand('audit', 'follow a registry’s log, and verify all of it and the pages it serves')
    .option('--registry-file <file>', 'the registry’s address and fingerprint')
    .option('--url <url>', 'the registry’s address, with --fingerprint in the place of --registry-file')
    .option('--fingerprint <text>', 'the fingerprint of its first roster')
    .option('--state <file>', 'where to go on from, and what to go on from next time; made where it is not there')
    .option(
      '--guardian <id=url>',
      'a guardian’s address, to compare what it was shown; may be given for each',
      (text: string, given: readonly string[] | undefined) => [...(given ?? []), text],
    )
    .option('--pages <url>', 'where the registry’s pages are (default: at its own address)')
    .option('--evidence <file>', 'where to save what is wrong (default: audit-evidence-<date>.json)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1: something is wrong with the log or the pages, and the evidence is saved.')
    .action(audit);
}
