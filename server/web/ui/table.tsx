import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useShared } from './page-text.tsx';

export interface TableProps {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly ComponentChildren[])[];
  /** Columns of numbers, from 0. */
  readonly numeric?: readonly number[] | undefined;
  /** Whether the first column names the row. */
  readonly rowHeaders?: boolean | undefined;
  /** Whether a row becomes a block of its own on narrow screens, each cell under its column's title: for tables of sentences. */
  readonly stack?: boolean | undefined;
  /** Whether the caption is for screen readers alone, where a heading says the same. */
  readonly hideCaption?: boolean | undefined;
}

/** A table. Where the screen is narrow it scrolls in a box of its own, or, with `stack`, becomes a list of blocks. */
export function Table(props: TableProps) {
  const table = <TableItself {...props} />;
  return props.stack === true ? table : <ScrollBox caption={props.caption}>{table}</ScrollBox>;
}

/** Reached by keyboard where it scrolls; where all of the table is seen, it is no stop on the way. */
function ScrollBox(props: { readonly caption: string; readonly children: ComponentChildren }) {
  const shared = useShared();
  const box = useRef<HTMLDivElement>(null);
  const [isScrolled, setIsScrolled] = useState(false);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const measure = (): void => setIsScrolled(element.scrollWidth > element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    if (element.firstElementChild !== null) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);
  const stop = isScrolled
    ? { 'role': 'region' as const, 'aria-label': shared.scrollTable(props.caption), 'tabIndex': 0 }
    : {};
  return (
    <div class="bm-scroll" ref={box} {...stop}>
      {props.children}
    </div>
  );
}

function TableItself(props: TableProps) {
  const stack = props.stack === true;
  // Blocks in a table's place lose its meaning for screen readers unless it is said.
  const role = (name: 'table' | 'rowgroup' | 'row' | 'columnheader') => (stack ? name : undefined);
  return (
    <table class={`govuk-table${stack ? ' bm-table--stack' : ''}`} role={role('table')}>
      <caption
        class={props.hideCaption === true ? 'govuk-visually-hidden' : 'govuk-table__caption govuk-table__caption--s'}
      >
        {props.caption}
      </caption>
      <thead class="govuk-table__head" role={role('rowgroup')}>
        <tr class="govuk-table__row" role={role('row')}>
          {props.head.map((title, column) => (
            <th
              key={column}
              scope="col"
              role={role('columnheader')}
              class={`govuk-table__header${isNumeric(props, column) ? ' govuk-table__header--numeric' : ''}`}
            >
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody class="govuk-table__body" role={role('rowgroup')}>
        {props.rows.map((cells, row) => (
          <tr key={row} class="govuk-table__row" role={role('row')}>
            {cells.map((cell, column) => (
              <Cell key={column} table={props} column={column}>
                {cell}
              </Cell>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface CellProps {
  readonly table: TableProps;
  readonly column: number;
  readonly children: ComponentChildren;
}

function Cell({ table, column, children }: CellProps) {
  const stack = table.stack === true;
  if (table.rowHeaders === true && column === 0) {
    return (
      <th scope="row" class="govuk-table__header" role={stack ? 'rowheader' : undefined}>
        {children}
      </th>
    );
  }
  return (
    <td
      class={`govuk-table__cell${isNumeric(table, column) ? ' govuk-table__cell--numeric' : ''}`}
      role={stack ? 'cell' : undefined}
    >
      {stack ? (
        <span class="bm-table__label" aria-hidden="true">
          {table.head[column]}
        </span>
      ) : null}
      {children}
    </td>
  );
}

function isNumeric(table: TableProps, column: number): boolean {
  return table.numeric?.includes(column) === true;
}
