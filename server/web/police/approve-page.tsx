/** Approving a colleague's request: what is asked is read first. */
import { useState } from 'preact/hooks';
import type { ApprovalView } from '../engine/police-api.ts';
import { Button, Notice, useFocus, useTask, useTitle } from '../ui/index.ts';
import { ApprovalReview } from './approval-review.tsx';
import { ApproveForm, type ApprovalRequest } from './approve-form.tsx';
import { usePoliceText } from './desk-context.ts';

/** @property entry of the log; null when too few guardians have answered yet */
interface Approved {
  readonly entry: number | null;
}

export function ApprovePage() {
  const { approval: text } = usePoliceText();
  const [asked, setAsked] = useState<{ readonly request: ApprovalRequest; readonly view: ApprovalView } | null>(null);
  const approved = useTask<Approved>();
  const title = titleOf(text, asked !== null, approved.result !== undefined);
  const heading = useFocus(title);
  useTitle(title);
  const again = (): void => {
    setAsked(null);
    approved.reset();
  };
  return (
    <>
      <h1 class="govuk-heading-l" ref={heading}>
        {title}
      </h1>
      {asked === null && <ApproveForm onAsked={(request, view) => setAsked({ request, view })} />}
      {asked !== null && approved.result === undefined && (
        <ApprovalReview {...asked} task={approved} onReject={again} />
      )}
      {approved.result !== undefined && (
        <>
          <Notice kind="success">
            <p class="govuk-body">
              {approved.result.entry === null ? text.doneWaiting : text.done(approved.result.entry)}
            </p>
          </Notice>
          <Button kind="secondary" onClick={again}>
            {text.another}
          </Button>
        </>
      )}
    </>
  );
}

function titleOf(text: ReturnType<typeof usePoliceText>['approval'], isShown: boolean, isApproved: boolean): string {
  if (isApproved) return text.doneTitle;
  return isShown ? text.shownTitle : text.title;
}
