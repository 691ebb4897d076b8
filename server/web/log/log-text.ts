import type { log } from '../text/en/log.ts';
import type { Strings } from '../text/language.ts';

export type LogText = Strings<typeof log>;
