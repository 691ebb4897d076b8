/** `blindmark owner contact` and `messages`: how police may reach the keeper, and what they have left. */
import type { Command } from 'commander';
import { equalBytes, formatBase64url } from '../../crypto/bytes.ts';
import type { HistoryLine } from '../history.ts';
import type { OwnerMessage } from '../messages.ts';
import {
  describeContact,
  readContactChoice,
  recordOfContact,
  withContactOptions,
  type ContactOptions,
} from './contact.ts';
import { formatCount, formatDate } from './output.ts';
import { markCommand, recordOf, withOwner, type MarkOptions } from './vault-command.ts';

// Not even the owner can open it.
const UNKNOWN_CONTACT =
  '  There is a contact, sealed before this vault was rebuilt. Replace it, if you do not know what it says.';
const NO_CONTACT = '  No contact: police who find it cannot reach you.';

async function contact(options: MarkOptions & ContactOptions): Promise<void> {
  const choice = await readContactChoice(options);
  await withOwner(options, async (owner, output, signal) => {
    const mark = owner.find(options.code, options.scheme);
    const current = choice === undefined ? mark : await owner.replaceContact(mark, choice, signal);
    const { contact: left } = current;
    const known = left === null ? NO_CONTACT : UNKNOWN_CONTACT;
    const words = left === null || left === undefined ? known : describeContact(left);
    const verdict =
      choice === undefined
        ? 'As this vault knows it:'
        : 'Changed; it is sealed so that only two officers together can open it:';
    output.result(
      { ...recordOf(current), contact: left === undefined ? 'unknown' : recordOfContact(left) },
      `${verdict}\n${words}`,
    );
  });
}

/** The opening in the public log that a message belongs to: the same force, for the same case. */
function openingOf({ force, caseCommitment }: OwnerMessage, lines: readonly HistoryLine[]): number | null {
  const line = lines.find(
    ({ entry }) =>
      entry.kind === 'opening' && entry.force === force && equalBytes(entry.caseCommitment, caseCommitment),
  );
  return line?.index ?? null;
}

function wordsOfMessage(message: OwnerMessage, opening: number | null): string {
  const { text, replyTo, receivedOn, forceName, officer } = message;
  const logged =
    opening === null
      ? 'its opening is not shown in the public log yet'
      : `opening in entry ${opening} of the public log`;
  const reply = replyTo === undefined ? '' : `\n  Answer to: ${replyTo}`;
  return `${formatDate(receivedOn)}, ${forceName}, officer ${officer} (${logged}):\n  ${text.replaceAll('\n', '\n  ')}${reply}`;
}

async function messages(options: MarkOptions & { readonly erase?: boolean }): Promise<void> {
  await withOwner(options, async (owner, output, signal) => {
    const mark = owner.find(options.code, options.scheme);
    const { messages: waiting, refused } = await owner.messages(mark, [], signal);
    const lines = waiting.length === 0 ? [] : (await owner.history(mark, signal)).lines;
    for (const message of waiting) {
      const opening = openingOf(message, lines);
      const { id, text, replyTo, receivedOn, force, officer } = message;
      const record = { id: formatBase64url(id), receivedOn, force, officer, opening, text, replyTo };
      output.result(record, wordsOfMessage(message, opening));
    }
    if (waiting.length === 0) output.remark('No message waits.');
    if (refused.length > 0) {
      output.remark(
        `${formatCount(refused.length, 'message')} of no officer of the roster, or not for this mark, and not shown.`,
      );
    }
    const all = [...waiting.map(({ id }) => id), ...refused];
    if (all.length === 0) return;
    if (options.erase === true) {
      await owner.messages(mark, all, signal);
      output.remark('Erased at the registry.');
    } else {
      output.remark('They stay at the registry until you fetch them with --erase.');
    }
  });
}

/** The commands of `blindmark owner` about being reached. */
export function contactCommands(): Command[] {
  return [
    withContactOptions(markCommand('contact', 'show or replace how police may reach the keeper')).action(contact),
    markCommand('messages', 'read what officers have left for the keeper')
      .option('--erase', 'have the registry erase what is shown')
      .action(messages),
  ];
}
