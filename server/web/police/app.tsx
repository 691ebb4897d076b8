/** The police pages as a whole: signed out, signing in, and the views of a signed-in officer. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { startEngine } from '../engine/client.ts';
import type { SessionView } from '../engine/police-api.ts';
import { Failure, useHash, useIdle, useShared } from '../ui/index.ts';
import { ApprovePage } from './approve-page.tsx';
import { DeskContext, type Desk } from './desk-context.ts';
import { DeskPage } from './desk-page.tsx';
import { millisecondsUntil } from './form-checks.ts';
import { Presence } from './presence.ts';
import { formatRoute, parseRoute, type Route } from './routes.ts';
import { Runs } from './runs.ts';
import { SessionBar } from './session-bar.tsx';
import { watchSession } from './session-watch.ts';
import { SignInPage, SigningOut, type Ended } from './sign-in-page.tsx';
import { TrayPages } from './tray-pages.tsx';

const IDLE_MINUTES = 15;
const WARN_SECONDS = 60;

type Stage =
  | { readonly name: 'opening' }
  | { readonly name: 'failed'; readonly error: unknown }
  | { readonly name: 'signedOut'; readonly why: Ended | null }
  | { readonly name: 'signingOut'; readonly why: Ended; readonly error: unknown }
  | { readonly name: 'signedIn'; readonly session: SessionView };

export function PoliceApp() {
  const engine = useMemo(startEngine, []);
  const presence = useMemo(() => new Presence(() => void engine.police.touch().catch(() => undefined)), [engine]);
  const shared = useShared();
  const [stage, setStage] = useState<Stage>({ name: 'opening' });
  const latest = useRef(stage);
  latest.current = stage;

  /** Sets the stage that follows from `from`, unless that was left meanwhile. */
  const follow = (from: Stage, next: Stage): void => {
    if (latest.current === from) enter(next);
  };
  const enter = (next: Stage): void => {
    latest.current = next;
    setStage(next);
  };
  const open = (): void => {
    const opening: Stage = { name: 'opening' };
    enter(opening);
    engine.police.session().then(
      (session) => follow(opening, session === null ? { name: 'signedOut', why: null } : { name: 'signedIn', session }),
      (error: unknown) => follow(opening, { name: 'failed', error }),
    );
  };
  /** The session is over elsewhere: what is here ends with the engine. */
  const leave = (): void => {
    const { name } = latest.current;
    if (name === 'signedOut' || name === 'signingOut') return;
    engine.stop();
    enter({ name: 'signedOut', why: 'elsewhere' });
  };
  const signOut = (why: Ended): void => {
    const signingOut: Stage = { name: 'signingOut', why, error: null };
    enter(signingOut);
    presence.tellSignedOut();
    // The engine may be busy: it ends first, and with it all that it held. A new one forgets what is stored.
    engine.stop();
    engine.police.signOut().then(
      () => follow(signingOut, { name: 'signedOut', why }),
      (error: unknown) => follow(signingOut, { ...signingOut, error }),
    );
  };
  const signedIn = (session: SessionView): void => {
    // Others go: they may still show somebody else's case.
    presence.tellSignedOut();
    enter({ name: 'signedIn', session });
  };
  useEffect(() => {
    open();
    const onShow = ({ persisted }: PageTransitionEvent): void => {
      // A page that the browser had put by shows nothing before it has asked who is signed in now.
      if (!persisted) return;
      engine.stop();
      open();
    };
    addEventListener('pageshow', onShow);
    const stopWatching = presence.on('signedOut', leave);
    return () => {
      removeEventListener('pageshow', onShow);
      stopWatching();
    };
  }, []);

  switch (stage.name) {
    case 'opening':
      return <p class="govuk-body">{shared.loading}</p>;
    case 'failed':
      return <Failure error={stage.error} onRetry={open} />;
    case 'signingOut':
      return <SigningOut error={stage.error} onRetry={() => signOut(stage.why)} />;
    case 'signedOut':
      return <SignInPage police={engine.police} ended={stage.why} onSignedIn={signedIn} />;
    default:
      return (
        <SignedIn police={engine.police} presence={presence} session={stage.session} onEnd={signOut} onLost={leave} />
      );
  }
}

interface SignedInProps extends Pick<Desk, 'police' | 'session'> {
  readonly presence: Presence;
  readonly onEnd: (why: Ended) => void;
  /** Nobody is signed in any more, or somebody else is. */
  readonly onLost: () => void;
}

function SignedIn({ police: calls, presence, session, onEnd, onLost }: SignedInProps) {
  const [path, goTo] = useHash();
  const [idleSeconds, setIdleSeconds] = useState<number | null>(null);
  const toRun = useRef<string | null>(null);
  const police = useMemo(() => watchSession(calls, onLost), [calls]);
  const runs = useMemo(() => new Runs(police), [police]);
  const watchOthers = useMemo(() => (onSign: () => void) => presence.on('active', onSign), [presence]);
  // A credential that has ended already still opens its cases.
  const isReadOnly = useMemo(() => millisecondsUntil(session.expiresAt, 0, Date.now()) === 0, [session]);
  const route = parseRoute(path);

  useIdle(IDLE_MINUTES, () => onEnd('idle'), {
    onWarning: setIdleSeconds,
    warnSeconds: WARN_SECONDS,
    onSign: () => presence.sign(),
    watchOthers,
  });
  // Opening the page is a sign of the officer, too.
  useEffect(() => presence.sign(), [presence]);
  useEffect(() => {
    if (isReadOnly) return undefined;
    const timer = setTimeout(() => onEnd('expired'), millisecondsUntil(session.expiresAt, 0, Date.now()));
    return () => clearTimeout(timer);
  }, [session, isReadOnly]);
  useEffect(() => {
    if (!isReadOnly) void goOn(runs, police);
  }, [runs, isReadOnly]);

  const desk = useMemo((): Desk => {
    const go = (to: Route): void => goTo(formatRoute(to));
    return {
      police,
      session,
      isReadOnly,
      runs,
      go,
      goAndRun: (tray) => {
        toRun.current = tray;
        go({ view: 'tray', tray });
      },
      takeRun: (tray) => {
        const isAsked = toRun.current === tray;
        toRun.current = null;
        return isAsked;
      },
    };
  }, [police, session, isReadOnly, runs]);

  return (
    <DeskContext.Provider value={desk}>
      <SessionBar view={route.view} idleSeconds={idleSeconds} onSignOut={() => onEnd('self')} />
      <View route={route} />
    </DeskContext.Provider>
  );
}

/** Goes on with what a reload, a closed tab or the end of a session has interrupted. */
async function goOn(runs: Runs, police: Desk['police']): Promise<void> {
  try {
    for (const tray of await police.trays()) if (tray.isRunning) runs.start(tray.id);
  } catch {
    // The view that lists the trays says why they can't be read.
  }
}

function View({ route }: { readonly route: Route }) {
  switch (route.view) {
    case 'desk':
      return <DeskPage />;
    case 'approve':
      return <ApprovePage />;
    default:
      return <TrayPages key={route.tray} route={route} />;
  }
}
