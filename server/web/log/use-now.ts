import { useEffect, useState } from 'preact/hooks';

/** Seconds between two looks at the clock. */
const INTERVAL = 15;

/** The time in epoch seconds, as it goes on. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), INTERVAL * 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
