import type { ProofView } from '../engine/proofs-api.ts';
import {
  Button,
  Items,
  Panel,
  PrintButton,
  StatusTag,
  SummaryList,
  Untrusted,
  useFocus,
  useFormats,
  useTitle,
  Warning,
} from '../ui/index.ts';
import { useCheckText } from './check-text.ts';

/** What a receipt proves, and what it does not. */
export function ProvenPage(props: { readonly proof: ProofView; readonly onAgain: () => void }) {
  const { proof } = props;
  const { proven: text } = useCheckText();
  const formats = useFormats();
  const { disclosure } = proof;
  const title = disclosure === null ? text.title : text.disclosureTitle;
  useTitle(title);
  const panel = useFocus<HTMLDivElement>(proof);
  return (
    <>
      <div ref={panel}>
        <Panel title={title} />
      </div>
      {proof.isTestRegistry ? <Warning>{text.test}</Warning> : null}
      <SummaryList
        rows={[
          { key: text.says, value: text.kinds[proof.kind] },
          { key: text.hour, value: formats.hour(proof.hour) },
          { key: text.before, value: formats.dateTime(proof.before) },
          { key: text.witnesses, value: <Names names={proof.witnesses} /> },
          { key: text.origin, value: <Untrusted text={proof.origin} /> },
          {
            key: text.fingerprint,
            value: (
              <>
                <span class="bm-mono">
                  <Untrusted text={proof.fingerprint} />
                </span>
                <p class="govuk-hint">{text.fingerprintHint}</p>
              </>
            ),
          },
          { key: text.entry, value: formats.number(proof.index) },
        ]}
      />
      {disclosure === null ? null : <Disclosed disclosure={disclosure} />}
      <h2 class="govuk-heading-m">{text.limitTitle}</h2>
      <ul class="govuk-list govuk-list--bullet">
        {(disclosure === null ? text.limits : text.disclosureLimits).map((limit) => (
          <li key={limit}>{limit}</li>
        ))}
      </ul>
      <div class="govuk-button-group">
        <Button onClick={props.onAgain}>{text.again}</Button>
        <PrintButton />
      </div>
    </>
  );
}

function Names(props: { readonly names: readonly string[] }) {
  return (
    <ul class="govuk-list">
      {props.names.map((name) => (
        <li key={name}>
          <Untrusted text={name} />
        </li>
      ))}
    </ul>
  );
}

function Disclosed(props: { readonly disclosure: NonNullable<ProofView['disclosure']> }) {
  const { disclosure } = props;
  const { proven: text } = useCheckText();
  const formats = useFormats();
  return (
    <>
      <h2 class="govuk-heading-m">{text.disclosed}</h2>
      <SummaryList
        rows={[
          { key: text.code, value: <Untrusted text={disclosure.code} /> },
          { key: text.scheme, value: <Untrusted text={disclosure.schemeTitle} /> },
          { key: text.status, value: <StatusTag status={disclosure.status} /> },
          { key: text.registeredOn, value: formats.date(disclosure.registeredOn) },
          { key: text.ownerKey, value: <Untrusted text={disclosure.ownerKey} /> },
        ]}
      />
      <Items items={disclosure.items} />
    </>
  );
}
