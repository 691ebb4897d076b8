/** The command line of `blindmark`, as a whole. */
import type { Command } from 'commander';
import { auditCommand } from './audit.ts';
import { authorityCommand } from './authority.ts';
import { createCommand } from './command.ts';
import { officerCommand } from './officer.ts';
import { ownerCommand } from './owner.ts';
import { receiptCommand } from './receipt.ts';
import { vendorCommand } from './vendor.ts';

const EXIT_CODE_HELP = `
Exit codes: 0 done, 2 bad input, 3 refused, 4 unavailable (try again later); 1 of audit: something is wrong with the log.
Secrets: BLINDMARK_PASSPHRASE, BLINDMARK_PHRASE, BLINDMARK_ACTIVATION_KEY, BLINDMARK_CASE, or a prompt.`;

/** `blindmark` with all its commands. One parses one command line: make another for the next. */
export function createProgram(): Command {
  return createCommand('blindmark', 'a register of marked property that nobody can browse')
    .version('0.1.0')
    .addCommand(ownerCommand())
    .addCommand(officerCommand())
    .addCommand(vendorCommand())
    .addCommand(authorityCommand())
    .addCommand(receiptCommand())
    .addCommand(auditCommand())
    .addHelpText('after', EXIT_CODE_HELP);
}
