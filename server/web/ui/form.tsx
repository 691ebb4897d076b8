import type { ComponentChildren } from 'preact';

export interface FormProps {
  readonly onSubmit: () => void;
  readonly children: ComponentChildren;
}

/**
 * A form that sends nothing anywhere: submitting it, also by the Enter key, is the page's own doing. Browsers are asked to remember
 * nothing of it.
 */
export function Form({ onSubmit, children }: FormProps) {
  return (
    <form
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}
