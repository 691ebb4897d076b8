/** A whole list of readings: pasted or uploaded, checked, and only then put on the case. */
import { useState } from 'preact/hooks';
import type { ListView, TrayView } from '../engine/police-api.ts';
import { CaseHeading } from './case-heading.tsx';
import { usePoliceText } from './desk-context.ts';
import { ListCheck } from './list-check.tsx';
import { ListSource } from './list-source.tsx';
import { addressOfRoute } from './routes.ts';

interface ListPageProps {
  readonly tray: TrayView;
  readonly onChange: (tray: TrayView) => void;
}

export function ListPage({ tray, onChange }: ListPageProps) {
  const { list: text } = usePoliceText();
  const [list, setList] = useState<ListView | null>(null);
  const title = list === null ? text.title : text.columnsTitle;
  return (
    <>
      <a class="govuk-back-link" href={addressOfRoute({ view: 'tray', tray: tray.id })}>
        {text.toCase}
      </a>
      <CaseHeading tray={tray} title={title} step={title} />
      {list === null ? (
        <ListSource onList={setList} />
      ) : (
        <ListCheck tray={tray} list={list} onChange={onChange} onBack={() => setList(null)} />
      )}
    </>
  );
}
