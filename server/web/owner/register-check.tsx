/** All that is to be registered, before it is. */
import type { ComponentChildren } from 'preact';
import { Button, Items, SummaryList, useShared, type SummaryRow } from '../ui/index.ts';
import { contactOf } from './contact-form.ts';
import { ContactWords } from './contact-words.tsx';
import { itemOf } from './item-form.ts';
import { useKeeper } from './keeper.ts';
import { schemeTitle, useOwnerText } from './owner-text.ts';
import { completed, type RegisterStep, type WholeCode } from './register-draft.ts';
import { StepView } from './step-view.tsx';
import { P } from './view.tsx';

export function CheckStep() {
  const text = useOwnerText();
  const { check: words, items } = text.register;
  const { draft, setDraft, go } = useKeeper();
  const whole = draft.whole as WholeCode;
  const row = (key: string, value: ComponentChildren, step: RegisterStep, change: string): SummaryRow => ({
    key,
    value,
    actions: <Change step={step} change={change} />,
  });
  return (
    <StepView step="check" title={words.title}>
      <P>{words.lead}</P>
      <SummaryList
        rows={[
          row(words.key, <span class="bm-code">{draft.activationKey}</span>, 'key', words.changeKey),
          row(words.code, <span class="bm-code">{whole.display}</span>, 'code', words.changeCode),
          row(words.kind, schemeTitle(text, whole.scheme, whole.schemeTitle), 'code', words.changeKind),
          row(words.status, items[draft.status], 'items', words.changeStatus),
          row(words.contact, <ContactWords contact={contactOf(draft.contact)} />, 'contact', words.changeContact),
        ]}
      />
      <div class="bm-heading-row">
        <h2 class="govuk-heading-m">{words.items}</h2>
        <Change step="items" change={words.changeItems} />
      </div>
      <Items items={draft.items.map(itemOf)} />
      <Button
        onClick={() => {
          setDraft(completed(draft, 'check'));
          go('register/progress');
        }}
      >
        {words.submit}
      </Button>
    </StepView>
  );
}

function Change({ step, change }: { readonly step: RegisterStep; readonly change: string }) {
  const shared = useShared();
  return (
    <a class="govuk-link" href={`#/register/${step}`} aria-label={change}>
      {shared.change}
    </a>
  );
}
