/** A message for a keeper who is reached by messages alone. */
import { useState } from 'preact/hooks';
import { Button, ErrorSummary, Failure, Notice, TextArea, TextField, useShared, useTask } from '../ui/index.ts';
import { useDesk, usePoliceText } from './desk-context.ts';
import { checkMessage, checkReply } from './form-checks.ts';

interface MessageFormProps {
  readonly tray: string;
  readonly match: number;
}

interface Faults {
  readonly text?: string | undefined;
  readonly reply?: string | undefined;
}

export function MessageForm({ tray, match }: MessageFormProps) {
  const { police } = useDesk();
  const { message: text } = usePoliceText();
  const shared = useShared();
  const [message, setMessage] = useState('');
  const [reply, setReply] = useState('');
  const [faults, setFaults] = useState<Faults>({});
  const [attempt, setAttempt] = useState(0);
  const task = useTask<'left' | 'again'>();

  const submit = async (): Promise<void> => {
    const [checkedText, checkedReply] = [checkMessage(message), checkReply(reply)];
    const words = { missing: text.textMissing, tooLong: text.textTooLong };
    setFaults({
      text: checkedText.fault === null ? undefined : words[checkedText.fault],
      reply: checkedReply.fault === null ? undefined : text.replyTooLong,
    });
    setAttempt((count) => count + 1);
    if (task.isRunning || checkedText.value === null || checkedReply.value === null) return;
    const given = { tray, match, text: checkedText.value };
    const replyTo = checkedReply.value;
    await task.run(async (options) =>
      police.leaveMessage(replyTo === '' ? given : { ...given, reply: replyTo }, options),
    );
  };

  if (task.result !== undefined) {
    return (
      <Notice kind="success">
        <p class="govuk-body">{text[task.result]}</p>
        <Button
          kind="secondary"
          onClick={() => {
            setMessage('');
            task.reset();
          }}
        >
          {text.another}
        </Button>
      </Notice>
    );
  }
  const errors = [
    ...(faults.text === undefined ? [] : [{ id: 'message', message: faults.text }]),
    ...(faults.reply === undefined ? [] : [{ id: 'reply', message: faults.reply }]),
  ];
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <ErrorSummary errors={errors} attempt={attempt} />
      <Failure error={task.error} onRetry={() => void submit()} />
      <h2 class="govuk-heading-m">{text.title}</h2>
      <p class="govuk-body">{text.lead}</p>
      <TextArea
        id="message"
        label={text.text}
        hint={text.textHint}
        error={faults.text}
        value={message}
        onInput={setMessage}
        spellCheck
      />
      <TextField
        id="reply"
        label={shared.optional(text.reply)}
        hint={text.replyHint}
        error={faults.reply}
        value={reply}
        onInput={setReply}
        width={20}
      />
      <Button type="submit">{task.isRunning ? shared.loading : text.button}</Button>
    </form>
  );
}
