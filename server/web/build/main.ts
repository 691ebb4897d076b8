/** `npm run pages`: builds the pages, and says the hash that stands for the build. */
import { resolve } from 'node:path';
import { formatBase64url } from '../../../crypto/bytes.ts';
import { createCommand, runCommand, say } from '../../command.ts';
import { buildPages, ensurePages, PAGES_FOLDER, readBuildHash } from './build.ts';

const program = createCommand('npm run pages --', 'builds the pages for browsers')
  .option('--out <folder>', 'where to; default: where the registry looks for them', PAGES_FOLDER)
  .option('--if-needed', 'leaves a build of the same sources as it is')
  .action(async ({ out, ifNeeded }: { readonly out: string; readonly ifNeeded?: true }) => {
    const folder = resolve(out);
    await (ifNeeded === true ? ensurePages(folder) : buildPages(folder));
    say(formatBase64url(readBuildHash(folder)));
  });

await runCommand(program);
