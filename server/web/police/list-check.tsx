/** A list that was read: which column is which, what can't be looked up, and what the rest will cost. */
import { useMemo, useState } from 'preact/hooks';
import type { ListView, TrayView } from '../engine/police-api.ts';
import { Button, Checkbox, Failure, Form, Select, useShared, useTask } from '../ui/index.ts';
import { useDesk, usePoliceText, useSchemeName } from './desk-context.ts';
import { ListOutcome } from './list-outcome.tsx';
import { chooseColumns, partProblems, plainText, readingsOf, type ListChoice } from './list-rows.ts';
import { useListPreview } from './use-list-preview.ts';

interface ListCheckProps {
  readonly tray: TrayView;
  readonly list: ListView;
  readonly onChange: (tray: TrayView) => void;
  readonly onBack: () => void;
}

export function ListCheck({ tray, list, onChange, onBack }: ListCheckProps) {
  const { police, session, go } = useDesk();
  const { list: text } = usePoliceText();
  const shared = useShared();
  const [choice, setChoice] = useState<ListChoice>(() => chooseColumns(list));
  const [leadingZerosLost, setLeadingZerosLost] = useState(list.columns.length > 1);
  const rows = useMemo(
    () => readingsOf(list, choice, session.schemes, text.rowName),
    [list, choice, session.schemes, text],
  );
  const preview = useListPreview(rows.readings, leadingZerosLost);
  const task = useTask<TrayView>();
  const shown = preview.result?.of === rows.readings ? preview.result : null;
  const parted = useMemo(() => (shown === null ? null : partProblems(rows.readings, shown.readings)), [shown, rows]);

  const add = async (): Promise<void> => {
    if (parted === null || task.isRunning) return;
    const readings = parted.good.map(({ label, reading, scheme }) => ({ label, reading, scheme }));
    const changed = await task.run(async () => police.addReadings({ tray: tray.id, readings, leadingZerosLost }));
    if (changed === undefined) return;
    onChange(changed);
    go({ view: 'tray', tray: tray.id });
  };

  return (
    <Form onSubmit={() => void add()}>
      <Columns list={list} choice={choice} onChange={setChoice} />
      <Checkbox id="leading-zeros" label={text.zeros} checked={leadingZerosLost} onChange={setLeadingZerosLost} />
      <Failure error={preview.error ?? task.error} />
      <div role="status">{parted === null && preview.error === null ? shared.loading : null}</div>
      {shown !== null && parted !== null && <ListOutcome rows={rows} preview={shown} {...parted} />}
      <div class="govuk-button-group">
        {parted !== null && parted.good.length > 0 && (
          <Button type="submit">{task.isRunning ? shared.loading : text.add(parted.good.length)}</Button>
        )}
        <Button kind="secondary" onClick={onBack}>
          {text.back}
        </Button>
      </div>
    </Form>
  );
}

interface ColumnsProps {
  readonly list: ListView;
  readonly choice: ListChoice;
  readonly onChange: (choice: ListChoice) => void;
}

function Columns({ list, choice, onChange }: ColumnsProps) {
  const { session } = useDesk();
  const nameOf = useSchemeName();
  const { list: text, reading: readingText } = usePoliceText();
  // A pasted list has no columns to choose from.
  const hasChoice = list.columns.length > 1;
  const columns = list.columns.map((column) => ({ value: column, label: plainText(column) }));
  const others = [{ value: '', label: text.noColumn }, ...columns.filter(({ value }) => value !== choice.reading)];
  return (
    <>
      {hasChoice && (
        <>
          <Select
            id="column"
            label={text.column}
            value={choice.reading}
            onChange={(readingColumn) =>
              onChange({ ...chooseColumns({ ...list, readingColumn }), defaultScheme: choice.defaultScheme })
            }
            options={columns}
          />
          <Select
            id="label-column"
            label={text.labelColumn}
            value={choice.label ?? ''}
            onChange={(label) => onChange({ ...choice, label: label || null })}
            options={others}
          />
          <Select
            id="scheme-column"
            label={text.schemeColumn}
            value={choice.scheme ?? ''}
            onChange={(scheme) => onChange({ ...choice, scheme: scheme || null })}
            options={others}
          />
        </>
      )}
      <Select
        id="default-scheme"
        label={choice.scheme === null ? readingText.scheme : text.scheme}
        value={choice.defaultScheme ?? ''}
        onChange={(scheme) => onChange({ ...choice, defaultScheme: scheme || null })}
        options={[
          { value: '', label: readingText.anyScheme },
          ...session.schemes.map(({ id, example }) => ({
            value: id,
            label: readingText.example(nameOf(id), example),
          })),
        ]}
      />
    </>
  );
}
