/** The public log: what the registry states of it, and how to verify that. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { Button, Failure, Notice, ProgressBar, useFormats, useTask, useText, useTitle } from '../ui/index.ts';
import { Activity } from './activity.tsx';
import { Guardians, LogNow } from './facts.tsx';
import type { LogText } from './log-text.ts';
import { readLog, type StatedLog } from './read-log.ts';
import { Unseen } from './unseen.tsx';
import { useNow } from './use-now.ts';
import { Verify } from './verify.tsx';

/** What was read, and when. */
interface Read {
  readonly log: StatedLog;
  /** Epoch seconds. */
  readonly at: number;
}

export function App() {
  const text = useText<LogText>();
  const { run, isRunning, error, result } = useTask<Read>();
  const [last, setLast] = useState<Read>();
  useTitle(text.title);
  const read = useCallback(() => {
    void run(async ({ signal }) => ({ log: await readLog(signal), at: Date.now() / 1000 }));
  }, [run]);
  useEffect(read, [read]);
  useEffect(() => {
    if (result !== undefined) setLast(result);
  }, [result]);
  // What was read before stays while it is read anew, and when that fails: its age stands beside it.
  const shown = result ?? last;
  return (
    <div class="govuk-grid-row">
      <div class="govuk-grid-column-two-thirds-from-desktop log-page">
        <h1 class="govuk-heading-l">{text.title}</h1>
        <p class="bm-lead">{text.lead}</p>
        {isRunning && shown === undefined ? <ProgressBar label={text.loading} done={0} total={0} /> : null}
        <Failure error={error} onRetry={read} />
        {shown === undefined ? null : <Log read={shown} isReading={isRunning} onRefresh={read} />}
      </div>
    </div>
  );
}

interface LogProps {
  readonly read: Read;
  /** Whether it is being read anew. */
  readonly isReading: boolean;
  readonly onRefresh: () => void;
}

function Log(props: LogProps) {
  const { log, at } = props.read;
  const text = useText<LogText>();
  const formats = useFormats();
  const now = useNow();
  return (
    <>
      <Notice title={text.stated.title} kind="important">
        <p class="govuk-body">
          {text.stated.text}{' '}
          <a class="govuk-link" href="#verify">
            {text.stated.link}
          </a>
          .
        </p>
        <p class="govuk-body log-fetched">
          <span role="status">{props.isReading ? `${text.loading}… ` : null}</span>
          {props.isReading ? null : `${text.stated.updated(formats.age(now - at))} `}
          <Button kind="link" onClick={props.onRefresh}>
            {text.refresh}
          </Button>
        </p>
      </Notice>
      <LogNow log={log} now={now} />
      <Guardians log={log} now={now} />
      <Verify size={log.size} />
      <Activity log={log} />
      <Unseen log={log} />
    </>
  );
}
