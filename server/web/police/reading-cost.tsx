/** What stands below a reading while it is typed, and how readings are typed. */
import { Details } from '../ui/index.ts';
import { useDesk, usePoliceText, useSchemeName } from './desk-context.ts';
import type { Preview } from './use-preview.ts';

/** Problems that more typing will not mend, so that it helps to say them at once. */
const LASTING = ['checkFailed', 'tooManyCandidates'] as const;

interface ReadingCostProps {
  readonly preview: Preview | null;
  /** Whether the form was sent before the cost was shown, and waits to be sent again. */
  readonly isHeld: boolean;
}

export function ReadingCost({ preview, isHeld }: ReadingCostProps) {
  return (
    <div class="bm-below-field" role="status">
      {preview !== null && <Words preview={preview} isHeld={isHeld} />}
    </div>
  );
}

function Words({ preview, isHeld }: { readonly preview: Preview; readonly isHeld: boolean }) {
  const { session } = useDesk();
  const nameOf = useSchemeName();
  const { reading: text, problem: problems } = usePoliceText();
  const { candidates, omitted, problem, schemes } = preview;
  const lasting = LASTING.find((code) => code === problem?.code);
  if (lasting !== undefined) return <p class="govuk-body-s">{problems[lasting]}</p>;
  if (problem !== null) return null;
  const titles = schemes.map(nameOf);
  return (
    <>
      <p class="govuk-body-s">
        <strong>{text.cost(candidates, session.codesPerDay)}</strong>{' '}
        {titles.length > 0 && text.fits(titles.join(', '))}
      </p>
      {omitted > 0 && <p class="govuk-body-s">{text.omitted(omitted)}</p>}
      {isHeld && <p class="govuk-body-s">{text.costShown}</p>}
    </>
  );
}

export function ReadingHelp() {
  const { reading: text } = usePoliceText();
  return (
    <Details summary={text.help}>
      <ul class="govuk-list govuk-list--bullet">
        {[text.helpUnread, text.helpOneOf, text.helpMaker, text.helpCost].map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </Details>
  );
}
