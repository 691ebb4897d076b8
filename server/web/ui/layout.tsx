/** What stands around every page. */
import type { ComponentChildren } from 'preact';
import { LANGUAGES } from '../text/language.ts';
import { useLanguage, useShared } from './page-text.tsx';

/** The pages. Each is a folder; `start` is above them. */
export type Room = 'start' | 'owner' | 'police' | 'check' | 'log';

const ROOMS: readonly Room[] = ['start', 'owner', 'police', 'check', 'log'];

export interface LayoutProps {
  readonly room: Room;
  readonly children: ComponentChildren;
}

export function Layout(props: LayoutProps) {
  const shared = useShared();
  return (
    <>
      <a
        class="govuk-skip-link"
        href="#main"
        onClick={(event) => {
          // The address must stay: the page's own routes stand in it.
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        {shared.skipToContent}
      </a>
      <header class="bm-header">
        <div class="govuk-width-container bm-header__inner">
          <div class="bm-header__name">
            <a class="bm-header__service" href={addressOf('start', props.room)}>
              <Emblem />
              {shared.service}
            </a>
          </div>
          <LanguageSwitch />
        </div>
        <Navigation room={props.room} />
      </header>
      <div class="govuk-width-container">
        <main class="govuk-main-wrapper bm-main" id="main" tabIndex={-1}>
          {props.children}
        </main>
      </div>
      <footer class="bm-footer">
        <div class="govuk-width-container bm-footer__inner">
          <p class="bm-footer__text">{shared.tagline}.</p>
          <p class="bm-footer__text">
            {shared.footer.privacy}{' '}
            <a class="govuk-link" href={`${addressOf('start', props.room)}#/privacy`}>
              {shared.footer.privacyMore}
            </a>
          </p>
        </div>
      </footer>
    </>
  );
}

/** The address of `room`, as seen from the page of `from`: relative, so that the pages may be hosted below any path. */
export function addressOf(room: Room, from: Room): string {
  const root = from === 'start' ? './' : '../';
  return room === 'start' ? root : `${root}${room}/`;
}

function Navigation(props: { readonly room: Room }) {
  const { navigation } = useShared();
  return (
    <nav class="bm-navigation" aria-label={navigation.label}>
      <ul class="govuk-width-container bm-navigation__list">
        {ROOMS.map((room) => (
          <li key={room} class="bm-navigation__item">
            <a
              class="bm-navigation__link"
              href={addressOf(room, props.room)}
              aria-current={room === props.room ? 'page' : undefined}
            >
              {navigation[room]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function LanguageSwitch() {
  const { language: words } = useShared();
  const [language, setLanguage] = useLanguage();
  return (
    <div class="bm-languages" role="group" aria-label={words.label}>
      {LANGUAGES.map((other) => (
        <button
          key={other}
          type="button"
          class="bm-languages__button"
          lang={other}
          aria-pressed={other === language}
          onClick={() => setLanguage(other)}
        >
          {words[other]}
        </button>
      ))}
    </div>
  );
}

/** A closed eye over a mark: seen by nobody, there all the same. */
function Emblem() {
  return (
    <svg class="bm-emblem" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
      <path
        d="M4 13c3.4 4.6 7.4 6.9 12 6.9S24.6 17.6 28 13"
        fill="none"
        stroke="currentColor"
        stroke-width="2.8"
        stroke-linecap="round"
      />
      <path
        d="M7.4 17.4l-2.2 3.4M16 20v4.2M24.6 17.4l2.2 3.4"
        fill="none"
        stroke="currentColor"
        stroke-width="2.8"
        stroke-linecap="round"
      />
    </svg>
  );
}
