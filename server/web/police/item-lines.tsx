/** Items in few lines, as a card and a sheet have room for. */
import type { ItemView } from '../engine/owner-api.ts';
import { Category, Untrusted, useShared } from '../ui/index.ts';

export function ItemLines({ items }: { readonly items: readonly ItemView[] }) {
  return (
    <ul class="bm-item-lines">
      {items.map((item, i) => (
        <li key={i}>
          <ItemLine item={item} />
        </li>
      ))}
    </ul>
  );
}

/** `Shotgun: AYA, No. 4, 16 bore. Serial number: 78975`; the owner's description below. */
function ItemLine({ item: { category, make, model, serial, description } }: { readonly item: ItemView }) {
  const { item: words } = useShared();
  const names = [make, model].filter((name) => name !== undefined);
  return (
    <>
      <strong>
        <Category category={category} />
      </strong>
      {names.map((name, i) => (
        <span key={i}>
          {i === 0 ? ': ' : ', '}
          <Untrusted text={name} />
        </span>
      ))}
      {serial !== undefined && (
        <div>
          {words.serial}: <Untrusted text={serial} />
        </div>
      )}
      {description !== undefined && (
        <div>
          <Untrusted text={description} multiline />
        </div>
      )}
    </>
  );
}
