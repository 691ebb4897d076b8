/** The passphrase of a vault that is there. */
import { codeOf, TextField } from '../ui/index.ts';
import { problemIf, type FormErrors, type Problem } from './form-errors.ts';
import { useOwnerText } from './owner-text.ts';

const ID = 'passphrase';

export interface PassphraseFieldProps {
  /** Default: the word for it. */
  readonly label?: string | undefined;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly errors: FormErrors;
}

export function PassphraseField({ label, value, onInput, errors }: PassphraseFieldProps) {
  const { unlock } = useOwnerText().vault;
  return (
    <TextField
      id={ID}
      label={label ?? unlock.passphrase}
      type="password"
      autoComplete="current-password"
      width={20}
      value={value}
      onInput={onInput}
      error={errors.of(ID)}
    />
  );
}

/** What is wrong before anything is asked. */
export function passphraseMissing(passphrase: string): Problem[] {
  return problemIf(passphrase === '', ID, ({ vault }) => vault.unlock.passphraseMissing);
}

/** Shows beside its field that the passphrase is a wrong one. @throws whatever the work throws */
export async function withPassphrase<T>(errors: FormErrors, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === 'badPassphrase') errors.show([{ id: ID, words: ({ vault }) => vault.unlock.wrong }]);
    throw error;
  }
}

/** What is left to be shown of an error: a wrong passphrase is said beside its field. */
export function otherFailure(error: unknown): unknown {
  return codeOf(error) === 'badPassphrase' ? null : error;
}
