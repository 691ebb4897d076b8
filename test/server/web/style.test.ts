/** Colours that can be told apart, in both schemes: WCAG 2.2, 1.4.3 (text 4.5:1) and 1.4.11 (controls 3:1). */
import { join } from 'node:path';
import { compile } from 'sass';
import { describe, expect, it } from 'vitest';

const PROJECT = join(import.meta.dirname, '../../..');
const { css } = compile(join(PROJECT, 'server/web/style/main.scss'), {
  loadPaths: [join(PROJECT, 'node_modules')],
  quietDeps: true,
});

/** Custom properties of `:root`, those of the dark scheme over the others. */
function colours(scheme: 'light' | 'dark'): Map<string, string> {
  const dark = css.indexOf('@media screen and (prefers-color-scheme: dark)');
  expect(dark).toBeGreaterThan(0);
  const end = css.indexOf('\n}', dark);
  const light = css.slice(0, dark) + css.slice(end);
  const source = scheme === 'light' ? light : `${light}\n${css.slice(dark, end)}`;
  const blocks = [...source.matchAll(/(?:^|\n)\s*:root \{([^}]*?)(?=\}|@media)/gu)].map((match) => match[1]);
  return new Map(
    blocks.flatMap((block) =>
      [...(block ?? '').matchAll(/(--[\w-]+): (#[0-9a-f]{3,6}|white|black);/gu)].map((match): [string, string] => [
        match[1] ?? '',
        match[2] ?? '',
      ]),
    ),
  );
}

function luminance(colour: string): number {
  const hex = { white: '#ffffff', black: '#000000' }[colour] ?? colour;
  const digits = hex.length === 4 ? hex.slice(1).replaceAll(/./gu, '$&$&') : hex.slice(1);
  const [red, green, blue] = [0, 2, 4].map((at) => {
    const part = Number.parseInt(digits.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

const TAGS = ['grey', 'blue', 'green', 'yellow', 'red', 'purple'];
const GROUNDS = [
  '--govuk-body-background-colour',
  '--govuk-template-background-colour',
  '--bm-card',
  '--bm-shade',
  '--bm-info',
  '--bm-success',
  '--bm-important',
];
const TEXTS = ['text', 'secondary-text', 'link', 'link-visited', 'link-hover', 'link-active', 'error'];

const TEXT_PAIRS: [string, string][] = [
  ...GROUNDS.flatMap((ground) => TEXTS.map((text): [string, string] => [`--govuk-${text}-colour`, ground])),
  ['--govuk-focus-text-colour', '--govuk-focus-colour'],
  ['--bm-header-text', '--bm-header'],
  ['--bm-panel-text', '--bm-panel'],
  ...['button', 'secondary', 'warning'].flatMap((name): [string, string][] => [
    [`--bm-${name}-text`, `--bm-${name}`],
    [`--bm-${name}-text`, `--bm-${name}-hover`],
  ]),
  ...TAGS.map((name): [string, string] => [`--bm-tag-${name}-text`, `--bm-tag-${name}`]),
];

const CONTROL_PAIRS: [string, string][] = [
  ...['body-background', 'template-background'].flatMap((ground): [string, string][] =>
    ['input-border', 'error', 'brand', 'success'].map((name) => [`--govuk-${name}-colour`, `--govuk-${ground}-colour`]),
  ),
  ['--govuk-input-border-colour', '--bm-card'],
  ...['info', 'success', 'important'].map((name): [string, string] => [`--bm-${name}-edge`, `--bm-${name}`]),
  // Focus: the yellow on dark grounds, the dark line beside it on light ones.
  ['--govuk-focus-text-colour', '--govuk-focus-colour'],
];

describe.each(['light', 'dark'] as const)('in the %s scheme', (scheme) => {
  const palette = colours(scheme);
  const ratio = ([one, other]: [string, string]) => contrast(palette.get(one) ?? one, palette.get(other) ?? other);

  it('has every colour', () => {
    for (const name of new Set([...TEXT_PAIRS, ...CONTROL_PAIRS].flat()))
      expect([name, palette.has(name)]).toEqual([name, true]);
  });

  it.each(TEXT_PAIRS)('text %s on %s reaches 4.5:1', (...pair) => {
    expect(ratio(pair)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(CONTROL_PAIRS)('%s against %s reaches 3:1', (...pair) => {
    expect(ratio(pair)).toBeGreaterThanOrEqual(3);
  });
});

describe('the style sheet', () => {
  it('names no font, picture or address of anybody', () => {
    expect(css).not.toMatch(/url\(|@import|@font-face|GDS Transport/u);
  });

  it('changes every colour of its own for the dark scheme, or says it once for both', () => {
    const [light, dark] = [colours('light'), colours('dark')];
    const same = [...light]
      .filter(([name, value]) => name.startsWith('--bm-') && dark.get(name) === value)
      .map(([name]) => name);
    expect(same.toSorted()).toEqual(['--bm-button-text', '--bm-panel-text', '--bm-warning-text']);
  });
});
