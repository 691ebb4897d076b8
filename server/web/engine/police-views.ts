/** What the police pages are shown of the SDK's results, and what is kept of them. */
import {
  evidenceOf,
  formatCode,
  type BlindmarkError,
  type EvidenceRecord,
  type FoundRegistration,
  type LookupResult,
  type SchemeRules,
} from '../../../client-sdk/index.ts';
import type {
  ContactView,
  FoundView,
  OpeningView,
  Problem,
  ReadingView,
  ResultView,
  TraySummary,
} from './police-api.ts';
import {
  isWaiting,
  type StoredAnswer,
  type StoredContact,
  type StoredOpening,
  type StoredReading,
  type TrayHeader,
} from './trays.ts';

const titleOf = (rules: SchemeRules, id: string): string =>
  rules.schemes.find((scheme) => scheme.id === id)?.title ?? id;

/** Titles of schemes. */
export function titlesOf(rules: SchemeRules, ids: Iterable<string>): string[] {
  return [...new Set(ids)].map((id) => titleOf(rules, id));
}

function foundView(found: FoundRegistration, rules: SchemeRules): FoundView {
  const { scheme, code, status, items, registeredOn, registeredBefore, hasContact, evidence } = found;
  return {
    match: evidence.match.logged.index,
    code: formatCode(rules, scheme, code),
    schemeTitle: titleOf(rules, scheme),
    status,
    items,
    registeredOn,
    registeredBefore,
    hasContact,
  };
}

/** @param at ISO time at which it came */
export function resultView(result: LookupResult, rules: SchemeRules, at: string): ResultView {
  return {
    registrations: result.registrations.map((found) => foundView(found, rules)),
    refused: result.refused,
    misread: titlesOf(rules, result.misread),
    at,
    lookups: result.evidence.lookups.map(({ logged }) => logged.index),
  };
}

/** A result with all its proofs, as it is kept. */
export function answerOf(found: LookupResult): StoredAnswer {
  const { result, candidates, omitted, misread, registrations, refused, refusals, evidence } = found;
  return {
    result: { result, candidates, omitted, misread, registrations, refused, evidence },
    refusals: refusals.map(({ code, message }) => ({ code, message })),
  };
}

/** A reading with all that proves its result, as it goes into an evidence file. */
export function evidenceRecord(
  { label, reading, scheme, problem, result }: StoredReading,
  answer: StoredAnswer | undefined,
): EvidenceRecord {
  const named = { label, reading, ...(scheme === null ? {} : { scheme }) };
  if (answer === undefined) return { ...named, result: 'notAsked', ...(problem === null ? {} : { problem }) };
  return { ...named, at: result?.at, ...evidenceOf(answer.result, answer.refusals, true) };
}

export function problemOf({ code, field }: BlindmarkError): Problem {
  return field === undefined ? { code } : { code, field };
}

function stateOf(reading: StoredReading): ReadingView['state'] {
  const { problem, result } = reading;
  if (isWaiting(reading)) return 'waiting';
  if (problem !== null || result === null) return 'failed';
  return result.registrations.length > 0 ? 'hit' : 'miss';
}

export function readingView(id: string, stored: StoredReading): ReadingView {
  const { label, reading, scheme, candidates, omitted, problem, result } = stored;
  return { id, label, reading, scheme, candidates, omitted, problem, result, state: stateOf(stored) };
}

export function traySummary(id: string, header: TrayHeader): TraySummary {
  const { caseReference, readings, waiting, hits, run, changedAt } = header;
  return { id, caseReference, readings, waiting, hits, isRunning: run?.isOn === true, changedAt };
}

function contactView(contact: StoredContact): ContactView {
  return contact.kind === 'relay' ? { kind: 'relay' } : contact;
}

export function openingView({ match, token, status, expiresAt, contact, entry }: StoredOpening): OpeningView {
  return { match, token, status, expiresAt, contact: contact === null ? null : contactView(contact), entry };
}
