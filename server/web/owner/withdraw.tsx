/** Withdrawing a registration: for good, so it is confirmed by a word that is typed. */
import { useState } from 'preact/hooks';
import type { MarkView } from '../engine/owner-api.ts';
import { Button, Failure, Form, TextField, Warning } from '../ui/index.ts';
import { problemIf, useFormErrors } from './form-errors.ts';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { markPath } from './routes.ts';
import { useWork } from './use-work.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

export function Withdraw({ mark }: { readonly mark: MarkView }) {
  const { withdraw: words } = useOwnerText().mark;
  const { owner, putMark, goAndSay } = useKeeper();
  const [typed, setTyped] = useState('');
  const errors = useFormErrors();
  const task = useWork<MarkView>();

  const submit = async (): Promise<void> => {
    const isWrong = typed.trim().toLowerCase() !== words.word;
    if (!errors.show(problemIf(isWrong, 'confirm', ({ mark: { withdraw } }) => withdraw.wrong(withdraw.word)))) return;
    const gone = await task.run(async (options) => owner.withdraw({ mark: mark.id }, options));
    if (gone === undefined) return;
    putMark(gone);
    goAndSay(markPath(mark.id), (text) => text.mark.withdraw.done);
  };

  return (
    <View title={words.title} caption={mark.code} back={markPath(mark.id)} errors={errors}>
      <P>{words.lead}</P>
      <Warning>{words.warning}</Warning>
      <P>{words.keep}</P>
      <Failure error={task.error} onRetry={() => void submit()} />
      <Form onSubmit={() => void submit()}>
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
        <Working isRunning={task.isRunning} label={words.working} />
      </Form>
    </View>
  );
}
