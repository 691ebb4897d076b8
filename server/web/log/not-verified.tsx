/** Why the log did not verify. What merely did not answer is told as everywhere else. */
import { useEffect, useRef } from 'preact/hooks';
import { asFailure, Button, codeOf, Failure, isPassing, Untrusted, useText } from '../ui/index.ts';
import type { LogText } from './log-text.ts';

type Reason = 'altered' | 'unsigned' | 'forked' | 'behind' | 'stranger';

/** What a refusal means here, by its code. Not `badReply`: what answers may be a network's sign-in page. */
const REASONS: Readonly<Record<string, Reason>> = {
  badProof: 'altered',
  notLogged: 'altered',
  badCheckpoint: 'unsigned',
  logForked: 'forked',
  logBehind: 'behind',
  badRoster: 'stranger',
  wrongOrigin: 'stranger',
};

export function NotVerified(props: { readonly error: unknown; readonly onRetry: () => void }) {
  const { error, onRetry } = props;
  const reason = isPassing(error) && codeOf(error) !== 'logBehind' ? undefined : REASONS[codeOf(error)];
  if (reason === undefined) return <Failure error={error} onRetry={onRetry} />;
  return <Refusal error={error} reason={reason} onRetry={onRetry} />;
}

function Refusal(props: { readonly error: unknown; readonly reason: Reason; readonly onRetry: () => void }) {
  const { error, reason } = props;
  const { failed, verify } = useText<LogText>();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), [error]);
  const place = asFailure(error)?.field;
  return (
    <div class="govuk-error-summary bm-failure" tabIndex={-1} ref={box} data-code={codeOf(error)}>
      <div role="alert">
        <h3 class="govuk-error-summary__title">{failed.title}</h3>
        <p class="govuk-body">{failed[reason]}</p>
        <dl class="bm-failure__words">
          {place === undefined ? null : (
            <>
              <dt>{failed.place}</dt>
              <dd class="bm-mono">
                <Untrusted text={place} />
              </dd>
            </>
          )}
          <dt>{failed.unchanged}</dt>
          <dd>{failed.unchangedText}</dd>
          <dt>{failed.next}</dt>
          <dd>{failed.nextText}</dd>
        </dl>
      </div>
      <Button kind="secondary" onClick={props.onRetry}>
        {verify.again}
      </Button>
    </div>
  );
}
