/** What every view has: a title, the way back, and its errors above all else. */
import type { ComponentChildren } from 'preact';
import { ErrorSummary, useFocus, useShared, useTitle } from '../ui/index.ts';
import type { FormErrors } from './form-errors.ts';

export interface ViewProps {
  readonly title: string;
  /** The browser's title, where the heading says a code: browsers keep titles in their history, unsealed. Default: `title`. */
  readonly pageTitle?: string | undefined;
  /** Above the title: where in a series of steps this is. */
  readonly caption?: string | undefined;
  /** The path of the view before. */
  readonly back?: string | undefined;
  readonly errors?: FormErrors | undefined;
  readonly children?: ComponentChildren;
}

/** A view of its own: its heading takes focus when it appears. */
export function View({ title, pageTitle, caption, back, errors, children }: ViewProps) {
  const heading = useFocus(null);
  useTitle(pageTitle ?? title);
  return (
    <>
      {back === undefined ? null : <BackLink path={back} />}
      {errors === undefined ? null : <ErrorSummary errors={errors.list} attempt={errors.attempt} />}
      <h1 class="govuk-heading-l" tabIndex={-1} ref={heading}>
        {caption === undefined ? null : <span class="govuk-caption-l">{caption}</span>}
        {title}
      </h1>
      {children}
    </>
  );
}

function BackLink({ path }: { readonly path: string }) {
  const shared = useShared();
  return (
    <a class="govuk-back-link bm-no-print" href={`#/${path}`}>
      {shared.back}
    </a>
  );
}

/** A paragraph. */
export function P({ children }: { readonly children: ComponentChildren }) {
  return <p class="govuk-body">{children}</p>;
}
