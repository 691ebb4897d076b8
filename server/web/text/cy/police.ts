/** What the police pages say, in Welsh. */
import type { police as english } from '../en/police.ts';
import type { Strings } from '../language.ts';
import { policeCase } from './police-case.ts';
import { policeLookup } from './police-lookup.ts';
import { policeOpening } from './police-opening.ts';

export const police: Strings<typeof english> = { ...policeLookup, ...policeCase, ...policeOpening };
