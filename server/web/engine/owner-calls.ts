/** What the owner's engine does once the SDK is loaded: everything but saying whether there is a vault. */
import {
  BlindmarkError,
  chooseCode,
  createRecoveryPhrase,
  equalBytes,
  formatActivationKey,
  formatBase64url,
  keptReceipts,
  parseActivationKey,
  parseActivationQr,
  parseBase64url,
  parseRecoveryPhrase,
  type MarkRecord,
  type Owner,
} from '../../../client-sdk/index.ts';
import type { CallContext } from './calls.ts';
import type { EngineOptions } from './options.ts';
import type { MarkView, OwnerApi, OwnerView, ReceiptView } from './owner-api.ts';
import { originOf, OwnerVault } from './owner-vault.ts';
import {
  codeCheckView,
  contactOf,
  historyLineView,
  itemOf,
  keptLines,
  markView,
  messageView,
  receiptView,
  rulesOf,
  schemeView,
} from './owner-views.ts';
import type { VaultPlace } from './vault-place.ts';

/** See {@link OwnerApi}. */
export type OwnerCalls = Omit<OwnerApi, 'state'>;

const isPackQr = (text: string): boolean => /^\s*BLINDMARK:/iu.test(text);

/** Whether the browser has promised not to clear what it stores for these pages. */
async function isStorageKept(): Promise<boolean> {
  try {
    return await navigator.storage.persisted();
  } catch {
    // Browsers without such a promise, and Node.
    return false;
  }
}

/** The owner's engine over one place for a vault. */
export function createOwnerCalls(options: EngineOptions, place: VaultPlace): OwnerCalls {
  const opened = new OwnerVault(options, place);

  const view = async (signal: AbortSignal): Promise<OwnerView> => {
    const { file, rosters } = await opened.facts(signal);
    const { origin, threshold, guardians } = (rosters.at(-1) as (typeof rosters)[number]).roster;
    const rules = rulesOf(rosters);
    const { vault } = opened;
    return {
      origin,
      fingerprint: formatBase64url(file.rosterFingerprint),
      isTestRegistry: rosters.some(({ roster }) => roster.testRoster === true),
      threshold,
      guardians: guardians.map(({ name }) => name),
      isStorageKept: await isStorageKept(),
      marks: vault.latestMarks(origin).map((mark, i) => markView(vault, rules, mark, String(i + 1))),
    };
  };

  /** The view of a mark as the vault now has it. */
  const viewOf = async ({ scheme, canonical }: MarkRecord, signal?: AbortSignal): Promise<MarkView> => {
    const { rosters } = await opened.facts(signal);
    const marks = opened.vault.latestMarks(originOf(rosters));
    const at = marks.findIndex((mark) => mark.scheme === scheme && mark.canonical === canonical);
    return markView(opened.vault, rulesOf(rosters), marks[at] as MarkRecord, String(at + 1));
  };

  /** @throws BlindmarkError `notFound` */
  const find = async (id: string, signal: AbortSignal): Promise<MarkRecord> => {
    const marks = await opened.marks(signal);
    const mark = /^[1-9]\d{0,5}$/u.test(id) ? marks[Number(id) - 1] : undefined;
    if (mark !== undefined) return mark;
    throw new BlindmarkError('notFound', 'This vault has no such mark', {
      field: 'mark',
      remedy: 'Go back to the list of your marks.',
    });
  };

  const turnOf = ({ scheme, canonical }: Pick<MarkRecord, 'scheme' | 'canonical'>): string =>
    JSON.stringify([scheme, canonical]);

  /** Does something with a mark as it then is, once whatever was begun with it before has ended. */
  const withMark = async <T>(
    id: string,
    signal: AbortSignal,
    work: (owner: Owner, mark: MarkRecord) => Promise<T>,
  ): Promise<T> => {
    const turn = turnOf(await find(id, signal));
    return opened.turns.take(turn, async () => work(await opened.owner(signal), await find(id, signal)), signal);
  };

  /** The same, for what changes the mark; shows it afterwards. */
  const change = async (
    id: string,
    { signal }: CallContext,
    work: (owner: Owner, mark: MarkRecord) => Promise<MarkRecord>,
  ): Promise<MarkView> => viewOf(await withMark(id, signal, work));

  /** Does something with a code that the vault need not have a mark of. */
  const withCode = async (
    code: string,
    scheme: string | undefined,
    { signal }: CallContext,
    work: (owner: Owner) => Promise<MarkRecord>,
  ): Promise<MarkView> => {
    const owner = await opened.owner(signal);
    const chosen = chooseCode(owner.registry.roster.roster.schemes, code, scheme);
    return viewOf(await opened.turns.take(turnOf(chosen), async () => work(owner), signal));
  };

  const readActivationKey = async (text: string): Promise<string> => {
    if (!isPackQr(text)) return formatActivationKey(parseActivationKey(text).bytes);
    const { bytes, rosterFingerprint } = parseActivationQr(text);
    const file = await options.registryFile();
    if (equalBytes(rosterFingerprint, file.rosterFingerprint)) return formatActivationKey(bytes);
    throw new BlindmarkError('badRoster', 'The pack is for another registry than this one', {
      field: 'activationKey',
      remedy: 'Use the pages of the registry that is named on the pack.',
    });
  };

  const receiptsOf = async (mark: MarkRecord, signal: AbortSignal): Promise<ReceiptView[]> => {
    const { rosters } = await opened.facts(signal);
    return keptReceipts(opened.vault, mark).map((receipt) => receiptView(opened.vault, mark, receipt, rosters));
  };

  return {
    createPhrase: async () => createRecoveryPhrase().split(' '),
    checkPhrase: async ({ phrase }) => {
      parseRecoveryPhrase(phrase);
      return undefined;
    },
    create: async (args, { signal }) => {
      await opened.create(args, signal);
      return view(signal);
    },
    unlock: async ({ passphrase }, { signal }) => {
      await opened.unlock(passphrase, signal);
      return view(signal);
    },
    importVault: async ({ text, passphrase }, { signal }) => {
      await opened.import(text, passphrase, signal);
      return view(signal);
    },
    exportVault: async () => {
      const text = await opened.export();
      const now = options.now?.() ?? Date.now() / 1000;
      return { fileName: `blindmark-vault-${new Date(now * 1000).toISOString().slice(0, 10)}.txt`, text };
    },
    forget: async ({ passphrase }, { signal }) => {
      await opened.forget(passphrase, signal);
      return undefined;
    },
    view: async (_, { signal }) => view(signal),
    schemes: async (_, { signal }) => rulesOf((await opened.facts(signal)).rosters).schemes.map(schemeView),
    checkCode: async ({ code, scheme }, { signal }) =>
      codeCheckView(rulesOf((await opened.facts(signal)).rosters), code, scheme),
    checkActivationKey: async ({ text }) => ({ display: await readActivationKey(text) }),
    register: async (form, context) => {
      const { code, scheme, status } = form;
      const activationKey = await readActivationKey(form.activationKey);
      const items = form.items.map(itemOf);
      const request = { code, scheme, status, activationKey, items, contact: contactOf(form.contact) };
      return withCode(code, scheme, context, async (owner) => owner.register(request, context));
    },
    resume: async ({ mark: id }, context) => change(id, context, async (owner, mark) => owner.resume(mark, context)),
    recover: async ({ code, scheme }, context) =>
      withCode(code, scheme, context, async (owner) => owner.recover(code, scheme, context)),
    refresh: async ({ mark: id }, context) =>
      change(id, context, async (owner, mark) => owner.refresh(mark, context.signal)),
    setStatus: async ({ mark: id, status }, context) =>
      change(id, context, async (owner, mark) => owner.setStatus(mark, status, context.signal)),
    replaceItems: async ({ mark: id, items }, context) =>
      change(id, context, async (owner, mark) => owner.replaceItems(mark, items.map(itemOf), context.signal)),
    replaceContact: async ({ mark: id, contact }, context) =>
      change(id, context, async (owner, mark) => owner.replaceContact(mark, contactOf(contact), context.signal)),
    withdraw: async ({ mark: id }, context) =>
      change(id, context, async (owner, mark) => owner.withdraw(mark, context.signal)),
    history: async ({ mark: id }, { signal }) => {
      const kept = await find(id, signal);
      if (kept.stage === 'withdrawn') {
        const { rosters } = await opened.facts(signal);
        return keptLines(opened.vault, kept).map((line) => historyLineView(line, rosters));
      }
      return withMark(id, signal, async (owner, mark) => {
        const { lines } = await owner.history(mark, signal);
        return lines.map((line) => historyLineView(line, owner.registry.rosters));
      });
    },
    messages: async ({ mark: id }, { signal }) =>
      withMark(id, signal, async (owner, mark) => {
        const { messages, refused } = await owner.messages(mark, [], signal);
        return { messages: messages.map(messageView), refused: refused.length };
      }),
    acknowledge: async ({ mark: id, ids }, { signal }) =>
      withMark(id, signal, async (owner, mark) => {
        await owner.messages(
          mark,
          ids.map((each) => parseBase64url('ids', each, 32)),
          signal,
        );
        return undefined;
      }),
    receipts: async ({ mark: id }, { signal }) => receiptsOf(await find(id, signal), signal),
    sheet: async ({ passphrase }, { signal }) => {
      opened.checkOpen();
      await opened.checkPassphrase(passphrase);
      const { rosters } = await opened.facts(signal);
      const { origin, fingerprint, marks } = await view(signal);
      const records = opened.vault.latestMarks(origin);
      return {
        phrase: opened.vault.phrase.split(' '),
        origin,
        fingerprint,
        marks: marks.map((mark, i) => {
          const record = records[i] as MarkRecord;
          const [first] = keptReceipts(opened.vault, record);
          const receipt = first === undefined ? null : receiptView(opened.vault, record, first, rosters);
          return Object.assign(mark, { receipt });
        }),
      };
    },
  };
}
