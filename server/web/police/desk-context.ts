/** What every view of a signed-in officer works with. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Calls } from '../engine/calls.ts';
import type { PoliceApi, SessionView } from '../engine/police-api.ts';
import type { police as english } from '../text/en/police.ts';
import type { Strings } from '../text/language.ts';
import { useText } from '../ui/index.ts';
import type { Route } from './routes.ts';
import type { Runs } from './runs.ts';

export type PoliceText = Strings<typeof english>;

export interface Desk {
  readonly police: Calls<PoliceApi>;
  readonly session: SessionView;
  /** Whether the credential had ended when it was signed in with: cases can be read, and nothing be asked. */
  readonly isReadOnly: boolean;
  readonly runs: Runs;
  readonly go: (route: Route) => void;
  /** Opens a tray, and looks up at once what the officer has been shown the cost of. */
  readonly goAndRun: (tray: string) => void;
  /** Whether a tray is to be looked up at once; true but once. */
  readonly takeRun: (tray: string) => boolean;
}

export const DeskContext = createContext<Desk | null>(null);

/** @throws Error outside the views of a signed-in officer */
export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === null) throw new Error('There is no session here');
  return desk;
}

export const usePoliceText = (): PoliceText => useText<PoliceText>();

/** What a scheme is called in the visitor's language, by the registry's title of it or its identifier. */
export function useSchemeName(): (scheme: string) => string {
  const { schemes: names } = usePoliceText();
  const { schemes } = useDesk().session;
  return (scheme) => {
    const known = schemes.find(({ id, title }) => id === scheme || title === scheme);
    if (known === undefined) return scheme;
    return Object.hasOwn(names, known.id) ? names[known.id as keyof typeof names] : known.title;
  };
}
