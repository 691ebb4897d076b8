import { describe, expect, it } from 'vitest';
import {
  disclosureSchema,
  formatDisclosure,
  parseDisclosure,
  verifyDisclosure,
  type Disclosure,
} from '../../crypto/disclosure.ts';
import { sealItemEnvelope } from '../../crypto/item-envelope.ts';
import { hourOf, markHash, type LogEntry } from '../../crypto/log-entry.ts';
import { formatMessage } from '../../crypto/message.ts';
import { blind, blindEvaluate, codeInput, finalize } from '../../crypto/oprf.ts';
import { formatReceipt } from '../../crypto/receipt.ts';
import {
  registrationCommitment,
  registrationIndex,
  rowHash,
  signRow,
  type RegistrationRow,
} from '../../crypto/registration.ts';
import { formatRoster, rosterHash, verifyRosterHistory, type Roster } from '../../crypto/roster.ts';
import { createSigningKey } from '../../crypto/signature.ts';
import { stretch } from '../../crypto/stretch.ts';
import { combine } from '../../crypto/threshold.ts';
import { createTestLog } from '../support/log.ts';
import { refusal } from '../support/refusal.ts';
import { key, NOON, signedBy, smallLogOwner, smallRoster } from '../support/small-roster.ts';
import { drawScalar, publicPart, splitKey, type KeyShare } from '../support/split-key.ts';

const CHEAP = { memoryKiB: 8, passes: 1, lanes: 1 };
const [epoch] = smallRoster().epochs as [Roster['epochs'][number]];
const roster = smallRoster({ testRoster: true, epochs: [{ ...epoch, stretch: CHEAP }] });
const owner = smallLogOwner(roster);
const { origin } = roster;
const SCHEME = 'minted';
const CODE = '8EQ71S02SGYJTS93';
const items = [{ category: 'Shotgun', make: 'Example', serial: '1234' }];

/** What guardians with these shares say of a blinded element. */
function evaluate(element: Uint8Array, shares: readonly KeyShare[]) {
  return shares.map(({ index, secret, publicShare }) => {
    const { evaluatedElements, proof } = blindEvaluate(secret, publicShare, [element]);
    return { guardian: `g${index}`, element: evaluatedElements[0] as Uint8Array, proof };
  });
}

/** A registration with its receipt, and the bundle that an owner makes of both. */
async function register(kind: 'registration' | 'action', shares = key.shares): Promise<Disclosure> {
  const signingKey = createSigningKey();
  const input = codeInput(origin, SCHEME, CODE);
  const blinded = blind(input);
  const evaluations = evaluate(blinded.element, shares);
  const partials = evaluations.map(({ element }, i) => ({ index: i + 1, evaluatedElements: [element] }));
  const [combined] = combine(partials, 2) as [Uint8Array];
  const context = { origin, epoch: 1, parameters: CHEAP };
  const { lookupTag, codeKey } = await stretch(finalize(input, blinded.blind, combined), context);
  const salt = new Uint8Array(32).fill(5);
  const commitment = registrationCommitment(salt, lookupTag, signingKey.publicKey);
  const content: Omit<RegistrationRow, 'rowSignature'> = {
    index: registrationIndex(origin, lookupTag),
    salt,
    commitment,
    itemEnvelope: sealItemEnvelope({ items, ownerPublicKey: signingKey.publicKey }, codeKey, commitment),
    contactEnvelope: null,
    status: 'withKeeper',
    version: 1,
    epoch: 1,
    registeredOn: '2026-10-17',
  };
  const row = signRow(origin, content, signingKey);
  const [markSalt, hour] = [new Uint8Array(32).fill(6), hourOf(NOON)];
  const common = { hour, mark: markHash(markSalt, commitment), row: rowHash(origin, row) };
  const entry: LogEntry =
    kind === 'registration' ? { kind, ...common, epoch: 1 } : { kind, ...common, action: 'replace' };
  const log = createTestLog(owner, [entry]);
  return {
    format: 'blindmark-disclosure-v1',
    scheme: SCHEME,
    canonical: CODE,
    blind: blinded.blind,
    evaluations,
    ownerPublicKey: signingKey.publicKey,
    row,
    receipt: formatReceipt(log.receipt(1, markSalt)),
  };
}

const rosters = [owner.roster];
const disclosure = await register('registration');
const other = await register('registration');
const verify = async (change: Partial<Disclosure> = {}) => verifyDisclosure({ ...disclosure, ...change }, rosters);

describe('a disclosure', () => {
  it('proves code, key, items and entry, offline', async () => {
    const verified = await verify();
    expect(verified).toMatchObject({
      scheme: SCHEME,
      canonical: CODE,
      ownerPublicKey: disclosure.ownerPublicKey,
      row: disclosure.row,
      items,
      receipt: { cosignedAt: NOON, entry: { kind: 'registration' } },
    });
  });

  it('may be of an owner’s action, with the row as it was after it', async () => {
    const action = await register('action');
    expect((await verifyDisclosure(action, rosters)).receipt.entry).toMatchObject({ kind: 'action' });
  });

  it('reads back what was written', async () => {
    expect(parseDisclosure(formatDisclosure(disclosure))).toEqual(disclosure);
  });

  it('needs t guardians’ answers, whichever', async () => {
    await expect(verify({ evaluations: disclosure.evaluations.slice(1) })).resolves.toBeDefined();
    await expect(verify({ evaluations: disclosure.evaluations.slice(2) })).rejects.toThrow(
      refusal('guardiansUnavailable'),
    );
  });

  const [first, second, third] = disclosure.evaluations as [
    Disclosure['evaluations'][number],
    Disclosure['evaluations'][number],
    Disclosure['evaluations'][number],
  ];

  it.each<[string, Partial<Disclosure>, ReturnType<typeof refusal>]>([
    ['another code', { canonical: '8EQ71S02SGYJTS94' }, refusal('guardiansUnavailable')],
    ['another scheme', { scheme: 'pin' }, refusal('guardiansUnavailable')],
    ['another blind', { blind: other.blind }, refusal('guardiansUnavailable')],
    ['answers for another blind', { evaluations: other.evaluations }, refusal('guardiansUnavailable')],
    [
      'answers in each other’s names',
      {
        evaluations: [
          { ...first, guardian: 'g2' },
          { ...second, guardian: 'g1' },
        ],
      },
      refusal('guardiansUnavailable'),
    ],
    [
      'a changed answer among too few',
      { evaluations: [first, { ...second, element: third.element }] },
      refusal('guardiansUnavailable'),
    ],
    ['another owner’s key', { ownerPublicKey: other.ownerPublicKey }, refusal('badRow', 'commitment')],
    ['another status than the owner signed', { row: { ...disclosure.row, status: 'stolen' } }, refusal('badRow')],
    ['an epoch that is in no roster', { row: { ...disclosure.row, epoch: 9 } }, refusal('badProof', 'row.epoch')],
    ['another registration’s receipt', { receipt: other.receipt }, refusal('notLogged', 'receipt')],
    ['no receipt', { receipt: 'x' }, refusal('badFile', 'receipt')],
    [
      'another registration of the same code',
      { row: other.row, ownerPublicKey: other.ownerPublicKey },
      refusal('notLogged', 'receipt'),
    ],
  ])('does not hold with %s', async (_, change, error) => {
    await expect(verify(change)).rejects.toThrow(error);
  });

  it('does not hold with items that name another owner', async () => {
    const odd = await register('registration');
    const row = { ...odd.row, itemEnvelope: disclosure.row.itemEnvelope };
    await expect(verifyDisclosure({ ...odd, row }, rosters)).rejects.toThrow(refusal('badRow', 'rowSignature'));
  });

  it('does not hold with a receipt of an entry of another kind, nor with another salt', async () => {
    const log = createTestLog(owner, [
      { kind: 'match', hour: hourOf(NOON), mark: markHash(new Uint8Array(32), disclosure.row.commitment), lookup: 0 },
    ]);
    const match = formatReceipt(log.receipt(1, new Uint8Array(32)));
    await expect(verify({ receipt: match })).rejects.toThrow(refusal('notLogged', 'receipt'));
    const [head = '', extra = '', ...rest] = disclosure.receipt.split('\n');
    const bytes = Buffer.from(extra.slice(6), 'base64').fill(7, 0, 32);
    const resalted = [head, `extra ${bytes.toString('base64')}`, ...rest].join('\n');
    await expect(verify({ receipt: resalted })).rejects.toThrow(refusal('notLogged', 'receipt'));
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['no JSON', '{]'],
    ['another format', formatDisclosure(disclosure).replace('disclosure-v1', 'disclosure-v2')],
    ['a field too many', JSON.stringify({ ...formatMessage(disclosureSchema, disclosure), note: 'x' })],
    ['no answers', JSON.stringify({ ...formatMessage(disclosureSchema, disclosure), evaluations: [] })],
  ])('does not parse: %s', (_, text) => {
    expect(() => parseDisclosure(text)).toThrow(refusal('badFile', 'disclosure'));
  });
});

describe('a disclosure from before shares were refreshed', () => {
  it('holds under the roster that has the old shares, as one from after it does', async () => {
    const secret = drawScalar();
    const [old, fresh] = [splitKey(2, 3, secret), splitKey(2, 3, secret)];
    const base = roster.epochs[0] as Roster['epochs'][number];
    const withShares = (shared: typeof old): Roster['epochs'] => [{ ...base, ...publicPart(shared) }];
    const first = signedBy(formatRoster({ ...roster, epochs: withShares(old) }), [1, 2]);
    const predecessor = rosterHash(first.roster);
    const second = signedBy(formatRoster({ ...roster, version: 2, predecessor, epochs: withShares(fresh) }), [1, 2]);
    const history = verifyRosterHistory([first, second], predecessor, { allowTestRoster: true });
    const before = await register('registration', old.shares);
    await expect(verifyDisclosure(before, history)).resolves.toMatchObject({ canonical: CODE });
    await expect(verifyDisclosure(before, history.slice(1))).rejects.toThrow(refusal('guardiansUnavailable'));
    const after = await register('registration', fresh.shares);
    await expect(verifyDisclosure(after, history)).resolves.toMatchObject({ canonical: CODE });
    const mixed = { ...before, evaluations: [before.evaluations[0] as Disclosure['evaluations'][number]] };
    await expect(verifyDisclosure(mixed, history)).rejects.toThrow(refusal('guardiansUnavailable'));
  });
});
