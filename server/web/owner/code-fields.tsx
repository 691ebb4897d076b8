/** The fields of a code, and what is known of it while it is typed. */
import { useEffect, useState } from 'preact/hooks';
import type { CodeCheckView, SchemeView } from '../engine/owner-api.ts';
import { Details, Select, TextField } from '../ui/index.ts';
import { QrReader } from '../ui/qr-reader.tsx';
import { CodeVerdict } from './code-verdict.tsx';
import type { FormErrors } from './form-errors.ts';
import { useKeeper } from './keeper.ts';
import { schemeTitle, useOwnerText } from './owner-text.ts';
import { needsTypingAgain, SERIAL_SCHEME, type CodeDraft } from './register-draft.ts';

export interface CodeFieldsProps {
  readonly code: CodeDraft;
  readonly onCode: (code: CodeDraft) => void;
  readonly check: CodeCheckView | null;
  readonly errors: FormErrors;
  /** Whether a code without a check is typed a second time. */
  readonly isTypedAgain?: boolean | undefined;
}

export function CodeFields({ code, onCode, check, errors, isTypedAgain = false }: CodeFieldsProps) {
  const { code: words } = useOwnerText().register;
  const isSerial = code.scheme === SERIAL_SCHEME;
  const [isAgainShown, setIsAgainShown] = useState(code.again !== '');
  /** Whether the field has been left since its last letter: half of one code can be a whole one of another kind. */
  const [isLeft, setIsLeft] = useState(code.text !== '');
  const againError = errors.of('code-again');
  const needsAgain = check?.state === 'complete' && isTypedAgain && needsTypingAgain(code, check);
  // It stays while the code is corrected, so that nothing jumps.
  useEffect(() => {
    if (check !== null && isLeft) setIsAgainShown(needsAgain);
  }, [check, isLeft]);
  return (
    <>
      {isSerial ? (
        <TextField
          id="maker"
          label={words.maker}
          hint={words.makerHint}
          width={20}
          spellCheck={false}
          value={code.maker}
          onInput={(maker) => onCode({ ...code, maker })}
          error={errors.of('maker')}
        />
      ) : null}
      <TextField
        id="code"
        label={isSerial ? words.serial : words.label}
        hint={words.hint}
        mono
        width={30}
        value={code.text}
        onInput={(text) => {
          setIsLeft(false);
          onCode({ ...code, text });
        }}
        onBlur={() => setIsLeft(true)}
        error={errors.of('code')}
      >
        <CodeVerdict text={code.text} check={check} isTyping={!isLeft} error={errors.of('code')} />
      </TextField>
      <SchemeSelect code={code} onCode={onCode} check={check} error={errors.of('scheme')} />
      <Details summary={words.scan}>
        <QrReader
          id="code-qr"
          label={words.scanLabel}
          onText={(read) => {
            setIsLeft(true);
            onCode({ ...code, text: read.trim(), scanned: read.trim() });
          }}
        />
      </Details>
      {isTypedAgain && (isAgainShown || againError !== undefined) ? (
        <TextField
          id="code-again"
          label={words.again}
          hint={`${words.noCheck} ${words.againHint}`}
          mono
          width={30}
          value={code.again}
          onInput={(again) => onCode({ ...code, again })}
          error={againError}
        />
      ) : null}
    </>
  );
}

interface SchemeSelectProps extends Pick<CodeFieldsProps, 'code' | 'onCode' | 'check'> {
  readonly error: string | undefined;
}

/** Which kind of code it is: those that it fits, where there are several; else all that the registry knows. */
function SchemeSelect({ code, onCode, check, error }: SchemeSelectProps) {
  const text = useOwnerText();
  const { code: words } = text.register;
  const { owner } = useKeeper();
  const [schemes, setSchemes] = useState<readonly SchemeView[]>([]);
  useEffect(() => {
    // Without them the code itself still says what it is, or the check says what fails.
    owner.schemes().then(setSchemes, () => undefined);
  }, []);
  const fitting = check?.state === 'ambiguous' ? check.schemes : schemes;
  return (
    <Select
      id="scheme"
      label={words.scheme}
      hint={words.schemeHint}
      value={code.scheme}
      onChange={(scheme) => onCode({ ...code, scheme })}
      error={error}
      options={[
        { value: '', label: words.schemeUnknown },
        ...fitting.map(({ id, title, example }) => ({
          value: id,
          label: `${schemeTitle(text, id, title)} (${example})`,
        })),
      ]}
    />
  );
}
