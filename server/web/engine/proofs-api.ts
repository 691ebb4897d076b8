/** What the public pages ask their engine. Types alone: a page that imports them loads no cryptography. */
import type { CallContext } from './calls.ts';
import type { ItemView, Status } from './owner-api.ts';

/** What a receipt or a disclosure proves. */
export interface ProofView {
  readonly origin: string;
  /** Of the entry in the log. */
  readonly index: number;
  readonly kind: 'registration' | 'status' | 'replace' | 'withdraw' | 'match' | 'opening';
  /** ISO time: the entry was in the log before then. */
  readonly before: string;
  /** Names of the guardians that vouch for it. */
  readonly witnesses: readonly string[];
  readonly isTestRegistry: boolean;
  /** For an owner's disclosure: what was registered. */
  readonly disclosure: {
    readonly code: string;
    readonly schemeTitle: string;
    readonly status: Status;
    readonly items: readonly ItemView[];
  } | null;
}

/** The log as the registry shows it; nothing of it is verified. */
export interface LogView {
  readonly origin: string;
  readonly isTestRegistry: boolean;
  /** Base64url. */
  readonly fingerprint: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  readonly threshold: number;
  readonly cosignatures: readonly {
    readonly guardian: string;
    /** Epoch seconds; null where the guardian has not cosigned. */
    readonly time: number | null;
  }[];
  readonly months: readonly {
    /** `2026-11` */
    readonly month: string;
    readonly force: string;
    readonly lookups: number;
    readonly hits: number;
    readonly openings: number;
  }[];
  /** Entries that a force's policy still hides. */
  readonly delayed: number;
}

/** What was verified of the newest entries. */
export interface RecentView {
  readonly size: number;
  readonly from: number;
  readonly verified: number;
  /** How many of each kind. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Names of the guardians whose cosignature is good and under a day old. */
  readonly witnesses: readonly string[];
  readonly entries: readonly {
    readonly index: number;
    readonly kind: string;
    readonly hour: string;
    readonly force: string | null;
  }[];
}

export interface ProofsApi {
  /** Fetches what verifying offline takes: the registry's rosters. Later calls need no network. */
  prepare(args: undefined, context: CallContext): Promise<{ readonly origin: string; readonly fingerprint: string }>;
  /**
   * Verifies a receipt or disclosure file, or the text of a receipt's QR code. Offline, but that a QR code needs `prepare` before.
   *
   * @param fingerprint base64url; default: that of the pages' registry
   */
  verify(
    args: { readonly text: string; readonly fingerprint?: string | undefined },
    context: CallContext,
  ): Promise<ProofView>;
  /** Verifies the newest entries: tree, signatures, guardians. Phase `verify`, in entries. */
  verifyRecent(args: { readonly count: number }, context: CallContext): Promise<RecentView>;
}
