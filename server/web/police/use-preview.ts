/** What a reading would cost, while it is typed. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { NewReading, PoliceApi } from '../engine/police-api.ts';
import { useDesk } from './desk-context.ts';

export type Preview = Awaited<ReturnType<PoliceApi['preview']>>;

/** Milliseconds without a keystroke before the engine is asked. */
const PAUSE_MS = 200;

const keyOf = ({ reading, scheme }: NewReading): string => JSON.stringify([reading, scheme ?? null]);

export interface LivePreview {
  /** Of just what is typed now; null while it is not known. */
  readonly preview: Preview | null;
  /** Has it at once. */
  readonly ask: () => Promise<Preview>;
}

export function usePreview(given: NewReading): LivePreview {
  const { police } = useDesk();
  const key = keyOf(given);
  const latest = useRef(key);
  latest.current = key;
  const [known, setKnown] = useState<{ readonly key: string; readonly preview: Preview } | null>(null);

  const ask = async (): Promise<Preview> => {
    const preview = await police.preview(given);
    if (latest.current === key) setKnown({ key, preview });
    return preview;
  };
  useEffect(() => {
    if (given.reading.trim() === '') return undefined;
    // A failure comes again, and is shown, when the form is sent.
    const timer = setTimeout(() => void ask().catch(() => undefined), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [key]);

  return { preview: known?.key === key ? known.preview : null, ask };
}
