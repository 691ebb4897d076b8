/** The code of the mark: checked while it is typed, and typed twice where nothing else vouches for it. */
import { useState } from 'preact/hooks';
import { Button, Failure, Form, useShared } from '../ui/index.ts';
import { CodeFields } from './code-fields.tsx';
import { checkProblems, useCodeCheck } from './code-check.ts';
import { useFormErrors } from './form-errors.ts';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { completed, stepAfter, withCode, type CodeDraft } from './register-draft.ts';
import { StepView } from './step-view.tsx';
import { P } from './view.tsx';

export function CodeStep() {
  const { code: words } = useOwnerText().register;
  const shared = useShared();
  const { owner, draft, setDraft, go } = useKeeper();
  const [code, setCode] = useState(draft.code);
  const errors = useFormErrors();
  const check = useCodeCheck(owner, code);

  const change = (next: CodeDraft): void => {
    // An error of another code would contradict what is said of this one.
    errors.clear();
    setCode(next);
  };
  const submit = async (): Promise<void> => {
    const checked = await check.now();
    if (checked === undefined) return;
    if (!errors.show(await checkProblems(owner, code, checked.view)) || checked.view?.state !== 'complete') return;
    const isSame = draft.whole?.display === checked.view.display && draft.whole.scheme === checked.view.scheme;
    const changed = isSame ? { ...draft, code } : withCode(draft, code);
    setDraft(completed({ ...changed, whole: checked.view, reached: isSame ? draft.reached : changed.reached }, 'code'));
    go(`register/${stepAfter(draft, 'code')}`);
  };

  return (
    <StepView step="code" title={words.title} errors={errors}>
      <P>{words.lead}</P>
      <Failure error={check.error} onRetry={() => void submit()} />
      <Form onSubmit={() => void submit()}>
        <CodeFields code={code} onCode={change} check={check.view} errors={errors} isTypedAgain />
        <Button type="submit">{shared.continue}</Button>
      </Form>
    </StepView>
  );
}
