/** How an owner says how to be reached: in a file or by prompts, never in arguments, which others on the machine can see. */
import { Option, type Command } from 'commander';
import { parseJsonBytes } from '../../crypto/bytes.ts';
import { checkContact, type Contact, type ContactDetails, type ContactPerson } from '../../crypto/contact.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import type { ContactChoice } from '../contacts.ts';
import { readBytes } from '../node/files.ts';
import type { TableRow } from '../tables.ts';
import { withQuestions } from './prompts.ts';

export interface ContactOptions {
  readonly contactFile?: string | undefined;
  readonly contact?: 'none' | 'relay' | 'prompt' | undefined;
}

const REMEDY = 'Write it into a JSON file, and name that with --contact-file.';

/**
 * Adds the options by which a contact is given.
 *
 * @param further other ways than the usual ones, each with its help
 */
export function withContactOptions(command: Command, further: Readonly<Record<string, string>> = {}): Command {
  const others = Object.entries(further).map(([how, help]) => `; ${how}: ${help}`);
  return command
    .option(
      '--contact-file <file>',
      'how to reach you, for police with two officers’ consent: JSON with name, email, telephone, note, second',
    )
    .addOption(
      new Option(
        '--contact <how>',
        `relay: police can only leave you a message here; prompt: ask me for it; none: leave no contact${others.join('')}`,
      ).choices(['none', 'relay', 'prompt', ...Object.keys(further)]),
    );
}

/** Reads a contact's file: `{ "email": "…" }`, or `{ "kind": "relay" }`. @throws BlindmarkError `badFile`, `badInput` */
function readContactFile(path: string): ContactChoice {
  let value: unknown;
  try {
    value = parseJsonBytes('file', readBytes(path));
  } catch (cause) {
    if (cause instanceof BlindmarkError && cause.code === 'badFile') throw cause;
    throw new BlindmarkError('badFile', `${path}: it is no JSON`, {
      field: path,
      remedy: 'Write it as {"name": "…", "email": "…", "telephone": "…", "note": "…", "second": {"name": "…"}}.',
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badInput('contact-file', 'a JSON object');
  const given = { kind: 'details', ...value };
  if (given.kind === 'relay' && Object.keys(given).length === 1) return { kind: 'relay' };
  const contact = checkContact(given);
  if (contact.kind === 'details') return contact;
  throw badInput('contact-file', '{"kind": "relay"} alone, for messages');
}

type Ask = (question: string) => Promise<string>;

async function askPerson(ask: Ask): Promise<ContactPerson> {
  const questions = [
    ['name', 'Name:'],
    ['email', 'E-mail:'],
    ['telephone', 'Telephone:'],
    ['note', 'Note, such as an address:'],
  ] as const;
  const entries: [string, string][] = [];
  for (const [field, question] of questions) {
    const answer = await ask(question);
    if (answer !== '') entries.push([field, answer]);
  }
  return Object.fromEntries(entries);
}

async function askContact(): Promise<ContactDetails> {
  return withQuestions('A contact is needed', REMEDY, async (ask) => {
    process.stderr.write(
      'Leave empty what you do not want to give. Only police with two officers’ consent can open it.\n',
    );
    const first = await askPerson(ask);
    process.stderr.write('A second person, such as an executor; leave all empty for none.\n');
    const second = await askPerson(ask);
    const contact = checkContact({
      kind: 'details',
      ...first,
      ...(Object.keys(second).length > 0 ? { second } : {}),
    });
    return contact as ContactDetails;
  });
}

/**
 * The contact that the options stand for; undefined where they say nothing.
 *
 * @throws BlindmarkError `badInput`, `badFile`
 */
export async function readContactChoice(options: ContactOptions): Promise<ContactChoice | undefined> {
  const { contactFile, contact } = options;
  if (contactFile !== undefined && contact !== undefined) throw badInput('contact', 'nothing beside --contact-file');
  if (contactFile !== undefined) return readContactFile(contactFile);
  if (contact === 'prompt') return askContact();
  if (contact === 'relay') return { kind: 'relay' };
  return contact === 'none' ? null : undefined;
}

/**
 * The contact in a table's row: the keeper's name and, in `contact`, an e-mail address, a telephone number or anything else that
 * reaches the keeper; null where the row has none.
 *
 * @throws BlindmarkError `badInput` naming the row
 */
export function contactOfRow(row: TableRow): ContactDetails | null {
  const [name, contact] = ['keeper', 'contact'].map((column) => row.cells[column]?.trim() ?? '') as [string, string];
  if (contact === '') return null;
  const field = contact.includes('@') ? 'email' : /^[+\d][\d ()/-]*$/u.test(contact) ? 'telephone' : 'note';
  try {
    return checkContact({ kind: 'details', ...(name === '' ? {} : { name }), [field]: contact }) as ContactDetails;
  } catch (cause) {
    throw badInput(`row ${row.number}`, 'a keeper and a contact that fit', cause);
  }
}

function linesOfPerson({ name, email, telephone, note }: ContactPerson, indent: string): string[] {
  const lines = [
    ['Name', name],
    ['E-mail', email],
    ['Telephone', telephone],
    ['Note', note?.replaceAll('\n', `\n${indent}  `)],
  ] as const;
  return lines.flatMap(([label, value]) => (value === undefined ? [] : [`${indent}${label}: ${value}`]));
}

/** A contact in words. */
export function describeContact(contact: Contact | NonNullable<ContactChoice>): string {
  if (contact.kind === 'relay') return '  Reached by messages alone, which are left at the registry.';
  const { second } = contact;
  const others = second === undefined ? [] : ['  Second person:', ...linesOfPerson(second, '    ')];
  return [...linesOfPerson(contact, '  '), ...others].join('\n');
}

/** A contact as a line of JSON has it. */
export function recordOfContact(contact: Contact | ContactChoice): Record<string, unknown> | null {
  if (contact === null) return null;
  if (contact.kind === 'relay') return { kind: 'relay' };
  return { ...contact };
}
