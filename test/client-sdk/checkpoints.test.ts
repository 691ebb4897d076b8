import { describe, expect, it } from 'vitest';
import { ForkEvidence, MAX_COSIGNATURE_AGE, SeenCheckpoints } from '../../client-sdk/checkpoints.ts';
import type { LogEntry } from '../../crypto/log-entry.ts';
import type { TreeHead } from '../../crypto/merkle.ts';
import type { Roster } from '../../crypto/roster.ts';
import { createTestLog } from '../support/log.ts';
import { refusal, refusalOf } from '../support/refusal.ts';
import { smallLogOwner, smallRoster, NOON } from '../support/small-roster.ts';

const owner = smallLogOwner();
const { roster } = owner.roster;
const entry = (byte: number): LogEntry => ({
  kind: 'check',
  hour: NOON / 3600,
  request: new Uint8Array(32).fill(byte),
});

const createSeen = (now = NOON): SeenCheckpoints => new SeenCheckpoints(() => now);

describe('the checkpoints that a client has seen', () => {
  it('grow, and one of a size that was seen may come again', () => {
    const [log, seen] = [createTestLog(owner), createSeen()];
    for (let i = 0; i < 5; i++) {
      log.append(entry(i));
      const { checkpoint } = seen.accept(log.note(), roster, seen.knownSizes());
      expect(checkpoint).toEqual(log.head());
      seen.accept(log.note({ cosigners: [2, 3] }), roster, seen.knownSizes());
    }
    expect(seen.knownSizes()(roster)).toBe(6);
  });

  it('refuse a smaller log than was known when the request was sent', () => {
    const [log, seen] = [createTestLog(owner, [entry(1), entry(2)]), createSeen()];
    seen.accept(log.note(), roster, seen.knownSizes());
    expect(() => seen.accept(log.note({ size: 2 }), roster, seen.knownSizes())).toThrow(refusal('logBehind'));
  });

  it('take replies in whatever order they arrive', () => {
    const [log, seen] = [createTestLog(owner, [entry(1), entry(2)]), createSeen()];
    const [first, second] = [seen.knownSizes(), seen.knownSizes()];
    seen.accept(log.note({ size: 3 }), roster, second);
    expect(seen.accept(log.note({ size: 2 }), roster, first).checkpoint.size).toBe(2);
    expect(seen.knownSizes()(roster)).toBe(3);
  });

  it('refuse another tree of a size that was seen, whatever may be older, and keep both as evidence', () => {
    const seen = createSeen();
    const [one, other] = [createTestLog(owner, [entry(1)]), createTestLog(owner, [entry(2)])];
    seen.accept(one.note(), roster);
    const error = refusalOf(() => seen.accept(other.note(), roster));
    expect(error).toEqual(refusal('logForked'));
    expect(error.cause).toBeInstanceOf(ForkEvidence);
    expect(error.cause).toMatchObject({ checkpoints: [one.note(), other.note()] });
    // The one that was seen first still counts.
    expect(seen.accept(one.note(), roster, seen.knownSizes()).checkpoint.root).toEqual(one.head().root);
  });

  it.each([
    ['one cosignature', { cosigners: [3] }],
    ['none', { cosigners: [] }],
  ])('refuse one with too few cosignatures: %s', (_, options) => {
    const [log, seen] = [createTestLog(owner), createSeen()];
    expect(() => seen.accept(log.note(options), roster)).toThrow(refusal('badCheckpoint'));
    expect(seen.knownSizes()(roster)).toBe(0);
  });

  it('refuse another log’s', () => {
    const stranger = createTestLog(smallLogOwner(smallRoster({ origin: 'other.example' })));
    expect(() => createSeen().accept(stranger.note(), roster)).toThrow(refusal('badCheckpoint'));
  });

  it('start anew with a successor log, not before the place where it begins', () => {
    const [log, seen] = [createTestLog(owner, [entry(1), entry(2), entry(3)]), createSeen()];
    seen.accept(log.note(), roster);
    const [start, closed] = [log.head(2), log.head()].map(({ size, root }) => ({ size, root })) as [TreeHead, TreeHead];
    const next: Roster = smallRoster({ log: { ...roster.log, generation: 2, start, closed } });
    const successor = createTestLog(smallLogOwner(next));
    expect(seen.knownSizes()(next)).toBe(2);
    expect(() => seen.accept(successor.note(), next, seen.knownSizes())).toThrow(refusal('logBehind'));
    successor.append(entry(1));
    expect(seen.accept(successor.note(), next, seen.knownSizes()).checkpoint.size).toBe(2);
  });

  it('are not remembered without end', () => {
    const [log, seen] = [createTestLog(owner), createSeen()];
    seen.accept(log.note(), roster);
    for (let i = 0; i < 20; i++) {
      log.append(entry(i));
      seen.accept(log.note(), roster);
    }
    expect(seen.knownSizes()(roster)).toBe(21);
  });
});

describe('the age of a checkpoint', () => {
  const [log, none] = [createTestLog(owner), createSeen().knownSizes()];
  /** One guardian's cosignature, and one as old. */
  const mixed = (at: number, other: number): string =>
    log.note({ cosigners: [1], at }) +
    (log
      .note({ cosigners: [2], at: other })
      .trimEnd()
      .split('\n')
      .at(-1) ?? '') +
    '\n';
  const day = MAX_COSIGNATURE_AGE;

  it.each([
    ['a day old', NOON - day, NOON - day],
    ['ten minutes ahead', NOON + 600, NOON + 600],
    ['a day old and ten minutes ahead', NOON - day, NOON + 600],
  ])('may be such that t cosignatures are up to %s', (_, one, other) => {
    expect(createSeen().accept(mixed(one, other), roster, none).checkpoint).toEqual(log.head());
  });

  it.each([
    ['a second more than a day', NOON - day - 1, NOON - day - 1, 'too few guardians'],
    ['a second more than a day in one of two that are needed', NOON, NOON - day - 1, 'too few guardians'],
    ['years', 1, 1, 'too few guardians'],
    ['more than ten minutes in the future', NOON + 601, NOON + 601, 'in the future'],
    ['more than ten minutes in the future in one of two that are needed', NOON + 601, NOON, 'in the future'],
    ['now, in the future and a second more than a day', NOON + 601, NOON - day - 1, 'too few guardians'],
  ])('is refused when it is %s, and the remedy names the clock and the log', (_, one, other, reason) => {
    const seen = createSeen();
    const error = refusalOf(() => seen.accept(mixed(one, other), roster, none));
    expect(error).toEqual(refusal('badCheckpoint', 'checkpoint'));
    expect(error.message).toContain(reason);
    expect(error.remedy).toMatch(/clock.*old state of its log/u);
    expect(seen.knownSizes()(roster)).toBe(0);
    // What a reply has kept may be older.
    expect(seen.accept(mixed(one, other), roster).checkpoint).toEqual(log.head());
  });

  it('does not count the cosignatures beyond the threshold that are old', () => {
    const old =
      log
        .note({ cosigners: [3], at: 1 })
        .trimEnd()
        .split('\n')
        .at(-1) ?? '';
    expect(createSeen().accept(`${log.note({ cosigners: [1, 2] })}${old}\n`, roster, none).cosignatures.size).toBe(3);
  });
});
