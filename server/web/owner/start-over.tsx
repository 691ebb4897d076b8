/** Takes a vault off this browser whose passphrase is lost, so that its owner can begin anew from the recovery phrase. */
import { useState } from 'preact/hooks';
import type { Calls } from '../engine/calls.ts';
import type { OwnerApi } from '../engine/owner-api.ts';
import { Button, Checkbox, Failure, Form, TextField, Warning } from '../ui/index.ts';
import { problemIf, useFormErrors } from './form-errors.ts';
import { useOwnerText } from './owner-text.ts';
import { useWork } from './use-work.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

export interface StartOverProps {
  readonly owner: Calls<OwnerApi>;
  readonly onForgotten: () => void;
}

export function StartOver({ owner, onForgotten }: StartOverProps) {
  const { startOver: words } = useOwnerText().vault;
  const [isSure, setIsSure] = useState(false);
  const [typed, setTyped] = useState('');
  const errors = useFormErrors();
  const task = useWork<true>();

  const submit = async (): Promise<void> => {
    const isWrong = typed.trim().toLowerCase() !== words.word;
    const problems = [
      ...problemIf(!isSure, 'sure', ({ vault }) => vault.startOver.sureMissing),
      ...problemIf(isWrong, 'confirm', ({ vault: { startOver } }) => startOver.wrong(startOver.word)),
    ];
    if (!errors.show(problems)) return;
    const isDone = await task.run(async (options) => {
      await owner.forget({ passphrase: null }, options);
      return true;
    });
    if (isDone === true) onForgotten();
  };

  return (
    <View title={words.title} back="" errors={errors}>
      <P>{words.lead}</P>
      <Warning>{words.warning}</Warning>
      <Failure error={task.error} onRetry={() => void submit()} />
      <Form onSubmit={() => void submit()}>
        <Checkbox id="sure" label={words.sure} checked={isSure} onChange={setIsSure} error={errors.of('sure')} />
        <TextField
          id="confirm"
          label={words.label(words.word)}
          width={10}
          mono
          value={typed}
          onInput={setTyped}
          error={errors.of('confirm')}
        />
        <Button kind="warning" type="submit">
          {words.submit}
        </Button>
        <Working isRunning={task.isRunning} />
      </Form>
    </View>
  );
}
