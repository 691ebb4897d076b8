/** One mark: what is registered, and what can be done with it. */
import type { MarkView } from '../engine/owner-api.ts';
import { Button, Failure, Inset, Items, SummaryList, useFormats, type SummaryRow } from '../ui/index.ts';
import { ContactWords } from './contact-words.tsx';
import { useKeeper } from './keeper.ts';
import { StageTag } from './stage-tag.tsx';
import { schemeTitle, useOwnerText } from './owner-text.ts';
import { draftOfMark } from './register-draft.ts';
import { markPath, type MarkPart } from './routes.ts';
import { useWork } from './use-work.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

export function MarkOverview({ mark }: { readonly mark: MarkView }) {
  const text = useOwnerText();
  const { mark: words } = text.mark;
  const formats = useFormats();
  const rows: SummaryRow[] = [
    { key: words.status, value: <StageTag mark={mark} /> },
    { key: words.kind, value: schemeTitle(text, mark.scheme, mark.schemeTitle) },
  ];
  if (mark.registeredOn !== null) rows.push({ key: words.registered, value: formats.date(mark.registeredOn) });
  if (mark.stage !== 'withdrawn') rows.push({ key: words.contact, value: <ContactWords contact={mark.contact} /> });
  return (
    <View title={mark.code} pageTitle={words.title} caption={text.vault.common.marks} back="">
      <SummaryList rows={rows} />
      <h2 class="govuk-heading-m">{words.items}</h2>
      {mark.items.length === 0 ? <P>{words.noItems}</P> : <Items items={mark.items} />}
      <h2 class="govuk-heading-m">{words.actions}</h2>
      {mark.stage === 'pending' ? <PendingActions mark={mark} /> : null}
      {mark.stage === 'withdrawn' ? <WithdrawnActions mark={mark} /> : null}
      {mark.stage === 'registered' ? <RegisteredActions mark={mark} /> : null}
    </View>
  );
}

function Links({ mark, links }: { readonly mark: MarkView; readonly links: readonly (readonly [MarkPart, string])[] }) {
  return (
    <ul class="govuk-list govuk-list--spaced">
      {links.map(([part, label]) => (
        <li key={part}>
          <a class="govuk-link" href={`#/${markPath(mark.id, part)}`}>
            {label}
          </a>
        </li>
      ))}
    </ul>
  );
}

function RegisteredActions({ mark }: { readonly mark: MarkView }) {
  const { mark: words } = useOwnerText().mark;
  const { owner, putMark, go, goAndSay } = useKeeper();
  const task = useWork<MarkView>();
  const refresh = async (): Promise<void> => {
    const fresh = await task.run(async (options) => owner.refresh({ mark: mark.id }, options));
    if (fresh === undefined) return;
    putMark(fresh);
    goAndSay(markPath(mark.id), (text) => text.mark.mark.refreshed);
  };
  const isGone = mark.status === 'stolen' || mark.status === 'lost';
  return (
    <>
      <Failure error={task.error} onRetry={() => void refresh()} />
      <div class="govuk-button-group">
        <Button kind={isGone ? 'primary' : 'warning'} onClick={() => go(markPath(mark.id, 'status'))}>
          {isGone ? words.reportFound : words.report}
        </Button>
        <Button kind="secondary" onClick={() => void refresh()}>
          {words.refresh}
        </Button>
      </div>
      <Working isRunning={task.isRunning} />
      <Links
        mark={mark}
        links={[
          ['history', words.history],
          ['messages', words.messages],
          ['receipts', words.receipts],
          ['items', words.changeItems],
          ['contact', words.changeContact],
          ['withdraw', words.withdraw],
        ]}
      />
    </>
  );
}

function PendingActions({ mark }: { readonly mark: MarkView }) {
  const { mark: words } = useOwnerText().mark;
  const { progress } = useOwnerText().register;
  const { go, setDraft } = useKeeper();
  return (
    <>
      <Inset>{words.pending}</Inset>
      <div class="govuk-button-group">
        <Button onClick={() => go(markPath(mark.id, 'resume'))}>{progress.goOn}</Button>
        <Button
          kind="secondary"
          onClick={() => {
            setDraft(draftOfMark(mark));
            go('register/key');
          }}
        >
          {progress.otherKey}
        </Button>
      </div>
    </>
  );
}

function WithdrawnActions({ mark }: { readonly mark: MarkView }) {
  const { mark: words } = useOwnerText().mark;
  const { go, setDraft } = useKeeper();
  return (
    <>
      <Inset>{words.withdrawn}</Inset>
      <Links mark={mark} links={[['receipts', words.receipts]]} />
      <Button
        kind="secondary"
        onClick={() => {
          setDraft(draftOfMark(mark));
          go('register/key');
        }}
      >
        {words.registerAgain}
      </Button>
    </>
  );
}
