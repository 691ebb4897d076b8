import { useLayoutEffect } from 'preact/hooks';
import { useShared } from './page-text.tsx';

/** Names the view in the browser's title: what it shows, then the service. */
export function useTitle(text: string): void {
  const { service } = useShared();
  useLayoutEffect(() => {
    document.title = `${text} – ${service}`;
  }, [text, service]);
}
