/** What the owner's pages ask their engine. Types alone: a page that imports them loads no cryptography. */
import type { CallContext } from './calls.ts';

export type Status = 'withKeeper' | 'stolen' | 'lost' | 'recovered';

export interface ItemView {
  readonly category: string;
  readonly make?: string | undefined;
  readonly model?: string | undefined;
  readonly serial?: string | undefined;
  readonly description?: string | undefined;
}

export interface PersonView {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly telephone?: string | undefined;
  readonly note?: string | undefined;
}

/** Details, messages alone, or no way to be reached. */
export type ContactChoice =
  | ({ readonly kind: 'details'; readonly second?: PersonView | undefined } & PersonView)
  | { readonly kind: 'relay' }
  | null;

/** Whether this browser holds a vault. `elsewhere`: another tab has it open. */
export type VaultState = 'none' | 'locked' | 'open' | 'elsewhere';

export interface SchemeView {
  readonly id: string;
  readonly title: string;
  /** `8EQ7-1S02-SG3J-TS93` */
  readonly example: string;
  readonly hasCheck: boolean;
}

/** What is known of a code while it is typed. */
export type CodeCheckView =
  /** A whole code. Where it has no check character, or its check only warns and failed, it is to be typed twice. */
  | {
      readonly state: 'complete';
      readonly scheme: string;
      readonly schemeTitle: string;
      /** In groups, as it is printed. */
      readonly display: string;
      readonly checkPassed: boolean | null;
      /** Bits of a code that a thief would have to guess; below 40 it is worth a warning. */
      readonly entropyBits: number;
    }
  /** Not clear at these positions: from 1, separators not counted. */
  | { readonly state: 'unclear'; readonly positions: readonly number[] }
  /** No code of the scheme; `position` is that of the first character at fault. `code`: the SDK's error code. */
  | { readonly state: 'wrong'; readonly position: number | null; readonly code: string }
  /** It fits several schemes: the owner must say which. */
  | { readonly state: 'ambiguous'; readonly schemes: readonly SchemeView[] };

export interface MarkView {
  /** Names the mark in later calls: its place in {@link OwnerView.marks}, from 1, which stays. Says nothing of the code. */
  readonly id: string;
  /** In groups. */
  readonly code: string;
  readonly scheme: string;
  readonly schemeTitle: string;
  /** `pending`: begun and not finished; the same request goes on with `resume`. */
  readonly stage: 'pending' | 'registered' | 'withdrawn';
  readonly status: Status;
  readonly items: readonly ItemView[];
  /** Undefined where it was not chosen in this vault. */
  readonly contact: ContactChoice | undefined;
  /** Calendar date `YYYY-MM-DD`; null while pending. */
  readonly registeredOn: string | null;
  readonly receipts: number;
}

export interface RegisterForm {
  readonly code: string;
  readonly scheme?: string | undefined;
  readonly activationKey: string;
  readonly items: readonly ItemView[];
  readonly status?: 'withKeeper' | 'stolen' | 'lost' | undefined;
  readonly contact: ContactChoice;
}

export interface HistoryLineView {
  /** Of the entry in the log. */
  readonly index: number;
  readonly kind: 'registration' | 'status' | 'replace' | 'withdraw' | 'match' | 'opening';
  /** ISO time of the start of the hour: `2026-11-24T13:00:00Z`. */
  readonly hour: string;
  /** For an opening: the force's name; for a match: null, the lookup's entry says it. */
  readonly forceName: string | null;
  /** For an opening: the two officers' pseudonyms. */
  readonly officers: readonly string[];
  /** For a match: the lookup's entry. */
  readonly lookup: number | null;
  /** The entry that revealed it, where a force's policy hid it at first. */
  readonly revealedBy: number | null;
  /** The proof as text (C2SP tlog-proof). */
  readonly proof: string;
}

export interface ReceiptView {
  readonly index: number;
  readonly kind: HistoryLineView['kind'];
  readonly hour: string;
  /** A file that `/check/` and `blindmark receipt verify` read. */
  readonly fileName: string;
  readonly file: string;
  /** Text of the QR code that `/check/` reads; null where it is too long for one. */
  readonly qr: string | null;
}

export interface MessageView {
  /** Names it for `acknowledge`. */
  readonly id: string;
  readonly receivedOn: string;
  readonly forceName: string;
  readonly officer: string;
  readonly text: string;
  /** Where the keeper is asked to answer, as the officer wrote it; null for none. */
  readonly reply: string | null;
}

export interface OwnerView {
  /** The registry's name. */
  readonly origin: string;
  /** Base64url: what the registry is recognised by. */
  readonly fingerprint: string;
  readonly isTestRegistry: boolean;
  readonly threshold: number;
  readonly guardians: readonly string[];
  /** Whether the browser has promised not to clear the vault when room runs low. Otherwise a vault file is worth having. */
  readonly isStorageKept: boolean;
  readonly marks: readonly MarkView[];
}

/** All that belongs on the printed sheet. */
export interface SheetView {
  readonly phrase: readonly string[];
  readonly origin: string;
  readonly fingerprint: string;
  readonly marks: readonly (MarkView & { readonly receipt: ReceiptView | null })[];
}

interface MarkArgs {
  readonly mark: string;
}

export interface OwnerApi {
  state(args: undefined, context: CallContext): Promise<VaultState>;
  /** Twelve new words. Nothing is kept. */
  createPhrase(args: undefined, context: CallContext): Promise<readonly string[]>;
  /** Fails with `badPhrase`. */
  checkPhrase(args: { readonly phrase: string }, context: CallContext): Promise<undefined>;
  /** Makes this browser's vault, sealed under the passphrase (at least 8 characters). Fails with `badInput`, `badPhrase`. */
  create(args: { readonly phrase: string; readonly passphrase: string }, context: CallContext): Promise<OwnerView>;
  /** Fails with `badPassphrase`. */
  unlock(args: { readonly passphrase: string }, context: CallContext): Promise<OwnerView>;
  /** Takes a vault file as this browser's vault. Fails where it holds one already. */
  importVault(args: { readonly text: string; readonly passphrase: string }, context: CallContext): Promise<OwnerView>;
  exportVault(args: undefined, context: CallContext): Promise<{ readonly fileName: string; readonly text: string }>;
  /**
   * Removes the vault from this browser. The passphrase shows that it is its owner who asks; null where it is lost, since
   * whoever sits at the browser can clear what it stores in any case.
   */
  forget(args: { readonly passphrase: string | null }, context: CallContext): Promise<undefined>;
  view(args: undefined, context: CallContext): Promise<OwnerView>;
  schemes(args: undefined, context: CallContext): Promise<readonly SchemeView[]>;
  checkCode(
    args: { readonly code: string; readonly scheme?: string | undefined },
    context: CallContext,
  ): Promise<CodeCheckView>;
  /** Reads an activation key as printed, or the text of a pack's QR code. Fails with `badActivationKey`; `badRoster` for another registry's. */
  checkActivationKey(args: { readonly text: string }, context: CallContext): Promise<{ readonly display: string }>;
  /**
   * Phases: `token`, `evaluate`, `stretch`, `log`; `done` of 4 are through. The same call again goes on where it stopped. Takes a
   * pack's QR text as activation key too.
   */
  register(args: RegisterForm, context: CallContext): Promise<MarkView>;
  /** Goes on with a pending mark. */
  resume(args: MarkArgs, context: CallContext): Promise<MarkView>;
  /** Finds the registration of a code from the phrase alone. */
  recover(
    args: { readonly code: string; readonly scheme?: string | undefined },
    context: CallContext,
  ): Promise<MarkView>;
  refresh(args: MarkArgs, context: CallContext): Promise<MarkView>;
  setStatus(args: MarkArgs & { readonly status: Status }, context: CallContext): Promise<MarkView>;
  replaceItems(args: MarkArgs & { readonly items: readonly ItemView[] }, context: CallContext): Promise<MarkView>;
  replaceContact(args: MarkArgs & { readonly contact: ContactChoice }, context: CallContext): Promise<MarkView>;
  withdraw(args: MarkArgs, context: CallContext): Promise<MarkView>;
  /** Oldest first; of a withdrawn mark, what the vault has kept. */
  history(args: MarkArgs, context: CallContext): Promise<readonly HistoryLineView[]>;
  messages(
    args: MarkArgs,
    context: CallContext,
  ): Promise<{ readonly messages: readonly MessageView[]; readonly refused: number }>;
  acknowledge(args: MarkArgs & { readonly ids: readonly string[] }, context: CallContext): Promise<undefined>;
  receipts(args: MarkArgs, context: CallContext): Promise<readonly ReceiptView[]>;
  sheet(args: { readonly passphrase: string }, context: CallContext): Promise<SheetView>;
}
