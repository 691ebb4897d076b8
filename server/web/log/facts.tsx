/** What the registry states of its log, and of who watches it. */
import type { LogView } from '../engine/proofs-api.ts';
import {
  SummaryList,
  Table,
  Tag,
  Untrusted,
  useFormats,
  useText,
  type SummaryRow,
  type TagColour,
} from '../ui/index.ts';
import type { LogText } from './log-text.ts';

/** How old a guardian's confirmation may be, in seconds. */
const DAY = 24 * 3600;

/** By how many seconds a guardian's clock, or this one, may be wrong. */
const CLOCK = 600;

interface FactsProps {
  readonly log: LogView;
  /** Epoch seconds. */
  readonly now: number;
}

export function LogNow(props: FactsProps) {
  const { log, now } = props;
  const text = useText<LogText>().now;
  const formats = useFormats();
  const times = log.cosignatures.flatMap(({ time }) => (time === null ? [] : [time]));
  const newest = Math.max(...times);
  const rows: SummaryRow[] = [
    { key: text.size, value: formats.number(log.size) },
    {
      key: text.confirmed,
      value: times.length === 0 ? text.never : `${formats.time(newest)} (${formats.age(now - newest)})`,
    },
    ...(log.delayed === 0 ? [] : [{ key: text.hidden, value: formats.number(log.delayed) }]),
    {
      key: text.root,
      value: <Fingerprint value={log.root} hint={text.rootHint} />,
    },
    {
      key: text.registry,
      value: (
        <>
          <Untrusted text={log.origin} />
          {log.isTestRegistry ? (
            <>
              {' '}
              <Tag colour="yellow">{text.test}</Tag>
              <p class="govuk-hint log-hint">{text.testHint}</p>
            </>
          ) : null}
        </>
      ),
    },
    { key: text.fingerprint, value: <Fingerprint value={log.fingerprint} hint={text.fingerprintHint} /> },
  ];
  return (
    <section aria-labelledby="now">
      <h2 class="govuk-heading-m" id="now">
        {text.title}
      </h2>
      <SummaryList rows={rows} />
    </section>
  );
}

function Fingerprint(props: { readonly value: string; readonly hint: string }) {
  return (
    <>
      <span class="bm-mono">
        <Untrusted text={props.value} />
      </span>
      <p class="govuk-hint log-hint">{props.hint}</p>
    </>
  );
}

export function Guardians(props: FactsProps) {
  const { log, now } = props;
  const text = useText<LogText>().guardians;
  const formats = useFormats();
  return (
    <section aria-labelledby="guardians">
      <h2 class="govuk-heading-m" id="guardians">
        {text.title}
      </h2>
      <p class="govuk-body">{text.text(log.threshold, log.cosignatures.length)}</p>
      <Table
        caption={text.caption}
        hideCaption
        rowHeaders
        head={[text.name, text.age]}
        rows={log.cosignatures.map(({ guardian, time }) => {
          const [colour, state] = stateOf(time, now, text);
          return [
            <Untrusted key="name" text={guardian} />,
            <>
              {time === null ? null : <>{formats.age(Math.max(0, now - time))} </>}
              <Tag colour={colour}>{state}</Tag>
            </>,
          ];
        })}
      />
    </section>
  );
}

function stateOf(time: number | null, now: number, text: LogText['guardians']): [TagColour, string] {
  if (time === null) return ['yellow', text.missing];
  if (time > now + CLOCK) return ['red', text.ahead];
  return now - time > DAY ? ['red', text.old] : ['green', text.fresh];
}
