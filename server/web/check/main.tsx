/** The check page: receipts, verified in the browser. */
import { startPage } from '../ui/start-page.tsx';
import { CheckApp } from './app.tsx';

startPage({
  room: 'check',
  load: {
    en: async () => (await import('../text/en/check.ts')).check,
    cy: async () => (await import('../text/cy/check.ts')).check,
  },
  App: CheckApp,
});
