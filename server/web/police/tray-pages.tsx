/** The views of one case: they share its tray, so that a lookup shows in all of them. */
import { asFailure, Failure, useFocus, useShared, useTitle } from '../ui/index.ts';
import { ContactPage } from './contact-page.tsx';
import { DeletePage } from './delete-page.tsx';
import { usePoliceText } from './desk-context.ts';
import { ListPage } from './list-page.tsx';
import { addressOfRoute, type Route } from './routes.ts';
import { SheetPage } from './sheet-page.tsx';
import { TrayPage } from './tray-page.tsx';
import { useTray } from './use-tray.ts';

interface TrayPagesProps {
  readonly route: Extract<Route, { readonly tray: string }>;
}

export function TrayPages({ route }: TrayPagesProps) {
  const shared = useShared();
  const { tray, error, reload, replace } = useTray(route.tray);
  if (tray === null) {
    if (error === null) return <p class="govuk-body">{shared.loading}</p>;
    return asFailure(error)?.code === 'notFound' ? <Missing /> : <Failure error={error} onRetry={reload} />;
  }
  switch (route.view) {
    case 'list':
      return <ListPage tray={tray} onChange={replace} />;
    case 'sheet':
      return <SheetPage tray={tray} />;
    case 'delete':
      return <DeletePage tray={tray} />;
    case 'contact':
      return <ContactPage key={route.match} tray={tray} match={route.match} onChange={reload} />;
    default:
      return <TrayPage tray={tray} error={error} onChange={replace} onRetry={reload} />;
  }
}

/** Of an address of another officer's case, or of one that was deleted. */
function Missing() {
  const { tray: text } = usePoliceText();
  const heading = useFocus('missing');
  useTitle(text.title);
  return (
    <>
      <h1 class="govuk-heading-l" ref={heading}>
        {text.missing}
      </h1>
      <p class="govuk-body">
        <a class="govuk-link" href={addressOfRoute({ view: 'desk' })}>
          {text.back}
        </a>
      </p>
    </>
  );
}
