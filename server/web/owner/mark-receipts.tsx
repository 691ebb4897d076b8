/** Receipts of a mark: all of them, and one to print, to save or to show as a QR code. */
import { useEffect } from 'preact/hooks';
import type { MarkView, ReceiptView } from '../engine/owner-api.ts';
import { Failure, Table, useFormats, useTask, type Task } from '../ui/index.ts';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { ReceiptCard } from './receipt-card.tsx';
import { markPath } from './routes.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

/** The receipts that the vault has kept. */
export function useReceipts(mark: MarkView): Task<readonly ReceiptView[]> & { readonly load: () => void } {
  const { owner } = useKeeper();
  const task = useTask<readonly ReceiptView[]>();
  const load = (): void => {
    void task.run(async (options) => owner.receipts({ mark: mark.id }, options));
  };
  useEffect(load, []);
  return { ...task, load };
}

export function MarkReceipts({ mark }: { readonly mark: MarkView }) {
  const { receipts: words } = useOwnerText().mark;
  const formats = useFormats();
  const task = useReceipts(mark);
  const receipts = task.result;
  return (
    <View title={words.title} caption={mark.code} back={markPath(mark.id)}>
      <P>{words.lead}</P>
      <Failure error={task.error} onRetry={task.load} />
      <Working isRunning={task.isRunning} label={words.working} />
      {receipts?.length === 0 ? <P>{words.none}</P> : null}
      {receipts === undefined || receipts.length === 0 ? null : (
        <Table
          caption={words.title}
          hideCaption
          rowHeaders
          stack
          head={[words.what, words.when, words.entry, words.showShort]}
          numeric={[2]}
          rows={receipts.map((receipt, i) => [
            words[receipt.kind],
            formats.hour(receipt.hour),
            formats.number(receipt.index),
            <a key="show" class="govuk-link" href={`#/${markPath(mark.id, 'receipt', i + 1)}`}>
              {words.showShort}
              <span class="govuk-visually-hidden">
                {': '}
                {words.show(words[receipt.kind], formats.number(receipt.index))}
              </span>
            </a>,
          ])}
        />
      )}
    </View>
  );
}

export function OneReceipt({ mark, place }: { readonly mark: MarkView; readonly place: number }) {
  const { receipts: words, receipt: one } = useOwnerText().mark;
  const task = useReceipts(mark);
  const receipt = task.result?.[place - 1];
  const back = markPath(mark.id, 'receipts');
  if (receipt !== undefined) {
    return (
      <View key="shown" title={one.title(words[receipt.kind])} caption={mark.code} back={back}>
        <ReceiptCard receipt={receipt} />
      </View>
    );
  }
  return (
    <View title={task.result === undefined ? words.title : one.missing} back={back}>
      <Failure error={task.error} onRetry={task.load} />
      <Working isRunning={task.isRunning} label={words.working} />
    </View>
  );
}
