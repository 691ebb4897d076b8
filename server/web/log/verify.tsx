/** Verifies the newest entries, here and now, in the engine. */
import { useState } from 'preact/hooks';
import { startEngine } from '../engine/client.ts';
import type { RecentView } from '../engine/proofs-api.ts';
import { Button, Form, ProgressBar, Radios, useTask, useText } from '../ui/index.ts';
import type { LogText } from './log-text.ts';
import { NotVerified } from './not-verified.tsx';
import { Verified } from './verified.tsx';

const engine = startEngine();

/** How many entries may be chosen. */
const COUNTS = [100, 1000, 10_000] as const;

/** @param props.size of the log, as it is stated */
export function Verify(props: { readonly size: number }) {
  const text = useText<LogText>().verify;
  const [count, setCount] = useState<number>(COUNTS[0]);
  const { run, cancel, isRunning, progress, error, result } = useTask<RecentView>();
  const verify = (): void => {
    void run(async (options) => engine.proofs.verifyRecent({ count }, options));
  };
  const offered = COUNTS.filter((_, i) => i === 0 || props.size > (COUNTS[i - 1] as number));
  return (
    <section aria-labelledby="verify">
      <h2 class="govuk-heading-m" id="verify" tabIndex={-1}>
        {text.title}
      </h2>
      <p class="govuk-body">{text.text}</p>
      {isRunning ? (
        <ProgressBar
          label={text.running}
          done={progress?.done ?? 0}
          total={progress?.total ?? 0}
          secondsLeft={progress?.secondsLeft}
          onCancel={cancel}
        />
      ) : (
        <Form onSubmit={verify}>
          {offered.length === 1 ? null : (
            <Radios
              name="count"
              legend={text.count}
              value={String(count)}
              onChange={(value) => setCount(Number(value))}
              options={offered.map((each) => ({
                value: String(each),
                label: each >= props.size ? text.all(props.size) : text.option(each),
              }))}
            />
          )}
          <Button type="submit">{result === undefined ? text.button : text.again}</Button>
        </Form>
      )}
      <NotVerified error={error} onRetry={verify} />
      {result === undefined ? null : <Verified view={result} />}
    </section>
  );
}
