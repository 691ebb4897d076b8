/** An open vault: its menu, and the view that the address names. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Calls } from '../engine/calls.ts';
import type { MarkView, OwnerApi, OwnerView } from '../engine/owner-api.ts';
import { Button, Notice, Warning, type Go } from '../ui/index.ts';
import { FindMark } from './find-mark.tsx';
import { Forget } from './forget.tsx';
import { KeeperContext, withMark, type Keeper, type Words } from './keeper.ts';
import { MarkPages } from './mark-pages.tsx';
import { Marks } from './marks.tsx';
import { useOwnerText } from './owner-text.ts';
import { Register } from './register.tsx';
import { EMPTY_DRAFT } from './register-draft.ts';
import { parseRoute, type Route } from './routes.ts';
import { Sheet } from './sheet.tsx';
import { VaultTools } from './vault-tools.tsx';
import { P } from './view.tsx';

/** What was done, said in the view that it led to. */
export interface Said {
  readonly path: string;
  readonly words: Words;
}

export interface OpenVaultProps {
  readonly owner: Calls<OwnerApi>;
  readonly path: string;
  readonly go: Go;
  readonly view: OwnerView;
  readonly setView: (update: (view: OwnerView | null) => OwnerView | null) => void;
  readonly said: Said | null;
  readonly setSaid: (said: Said | null) => void;
  readonly onLock: () => void;
  readonly onForgotten: () => void;
}

export function OpenVault({ owner, path, go, view, setView, said, setSaid, onLock, onForgotten }: OpenVaultProps) {
  const text = useOwnerText();
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const route = parseRoute(path);

  useEffect(() => {
    // Said once: whoever comes back to that view does not read it again.
    if (said !== null && said.path !== path) setSaid(null);
  }, [path]);
  const keeper = useMemo(
    (): Keeper => ({
      owner,
      view,
      putMark: (mark: MarkView) => setView((known) => known && withMark(known, mark)),
      setView: (next) => setView((known) => known && next),
      go,
      goAndSay: (next, words) => {
        setSaid({ path: next, words });
        go(next);
      },
      draft,
      setDraft,
      lock: onLock,
      onForgotten,
    }),
    [owner, view, draft],
  );

  return (
    <KeeperContext.Provider value={keeper}>
      <Menu route={route} onLock={onLock} />
      {view.isTestRegistry && (route.view === 'marks' || route.view === 'register') ? (
        <Warning>{text.vault.common.testRegistry}</Warning>
      ) : null}
      {said?.path === path ? (
        <Notice kind="success">
          <P>{said.words(text)}</P>
        </Notice>
      ) : null}
      <RoutedView route={route} />
    </KeeperContext.Provider>
  );
}

function Menu({ route, onLock }: { readonly route: Route; readonly onLock: () => void }) {
  const { common } = useOwnerText().vault;
  const links = [
    { view: 'marks', path: '', label: common.marks },
    { view: 'register', path: 'register', label: common.register },
    { view: 'find', path: 'find', label: common.find },
    { view: 'vault', path: 'vault', label: common.vault },
  ] as const;
  return (
    <nav class="bm-room-bar bm-no-print" aria-label={common.menu}>
      <ul class="bm-room-bar__list">
        {links.map(({ view, path, label }) => (
          <li key={view}>
            <a class="govuk-link" href={`#/${path}`} aria-current={route.view === view ? 'page' : undefined}>
              {label}
            </a>
          </li>
        ))}
      </ul>
      <Button kind="secondary" onClick={onLock}>
        {common.lock}
      </Button>
    </nav>
  );
}

function RoutedView({ route }: { readonly route: Route }) {
  switch (route.view) {
    case 'register':
      return <Register key={route.step} asked={route.step} />;
    case 'find':
      return <FindMark />;
    case 'vault':
      return <VaultTools />;
    case 'sheet':
      return <Sheet />;
    case 'forget':
      return <Forget />;
    case 'mark':
      return <MarkPages key={`${route.mark}/${route.part}/${route.receipt}`} route={route} />;
    default:
      return <Marks />;
  }
}
