/** Asking for a keeper's contact. */
import { useState } from 'preact/hooks';
import type { OpeningView } from '../engine/police-api.ts';
import { Button, ErrorSummary, Failure, Radios, Select, TextArea, useShared, useTask, Warning } from '../ui/index.ts';
import { useDesk, usePoliceText } from './desk-context.ts';
import { checkExplanation } from './form-checks.ts';

/** As `REASONS` of the SDK. */
const REASONS = ['returnProperty', 'suspectedTheft', 'safety', 'courtOrder', 'other'] as const;
type Reason = (typeof REASONS)[number];

const HOURS = [1, 2, 4, 8, 12, 24];
const DEFAULT_HOURS = 4;

interface AskFormProps {
  readonly tray: string;
  readonly match: number;
  readonly onAsked: () => void;
}

interface Faults {
  readonly reason?: string | undefined;
  readonly explanation?: string | undefined;
}

export function AskForm({ tray, match, onAsked }: AskFormProps) {
  const { police } = useDesk();
  const { opening: text } = usePoliceText();
  const shared = useShared();
  const [reason, setReason] = useState<Reason | ''>('');
  const [explanation, setExplanation] = useState('');
  const [hours, setHours] = useState(DEFAULT_HOURS);
  const [faults, setFaults] = useState<Faults>({});
  const [attempt, setAttempt] = useState(0);
  const task = useTask<OpeningView>();

  const submit = async (): Promise<void> => {
    const checked = checkExplanation(explanation, reason);
    const words = { missing: text.explanationMissing, tooLong: text.explanationTooLong };
    const found: Faults = {
      reason: reason === '' ? text.reasonMissing : undefined,
      explanation: checked.fault === null ? undefined : words[checked.fault],
    };
    setFaults(found);
    setAttempt((count) => count + 1);
    if (task.isRunning || reason === '' || checked.value === null) return;
    const given = checked.value === '' ? {} : { explanation: checked.value };
    const opening = await task.run(async (options) =>
      police.askOpening({ tray, match, reason, validHours: hours, ...given }, options),
    );
    if (opening !== undefined) onAsked();
  };

  const errors = [
    ...(faults.reason === undefined ? [] : [{ id: 'reason', message: faults.reason }]),
    ...(faults.explanation === undefined ? [] : [{ id: 'explanation', message: faults.explanation }]),
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
      <Warning>{text.askText}</Warning>
      <Radios
        name="reason"
        legend={text.reason}
        error={faults.reason}
        value={reason}
        onChange={(value) => setReason(value as Reason)}
        options={REASONS.map((value) => ({ value, label: text.reasons[value] }))}
      />
      <TextArea
        id="explanation"
        label={reason === 'other' ? text.explanation : shared.optional(text.explanation)}
        hint={text.explanationHint}
        error={faults.explanation}
        value={explanation}
        onInput={setExplanation}
        rows={3}
      />
      <Select
        id="hours"
        label={text.hours}
        hint={text.hoursHint}
        value={String(hours)}
        onChange={(value) => setHours(Number(value))}
        options={HOURS.map((count) => ({ value: String(count), label: text.hoursOption(count) }))}
      />
      <Button type="submit">{task.isRunning ? text.asking : text.ask}</Button>
    </form>
  );
}
