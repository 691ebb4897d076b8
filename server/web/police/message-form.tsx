/** A message for a keeper who is reached by messages alone. */
import { useState } from 'preact/hooks';
import {
  Button,
  ErrorSummary,
  Failure,
  Form,
  Notice,
  problemIf,
  TextArea,
  TextField,
  useFormErrors,
  useShared,
  useTask,
} from '../ui/index.ts';
import { useDesk, usePoliceText, type PoliceText } from './desk-context.ts';
import { checkMessage, checkReply } from './form-checks.ts';

interface MessageFormProps {
  readonly tray: string;
  readonly match: number;
}

export function MessageForm({ tray, match }: MessageFormProps) {
  const { police } = useDesk();
  const { message: text } = usePoliceText();
  const shared = useShared();
  const [message, setMessage] = useState('');
  const [reply, setReply] = useState('');
  const errors = useFormErrors<PoliceText>();
  const task = useTask<'left' | 'again'>();

  const submit = async (): Promise<void> => {
    const [checkedText, checkedReply] = [checkMessage(message), checkReply(reply)];
    const isGood = errors.show([
      ...problemIf<PoliceText>(checkedText.fault !== null, 'message', ({ message: words }) =>
        checkedText.fault === 'missing' ? words.textMissing : words.textTooLong,
      ),
      ...problemIf<PoliceText>(checkedReply.fault !== null, 'reply', ({ message: words }) => words.replyTooLong),
    ]);
    if (!isGood || task.isRunning || checkedText.value === null || checkedReply.value === null) return;
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
  return (
    <Form onSubmit={() => void submit()}>
      <ErrorSummary errors={errors.list} attempt={errors.attempt} />
      <Failure error={task.error} onRetry={() => void submit()} />
      <h2 class="govuk-heading-m">{text.title}</h2>
      <p class="govuk-body">{text.lead}</p>
      <TextArea
        id="message"
        label={text.text}
        hint={text.textHint}
        error={errors.of('message')}
        value={message}
        onInput={setMessage}
        spellCheck
      />
      <TextField
        id="reply"
        label={shared.optional(text.reply)}
        hint={text.replyHint}
        error={errors.of('reply')}
        value={reply}
        onInput={setReply}
        width={20}
      />
      <Button type="submit">{task.isRunning ? shared.loading : text.button}</Button>
    </Form>
  );
}
