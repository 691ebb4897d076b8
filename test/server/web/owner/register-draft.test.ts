import { describe, expect, it } from 'vitest';
import type { MarkView } from '../../../../server/web/engine/owner-api.ts';
import { emptyItem } from '../../../../server/web/owner/item-form.ts';
import {
  codeText,
  completed,
  draftOfMark,
  EMPTY_CODE,
  EMPTY_DRAFT,
  needsTypingAgain,
  openStep,
  REGISTER_STEPS,
  registerForm,
  stepAfter,
  stepBefore,
  withCode,
  type RegisterDraft,
  type WholeCode,
} from '../../../../server/web/owner/register-draft.ts';

const whole: WholeCode = {
  state: 'complete',
  scheme: 'bm1',
  schemeTitle: 'Blindmark code',
  display: '8EQ7-1S02-SG3J-TS93',
  checkPassed: true,
  entropyBits: 70,
};

/** A draft up to the summary. */
const full: RegisterDraft = {
  ...EMPTY_DRAFT,
  activationKey: ' KEY ',
  code: { ...EMPTY_CODE, text: '8eq7 1s02 sg3j ts93' },
  whole,
  items: [{ ...emptyItem(0), category: 'Shotgun', make: 'AYA' }],
  contact: { ...EMPTY_DRAFT.contact, kind: 'relay' },
  reached: 4,
};

describe('steps', () => {
  it('begin at the first after a reload, whichever was asked for', () => {
    for (const step of REGISTER_STEPS) expect(openStep(EMPTY_DRAFT, step)).toBe('key');
  });

  it('can be gone back to, and not past what is complete', () => {
    const draft = completed(completed(EMPTY_DRAFT, 'key'), 'code');
    expect(openStep(draft, 'key')).toBe('key');
    expect(openStep(draft, 'items')).toBe('items');
    expect(openStep(draft, 'check')).toBe('items');
  });

  it('follow each other', () => {
    expect(stepAfter(EMPTY_DRAFT, 'key')).toBe('code');
    expect(stepAfter(completed(EMPTY_DRAFT, 'key'), 'code')).toBe('items');
    expect(stepBefore('key')).toBeNull();
    expect(stepBefore('check')).toBe('contact');
  });

  it('lead back to the summary where that had been reached', () => {
    for (const step of ['key', 'code', 'items', 'contact'] as const) expect(stepAfter(full, step)).toBe('check');
  });

  it('go back to the code when it is changed, and keep the rest', () => {
    const changed = withCode(full, { ...full.code, text: 'HV7XU05AHQND' });
    expect(changed.whole).toBeNull();
    expect(openStep(changed, 'check')).toBe('code');
    expect(changed.items).toEqual(full.items);
  });
});

describe('needsTypingAgain', () => {
  it.each([
    [true, null, false],
    [false, null, true],
    [null, null, true],
    [null, 'ABC', false],
    [null, 'ABD', true],
  ])('with a check of %j and scanned as %j: %j', (checkPassed, scanned, expected) => {
    expect(needsTypingAgain({ ...EMPTY_CODE, text: 'ABC', scanned }, { checkPassed })).toBe(expected);
  });
});

describe('codeText', () => {
  it('puts a firearm’s maker before the serial number, and nothing before other codes', () => {
    expect(codeText({ scheme: 'serial', maker: ' Tikka ', text: '78975' })).toBe('Tikka|78975');
    expect(codeText({ scheme: 'serial', maker: ' ', text: 'Tikka|78975' })).toBe('Tikka|78975');
    expect(codeText({ scheme: 'pin', maker: 'Tikka', text: 'HV7X' })).toBe('HV7X');
  });
});

describe('registerForm', () => {
  it('is what was typed, under the scheme that it was found to be of', () => {
    expect(registerForm(full)).toEqual({
      code: '8eq7 1s02 sg3j ts93',
      scheme: 'bm1',
      activationKey: 'KEY',
      items: [{ category: 'Shotgun', make: 'AYA' }],
      status: 'withKeeper',
      contact: { kind: 'relay' },
    });
  });
});

describe('draftOfMark', () => {
  const mark: MarkView = {
    id: '1',
    code: 'TIKKA|78975',
    scheme: 'serial',
    schemeTitle: 'Maker and serial number',
    stage: 'withdrawn',
    status: 'recovered',
    items: [{ category: 'Rifle', make: 'Tikka' }],
    contact: { kind: 'details', email: 'dilys@example.org' },
    registeredOn: '2026-11-24',
    receipts: 2,
  };

  it('takes over all but the activation key, which is to be another', () => {
    const draft = draftOfMark(mark);
    expect(draft).toMatchObject({ activationKey: '', reached: 0, status: 'withKeeper' });
    expect(codeText(draft.code)).toBe('TIKKA|78975');
    expect(draft.items.map(({ category, make }) => [category, make])).toEqual([['Rifle', 'Tikka']]);
    expect(draft.contact).toMatchObject({ kind: 'details', first: { email: 'dilys@example.org' } });
  });

  it('begins with one empty item where none is known', () => {
    expect(draftOfMark({ ...mark, items: [] }).items).toEqual([emptyItem(0)]);
  });
});
