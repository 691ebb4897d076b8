/** Takes the vault off this browser. */
import { useState } from 'preact/hooks';
import { Button, Checkbox, Failure, Form, Warning } from '../ui/index.ts';
import { problemIf, useFormErrors } from './form-errors.ts';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { otherFailure, PassphraseField, passphraseMissing, withPassphrase } from './passphrase-field.tsx';
import { useWork } from './use-work.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

export function Forget() {
  const { forget: words } = useOwnerText().vault;
  const { owner, onForgotten } = useKeeper();
  const [isSure, setIsSure] = useState(false);
  const [passphrase, setPassphrase] = useState('');
  const errors = useFormErrors();
  const task = useWork<true>();

  const submit = async (): Promise<void> => {
    const problems = [
      ...problemIf(!isSure, 'sure', ({ vault }) => vault.forget.sureMissing),
      ...passphraseMissing(passphrase),
    ];
    if (!errors.show(problems)) return;
    const isDone = await task.run(async (options) => {
      await withPassphrase(errors, async () => owner.forget({ passphrase }, options));
      return true;
    });
    if (isDone === true) onForgotten();
  };

  return (
    <View title={words.title} back="vault" errors={errors}>
      <P>{words.lead}</P>
      <Warning>{words.warning}</Warning>
      <Failure error={otherFailure(task.error)} onRetry={() => void submit()} />
      <Form onSubmit={() => void submit()}>
        <Checkbox id="sure" label={words.sure} checked={isSure} onChange={setIsSure} error={errors.of('sure')} />
        <PassphraseField label={words.passphrase} value={passphrase} onInput={setPassphrase} errors={errors} />
        <Button kind="warning" type="submit">
          {words.submit}
        </Button>
        <Working isRunning={task.isRunning} />
      </Form>
    </View>
  );
}
