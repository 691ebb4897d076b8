/** A whole list of readings: pasted or uploaded, checked, and only then put on the case. */
import { useState } from 'preact/hooks';
import type { ListView, TrayView } from '../engine/police-api.ts';
import { Untrusted, useFocus, useTitle } from '../ui/index.ts';
import { usePoliceText } from './desk-context.ts';
import { ListCheck } from './list-check.tsx';
import { ListSource } from './list-source.tsx';
import { addressOfRoute } from './routes.ts';

interface ListPageProps {
  readonly tray: TrayView;
  readonly onChange: (tray: TrayView) => void;
}

export function ListPage({ tray, onChange }: ListPageProps) {
  const { list: text, tray: trayText } = usePoliceText();
  const [list, setList] = useState<ListView | null>(null);
  const title = list === null ? text.title : text.columnsTitle;
  const heading = useFocus(title);
  useTitle(title);
  return (
    <>
      <a class="govuk-back-link" href={addressOfRoute({ view: 'tray', tray: tray.id })}>
        {text.toCase}
      </a>
      <h1 class="govuk-heading-l" ref={heading}>
        <span class="govuk-caption-l">
          {trayText.caption} <Untrusted text={tray.caseReference} />
        </span>
        {title}
      </h1>
      {list === null ? (
        <ListSource onList={setList} />
      ) : (
        <ListCheck tray={tray} list={list} onChange={onChange} onBack={() => setList(null)} />
      )}
    </>
  );
}
