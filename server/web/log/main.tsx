import { startPage } from '../ui/index.ts';
import { App } from './app.tsx';
import './log.scss';

startPage({
  room: 'log',
  load: {
    en: async () => (await import('../text/en/log.ts')).log,
    cy: async () => (await import('../text/cy/log.ts')).log,
  },
  App,
});
