/** The form that a lookup begins with: a reading, its cost while it is typed, and on the desk the case that it is for. */
import { useState } from 'preact/hooks';
import type { NewReading } from '../engine/police-api.ts';
import {
  Button,
  Details,
  ErrorSummary,
  Failure,
  Form,
  problemIf,
  Select,
  TextField,
  useFormErrors,
  useShared,
  useTask,
  type FormProblem,
} from '../ui/index.ts';
import { caseProblems } from './case-problems.ts';
import { useDesk, usePoliceText, useSchemeName, type PoliceText } from './desk-context.ts';
import { problemWords } from './problem.ts';
import { ReadingCost, ReadingHelp } from './reading-cost.tsx';
import { usePreview, type Preview } from './use-preview.ts';

export interface AskedReading {
  readonly reading: NewReading;
  /** Codes that the officer was shown as its cost. */
  readonly cost: number;
}

interface ReadingFormProps {
  /** Asks for the case too. */
  readonly withCase?: boolean | undefined;
  /** The case is empty unless it was asked for. */
  readonly onAsk: (asked: AskedReading, caseReference: string) => Promise<void>;
  /** Opens the case without a reading. */
  readonly onOpen?: ((caseReference: string) => Promise<void>) | undefined;
}

export function ReadingForm({ withCase = false, onAsk, onOpen }: ReadingFormProps) {
  const { session } = useDesk();
  const nameOf = useSchemeName();
  const { reading: text, desk: deskText } = usePoliceText();
  const shared = useShared();
  const [caseReference, setCaseReference] = useState('');
  const [reading, setReading] = useState('');
  const [label, setLabel] = useState('');
  const [scheme, setScheme] = useState('');
  const errors = useFormErrors<PoliceText>();
  const [isHeld, setIsHeld] = useState(false);
  const task = useTask<undefined>();
  const given: NewReading = {
    reading: reading.trim(),
    ...(label.trim() === '' ? {} : { label: label.trim() }),
    ...(scheme === '' ? {} : { scheme }),
  };
  const { preview, ask } = usePreview(given);

  const readingProblems = (seen: Preview): FormProblem<PoliceText>[] => {
    const { problem } = seen;
    if (problem === null) return [];
    return [{ id: 'reading', words: (words) => problemWords(words.problem, problem, given.reading) }];
  };

  const submit = async (): Promise<void> => {
    const isGood = errors.show([
      ...(withCase ? caseProblems(caseReference) : []),
      ...problemIf<PoliceText>(given.reading === '', 'reading', ({ reading: words }) => words.missing),
    ]);
    if (!isGood || task.isRunning) return;
    await task.run(async () => {
      const seen = preview ?? (await ask());
      if (!errors.show(readingProblems(seen))) return undefined;
      // Nothing is asked before the officer has seen what it costs; one code is what everybody expects.
      if (preview === null && seen.candidates > 1) {
        setIsHeld(true);
        return undefined;
      }
      await onAsk({ reading: given, cost: seen.candidates }, caseReference.trim());
      setReading('');
      setLabel('');
      setIsHeld(false);
      return undefined;
    });
  };
  const open = async (): Promise<void> => {
    if (!errors.show(caseProblems(caseReference)) || task.isRunning) return;
    await task.run(async () => {
      await onOpen?.(caseReference.trim());
      return undefined;
    });
  };

  return (
    <Form onSubmit={() => void submit()}>
      <ErrorSummary errors={errors.list} attempt={errors.attempt} />
      <Failure error={task.error} onRetry={() => void submit()} />
      {withCase && (
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
      )}
      <TextField
        id="reading"
        label={text.label}
        hint={text.hint}
        error={errors.of('reading')}
        value={reading}
        onInput={(value) => {
          setReading(value);
          setIsHeld(false);
        }}
        mono
        width={30}
      >
        <ReadingCost preview={preview} isHeld={isHeld} />
      </TextField>
      <Details summary={text.more}>
        <TextField
          id="exhibit"
          label={text.exhibit}
          hint={text.exhibitHint}
          value={label}
          onInput={setLabel}
          maxLength={60}
          width={20}
        />
        <Select
          id="scheme"
          label={text.scheme}
          hint={text.schemeHint}
          value={scheme}
          onChange={setScheme}
          options={[
            { value: '', label: text.anyScheme },
            ...session.schemes.map(({ id, example }) => ({ value: id, label: text.example(nameOf(id), example) })),
          ]}
        />
      </Details>
      <div class="govuk-button-group">
        <Button type="submit">{task.isRunning ? shared.loading : text.buttonCost(preview?.candidates ?? 1)}</Button>
        {onOpen !== undefined && (
          <Button kind="secondary" onClick={() => void open()}>
            {deskText.openCase}
          </Button>
        )}
      </div>
      {onOpen !== undefined && <p class="govuk-hint">{deskText.openCaseHint}</p>}
      <ReadingHelp />
    </Form>
  );
}
