/** Both languages say all that the pages say. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../../../crypto/errors.ts';
import { errors as cyErrors } from '../../../../server/web/text/cy/errors.ts';
import { errors as enErrors } from '../../../../server/web/text/en/errors.ts';

const TEXT = join(import.meta.dirname, '../../../../server/web/text');

/** Words that are the same in both languages, by their English. */
const SAME: ReadonlySet<string> = new Set(['Blindmark', 'English', 'Cymraeg', 'Model', 'Camera']);

/** Words of those who build it; nobody else should have to know them. */
const JARGON = /\b(?:hash(?:e[ds])?|OPRF|commitments?|rosters?|epochs?|envelopes?|nonces?|ciphertext|plaintext)\b/iu;

type Leaf = string | ((...args: unknown[]) => unknown);

/** Every text below `value`, by its path. */
function leavesOf(value: unknown, path: string): [string, Leaf][] {
  if (typeof value === 'string' || typeof value === 'function') return [[path, value as Leaf]];
  if (typeof value !== 'object' || value === null) throw new Error(`${path} is no text`);
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, `${path}.${name}`));
}

async function load(language: string, file: string): Promise<Map<string, Leaf>> {
  return new Map(leavesOf(await import(join(TEXT, language, file)), file));
}

/**
 * What a text says: of a function, with each of a few values for its arguments, as it takes words or numbers. All of them are tried,
 * since which it takes can't be seen.
 */
function say(leaf: Leaf): string[] {
  if (typeof leaf === 'string') return [leaf];
  const said: string[] = [];
  for (const sample of ['Xyz', 0, 1, 2, 3, 6, 7] as const) {
    try {
      const text = leaf(...Array.from({ length: Math.max(leaf.length, 1) }, () => sample));
      // A number was wanted where NaN comes out.
      if (typeof text === 'string' && !text.includes('NaN')) said.push(text);
    } catch {
      // It takes the other kind.
    }
  }
  return said;
}

const files = readdirSync(join(TEXT, 'en')).toSorted();

describe('texts', () => {
  it('are the same files in both languages', () => {
    expect(readdirSync(join(TEXT, 'cy')).toSorted()).toEqual(files);
  });

  describe.each(files)('%s', (file) => {
    it('has the same texts in both languages, of the same kinds', async () => {
      const [en, cy] = await Promise.all([load('en', file), load('cy', file)]);
      expect([...cy.keys()]).toEqual([...en.keys()]);
      for (const [path, text] of en) {
        expect(typeof cy.get(path), path).toBe(typeof text);
        if (typeof text === 'function')
          expect((cy.get(path) as { length: number }).length, path).toBeLessThanOrEqual(text.length);
      }
    });

    it('says something everywhere', async () => {
      for (const language of ['en', 'cy']) {
        for (const [path, text] of await load(language, file)) {
          const said = say(text);
          expect(said.length, `${language} ${path}`).toBeGreaterThan(0);
          for (const words of said) {
            expect(words.trim(), `${language} ${path}`).not.toBe('');
            expect(words, `${language} ${path}`).not.toMatch(/undefined|\[object|=>/u);
          }
        }
      }
    });

    it('is Welsh in Welsh', async () => {
      const [en, cy] = await Promise.all([load('en', file), load('cy', file)]);
      const untranslated = [...en].filter(([path, text]) => {
        const english = say(text);
        const welsh = say(cy.get(path) as Leaf);
        return (
          english.join('\n') === welsh.join('\n') &&
          english.some((words) => /\p{L}{2}/u.test(words.replaceAll('Xyz', '')) && !SAME.has(words))
        );
      });
      expect(untranslated.map(([path, text]) => [path, say(text)[0]])).toEqual([]);
      const english = [...cy].filter(([, text]) =>
        say(text).some((words) => /\b(?:the|and|your|with|from|this)\b/iu.test(words)),
      );
      expect(english.map(([path]) => path)).toEqual([]);
    });

    it('holds no jargon', async () => {
      for (const [path, text] of await load('en', file)) {
        for (const words of say(text)) expect(words, path).not.toMatch(JARGON);
      }
    });

    it('is set with the quotation marks of print', async () => {
      for (const language of ['en', 'cy']) {
        for (const [path, text] of await load(language, file)) {
          for (const words of say(text)) expect(words, `${language} ${path}`).not.toMatch(/\p{L}'\p{L}|"/u);
        }
      }
    });
  });
});

describe('errors', () => {
  it.each([
    ['English', enErrors],
    ['Welsh', cyErrors],
  ])('have words for every code in %s, and for no other', (_language, errors) => {
    expect(Object.keys(errors).toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted());
  });

  it.each(Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[])(
    '%s: what happened, what is unchanged, what to do next',
    (code) => {
      for (const errors of [enErrors, cyErrors]) {
        const words = errors[code];
        expect(Object.keys(words)).toEqual(['title', 'what', 'unchanged', 'next']);
        expect(words.title).not.toMatch(/\.$/u);
        for (const sentence of [words.what, words.unchanged, words.next]) expect(sentence).toMatch(/^\p{Lu}.*\.$/u);
      }
    },
  );
});
