/** All that happened to a registration, each line with its proof. */
import { useEffect } from 'preact/hooks';
import type { HistoryLineView, MarkView, ReceiptView } from '../engine/owner-api.ts';
import { Button, Details, Failure, saveFile, Untrusted, useFormats, useTask } from '../ui/index.ts';
import { sentencesOf } from './history-words.ts';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { markPath } from './routes.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

interface History {
  readonly lines: readonly HistoryLineView[];
  readonly receipts: readonly ReceiptView[];
}

export function MarkHistory({ mark }: { readonly mark: MarkView }) {
  const { history: words } = useOwnerText().mark;
  const { owner, view } = useKeeper();
  const task = useTask<History>();
  const load = (): void => {
    void task.run(async (options) => {
      const lines = await owner.history({ mark: mark.id }, options);
      // The vault has kept a receipt of each line by then.
      return { lines, receipts: await owner.receipts({ mark: mark.id }, options) };
    });
  };
  useEffect(load, []);
  const lines = task.result?.lines.toReversed();
  const receiptOf = ({ index }: HistoryLineView): ReceiptView | undefined =>
    task.result?.receipts.find((receipt) => receipt.index === index);
  return (
    <View title={words.title} caption={mark.code} back={markPath(mark.id)}>
      <Failure error={task.error} onRetry={load} />
      <Working isRunning={task.isRunning} label={words.working} />
      {lines === undefined ? null : (
        <>
          <P>{mark.stage === 'withdrawn' ? words.withdrawnLead : words.lead}</P>
          {lines.length === 0 ? <P>{words.none}</P> : null}
          <ol class="bm-history" reversed>
            {lines.map((line) => (
              <li key={line.index} class="bm-history__line">
                <Line line={line} receipt={receiptOf(line)} />
              </li>
            ))}
          </ol>
          <P>{words.vouched(view.threshold)}</P>
          <P>{words.delayed}</P>
        </>
      )}
    </View>
  );
}

function Line({ line, receipt }: { readonly line: HistoryLineView; readonly receipt: ReceiptView | undefined }) {
  const { history: words } = useOwnerText().mark;
  const formats = useFormats();
  const entry = formats.number(line.index);
  return (
    <>
      <p class="govuk-body-s bm-history__time">{formats.hour(line.hour)}</p>
      <p class="govuk-body">
        <Untrusted text={sentencesOf(line, words, formats.number).join(' ')} />
      </p>
      <Details summary={words.proof}>
        <P>{words.proofBody(entry)}</P>
        <pre class="bm-proof" tabIndex={0} aria-label={`${words.proof} ${entry}`}>
          {line.proof}
        </pre>
        {receipt === undefined ? null : (
          <Button kind="secondary" onClick={() => saveFile(receipt.fileName, receipt.file, 'application/json')}>
            {words.saveProof}
          </Button>
        )}
      </Details>
    </>
  );
}
