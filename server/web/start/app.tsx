/** The start page, and what it says about privacy. */
import type { start } from '../text/en/start.ts';
import type { Strings } from '../text/language.ts';
import { addressOf, Table, useFocus, useHash, useShared, useText, useTitle } from '../ui/index.ts';

type StartText = Strings<typeof start>;

export function StartApp() {
  const [path] = useHash();
  return path === 'privacy' ? <Privacy /> : <Start />;
}

function Start() {
  const text = useText<StartText>();
  const heading = useFocus('start');
  useTitle(text.title);
  return (
    <>
      <div class="govuk-grid-row">
        <div class="govuk-grid-column-two-thirds">
          <h1 class="govuk-heading-xl" ref={heading}>
            {text.title}
          </h1>
          <p class="bm-lead">{text.lead}</p>
          {text.about.map((paragraph) => (
            <p key={paragraph} class="govuk-body">
              {paragraph}
            </p>
          ))}
        </div>
      </div>
      <Doors />
      <WhoSeesWhat />
      <div class="govuk-grid-row bm-section">
        <div class="govuk-grid-column-two-thirds">
          <h2 class="govuk-heading-l">{text.limits.title}</h2>
          <List items={text.limits.list} />
        </div>
      </div>
    </>
  );
}

function Doors() {
  const { navigation } = useShared();
  const { doors } = useText<StartText>();
  return (
    <nav class="bm-section" aria-labelledby="doors">
      <h2 class="govuk-heading-l" id="doors">
        {doors.title}
      </h2>
      <ul class="bm-doors">
        {(['owner', 'police', 'check', 'log'] as const).map((room) => (
          <li key={room} class="bm-door">
            <a class="bm-door__link" href={addressOf(room, 'start')}>
              {navigation[room]}
            </a>
            <p class="bm-door__text">{doors[room]}</p>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function WhoSeesWhat() {
  const { table } = useText<StartText>();
  const parties = ['owner', 'officer', 'registry', 'guardian', 'vendor', 'thief', 'everybody'] as const;
  return (
    <section class="bm-section">
      <h2 class="govuk-heading-l">{table.title}</h2>
      <Table
        caption={table.title}
        hideCaption
        head={table.head}
        rows={parties.map((party) => [table[party].who, table[party].sees, table[party].never])}
        rowHeaders
        stack
      />
    </section>
  );
}

function Privacy() {
  const { privacy } = useText<StartText>();
  const heading = useFocus('privacy');
  useTitle(privacy.title);
  return (
    <div class="govuk-grid-row">
      <div class="govuk-grid-column-two-thirds">
        <h1 class="govuk-heading-l" ref={heading}>
          {privacy.title}
        </h1>
        <p class="govuk-body">{privacy.none}</p>
        <h2 class="govuk-heading-m">{privacy.keptTitle}</h2>
        <List items={privacy.kept} />
        <h2 class="govuk-heading-m">{privacy.sentTitle}</h2>
        <List items={privacy.sent} />
        <h2 class="govuk-heading-m">{privacy.deleteTitle}</h2>
        <p class="govuk-body">{privacy.delete}</p>
        <p class="govuk-body">
          <a class="govuk-link" href="#/">
            {privacy.back}
          </a>
        </p>
      </div>
    </div>
  );
}

function List(props: { readonly items: readonly string[] }) {
  return (
    <ul class="govuk-list govuk-list--bullet govuk-list--spaced">
      {props.items.map((item) => (
        <li key={item}>{item}</li>
      ))}
    </ul>
  );
}
