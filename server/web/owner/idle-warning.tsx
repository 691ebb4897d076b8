/** Says that the page is about to lock itself. */
import { useCallback, useRef, useState } from 'preact/hooks';
import { Button, useFormats } from '../ui/index.ts';
import { useOwnerText } from './owner-text.ts';

export interface IdleWarningProps {
  readonly secondsLeft: number;
  /** Any sign of the visitor's is enough; this is the one that can be seen. */
  readonly onStay: () => void;
}

export function IdleWarning({ secondsLeft, onStay }: IdleWarningProps) {
  const { vault } = useOwnerText();
  const formats = useFormats();
  return (
    <div class="bm-idle bm-no-print" role="region" aria-label={vault.idle.title}>
      <div>
        <p class="govuk-body govuk-!-font-weight-bold" role="alert">
          {vault.idle.title}
        </p>
        <p class="govuk-body">{vault.idle.body(formats.duration(secondsLeft))}</p>
      </div>
      <Button onClick={onStay}>{vault.idle.stay}</Button>
    </div>
  );
}

/** How long the warning stays once the visitor is back: whoever moves the pointer to its button must still find it there. */
const STAY_MS = 2000;

/** The seconds that are left, null for no warning; and what to call when that changes. */
export function useIdleWarning(): readonly [number | null, (secondsLeft: number | null, stayMs?: number) => void] {
  const [secondsLeft, setSecondsLeft] = useState<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const warn = useCallback((left: number | null, stayMs = STAY_MS) => {
    clearTimeout(timer.current);
    if (left === null) timer.current = setTimeout(() => setSecondsLeft(null), stayMs);
    else setSecondsLeft(left);
  }, []);
  return [secondsLeft, warn];
}
