/** Registered items, as owners, officers and buyers see them. */
import type { ItemView, Status } from '../engine/owner-api.ts';
import { useShared } from './page-text.tsx';
import { SummaryList, type SummaryRow } from './summary-list.tsx';
import { Tag, type TagColour } from './tag.tsx';
import { Untrusted } from './untrusted.tsx';

const COLOURS: Readonly<Record<Status, TagColour>> = {
  withKeeper: 'green',
  stolen: 'red',
  lost: 'yellow',
  recovered: 'blue',
};

/** The status of a registration. */
export function StatusTag(props: { readonly status: Status }) {
  return <Tag colour={COLOURS[props.status]}>{useShared().status[props.status]}</Tag>;
}

/** A kind of item in the visitor's language; as its owner wrote it where it is none of the list. */
export function Category(props: { readonly category: string }) {
  const { categories } = useShared();
  return Object.hasOwn(categories, props.category) ? (
    <>{categories[props.category as keyof typeof categories]}</>
  ) : (
    <Untrusted text={props.category} />
  );
}

/** All items of a registration, each with what its owner wrote. */
export function Items(props: { readonly items: readonly ItemView[] }) {
  const { item: words } = useShared();
  return (
    <ol class="bm-items">
      {props.items.map((item, index) => (
        <li key={index}>
          {props.items.length === 1 ? null : <p class="bm-items__number">{words.numbered(index + 1)}</p>}
          <SummaryList rows={rowsOf(item, words)} />
        </li>
      ))}
    </ol>
  );
}

function rowsOf(item: ItemView, words: ReturnType<typeof useShared>['item']): SummaryRow[] {
  const rows: SummaryRow[] = [{ key: words.category, value: <Category category={item.category} /> }];
  for (const name of ['make', 'model', 'serial', 'description'] as const) {
    const text = item[name];
    if (text !== undefined && text !== '') {
      rows.push({ key: words[name], value: <Untrusted text={text} multiline={name === 'description'} /> });
    }
  }
  return rows;
}
