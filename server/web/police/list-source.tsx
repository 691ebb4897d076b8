/** Where a list comes from: a file, or text that is pasted. */
import { useState } from 'preact/hooks';
import type { ListView } from '../engine/police-api.ts';
import { Button, ErrorSummary, Failure, FileField, Radios, TextArea, useShared, useTask } from '../ui/index.ts';
import { useDesk, usePoliceText } from './desk-context.ts';

type Source = 'file' | 'text';

export function ListSource({ onList }: { readonly onList: (list: ListView) => void }) {
  const { police } = useDesk();
  const { list: text } = usePoliceText();
  const shared = useShared();
  const [source, setSource] = useState<Source>('file');
  const [file, setFile] = useState<File | null>(null);
  const [pasted, setPasted] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const task = useTask<ListView>();

  const faultOf = (): string | null => {
    if (source === 'file') return file === null ? text.fileMissing : null;
    return pasted.trim() === '' ? text.pasteMissing : null;
  };
  const submit = async (): Promise<void> => {
    const found = faultOf();
    setFault(found);
    setAttempt((count) => count + 1);
    if (found !== null || task.isRunning) return;
    const list = await task.run(async (options) => {
      const [name, bytes] =
        source === 'file' && file !== null
          ? [file.name, new Uint8Array(await file.arrayBuffer())]
          : ['list.txt', new TextEncoder().encode(pasted)];
      return police.readList({ name, bytes }, options);
    });
    if (list === undefined) return;
    if (list.rows.length === 0) setFault(text.empty);
    else onList(list);
  };

  const field = source === 'file' ? 'list-file' : 'list-text';
  const error = fault ?? undefined;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <ErrorSummary errors={fault === null ? [] : [{ id: field, message: fault }]} attempt={attempt} />
      <Failure error={task.error} onRetry={() => void submit()} />
      <Radios
        name="list-source"
        legend={text.how}
        value={source}
        onChange={(value) => {
          setSource(value as Source);
          setFault(null);
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
    </form>
  );
}
