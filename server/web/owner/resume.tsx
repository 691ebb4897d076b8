/** Goes on with a registration that was interrupted. */
import { useState } from 'preact/hooks';
import type { MarkView } from '../engine/owner-api.ts';
import { Button } from '../ui/index.ts';
import { useKeeper } from './keeper.ts';
import { MarkOverview } from './mark-overview.tsx';
import { useOwnerText } from './owner-text.ts';
import { draftOfMark } from './register-draft.ts';
import { Run } from './register-progress.tsx';

export function Resume({ mark }: { readonly mark: MarkView }) {
  const { progress: words } = useOwnerText().register;
  const { owner, setDraft, go } = useKeeper();
  // Decided once: while it runs, the mark becomes registered.
  const [isPending] = useState(mark.stage === 'pending');
  if (!isPending) return <MarkOverview mark={mark} />;
  return (
    <Run title={words.resumeTitle} start={async (options) => owner.resume({ mark: mark.id }, options)}>
      <Button
        kind="secondary"
        onClick={() => {
          setDraft(draftOfMark(mark));
          go('register/key');
        }}
      >
        {words.otherKey}
      </Button>
    </Run>
  );
}
