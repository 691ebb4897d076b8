/** What the log does not show, and how to verify all of it. */
import { useText } from '../ui/index.ts';
import type { LogText } from './log-text.ts';
import type { StatedLog } from './read-log.ts';

export function Unseen(props: { readonly log: StatedLog }) {
  const { url, fingerprint } = props.log;
  const text = useText<LogText>().unseen;
  return (
    <section aria-labelledby="unseen">
      <h2 class="govuk-heading-m" id="unseen">
        {text.title}
      </h2>
      <p class="govuk-body">{text.text}</p>
      <h3 class="govuk-heading-s">{text.command}</h3>
      <p class="govuk-body">{text.commandText}</p>
      <pre class="log-command">
        <code>{`blindmark audit --url ${url} --fingerprint ${fingerprint}`}</code>
      </pre>
    </section>
  );
}
