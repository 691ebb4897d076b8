/** What the police pages ask their engine. Types alone: a page that imports them loads no cryptography. */
import type { CallContext } from './calls.ts';
import type { ItemView, PersonView, SchemeView, Status } from './owner-api.ts';

export interface SessionView {
  readonly origin: string;
  readonly isTestRegistry: boolean;
  readonly forceName: string;
  /** The officer's pseudonym of the day. */
  readonly officer: string;
  /** Epoch seconds at which the credential ends. */
  readonly expiresAt: number;
  /** Codes that the force's policy allows one officer a day. */
  readonly codesPerDay: number;
  /** Whether the key lies in the browser and can't be read out of it; otherwise it is in this tab's memory until it is closed. */
  readonly isKeyKept: boolean;
  readonly schemes: readonly SchemeView[];
}

/** A reading as it is put on a tray. */
export interface NewReading {
  /** The officer's own label: an exhibit number. */
  readonly label?: string | undefined;
  readonly reading: string;
  /** The scheme's identifier; every fitting one when left out. */
  readonly scheme?: string | undefined;
}

/** Why a reading can't be asked, in the SDK's error codes. */
export interface Problem {
  readonly code: string;
  readonly field?: string | undefined;
}

export interface ReadingView {
  readonly id: string;
  readonly label: string;
  readonly reading: string;
  readonly scheme: string | null;
  /** Codes that it may stand for, and that asking will cost; 0 with a problem. */
  readonly candidates: number;
  /** Codes that it may stand for and that will not be asked, since they are too many. */
  readonly omitted: number;
  readonly problem: Problem | null;
  readonly state: 'waiting' | 'hit' | 'miss' | 'failed';
  readonly result: ResultView | null;
}

export interface ResultView {
  readonly registrations: readonly FoundView[];
  /** Registrations that were found and do not verify. */
  readonly refused: number;
  /** Titles of schemes that the reading would be a misreading of. */
  readonly misread: readonly string[];
  /** ISO time at which it came. */
  readonly at: string;
  /** Entries of the lookup in the log. */
  readonly lookups: readonly number[];
}

/** One registration of a code. The first is the earliest in the log; a later one is a counter-claim. */
export interface FoundView {
  /** The index of the match's entry: names it in openings. */
  readonly match: number;
  /** In groups. */
  readonly code: string;
  readonly schemeTitle: string;
  readonly status: Status;
  readonly items: readonly ItemView[];
  /** Calendar date by the owner's clock. */
  readonly registeredOn: string;
  /** ISO time: the end of the hour in which the log took it. */
  readonly registeredBefore: string;
  readonly hasContact: boolean;
}

export interface TraySummary {
  readonly id: string;
  readonly caseReference: string;
  readonly readings: number;
  readonly waiting: number;
  readonly hits: number;
  /** Whether its run was interrupted, and is to go on. */
  readonly isRunning: boolean;
  /** ISO time of the last change. */
  readonly changedAt: string;
}

export interface TrayView extends TraySummary {
  readonly list: readonly ReadingView[];
  /** Distinct codes that the waiting readings will cost. */
  readonly cost: number;
  readonly openings: readonly OpeningView[];
}

export interface ListView {
  readonly columns: readonly string[];
  /** The column that holds readings, as far as it can be told: one called reading, read, code, mark or serial, else the first. */
  readonly readingColumn: string;
  readonly rows: readonly { readonly row: number; readonly cells: Readonly<Record<string, string>> }[];
}

/** An opening that this officer asked for. */
export interface OpeningView {
  readonly match: number;
  /** For the colleague; holds nothing that opens anything alone. */
  readonly token: string;
  readonly status: 'pending' | 'approved' | 'opened' | 'expired';
  /** Epoch seconds. */
  readonly expiresAt: number;
  readonly contact: ContactView | null;
  /** The log's entry of the opening. */
  readonly entry: number | null;
}

export type ContactView =
  ({ readonly kind: 'details'; readonly second?: PersonView | undefined } & PersonView) | { readonly kind: 'relay' };

/** What a colleague sees before approving. */
export interface ApprovalView {
  readonly status: 'pending' | 'approved' | 'opened' | 'expired';
  readonly reason: string;
  readonly askedBy: string;
  readonly match: number;
  readonly expiresAt: number;
}

interface TrayArgs {
  readonly tray: string;
}

export interface PoliceApi {
  /** The session that this browser keeps, if its credential is still good. */
  session(args: undefined, context: CallContext): Promise<SessionView | null>;
  /** @param file the bytes of an `officer.json` */
  signIn(args: { readonly file: Uint8Array }, context: CallContext): Promise<SessionView>;
  /**
   * Says that the officer is there. A session that was not touched for 15 minutes is over, whether a page is open or not; work
   * that goes on by itself is no touch.
   */
  touch(args: undefined, context: CallContext): Promise<undefined>;
  /** Forgets the key. Trays stay, sealed; they open again for the same credential alone. */
  signOut(args: undefined, context: CallContext): Promise<undefined>;
  trays(args: undefined, context: CallContext): Promise<readonly TraySummary[]>;
  /** Opens a case's tray; makes it where there is none. */
  openTray(args: { readonly caseReference: string }, context: CallContext): Promise<TrayView>;
  tray(args: TrayArgs, context: CallContext): Promise<TrayView>;
  deleteTray(args: TrayArgs, context: CallContext): Promise<undefined>;
  /** @param leadingZerosLost whether a spreadsheet may have dropped leading zeros */
  addReadings(
    args: TrayArgs & { readonly readings: readonly NewReading[]; readonly leadingZerosLost?: boolean | undefined },
    context: CallContext,
  ): Promise<TrayView>;
  removeReadings(args: TrayArgs & { readonly ids: readonly string[] }, context: CallContext): Promise<TrayView>;
  /** What a reading would cost, while it is typed. */
  preview(
    args: NewReading,
    context: CallContext,
  ): Promise<Pick<ReadingView, 'candidates' | 'omitted' | 'problem'> & { readonly schemes: readonly string[] }>;
  /** The same for a list, before it is put on a tray. `cost` counts a code once that several of them stand for. */
  previewList(
    args: { readonly readings: readonly NewReading[]; readonly leadingZerosLost?: boolean | undefined },
    context: CallContext,
  ): Promise<{
    readonly cost: number;
    readonly readings: readonly Pick<ReadingView, 'candidates' | 'omitted' | 'problem'>[];
  }>;
  /** Reads a list: CSV as spreadsheets write it, .xlsx, or pasted text with one reading a line. */
  readList(args: { readonly name: string; readonly bytes: Uint8Array }, context: CallContext): Promise<ListView>;
  /**
   * Looks up what waits on a tray. Phase `lookup`, in codes. Each result is kept as it comes; while the connection is down it waits
   * and goes on. Ends with the tray when nothing waits any more; fails with `cancelled`, `quotaExceeded`, `credentialExpired`, ….
   */
  run(args: TrayArgs, context: CallContext): Promise<TrayView>;
  /** All that proves a tray's results, as a file. */
  evidence(args: TrayArgs, context: CallContext): Promise<{ readonly fileName: string; readonly text: string }>;
  askOpening(
    args: TrayArgs & {
      readonly match: number;
      readonly reason: string;
      readonly explanation?: string | undefined;
      /** Default: four hours. */
      readonly validHours?: number | undefined;
    },
    context: CallContext,
  ): Promise<OpeningView>;
  /** How far an opening is; with the contact once it is opened. */
  checkOpening(args: TrayArgs & { readonly match: number }, context: CallContext): Promise<OpeningView>;
  inspect(
    args: { readonly token: string; readonly caseReference: string },
    context: CallContext,
  ): Promise<ApprovalView>;
  /** @returns the log's entry; null when too few guardians have answered yet */
  approve(
    args: { readonly token: string; readonly caseReference: string },
    context: CallContext,
  ): Promise<number | null>;
  leaveMessage(
    args: TrayArgs & { readonly match: number; readonly text: string; readonly reply?: string | undefined },
    context: CallContext,
  ): Promise<'left' | 'again'>;
}
