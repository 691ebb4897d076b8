/** Registering a mark, step by step. */
import { useEffect } from 'preact/hooks';
import { useKeeper } from './keeper.ts';
import { CheckStep } from './register-check.tsx';
import { CodeStep } from './register-code.tsx';
import { ContactStep } from './register-contact.tsx';
import { openStep, type RegisterStep } from './register-draft.ts';
import { ItemsStep } from './register-items.tsx';
import { KeyStep } from './register-key.tsx';
import { ProgressStep } from './register-progress.tsx';
import { markPath } from './routes.ts';

export function Register({ asked }: { readonly asked: RegisterStep }) {
  const { draft, view, go } = useKeeper();
  const step = openStep(draft, asked);
  // A page that was reloaded in mid-registration has no draft any more, but the vault has what was begun.
  const begun =
    asked === 'progress' && step === 'key' ? view.marks.findLast(({ stage }) => stage === 'pending') : undefined;
  useEffect(() => {
    if (begun !== undefined) go(markPath(begun.id, 'resume'), { replace: true });
    else if (step !== asked) go(`register/${step}`, { replace: true });
  }, []);
  if (begun !== undefined || step !== asked) return null;
  switch (step) {
    case 'key':
      return <KeyStep />;
    case 'code':
      return <CodeStep />;
    case 'items':
      return <ItemsStep />;
    case 'contact':
      return <ContactStep />;
    case 'check':
      return <CheckStep />;
    default:
      return <ProgressStep />;
  }
}
