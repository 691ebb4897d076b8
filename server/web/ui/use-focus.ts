import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/**
 * Moves focus to a view's heading whenever `dep` changes or the view appears, so that who can't see the page hears where they are. Not
 * before the visitor has done anything: a page that is just open begins at its top.
 *
 * @returns for the heading: `<h1 ref={useFocus(step)}>`
 */
export function useFocus<T extends HTMLElement = HTMLHeadingElement>(dep: unknown): RefObject<T | null> {
  const heading = useRef<T>(null);
  useEffect(() => {
    const element = heading.current;
    if (element === null || !navigator.userActivation.hasBeenActive) return;
    if (!element.hasAttribute('tabindex')) element.tabIndex = -1;
    element.focus();
  }, [dep]);
  return heading;
}
