/** One sheet to print: recovery phrase, marks and receipts. Shown for the passphrase alone, and gone with the view. */
import { useState } from 'preact/hooks';
import type { ReceiptView, SheetView } from '../engine/owner-api.ts';
import { Button, Failure, Form, Items, PrintButton, useFormats, Warning } from '../ui/index.ts';
import { QrCode } from '../ui/qr-code.tsx';
import { useFormErrors } from './form-errors.ts';
import { useKeeper } from './keeper.ts';
import { StageTag } from './stage-tag.tsx';
import { schemeTitle, useOwnerText } from './owner-text.ts';
import { PhraseWords } from './phrase-list.tsx';
import { otherFailure, PassphraseField, passphraseMissing, withPassphrase } from './passphrase-field.tsx';
import { useWork } from './use-work.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

export function Sheet() {
  const { sheet: words } = useOwnerText().vault;
  const { owner } = useKeeper();
  const [passphrase, setPassphrase] = useState('');
  const errors = useFormErrors();
  const task = useWork<SheetView>();

  const submit = async (): Promise<void> => {
    if (!errors.show(passphraseMissing(passphrase))) return;
    await task.run(async (options) => withPassphrase(errors, async () => owner.sheet({ passphrase }, options)));
    setPassphrase('');
  };

  if (task.result !== undefined) return <ShownSheet key="shown" sheet={task.result} onHide={task.reset} />;
  return (
    <View key="asked" title={words.title} back="vault" errors={errors}>
      <P>{words.ask}</P>
      <Failure error={otherFailure(task.error)} onRetry={() => void submit()} />
      <Form onSubmit={() => void submit()}>
        <PassphraseField value={passphrase} onInput={setPassphrase} errors={errors} />
        <Button type="submit">{words.submit}</Button>
        <Working isRunning={task.isRunning} />
      </Form>
    </View>
  );
}

function ShownSheet({ sheet, onHide }: { readonly sheet: SheetView; readonly onHide: () => void }) {
  const { sheet: words } = useOwnerText().vault;
  return (
    <View title={words.title} caption={words.printedFor(sheet.origin)} back="vault">
      <div class="govuk-button-group bm-no-print">
        <PrintButton kind="primary" />
        <Button kind="secondary" onClick={onHide}>
          {words.hide}
        </Button>
      </div>
      <Warning>{words.keep}</Warning>
      <h2 class="govuk-heading-m">{words.phrase}</h2>
      <PhraseWords words={sheet.phrase} />
      <h2 class="govuk-heading-m">{words.marks}</h2>
      {sheet.marks.length === 0 ? <P>{words.noMarks}</P> : <P>{words.receiptHow}</P>}
      {sheet.marks.map((mark) => (
        <SheetMark key={mark.id} mark={mark} />
      ))}
      <p class="govuk-body-s">
        {words.fingerprint} <code class="bm-code bm-code--long">{sheet.fingerprint}</code>
      </p>
    </View>
  );
}

function SheetMark({ mark }: { readonly mark: SheetView['marks'][number] }) {
  const text = useOwnerText();
  const { sheet: words } = text.vault;
  const formats = useFormats();
  const { receipt } = mark;
  return (
    <section class="bm-sheet-mark">
      <h3 class="govuk-heading-s">
        <span class="bm-code">{mark.code}</span> <StageTag mark={mark} />
      </h3>
      <p class="govuk-body-s">
        {schemeTitle(text, mark.scheme, mark.schemeTitle)}
        {mark.registeredOn === null ? null : `. ${words.registered(formats.date(mark.registeredOn))}`}
      </p>
      <Items items={mark.items} />
      {receipt === null ? null : <SheetReceipt receipt={receipt} label={words.receiptQr(mark.code)} />}
    </section>
  );
}

function SheetReceipt({ receipt, label }: { readonly receipt: ReceiptView; readonly label: string }) {
  const text = useOwnerText();
  if (receipt.qr === null) return <p class="govuk-body-s">{text.mark.receipt.noQr}</p>;
  return <QrCode text={receipt.qr} label={label} />;
}
