/** The passphrase of a new vault: typed twice, its strength in words. */
import { useState } from 'preact/hooks';
import type { Calls } from '../engine/calls.ts';
import type { OwnerApi, OwnerView } from '../engine/owner-api.ts';
import { Button, Failure, Form, TextField } from '../ui/index.ts';
import { useFormErrors } from './form-errors.ts';
import { useOwnerText } from './owner-text.ts';
import { passphraseProblem, passphraseStrength } from './passphrase-strength.ts';
import { useWork } from './use-work.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

export interface PassphraseStepProps {
  readonly owner: Calls<OwnerApi>;
  readonly phrase: string;
  readonly back: string;
  readonly onDone: (view: OwnerView) => void;
}

export function PassphraseStep({ owner, phrase, back, onDone }: PassphraseStepProps) {
  const { passphrase: words } = useOwnerText().vault;
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const errors = useFormErrors();
  const task = useWork<OwnerView>();

  const submit = async (): Promise<void> => {
    const problem = passphraseProblem(passphrase, again);
    const id = problem === 'different' ? 'passphrase-again' : 'passphrase';
    const problems = problem === null ? [] : [{ id, words: ({ vault }: OwnerWords) => vault.passphrase[problem] }];
    if (!errors.show(problems)) return;
    const view = await task.run(async (options) => owner.create({ phrase, passphrase }, options));
    if (view !== undefined) onDone(view);
  };

  return (
    <View title={words.title} back={back} errors={errors}>
      <P>{words.lead}</P>
      <Failure error={task.error} onRetry={() => void submit()} />
      <Form onSubmit={() => void submit()}>
        <TextField
          id="passphrase"
          label={words.label}
          hint={words.hint}
          type="password"
          autoComplete="new-password"
          width={20}
          value={passphrase}
          onInput={setPassphrase}
          error={errors.of('passphrase')}
        >
          <Strength passphrase={passphrase} isRefused={errors.of('passphrase') !== undefined} />
        </TextField>
        <TextField
          id="passphrase-again"
          label={words.again}
          type="password"
          autoComplete="new-password"
          width={20}
          value={again}
          onInput={setAgain}
          error={errors.of('passphrase-again')}
        />
        <Button type="submit">{words.submit}</Button>
        <Working isRunning={task.isRunning} label={words.making} />
      </Form>
    </View>
  );
}

type OwnerWords = ReturnType<typeof useOwnerText>;

function Strength({ passphrase, isRefused }: { readonly passphrase: string; readonly isRefused: boolean }) {
  const { passphrase: words } = useOwnerText().vault;
  const measured = passphrase === '' ? null : passphraseStrength(passphrase);
  // Above the field it is said already.
  const strength = isRefused && measured === 'tooShort' ? null : measured;
  return (
    <p class={`govuk-body-s bm-strength${strength === null ? '' : ` bm-strength--${strength}`}`} role="status">
      {strength === null ? '' : strength === 'tooShort' ? words.tooShort : `${words.strength}: ${words[strength]}`}
    </p>
  );
}
