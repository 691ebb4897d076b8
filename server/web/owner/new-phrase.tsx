/** A new recovery phrase: shown, written down, and three of its words typed again. */
import { useEffect, useState } from 'preact/hooks';
import type { Calls } from '../engine/calls.ts';
import type { OwnerApi } from '../engine/owner-api.ts';
import { Button, Failure, Form, PrintButton, TextField, useShared, useTask, Warning } from '../ui/index.ts';
import { useFormErrors, type Problem } from './form-errors.ts';
import { useOwnerText } from './owner-text.ts';
import { drawPositions, isSameWord } from './phrase-words.ts';
import { PhraseWords } from './phrase-list.tsx';
import { P, View } from './view.tsx';
import { Working } from './working.tsx';

export interface ShowPhraseProps {
  readonly owner: Calls<OwnerApi>;
  /** Null before they are made. */
  readonly words: readonly string[] | null;
  readonly onWords: (words: readonly string[]) => void;
  readonly onDone: () => void;
}

export function ShowPhrase({ owner, words, onWords, onDone }: ShowPhraseProps) {
  const { phrase } = useOwnerText().vault;
  const task = useTask<readonly string[]>();
  const make = async (): Promise<void> => {
    const made = await task.run(async (options) => owner.createPhrase(undefined, options));
    if (made !== undefined) onWords(made);
  };
  useEffect(() => {
    if (words === null) void make();
  }, []);
  return (
    <View title={phrase.title} back="">
      <P>{phrase.what}</P>
      <Warning>{phrase.lost}</Warning>
      <P>{phrase.safe}</P>
      <Failure error={task.error} onRetry={() => void make()} />
      {words === null ? (
        <Working isRunning={task.isRunning} />
      ) : (
        <>
          <h2 class="govuk-heading-m">{phrase.words}</h2>
          <PhraseWords words={words} />
          <P>{phrase.wordsHint}</P>
          <div class="govuk-button-group">
            <Button onClick={onDone}>{phrase.done}</Button>
            <PrintButton />
          </div>
        </>
      )}
    </View>
  );
}

export interface ConfirmPhraseProps {
  readonly words: readonly string[];
  readonly onDone: () => void;
}

export function ConfirmPhrase({ words, onDone }: ConfirmPhraseProps) {
  const { confirm } = useOwnerText().vault;
  const shared = useShared();
  const [positions] = useState(() => drawPositions());
  const [typed, setTyped] = useState<Readonly<Record<number, string>>>({});
  const errors = useFormErrors();

  const problemsOf = (position: number): Problem[] => {
    const word = typed[position] ?? '';
    const id = `word-${position}`;
    if (word.trim() === '') return [{ id, words: ({ vault }) => vault.confirm.missing(position) }];
    const isRight = isSameWord(word, words[position - 1] as string);
    return isRight ? [] : [{ id, words: ({ vault }) => vault.confirm.wrong(position) }];
  };

  return (
    <View title={confirm.title} back="new" errors={errors}>
      <P>{confirm.lead}</P>
      <Form
        onSubmit={() => {
          if (errors.show(positions.flatMap(problemsOf))) onDone();
        }}
      >
        {positions.map((position) => (
          <TextField
            key={position}
            id={`word-${position}`}
            label={confirm.word(position)}
            width={10}
            mono
            value={typed[position] ?? ''}
            onInput={(word) => setTyped({ ...typed, [position]: word })}
            error={errors.of(`word-${position}`)}
          />
        ))}
        <div class="govuk-button-group">
          <Button type="submit">{shared.continue}</Button>
          <a class="govuk-link" href="#/new">
            {confirm.again}
          </a>
        </div>
      </Form>
    </View>
  );
}
