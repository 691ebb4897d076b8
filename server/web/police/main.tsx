/** The police pages: look up a reading, and reach a keeper by two officers. */
import { startPage } from '../ui/start-page.tsx';
import { PoliceApp } from './app.tsx';
import './police.css';

startPage({
  room: 'police',
  load: {
    en: async () => (await import('../text/en/police.ts')).police,
    cy: async () => (await import('../text/cy/police.ts')).police,
  },
  App: PoliceApp,
});
