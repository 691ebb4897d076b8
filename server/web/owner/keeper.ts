/** What every view of an open vault is given. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Calls } from '../engine/calls.ts';
import type { MarkView, OwnerApi, OwnerView } from '../engine/owner-api.ts';
import type { Go } from '../ui/index.ts';
import type { OwnerText } from './owner-text.ts';
import type { RegisterDraft } from './register-draft.ts';

/** A sentence in whatever language the page is in when it is shown. */
export type Words = (text: OwnerText) => string;

export interface Keeper {
  readonly owner: Calls<OwnerApi>;
  readonly view: OwnerView;
  /** Shows what the engine answered of a mark; one that is new comes last. */
  readonly putMark: (mark: MarkView) => void;
  /** Shows all that the vault now has. */
  readonly setView: (view: OwnerView) => void;
  readonly go: Go;
  /** Goes to a view and says there what was done. */
  readonly goAndSay: (path: string, words: Words) => void;
  readonly draft: RegisterDraft;
  readonly setDraft: (draft: RegisterDraft) => void;
  readonly lock: () => void;
  /** The vault is gone from this browser. */
  readonly onForgotten: () => void;
}

export const KeeperContext = createContext<Keeper | null>(null);

export function useKeeper(): Keeper {
  const keeper = useContext(KeeperContext);
  if (keeper === null) throw new Error('a view outside of an open vault');
  return keeper;
}

/** The marks with one of them as it is now. */
export function withMark(view: OwnerView, mark: MarkView): OwnerView {
  const isKnown = view.marks.some(({ id }) => id === mark.id);
  const marks = isKnown ? view.marks.map((known) => (known.id === mark.id ? mark : known)) : [...view.marks, mark];
  return { ...view, marks };
}
