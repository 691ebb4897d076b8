/** Deleting a case from this browser, once it is confirmed. */
import type { TrayView } from '../engine/police-api.ts';
import { Button, Failure, useTask, Warning } from '../ui/index.ts';
import { CaseHeading } from './case-heading.tsx';
import { useDesk, usePoliceText } from './desk-context.ts';
import { addressOfRoute } from './routes.ts';

export function DeletePage({ tray }: { readonly tray: TrayView }) {
  const { police, runs, go } = useDesk();
  const { tray: text } = usePoliceText();
  const task = useTask<true>();
  const remove = async (): Promise<void> => {
    runs.stop(tray.id);
    const done = await task.run(async () => {
      await police.deleteTray({ tray: tray.id });
      return true;
    });
    if (done === true) go({ view: 'desk' });
  };
  return (
    <>
      <CaseHeading tray={tray} title={text.deleteTitle} step="delete" />
      <Failure error={task.error} onRetry={() => void remove()} />
      <Warning>{text.deleteText}</Warning>
      <div class="govuk-button-group">
        <Button kind="warning" onClick={() => void remove()}>
          {text.deleteConfirm}
        </Button>
        <a class="govuk-link" href={addressOfRoute({ view: 'tray', tray: tray.id })}>
          {text.deleteCancel}
        </a>
      </div>
    </>
  );
}
