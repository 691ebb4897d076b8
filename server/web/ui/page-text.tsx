/** The texts of the page in the visitor's language, for every component below it. */
import { createContext, type ComponentChildren } from 'preact';
import { useContext } from 'preact/hooks';
import type { errors } from '../text/en/errors.ts';
import type { shared } from '../text/en/shared.ts';
import type { Formats, Language, Strings } from '../text/language.ts';

export type SharedText = Strings<typeof shared>;
export type ErrorsText = Strings<typeof errors>;

/** What a page is given in one language. */
export interface PageText {
  readonly language: Language;
  readonly formats: Formats;
  readonly shared: SharedText;
  readonly errors: ErrorsText;
  /** The room's own text. */
  readonly room: unknown;
  readonly setLanguage: (language: Language) => void;
}

const Context = createContext<PageText | null>(null);

let current: PageText | null = null;

/** Hands `text` to all components below. */
export function PageTextProvider(props: { readonly text: PageText; readonly children: ComponentChildren }) {
  current = props.text;
  return <Context.Provider value={props.text}>{props.children}</Context.Provider>;
}

/** The texts that the page shows at present, for code that is no component. */
export function currentText(): PageText {
  if (current === null) throw new Error('no text before the page is started');
  return current;
}

export function usePageText(): PageText {
  const text = useContext(Context);
  if (text === null) throw new Error('a component outside of startPage');
  return text;
}

/** The room's text: `useText<OwnerText>()`, where `OwnerText` is `Strings<typeof owner>`. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the page's own: startPage gave it a text of this type.
export function useText<T>(): T {
  return usePageText().room as T;
}

export function useShared(): SharedText {
  return usePageText().shared;
}

export function useFormats(): Formats {
  return usePageText().formats;
}

/** The language, and how to change it: typed data stay as they are. */
export function useLanguage(): readonly [Language, (language: Language) => void] {
  const text = usePageText();
  return [text.language, text.setLanguage];
}
