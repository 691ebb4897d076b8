import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOfRoute, formatRoute, parseRoute, type Route } from '../../../../server/web/police/routes.ts';

const tray = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/u);
const route: fc.Arbitrary<Route> = fc.oneof(
  fc.constant<Route>({ view: 'desk' }),
  fc.constant<Route>({ view: 'approve' }),
  fc.record({ view: fc.constantFrom('tray', 'list', 'sheet', 'delete'), tray }),
  fc.record({ view: fc.constant('contact' as const), tray, match: fc.nat() }),
);

describe('routes', () => {
  it('reads what it writes', () => {
    fc.assert(
      fc.property(route, (given) => {
        expect(parseRoute(formatRoute(given))).toEqual(given);
      }),
    );
  });

  it('leads to the desk from whatever else', () => {
    for (const path of ['', 'tray', 'tray/', 'tray/a b', 'tray/x/other', 'tray/x/contact/', 'tray/x/contact/1e3', 'x'])
      expect(parseRoute(path)).toEqual({ view: 'desk' });
    fc.assert(
      fc.property(fc.string(), (path) => {
        expect(parseRoute(path).view).toBeTypeOf('string');
      }),
    );
  });

  it('takes no longer identifier or number than there can be', () => {
    expect(parseRoute(`tray/${'x'.repeat(65)}`)).toEqual({ view: 'desk' });
    expect(parseRoute(`tray/x/contact/${'9'.repeat(16)}`)).toEqual({ view: 'desk' });
  });

  it('gives links their hash', () => {
    expect(addressOfRoute({ view: 'contact', tray: 'x', match: 7 })).toBe('#/tray/x/contact/7');
    expect(addressOfRoute({ view: 'desk' })).toBe('#/');
  });
});
