import { Button, Failure, Notice, ProgressBar, type Task } from '../ui/index.ts';
import { useCheckText } from './check-text.ts';

/** Offers to load all that verifying takes, for when there is no network. */
export function OfflinePart(props: { readonly task: Task<true>; readonly onLoad: () => void }) {
  const { offline: text } = useCheckText();
  const { task, onLoad } = props;
  return (
    <section aria-labelledby="offline">
      <h2 class="govuk-heading-m" id="offline">
        {text.title}
      </h2>
      {task.result === undefined ? <p class="govuk-body">{text.before}</p> : null}
      <Failure error={task.error} onRetry={onLoad} />
      {task.isRunning ? <ProgressBar label={text.loading} done={0} total={0} /> : null}
      {task.result === true ? (
        <Notice kind="success">
          <p class="govuk-body">{text.ready}</p>
        </Notice>
      ) : null}
      {task.isRunning || task.result === true || task.error !== null ? null : (
        <Button kind="secondary" id="load-checker" onClick={onLoad}>
          {text.load}
        </Button>
      )}
    </section>
  );
}
