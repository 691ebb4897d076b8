/** The four phases of a registration, and how far it is. */
import { Tag } from '../ui/index.ts';
import { useOwnerText } from './owner-text.ts';

const PHASES = ['token', 'evaluate', 'stretch', 'log'] as const;

/** @param props.done phases that are complete */
export function PhaseList({ done }: { readonly done: number }) {
  const { progress: words } = useOwnerText().register;
  return (
    <ol class="bm-phases" aria-label={words.steps}>
      {PHASES.map((phase, i) => (
        <li key={phase} class="bm-phases__phase" aria-current={i === done ? 'step' : undefined}>
          <span>{words[phase]}</span>
          <PhaseTag place={i} done={done} />
        </li>
      ))}
    </ol>
  );
}

function PhaseTag({ place, done }: { readonly place: number; readonly done: number }) {
  const { progress: words } = useOwnerText().register;
  if (place < done) return <Tag colour="green">{words.finished}</Tag>;
  return place === done ? <Tag colour="blue">{words.now}</Tag> : <Tag>{words.waiting}</Tag>;
}
