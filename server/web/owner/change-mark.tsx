/** Another description of the property, or another way to be reached. */
import { useState } from 'preact/hooks';
import type { MarkView } from '../engine/owner-api.ts';
import { Button, Failure, Form, Inset } from '../ui/index.ts';
import { contactOf, contactProblems, draftOfContact } from './contact-form.ts';
import { ContactFields } from './contact-fields.tsx';
import { inWords, problemIf, useFormErrors } from './form-errors.ts';
import { draftOfItem, emptyItem, itemOf, itemProblems, type ItemDraft } from './item-form.ts';
import { ItemsFields } from './items-fields.tsx';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { markPath } from './routes.ts';
import { useWork } from './use-work.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

export function ChangeItems({ mark }: { readonly mark: MarkView }) {
  const { items: words } = useOwnerText().mark;
  const { owner, putMark, goAndSay } = useKeeper();
  const [items, setItems] = useState<readonly ItemDraft[]>(
    mark.items.length === 0 ? [emptyItem(0)] : mark.items.map((item, i) => draftOfItem(item, i)),
  );
  const errors = useFormErrors();
  const task = useWork<MarkView>();

  const submit = async (): Promise<void> => {
    if (!errors.show(inWords(itemProblems(items)))) return;
    const changed = await task.run(async (options) =>
      owner.replaceItems({ mark: mark.id, items: items.map(itemOf) }, options),
    );
    if (changed === undefined) return;
    putMark(changed);
    goAndSay(markPath(mark.id), (text) => text.mark.mark.changed);
  };

  return (
    <View title={words.title} caption={mark.code} back={markPath(mark.id)} errors={errors}>
      <P>{words.lead}</P>
      <Failure error={task.error} onRetry={() => void submit()} />
      <Form onSubmit={() => void submit()}>
        <ItemsFields items={items} onItems={setItems} errors={errors} />
        <Button type="submit">{words.submit}</Button>
        <Working isRunning={task.isRunning} label={words.working} />
      </Form>
    </View>
  );
}

export function ChangeContact({ mark }: { readonly mark: MarkView }) {
  const { contact: words } = useOwnerText().mark;
  const { contact: form } = useOwnerText().register;
  const { owner, putMark, goAndSay } = useKeeper();
  const [contact, setContact] = useState(draftOfContact(mark.contact));
  const errors = useFormErrors();
  const task = useWork<MarkView>();

  const submit = async (): Promise<void> => {
    const problems = [
      ...problemIf(contact.kind === '', 'contact', (text) => text.register.contact.choose),
      ...inWords(contactProblems(contact)),
    ];
    if (!errors.show(problems)) return;
    const changed = await task.run(async (options) =>
      owner.replaceContact({ mark: mark.id, contact: contactOf(contact) }, options),
    );
    if (changed === undefined) return;
    putMark(changed);
    goAndSay(markPath(mark.id), (text) => text.mark.mark.changed);
  };

  return (
    <View title={words.title} caption={mark.code} back={markPath(mark.id)} errors={errors}>
      <P>{form.lead}</P>
      {mark.contact === undefined ? <Inset>{form.unknown}</Inset> : null}
      <Failure error={task.error} onRetry={() => void submit()} />
      <Form onSubmit={() => void submit()}>
        <ContactFields contact={contact} onContact={setContact} errors={errors} />
        <Button type="submit">{words.submit}</Button>
        <Working isRunning={task.isRunning} label={words.working} />
      </Form>
    </View>
  );
}
