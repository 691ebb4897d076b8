#!/usr/bin/env node
/** The `blindmark` command. */
import { authorityCommand } from './authority.ts';
import { createCommand, runCommand } from './command.ts';
import { officerCommand } from './officer.ts';
import { ownerCommand } from './owner.ts';
import { vendorCommand } from './vendor.ts';

const EXIT_CODE_HELP = `
Exit codes: 0 done, 2 bad input, 3 refused, 4 unavailable (try again later).
Secrets: BLINDMARK_PASSPHRASE, BLINDMARK_PHRASE, BLINDMARK_ACTIVATION_KEY, BLINDMARK_CASE, or a prompt.`;

const program = createCommand('blindmark', 'a register of marked property that nobody can browse')
  .version('0.1.0')
  .addCommand(ownerCommand())
  .addCommand(officerCommand())
  .addCommand(vendorCommand())
  .addCommand(authorityCommand())
  .addHelpText('after', EXIT_CODE_HELP);

await runCommand(program, process.argv);
