import { describe, expect, it } from 'vitest';
import { MARK_PARTS, markPath, parseRoute } from '../../../../server/web/owner/routes.ts';

describe('parseRoute', () => {
  it.each([
    ['', { view: 'marks' }],
    ['no/such', { view: 'marks' }],
    ['mark', { view: 'marks' }],
    ['mark/0', { view: 'marks' }],
    ['mark/8EQ7-1S02', { view: 'marks' }],
    ['find', { view: 'find' }],
    ['vault', { view: 'vault' }],
    ['register', { view: 'register', step: 'key' }],
    ['register/items', { view: 'register', step: 'items' }],
    ['register/nothing', { view: 'register', step: 'key' }],
    ['mark/12', { view: 'mark', mark: '12', part: 'overview', receipt: 0 }],
    ['mark/12/nothing', { view: 'mark', mark: '12', part: 'overview', receipt: 0 }],
    ['mark/12/receipt/3', { view: 'mark', mark: '12', part: 'receipt', receipt: 3 }],
  ])('reads %j', (path, route) => {
    expect(parseRoute(path)).toEqual(route);
  });

  it('reads the path of each view of a mark', () => {
    for (const part of MARK_PARTS) {
      expect(parseRoute(markPath('7', part, 2))).toEqual({
        view: 'mark',
        mark: '7',
        part,
        receipt: part === 'overview' ? 0 : 2,
      });
    }
  });
});
