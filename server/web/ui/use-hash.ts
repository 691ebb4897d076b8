import { useCallback, useEffect, useState } from 'preact/hooks';

/** Goes to a view. With `replace`, the view left is not in the browser's history. */
export type Go = (path: string, options?: { readonly replace?: boolean | undefined }) => void;

/**
 * The view within the page, kept in the address behind `#/`, so that the browser's back button works.
 * Never put a code, case reference or anything secret there: the browser's history keeps it.
 *
 * @returns the path without `#/`: empty at first; and how to go elsewhere
 */
export function useHash(): readonly [string, Go] {
  const [path, setPath] = useState(readPath);
  useEffect(() => {
    const onChange = (): void => setPath(readPath());
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  const go = useCallback<Go>((next, options) => {
    if (next === readPath()) return;
    if (options?.replace === true) {
      history.replaceState(null, '', `#/${next}`);
      setPath(next);
    } else {
      location.hash = `#/${next}`;
    }
    scrollTo(0, 0);
  }, []);
  return [path, go];
}

function readPath(): string {
  return location.hash.startsWith('#/') ? location.hash.slice(2) : '';
}
