/** What a colleague handed over, and the case as the officer knows it. */
import { useState } from 'preact/hooks';
import type { ApprovalView } from '../engine/police-api.ts';
import {
  Button,
  Details,
  ErrorSummary,
  Failure,
  Form,
  problemIf,
  TextArea,
  TextField,
  useFormErrors,
  useTask,
} from '../ui/index.ts';
import { QrReader } from '../ui/qr-reader.tsx';
import { caseProblems } from './case-problems.ts';
import { useDesk, usePoliceText, type PoliceText } from './desk-context.ts';
import { checkCase, checkToken } from './form-checks.ts';

/** What the officer gave to fetch a request by. */
export interface ApprovalRequest {
  readonly token: string;
  readonly caseReference: string;
}

interface ApproveFormProps {
  readonly onAsked: (request: ApprovalRequest, view: ApprovalView) => void;
}

export function ApproveForm({ onAsked }: ApproveFormProps) {
  const { police } = useDesk();
  const { approval: text } = usePoliceText();
  const [token, setToken] = useState('');
  const [caseReference, setCaseReference] = useState('');
  const errors = useFormErrors<PoliceText>();
  const task = useTask<ApprovalView>();

  const submit = async (): Promise<void> => {
    const [checkedToken, checkedCase] = [checkToken(token), checkCase(caseReference)];
    const isGood = errors.show([
      ...problemIf<PoliceText>(checkedToken.fault !== null, 'request', ({ approval }) =>
        checkedToken.fault === 'missing' ? approval.tokenMissing : approval.tokenWrong,
      ),
      ...caseProblems(caseReference),
    ]);
    if (!isGood || task.isRunning || checkedToken.value === null || checkedCase.value === null) return;
    const request = { token: checkedToken.value, caseReference: checkedCase.value };
    const view = await task.run(async (options) => police.inspect(request, options));
    if (view !== undefined) onAsked(request, view);
  };

  return (
    <Form onSubmit={() => void submit()}>
      <ErrorSummary errors={errors.list} attempt={errors.attempt} />
      <Failure error={task.error} onRetry={() => void submit()} />
      <p class="govuk-body">{text.lead}</p>
      <TextArea
        id="request"
        label={text.token}
        hint={text.tokenHint}
        error={errors.of('request')}
        value={token}
        onInput={setToken}
        rows={3}
        mono
      />
      <Details summary={text.scan}>
        <QrReader id="scan" label={text.scanLabel} onText={setToken} />
      </Details>
      <TextField
        id="case-reference"
        label={text.caseLabel}
        hint={text.caseHint}
        error={errors.of('case-reference')}
        value={caseReference}
        onInput={setCaseReference}
        spellCheck={false}
        width={20}
      />
      <Button type="submit">{task.isRunning ? text.looking : text.button}</Button>
    </Form>
  );
}
