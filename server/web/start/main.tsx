import { startPage } from '../ui/index.ts';
import { StartApp } from './app.tsx';

startPage({
  room: 'start',
  load: {
    en: async () => (await import('../text/en/start.ts')).start,
    cy: async () => (await import('../text/cy/start.ts')).start,
  },
  App: StartApp,
});
