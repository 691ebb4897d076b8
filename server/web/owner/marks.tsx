/** All marks of the vault. Nothing is asked of the registry here: asking for all at once would show which belong together. */
import type { MarkView } from '../engine/owner-api.ts';
import { Button, Details, Notice, useFormats } from '../ui/index.ts';
import { ItemLine } from './item-line.tsx';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { markPath } from './routes.ts';
import { StageTag } from './stage-tag.tsx';
import { P, View } from './view.tsx';

export function Marks() {
  const { marks: words } = useOwnerText().mark;
  const { common } = useOwnerText().vault;
  const { view, go } = useKeeper();
  const pending = view.marks.filter(({ stage }) => stage === 'pending');
  const standing = view.marks.filter(({ stage }) => stage !== 'withdrawn');
  const withdrawn = view.marks.filter(({ stage }) => stage === 'withdrawn');
  return (
    <View title={words.title}>
      {pending.map((mark) => (
        <Notice key={mark.id} kind="important" title={words.unfinished}>
          <P>{words.unfinishedBody(mark.code)}</P>
          <Button onClick={() => go(markPath(mark.id, 'resume'))}>{words.goOn}</Button>
        </Notice>
      ))}
      {standing.length === 0 ? <NoMarks /> : <MarkList marks={standing} />}
      <div class="govuk-button-group">
        <Button kind={pending.length > 0 ? 'secondary' : 'primary'} onClick={() => go('register')}>
          {common.register}
        </Button>
        <a class="govuk-link" href="#/find">
          {common.find}
        </a>
      </div>
      {withdrawn.length === 0 ? null : (
        <Details summary={words.withdrawnToo}>
          <MarkList marks={withdrawn} />
        </Details>
      )}
    </View>
  );
}

function NoMarks() {
  const { marks: words } = useOwnerText().mark;
  return (
    <>
      <P>{words.none}</P>
      <P>{words.noneRestored}</P>
    </>
  );
}

function MarkList({ marks }: { readonly marks: readonly MarkView[] }) {
  const { marks: words } = useOwnerText().mark;
  return (
    <ul class="bm-marks" aria-label={words.list}>
      {marks.map((mark) => (
        <li key={mark.id} class="bm-marks__mark">
          <MarkSummary mark={mark} />
        </li>
      ))}
    </ul>
  );
}

function MarkSummary({ mark }: { readonly mark: MarkView }) {
  const { marks: words } = useOwnerText().mark;
  const formats = useFormats();
  return (
    <>
      <div class="bm-marks__head">
        <a class="govuk-link bm-code" href={`#/${markPath(mark.id)}`}>
          {mark.code}
        </a>
        <StageTag mark={mark} />
      </div>
      <ul class="bm-marks__items">
        {mark.items.map((item, i) => (
          <li key={i}>
            <ItemLine item={item} />
          </li>
        ))}
      </ul>
      {mark.registeredOn === null ? null : (
        <p class="govuk-body-s">
          {words.registered} {formats.date(mark.registeredOn)}
        </p>
      )}
    </>
  );
}
