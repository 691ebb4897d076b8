/** What a colleague handed over, and the case as the officer knows it. */
import { useState } from 'preact/hooks';
import type { ApprovalView } from '../engine/police-api.ts';
import { Button, Details, ErrorSummary, Failure, TextArea, TextField, useTask } from '../ui/index.ts';
import { QrReader } from '../ui/qr-reader.tsx';
import { useDesk, usePoliceText } from './desk-context.ts';
import { checkCase, checkToken } from './form-checks.ts';

/** What the officer gave to fetch a request by. */
export interface ApprovalRequest {
  readonly token: string;
  readonly caseReference: string;
}

interface ApproveFormProps {
  readonly onAsked: (request: ApprovalRequest, view: ApprovalView) => void;
}

interface Faults {
  readonly token?: string | undefined;
  readonly caseReference?: string | undefined;
}

export function ApproveForm({ onAsked }: ApproveFormProps) {
  const { police } = useDesk();
  const { approval: text, reading: readingText } = usePoliceText();
  const [token, setToken] = useState('');
  const [caseReference, setCaseReference] = useState('');
  const [faults, setFaults] = useState<Faults>({});
  const [attempt, setAttempt] = useState(0);
  const task = useTask<ApprovalView>();

  const submit = async (): Promise<void> => {
    const [checkedToken, checkedCase] = [checkToken(token), checkCase(caseReference)];
    const tokenWords = { missing: text.tokenMissing, wrong: text.tokenWrong };
    const caseWords = {
      missing: readingText.caseMissing,
      tooLong: readingText.caseTooLong(caseReference.trim().length),
    };
    setFaults({
      token: checkedToken.fault === null ? undefined : tokenWords[checkedToken.fault],
      caseReference: checkedCase.fault === null ? undefined : caseWords[checkedCase.fault],
    });
    setAttempt((count) => count + 1);
    if (task.isRunning || checkedToken.value === null || checkedCase.value === null) return;
    const request = { token: checkedToken.value, caseReference: checkedCase.value };
    const view = await task.run(async (options) => police.inspect(request, options));
    if (view !== undefined) onAsked(request, view);
  };

  const errors = [
    ...(faults.token === undefined ? [] : [{ id: 'request', message: faults.token }]),
    ...(faults.caseReference === undefined ? [] : [{ id: 'case-reference', message: faults.caseReference }]),
  ];
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <ErrorSummary errors={errors} attempt={attempt} />
      <Failure error={task.error} onRetry={() => void submit()} />
      <p class="govuk-body">{text.lead}</p>
      <TextArea
        id="request"
        label={text.token}
        hint={text.tokenHint}
        error={faults.token}
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
        error={faults.caseReference}
        value={caseReference}
        onInput={setCaseReference}
        spellCheck={false}
        width={20}
      />
      <Button type="submit">{task.isRunning ? text.looking : text.button}</Button>
    </form>
  );
}
