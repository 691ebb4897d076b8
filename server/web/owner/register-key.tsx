/** The activation key from the pack: typed, pasted or read from a QR code. */
import { useState } from 'preact/hooks';
import { Button, codeOf, Details, Failure, Form, Inset, TextField, useShared } from '../ui/index.ts';
import { QrReader } from '../ui/qr-reader.tsx';
import { problemIf, useFormErrors } from './form-errors.ts';
import { useKeeper, type Words } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { completed, stepAfter } from './register-draft.ts';
import { StepView } from './step-view.tsx';
import { useWork } from './use-work.ts';
import { P } from './view.tsx';
import { Working } from './working.tsx';

/** What is wrong with the key itself; anything else is a failure of its own. */
const WRONG: Readonly<Record<string, Words>> = {
  badActivationKey: ({ register }) => register.key.bad,
  badRoster: ({ register }) => register.key.otherRegistry,
};

export function KeyStep() {
  const { key: words, register } = useOwnerText().register;
  const shared = useShared();
  const { owner, draft, setDraft, go } = useKeeper();
  const [typed, setTyped] = useState(draft.activationKey);
  const errors = useFormErrors();
  const task = useWork<string>();

  const submit = async (): Promise<void> => {
    const isMissing = typed.trim() === '';
    if (!errors.show(problemIf(isMissing, 'activation-key', (text) => text.register.key.missing))) return;
    const display = await task.run(async (options) => {
      try {
        return (await owner.checkActivationKey({ text: typed }, options)).display;
      } catch (error) {
        const wrong = WRONG[codeOf(error)];
        if (wrong !== undefined) errors.show([{ id: 'activation-key', words: wrong }]);
        throw error;
      }
    });
    if (display === undefined) return;
    setDraft(completed({ ...draft, activationKey: display }, 'key'));
    go(`register/${stepAfter(draft, 'key')}`);
  };

  return (
    <StepView step="key" title={words.title} errors={errors}>
      <P>{words.lead}</P>
      <Inset>{register.draft}</Inset>
      {WRONG[codeOf(task.error)] === undefined ? <Failure error={task.error} onRetry={() => void submit()} /> : null}
      <Form onSubmit={() => void submit()}>
        <TextField
          id="activation-key"
          label={words.label}
          hint={words.hint}
          mono
          width={30}
          value={typed}
          onInput={setTyped}
          error={errors.of('activation-key')}
        />
        <Details summary={words.scan}>
          <QrReader
            id="key-qr"
            label={words.scanLabel}
            onText={(text) => {
              errors.clear();
              setTyped(text.trim());
            }}
          />
        </Details>
        <Button type="submit">{shared.continue}</Button>
        <Working isRunning={task.isRunning} label={words.checking} />
      </Form>
      <P>{words.uses}</P>
    </StepView>
  );
}
