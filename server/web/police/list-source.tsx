/** Where a list comes from: a file, or text that is pasted. */
import { useState } from 'preact/hooks';
import type { ListView } from '../engine/police-api.ts';
import {
  Button,
  ErrorSummary,
  Failure,
  FileField,
  Form,
  problemIf,
  Radios,
  TextArea,
  useFormErrors,
  useShared,
  useTask,
} from '../ui/index.ts';
import { useDesk, usePoliceText, type PoliceText } from './desk-context.ts';

type Source = 'file' | 'text';

export function ListSource({ onList }: { readonly onList: (list: ListView) => void }) {
  const { police } = useDesk();
  const { list: text } = usePoliceText();
  const shared = useShared();
  const [source, setSource] = useState<Source>('file');
  const [file, setFile] = useState<File | null>(null);
  const [pasted, setPasted] = useState('');
  const errors = useFormErrors<PoliceText>();
  const task = useTask<ListView>();

  const field = source === 'file' ? 'list-file' : 'list-text';
  const submit = async (): Promise<void> => {
    const isMissing = source === 'file' ? file === null : pasted.trim() === '';
    const isGood = errors.show(
      problemIf<PoliceText>(isMissing, field, ({ list: words }) =>
        source === 'file' ? words.fileMissing : words.pasteMissing,
      ),
    );
    if (!isGood || task.isRunning) return;
    const list = await task.run(async (options) => {
      const [name, bytes] =
        source === 'file' && file !== null
          ? [file.name, new Uint8Array(await file.arrayBuffer())]
          : ['list.txt', new TextEncoder().encode(pasted)];
      return police.readList({ name, bytes }, options);
    });
    if (list === undefined) return;
    if (errors.show(problemIf<PoliceText>(list.rows.length === 0, field, ({ list: words }) => words.empty)))
      onList(list);
  };

  const error = errors.of(field);
  return (
    <Form onSubmit={() => void submit()}>
      <ErrorSummary errors={errors.list} attempt={errors.attempt} />
      <Failure error={task.error} onRetry={() => void submit()} />
      <Radios
        name="list-source"
        legend={text.how}
        value={source}
        onChange={(value) => {
          setSource(value as Source);
          errors.clear();
        }}
        options={[
          { value: 'file', label: text.upload, hint: text.uploadHint },
          { value: 'text', label: text.paste },
        ]}
      />
      {source === 'file' ? (
        <FileField id="list-file" label={text.file} error={error} accept=".csv,.xlsx,.txt" onFile={setFile} />
      ) : (
        <TextArea
          id="list-text"
          label={text.pasteLabel}
          error={error}
          value={pasted}
          onInput={setPasted}
          rows={8}
          mono
        />
      )}
      <Button type="submit">{task.isRunning ? text.reading : text.read}</Button>
      <span class="govuk-visually-hidden" role="status">
        {task.isRunning ? shared.loading : ''}
      </span>
    </Form>
  );
}
