/** The end of a registration: its receipt, and what comes next. */
import type { MarkView } from '../engine/owner-api.ts';
import { Failure, Panel, useFocus, useTitle } from '../ui/index.ts';
import { useReceipts } from './mark-receipts.tsx';
import { useOwnerText } from './owner-text.ts';
import { ReceiptCard } from './receipt-card.tsx';
import { markPath } from './routes.ts';
import { P } from './view.tsx';
import { Working } from './working.tsx';

export function Registered({ mark }: { readonly mark: MarkView }) {
  const text = useOwnerText();
  const { registered: words } = text.register;
  useTitle(words.title);
  const panel = useFocus<HTMLDivElement>(null);
  const task = useReceipts(mark);
  const receipt = task.result?.find(({ kind }) => kind === 'registration');
  return (
    <>
      <div ref={panel}>
        <Panel title={words.title}>{words.body(mark.code)}</Panel>
      </div>
      <h2 class="govuk-heading-m">{words.next}</h2>
      <P>{words.nextBody}</P>
      <ul class="govuk-list govuk-list--spaced bm-no-print">
        <li>
          <a class="govuk-link" href="#/sheet">
            {words.print}
          </a>
        </li>
        <li>
          <a class="govuk-link" href={`#/${markPath(mark.id)}`}>
            {words.toMark}
          </a>
        </li>
        <li>
          <a class="govuk-link" href="#/register">
            {words.another}
          </a>
        </li>
      </ul>
      <h2 class="govuk-heading-m">{words.receipt}</h2>
      <Failure error={task.error} onRetry={task.load} />
      <Working isRunning={task.isRunning} label={text.mark.receipts.working} />
      {receipt === undefined ? null : <ReceiptCard receipt={receipt} />}
    </>
  );
}
