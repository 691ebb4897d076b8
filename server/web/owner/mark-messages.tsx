/** What officers have left for a mark's keeper. */
import { useEffect, useState } from 'preact/hooks';
import type { MarkView, MessageView } from '../engine/owner-api.ts';
import {
  Button,
  Failure,
  Inset,
  Notice,
  SummaryList,
  Untrusted,
  useFocus,
  useFormats,
  useTask,
  Warning,
} from '../ui/index.ts';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { useWork } from './use-work.ts';
import { markPath } from './routes.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

interface Inbox {
  readonly messages: readonly MessageView[];
  readonly refused: number;
}

export function MarkMessages({ mark }: { readonly mark: MarkView }) {
  const { messages: words } = useOwnerText().mark;
  const { owner } = useKeeper();
  const inbox = useTask<Inbox>();
  const erasing = useWork<undefined>();
  const [isErased, setIsErased] = useState(false);
  // The button that was pressed is gone.
  const erased = useFocus<HTMLDivElement>(isErased);
  const load = (): void => {
    void inbox.run(async (options) => owner.messages({ mark: mark.id }, options));
  };
  useEffect(load, []);
  const messages = inbox.result?.messages ?? [];
  const erase = (): void => {
    void erasing.run(async (options) => {
      await owner.acknowledge({ mark: mark.id, ids: messages.map(({ id }) => id) }, options);
      setIsErased(true);
      return undefined;
    });
  };
  return (
    <View title={words.title} caption={mark.code} back={markPath(mark.id)}>
      <Failure error={inbox.error} onRetry={load} />
      <Working isRunning={inbox.isRunning} label={words.working} />
      {isErased ? (
        <div tabIndex={-1} ref={erased}>
          <Notice kind="success">
            <P>{words.erased}</P>
          </Notice>
        </div>
      ) : null}
      {inbox.result !== undefined && messages.length === 0 ? <P>{words.none}</P> : null}
      {messages.length > 0 ? <Warning>{words.caution}</Warning> : null}
      {messages.map((message) => (
        <Message key={message.id} message={message} />
      ))}
      {(inbox.result?.refused ?? 0) > 0 ? <Inset>{words.refused(inbox.result?.refused ?? 0)}</Inset> : null}
      {messages.length === 0 || isErased ? null : (
        <>
          <P>{words.eraseBody}</P>
          <Failure error={erasing.error} onRetry={erase} />
          <Button kind="secondary" onClick={erase}>
            {words.erase}
          </Button>
          <Working isRunning={erasing.isRunning} label={words.erasing} />
        </>
      )}
    </View>
  );
}

function Message({ message }: { readonly message: MessageView }) {
  const { messages: words } = useOwnerText().mark;
  const formats = useFormats();
  return (
    <article class="bm-message">
      <h2 class="govuk-heading-s">
        <Untrusted text={words.from(message.forceName, message.officer)} />
      </h2>
      <p class="govuk-body-s">{words.received(formats.date(message.receivedOn))}</p>
      <div class="govuk-body">
        <Untrusted text={message.text} multiline />
      </div>
      {message.reply === null ? (
        <P>{words.noAnswer}</P>
      ) : (
        <SummaryList rows={[{ key: words.answer, value: <Untrusted text={message.reply} multiline /> }]} />
      )}
    </article>
  );
}
