/** How police reach a mark's keeper, in words. */
import type { ContactChoice, PersonView } from '../engine/owner-api.ts';
import { Untrusted } from '../ui/index.ts';
import { PERSON_FIELDS } from './contact-form.ts';
import { useOwnerText } from './owner-text.ts';

export function ContactWords({ contact }: { readonly contact: ContactChoice | undefined }) {
  const { mark: words } = useOwnerText().mark;
  if (contact === undefined) return <>{words.unknownContact}</>;
  if (contact === null) return <>{words.none}</>;
  if (contact.kind === 'relay') return <>{words.relay}</>;
  return (
    <>
      <Person person={contact} />
      {contact.second === undefined ? null : (
        <>
          <p class="govuk-body govuk-!-margin-top-2 govuk-!-margin-bottom-0">{words.secondPerson}</p>
          <Person person={contact.second} />
        </>
      )}
    </>
  );
}

function Person({ person }: { readonly person: PersonView }) {
  const given = PERSON_FIELDS.flatMap((field) => {
    const value = person[field];
    return value === undefined ? [] : [{ field, value }];
  });
  return (
    <ul class="govuk-list govuk-!-margin-bottom-0">
      {given.map(({ field, value }) => (
        <li key={field}>
          <Untrusted text={value} multiline={field === 'note'} />
        </li>
      ))}
    </ul>
  );
}
