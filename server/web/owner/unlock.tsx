/** A vault that is locked. */
import { useState } from 'preact/hooks';
import type { Calls } from '../engine/calls.ts';
import type { OwnerApi, OwnerView } from '../engine/owner-api.ts';
import { Button, Details, Failure, Form, Notice } from '../ui/index.ts';
import { useFormErrors } from './form-errors.ts';
import { useOwnerText } from './owner-text.ts';
import { otherFailure, PassphraseField, passphraseMissing, withPassphrase } from './passphrase-field.tsx';
import { useWork } from './use-work.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

/** Who locked it. */
export type LockedBy = 'self' | 'idle';

export interface UnlockProps {
  readonly owner: Calls<OwnerApi>;
  readonly lockedBy: LockedBy | null;
  readonly onOpen: (view: OwnerView) => void;
  readonly onStartOver: () => void;
}

export function Unlock({ owner, lockedBy, onOpen, onStartOver }: UnlockProps) {
  const { unlock, startOver } = useOwnerText().vault;
  const [passphrase, setPassphrase] = useState('');
  const errors = useFormErrors();
  const task = useWork<OwnerView>();

  const submit = async (): Promise<void> => {
    if (!errors.show(passphraseMissing(passphrase))) return;
    const view = await task.run(async (options) =>
      withPassphrase(errors, async () => owner.unlock({ passphrase }, options)),
    );
    if (view !== undefined) onOpen(view);
  };

  return (
    <View title={unlock.title} errors={errors}>
      {lockedBy === null ? null : (
        <Notice>
          <P>{lockedBy === 'idle' ? unlock.idle : unlock.locked}</P>
        </Notice>
      )}
      <Failure error={otherFailure(task.error)} onRetry={() => void submit()} />
      <P>{unlock.lead}</P>
      <Form onSubmit={() => void submit()}>
        <PassphraseField value={passphrase} onInput={setPassphrase} errors={errors} />
        <Button type="submit">{unlock.submit}</Button>
        <Working isRunning={task.isRunning} />
      </Form>
      <Details summary={unlock.forgotten}>
        <P>{unlock.forgottenBody}</P>
        <Button kind="secondary" onClick={onStartOver}>
          {startOver.link}
        </Button>
      </Details>
    </View>
  );
}
