/** Before there is a vault: a new one, one from a recovery phrase, or one from a file. What is typed is in memory alone. */
import { useState } from 'preact/hooks';
import type { Calls } from '../engine/calls.ts';
import type { OwnerApi, OwnerView } from '../engine/owner-api.ts';
import { Button, Form, Radios, useShared, type Go } from '../ui/index.ts';
import { ImportVault } from './import-vault.tsx';
import { problemIf, useFormErrors } from './form-errors.ts';
import type { Words } from './keeper.ts';
import { ConfirmPhrase, ShowPhrase } from './new-phrase.tsx';
import { useOwnerText } from './owner-text.ts';
import { PassphraseStep } from './passphrase-step.tsx';
import { RestorePhrase } from './restore-phrase.tsx';
import { P, View } from './view.tsx';

export interface EntryProps {
  readonly owner: Calls<OwnerApi>;
  readonly path: string;
  readonly go: Go;
  readonly onOpen: (view: OwnerView, next: { readonly path: string; readonly words: Words }) => void;
}

export function Entry({ owner, path, go, onOpen }: EntryProps) {
  /** New words, and whether three of them were typed again. */
  const [made, setMade] = useState<{ readonly words: readonly string[]; readonly isConfirmed: boolean } | null>(null);
  const [restored, setRestored] = useState<string | null>(null);

  switch (path) {
    case 'new/confirm':
    case 'new/passphrase':
    case 'new':
      // After a reload there are other words, and they begin anew.
      if (made === null || path === 'new') {
        return (
          <ShowPhrase
            owner={owner}
            words={made?.words ?? null}
            onWords={(words) => setMade({ words, isConfirmed: false })}
            onDone={() => go('new/confirm')}
          />
        );
      }
      if (path === 'new/confirm' || !made.isConfirmed) {
        return (
          <ConfirmPhrase
            words={made.words}
            onDone={() => {
              setMade({ ...made, isConfirmed: true });
              go('new/passphrase');
            }}
          />
        );
      }
      return (
        <PassphraseStep
          owner={owner}
          phrase={made.words.join(' ')}
          back="new"
          onDone={(view) => onOpen(view, { path: '', words: ({ vault }) => vault.made.new })}
        />
      );
    case 'restore/passphrase':
    case 'restore':
      if (restored === null || path === 'restore') {
        return (
          <RestorePhrase
            owner={owner}
            onDone={(phrase) => {
              setRestored(phrase);
              go('restore/passphrase');
            }}
          />
        );
      }
      return (
        <PassphraseStep
          owner={owner}
          phrase={restored}
          back="restore"
          onDone={(view) => onOpen(view, { path: 'find', words: ({ vault }) => vault.made.restored })}
        />
      );
    case 'import':
      return (
        <ImportVault
          owner={owner}
          onDone={(view) => onOpen(view, { path: '', words: ({ vault }) => vault.made.imported })}
        />
      );
    default:
      return <Welcome go={go} />;
  }
}

function Welcome({ go }: { readonly go: Go }) {
  const { welcome } = useOwnerText().vault;
  const shared = useShared();
  const [choice, setChoice] = useState('');
  const errors = useFormErrors();
  const submit = (): void => {
    if (errors.show(problemIf(choice === '', 'begin', ({ vault }) => vault.welcome.chooseError))) go(choice);
  };
  return (
    <View title={welcome.title} errors={errors}>
      <p class="govuk-body-l">{welcome.lead}</p>
      <P>{welcome.vault}</P>
      <Form onSubmit={submit}>
        <Radios
          name="begin"
          legend={welcome.choose}
          value={choice}
          onChange={setChoice}
          error={errors.of('begin')}
          options={[
            { value: 'new', label: welcome.new, hint: welcome.newHint },
            { value: 'restore', label: welcome.restore, hint: welcome.restoreHint },
            { value: 'import', label: welcome.import, hint: welcome.importHint },
          ]}
        />
        <Button type="submit">{shared.continue}</Button>
      </Form>
    </View>
  );
}
