/** What the police pages say, in English. */
import { policeCase } from './police-case.ts';
import { policeLookup } from './police-lookup.ts';
import { policeOpening } from './police-opening.ts';

export const police = { ...policeLookup, ...policeCase, ...policeOpening };
