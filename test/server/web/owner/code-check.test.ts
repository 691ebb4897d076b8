import { describe, expect, it } from 'vitest';
import type { Calls } from '../../../../server/web/engine/calls.ts';
import type { CodeCheckView, OwnerApi } from '../../../../server/web/engine/owner-api.ts';
import { checkProblems, wordsOfCheck } from '../../../../server/web/owner/code-check.ts';
import type { OwnerText } from '../../../../server/web/owner/owner-text.ts';
import { EMPTY_CODE } from '../../../../server/web/owner/register-draft.ts';
import { owner as text } from '../../../../server/web/text/en/owner.ts';

const words: OwnerText = text;
const pin: CodeCheckView = {
  state: 'complete',
  scheme: 'pin',
  schemeTitle: 'Microdot PIN',
  display: 'HV7X U05A HQND',
  checkPassed: null,
  entropyBits: 60,
};
const typed = { ...EMPTY_CODE, text: 'HV7XU05AHQND' };

/** Reads every code as it stands, in upper case. */
const owner = {
  checkCode: async ({ code }) => ({ ...pin, display: code.toUpperCase().replaceAll(/(.{4})(?=.)/gu, '$1 ') }),
} as Pick<Calls<OwnerApi>, 'checkCode'> as Calls<OwnerApi>;

const problemsOf = async (code: typeof typed, view: CodeCheckView | null, isTypedAgain?: boolean) =>
  (await checkProblems(owner, code, view, isTypedAgain)).map((problem) => [problem.id, problem.words(words)]);

describe('checkProblems', () => {
  it('asks for a code', async () => {
    expect(await problemsOf(EMPTY_CODE, null)).toEqual([['code', text.register.code.missing]]);
  });

  it('asks for the maker of a firearm', async () => {
    const serial = { ...typed, scheme: 'serial' };
    expect(await problemsOf(serial, pin)).toEqual([['maker', text.register.code.makerMissing]]);
    expect(await problemsOf({ ...serial, text: '' }, null)).toHaveLength(2);
  });

  it('asks which kind it is where it fits several', async () => {
    expect(await problemsOf(typed, { state: 'ambiguous', schemes: [] })).toEqual([
      ['scheme', text.register.code.ambiguous],
    ]);
  });

  it('takes a code whose check passes at once', async () => {
    expect(await problemsOf(typed, { ...pin, checkPassed: true })).toEqual([]);
  });

  it('has a code without a check typed again, the same', async () => {
    expect(await problemsOf(typed, pin)).toEqual([['code-again', text.register.code.againMissing]]);
    expect(await problemsOf({ ...typed, again: 'hv7xu05ahqnc' }, pin)).toEqual([
      ['code-again', text.register.code.different],
    ]);
    expect(await problemsOf({ ...typed, again: 'hv7xu05ahqnd' }, pin)).toEqual([]);
  });

  it('does not where it was scanned, or is only looked for', async () => {
    expect(await problemsOf({ ...typed, scanned: typed.text }, pin)).toEqual([]);
    expect(await problemsOf(typed, pin, false)).toEqual([]);
  });
});

describe('wordsOfCheck', () => {
  it.each<[Exclude<CodeCheckView, { state: 'complete' }>, string, RegExp]>([
    [{ state: 'unclear', positions: [3, 7] }, 'AB?-CDE?', /character 3, 7/u],
    [{ state: 'wrong', position: 2, code: 'noSchemeFits' }, 'A-U', /Character 2, “U”/u],
    [{ state: 'wrong', position: null, code: 'badInput' }, 'AB!', /Character 3, “!”/u],
    [{ state: 'wrong', position: null, code: 'checkFailed' }, 'AB', /check character/u],
    [{ state: 'wrong', position: null, code: 'noSchemeFits' }, 'AB', /not a code of any kind/u],
    [{ state: 'wrong', position: 9, code: 'noSchemeFits' }, 'AB', /not a code of any kind/u],
  ])('says of %j in %j what is wrong with it', (view, code, expected) => {
    expect(wordsOfCheck(view, code)(words)).toMatch(expected);
  });
});
