/** A recovery phrase typed off its paper. */
import { useState } from 'preact/hooks';
import type { Calls } from '../engine/calls.ts';
import type { OwnerApi } from '../engine/owner-api.ts';
import { Button, codeOf, Failure, Form, TextArea, useShared } from '../ui/index.ts';
import { useFormErrors, type Problem } from './form-errors.ts';
import { useOwnerText } from './owner-text.ts';
import { PHRASE_WORDS, wordsOf } from './phrase-words.ts';
import { useWork } from './use-work.ts';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

export interface RestorePhraseProps {
  readonly owner: Calls<OwnerApi>;
  readonly onDone: (phrase: string) => void;
}

export function RestorePhrase({ owner, onDone }: RestorePhraseProps) {
  const { restore } = useOwnerText().vault;
  const shared = useShared();
  const [typed, setTyped] = useState('');
  const errors = useFormErrors();
  const task = useWork<string>();
  const words = wordsOf(typed);

  const problems = (): Problem[] => {
    if (words.length === PHRASE_WORDS) return [];
    const isEmpty = words.length === 0;
    return [
      { id: 'phrase', words: ({ vault }) => (isEmpty ? vault.restore.missing : vault.restore.number(words.length)) },
    ];
  };
  const submit = async (): Promise<void> => {
    if (!errors.show(problems())) return;
    const phrase = words.join(' ');
    const checked = await task.run(async (options) => {
      try {
        await owner.checkPhrase({ phrase }, options);
        return phrase;
      } catch (error) {
        if (codeOf(error) === 'badPhrase') errors.show([{ id: 'phrase', words: ({ vault }) => vault.restore.wrong }]);
        throw error;
      }
    });
    if (checked !== undefined) onDone(checked);
  };

  return (
    <View title={restore.title} back="" errors={errors}>
      <P>{restore.lead}</P>
      {codeOf(task.error) === 'badPhrase' ? null : <Failure error={task.error} onRetry={() => void submit()} />}
      <Form onSubmit={() => void submit()}>
        <TextArea
          id="phrase"
          label={restore.label}
          hint={restore.hint}
          rows={3}
          mono
          value={typed}
          onInput={setTyped}
          error={errors.of('phrase')}
        >
          <p class="govuk-body-s" role="status">
            {words.length === 0 ? '' : restore.count(words.length)}
          </p>
        </TextArea>
        <Button type="submit">{shared.continue}</Button>
        <Working isRunning={task.isRunning} />
      </Form>
    </View>
  );
}
