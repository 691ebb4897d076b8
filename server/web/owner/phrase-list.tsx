/** The twelve words, numbered. They are English in every language: programs that translate pages must leave them alone. */
export function PhraseWords({ words }: { readonly words: readonly string[] }) {
  return (
    <ol class="bm-phrase" translate={false} lang="en">
      {words.map((word, i) => (
        <li key={i}>{word}</li>
      ))}
    </ol>
  );
}
