import { describe, expect, it } from 'vitest';
import { randomBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import { addCosignatures, cosignCheckpoint, parseCheckpoint, signCheckpoint } from '../../crypto/checkpoint.ts';
import { delayedCommitment, formatLogEntry, hourOf, type EntryOf, type LogEntry } from '../../crypto/log-entry.ts';
import {
  cosignerName,
  logEvidenceSchema,
  logName,
  openDelayed,
  verifyCosigned,
  verifyEntryOf,
  verifyEvidence,
  verifyLogCheckpoint,
  verifyLogged,
  verifyRosterLogged,
  type LogEvidence,
} from '../../crypto/log-proof.ts';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import { formatRoster, signRoster, type Roster } from '../../crypto/roster.ts';
import { createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import { createTestLog } from '../support/log.ts';
import { refusal } from '../support/refusal.ts';
import { logKey, NOON, operators, smallLogOwner, smallRoster, verified, witnesses } from '../support/small-roster.ts';

const HOUR = hourOf(NOON);
const hash = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const owner = smallLogOwner();
const { roster } = owner.roster;
const lookup: EntryOf<'lookup'> = {
  kind: 'lookup',
  hour: HOUR,
  request: hash(1),
  force: 'force-a',
  officer: 'p-7f3a',
  caseCommitment: hash(2),
  codes: '1',
};
const check: LogEntry = { kind: 'check', hour: HOUR, request: hash(3) };
const log = createTestLog(owner, [check, check, lookup, check, check]);
const AT = 3;

describe('names', () => {
  it('of a log follow from origin and generation, of a cosigner from origin and guardian', () => {
    expect(logName(roster)).toBe('registry.example/log');
    expect(logName({ ...roster, log: { ...roster.log, generation: 2 } })).toBe('registry.example/log-2');
    expect(cosignerName('registry.example', 'g1')).toBe('registry.example/guardian/g1');
  });
});

describe('a cosigned checkpoint', () => {
  it('has the log’s signature, and cosignatures of at least t guardians', () => {
    const { checkpoint, cosignatures } = verifyCosigned(log.note({ cosigners: [3, 1] }), roster);
    expect(checkpoint).toEqual(log.head());
    expect([...cosignatures.keys()]).toEqual(['g1', 'g3']);
    expect(verifyCosigned(log.note({ cosigners: [1, 2, 3] }), roster).cosignatures.size).toBe(3);
  });

  it.each<[string, readonly number[]]>([
    ['none', []],
    ['one', [2]],
    ['one twice', [2, 2]],
    ['one and a stranger', [2, 4]],
  ])('is not cosigned by %s', (_, cosigners) => {
    const note = log.note({ cosigners });
    expect(() => verifyCosigned(note, roster)).toThrow(refusal('badCheckpoint', 'checkpoint'));
    expect(verifyLogCheckpoint(note, roster)).toEqual(log.head());
  });

  const checkpoint = log.head();
  const cosign = (key: SigningKey, name: string, over = checkpoint, at = NOON) => ({
    name,
    publicKey: key.publicKey,
    cosignature: cosignCheckpoint(over, key, at),
  });
  const [w1, w2] = witnesses as [SigningKey, SigningKey];
  const good = cosign(w1, 'registry.example/guardian/g1');
  const name2 = 'registry.example/guardian/g2';

  it.each<[string, () => string]>([
    [
      'a cosignature in another guardian’s name',
      () => addCosignatures(log.note({ cosigners: [1] }), [{ ...good, name: name2, publicKey: w2.publicKey }]),
    ],
    [
      'a cosignature of another checkpoint',
      () => addCosignatures(log.note({ cosigners: [1] }), [cosign(w2, name2, log.head(2))]),
    ],
    [
      'a cosignature whose time was changed',
      () => {
        const { cosignature, ...cosigner } = cosign(w2, name2);
        const changed = cosignature.with(7, (cosignature[7] as number) ^ 1);
        return addCosignatures(log.note({ cosigners: [1] }), [{ ...cosigner, cosignature: changed }]);
      },
    ],
    [
      'a cosignature that the log’s key made',
      () => addCosignatures(log.note({ cosigners: [1] }), [{ ...cosign(logKey, name2), publicKey: w2.publicKey }]),
    ],
    [
      'another log’s signature',
      () => addCosignatures(signCheckpoint(checkpoint, createSigningKey()), [good, cosign(w2, name2)]),
    ],
    [
      'another log’s name',
      () => {
        const other = { ...checkpoint, origin: 'registry.example/log-2' };
        return addCosignatures(signCheckpoint(other, logKey), [cosign(w1, good.name, other), cosign(w2, name2, other)]);
      },
    ],
    ['another size', () => log.note().replace('\n6\n', '\n7\n')],
    ['no text', () => ''],
  ])('does not verify with %s', (_, note) => {
    expect(() => verifyCosigned(note(), roster)).toThrow(refusal('badCheckpoint'));
  });

  it('of another generation is another log’s', () => {
    const head = { size: 6, root: checkpoint.root };
    const next = { ...roster, log: { generation: 2, publicKey: logKey.publicKey, start: head, closed: head } };
    expect(() => verifyLogCheckpoint(log.note(), next)).toThrow(refusal('badCheckpoint'));
  });
});

describe('a logged entry', () => {
  it('is in the tree of each checkpoint after it', () => {
    for (let size = AT + 1; size <= log.size; size++) {
      expect(verifyLogged(log.logged(AT, size), log.head(size))).toEqual(lookup);
    }
  });

  const logged = log.logged(AT);

  it.each<[string, Partial<typeof logged>]>([
    ['another index', { index: AT - 1 }],
    ['an index beyond the tree', { index: 6 }],
    ['another entry', { entry: formatLogEntry(check) }],
    ['a hash less', { proof: logged.proof.slice(1) }],
    ['a hash more', { proof: [...logged.proof, hash(1)] }],
    ['a hash changed', { proof: logged.proof.with(0, hash(1)) }],
    ['hashes in another order', { proof: logged.proof.toReversed() }],
  ])('is not there with %s', (_, change) => {
    expect(() => verifyLogged({ ...logged, ...change }, log.head())).toThrow(refusal('badProof'));
  });

  it('is not in a smaller tree, nor in another', () => {
    expect(() => verifyLogged(logged, log.head(3))).toThrow(refusal('badProof'));
    expect(() => verifyLogged(logged, { ...log.head(), root: hash(1) })).toThrow(refusal('badProof'));
  });

  it('must be an entry', () => {
    const odd = createTestLog(owner, [utf8ToBytes('not an entry')]);
    expect(() => verifyLogged(odd.logged(1), odd.head())).toThrow(refusal('badInput', 'entry'));
  });
});

describe('an expected entry', () => {
  const salt = hash(9);
  const plain = formatLogEntry(lookup);
  const hidden: EntryOf<'delayed'> = {
    kind: 'delayed',
    hour: HOUR,
    of: 'lookup',
    commitment: delayedCommitment(salt, plain),
    revealBy: HOUR + 48,
  };
  const delayed = { salt, plain };

  it('is just that one, at whatever hour', () => {
    expect(verifyEntryOf(lookup, { ...lookup, hour: 0 })).toEqual(lookup);
  });

  it.each<[string, Partial<EntryOf<'lookup'>>]>([
    ['request', { request: hash(7) }],
    ['force', { force: 'force-b' }],
    ['officer', { officer: 'p-7f3b' }],
    ['case', { caseCommitment: hash(7) }],
    ['number of codes', { codes: '2-4' }],
  ])('is not one with another %s', (_, change) => {
    expect(() => verifyEntryOf({ ...lookup, ...change }, lookup)).toThrow(refusal('notLogged', 'log'));
  });

  it('is not one of another kind with the same request', () => {
    const activation: LogEntry = { kind: 'activation', hour: HOUR, request: lookup.request };
    expect(() => verifyEntryOf(activation, lookup)).toThrow(refusal('notLogged', 'log'));
  });

  it('may be hidden, for as long as the policy says', () => {
    expect(verifyEntryOf(hidden, lookup, { delayed, delayDays: 2 })).toEqual(lookup);
    expect(verifyEntryOf(hidden, lookup, { delayed })).toEqual(lookup);
    for (const delayDays of [0, 1]) {
      expect(() => verifyEntryOf(hidden, lookup, { delayed, delayDays })).toThrow(refusal('notLogged', 'log'));
    }
    const atOnce = { ...hidden, revealBy: HOUR };
    expect(() => verifyEntryOf(atOnce, lookup, { delayed, delayDays: 0 })).toThrow(refusal('notLogged', 'log'));
    const early = { ...hidden, revealBy: HOUR - 1 };
    expect(() => verifyEntryOf(early, lookup, { delayed })).toThrow(refusal('notLogged', 'log'));
    const late = { ...hidden, revealBy: HOUR + 28 * 24 + 1 };
    expect(() => verifyEntryOf(late, lookup, { delayed })).toThrow(refusal('notLogged', 'log'));
  });

  it('is not hidden without what it hides, nor plain with something hidden beside it', () => {
    expect(() => verifyEntryOf(hidden, lookup)).toThrow(refusal('notLogged', 'log'));
    expect(() => verifyEntryOf(lookup, lookup, { delayed })).toThrow(refusal('notLogged', 'log'));
  });

  it.each<[string, EntryOf<'delayed'>, { salt: Uint8Array; plain: Uint8Array }]>([
    ['another salt', hidden, { salt: hash(8), plain }],
    ['another entry', hidden, { salt, plain: formatLogEntry({ ...lookup, officer: 'p-9' }) }],
    ['another kind than it says', { ...hidden, of: 'match' }, delayed],
    ['another hour than its own', { ...hidden, hour: HOUR + 1 }, delayed],
    [
      'no entry',
      { ...hidden, commitment: delayedCommitment(salt, utf8ToBytes('x')) },
      { salt, plain: utf8ToBytes('x') },
    ],
  ])('is not one that hides %s', (_, entry, shown) => {
    expect(() => openDelayed(entry, shown)).toThrow(refusal('notLogged', 'log'));
    expect(() => verifyEntryOf(entry, lookup, { delayed: shown })).toThrow(refusal('notLogged', 'log'));
  });
});

describe('the roster’s entry', () => {
  it('is in the log before anything is answered', () => {
    expect(() => verifyRosterLogged(log.logged(0), log.head(), owner.roster)).not.toThrow();
  });

  it('is not another roster’s, nor another entry', () => {
    const other = smallLogOwner(smallRoster({ issuedAt: '2026-10-02T00:00:00Z' }));
    const otherLog = createTestLog(other, [check]);
    expect(() => verifyRosterLogged(otherLog.logged(0), otherLog.head(), owner.roster)).toThrow(
      refusal('badRoster', 'log'),
    );
    expect(() => verifyRosterLogged(log.logged(1), log.head(), owner.roster)).toThrow(refusal('badRoster', 'log'));
    expect(() => verifyRosterLogged(log.logged(0), otherLog.head(), owner.roster)).toThrow(refusal('notLogged', 'log'));
  });

  it('names signatures that do not hold', () => {
    const bytes = formatRoster(roster);
    const signatures = [1, 2].map((guardian) => ({
      guardian: `g${guardian}`,
      signature: signRoster(bytes, operators[2] as SigningKey),
    }));
    const forged = createTestLog({ ...owner, chain: [{ roster: bytes, signatures }] });
    expect(() => verifyRosterLogged(forged.logged(0), forged.head(), owner.roster)).toThrow(
      refusal('badRoster', 'signatures'),
    );
  });
});

describe('a guardian’s evidence', () => {
  const evidence = log.evidence(AT, { from: 2 });
  const verify = (change: Partial<LogEvidence> = {}, against = owner.roster, expected: LogEntry = lookup) =>
    verifyEvidence({ ...evidence, ...change }, against, expected, 0);

  it('shows checkpoint, roster and entry', () => {
    expect(verify()).toEqual({ checkpoint: log.head(), entry: lookup });
    expect(parseMessage(logEvidenceSchema, formatMessage(logEvidenceSchema, evidence))).toEqual(evidence);
    expect(parseCheckpoint(evidence.checkpoint).note.signatures).toHaveLength(1);
  });

  it('shows a hidden entry where the policy allows it', () => {
    const salt = randomBytes(32);
    const plain = formatLogEntry(lookup);
    const commitment = delayedCommitment(salt, plain);
    const hidden = createTestLog(owner, [
      { kind: 'delayed', hour: HOUR, of: 'lookup', commitment, revealBy: HOUR + 24 },
    ]);
    const shown = hidden.evidence(1, { delayed: { salt, plain } });
    expect(verifyEvidence(shown, owner.roster, lookup, 1).entry).toEqual(lookup);
    expect(() => verifyEvidence(shown, owner.roster, lookup, 0)).toThrow(refusal('notLogged', 'log'));
  });

  const forked = createTestLog(owner, [check, lookup]);
  const changedRoster: Roster = smallRoster({ version: 2, predecessor: owner.roster.hash });

  it.each<[string, () => unknown, ReturnType<typeof refusal>]>([
    ['the entry of another request', () => verify({ logged: log.logged(1) }), refusal('notLogged', 'log')],
    [
      'a request whose entry is another',
      () => verify({}, owner.roster, { ...lookup, request: hash(8) }),
      refusal('notLogged', 'log'),
    ],
    ['an entry that is not in it', () => verify({ logged: forked.logged(2) }), refusal('notLogged', 'log')],
    ['an older checkpoint', () => verify({ checkpoint: log.note({ size: 3 }) }), refusal('notLogged', 'log')],
    ['a forked checkpoint', () => verify({ checkpoint: forked.note() }), refusal('notLogged', 'log')],
    [
      'an unsigned checkpoint',
      () => verify({ checkpoint: signCheckpoint(log.head(), createSigningKey()) }),
      refusal('badCheckpoint'),
    ],
    ['another entry as the roster’s', () => verify({ roster: log.logged(1) }), refusal('badRoster', 'log')],
    ['a roster that is not in it', () => verify({}, verified(changedRoster, roster)), refusal('badRoster', 'log')],
    [
      'a malformed entry',
      () => {
        const odd = createTestLog(owner, [utf8ToBytes('x')]);
        return verifyEvidence(odd.evidence(1), owner.roster, lookup, 0);
      },
      refusal('notLogged', 'log'),
    ],
  ])('does not hold with %s', (_, action, error) => {
    expect(action).toThrow(error);
  });
});
