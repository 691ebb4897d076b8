/** One registration that was found: status, items and dates, and the way to its keeper. */
import type { FoundView, OpeningView, TrayView } from '../engine/police-api.ts';
import { StatusTag, SummaryList, useFormats } from '../ui/index.ts';
import { usePoliceText, type PoliceText } from './desk-context.ts';
import { ItemLines } from './item-lines.tsx';
import { addressOfRoute } from './routes.ts';
import { findOpening } from './verdict.ts';

interface ClaimFactsProps {
  readonly found: FoundView;
}

/** What the registration says, and since when it is there. */
export function ClaimFacts({ found }: ClaimFactsProps) {
  const { card: text } = usePoliceText();
  const formats = useFormats();
  return (
    <SummaryList
      rows={[
        { key: text.status, value: <StatusTag status={found.status} /> },
        { key: text.items, value: <ItemLines items={found.items} /> },
        { key: text.registered, value: text.registeredOn(formats.date(found.registeredOn)) },
        { key: text.log, value: text.entry(formats.dateTime(found.registeredBefore), String(found.match)) },
      ]}
    />
  );
}

interface ClaimViewProps extends ClaimFactsProps {
  readonly tray: TrayView;
  /** `First claim`; null where there is but one. */
  readonly title: string | null;
}

export function ClaimView({ tray, found, title }: ClaimViewProps) {
  const { card: text } = usePoliceText();
  return (
    <>
      {title !== null && (
        <p class="govuk-body">
          <strong>{title}</strong>
        </p>
      )}
      <ClaimFacts found={found} />
      {found.hasContact ? (
        <p class="govuk-body bm-no-print">
          <a class="govuk-link" href={addressOfRoute({ view: 'contact', tray: tray.id, match: found.match })}>
            {wordsOfOpening(findOpening(tray, found.match), text)}
            {title !== null && <span class="govuk-visually-hidden"> ({title})</span>}
          </a>
        </p>
      ) : (
        <p class="govuk-body">{text.noContact}</p>
      )}
    </>
  );
}

function wordsOfOpening(opening: OpeningView | null, text: PoliceText['card']): string {
  switch (opening?.status) {
    case undefined:
      return text.ask;
    case 'pending':
      return text.openingPending;
    case 'approved':
      return text.openingApproved;
    case 'opened':
      return text.openingOpened;
    default:
      return text.openingExpired;
  }
}
