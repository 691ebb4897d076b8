/** Finds a registration again, from the recovery phrase and its code. */
import { useState } from 'preact/hooks';
import type { MarkView } from '../engine/owner-api.ts';
import { Button, codeOf, Failure, Form, Inset } from '../ui/index.ts';
import { checkProblems, useCodeCheck } from './code-check.ts';
import { CodeFields } from './code-fields.tsx';
import { useFormErrors } from './form-errors.ts';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { codeText, EMPTY_CODE, type CodeDraft } from './register-draft.ts';
import { markPath } from './routes.ts';
import { useWork } from './use-work.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

export function FindMark() {
  const { find: words } = useOwnerText().register;
  const { owner, setView, goAndSay } = useKeeper();
  const [code, setCode] = useState(EMPTY_CODE);
  const errors = useFormErrors();
  const check = useCodeCheck(owner, code);
  const task = useWork<MarkView>();

  const change = (next: CodeDraft): void => {
    // An error of another code would contradict what is said of this one.
    errors.clear();
    setCode(next);
  };
  const submit = async (): Promise<void> => {
    task.reset();
    const checked = await check.now();
    if (checked === undefined) return;
    if (!errors.show(await checkProblems(owner, code, checked.view, false)) || checked.view?.state !== 'complete')
      return;
    const { scheme } = checked.view;
    const mark = await task.run(async (options) => {
      const found = await owner.recover({ code: codeText({ ...code, scheme }), scheme }, options);
      setView(await owner.view());
      return found;
    });
    if (mark === undefined) return;
    goAndSay(markPath(mark.id), (text) => text.register.find.found(mark.code));
  };

  const isNone = codeOf(task.error) === 'notFound';
  return (
    <View title={words.title} back="" errors={errors}>
      <P>{words.lead}</P>
      <Failure error={check.error} onRetry={() => void submit()} />
      {isNone ? (
        <div role="alert">
          <Inset>{words.none}</Inset>
        </div>
      ) : (
        <Failure error={task.error} onRetry={() => void submit()} />
      )}
      <Form onSubmit={() => void submit()}>
        <CodeFields code={code} onCode={change} check={check.view} errors={errors} />
        <Button type="submit">{words.submit}</Button>
        <Working isRunning={task.isRunning} label={words.working} />
      </Form>
    </View>
  );
}
