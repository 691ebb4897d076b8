/** What the owner's pages say, in the visitor's language. */
import type { owner } from '../text/en/owner.ts';
import type { Strings } from '../text/language.ts';
import { useText } from '../ui/index.ts';

export type OwnerText = Strings<typeof owner>;

export function useOwnerText(): OwnerText {
  return useText<OwnerText>();
}

/** A kind of code in the visitor's language; as the registry names it where it is none of the usual ones. */
export function schemeTitle(text: OwnerText, scheme: string, title: string): string {
  const { schemes } = text.register;
  return Object.hasOwn(schemes, scheme) ? schemes[scheme as keyof typeof schemes] : title;
}
