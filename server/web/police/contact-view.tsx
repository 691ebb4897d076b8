/** The contact that was opened. */
import type { PersonView } from '../engine/owner-api.ts';
import type { OpeningView } from '../engine/police-api.ts';
import { Failure, SummaryList, Untrusted, useFormats, useTask, type SummaryRow } from '../ui/index.ts';
import { useEffect } from 'preact/hooks';
import { useDesk, usePoliceText, type PoliceText } from './desk-context.ts';
import { MessageForm } from './message-form.tsx';

interface ContactViewProps {
  readonly tray: string;
  readonly opening: OpeningView;
  readonly onChange: () => void;
}

export function ContactView({ tray, opening, onChange }: ContactViewProps) {
  const { police } = useDesk();
  const { opening: text } = usePoliceText();
  const formats = useFormats();
  const task = useTask<OpeningView>();
  const { contact, entry, match, expiresAt } = opening;
  const fetchContact = async (): Promise<void> => {
    const opened = await task.run(async (options) => police.checkOpening({ tray, match }, options));
    if (opened !== undefined) onChange();
  };
  useEffect(() => {
    if (contact === null) void fetchContact();
  }, []);

  return (
    <>
      <Failure error={task.error} onRetry={() => void fetchContact()} />
      {contact?.kind === 'details' && (
        <>
          <Person title={text.person} person={contact} />
          {contact.second !== undefined && <Person title={text.second} person={contact.second} />}
          <p class="govuk-hint">{text.asOwner}</p>
        </>
      )}
      {contact?.kind === 'relay' && <MessageForm tray={tray} match={match} />}
      {entry !== null && <p class="govuk-body">{text.entry(entry)}</p>}
      <p class="govuk-body">{text.openedText(formats.time(expiresAt))}</p>
    </>
  );
}

interface PersonProps {
  readonly title: string;
  readonly person: PersonView;
}

function Person({ title, person }: PersonProps) {
  const { opening: text } = usePoliceText();
  return (
    <section>
      <h2 class="govuk-heading-m">{title}</h2>
      <SummaryList rows={rowsOf(person, text)} />
    </section>
  );
}

function rowsOf({ name, email, telephone, note }: PersonView, text: PoliceText['opening']): SummaryRow[] {
  const row = (key: string, value: string | undefined): SummaryRow[] =>
    value === undefined ? [] : [{ key, value: <Untrusted text={value} multiline /> }];
  return [
    ...row(text.personName, name),
    ...row(text.telephone, telephone),
    ...row(text.email, email),
    ...row(text.note, note),
  ];
}
