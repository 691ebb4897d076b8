import type { ComponentChildren } from 'preact';

export type TagColour = 'grey' | 'blue' | 'green' | 'yellow' | 'red' | 'purple';

/** A state in one or two words. Its colour says nothing that the words do not. */
export function Tag(props: { readonly colour?: TagColour | undefined; readonly children: ComponentChildren }) {
  return <strong class={`govuk-tag bm-tag--${props.colour ?? 'grey'}`}>{props.children}</strong>;
}
