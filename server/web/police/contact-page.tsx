/** The way from a hit to its keeper: ask, hand the request to a colleague, read the contact, leave a message. */
import type { OpeningView, TrayView } from '../engine/police-api.ts';
import { Details } from '../ui/index.ts';
import { AskForm } from './ask-form.tsx';
import { ClaimFacts } from './claim-view.tsx';
import { CaseHeading } from './case-heading.tsx';
import { ContactView } from './contact-view.tsx';
import { usePoliceText, useSchemeName } from './desk-context.ts';
import { ExpiredOpening, WaitingOpening } from './opening-view.tsx';
import { addressOfRoute } from './routes.ts';
import { findClaim, findOpening } from './verdict.ts';

interface ContactPageProps {
  readonly tray: TrayView;
  /** Entry of the match. */
  readonly match: number;
  /** Has the tray read anew. */
  readonly onChange: () => void;
}

export function ContactPage({ tray, match, onChange }: ContactPageProps) {
  const { opening: text } = usePoliceText();
  const nameOf = useSchemeName();
  const found = findClaim(tray, match);
  const opening = findOpening(tray, match);
  const title = titleOf(opening, text);
  return (
    <>
      <a class="govuk-back-link" href={addressOfRoute({ view: 'tray', tray: tray.id })}>
        {text.back}
      </a>
      <CaseHeading tray={tray} title={title} step={opening?.status} />
      {found === null ? (
        <p class="govuk-body">{text.missing}</p>
      ) : (
        <>
          <Step tray={tray} match={match} opening={opening} onChange={onChange} />
          <Details summary={`${found.code} (${nameOf(found.schemeTitle)})`}>
            <ClaimFacts found={found} />
          </Details>
        </>
      )}
    </>
  );
}

function titleOf(opening: OpeningView | null, text: ReturnType<typeof usePoliceText>['opening']): string {
  switch (opening?.status) {
    case undefined:
      return text.ask;
    case 'pending':
      return text.pendingTitle;
    case 'approved':
      return text.approvedTitle;
    case 'opened':
      return text.openedTitle;
    default:
      return text.expiredTitle;
  }
}

interface StepProps extends ContactPageProps {
  readonly opening: OpeningView | null;
}

function Step({ tray, match, opening, onChange }: StepProps) {
  const { id } = tray;
  switch (opening?.status) {
    case undefined:
      return <AskForm tray={id} match={match} onAsked={onChange} />;
    case 'pending':
    case 'approved':
      return <WaitingOpening tray={id} opening={opening} onChange={onChange} />;
    case 'opened':
      return <ContactView tray={id} opening={opening} onChange={onChange} />;
    default:
      return <ExpiredOpening tray={id} match={match} onAsked={onChange} />;
  }
}
