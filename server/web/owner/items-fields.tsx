/** One to twenty items, each in a fieldset of its own. */
import { useRef, useState } from 'preact/hooks';
import { Button, Select, TextArea, TextField, useShared } from '../ui/index.ts';
import type { FormErrors } from './form-errors.ts';
import { CATEGORIES, emptyItem, itemFieldId, MOST_ITEMS, OTHER, type ItemDraft } from './item-form.ts';
import { useOwnerText } from './owner-text.ts';

export interface ItemsFieldsProps {
  readonly items: readonly ItemDraft[];
  readonly onItems: (items: readonly ItemDraft[]) => void;
  readonly errors: FormErrors;
}

export function ItemsFields({ items, onItems, errors }: ItemsFieldsProps) {
  const { items: words } = useOwnerText().register;
  const [removed, setRemoved] = useState<number | null>(null);
  /** The item whose first field takes focus once it is there. */
  const added = useRef<number | null>(null);
  const addButton = useRef<HTMLDivElement>(null);

  const add = (): void => {
    const id = Math.max(...items.map((item) => item.id)) + 1;
    added.current = id;
    setRemoved(null);
    onItems([...items, emptyItem(id)]);
  };
  const remove = (id: number, number: number): void => {
    setRemoved(number);
    onItems(items.filter((item) => item.id !== id));
    // The button that was pressed is gone with its item.
    addButton.current?.querySelector('button')?.focus();
  };
  const focusAdded = (id: number) => (fieldset: HTMLFieldSetElement | null) => {
    if (fieldset === null || added.current !== id) return;
    added.current = null;
    fieldset.querySelector('select')?.focus();
  };

  return (
    <>
      {items.map((item, i) => (
        <fieldset key={item.id} class="govuk-fieldset bm-item-fields" ref={focusAdded(item.id)}>
          <legend class="govuk-fieldset__legend govuk-fieldset__legend--m">{words.item(i + 1)}</legend>
          <ItemFields
            item={item}
            onItem={(changed) => onItems(items.map((known) => (known.id === changed.id ? changed : known)))}
            errors={errors}
          />
          {items.length === 1 ? null : (
            <Button kind="secondary" onClick={() => remove(item.id, i + 1)}>
              {words.remove(i + 1)}
            </Button>
          )}
        </fieldset>
      ))}
      <p class="govuk-body-s" role="status">
        {removed === null ? '' : words.removed(removed)}
      </p>
      <div ref={addButton}>
        {items.length < MOST_ITEMS ? (
          <Button kind="secondary" onClick={add}>
            {words.add}
          </Button>
        ) : (
          <p class="govuk-body">{words.full}</p>
        )}
      </div>
    </>
  );
}

interface ItemFieldsProps {
  readonly item: ItemDraft;
  readonly onItem: (item: ItemDraft) => void;
  readonly errors: FormErrors;
}

function ItemFields({ item, onItem, errors }: ItemFieldsProps) {
  const { items: words } = useOwnerText().register;
  const { categories } = useShared();
  const idOf = (field: string): string => itemFieldId(item, field);
  const text = (field: 'make' | 'model' | 'serial', hint?: string) => (
    <TextField
      id={idOf(field)}
      label={words[field]}
      hint={hint}
      width={20}
      spellCheck={false}
      value={item[field]}
      onInput={(value) => onItem({ ...item, [field]: value })}
      error={errors.of(idOf(field))}
    />
  );
  return (
    <>
      <Select
        id={idOf('category')}
        label={words.category}
        value={item.category}
        onChange={(category) => onItem({ ...item, category })}
        error={errors.of(idOf('category'))}
        options={[
          { value: '', label: words.choose },
          ...CATEGORIES.map((category) => ({ value: category, label: categories[category] })),
          { value: OTHER, label: words.other },
        ]}
      />
      {item.category === OTHER ? (
        <TextField
          id={idOf('other')}
          label={words.otherLabel}
          width={20}
          spellCheck={false}
          value={item.otherCategory}
          onInput={(otherCategory) => onItem({ ...item, otherCategory })}
          error={errors.of(idOf('other'))}
        />
      ) : null}
      {text('make')}
      {text('model', words.modelHint)}
      {text('serial')}
      <TextArea
        id={idOf('description')}
        label={words.description}
        hint={words.descriptionHint}
        rows={3}
        spellCheck={false}
        value={item.description}
        onInput={(description) => onItem({ ...item, description })}
        error={errors.of(idOf('description'))}
      />
    </>
  );
}
