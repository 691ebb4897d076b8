/** The choice of how to be reached, and the fields of one or two people. */
import { Radios, TextArea, TextField, Warning } from '../ui/index.ts';
import { personFieldId, type ContactDraft, type PersonDraft, type PersonField } from './contact-form.ts';
import type { FormErrors } from './form-errors.ts';
import { useOwnerText } from './owner-text.ts';

export interface ContactFieldsProps {
  readonly contact: ContactDraft;
  readonly onContact: (contact: ContactDraft) => void;
  readonly errors: FormErrors;
}

export function ContactFields({ contact, onContact, errors }: ContactFieldsProps) {
  const { contact: words } = useOwnerText().register;
  const people = (
    <>
      {(['first', 'second'] as const).map((person) => (
        <fieldset key={person} class="govuk-fieldset bm-item-fields">
          <legend class="govuk-fieldset__legend govuk-fieldset__legend--s">{words[person]}</legend>
          {person === 'first' ? <p class="govuk-hint">{words.remembered}</p> : null}
          <PersonFields
            person={person}
            draft={contact[person]}
            onDraft={(draft) => onContact({ ...contact, [person]: draft })}
            errors={errors}
          />
        </fieldset>
      ))}
    </>
  );
  return (
    <Radios
      name="contact"
      legend={words.legend}
      value={contact.kind}
      onChange={(kind) => onContact({ ...contact, kind: kind as ContactDraft['kind'] })}
      error={errors.of('contact')}
      options={[
        { value: 'details', label: words.details, hint: words.detailsHint, conditional: people },
        { value: 'relay', label: words.relay, hint: words.relayHint },
        {
          value: 'none',
          label: words.none,
          hint: words.noneHint,
          conditional: <Warning>{words.noneWarning}</Warning>,
        },
      ]}
    />
  );
}

interface PersonFieldsProps {
  readonly person: 'first' | 'second';
  readonly draft: PersonDraft;
  readonly onDraft: (draft: PersonDraft) => void;
  readonly errors: FormErrors;
}

/** Browsers fill in what they know of the visitor; they know nothing of the second person. */
const AUTOCOMPLETE = { name: 'name', email: 'email', telephone: 'tel' } as const;
const TYPES = { name: 'text', email: 'email', telephone: 'tel' } as const;

function PersonFields({ person, draft, onDraft, errors }: PersonFieldsProps) {
  const { contact: words } = useOwnerText().register;
  const idOf = (field: PersonField): string => personFieldId(person, field);
  return (
    <>
      {(['name', 'email', 'telephone'] as const).map((field) => (
        <TextField
          key={field}
          id={idOf(field)}
          label={words[field]}
          type={TYPES[field]}
          autoComplete={person === 'first' ? AUTOCOMPLETE[field] : 'off'}
          spellCheck={false}
          width={20}
          value={draft[field]}
          onInput={(value) => onDraft({ ...draft, [field]: value })}
          error={errors.of(idOf(field))}
        />
      ))}
      <TextArea
        id={idOf('note')}
        label={words.note}
        hint={words.noteHint}
        rows={2}
        spellCheck={false}
        value={draft.note}
        onInput={(note) => onDraft({ ...draft, note })}
        error={errors.of(idOf('note'))}
      />
    </>
  );
}
