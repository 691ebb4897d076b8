/** What the public pages ask their engine. Types alone: a page that imports them loads no cryptography. */
import type { CallContext } from './calls.ts';
import type { ItemView, Status } from './owner-api.ts';

/** What a receipt or a disclosure proves. */
export interface ProofView {
  /** What the registry calls itself: any registry may call itself so. */
  readonly origin: string;
  /** Base64url: what it was recognised by. */
  readonly fingerprint: string;
  /** Of the entry in the log. */
  readonly index: number;
  /** `delayed`: its fields are hidden for now; `reveal`: what was hidden at first; `other`: nothing of a registration. */
  readonly kind:
    'registration' | 'status' | 'replace' | 'withdraw' | 'match' | 'opening' | 'delayed' | 'reveal' | 'other';
  /** ISO time: the start of the hour that the entry itself names. */
  readonly hour: string;
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
    /** Calendar date `YYYY-MM-DD`, by the owner's clock. */
    readonly registeredOn: string;
    readonly items: readonly ItemView[];
    /** Base64url: who can show to be the owner is who can sign with its secret key. */
    readonly ownerKey: string;
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
   * Verifies a receipt or disclosure file, the text of a receipt's QR code, or a bare C2SP tlog-proof. Offline, but that the last
   * two need `prepare` before, and are verified for the pages' registry alone; where its rosters may be older than such a receipt,
   * they are fetched once more. Fails with `badFile` for what is none of these, `badRoster` for another registry's and, with the
   * field `roster`, for one of a roster that the registry does not show; with the field `registry` for what the registry itself
   * showed, which says nothing of the receipt; and the SDK's errors of proofs for what does not hold.
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
