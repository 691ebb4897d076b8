/** The history of a registration, as a person says it. */
import type { HistoryLineView } from '../engine/owner-api.ts';
import type { OwnerText } from './owner-text.ts';

type HistoryText = OwnerText['mark']['history'];

/** One line, in sentences. */
export function sentencesOf(line: HistoryLineView, words: HistoryText, number: (value: number) => string): string[] {
  const revealed = line.revealedBy === null ? [] : [words.revealed(number(line.revealedBy))];
  switch (line.kind) {
    case 'match':
      return [words.match, ...(line.lookup === null ? [] : [words.matchEntry(number(line.lookup))]), ...revealed];
    case 'opening': {
      const [first, second] = line.officers;
      const officers = first === undefined || second === undefined ? [] : [words.officers(first, second)];
      return [words.opening(line.forceName ?? '?'), ...officers, ...revealed];
    }
    case 'status':
      return [words.statusChanged, ...revealed];
    default:
      return [words[line.kind], ...revealed];
  }
}
