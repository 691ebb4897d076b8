/** A registration under way: from the summary to the receipt, or on from where it was interrupted. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { CallOptions } from '../engine/calls.ts';
import type { MarkView } from '../engine/owner-api.ts';
import { asFailure, Button, codeOf, Failure, Inset, ProgressBar, useTask } from '../ui/index.ts';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { PhaseList } from './phase-list.tsx';
import { EMPTY_DRAFT, registerForm } from './register-draft.ts';
import { markPath } from './routes.ts';
import { P, View } from './view.tsx';

export function ProgressStep() {
  const { progress: words } = useOwnerText().register;
  const { owner, draft, go } = useKeeper();
  return (
    <Run title={words.title} start={async (options) => owner.register(registerForm(draft), options)}>
      <Button kind="secondary" onClick={() => go('register/check')}>
        {words.correct}
      </Button>
      <Button kind="secondary" onClick={() => go('register/key')}>
        {words.otherKey}
      </Button>
    </Run>
  );
}

export interface RunProps {
  readonly title: string;
  readonly start: (options: CallOptions) => Promise<MarkView>;
  /** What else can be done once it has stopped. */
  readonly children: ComponentChildren;
}

/** Runs as soon as it appears. */
export function Run({ title, start, children }: RunProps) {
  const { progress: words } = useOwnerText().register;
  const { owner, setView, setDraft, go } = useKeeper();
  const task = useTask<MarkView>();
  const run = async (): Promise<void> => {
    const mark = await task.run(async (options) => {
      try {
        return await start(options);
      } finally {
        // Whatever became of it, what was begun is in the vault now. A failure of this must not hide one of that.
        await owner.view().then(setView, () => undefined);
      }
    });
    if (mark === undefined) return;
    setDraft(EMPTY_DRAFT);
    go(markPath(mark.id, 'registered'), { replace: true });
  };
  useEffect(() => void run(), []);

  const isStopped = codeOf(task.error) === 'cancelled';
  const isPassing = isStopped || asFailure(task.error)?.kind === 'unavailable';
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The button that was pressed is gone, and the focus with it.
    if (document.activeElement === document.body) box.current?.focus();
  }, [task.isRunning]);
  const { progress } = task;
  return (
    <View title={title}>
      <P>{words.lead}</P>
      <div class="bm-run" tabIndex={-1} ref={box}>
        {task.isRunning ? (
          <>
            <ProgressBar
              label={words.label}
              done={progress?.done ?? 0}
              total={progress?.total ?? 0}
              secondsLeft={progress?.secondsLeft}
              onCancel={task.cancel}
            />
            <PhaseList done={progress?.done ?? 0} />
          </>
        ) : null}
        {task.error === null || isStopped ? null : <Failure error={task.error} />}
        {task.error === null ? null : (
          <>
            <Inset>{isStopped ? words.stopped : words.failedNext}</Inset>
            <div class="govuk-button-group">
              {isPassing ? null : children}
              <Button kind={isPassing ? 'primary' : 'secondary'} onClick={() => void run()}>
                {words.goOn}
              </Button>
              {isPassing ? children : null}
            </div>
          </>
        )}
      </div>
    </View>
  );
}
