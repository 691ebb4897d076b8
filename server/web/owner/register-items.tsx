/** What is marked with the code, and where it is now. */
import { Button, Form, Radios, useShared } from '../ui/index.ts';
import { useState } from 'preact/hooks';
import { inWords, useFormErrors } from './form-errors.ts';
import { ItemsFields } from './items-fields.tsx';
import { itemProblems } from './item-form.ts';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { completed, stepAfter, type RegisterDraft } from './register-draft.ts';
import { StepView } from './step-view.tsx';
import { P } from './view.tsx';

const STATUSES = ['withKeeper', 'stolen', 'lost'] as const;

export function ItemsStep() {
  const { items: words } = useOwnerText().register;
  const shared = useShared();
  const { draft, setDraft, go } = useKeeper();
  const [items, setItems] = useState(draft.items);
  const [status, setStatus] = useState(draft.status);
  const errors = useFormErrors();

  const submit = (): void => {
    if (!errors.show(inWords(itemProblems(items)))) return;
    setDraft(completed({ ...draft, items, status }, 'items'));
    go(`register/${stepAfter(draft, 'items')}`);
  };

  return (
    <StepView step="items" title={words.title} errors={errors}>
      <P>{words.lead}</P>
      <P>{words.private}</P>
      <Form onSubmit={submit}>
        <ItemsFields items={items} onItems={setItems} errors={errors} />
        <Radios
          name="status"
          legend={words.status}
          value={status}
          onChange={(chosen) => setStatus(chosen as RegisterDraft['status'])}
          options={STATUSES.map((value) => ({ value, label: words[value] }))}
        />
        <Button type="submit">{shared.continue}</Button>
      </Form>
    </StepView>
  );
}
