import { ristretto255, ristretto255_oprf } from '@noble/curves/ed25519.js';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concatBytes, randomBytes, utf8ToBytes } from '../../crypto/bytes.ts';
import { combineDecryptions, decryptShare } from '../../crypto/decryption.ts';
import {
  ceremonyHash,
  ceremonySchema,
  checkCeremony,
  round1Hash,
  round1Schema,
  round2Schema,
  shareContext,
  signedConfirmation,
  signedRound1,
  signedRound2,
  type Confirmation,
  type Round1Message,
  type Round2Message,
} from '../../crypto/dkg-messages.ts';
import { createConfirmation, verifyConfirmations, verifyKeyGeneration } from '../../crypto/dkg-outcome.ts';
import {
  createRound1,
  createRound2,
  finishDkg,
  verifyRound1,
  type DkgParty,
  type DkgResult,
} from '../../crypto/dkg.ts';
import { sodiumGroup } from '../../crypto/group-sodium.ts';
import { formatMessage, parseMessage } from '../../crypto/message.ts';
import { blind, blindEvaluate, finalize } from '../../crypto/oprf.ts';
import { sealTo } from '../../crypto/seal.ts';
import { createSigningKey, sign } from '../../crypto/signature.ts';
import { combineVerified, verifyPublicShares } from '../../crypto/threshold.ts';
import { createParties, messagesTo, runDkg, runRounds, withCeremony, type Transcript } from '../support/ceremony.ts';
import { refusal, refusalOf } from '../support/refusal.ts';
import { subsets } from '../support/split-key.ts';

const at = <T>(list: readonly T[], position: number): T => list[position] as T;

/** The whole key, which exists nowhere but in this test: Lagrange interpolation of the shares at 0. */
function wholeKey(results: readonly DkgResult[]): Uint8Array {
  const { Fn } = ristretto255.Point;
  const sum = results.reduce((total, { index, secret }) => {
    const weight = results
      .filter((other) => other.index !== index)
      .reduce((w, other) => Fn.mul(w, Fn.div(BigInt(other.index), Fn.create(BigInt(other.index - index)))), 1n);
    return Fn.add(total, Fn.mul(weight, Fn.fromBytes(secret)));
  }, 0n);
  return Fn.toBytes(sum);
}

/** Matches a refusal that names exactly these guardians. */
function faultOf(...guardians: string[]): unknown {
  return expect.objectContaining({ code: 'badTranscript', guardians });
}

const flip = (bytes: Uint8Array, position = 0): Uint8Array =>
  bytes.map((byte, i) => (i === position ? byte ^ 1 : byte));

/** A round-1 message with its signature made anew, as a dishonest operator can. */
function resignRound1(party: DkgParty, message: Round1Message): Round1Message {
  const signature = sign(party.operator, signedRound1(message.ceremony, message.guardian, round1Hash(message)));
  return { ...message, signature };
}

function resignRound2(party: DkgParty, message: Round2Message): Round2Message {
  return { ...message, signature: sign(party.operator, signedRound2(message)) };
}

describe.each([
  [2, 3],
  [3, 5],
  [2, 2],
])('key generation, %i of %i', (threshold, total) => {
  let parties: DkgParty[];
  let results: DkgResult[];
  beforeAll(() => {
    parties = createParties(threshold, total);
    ({ results } = runDkg(parties));
  });

  it('gives everybody the same key and shares that make it up', () => {
    const first = at(results, 0);
    for (const [i, result] of results.entries()) {
      expect(result.index).toBe(i + 1);
      expect(result.groupKey).toEqual(first.groupKey);
      expect(result.publicShares).toEqual(first.publicShares);
      expect(result.transcript).toEqual(first.transcript);
      expect(sodiumGroup.multiplyBase(result.secret)).toEqual(first.publicShares[i]);
    }
    expect(() => verifyPublicShares(first.groupKey, first.publicShares, threshold)).not.toThrow();
    expect(sodiumGroup.multiplyBase(wholeKey(results.slice(0, threshold)))).toEqual(first.groupKey);
  });

  it('evaluates under every set of t shares as RFC 9497 does under the whole key', () => {
    const input = utf8ToBytes('a code');
    const { element, blind: scalar } = blind(input);
    const { voprf } = ristretto255_oprf;
    const key = wholeKey(results);
    const reference = voprf.blindEvaluate(key, at(results, 0).groupKey, element);
    const expected = voprf.finalize(
      input,
      scalar,
      reference.evaluated,
      element,
      at(results, 0).groupKey,
      reference.proof,
    );
    for (const chosen of subsets(results, threshold)) {
      const answers = chosen.map(({ index, secret, publicShares }) => {
        const publicShare = at(publicShares, index - 1);
        const { evaluatedElements, proof } = blindEvaluate(secret, publicShare, [element]);
        return { guardian: `g${index}`, index, publicShare, evaluatedElements, proof };
      });
      const { combined, faults } = combineVerified([element], answers, threshold, at(results, 0).groupKey);
      expect(faults).toEqual([]);
      expect(finalize(input, scalar, at(combined, 0))).toEqual(expected);
    }
  });

  it('is confirmed by all and verified by anyone', () => {
    const confirmations = parties.map((party, i) => createConfirmation(party, at(results, i)));
    const generation = verifyConfirmations(at(parties, 0).ceremony, at(results, 0), confirmations);
    expect(generation.confirmations.map((entry) => entry.guardian)).toEqual(parties.map((party) => party.guardian));
    expect(() => verifyKeyGeneration(generation)).not.toThrow();
  });
});

describe('keys of two purposes', () => {
  it('come from two ceremonies, and neither’s shares say anything of the other', () => {
    const evaluation = createParties(2, 3);
    const decryption = withCeremony(evaluation, 2, { purpose: 'decryption' });
    const [first, second] = [runDkg(evaluation).results, runDkg(decryption).results];
    const shares = [...first, ...second].map(({ secret }) => secret.join());
    expect(new Set(shares).size).toBe(6);
    expect(at(first, 0).groupKey).not.toEqual(at(second, 0).groupKey);
    const element = sodiumGroup.multiplyBase(sodiumGroup.reduceScalar(randomBytes(64)));
    const decrypt = (results: readonly DkgResult[]) =>
      results.map(({ index, secret, publicShares }) => {
        const publicShare = at(publicShares, index - 1);
        return { guardian: `g${index}`, index, publicShare, ...decryptShare(secret, publicShare, element) };
      });
    const { shared } = combineDecryptions(element, decrypt(second), 2, at(second, 0).groupKey);
    expect(sodiumGroup.multiply(wholeKey(second.slice(0, 2)), element)).toEqual(shared);
    // The other purpose's shares, or a mixture, are not the key that a roster names.
    const mixed = [...decrypt(first).slice(0, 1), ...decrypt(second).slice(1)];
    for (const answers of [decrypt(first), mixed]) {
      expect(() => combineDecryptions(element, answers, 2, at(second, 0).groupKey)).toThrow(refusal('badProof'));
    }
  });
});

describe('a guardian that stops and goes on', () => {
  it('says the same again, byte for byte, from its seed', () => {
    const parties = createParties(2, 3);
    const first = runRounds(parties);
    const again = runRounds(structuredClone(parties));
    expect(again).toEqual(first);
  });

  it('speaks through messages that survive their wire form', () => {
    const parties = createParties(2, 3);
    const { round1, round2 } = runRounds(parties);
    const wire = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
    const round1Again = round1.map((message) => parseMessage(round1Schema, wire(formatMessage(round1Schema, message))));
    const round2Again = round2.map((message) => parseMessage(round2Schema, wire(formatMessage(round2Schema, message))));
    const me = at(parties, 1);
    expect(finishDkg(me, round1Again, messagesTo(me, round2Again))).toEqual(
      finishDkg(me, round1, messagesTo(me, round2)),
    );
  });

  it.each([
    ['epoch', { epoch: 2 }],
    ['purpose', { purpose: 'decryption' as const }],
  ])('says nothing of one ceremony in another of another %s, though its seed is the same', (_, change) => {
    const parties = createParties(2, 3);
    const others = withCeremony(parties, 2, change);
    const [a, b] = [createRound1(at(parties, 0)), createRound1(at(others, 0))];
    expect(a.commitment.some((element) => b.commitment.some((other) => other.join() === element.join()))).toBe(false);
  });

  it('does not go on when its own message is not of its seed', () => {
    const parties = createParties(2, 3);
    const { round1 } = runRounds(parties);
    const lost = { ...at(parties, 0), seed: randomBytes(64) };
    expect(() => createRound2(lost, round1)).toThrow(faultOf('g1'));
  });
});

describe('round 1', () => {
  let parties: DkgParty[];
  let round1: Round1Message[];
  const replace = (position: number, message: Round1Message): Round1Message[] =>
    round1.map((original, i) => (i === position ? message : original));
  beforeAll(() => {
    parties = createParties(2, 3);
    round1 = parties.map((party) => createRound1(party));
  });

  it('is taken in any order and more than once', () => {
    expect(verifyRound1(at(parties, 0).ceremony, [...round1, ...round1].reverse())).toEqual(round1);
  });

  it('names who signed two different messages', () => {
    const other = createRound1({ ...at(parties, 1), seed: randomBytes(64) });
    expect(() => createRound2(at(parties, 0), [...round1, other])).toThrow(faultOf('g2'));
  });

  it('names who is missing', () => {
    expect(() => createRound2(at(parties, 0), round1.slice(0, 2))).toThrow(faultOf('g3'));
  });

  it.each([0, 1, 2])('names whose proof of knowledge is wrong: guardian %i', (position) => {
    const party = at(parties, position);
    const message = at(round1, position);
    const proofOfKnowledge = concatBytes(
      message.proofOfKnowledge.subarray(0, 32),
      sodiumGroup.reduceScalar(randomBytes(64)),
    );
    const wrong = resignRound1(party, { ...message, proofOfKnowledge });
    expect(() => verifyRound1(party.ceremony, replace(position, wrong))).toThrow(faultOf(party.guardian));
  });

  it('names who took another’s commitment for its own (a rogue key needs the proof that it lacks)', () => {
    const stolen = resignRound1(at(parties, 2), { ...at(round1, 0), guardian: 'g3' });
    expect(() => verifyRound1(at(parties, 0).ceremony, replace(2, stolen))).toThrow(faultOf('g3'));
  });

  it.each([
    ['the identity', new Uint8Array(32)],
    ['a non-canonical encoding', new Uint8Array(32).fill(0xff)],
  ])('names who commits to %s', (_, element) => {
    const message = at(round1, 1);
    const wrong = resignRound1(at(parties, 1), { ...message, commitment: [at(message.commitment, 0), element] });
    expect(() => verifyRound1(at(parties, 0).ceremony, replace(1, wrong))).toThrow(faultOf('g2'));
  });

  it('names who commits to a polynomial of another degree', () => {
    const message = at(round1, 1);
    const wrong = resignRound1(at(parties, 1), {
      ...message,
      commitment: [...message.commitment, at(message.commitment, 1)],
    });
    expect(() => verifyRound1(at(parties, 0).ceremony, replace(1, wrong))).toThrow(faultOf('g2'));
  });

  it('refuses any changed byte of what is signed', () => {
    const message = at(round1, 1);
    const changes: Round1Message[] = [
      { ...message, commitment: [flip(at(message.commitment, 0)), at(message.commitment, 1)] },
      { ...message, proofOfKnowledge: flip(message.proofOfKnowledge) },
      { ...message, signature: flip(message.signature) },
      { ...message, ceremony: flip(message.ceremony) },
    ];
    for (const change of changes) {
      expect(() => verifyRound1(at(parties, 0).ceremony, replace(1, change))).toThrow(faultOf('g2'));
    }
  });

  it.each([
    ['epoch', { epoch: 2 }],
    ['origin', { origin: 'other.blindmark.example' }],
    ['purpose', { purpose: 'decryption' as const }],
  ])('refuses a message from a ceremony of another %s, relabelled or not', (_, change) => {
    const message = createRound1(at(withCeremony(parties, 2, change), 1));
    const { ceremony } = at(parties, 0);
    expect(() => verifyRound1(ceremony, replace(1, message))).toThrow(faultOf('g2'));
    const relabelled = { ...message, ceremony: ceremonyHash(ceremony) };
    expect(() => verifyRound1(ceremony, replace(1, relabelled))).toThrow(faultOf('g2'));
  });

  it('refuses who is not in the ceremony', () => {
    const stranger = { ...at(round1, 1), guardian: 'g9' };
    expect(() => verifyRound1(at(parties, 0).ceremony, [...round1, stranger])).toThrow(faultOf());
  });
});

describe('round 2', () => {
  let parties: DkgParty[];
  let transcript: Transcript;
  const finish = (change: (message: Round2Message) => Round2Message): (() => DkgResult) => {
    const me = at(parties, 0);
    const messages = messagesTo(me, transcript.round2);
    return () =>
      finishDkg(
        me,
        transcript.round1,
        messages.map((message) => (message.guardian === 'g2' ? change(message) : message)),
      );
  };
  beforeAll(() => {
    parties = createParties(2, 3);
    transcript = runRounds(parties);
  });

  it('names who sent a share that does not fit its commitment', () => {
    const wrong = finish((message) => {
      const context = shareContext(message.ceremony, 'g2', 'g1');
      const share = sodiumGroup.reduceScalar(randomBytes(64));
      const box = sealTo(at(parties, 0).exchange.publicKey, share, context);
      return resignRound2(at(parties, 1), { ...message, box });
    });
    expect(wrong).toThrow(faultOf('g2'));
  });

  it('names who sent a share out of range', () => {
    const wrong = finish((message) => {
      const context = shareContext(message.ceremony, 'g2', 'g1');
      const box = sealTo(at(parties, 0).exchange.publicKey, new Uint8Array(32).fill(0xff), context);
      return resignRound2(at(parties, 1), { ...message, box });
    });
    expect(wrong).toThrow(faultOf('g2'));
  });

  it('names who sealed a share to another recipient', () => {
    const forAnother = transcript.round2.find((message) => message.guardian === 'g2' && message.recipient === 'g3');
    expect(finish(() => forAnother as Round2Message)).toThrow(faultOf('g2'));
    const readdressed = resignRound2(at(parties, 1), { ...(forAnother as Round2Message), recipient: 'g1' });
    expect(finish(() => readdressed)).toThrow(faultOf('g2'));
  });

  it('refuses another guardian’s sealed share as its own', () => {
    const fromG3 = transcript.round2.find((message) => message.guardian === 'g3' && message.recipient === 'g1');
    const relabelled = resignRound2(at(parties, 1), { ...(fromG3 as Round2Message), guardian: 'g2' });
    expect(finish(() => relabelled)).toThrow(faultOf('g2'));
  });

  it('refuses a changed byte in box, transcript or signature', () => {
    expect(finish((message) => ({ ...message, box: flip(message.box, 40) }))).toThrow(faultOf('g2'));
    expect(finish((message) => ({ ...message, signature: flip(message.signature) }))).toThrow(faultOf('g2'));
    expect(finish((message) => ({ ...message, seen: [...message.seen].reverse() }))).toThrow(faultOf('g2'));
    const corrupted = finish((message) =>
      resignRound2(at(parties, 1), { ...message, box: flip(message.box, message.box.length - 1) }),
    );
    expect(corrupted).toThrow(faultOf('g2'));
  });

  it('names who is missing, and who sent two', () => {
    const me = at(parties, 0);
    const messages = messagesTo(me, transcript.round2);
    expect(() => finishDkg(me, transcript.round1, messages.slice(0, 1))).toThrow(faultOf('g3'));
    const g2 = at(parties, 1);
    const other = resignRound2(g2, {
      ...at(messages, 0),
      box: sealTo(me.exchange.publicKey, randomBytes(32), shareContext(at(messages, 0).ceremony, 'g2', 'g1')),
    });
    expect(() => finishDkg(me, transcript.round1, [...messages, other])).toThrow(faultOf('g2'));
  });

  it('refuses a replay from another epoch, relabelled or not', () => {
    const earlier = runRounds(withCeremony(parties, 2, { epoch: 7 }));
    const replayed = earlier.round2.find((message) => message.guardian === 'g2' && message.recipient === 'g1');
    expect(finish(() => replayed as Round2Message)).toThrow(faultOf('g2'));
    expect(finish((message) => ({ ...(replayed as Round2Message), ceremony: message.ceremony }))).toThrow(
      faultOf('g2'),
    );
  });
});

describe('equivocation', () => {
  /** g3 tells g1 one thing and g2 another; each is a faultless run of its own. */
  function equivocate() {
    const parties = createParties(2, 3);
    const twin = { ...at(parties, 2), seed: randomBytes(64) };
    const toG1 = parties.map((party) => createRound1(party));
    const toG2 = [...toG1.slice(0, 2), createRound1(twin)];
    return { parties, twin, toG1, toG2 };
  }

  it('is found by everybody honest, who names its author and not each other', () => {
    const { parties, twin, toG1, toG2 } = equivocate();
    const [g1, g2, g3] = parties as [DkgParty, DkgParty, DkgParty];
    const fromG1 = createRound2(g1, toG1);
    const fromG2 = createRound2(g2, toG2);
    expect(() => finishDkg(g1, toG1, messagesTo(g1, [...fromG2, ...createRound2(g3, toG1)]))).toThrow(faultOf('g3'));
    expect(() => finishDkg(g2, toG2, messagesTo(g2, [...fromG1, ...createRound2(twin, toG2)]))).toThrow(faultOf('g3'));
  });

  it('leaves evidence that anyone can verify: two messages under one signature key', () => {
    const { parties, toG1, toG2 } = equivocate();
    expect(() => verifyRound1(at(parties, 0).ceremony, [...toG1, at(toG2, 2)])).toThrow(faultOf('g3'));
  });

  it('can’t be pinned on somebody honest: a claimed message needs its author’s signature', () => {
    const { parties, toG1 } = equivocate();
    const [g1, g2, g3] = parties as [DkgParty, DkgParty, DkgParty];
    const honest = createRound2(g3, toG1);
    const framed = createRound2(g2, toG1).map((message) => {
      const seen = message.seen.map((entry, i) => (i === 2 ? { ...entry, hash: randomBytes(32) } : entry));
      return resignRound2(g2, { ...message, seen });
    });
    expect(() => finishDkg(g1, toG1, messagesTo(g1, [...framed, ...honest]))).toThrow(faultOf('g2'));
  });

  it('can’t be pinned on somebody by a signature of another kind', () => {
    const { parties, toG1 } = equivocate();
    const [g1, g2, g3] = parties as [DkgParty, DkgParty, DkgParty];
    const honest = createRound2(g3, toG1);
    const [message] = honest as [Round2Message];
    const framed = createRound2(g2, toG1).map((original) => {
      const seen = original.seen.map((entry, i) =>
        i === 2 ? { hash: signedRound2(message), signature: message.signature } : entry,
      );
      return resignRound2(g2, { ...original, seen });
    });
    expect(() => finishDkg(g1, toG1, messagesTo(g1, [...framed, ...honest]))).toThrow(faultOf('g2'));
  });
});

describe('confirmation', () => {
  let parties: DkgParty[];
  let results: DkgResult[];
  let confirmations: Confirmation[];
  const verify = (list: readonly Confirmation[]) => () =>
    verifyConfirmations(at(parties, 0).ceremony, at(results, 0), list);
  const replace = (change: Partial<Confirmation>, signed = true): Confirmation[] =>
    confirmations.map((confirmation, i) => {
      if (i !== 1) return confirmation;
      const changed = { ...confirmation, ...change };
      return signed ? { ...changed, signature: sign(at(parties, 1).operator, signedConfirmation(changed)) } : changed;
    });
  beforeAll(() => {
    parties = createParties(2, 3);
    ({ results } = runDkg(parties));
    confirmations = parties.map((party, i) => createConfirmation(party, at(results, i)));
  });

  it('counts only when all n have confirmed', () => {
    expect(verify(confirmations.slice(0, 2))).toThrow(faultOf('g3'));
    expect(verify([at(confirmations, 0), at(confirmations, 0), at(confirmations, 1)])).toThrow(faultOf('g3'));
  });

  it('names who confirmed another key, transcript or shares', () => {
    const other = at(runDkg(createParties(2, 3)).results, 0);
    expect(verify(replace({ groupKey: other.groupKey }))).toThrow(faultOf('g2'));
    expect(verify(replace({ transcript: other.transcript }))).toThrow(faultOf('g2'));
    expect(verify(replace({ publicShares: [...other.publicShares] }))).toThrow(faultOf('g2'));
    expect(verify(replace({ publicShares: at(confirmations, 0).publicShares.slice(0, 2) }))).toThrow(faultOf('g2'));
  });

  it('names whose signature does not verify, or who confirmed in another ceremony', () => {
    expect(verify(replace({ signature: flip(at(confirmations, 1).signature) }, false))).toThrow(faultOf('g2'));
    expect(verify(replace({ ceremony: randomBytes(32) }))).toThrow(faultOf('g2'));
    const impostor = sign(createSigningKey(), signedConfirmation(at(confirmations, 1)));
    expect(verify(replace({ signature: impostor }, false))).toThrow(faultOf('g2'));
  });

  it('binds the published outcome: a changed epoch, origin, key or card is refused', () => {
    const generation = verify(confirmations)();
    const everybody = ['g1', 'g2', 'g3'];
    for (const change of [
      { epoch: 2 },
      { origin: 'other.example' },
      { purpose: 'decryption' as const },
      { transcript: randomBytes(32) },
    ]) {
      expect(() => verifyKeyGeneration({ ...generation, ...change })).toThrow(faultOf(...everybody));
    }
    const guardians = generation.guardians.map((card, i) => (i === 0 ? { ...card, name: 'Somebody else' } : card));
    expect(() => verifyKeyGeneration({ ...generation, guardians })).toThrow(faultOf(...everybody));
    const another = at(runDkg(createParties(2, 3)).results, 0);
    expect(() => verifyKeyGeneration({ ...generation, groupKey: another.groupKey })).toThrow(refusal('badRoster'));
    expect(() => verifyKeyGeneration({ ...generation, publicShares: generation.publicShares.slice(1) })).toThrow(
      refusal('badInput', 'publicShares'),
    );
  });
});

describe('the ceremony', () => {
  it('is refused unless more than half are needed', () => {
    expect(() => createParties(2, 4).map((party) => createRound1(party))).toThrow(refusal('badInput', 'threshold'));
    const { ceremony } = at(createParties(2, 3), 0);
    expect(() => checkCeremony({ ...ceremony, threshold: 4 })).toThrow(refusal('badInput', 'threshold'));
    expect(() => parseMessage(ceremonySchema, { ...formatMessage(ceremonySchema, ceremony), threshold: 1 })).toThrow(
      refusal('badInput', 'threshold'),
    );
  });

  it.each(['id', 'operatorKey', 'exchangeKey', 'witnessKey'] as const)(
    'is refused when two guardians have one %s',
    (field) => {
      const { ceremony } = at(createParties(2, 3), 0);
      const [first, second, third] = ceremony.guardians;
      const guardians = [first, second, { ...third, [field]: second?.[field] }] as typeof ceremony.guardians;
      expect(() => checkCeremony({ ...ceremony, guardians })).toThrow(refusal('badInput', `guardians.${field}`));
    },
  );

  it('is refused when an operator’s key witnesses too', () => {
    const { ceremony } = at(createParties(2, 3), 0);
    const guardians = ceremony.guardians.map((card, i) =>
      i === 0 ? { ...card, witnessKey: at(ceremony.guardians, 2).operatorKey } : card,
    );
    expect(() => checkCeremony({ ...ceremony, guardians })).toThrow(refusal('badInput', 'guardians.witnessKey'));
  });

  it('is refused by a guardian whose card is not its own', () => {
    const [first] = createParties(2, 3) as [DkgParty];
    expect(refusalOf(() => createRound1({ ...first, operator: createSigningKey() })).field).toBe('guardians');
    expect(refusalOf(() => createRound1({ ...first, guardian: 'g2' })).field).toBe('guardians');
  });

  it('has one hash for each of its contents', () => {
    const { ceremony } = at(createParties(2, 3), 0);
    const reference = ceremonyHash(ceremony);
    const change = fc.oneof(
      fc.record({ epoch: fc.integer({ min: 2, max: 2 ** 31 - 1 }) }),
      fc.record({ threshold: fc.constant(3) }),
      fc.record({ origin: fc.stringMatching(/^[a-z]{1,20}$/u) }),
      fc.record({ purpose: fc.constant('decryption' as const) }),
      fc.constant({
        guardians: ceremony.guardians.with(1, { ...at(ceremony.guardians, 1), witnessKey: randomBytes(32) }),
      }),
      fc.constant({ guardians: [...ceremony.guardians].reverse() }),
    );
    fc.assert(
      fc.property(change, (changed) => {
        expect(ceremonyHash({ ...ceremony, ...changed })).not.toEqual(reference);
      }),
    );
  });
});
