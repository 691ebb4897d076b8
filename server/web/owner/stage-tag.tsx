/** Where a mark is. */
import type { MarkView } from '../engine/owner-api.ts';
import { Tag, type TagColour } from '../ui/index.ts';
import { useOwnerText } from './owner-text.ts';

const COLOURS = {
  pending: 'purple',
  withdrawn: 'grey',
  withKeeper: 'green',
  stolen: 'red',
  lost: 'yellow',
  recovered: 'blue',
} as const satisfies Readonly<Record<string, TagColour>>;

/** Begun, withdrawn, or its status, as its owner says it. */
export function StageTag({ mark }: { readonly mark: Pick<MarkView, 'stage' | 'status'> }) {
  const { stage: words } = useOwnerText().mark;
  const state = mark.stage === 'registered' ? mark.status : mark.stage;
  return <Tag colour={COLOURS[state]}>{words[state]}</Tag>;
}
