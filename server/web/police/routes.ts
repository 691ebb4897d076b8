/**
 * The views of the police pages by their address behind the `#`. An address stays in the browser's history, on disk and unsealed:
 * it names trays by their random identifiers and matches by their entry in the public log, and nothing else.
 */

export type Route =
  | { readonly view: 'desk' }
  | { readonly view: 'approve' }
  | { readonly view: 'tray' | 'list' | 'sheet' | 'delete'; readonly tray: string }
  | { readonly view: 'contact'; readonly tray: string; readonly match: number };

const TRAY = /^tray\/([A-Za-z0-9_-]{1,64})(?:\/(list|sheet|delete))?\/?$/u;
const CONTACT = /^tray\/([A-Za-z0-9_-]{1,64})\/contact\/(\d{1,15})\/?$/u;

/** The view of an address; the desk for one that names none. */
export function parseRoute(path: string): Route {
  if (/^approve\/?$/u.test(path)) return { view: 'approve' };
  const [, tray, view] = TRAY.exec(path) ?? [];
  if (tray !== undefined) return { view: (view as 'list' | 'sheet' | 'delete' | undefined) ?? 'tray', tray };
  const [, ofContact, match] = CONTACT.exec(path) ?? [];
  if (ofContact !== undefined) return { view: 'contact', tray: ofContact, match: Number(match) };
  return { view: 'desk' };
}

/** An address as `useHash` takes it: `tray/4f2a/list`. */
export function formatRoute(route: Route): string {
  switch (route.view) {
    case 'desk':
      return '';
    case 'approve':
      return 'approve';
    case 'tray':
      return `tray/${route.tray}`;
    case 'contact':
      return `tray/${route.tray}/contact/${route.match}`;
    default:
      return `tray/${route.tray}/${route.view}`;
  }
}

/** What a link to a view leads to. */
export const addressOfRoute = (route: Route): string => `#/${formatRoute(route)}`;
