/** A vault from a file that another browser has saved. */
import { useState } from 'preact/hooks';
import type { Calls } from '../engine/calls.ts';
import type { OwnerApi, OwnerView } from '../engine/owner-api.ts';
import { Button, Failure, FileField, Form, Untrusted } from '../ui/index.ts';
import { problemIf, useFormErrors } from './form-errors.ts';
import { useOwnerText } from './owner-text.ts';
import { otherFailure, PassphraseField, passphraseMissing, withPassphrase } from './passphrase-field.tsx';
import { useWork } from './use-work.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

export interface ImportVaultProps {
  readonly owner: Calls<OwnerApi>;
  readonly onDone: (view: OwnerView) => void;
}

interface Chosen {
  readonly name: string;
  readonly text: string;
}

export function ImportVault({ owner, onDone }: ImportVaultProps) {
  const words = useOwnerText().vault.import;
  const [file, setFile] = useState<Chosen | null>(null);
  const [passphrase, setPassphrase] = useState('');
  const errors = useFormErrors();
  const task = useWork<OwnerView>();

  const choose = async (chosen: File): Promise<void> => {
    try {
      setFile({ name: chosen.name, text: await chosen.text() });
      errors.show([]);
    } catch {
      setFile(null);
      errors.show([{ id: 'vault-file', words: ({ vault }) => vault.import.unreadable }]);
    }
  };
  const submit = async (): Promise<void> => {
    const problems = [
      ...problemIf(file === null, 'vault-file', ({ vault }) => vault.import.fileMissing),
      ...passphraseMissing(passphrase),
    ];
    if (!errors.show(problems) || file === null) return;
    const view = await task.run(async (options) =>
      withPassphrase(errors, async () => owner.importVault({ text: file.text, passphrase }, options)),
    );
    if (view !== undefined) onDone(view);
  };

  return (
    <View title={words.title} back="" errors={errors}>
      <P>{words.lead}</P>
      <Failure error={otherFailure(task.error)} onRetry={() => void submit()} />
      <Form onSubmit={() => void submit()}>
        <FileField
          id="vault-file"
          label={words.file}
          onFile={(chosen) => void choose(chosen)}
          error={errors.of('vault-file')}
        />
        <p class="govuk-body" role="status">
          {file === null ? '' : <Untrusted text={words.chosen(file.name)} />}
        </p>
        <PassphraseField label={words.passphrase} value={passphrase} onInput={setPassphrase} errors={errors} />
        <Button type="submit">{words.submit}</Button>
        <Working isRunning={task.isRunning} />
      </Form>
    </View>
  );
}
