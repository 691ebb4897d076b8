/** What looking up a tray will cost, and how far it is. */
import { useEffect, useState } from 'preact/hooks';
import type { TrayView } from '../engine/police-api.ts';
import { asFailure, Button, Failure, Notice, ProgressBar } from '../ui/index.ts';
import { useDesk, usePoliceText } from './desk-context.ts';
import { useRun } from './use-tray.ts';
import { countVerdicts } from './verdict.ts';

export function RunPanel({ tray }: { readonly tray: TrayView }) {
  const run = useRun(tray.id);
  const code = asFailure(run.error)?.code;
  const { run: text } = usePoliceText();
  const { runs, isReadOnly } = useDesk();
  if (run.isRunning) return <Running tray={tray} />;
  const { waiting } = countVerdicts(tray.list);
  return (
    <>
      {code === 'cancelled' ? (
        <Notice>
          <p class="govuk-body" role="status">
            {text.stopped}
          </p>
        </Notice>
      ) : (
        <Failure error={run.error} onRetry={() => runs.start(tray.id)} />
      )}
      {waiting > 0 && !isReadOnly && <Waiting tray={tray} waiting={waiting} />}
    </>
  );
}

function Waiting({ tray, waiting }: { readonly tray: TrayView; readonly waiting: number }) {
  const { session, runs } = useDesk();
  const { run: text } = usePoliceText();
  const { cost } = tray;
  return (
    <Notice title={text.waiting(waiting)}>
      {cost === 0 ? (
        <p class="govuk-body">{text.nothingToAsk}</p>
      ) : (
        <>
          <p class="govuk-body">{text.cost(cost, session.codesPerDay)}</p>
          {cost > session.codesPerDay && <p class="govuk-body">{text.overQuota(cost, session.codesPerDay)}</p>}
          <Button onClick={() => runs.start(tray.id)}>{text.button(cost)}</Button>
        </>
      )}
    </Notice>
  );
}

function Running({ tray }: { readonly tray: TrayView }) {
  const { runs } = useDesk();
  const { run: text } = usePoliceText();
  const { progress } = useRun(tray.id);
  const isOnline = useIsOnline();
  const total = progress?.total ?? 0;
  return (
    <Notice>
      <ProgressBar
        label={text.going}
        done={progress?.done ?? 0}
        total={total}
        secondsLeft={progress?.secondsLeft ?? null}
        onCancel={() => runs.stop(tray.id)}
      />
      <div role="status">
        {(progress?.phase === 'waiting' || !isOnline) && <p class="govuk-body">{text.offline}</p>}
      </div>
      <p class="govuk-body-s">{text.keeps}</p>
    </Notice>
  );
}

function useIsOnline(): boolean {
  const [isOnline, setIsOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = (): void => setIsOnline(navigator.onLine);
    addEventListener('online', look);
    addEventListener('offline', look);
    return () => {
      removeEventListener('online', look);
      removeEventListener('offline', look);
    };
  }, []);
  return isOnline;
}
