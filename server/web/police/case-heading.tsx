/** What the views of a case have at their top. */
import type { TrayView } from '../engine/police-api.ts';
import { Untrusted, useFocus, useTitle } from '../ui/index.ts';
import { usePoliceText } from './desk-context.ts';

interface CaseHeadingProps {
  readonly tray: TrayView;
  /** The browser's title as well: it says nothing of the case. */
  readonly title: string;
  /** The heading takes focus when this changes. */
  readonly step: string | undefined;
}

/** The view's title, under the reference of its case. */
export function CaseHeading({ tray, title, step }: CaseHeadingProps) {
  const { tray: text } = usePoliceText();
  const heading = useFocus(step);
  useTitle(title);
  return (
    <h1 class="govuk-heading-l" ref={heading}>
      <span class="govuk-caption-l">
        {text.caption} <Untrusted text={tray.caseReference} />
      </span>
      {title}
    </h1>
  );
}
