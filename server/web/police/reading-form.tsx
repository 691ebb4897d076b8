/** The form that a lookup begins with: a reading, its cost while it is typed, and on the desk the case that it is for. */
import { useState } from 'preact/hooks';
import type { NewReading } from '../engine/police-api.ts';
import { Button, Details, ErrorSummary, Failure, Select, TextField, useShared, useTask } from '../ui/index.ts';
import { useDesk, usePoliceText, useSchemeName, type PoliceText } from './desk-context.ts';
import { checkCase } from './form-checks.ts';
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

/** Faults by field. */
interface Faults {
  readonly caseReference?: string | undefined;
  readonly reading?: string | undefined;
}

const wordsOfCase = (text: PoliceText['reading'], value: string): string | undefined => {
  const { fault } = checkCase(value);
  if (fault === null) return undefined;
  return fault === 'missing' ? text.caseMissing : text.caseTooLong(value.trim().length);
};

export function ReadingForm({ withCase = false, onAsk, onOpen }: ReadingFormProps) {
  const { session } = useDesk();
  const nameOf = useSchemeName();
  const { reading: text, desk: deskText, problem: problems } = usePoliceText();
  const shared = useShared();
  const [caseReference, setCaseReference] = useState('');
  const [reading, setReading] = useState('');
  const [label, setLabel] = useState('');
  const [scheme, setScheme] = useState('');
  const [faults, setFaults] = useState<Faults>({});
  const [attempt, setAttempt] = useState(0);
  const [isHeld, setIsHeld] = useState(false);
  const task = useTask<undefined>();
  const given: NewReading = {
    reading: reading.trim(),
    ...(label.trim() === '' ? {} : { label: label.trim() }),
    ...(scheme === '' ? {} : { scheme }),
  };
  const { preview, ask } = usePreview(given);

  const refuse = (found: Faults): boolean => {
    setFaults(found);
    setAttempt((count) => count + 1);
    return found.caseReference !== undefined || found.reading !== undefined;
  };
  const wordsOfReading = (seen: Preview): string | undefined =>
    seen.problem === null ? undefined : problemWords(problems, seen.problem, given.reading);

  const submit = async (): Promise<void> => {
    const caseFault = withCase ? wordsOfCase(text, caseReference) : undefined;
    const missing = given.reading === '' ? text.missing : undefined;
    if (task.isRunning || refuse({ caseReference: caseFault, reading: missing })) return;
    await task.run(async () => {
      const seen = preview ?? (await ask());
      if (refuse({ reading: wordsOfReading(seen) })) return undefined;
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
    if (task.isRunning || refuse({ caseReference: wordsOfCase(text, caseReference) })) return;
    await task.run(async () => {
      await onOpen?.(caseReference.trim());
      return undefined;
    });
  };

  const errors = [
    ...(faults.caseReference === undefined ? [] : [{ id: 'case-reference', message: faults.caseReference }]),
    ...(faults.reading === undefined ? [] : [{ id: 'reading', message: faults.reading }]),
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
      {withCase && (
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
      )}
      <TextField
        id="reading"
        label={text.label}
        hint={text.hint}
        error={faults.reading}
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
    </form>
  );
}
