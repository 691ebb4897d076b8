/** Boxes of text. */
import type { ComponentChildren } from 'preact';
import { useShared } from './page-text.tsx';
import { useFocus } from './use-focus.ts';

export interface NoticeProps {
  readonly title?: string | undefined;
  /** `success` is announced when it appears. Default: `info`. */
  readonly kind?: 'info' | 'success' | 'important' | undefined;
  readonly children: ComponentChildren;
}

/** A box beside the main text. */
export function Notice(props: NoticeProps) {
  const shared = useShared();
  const kind = props.kind ?? 'info';
  const title = props.title ?? { info: undefined, success: shared.success, important: shared.important }[kind];
  return (
    <div class={`bm-notice bm-notice--${kind}`} role={kind === 'success' ? 'status' : undefined}>
      {title === undefined ? null : <p class="bm-notice__title">{title}</p>}
      {props.children}
    </div>
  );
}

/** What may go wrong for good if it is overlooked. */
export function Warning(props: { readonly children: ComponentChildren }) {
  const shared = useShared();
  return (
    <div class="govuk-warning-text">
      <span class="govuk-warning-text__icon" aria-hidden="true">
        !
      </span>
      <strong class="govuk-warning-text__text">
        <span class="govuk-visually-hidden">{shared.warningPrefix} </span>
        {props.children}
      </strong>
    </div>
  );
}

/** What few need to read. */
export function Details(props: { readonly summary: string; readonly children: ComponentChildren }) {
  return (
    <details class="govuk-details">
      <summary class="govuk-details__summary">
        <span class="govuk-details__summary-text">{props.summary}</span>
      </summary>
      <div class="govuk-details__text">{props.children}</div>
    </details>
  );
}

export function Inset(props: { readonly children: ComponentChildren }) {
  return <div class="govuk-inset-text">{props.children}</div>;
}

/** The end of a task that went well. Its title is the view's h1, and takes focus. */
export function Panel(props: { readonly title: string; readonly children?: ComponentChildren }) {
  const heading = useFocus('panel');
  return (
    <div class="govuk-panel govuk-panel--confirmation">
      <h1 class="govuk-panel__title" ref={heading}>
        {props.title}
      </h1>
      {props.children === undefined ? null : <div class="govuk-panel__body">{props.children}</div>}
    </div>
  );
}
