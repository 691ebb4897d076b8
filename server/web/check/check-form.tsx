import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import {
  Button,
  Details,
  ErrorSummary,
  FileField,
  isFingerprint,
  ProgressBar,
  QrReader,
  TextArea,
  TextField,
  useFocus,
  useTitle,
  type FieldError,
} from '../ui/index.ts';
import { useCheckText } from './check-text.ts';
import { NotProven } from './not-proven.tsx';
import { WhatCanBeChecked } from './what-can-be-checked.tsx';

/** The largest file that is read: the engine takes no longer text. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;

export interface CheckFormProps {
  readonly fingerprint: string;
  readonly onFingerprint: (text: string) => void;
  readonly isVerifying: boolean;
  /** Of the last verification. */
  readonly error: unknown;
  readonly onReceipt: (text: string) => void;
  /** Verifies the last receipt once more. */
  readonly onRetry: () => void;
  /** What stands below the form. */
  readonly children: ComponentChildren;
}

/** Asks for a receipt, by file or QR code, and for the registry that it is to be of. */
export function CheckForm(props: CheckFormProps) {
  const text = useCheckText();
  useTitle(text.title);
  const heading = useFocus('form');
  const [typed, setTyped] = useState('');
  const [errors, setErrors] = useState<readonly FieldError[]>([]);
  const [notRead, setNotRead] = useState<unknown>(null);
  const errorOf = (id: string): string | undefined => errors.find((error) => error.id === id)?.message;

  const take = (receipt: string): void => {
    setNotRead(null);
    const isGood = isFingerprint(props.fingerprint.trim());
    setErrors(isGood ? [] : [{ id: 'fingerprint', message: text.registry.malformed }]);
    if (isGood) props.onReceipt(receipt);
  };
  const takeTyped = (): void => {
    if (typed.trim() === '') setErrors([{ id: 'receipt-text', message: text.receipt.textMissing }]);
    else take(typed);
  };
  const takeFile = async (file: File): Promise<void> => {
    try {
      if (file.size > MAX_FILE_BYTES) throw new RangeError('too large');
      take(await file.text());
    } catch {
      setNotRead({ code: 'badFile' });
    }
  };

  return (
    <>
      <ErrorSummary errors={errors} />
      <h1 class="govuk-heading-l" ref={heading}>
        {text.title}
      </h1>
      <p class="govuk-body-l">{text.lead}</p>
      {props.isVerifying ? (
        <ProgressBar label={text.verifying} done={0} total={0} />
      ) : (
        <NotProven error={notRead ?? props.error} onRetry={props.onRetry} />
      )}
      <h2 class="govuk-heading-m">{text.registry.title}</h2>
      <TextField
        id="fingerprint"
        label={text.registry.label}
        hint={text.registry.hint}
        error={errorOf('fingerprint')}
        value={props.fingerprint}
        onInput={props.onFingerprint}
        mono
      />
      <Details summary={text.registry.why}>
        {text.registry.reasons.map((reason) => (
          <p class="govuk-body" key={reason}>
            {reason}
          </p>
        ))}
      </Details>
      <h2 class="govuk-heading-m">{text.receipt.title}</h2>
      <FileField
        id="receipt-file"
        label={text.receipt.file}
        hint={text.receipt.fileHint}
        accept=".json,application/json"
        onFile={(file) => void takeFile(file)}
      />
      <QrReader id="receipt-picture" label={text.receipt.picture} onText={take} />
      <Details summary={text.receipt.textSummary}>
        <TextArea
          id="receipt-text"
          label={text.receipt.text}
          hint={text.receipt.textHint}
          error={errorOf('receipt-text')}
          value={typed}
          onInput={setTyped}
          mono
        />
        <Button kind="secondary" onClick={takeTyped}>
          {text.receipt.verify}
        </Button>
      </Details>
      {props.children}
      <WhatCanBeChecked />
    </>
  );
}
