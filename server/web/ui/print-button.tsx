import type { ComponentChildren } from 'preact';
import { Button } from './button.tsx';
import { useShared } from './page-text.tsx';

/** Prints the page. What is in an element of the class `bm-no-print` stays off the paper. */
export function PrintButton(props: { readonly children?: ComponentChildren; readonly kind?: 'primary' | 'secondary' }) {
  const shared = useShared();
  return (
    <Button kind={props.kind ?? 'secondary'} onClick={() => globalThis.print()}>
      {props.children ?? shared.print}
    </Button>
  );
}
