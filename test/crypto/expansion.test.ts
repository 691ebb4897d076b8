import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOD_97_10, passesCheck, UNCHECKED, VIN_MOD_11, type CheckAutomaton } from '../../crypto/check-characters.ts';
import { createExpansion } from '../../crypto/expansion.ts';

/** All codes, one after another: what the expansion must equal. */
function listAll(positions: readonly string[]): string[] {
  return positions.reduce<string[]>(
    (codes, position) => codes.flatMap((code) => Array.from(position, (character) => code + character)),
    [''],
  );
}

const position = fc
  .uniqueArray(fc.constantFrom(...Array.from('0123456789ABCDEFGHJKLMNPRSTUVWXYZ')), { minLength: 1, maxLength: 4 })
  .map((characters) => characters.join(''));

function agreesWithListing(check: CheckAutomaton, positions: string[]) {
  const all = listAll(positions);
  for (const passing of [true, false]) {
    const expected = all.filter((code) => (check === UNCHECKED || passesCheck(check, code)) === passing);
    const expansion = createExpansion(positions, check, passing);
    expect(expansion.count).toBe(expected.length);
    expect([...expansion.codes()]).toEqual(expected);
  }
}

describe('createExpansion', () => {
  it('counts and lists what a plain listing finds: MOD 97-10', () => {
    // Four positions of digits at the end, so that some pass.
    const digits = fc.constantFrom('0123456789', '019', '5', '90');
    fc.assert(
      fc.property(fc.array(position, { minLength: 1, maxLength: 3 }), digits, digits, (start, tens, units) => {
        agreesWithListing(MOD_97_10, [...start, tens, units]);
      }),
    );
  });

  it('counts and lists what a plain listing finds: VIN', () => {
    const vin = fc.tuple(
      ...Array.from({ length: 17 }, (_, index) =>
        index % 5 === 3 || index === 8 ? position : position.map((p) => p.charAt(0)),
      ),
    );
    fc.assert(
      fc.property(vin, (positions) => {
        agreesWithListing(VIN_MOD_11, [...positions]);
      }),
    );
  });

  it('counts and lists what a plain listing finds: no check', () => {
    fc.assert(
      fc.property(fc.array(position, { minLength: 1, maxLength: 5 }), (positions) => {
        agreesWithListing(UNCHECKED, positions);
      }),
    );
  });

  it('counts more codes than could be listed, and gives the first of them at once', () => {
    const everything = Array<string>(17).fill('0123456789ABCDEFGHJKLMNPRSTUVWXYZ');
    const passing = createExpansion(everything, VIN_MOD_11, true);
    const failing = createExpansion(everything, VIN_MOD_11, false);
    // 33^17 in all; position 9 is right for one of its 33 characters.
    expect(passing.count / 33 ** 16).toBeCloseTo(1, 9);
    expect(failing.count / 33 ** 16).toBeCloseTo(32, 9);
    expect(passing.codes().next().value).toBe('00000000000000000');
    expect(failing.codes().next().value).toBe('00000000000000001');
  });

  it('steps through the check as often as there are positions, not codes', () => {
    let steps = 0;
    const counting: CheckAutomaton = {
      ...MOD_97_10,
      step: (...read) => {
        steps += 1;
        return MOD_97_10.step(...read);
      },
    };
    const expansion = createExpansion(Array<string>(16).fill('0123456789ABCDEF'), counting, true);
    expect(steps).toBeLessThanOrEqual(16 * (3 * 97 + 1) * 16);
    const before = steps;
    const codes = expansion.codes();
    for (let i = 0; i < 3; i++) expect(passesCheck(MOD_97_10, codes.next().value as string)).toBe(true);
    expect(steps - before).toBeLessThanOrEqual(3 * 16 * 16);
  });

  it('starts anew at each listing', () => {
    const expansion = createExpansion(['AB', '12'], UNCHECKED, true);
    expect([...expansion.codes()]).toEqual(['A1', 'A2', 'B1', 'B2']);
    expect([...expansion.codes()]).toHaveLength(4);
  });
});
