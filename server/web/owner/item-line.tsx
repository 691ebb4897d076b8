/** One item in a line. */
import type { ItemView } from '../engine/owner-api.ts';
import { Category, Untrusted } from '../ui/index.ts';

export function ItemLine({ item }: { readonly item: ItemView }) {
  const makeAndModel = [item.make, item.model].filter((part) => part !== undefined).join(' ');
  return (
    <>
      <Category category={item.category} />
      {makeAndModel === '' ? null : (
        <>
          {': '}
          <Untrusted text={makeAndModel} />
        </>
      )}
    </>
  );
}
