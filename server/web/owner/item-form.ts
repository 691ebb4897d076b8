/** Items as they are typed: one to twenty, each with a category and free fields. */
import type { ItemView } from '../engine/owner-api.ts';
import { jsonBytes, textProblem, type FieldProblem } from './field-problem.ts';

/** As they stand in a registration, for police to read; the page shows them in its own language. */
export const CATEGORIES = [
  'Shotgun',
  'Rifle',
  'Bicycle',
  'Excavator',
  'Quad bike',
  'Outboard motor',
  'Laptop',
  'Camera',
  'Catalytic converter',
  'Ring',
  'Painting',
] as const;
export type Category = (typeof CATEGORIES)[number];

/** Chosen for what is in no category. */
export const OTHER = 'other';

export const MOST_ITEMS = 20;

export const ITEM_LIMITS = { category: 60, make: 80, model: 120, serial: 60, description: 400 } as const;
const TEXT_FIELDS = ['make', 'model', 'serial', 'description'] as const;

/** The largest item envelope, less its seal and padding. */
const MOST_BYTES = 4096 - 44;
const OWNER_KEY_CHARACTERS = 43;

/** One item's fields on the page. */
export interface ItemDraft {
  /** Tells it from others while items are added and removed. */
  readonly id: number;
  /** One of {@link CATEGORIES}, {@link OTHER}, or nothing yet. */
  readonly category: string;
  readonly otherCategory: string;
  readonly make: string;
  readonly model: string;
  readonly serial: string;
  readonly description: string;
}

export function emptyItem(id: number): ItemDraft {
  return { id, category: '', otherCategory: '', make: '', model: '', serial: '', description: '' };
}

export function isCategory(category: string): category is Category {
  return (CATEGORIES as readonly string[]).includes(category);
}

/** An item that is known, to be changed. */
export function draftOfItem(item: ItemView, id: number): ItemDraft {
  const { category, make = '', model = '', serial = '', description = '' } = item;
  const chosen = isCategory(category) ? { category, otherCategory: '' } : { category: OTHER, otherCategory: category };
  return { id, ...chosen, make, model, serial, description };
}

/** A draft as it is registered: fields that are empty are left out. */
export function itemOf(draft: ItemDraft): ItemView {
  const category = draft.category === OTHER ? draft.otherCategory.trim() : draft.category;
  const given = TEXT_FIELDS.map((field) => [field, draft[field].trim()] as const);
  return { category, ...Object.fromEntries(given.filter(([, text]) => text !== '')) };
}

/** The id of an item's field on the page. */
export function itemFieldId(draft: Pick<ItemDraft, 'id'>, field: string): string {
  return `item-${draft.id}-${field}`;
}

/** By how many bytes the items together are too long for an envelope; 0 where they fit. */
function excessBytes(items: readonly ItemView[]): number {
  const content = { items, ownerPublicKey: 'k'.repeat(OWNER_KEY_CHARACTERS) };
  return Math.max(0, jsonBytes(content) - MOST_BYTES);
}

function categoryProblem(draft: ItemDraft): FieldProblem | null {
  if (draft.category === '') return { field: itemFieldId(draft, 'category'), problem: 'categoryMissing' };
  if (draft.category !== OTHER) return null;
  const field = itemFieldId(draft, 'other');
  const other = draft.otherCategory.trim();
  return other === '' ? { field, problem: 'otherMissing' } : textProblem(field, other, ITEM_LIMITS.category);
}

/** All that is wrong with the items, in the order of the page. */
export function itemProblems(drafts: readonly ItemDraft[]): FieldProblem[] {
  const problems = drafts.flatMap((draft) => [
    categoryProblem(draft),
    ...TEXT_FIELDS.map((field) => textProblem(itemFieldId(draft, field), draft[field].trim(), ITEM_LIMITS[field])),
  ]);
  const found = problems.filter((problem) => problem !== null);
  const excess = found.length === 0 ? excessBytes(drafts.map(itemOf)) : 0;
  if (excess > 0) {
    const longest = drafts.toSorted((a, b) => b.description.length - a.description.length)[0] as ItemDraft;
    found.push({ field: itemFieldId(longest, 'description'), problem: 'itemsTooLong', number: excess });
  }
  return found;
}
