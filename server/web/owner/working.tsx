/** Says that something is under way which takes a moment. */
import { useOwnerText } from './owner-text.ts';

export interface WorkingProps {
  readonly isRunning: boolean;
  readonly label?: string | undefined;
}

/** Always there, so that screen readers hear it when it begins. */
export function Working({ isRunning, label }: WorkingProps) {
  const { vault } = useOwnerText();
  return (
    <p class="govuk-body bm-working" role="status">
      {isRunning ? `${label ?? vault.common.working}…` : ''}
    </p>
  );
}
