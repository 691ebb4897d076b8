/** Signing in with an officer's file. */
import { useState } from 'preact/hooks';
import type { Calls } from '../engine/calls.ts';
import type { PoliceApi, SessionView } from '../engine/police-api.ts';
import {
  Button,
  Details,
  ErrorSummary,
  Failure,
  FileField,
  Form,
  Notice,
  useFocus,
  useShared,
  useTask,
  useTitle,
  Warning,
} from '../ui/index.ts';
import { usePoliceText } from './desk-context.ts';

/** Why the last session ended. */
export type Ended = 'self' | 'idle' | 'expired' | 'elsewhere';

interface SignInPageProps {
  readonly police: Calls<PoliceApi>;
  readonly ended: Ended | null;
  readonly onSignedIn: (session: SessionView) => void;
}

export function SignInPage({ police, ended, onSignedIn }: SignInPageProps) {
  const { signIn: text } = usePoliceText();
  const shared = useShared();
  const [file, setFile] = useState<File | null>(null);
  const [attempt, setAttempt] = useState(0);
  const task = useTask<SessionView>();
  const heading = useFocus(ended);
  useTitle(text.title);
  const isMissing = attempt > 0 && file === null;

  const submit = async (): Promise<void> => {
    setAttempt((count) => count + 1);
    if (file === null || task.isRunning) return;
    const session = await task.run(async (options) =>
      police.signIn({ file: new Uint8Array(await file.arrayBuffer()) }, options),
    );
    if (session !== undefined) onSignedIn(session);
  };

  return (
    <>
      <ErrorSummary attempt={attempt} errors={isMissing ? [{ id: 'officer-file', message: text.missing }] : []} />
      {ended !== null && (
        <Notice kind={ended === 'self' ? 'info' : 'important'}>
          <p class="govuk-body">{text.ended[ended]}</p>
        </Notice>
      )}
      <h1 class="govuk-heading-l" ref={heading}>
        {text.title}
      </h1>
      <p class="govuk-body-l">{text.lead}</p>
      <Failure error={task.error} onRetry={() => void submit()} />
      <Form onSubmit={() => void submit()}>
        <FileField
          id="officer-file"
          label={text.file}
          hint={text.hint}
          error={isMissing ? text.missing : undefined}
          accept=".json,application/json"
          onFile={setFile}
        />
        <Button type="submit">{task.isRunning ? shared.loading : text.button}</Button>
      </Form>
      <Details summary={text.keyTitle}>{text.keyText}</Details>
      <Details summary={text.whoSees}>{text.whoSeesText}</Details>
    </>
  );
}

interface SigningOutProps {
  /** Why the key could not be forgotten; null while that is under way. */
  readonly error: unknown;
  readonly onRetry: () => void;
}

/** Until the key is forgotten, nobody is told that it is. */
export function SigningOut({ error, onRetry }: SigningOutProps) {
  const { signIn: text } = usePoliceText();
  const title = error === null ? text.signingOut : text.notSignedOut;
  const heading = useFocus(title);
  useTitle(title);
  return (
    <>
      <h1 class="govuk-heading-l" ref={heading}>
        {title}
      </h1>
      {error !== null && <Warning>{text.notSignedOutText}</Warning>}
      <Failure error={error} onRetry={onRetry} />
    </>
  );
}
