/** How police may reach the keeper, as it is typed. */
import type { ContactChoice, PersonView } from '../engine/owner-api.ts';
import { jsonBytes, textProblem, type FieldProblem } from './field-problem.ts';

export const CONTACT_LIMITS = { name: 100, email: 254, telephone: 40, note: 300 } as const;
export const PERSON_FIELDS = ['name', 'email', 'telephone', 'note'] as const;
export type PersonField = (typeof PERSON_FIELDS)[number];

/** The largest contact envelope, less its proof, seal and padding. */
const MOST_BYTES = 1024 - 128 - 44;

export type PersonDraft = Readonly<Record<PersonField, string>>;

/** A choice of how to be reached, and all that was typed for it. */
export interface ContactDraft {
  readonly kind: '' | 'details' | 'relay' | 'none';
  readonly first: PersonDraft;
  readonly second: PersonDraft;
}

const NOBODY: PersonDraft = { name: '', email: '', telephone: '', note: '' };

export const EMPTY_CONTACT: ContactDraft = { kind: '', first: NOBODY, second: NOBODY };

/** A contact that is known, to be changed. */
export function draftOfContact(contact: ContactChoice | undefined): ContactDraft {
  if (contact === undefined) return EMPTY_CONTACT;
  if (contact === null) return { ...EMPTY_CONTACT, kind: 'none' };
  if (contact.kind === 'relay') return { ...EMPTY_CONTACT, kind: 'relay' };
  return { kind: 'details', first: draftOfPerson(contact), second: draftOfPerson(contact.second ?? {}) };
}

function draftOfPerson({ name = '', email = '', telephone = '', note = '' }: PersonView): PersonDraft {
  return { name, email, telephone, note };
}

function personOf(draft: PersonDraft): PersonView {
  const given = PERSON_FIELDS.map((field) => [field, draft[field].trim()] as const);
  return Object.fromEntries(given.filter(([, text]) => text !== ''));
}

/** A draft as it is registered. Only for one without problems. */
export function contactOf(draft: ContactDraft): ContactChoice {
  if (draft.kind === 'relay') return { kind: 'relay' };
  if (draft.kind !== 'details') return null;
  const second = personOf(draft.second);
  return { kind: 'details', ...personOf(draft.first), ...(Object.keys(second).length > 0 ? { second } : {}) };
}

/** The id of a person's field on the page. */
export function personFieldId(person: 'first' | 'second', field: string): string {
  return `contact-${person}-${field}`;
}

const isReachable = ({ email, telephone, note }: PersonView): boolean =>
  email !== undefined || telephone !== undefined || note !== undefined;

function personProblems(person: 'first' | 'second', draft: PersonDraft): FieldProblem[] {
  const problems = PERSON_FIELDS.map((field) => {
    const text = draft[field].trim();
    const id = personFieldId(person, field);
    const problem = textProblem(id, text, CONTACT_LIMITS[field]);
    if (problem !== null || field !== 'email' || text === '' || /^[^\s@]+@[^\s@]+$/u.test(text)) return problem;
    return { field: id, problem: 'badEmail' as const };
  });
  return problems.filter((problem) => problem !== null);
}

/** All that is wrong with a choice, in the order of the page; `kind` itself must have been chosen. */
export function contactProblems(draft: ContactDraft): FieldProblem[] {
  if (draft.kind !== 'details') return [];
  const problems = [...personProblems('first', draft.first), ...personProblems('second', draft.second)];
  if (problems.length > 0) return problems;
  if (![personOf(draft.first), personOf(draft.second)].some(isReachable)) {
    return [{ field: personFieldId('first', 'email'), problem: 'unreachable' }];
  }
  const excess = jsonBytes(contactOf(draft)) - MOST_BYTES;
  return excess > 0 ? [{ field: personFieldId('first', 'note'), problem: 'contactTooLong', number: excess }] : [];
}
