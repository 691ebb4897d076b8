/** What is wrong with a field, before anything is asked of the engine. The view puts it into words. */
export interface FieldProblem {
  /** The field's id on the page. */
  readonly field: string;
  readonly problem:
    | 'categoryMissing'
    | 'otherMissing'
    | 'tooLong'
    | 'hiddenCharacters'
    | 'badEmail'
    | 'unreachable'
    | 'contactTooLong'
    | 'itemsTooLong';
  /** The most characters, or by how many bytes it is too much. */
  readonly number?: number;
}

/** As the SDK refuses it: control characters but tab and line breaks, bidirectional overrides and isolates, unpaired surrogates. */
const HIDDEN =
  // oxlint-disable-next-line no-control-regex -- Finding control characters is the purpose.
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/u;

/** What is wrong with a text that may be at most `most` UTF-16 units. */
export function textProblem(field: string, text: string, most: number): FieldProblem | null {
  if (text.length > most) return { field, problem: 'tooLong', number: most };
  return HIDDEN.test(text) ? { field, problem: 'hiddenCharacters' } : null;
}

/** Bytes that a value takes as JSON. */
export function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
