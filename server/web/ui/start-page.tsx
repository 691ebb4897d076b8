/** Starts a page: its texts, what stands around it, and itself. */
import { render, type ComponentChildren, type ComponentType } from 'preact';
import { useCallback, useErrorBoundary, useLayoutEffect, useState } from 'preact/hooks';
import '../style/main.scss';
import { traceOf } from '../defect.ts';
import { createFormats, currentLanguage, storeLanguage, type Language } from '../text/language.ts';
import { Failure } from './failure.tsx';
import { Layout, type Room } from './layout.tsx';
import { PageTextProvider, usePageText, type ErrorsText, type PageText, type SharedText } from './page-text.tsx';
import { useTitle } from './use-title.ts';

type Load<T> = () => Promise<T>;

export interface PageOptions<T> {
  readonly room: Room;
  /** The room's text, each language loaded only when it is shown. */
  readonly load: Readonly<Record<Language, Load<T>>>;
  readonly App: ComponentType;
}

const SHARED: Readonly<Record<Language, Load<SharedText>>> = {
  en: async () => (await import('../text/en/shared.ts')).shared,
  cy: async () => (await import('../text/cy/shared.ts')).shared,
};
const ERRORS: Readonly<Record<Language, Load<ErrorsText>>> = {
  en: async () => (await import('../text/en/errors.ts')).errors,
  cy: async () => (await import('../text/cy/errors.ts')).errors,
};

type Loaded = Omit<PageText, 'setLanguage'>;

/** What is shown where the texts themselves can't be loaded. */
const NOT_LOADED = [
  ['en', 'This page could not be loaded in full. Check your connection and reload it.'],
  ['cy', 'Ni ellid llwytho’r dudalen hon yn llawn. Gwiriwch eich cysylltiad. Ail-lwythwch y dudalen.'],
] as const;

/** Renders the page into `#app`, in the visitor's language. */
export function startPage<T>(options: PageOptions<T>): void {
  const root = document.getElementById('app');
  if (root === null) throw new Error('the page has no element #app');
  void showPage(options, root);
}

async function showPage<T>(options: PageOptions<T>, root: HTMLElement): Promise<void> {
  let text: Loaded;
  try {
    text = await loadText(options, currentLanguage());
  } catch {
    render(<NotLoaded />, root);
    return;
  }
  root.textContent = '';
  render(<Page options={options} first={text} />, root);
}

function NotLoaded() {
  return (
    <main class="govuk-width-container govuk-main-wrapper">
      {NOT_LOADED.map(([language, words]) => (
        <p key={language} class="govuk-body" lang={language}>
          {words}
        </p>
      ))}
    </main>
  );
}

async function loadText<T>(options: PageOptions<T>, language: Language): Promise<Loaded> {
  const [shared, errors, room] = await Promise.all([SHARED[language](), ERRORS[language](), options.load[language]()]);
  return { language, formats: createFormats(language), shared, errors, room };
}

function Page<T>(props: { readonly options: PageOptions<T>; readonly first: Loaded }) {
  const { options } = props;
  const [loaded, setLoaded] = useState(props.first);
  const setLanguage = useCallback(
    (language: Language) => {
      storeLanguage(language);
      // Where the other text can't be loaded, the page stays as it is.
      loadText(options, language).then(setLoaded, () => undefined);
    },
    [options],
  );
  useLayoutEffect(() => {
    document.documentElement.lang = loaded.language;
  }, [loaded.language]);
  const { App, room } = options;
  return (
    <PageTextProvider text={{ ...loaded, setLanguage }}>
      <Layout room={room}>
        <Guarded>
          <App />
        </Guarded>
      </Layout>
    </PageTextProvider>
  );
}

/** Says so where the page itself fails, in the place of a view that is half there or empty. */
function Guarded(props: { readonly children: ComponentChildren }) {
  const [error, retry] = useErrorBoundary((thrown: unknown) => console.error(traceOf(thrown)));
  return error === undefined ? <>{props.children}</> : <Failed onRetry={retry} />;
}

/** Without the error's message, which may quote what was to be shown. */
const FAILED = { code: 'internal', kind: 'unavailable', message: 'The page has failed' } as const;

function Failed(props: { readonly onRetry: () => void }) {
  const { title } = usePageText().errors.internal;
  useTitle(title);
  return (
    <>
      <h1 class="govuk-visually-hidden">{title}</h1>
      <Failure error={FAILED} onRetry={props.onRetry} />
    </>
  );
}
