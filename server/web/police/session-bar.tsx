/** Who is signed in and until when, where to go, and what is about to end. */
import { useEffect, useState } from 'preact/hooks';
import { Button, Notice, Tag, Untrusted, useFormats, Warning } from '../ui/index.ts';
import { useDesk, usePoliceText } from './desk-context.ts';
import { millisecondsUntil } from './form-checks.ts';
import { addressOfRoute, type Route } from './routes.ts';

/** Seconds before a credential's end at which the officer is told. */
const ENDS_SOON = 15 * 60;

interface SessionBarProps {
  readonly view: Route['view'];
  /** Seconds until an idle officer is signed out; null while there is nothing to warn of. */
  readonly idleSeconds: number | null;
  readonly onSignOut: () => void;
}

export function SessionBar({ view, idleSeconds, onSignOut }: SessionBarProps) {
  const { session, isReadOnly } = useDesk();
  const { session: text } = usePoliceText();
  const formats = useFormats();
  const endsSoon = useEndsSoon(session.expiresAt);
  return (
    <div class="bm-no-print">
      <div class="bm-room-bar">
        <nav aria-label={text.menu}>
          <ul class="bm-room-bar__list">
            <Tab route={{ view: 'desk' }} isCurrent={view !== 'approve'} label={text.desk} />
            <Tab route={{ view: 'approve' }} isCurrent={view === 'approve'} label={text.approve} />
          </ul>
        </nav>
        <Button kind="secondary" onClick={onSignOut}>
          {text.signOut}
        </Button>
        <p class="govuk-body-s bm-session">
          {session.isTestRegistry && (
            <>
              <Tag colour="yellow">{text.testRegistry}</Tag>{' '}
            </>
          )}
          {text.officer}{' '}
          <strong>
            <Untrusted text={text.signedInAs(session.officer, session.forceName)} />
          </strong>{' '}
          {text.until(formats.time(session.expiresAt))}.
        </p>
      </div>
      {isReadOnly && <Notice kind="important">{text.readOnly}</Notice>}
      {!session.isKeyKept && <Notice kind="important">{text.keyInMemory}</Notice>}
      <div role="status">
        {endsSoon && !isReadOnly && <Warning>{text.endsSoon(formats.time(session.expiresAt))}</Warning>}
      </div>
      <div role="alert">{idleSeconds !== null && <p class="bm-idle govuk-body">{text.idleSoon}</p>}</div>
    </div>
  );
}

interface TabProps {
  readonly route: Route;
  readonly isCurrent: boolean;
  readonly label: string;
}

function Tab({ route, isCurrent, label }: TabProps) {
  return (
    <li>
      <a class="govuk-link" href={addressOfRoute(route)} aria-current={isCurrent ? 'page' : undefined}>
        {label}
      </a>
    </li>
  );
}

function useEndsSoon(expiresAt: number): boolean {
  const [isSoon, setIsSoon] = useState(false);
  useEffect(() => {
    setIsSoon(false);
    const timer = setTimeout(() => setIsSoon(true), millisecondsUntil(expiresAt, ENDS_SOON, Date.now()));
    return () => clearTimeout(timer);
  }, [expiresAt]);
  return isSoon;
}
