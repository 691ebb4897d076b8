/** What the steps of a registration have in common. */
import type { ComponentChildren } from 'preact';
import type { FormErrors } from './form-errors.ts';
import { useOwnerText } from './owner-text.ts';
import { REGISTER_STEPS, stepBefore, type RegisterStep } from './register-draft.ts';
import { View } from './view.tsx';

/** Steps that ask something; the last one is waited for. */
const ASKING = REGISTER_STEPS.length - 1;

export interface StepViewProps {
  readonly step: Exclude<RegisterStep, 'progress'>;
  readonly title: string;
  readonly errors?: FormErrors | undefined;
  readonly children: ComponentChildren;
}

export function StepView({ step, title, errors, children }: StepViewProps) {
  const { register } = useOwnerText().register;
  const before = stepBefore(step);
  return (
    <View
      title={title}
      caption={register.caption(REGISTER_STEPS.indexOf(step) + 1, ASKING)}
      back={before === null ? '' : `register/${before}`}
      errors={errors}
    >
      {children}
    </View>
  );
}
