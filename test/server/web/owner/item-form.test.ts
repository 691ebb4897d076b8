import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBlindmarkError } from '../../../../crypto/errors.ts';
import { sealItemEnvelope } from '../../../../crypto/item-envelope.ts';
import {
  CATEGORIES,
  draftOfItem,
  emptyItem,
  itemOf,
  itemProblems,
  MOST_ITEMS,
  OTHER,
  type ItemDraft,
} from '../../../../server/web/owner/item-form.ts';
import { readMarks } from '../../../support/marks.ts';

const shotgun: ItemDraft = { ...emptyItem(0), category: 'Shotgun' };
const problemsOf = (draft: Partial<ItemDraft>) => itemProblems([{ ...shotgun, ...draft }]);

/** Whether the SDK takes the items. */
function isTaken(items: readonly ItemDraft[]): boolean {
  const nothing = new Uint8Array(32);
  try {
    sealItemEnvelope({ items: items.map(itemOf), ownerPublicKey: nothing }, nothing, nothing);
    return true;
  } catch (error) {
    if (isBlindmarkError(error, 'badInput')) return false;
    throw error;
  }
}

describe('CATEGORIES', () => {
  it('are those of the published marks', () => {
    expect(new Set(CATEGORIES)).toEqual(new Set(readMarks().map(({ category }) => category)));
  });
});

describe('itemOf', () => {
  it('leaves empty fields out, and white space around the others', () => {
    expect(itemOf({ ...shotgun, make: ' AYA ', description: '  ' })).toEqual({ category: 'Shotgun', make: 'AYA' });
  });

  it('takes the words for what is in no category', () => {
    expect(itemOf({ ...shotgun, category: OTHER, otherCategory: ' Church bell ' })).toEqual({
      category: 'Church bell',
    });
  });

  it('is undone by draftOfItem', () => {
    for (const item of [
      { category: 'Ring', serial: '7' },
      { category: 'Church bell', model: 'treble', make: 'Taylor' },
    ]) {
      expect(itemOf(draftOfItem(item, 3))).toEqual(item);
    }
  });
});

describe('itemProblems', () => {
  it.each([
    [{ category: '' }, 'item-0-category', 'categoryMissing'],
    [{ category: OTHER, otherCategory: ' ' }, 'item-0-other', 'otherMissing'],
    [{ category: OTHER, otherCategory: 'x'.repeat(61) }, 'item-0-other', 'tooLong'],
    [{ make: 'x'.repeat(81) }, 'item-0-make', 'tooLong'],
    [{ model: 'x'.repeat(121) }, 'item-0-model', 'tooLong'],
    [{ serial: 'x'.repeat(61) }, 'item-0-serial', 'tooLong'],
    [{ description: 'x'.repeat(401) }, 'item-0-description', 'tooLong'],
    [{ make: 'A\u202eYA' }, 'item-0-make', 'hiddenCharacters'],
    [{ description: 'a\u0000b' }, 'item-0-description', 'hiddenCharacters'],
  ])('finds fault with %j', (draft, field, problem) => {
    expect(problemsOf(draft).map((found) => [found.field, found.problem])).toEqual([[field, problem]]);
  });

  it('finds every fault, in the order of the page', () => {
    const fields = itemProblems([
      { ...shotgun, make: '\u0007', serial: '\u0007' },
      { ...emptyItem(4), model: '\u0007' },
    ]).map(({ field }) => field);
    expect(fields).toEqual(['item-0-make', 'item-0-serial', 'item-4-category', 'item-4-model']);
  });

  it('points at the longest description where all together are too long', () => {
    const items = Array.from({ length: 12 }, (_, id) => ({
      ...shotgun,
      id,
      description: 'é'.repeat(id === 7 ? 200 : 170),
    }));
    expect(itemProblems(items)).toMatchObject([{ field: 'item-7-description', problem: 'itemsTooLong' }]);
  });

  it('passes exactly what the SDK takes', () => {
    const text = (most: number) =>
      fc.string({ unit: fc.constantFrom('a', 'é', '🔔', '"', '\u202e', '\n'), maxLength: most });
    const item = fc.record({
      category: fc.constantFrom('Shotgun', OTHER),
      otherCategory: fc.constantFrom('Bell', 'x'.repeat(61)),
      make: text(42),
      model: text(20),
      serial: text(20),
      description: fc.oneof(
        text(10),
        fc.integer({ min: 150, max: 401 }).map((length) => 'd'.repeat(length)),
      ),
    });
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: MOST_ITEMS }), (given) => {
        const items = given.map((fields, id) => ({ ...emptyItem(id), ...fields }));
        expect(itemProblems(items).length === 0).toBe(isTaken(items));
      }),
    );
  });
});
