/** What a colleague asks for, as it was signed; and the decision. */
import type { ApprovalView } from '../engine/police-api.ts';
import { Button, Failure, Notice, SummaryList, Untrusted, useFormats, Warning, type Task } from '../ui/index.ts';
import type { ApprovalRequest } from './approve-form.tsx';
import { useDesk, usePoliceText } from './desk-context.ts';

interface ApprovalReviewProps {
  readonly request: ApprovalRequest;
  readonly view: ApprovalView;
  readonly task: Task<{ readonly entry: number | null }>;
  readonly onReject: () => void;
}

export function ApprovalReview({ request, view, task, onReject }: ApprovalReviewProps) {
  const { police } = useDesk();
  const { approval: text, opening, reading } = usePoliceText();
  const formats = useFormats();
  const { status, reason, askedBy, match, expiresAt } = view;
  const approve = async (): Promise<void> => {
    if (task.isRunning) return;
    await task.run(async (options) => ({ entry: await police.approve(request, options) }));
  };
  const reasons: Readonly<Record<string, string>> = opening.reasons;
  return (
    <>
      <SummaryList
        rows={[
          { key: reading.caseLabel, value: <Untrusted text={request.caseReference} /> },
          { key: text.askedBy, value: <Untrusted text={askedBy} /> },
          { key: text.reason, value: reasons[reason] ?? <Untrusted text={reason} /> },
          { key: text.match, value: text.matchEntry(match) },
          { key: text.until, value: formats.time(expiresAt) },
        ]}
      />
      <Failure error={task.error} onRetry={() => void approve()} />
      {status === 'pending' ? (
        <>
          <Warning>{text.consequence}</Warning>
          <div class="govuk-button-group">
            <Button onClick={() => void approve()}>{task.isRunning ? text.approving : text.approve}</Button>
            <Button kind="secondary" onClick={onReject}>
              {text.reject}
            </Button>
          </div>
        </>
      ) : (
        <>
          <Notice kind="important">
            <p class="govuk-body">{text.already[status]}</p>
          </Notice>
          <Button kind="secondary" onClick={onReject}>
            {text.another}
          </Button>
        </>
      )}
    </>
  );
}
