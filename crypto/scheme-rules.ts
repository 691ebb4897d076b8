/**
 * The rules of code families as the roster carries them: data for one engine (DESIGN 3.1 step 1). The registry never sees a
 * code, so a changed rule orphans the registrations made under the old one: lists are versioned, and a rule that has
 * registrations is never edited; a new scheme with a new identifier stands beside it.
 */
import { z } from 'zod';
import { MOD_97_10, VIN_MOD_11, type CheckAutomaton } from './check-characters.ts';
import { badInput } from './errors.ts';
import { foldMaker } from './fold.ts';
import { identifierField, textField } from './message.ts';

/** Characters of the longest code; RFC 9497 inputs are hashes, so the limit is this format's own. */
export const MAX_CODE_LENGTH = 128;

const characterField = z.string().regex(/^[0-9A-Z]$/u);
const lengthField = z.int().min(1).max(MAX_CODE_LENGTH);
const rangeField = z
  .tuple([lengthField, lengthField])
  .refine(([shortest, longest]) => shortest <= longest, 'the shortest length comes first');
const versionField = z.int().min(1).max(1_000_000);

const commonFields = {
  id: identifierField,
  title: textField(100),
  /** A code of this scheme as it stands on an item, to show what is meant. */
  example: textField(MAX_CODE_LENGTH),
};

const groupingFields = {
  /** Characters in a displayed group; 0 shows the code in one piece. */
  group: z.int().min(0).max(32),
  /** What stands between displayed groups. */
  separator: z.enum([' ', '-']),
};

const checkSchema = z.strictObject({
  /**
   * `iso7064-mod97-10`: the last two characters (ISO/IEC 7064, letters as 10 to 35).
   * `vin-mod11`: position 9 of 17 (49 CFR 565.15(c), ISO 3779).
   */
  algorithm: z.enum(['iso7064-mod97-10', 'vin-mod11']),
  /** Whether a code that fails is no code at all, or one that is only tried last. */
  failure: z.enum(['refuse', 'warn']),
});

const charactersSchema = z
  .strictObject({
    kind: z.literal('characters'),
    ...commonFields,
    ...groupingFields,
    /** Every character that a code may hold. */
    alphabet: z.string().regex(/^[0-9A-Z]{2,36}$/u),
    /** Shortest and longest code. */
    length: rangeField,
    /** What a character outside the alphabet is read as. */
    confusables: z.record(characterField, characterField),
    check: checkSchema.nullable(),
    /** Random bits in each code, where the codes are known to be minted at random. */
    entropyBits: z.int().min(1).max(640).nullable(),
  })
  .superRefine((rule, context) => {
    const refuse = (path: string) => context.addIssue({ code: 'custom', path: [path], message: 'inconsistent' });
    if (new Set(rule.alphabet).size !== rule.alphabet.length) refuse('alphabet');
    for (const [from, to] of Object.entries(rule.confusables)) {
      if (rule.alphabet.includes(from) || !rule.alphabet.includes(to)) refuse('confusables');
    }
    const [shortest, longest] = rule.length;
    if (rule.check?.algorithm === 'vin-mod11' && (shortest !== 17 || longest !== 17)) refuse('length');
    if (rule.check?.algorithm === 'iso7064-mod97-10' && shortest < 3) refuse('length');
  });

const patternSchema = z.strictObject({
  kind: z.literal('pattern'),
  ...commonFields,
  ...groupingFields,
  /** One character a position: `A` a letter from A to Z, `0` a digit. Nothing is folded: each position says which it is. */
  pattern: z.string().regex(new RegExp(`^[A0]{1,${MAX_CODE_LENGTH}}$`, 'u')),
});

const makerAndSerialSchema = z.strictObject({
  kind: z.literal('makerAndSerial'),
  ...commonFields,
  /** Shortest and longest canonical form: maker, bar and serial number together. */
  length: rangeField,
});

const schemeSchema = z.discriminatedUnion('kind', [charactersSchema, patternSchema, makerAndSerialSchema]);

const makerSchema = z.strictObject({
  /** The name in canonical codes. */
  name: textField(64),
  /** Other names that it goes by. Case, accents, spaces and punctuation are ignored, and `&` is `and`. */
  aliases: z.array(textField(100)).max(64),
});

const makersSchema = z
  .strictObject({ version: versionField, names: z.array(makerSchema).max(2000) })
  .superRefine((makers, context) => {
    const keys = makers.names.flatMap((maker) => [...new Set([maker.name, ...maker.aliases].map(foldMaker))]);
    if (keys.includes('') || new Set(keys).size !== keys.length) {
      context.addIssue({ code: 'custom', path: ['names'], message: 'a name stands for two makers, or for none' });
    }
    for (const { name } of makers.names) {
      if (name.includes('|')) context.addIssue({ code: 'custom', path: ['names'], message: 'a name holds a bar' });
    }
  });

/** The roster's field `schemes`: every scheme of a registry, in the order in which they are tried, and the makers' list. */
export const schemeRulesSchema = z.strictObject({
  /** Raised when a scheme is added. */
  version: versionField,
  schemes: z
    .array(schemeSchema)
    .min(1)
    .max(64)
    .refine((schemes) => new Set(schemes.map(({ id }) => id)).size === schemes.length, 'identifiers are distinct'),
  /**
   * Raised when a name is added. A maker who is not in the list stands in codes by its folded name
   * ({@link foldMaker}); adding it later under exactly that name keeps the registrations that exist.
   */
  makers: makersSchema,
});

export type SchemeRules = z.output<typeof schemeRulesSchema>;
/** The rules of one family of codes. */
export type Scheme = z.output<typeof schemeSchema>;
export type CharactersScheme = z.output<typeof charactersSchema>;

/**
 * The scheme of that identifier.
 *
 * @throws BlindmarkError `badInput`, naming the schemes that there are
 */
export function findScheme(rules: SchemeRules, schemeId: string): Scheme {
  const scheme = rules.schemes.find(({ id }) => id === schemeId);
  if (scheme === undefined) throw badInput('scheme', `one of ${rules.schemes.map(({ id }) => id).join(', ')}`);
  return scheme;
}

/** The automaton of a scheme's check. */
export function checkAutomaton(check: NonNullable<CharactersScheme['check']>): CheckAutomaton {
  return { 'iso7064-mod97-10': MOD_97_10, 'vin-mod11': VIN_MOD_11 }[check.algorithm];
}

/** JSON that does not depend on the order in which an object's fields stand. */
function formatSorted(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/**
 * Whether `after` adds to `before` and does nothing else: every scheme is there with the same rule, in the same order, and
 * every name of a maker stands for the maker that it stood for. Otherwise codes would be read another way than they were
 * registered, and nobody would find them.
 */
export function isExtension(before: SchemeRules, after: SchemeRules): boolean {
  const ids = new Set(before.schemes.map(({ id }) => id));
  const kept = after.schemes.filter(({ id }) => ids.has(id));
  if (formatSorted(kept) !== formatSorted(before.schemes)) return false;
  const listed = new Set(after.makers.names.map(({ name }) => name));
  return before.makers.names.every(
    ({ name, aliases }) =>
      listed.has(name) && [name, ...aliases].every((each) => canonicalMaker(after, foldMaker(each)) === name),
  );
}

const makerNames = new WeakMap<SchemeRules['makers'], Map<string, string>>();

/**
 * A maker's name as it stands in canonical codes.
 *
 * @param key the folded name ({@link foldMaker})
 * @returns the listed name that goes with it; the key itself when no list entry has it, so that the codes of unlisted
 *   makers register and match as well
 */
export function canonicalMaker(rules: SchemeRules, key: string): string {
  let names = makerNames.get(rules.makers);
  if (names === undefined) {
    names = new Map(
      rules.makers.names.flatMap(({ name, aliases }) => [name, ...aliases].map((each) => [foldMaker(each), name])),
    );
    makerNames.set(rules.makers, names);
  }
  return names.get(key) ?? key;
}
