import { useId } from 'preact/hooks';
import { Button } from './button.tsx';
import { usePageText } from './page-text.tsx';

export interface ProgressBarProps {
  readonly label: string;
  readonly done: number;
  /** 0 while it is not known. */
  readonly total: number;
  readonly secondsLeft?: number | null | undefined;
  readonly onCancel?: (() => void) | undefined;
}

/** How far long work is. Screen readers hear of it at each tenth. */
export function ProgressBar(props: ProgressBarProps) {
  const { shared, formats } = usePageText();
  const id = useId();
  const { label, total } = props;
  const done = Math.min(props.done, total);
  const percent = total > 0 ? Math.floor((100 * done) / total) : 0;
  const tenth = Math.floor(percent / 10) * 10;
  const secondsLeft = props.secondsLeft ?? null;
  return (
    <div class="bm-progress">
      <label class="bm-progress__label" for={id}>
        {label}
      </label>
      {total > 0 ? (
        <progress id={id} class="bm-progress__bar" max={total} value={done} />
      ) : (
        <progress id={id} class="bm-progress__bar" />
      )}
      <p class="bm-progress__text" aria-hidden="true">
        {total > 1 ? shared.progress.count(formats.number(done), formats.number(total)) : null}
        {secondsLeft === null ? null : (
          <span class="bm-progress__left">{shared.progress.timeLeft(formats.duration(secondsLeft))}</span>
        )}
      </p>
      <span class="govuk-visually-hidden" role="status">
        {total > 0 ? `${label}: ${shared.progress.percent(tenth)}` : label}
      </span>
      {props.onCancel === undefined ? null : (
        <Button kind="secondary" onClick={props.onCancel}>
          {shared.progress.cancel}
        </Button>
      )}
    </div>
  );
}
