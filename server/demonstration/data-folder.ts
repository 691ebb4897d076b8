/**
 * The data folder of a demonstration, which is set up whole or not at all. It may exist and be empty, also as a mount point,
 * so all is made in a folder inside it, whose content is moved up at the end.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { BlindmarkError } from '../../crypto/errors.ts';
import { layoutOf } from './layout.ts';

/** Where a set-up is being made: worth nothing once it was interrupted. */
const BUILDING = '.setting-up';

/** Where it is when it is whole, while its content is moved up. */
const WHOLE = '.set-up';

/** Whether a demonstration is set up in a folder. */
export function isSetUp(data: string): boolean {
  return existsSync(layoutOf(data).registryFile);
}

/**
 * Makes the data folder ready for a set-up: removes what an interrupted one left.
 *
 * @returns an empty folder to build in; `data` for {@link layoutOf} until {@link completeSetUp}
 * @throws BlindmarkError `badFile` when `data` holds something else
 */
export function beginSetUp(data: string): string {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  if (readdirSync(data).some((name) => name !== BUILDING)) {
    throw new BlindmarkError('badFile', `${data}: this folder holds something else than a demonstration`, {
      field: 'BLINDMARK_DATA',
      remedy: 'Name another folder in BLINDMARK_DATA, or empty this one.',
    });
  }
  const building = join(data, BUILDING);
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { mode: 0o700 });
  return building;
}

/** Moves what was built up into the data folder. */
export function completeSetUp(data: string): void {
  renameSync(join(data, BUILDING), join(data, WHOLE));
  resumeSetUp(data);
}

/** Goes on with a {@link completeSetUp} that was interrupted, if one was. */
export function resumeSetUp(data: string): void {
  const whole = join(data, WHOLE);
  if (!existsSync(whole)) return;
  // What `isSetUp` looks at comes last.
  const last = basename(layoutOf(data).demo);
  const names = readdirSync(whole).sort((a, b) => Number(a === last) - Number(b === last));
  for (const name of names) renameSync(join(whole, name), join(data, name));
  rmdirSync(whole);
}
