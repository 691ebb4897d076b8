/** Items as people give them on a command line and in a table. */
import { badInput } from '../../crypto/errors.ts';
import { itemSchema, type Item } from '../../crypto/item-envelope.ts';
import { parseMessage } from '../../crypto/message.ts';
import type { TableRow } from '../tables.ts';

const FIELDS = ['category', 'make', 'model', 'serial', 'description'] as const;

/**
 * Reads `category=Shotgun,make=AYA,model=No. 4, 16 bore`. A comma separates where a field's name follows it.
 *
 * @throws BlindmarkError `badInput`
 */
export function parseItem(text: string): Item {
  const parts = text.split(new RegExp(`,\\s*(?=(?:${FIELDS.join('|')})\\s*=)`, 'u'));
  const entries = parts.map((part): [string, string] => {
    const at = part.indexOf('=');
    const name = part.slice(0, at).trim().toLowerCase();
    if (at < 0 || !(FIELDS as readonly string[]).includes(name)) {
      throw badInput('item', `category=…,make=…,model=… with the fields ${FIELDS.join(', ')}`);
    }
    return [name, part.slice(at + 1).trim()];
  });
  return parseMessage(itemSchema, Object.fromEntries(entries.filter(([, value]) => value !== '')), 'item');
}

/** The item that a table's row describes. @throws BlindmarkError `badInput` naming the row */
export function itemOfRow(row: TableRow): Item {
  const entries = FIELDS.flatMap((field) => {
    const value = row.cells[field];
    return value === undefined || value === '' ? [] : [[field, value] as const];
  });
  return parseMessage(itemSchema, Object.fromEntries(entries), `row ${row.number}`);
}

/** An item in words. */
export function describeItem(item: Item): string {
  const { category, make, model, serial, description } = item;
  const parts = [category, make, model, serial === undefined ? undefined : `serial ${serial}`, description];
  return parts.filter((part) => part !== undefined).join(', ');
}
