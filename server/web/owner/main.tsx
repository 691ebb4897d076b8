/** The owner's pages: a vault, and the marks in it. */
import { startPage } from '../ui/start-page.tsx';
import { OwnerApp } from './app.tsx';
import './owner.scss';

startPage({
  room: 'owner',
  load: {
    en: async () => (await import('../text/en/owner.ts')).owner,
    cy: async () => (await import('../text/cy/owner.ts')).owner,
  },
  App: OwnerApp,
});
