/** What a guardian's process may touch: its code, and its own folder. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';

/** The program's own folders. Not the whole project, in which other guardians' folders may lie. */
const CODE = ['crypto', 'server', 'node_modules', 'package.json'];

/**
 * Flags of Node's permission model for `node FLAGS server/guardian/main.ts serve --folder FOLDER`: reads of its code and its
 * folder, writes to its folder, and worker threads, which are held to the same. No other file, no child process, no native
 * addon. The passphrase then comes from the environment, for a file elsewhere can't be read.
 *
 * What they do not do, in Node 24: restrict the network, or what `node:sqlite` opens. They keep a mistake in the guardian
 * from reaching further, and are no sandbox against code of somebody else's: for that, one user or machine a guardian.
 * Worker threads may read the working directory beside what is listed; `serve` makes that the guardian's folder.
 *
 * @param projectFolder where `package.json` lies
 * @param guardianFolder exists
 */
export function guardianPermissionFlags(projectFolder: string, guardianFolder: string): string[] {
  const project = realpathSync(projectFolder);
  const folder = realpathSync(guardianFolder);
  return [
    '--permission',
    ...CODE.map((name) => `--allow-fs-read=${join(project, name)}`),
    `--allow-fs-read=${folder}`,
    `--allow-fs-write=${folder}`,
    '--allow-worker',
  ];
}
