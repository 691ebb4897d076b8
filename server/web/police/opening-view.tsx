/** A request that waits: the text for the colleague, and whether it was approved meanwhile. */
import { useEffect, useState } from 'preact/hooks';
import type { OpeningView } from '../engine/police-api.ts';
import { Button, Failure, useFormats, useTask } from '../ui/index.ts';
import { QrCode } from '../ui/qr-code.tsx';
import { AskForm } from './ask-form.tsx';
import { useDesk, usePoliceText } from './desk-context.ts';

/** Milliseconds between two looks at an opening that waits. */
const LOOK_MS = 5000;

interface WaitingOpeningProps {
  readonly tray: string;
  readonly opening: OpeningView;
  readonly onChange: () => void;
}

export function WaitingOpening({ tray, opening, onChange }: WaitingOpeningProps) {
  const { police } = useDesk();
  const { opening: text } = usePoliceText();
  const formats = useFormats();
  const task = useTask<OpeningView>();
  const [lookedAt, setLookedAt] = useState<string | null>(null);
  const { match, status } = opening;

  const take = (now: OpeningView): void => {
    if (now.status !== status) onChange();
  };
  const look = async (): Promise<void> => {
    const now = await task.run(async (options) => police.checkOpening({ tray, match }, options));
    if (now === undefined) return;
    take(now);
    setLookedAt(new Date().toISOString());
  };
  useEffect(() => {
    const lookQuietly = (): void => {
      // A failure is told to whoever asks; the next look may do better.
      if (document.visibilityState === 'visible') police.checkOpening({ tray, match }).then(take, () => undefined);
    };
    const timer = setInterval(lookQuietly, LOOK_MS);
    return () => clearInterval(timer);
  }, [tray, match, status]);

  return (
    <>
      <Failure error={task.error} onRetry={() => void look()} />
      {status === 'pending' ? <HandOver opening={opening} /> : <p class="govuk-body">{text.approvedText}</p>}
      <div role="status">
        {lookedAt !== null && <p class="govuk-body">{text.stillPending(formats.dateTime(lookedAt))}</p>}
      </div>
      {status === 'pending' && <p class="govuk-body">{text.checks}</p>}
      <Button kind="secondary" onClick={() => void look()}>
        {text.check}
      </Button>
    </>
  );
}

function HandOver({ opening: { token, expiresAt } }: { readonly opening: OpeningView }) {
  const { opening: text } = usePoliceText();
  const formats = useFormats();
  const [isShown, setIsShown] = useState(false);
  return (
    <>
      <p class="govuk-body">{text.pendingText}</p>
      <p class="govuk-body">
        <strong id="token-label">{text.token}</strong>
      </p>
      <p class="bm-token bm-code" role="group" aria-labelledby="token-label">
        {token}
      </p>
      <div class="govuk-button-group">
        <CopyButton token={token} />
        {!isShown && (
          <Button kind="secondary" onClick={() => setIsShown(true)}>
            {text.showQr}
          </Button>
        )}
      </div>
      {isShown && <QrCode text={token} label={text.qr} size={300} />}
      <p class="govuk-body">{text.until(formats.time(expiresAt))}</p>
    </>
  );
}

function CopyButton({ token }: { readonly token: string }) {
  const { opening: text } = usePoliceText();
  const [outcome, setOutcome] = useState<'copied' | 'failed' | null>(null);
  const copy = (): void => {
    setOutcome(null);
    navigator.clipboard.writeText(token).then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    );
  };
  return (
    <>
      <Button onClick={copy}>{text.copy}</Button>
      <span class="govuk-body" role="status">
        {outcome === 'copied' && text.copied}
        {outcome === 'failed' && text.copyFailed}
      </span>
    </>
  );
}

interface ExpiredOpeningProps {
  readonly tray: string;
  readonly match: number;
  readonly onAsked: () => void;
}

/** Nobody approved it in time: it may be asked for again. */
export function ExpiredOpening(props: ExpiredOpeningProps) {
  const { opening: text } = usePoliceText();
  return (
    <>
      <p class="govuk-body">{text.expiredText}</p>
      <AskForm {...props} />
    </>
  );
}
