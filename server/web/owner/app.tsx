/** The owner's pages as a whole: no vault yet, a locked one, or an open one. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { startEngine } from '../engine/client.ts';
import type { OwnerView, VaultState } from '../engine/owner-api.ts';
import { Button, Failure, Notice, useHash, useIdle, useShared } from '../ui/index.ts';
import { Entry } from './entry.tsx';
import { IdleWarning, useIdleWarning } from './idle-warning.tsx';
import type { Words } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { StartOver } from './start-over.tsx';
import { Unlock, type LockedBy } from './unlock.tsx';
import { OpenVault, type Said } from './open-vault.tsx';
import { P, View } from './view.tsx';

const IDLE_MINUTES = 10;
const WARN_SECONDS = 60;

/** The view of a vault whose passphrase is lost. */
const START_OVER = 'start-over';

export function OwnerApp() {
  const engine = useMemo(startEngine, []);
  const text = useOwnerText();
  const [path, go] = useHash();
  const [state, setState] = useState<VaultState | null>(null);
  const [view, setView] = useState<OwnerView | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [lockedBy, setLockedBy] = useState<LockedBy | null>(null);
  const [said, setSaid] = useState<Said | null>(null);
  const [secondsLeft, warn] = useIdleWarning();
  /** Raised to have what was begun forgotten. */
  const [entry, setEntry] = useState(0);

  const ask = (): void => {
    setFailure(null);
    const look = async (): Promise<void> => {
      const next = await engine.owner.state();
      if (next === 'open') setView(await engine.owner.view());
      setState(next);
    };
    look().catch(setFailure);
  };
  useEffect(ask, []);

  const lock = (by: LockedBy): void => {
    // Ends the worker, and with it all that it held.
    engine.stop();
    setView(null);
    setSaid(null);
    warn(null, 0);
    setLockedBy(by);
    if (state === 'none') setEntry(entry + 1);
    else setState('locked');
    go('', { replace: true });
  };
  const open = (opened: OwnerView, next?: { readonly path: string; readonly words: Words }): void => {
    setLockedBy(null);
    setView(opened);
    setState('open');
    if (next === undefined) return;
    setSaid(next);
    go(next.path, { replace: true });
  };

  const isWatched = view !== null || (state === 'none' && path !== '');
  useEffect(() => {
    // A page that is left may be kept whole, to be shown again by the back button: to whoever presses it.
    const onHide = (event: PageTransitionEvent): void => {
      if (event.persisted && isWatched) lock('self');
    };
    addEventListener('pagehide', onHide);
    return () => removeEventListener('pagehide', onHide);
  });
  useIdle(isWatched ? IDLE_MINUTES : null, () => lock('idle'), {
    onWarning: warn,
    warnSeconds: WARN_SECONDS,
  });

  const forgotten = (): void => {
    engine.stop();
    setView(null);
    setState('none');
    setSaid({ path: '', words: ({ vault }) => vault.forget.done });
    go('', { replace: true });
  };

  if (failure !== null) return <Failure error={failure} onRetry={ask} />;
  if (state === null) return <Loading />;
  if (state === 'elsewhere') return <Elsewhere onRetry={ask} />;
  if (state === 'locked') {
    return path === START_OVER ? (
      <StartOver owner={engine.owner} onForgotten={forgotten} />
    ) : (
      <Unlock owner={engine.owner} lockedBy={lockedBy} onOpen={open} onStartOver={() => go(START_OVER)} />
    );
  }
  return (
    <>
      {secondsLeft === null ? null : <IdleWarning secondsLeft={secondsLeft} onStay={() => warn(null, 0)} />}
      {view === null ? (
        <>
          {lockedBy === 'idle' && path === '' ? (
            <Notice>
              <P>{text.vault.welcome.idle}</P>
            </Notice>
          ) : null}
          {said?.path === path ? (
            <Notice kind="success">
              <P>{said.words(text)}</P>
            </Notice>
          ) : null}
          <Entry key={entry} owner={engine.owner} path={path} go={go} onOpen={open} />
        </>
      ) : (
        <OpenVault
          owner={engine.owner}
          path={path}
          go={go}
          view={view}
          setView={setView}
          said={said}
          setSaid={setSaid}
          onLock={() => lock('self')}
          onForgotten={forgotten}
        />
      )}
    </>
  );
}

function Loading() {
  const { vault } = useOwnerText();
  return (
    <p class="govuk-body" role="status">
      {vault.common.loading}
    </p>
  );
}

function Elsewhere({ onRetry }: { readonly onRetry: () => void }) {
  const { vault } = useOwnerText();
  const shared = useShared();
  return (
    <View title={vault.elsewhere.title}>
      <P>{vault.elsewhere.body}</P>
      <Button onClick={onRetry}>{shared.tryAgain}</Button>
    </View>
  );
}
