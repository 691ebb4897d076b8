import { useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { splitHidden } from './hidden-characters.ts';
import { usePageText } from './page-text.tsx';

/** Longer texts are shown in part until all of it is asked for. In UTF-16 units. */
const SHORT = 2000;

export interface UntrustedProps {
  readonly text: string;
  /** Whether line breaks are kept. */
  readonly multiline?: boolean | undefined;
}

/** Text that somebody else wrote: never markup, its direction kept to itself, hidden characters shown by their number. */
export function Untrusted(props: UntrustedProps) {
  const { shared, formats } = usePageText();
  const [isWhole, setIsWhole] = useState(false);
  const multiline = props.multiline === true;
  const isLong = props.text.length > SHORT && !isWhole;
  const pieces = splitHidden(isLong ? props.text.slice(0, SHORT) : props.text, multiline);
  return (
    <>
      <bdi class={`bm-untrusted${multiline ? ' bm-untrusted--multiline' : ''}`}>
        {pieces.map((piece, index) =>
          'text' in piece ? (
            piece.text
          ) : (
            <span key={index} class="bm-hidden-character">
              <span class="govuk-visually-hidden">{shared.hiddenCharacter(piece.hidden)} </span>
              <span aria-hidden="true">{piece.hidden}</span>
              {piece.times === 1 ? null : ` ×${formats.number(piece.times)}`}
            </span>
          ),
        )}
        {isLong ? '…' : null}
      </bdi>
      {isLong ? (
        <>
          {' '}
          <Button kind="link" onClick={() => setIsWhole(true)}>
            {shared.showAllText(formats.number(props.text.length))}
          </Button>
        </>
      ) : null}
    </>
  );
}
