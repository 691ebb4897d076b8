/** What was verified, in plain words. */
import type { RecentView } from '../engine/proofs-api.ts';
import { Details, Table, Untrusted, useFocus, useFormats, useText } from '../ui/index.ts';
import type { LogText } from './log-text.ts';

/** Entries that are listed. */
const MOST_LISTED = 100;

export function Verified(props: { readonly view: RecentView }) {
  const { view } = props;
  const text = useText<LogText>();
  const heading = useFocus(view);
  const { result } = text;
  return (
    <>
      <div class="bm-notice bm-notice--success" data-verified={view.verified}>
        <h3 class="govuk-heading-s" ref={heading}>
          {result.title(view.verified)}
        </h3>
        <p class="govuk-body">
          {view.verified === 0 ? result.empty : result.range(view.from, view.from + view.verified - 1)}{' '}
          {view.from === 0 ? (view.verified === 0 ? null : result.whole) : result.older(view.from)}
        </p>
        <p class="govuk-body">
          <Untrusted text={result.witnesses(join(view.witnesses, result.and))} />
        </p>
      </div>
      {view.verified === 0 ? null : <Kinds view={view} />}
      {view.verified === 0 ? null : <Entries view={view} />}
    </>
  );
}

function Kinds(props: { readonly view: RecentView }) {
  const text = useText<LogText>();
  const formats = useFormats();
  const { result } = text;
  const kinds = Object.entries(props.view.kinds).toSorted(([, a], [, b]) => b - a);
  return (
    <Table
      caption={result.kindsCaption}
      head={[result.kind, result.amount]}
      rows={kinds.map(([kind, count]) => [wordsOf(kind, text), formats.number(count)])}
      numeric={[1]}
    />
  );
}

function Entries(props: { readonly view: RecentView }) {
  const text = useText<LogText>();
  const formats = useFormats();
  const { result } = text;
  const listed = props.view.entries.slice(-MOST_LISTED).toReversed();
  return (
    <Details summary={result.show}>
      {listed.length < props.view.verified ? <p class="govuk-body">{result.shown(listed.length)}</p> : null}
      <Table
        caption={result.entriesCaption}
        hideCaption
        rowHeaders
        stack
        head={[result.index, result.kind, result.hour, result.force]}
        rows={listed.map(({ index, kind, hour, force }) => [
          formats.number(index),
          wordsOf(kind, text),
          formats.hour(hour),
          force === null ? '–' : <Untrusted key="force" text={force} />,
        ])}
      />
    </Details>
  );
}

function wordsOf(kind: string, { kinds, otherKind }: LogText): string {
  return Object.hasOwn(kinds, kind) ? kinds[kind as keyof typeof kinds] : otherKind(kind);
}

/** `A, B and C` */
function join(names: readonly string[], and: string): string {
  const [last = '', ...others] = names.toReversed();
  return others.length === 0 ? last : `${others.toReversed().join(', ')} ${and} ${last}`;
}
