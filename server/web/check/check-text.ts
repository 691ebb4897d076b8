import type { check } from '../text/en/check.ts';
import type { Strings } from '../text/language.ts';
import { useText } from '../ui/index.ts';

export type CheckText = Strings<typeof check>;

export function useCheckText(): CheckText {
  return useText<CheckText>();
}
