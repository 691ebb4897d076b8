/** What became of the property: stolen, lost, found again, or with its keeper. */
import { useState } from 'preact/hooks';
import type { MarkView, Status } from '../engine/owner-api.ts';
import { Button, Failure, Form, Radios } from '../ui/index.ts';
import { problemIf, useFormErrors } from './form-errors.ts';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { markPath } from './routes.ts';
import { useWork } from './use-work.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

/** What may follow a status. Nothing is found again that was not gone. */
const NEXT: Readonly<Record<Status, readonly Status[]>> = {
  withKeeper: ['stolen', 'lost'],
  stolen: ['recovered', 'withKeeper', 'lost'],
  lost: ['recovered', 'withKeeper', 'stolen'],
  recovered: ['withKeeper', 'stolen', 'lost'],
};

export function ReportStatus({ mark }: { readonly mark: MarkView }) {
  const { report: words } = useOwnerText().mark;
  const { owner, putMark, goAndSay } = useKeeper();
  const [choice, setChoice] = useState<Status | ''>('');
  const errors = useFormErrors();
  const task = useWork<MarkView>();

  const submit = async (): Promise<void> => {
    if (!errors.show(problemIf(choice === '', 'status', (text) => text.mark.report.missing)) || choice === '') return;
    const changed = await task.run(async (options) => owner.setStatus({ mark: mark.id, status: choice }, options));
    if (changed === undefined) return;
    putMark(changed);
    goAndSay(markPath(mark.id), (text) => text.mark.mark.changed);
  };

  return (
    <View title={words.title} caption={mark.code} back={markPath(mark.id)} errors={errors}>
      <P>{words.lead}</P>
      <Failure error={task.error} onRetry={() => void submit()} />
      <Form onSubmit={() => void submit()}>
        <Radios
          name="status"
          legend={words.legend}
          value={choice}
          onChange={(status) => setChoice(status as Status)}
          error={errors.of('status')}
          options={NEXT[mark.status].map((status) => ({
            value: status,
            label: words[status],
            hint: words[`${status}Hint`],
          }))}
        />
        <Button type="submit">{words.submit}</Button>
        <Working isRunning={task.isRunning} label={words.working} />
      </Form>
    </View>
  );
}
