/** How police may reach the keeper. */
import { useState } from 'preact/hooks';
import { Button, Form, useShared } from '../ui/index.ts';
import { contactProblems } from './contact-form.ts';
import { ContactFields } from './contact-fields.tsx';
import { inWords, problemIf, useFormErrors } from './form-errors.ts';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { completed, stepAfter } from './register-draft.ts';
import { StepView } from './step-view.tsx';
import { P } from './view.tsx';

export function ContactStep() {
  const { contact: words } = useOwnerText().register;
  const shared = useShared();
  const { draft, setDraft, go } = useKeeper();
  const [contact, setContact] = useState(draft.contact);
  const errors = useFormErrors();

  const submit = (): void => {
    const problems = [
      ...problemIf(contact.kind === '', 'contact', (text) => text.register.contact.choose),
      ...inWords(contactProblems(contact)),
    ];
    if (!errors.show(problems)) return;
    setDraft(completed({ ...draft, contact }, 'contact'));
    go(`register/${stepAfter(draft, 'contact')}`);
  };

  return (
    <StepView step="contact" title={words.title} errors={errors}>
      <P>{words.lead}</P>
      <Form onSubmit={submit}>
        <ContactFields contact={contact} onContact={setContact} errors={errors} />
        <Button type="submit">{shared.continue}</Button>
      </Form>
    </StepView>
  );
}
