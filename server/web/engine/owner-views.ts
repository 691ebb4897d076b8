/** What the owner's pages are shown of the SDK's records, and what the SDK is given of the pages' forms. */
import {
  createReceiptFile,
  entropyBits,
  formatBase64url,
  formatCode,
  formatProofFile,
  formatReceipt,
  formatReceiptQr,
  inspectCode,
  keptReceipts,
  type ContactChoice as SdkContact,
  type HistoryLine,
  type Item,
  type KeptReceipt,
  type MarkRecord,
  type OwnerMessage,
  type Scheme,
  type SchemeRules,
  type Vault,
  type VerifiedRoster,
} from '../../../client-sdk/index.ts';
import type {
  CodeCheckView,
  ContactChoice,
  HistoryLineView,
  ItemView,
  MarkView,
  MessageView,
  PersonView,
  ReceiptView,
  SchemeView,
} from './owner-api.ts';

/** The current rules for codes. */
export function rulesOf(rosters: readonly VerifiedRoster[]): SchemeRules {
  return (rosters.at(-1) as VerifiedRoster).roster.schemes;
}

function schemeOf(rules: SchemeRules, id: string): Scheme | undefined {
  return rules.schemes.find((scheme) => scheme.id === id);
}

/** A scheme as a choice. */
export function schemeView(scheme: Scheme): SchemeView {
  const hasCheck = scheme.kind === 'characters' && scheme.check !== null;
  return { id: scheme.id, title: scheme.title, example: scheme.example, hasCheck };
}

/** What is known of a code that is being typed. @throws BlindmarkError `badInput` where there is no such scheme */
export function codeCheckView(rules: SchemeRules, code: string, scheme: string | undefined): CodeCheckView {
  const found = inspectCode(rules, code, scheme);
  switch (found.state) {
    case 'complete':
      return {
        state: 'complete',
        scheme: found.scheme,
        schemeTitle: schemeOf(rules, found.scheme)?.title ?? found.scheme,
        display: formatCode(rules, found.scheme, found.canonical),
        checkPassed: found.checkPassed,
        entropyBits: entropyBits(rules, found.scheme, found.canonical),
      };
    case 'unclear':
      return found;
    case 'wrong':
      return { state: 'wrong', position: found.position, code: found.error.code };
    default:
      return {
        state: 'ambiguous',
        schemes: rules.schemes.filter(({ id }) => found.schemes.includes(id)).map(schemeView),
      };
  }
}

/** A mark of the vault. */
export function markView(vault: Vault, rules: SchemeRules, mark: MarkRecord, id: string): MarkView {
  const { scheme, canonical, stage, status, items, contact, row } = mark;
  const found = schemeOf(rules, scheme);
  return {
    id,
    code: found === undefined ? canonical : formatCode(rules, scheme, canonical),
    scheme,
    schemeTitle: found?.title ?? scheme,
    stage,
    status,
    items,
    contact,
    registeredOn: stage === 'pending' ? null : (row?.registeredOn ?? null),
    receipts: keptReceipts(vault, mark).length,
  };
}

/** `2026-11-24T13:00:00Z`, of whole hours since 1970. */
function hourView(hour: number): string {
  return new Date(hour * 3_600_000).toISOString().replace('.000Z', 'Z');
}

/** A force's name; its identifier where no roster has it. */
function forceNameOf(rosters: readonly VerifiedRoster[], force: string): string {
  const named = rosters.flatMap(({ roster }) => roster.forces).findLast(({ id }) => id === force);
  return named?.name ?? force;
}

/** One thing that happened to a registration. */
export function historyLineView(
  { index, entry, revealedBy, receipt }: HistoryLine,
  rosters: readonly VerifiedRoster[],
): HistoryLineView {
  return {
    index,
    kind: entry.kind === 'action' ? entry.action : entry.kind,
    hour: hourView(entry.hour),
    forceName: entry.kind === 'opening' ? forceNameOf(rosters, entry.force) : null,
    officers: entry.kind === 'opening' ? [entry.first, entry.second] : [],
    lookup: entry.kind === 'match' ? entry.lookup : null,
    revealedBy,
    proof: formatReceipt(receipt),
  };
}

/** What the vault has kept of a registration that the registry has erased. */
export function keptLines(vault: Vault, mark: MarkRecord): HistoryLine[] {
  return keptReceipts(vault, mark).flatMap(({ entry, receipt }): HistoryLine[] => {
    const isOfOwner = entry.kind === 'registration' || entry.kind === 'action';
    return isOfOwner ? [{ index: receipt.logged.index, entry, revealedBy: null, receipt }] : [];
  });
}

/** A kept receipt, as file and as text of a QR code. */
export function receiptView(
  vault: Vault,
  mark: MarkRecord,
  { receipt, entry }: KeptReceipt,
  rosters: readonly VerifiedRoster[],
): ReceiptView {
  const { index } = receipt.logged;
  return {
    index,
    // An owner's receipts are of the registration and its changes.
    kind: entry.kind === 'action' ? entry.action : (entry.kind as ReceiptView['kind']),
    hour: hourView(entry.hour),
    fileName: `blindmark-receipt-${index}.json`,
    file: formatProofFile(createReceiptFile(vault, mark, index)),
    qr: formatReceiptQr(formatReceipt(receipt), rosters),
  };
}

/** A message that an officer left. */
export function messageView({ id, receivedOn, forceName, officer, text, replyTo }: OwnerMessage): MessageView {
  return { id: formatBase64url(id), receivedOn, forceName, officer, text, reply: replyTo ?? null };
}

/** The fields of a form that say something, without the spaces around it. */
function filled<Field extends string>(
  form: Readonly<Partial<Record<Field, unknown>>>,
  fields: readonly Field[],
): { [Name in Field]?: string } {
  const entries = fields.flatMap((field) => {
    const value = form[field];
    const text = typeof value === 'string' ? value.trim() : '';
    return text === '' ? [] : [[field, text]];
  });
  return Object.fromEntries(entries) as { [Name in Field]?: string };
}

/** An item as the SDK takes it. What is wrong with it, the SDK says. */
export function itemOf(form: ItemView): Item {
  return { category: '', ...filled(form, ['category', 'make', 'model', 'serial', 'description']) };
}

const PERSON = ['name', 'email', 'telephone', 'note'] as const;

function personOf(form: PersonView): { [Name in (typeof PERSON)[number]]?: string } {
  return filled(form, PERSON);
}

/** A contact as the SDK takes it. */
export function contactOf(choice: ContactChoice): SdkContact {
  if (choice?.kind !== 'details') return choice;
  const second = personOf(choice.second ?? {});
  return { kind: 'details', ...personOf(choice), ...(Object.keys(second).length === 0 ? {} : { second }) };
}
