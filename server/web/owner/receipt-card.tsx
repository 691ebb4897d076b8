/** One receipt on the page and on paper. */
import { useState } from 'preact/hooks';
import type { ReceiptView } from '../engine/owner-api.ts';
import { Button, PrintButton, saveFile, SummaryList, useFormats } from '../ui/index.ts';
import { QrCode } from '../ui/qr-code.tsx';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { P } from './view.tsx';

export function ReceiptCard({ receipt }: { readonly receipt: ReceiptView }) {
  const { receipt: words, receipts } = useOwnerText().mark;
  const { view } = useKeeper();
  const formats = useFormats();
  const [isSaved, setIsSaved] = useState(false);
  const entry = formats.number(receipt.index);
  return (
    <div class="bm-receipt">
      <P>{words.proves(view.origin, entry)}</P>
      <SummaryList
        rows={[
          { key: words.hour, value: formats.hour(receipt.hour) },
          { key: words.entry, value: entry },
          { key: words.registry, value: view.origin },
          { key: words.fingerprint, value: <code class="bm-code bm-code--long">{view.fingerprint}</code> },
        ]}
      />
      {receipt.qr === null ? (
        <P>{words.noQr}</P>
      ) : (
        <>
          <QrCode text={receipt.qr} label={words.qr(receipts[receipt.kind])} />
          <P>{words.qrHow}</P>
        </>
      )}
      <div class="govuk-button-group bm-no-print">
        <Button
          kind="secondary"
          onClick={() => {
            saveFile(receipt.fileName, receipt.file, 'application/json');
            setIsSaved(true);
          }}
        >
          {words.saveFile}
        </Button>
        <PrintButton />
      </div>
      <p class="govuk-body-s bm-no-print" role="status">
        {isSaved ? words.saved(receipt.fileName) : ''}
      </p>
    </div>
  );
}
