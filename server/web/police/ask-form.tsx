/** Asking for a keeper's contact. */
import { useState } from 'preact/hooks';
import type { OpeningView } from '../engine/police-api.ts';
import {
  Button,
  ErrorSummary,
  Failure,
  Form,
  problemIf,
  Radios,
  Select,
  TextArea,
  useFormErrors,
  useShared,
  useTask,
  Warning,
} from '../ui/index.ts';
import { useDesk, usePoliceText, type PoliceText } from './desk-context.ts';
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

export function AskForm({ tray, match, onAsked }: AskFormProps) {
  const { police } = useDesk();
  const { opening: text } = usePoliceText();
  const shared = useShared();
  const [reason, setReason] = useState<Reason | ''>('');
  const [explanation, setExplanation] = useState('');
  const [hours, setHours] = useState(DEFAULT_HOURS);
  const errors = useFormErrors<PoliceText>();
  const task = useTask<OpeningView>();

  const submit = async (): Promise<void> => {
    const checked = checkExplanation(explanation, reason);
    const isGood = errors.show([
      ...problemIf<PoliceText>(reason === '', 'reason', ({ opening: words }) => words.reasonMissing),
      ...problemIf<PoliceText>(checked.fault !== null, 'explanation', ({ opening: words }) =>
        checked.fault === 'missing' ? words.explanationMissing : words.explanationTooLong,
      ),
    ]);
    if (!isGood || task.isRunning || reason === '' || checked.value === null) return;
    const given = checked.value === '' ? {} : { explanation: checked.value };
    const opening = await task.run(async (options) =>
      police.askOpening({ tray, match, reason, validHours: hours, ...given }, options),
    );
    if (opening !== undefined) onAsked();
  };

  return (
    <Form onSubmit={() => void submit()}>
      <ErrorSummary errors={errors.list} attempt={errors.attempt} />
      <Failure error={task.error} onRetry={() => void submit()} />
      <Warning>{text.askText}</Warning>
      <Radios
        name="reason"
        legend={text.reason}
        error={errors.of('reason')}
        value={reason}
        onChange={(value) => setReason(value as Reason)}
        options={REASONS.map((value) => ({ value, label: text.reasons[value] }))}
      />
      <TextArea
        id="explanation"
        label={reason === 'other' ? text.explanation : shared.optional(text.explanation)}
        hint={text.explanationHint}
        error={errors.of('explanation')}
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
    </Form>
  );
}
