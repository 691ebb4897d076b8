/** An officer's trays through the pages' engine, against the real services. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ContactChoice } from '../../../../client-sdk/contacts.ts';
import { verifyEvidence } from '../../../../client-sdk/evidence-check.ts';
import { parseEvidenceFile } from '../../../../client-sdk/evidence.ts';
import type { Owner } from '../../../../client-sdk/owner.ts';
import { utf8ToBytes } from '../../../../crypto/bytes.ts';
import { formatCode } from '../../../../crypto/canonical.ts';
import { mintCode } from '../../../../crypto/mint-code.ts';
import type { CallProgress } from '../../../../server/web/engine/calls.ts';
import type { FoundView, ReadingView, ResultView, TrayView } from '../../../../server/web/engine/police-api.ts';
import type { TestOfficer } from '../../../support/fixture.ts';
import { createOwner } from '../../../support/sdk.ts';
import { startServices, type Services } from '../../../support/services.ts';
import { officerFileOf, PoliceBrowser, type Tab } from './police-browser.ts';

const CASE = 'CR/1234/26';
const details: ContactChoice = { kind: 'details', name: 'A. Keeper', email: 'keeper@example.org' };

let services: Services;
let owner: Owner;
beforeAll(async () => {
  services = await startServices();
  owner = await createOwner(services);
});
afterAll(async () => {
  await services.stopAll();
});

let browser: PoliceBrowser;
let police: Tab['police'];
let officers = 0;
beforeEach(async () => {
  browser = new PoliceBrowser(services);
  ({ police } = browser.openTab());
  await signIn(police);
});

/** Does something while the registry is down. */
async function withoutRegistry<T>(work: () => Promise<T>): Promise<T> {
  await services.stop('registry');
  try {
    return await work();
  } finally {
    await services.restart('registry');
  }
}

/** Signs a new officer in. */
async function signIn(tab: Tab['police'], pseudonym = `officer-${++officers}`) {
  return tab.signIn({ file: officerFileOf(services, await services.createOfficer(pseudonym)) });
}

async function register(code = mintCode(), contact: ContactChoice = null): Promise<string> {
  const [activationKey] = (await services.createActivationKeys(1)) as [string];
  await owner.register({ code, items: [{ category: 'Shotgun', make: 'AYA' }], activationKey, contact });
  return code;
}

async function trayWith(...readings: string[]): Promise<TrayView> {
  const { id } = await police.openTray({ caseReference: CASE });
  return police.addReadings({ tray: id, readings: readings.map((reading) => ({ reading, scheme: 'bm1' })) });
}

const states = ({ list }: TrayView): ReadingView['state'][] => list.map(({ state }) => state);
const onlyHit = ({ list }: TrayView): FoundView => list[0]?.result?.registrations[0] as FoundView;

describe('a session', () => {
  it('is nobody’s at first, is kept over a reload with a key that cannot be read out, and ends', async () => {
    const other = new PoliceBrowser(services);
    expect(await other.openTab().police.session()).toBeNull();
    browser.use();
    const signedIn = await police.session();
    expect(signedIn).toMatchObject({
      forceName: 'Demonstration force',
      officer: `officer-${officers}`,
      codesPerDay: 10_000,
      isKeyKept: true,
      isTestRegistry: true,
    });
    expect(signedIn?.schemes.find(({ id }) => id === 'bm1')).toEqual({
      id: 'bm1',
      title: 'Blindmark code (minted by the SDK)',
      example: '8EQ7-1S02-SG3J-TS93',
      hasCheck: true,
    });
    const reloaded = browser.openTab();
    expect(await reloaded.police.session()).toEqual(signedIn);
    await reloaded.police.signOut();
    expect(await reloaded.police.session()).toBeNull();
    // In every tab.
    await expect(police.trays()).rejects.toMatchObject({ code: 'badCredential', field: 'session' });
  });

  it('ends though the engine is new, and says when it cannot be ended', async () => {
    let isBroken = true;
    const fresh = browser.openTab({
      onRemove: async () => {
        if (isBroken) throw new DOMException('broken', 'UnknownError');
      },
    });
    await expect(fresh.police.signOut()).rejects.toMatchObject({ code: 'storageFailed', field: 'tray' });
    expect(await browser.openTab().police.session()).not.toBeNull();
    isBroken = false;
    await fresh.police.signOut();
    expect(await browser.openTab().police.session()).toBeNull();
  });

  it('begins with an officer’s file alone', async () => {
    const file = utf8ToBytes('{"format":"blindmark-registry-v1"}');
    await expect(police.signIn({ file })).rejects.toMatchObject({ code: 'badFile' });
    const [one, other] = await Promise.all([services.createOfficer('p'), services.createOfficer('q')]);
    const mixed = officerFileOf(services, { ...one, key: other.key });
    await expect(police.signIn({ file: mixed })).rejects.toMatchObject({ code: 'badCredential', field: 'seed' });
  });

  it('stays in memory where the browser has no Ed25519', async () => {
    const { subtle } = crypto;
    const importKey = subtle.importKey.bind(subtle);
    subtle.importKey = (async (
      format: 'raw',
      data: Uint8Array<ArrayBuffer>,
      algorithm: string,
      ...rest: [boolean, KeyUsage[]]
    ) => {
      if (algorithm === 'Ed25519') throw new DOMException('Unrecognized name.', 'NotSupportedError');
      return importKey(format, data, algorithm, ...rest);
    }) as typeof subtle.importKey;
    try {
      expect(await signIn(police)).toMatchObject({ isKeyKept: false });
    } finally {
      subtle.importKey = importKey;
    }
    const tray = await trayWith(await register());
    expect(states(await police.run({ tray: tray.id }))).toEqual(['hit']);
    expect(await browser.openTab().police.session()).toBeNull();
  });
});

describe('a tray', () => {
  it('is one for each case, whatever spaces are around its reference', async () => {
    const first = await police.openTray({ caseReference: CASE });
    expect(await police.openTray({ caseReference: ` ${CASE}\n` })).toEqual(first);
    const second = await police.openTray({ caseReference: 'CR/2/26' });
    expect((await police.trays()).map(({ id }) => id).toSorted()).toEqual([first.id, second.id].toSorted());
    await police.deleteTray({ tray: first.id });
    await expect(police.tray({ tray: first.id })).rejects.toMatchObject({ code: 'notFound', field: 'tray' });
    for (const caseReference of ['', ' ', 'x'.repeat(65)]) {
      await expect(police.openTray({ caseReference })).rejects.toMatchObject({
        code: 'badInput',
        field: 'caseReference',
      });
    }
  });

  it('is made once when two tabs open the case at once', async () => {
    const other = browser.openTab().police;
    const views = await Promise.all([police, other].map(async (tab) => tab.openTray({ caseReference: CASE })));
    expect(new Set(views.map(({ id }) => id)).size).toBe(1);
  });

  it('says what each reading stands for and costs, before anything is asked', async () => {
    // The check characters leave one code for what is not read.
    const [code, partial] = ['8EQ71S02SG3JTS93', '8EQ71S0?SG3JTS93'];
    const { id } = await police.openTray({ caseReference: CASE });
    const tray = await police.addReadings({
      tray: id,
      readings: [
        { label: 'EX/1', reading: code, scheme: 'bm1' },
        { label: 'EX/2', reading: partial, scheme: 'bm1' },
        { label: 'EX/3', reading: code, scheme: 'nothing' },
        { reading: '!' },
        { reading: '  ' },
      ],
    });
    expect(tray.list.map(({ label, state, candidates, problem }) => [label, state, candidates, problem?.code])).toEqual(
      [
        ['EX/1', 'waiting', 1, undefined],
        ['EX/2', 'waiting', 1, undefined],
        ['EX/3', 'failed', 0, 'badInput'],
        ['', 'failed', 0, 'badInput'],
      ],
    );
    // Both stand for one code: the check character says which.
    expect(tray).toMatchObject({ cost: 1, waiting: 2, readings: 4, hits: 0, isRunning: false });
    const removed = await police.removeReadings({
      tray: id,
      ids: [tray.list[1]?.id as string, tray.list[2]?.id as string],
    });
    expect(removed.list.map(({ label }) => label)).toEqual(['EX/1', '']);
  });

  it('previews a reading while it is typed, and a list before it is added', async () => {
    expect(await police.preview({ reading: '0011 6418 0119 2' })).toMatchObject({ problem: null });
    const { candidates, schemes } = await police.preview({ reading: '[8B]EQ71S02SG3JTS9?', scheme: 'bm1' });
    expect([candidates, schemes]).toEqual([1, ['Blindmark code (minted by the SDK)']]);
    expect((await police.preview({ reading: '????????????????', scheme: 'bm1' })).problem).toMatchObject({
      code: 'tooManyCandidates',
    });
    const readings = [{ reading: '1.16E+12' }, { reading: '116418011920' }, { reading: '116418011920' }];
    const list = await police.previewList({ readings, leadingZerosLost: true });
    expect(list.readings.map(({ problem }) => problem?.code)).toEqual(['badInput', undefined, undefined]);
    expect(list.cost).toBe(list.readings[1]?.candidates);
    expect(list.readings[1]?.candidates).toBeGreaterThan(1);
    // Who types it means it.
    expect((await police.preview({ reading: '116418011920', scheme: 'numeric' })).candidates).toBe(1);
  });

  it('holds a day’s work of a few officers, and no more', async () => {
    const { id } = await police.openTray({ caseReference: CASE });
    const many = Array.from({ length: 2001 }, () => ({ reading: 'x', scheme: 'bm1' }));
    await expect(police.addReadings({ tray: id, readings: many })).rejects.toMatchObject({
      code: 'badInput',
      field: 'readings',
    });
    expect((await police.tray({ tray: id })).list).toEqual([]);
  });
});

describe('a run', () => {
  it('finds what is registered, says when it was, and shows counter-claims in the order of the log', async () => {
    const code = await register();
    const rival = await createOwner(services);
    const [activationKey] = (await services.createActivationKeys(1)) as [string];
    await rival.register({ code, items: [{ category: 'Ring' }], activationKey, contact: null, status: 'stolen' });
    const { id } = await trayWith(code, mintCode());
    const progress: CallProgress[] = [];
    const tray = await police.run({ tray: id }, { onProgress: (one) => progress.push(one) });
    expect(states(tray)).toEqual(['hit', 'miss']);
    const [first] = tray.list as [ReadingView];
    const { registrations, refused, misread, lookups } = first.result as ResultView;
    expect(registrations).toMatchObject([
      {
        code: formatCode(services.fixture.roster.roster.schemes, 'bm1', code),
        status: 'withKeeper',
        hasContact: false,
      },
      { items: [{ category: 'Ring' }], status: 'stolen' },
    ]);
    expect([refused, misread, lookups.length]).toEqual([0, [], 1]);
    expect(tray).toMatchObject({ waiting: 0, hits: 1, cost: 0, isRunning: false });
    expect(progress[0]).toEqual({ phase: 'lookup', done: 0, total: 2 });
    expect(progress.at(-1)).toEqual({ phase: 'lookup', done: 2, total: 2 });
    // Nothing waits: nothing is asked.
    const again = await police.run({ tray: id });
    expect(again.list).toEqual(tray.list);
  });

  it('shows each result as it comes, and takes in what is added meanwhile', async () => {
    const { id } = await trayWith(...Array.from({ length: 40 }, () => mintCode()));
    const added = await register();
    const seen: number[] = [];
    let adding: Promise<unknown> | undefined;
    const looking: Promise<unknown>[] = [];
    const tray = await police.run(
      { tray: id },
      {
        onProgress: ({ done }) => {
          looking.push(police.tray({ tray: id }).then(({ waiting }) => seen.push(40 - waiting)));
          if (done > 16) adding ??= police.addReadings({ tray: id, readings: [{ reading: added, scheme: 'bm1' }] });
        },
      },
    );
    await Promise.all([...looking, adding]);
    expect(seen.some((done) => done > 0 && done < 40)).toBe(true);
    expect(tray).toMatchObject({ readings: 41, waiting: 0, hits: 1 });
  });

  it('is cancelled, keeps what has come, and does not go on by itself', async () => {
    const { id } = await trayWith(...Array.from({ length: 40 }, () => mintCode()));
    const controller = new AbortController();
    const run = police.run(
      { tray: id },
      { signal: controller.signal, onProgress: ({ done }) => void (done >= 33 && controller.abort()) },
    );
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    const stopped = await police.tray({ tray: id });
    expect(stopped.isRunning).toBe(false);
    expect(stopped.waiting).toBeGreaterThan(0);
    expect(stopped.waiting).toBeLessThan(40);
    expect((await police.run({ tray: id })).waiting).toBe(0);
  });

  it('looks at one tray once when two tabs run it', async () => {
    const { id } = await trayWith(await register());
    const other = browser.openTab();
    const trays = await Promise.all([police, other.police].map(async (tab) => tab.run({ tray: id })));
    for (const tray of trays) expect(states(tray)).toEqual(['hit']);
    expect(onlyHit(trays[0] as TrayView)).toEqual(onlyHit(trays[1] as TrayView));
  });

  it('ends when somebody else signs in, and asks no more under the key of who has left', async () => {
    const { id } = await trayWith(...Array.from({ length: 60 }, () => mintCode()));
    const other = browser.openTab().police;
    let arriving: Promise<unknown> | undefined;
    const onProgress = ({ done }: CallProgress): void => {
      if (done >= 20) arriving ??= signIn(other);
    };
    await expect(police.run({ tray: id }, { onProgress })).rejects.toMatchObject({
      code: 'badCredential',
      field: 'session',
    });
    await arriving;
    expect(await other.trays()).toEqual([]);
  });

  it('ends when its officer signs out in another tab, and goes on once the officer is back', async () => {
    const officer = await services.createOfficer('officer-back');
    await police.signIn({ file: officerFileOf(services, officer) });
    const { id } = await trayWith(...Array.from({ length: 60 }, () => mintCode()));
    const other = browser.openTab();
    let leaving: Promise<unknown> | undefined;
    const run = police.run(
      { tray: id },
      { onProgress: ({ done }) => void (done > 0 && (leaving ??= other.police.signOut())) },
    );
    await expect(run).rejects.toMatchObject({ code: 'badCredential', field: 'session' });
    await leaving;
    await police.signIn({ file: officerFileOf(services, officer) });
    expect((await police.trays())[0]).toMatchObject({ id, isRunning: true });
    expect((await police.run({ tray: id })).waiting).toBe(0);
  });
});

describe('evidence', () => {
  it('proves each result to whoever has the registry’s fingerprint', async () => {
    const code = await register();
    const { id } = await trayWith(code, mintCode(), '!');
    await expect(police.evidence({ tray: id })).rejects.toMatchObject({ code: 'badInput', field: 'tray' });
    const hit = onlyHit(await police.run({ tray: id }));
    const { fileName, text } = await withoutRegistry(async () => police.evidence({ tray: id }));
    expect(fileName).toMatch(/^blindmark-evidence-[\d-]+-[\w-]{6}\.json$/u);
    const verified = verifyEvidence(parseEvidenceFile(text), services.registryFile.rosterFingerprint);
    expect(verified).toMatchObject({
      caseReference: CASE,
      force: 'Demonstration force',
      officer: `officer-${officers}`,
      lookups: [{}],
      hits: [{ found: { code, items: [{ category: 'Shotgun', make: 'AYA' }] } }],
      misses: 1,
      notAsked: 1,
      isTestRegistry: true,
    });
    expect(verified.hits[0]?.found.evidence.match.logged.index).toBe(hit.match);
  });
});

describe('an opening', () => {
  it('is asked for, approved by a colleague in another browser, and shows the contact, also later', async () => {
    const { id } = await trayWith(await register(mintCode(), details));
    const { match, hasContact } = onlyHit(await police.run({ tray: id }));
    expect(hasContact).toBe(true);
    const asked = await police.askOpening({
      tray: id,
      match,
      reason: 'suspectedTheft',
      explanation: 'In a van.',
      validHours: 1,
    });
    expect(asked).toMatchObject({ match, status: 'pending', contact: null, entry: null });
    expect(await police.checkOpening({ tray: id, match })).toMatchObject({ status: 'pending' });
    const own = { token: asked.token, caseReference: CASE };
    await expect(police.inspect(own)).rejects.toMatchObject({ code: 'sameOfficer' });

    const elsewhere = new PoliceBrowser(services).openTab();
    await signIn(elsewhere.police);
    await expect(elsewhere.police.inspect({ ...own, caseReference: 'CR/2/26' })).rejects.toMatchObject({
      field: 'case',
    });
    const seen = await elsewhere.police.inspect({ token: ` ${asked.token}\n`, caseReference: ` ${CASE} ` });
    expect(seen).toMatchObject({
      status: 'pending',
      reason: 'suspectedTheft',
      askedBy: `officer-${officers - 1}`,
      match,
    });
    const entry = await elsewhere.police.approve(own);
    expect(entry).toBeGreaterThan(0);

    browser.use();
    const opened = await police.checkOpening({ tray: id, match });
    expect(opened).toMatchObject({ status: 'opened', contact: details, entry });
    const reloaded = browser.openTab();
    const tray = await withoutRegistry(async () => reloaded.police.tray({ tray: id }));
    expect(tray.openings).toEqual([opened]);
    expect((await police.evidence({ tray: id })).text).toContain(`"entry": ${entry}`);
    expect((await police.evidence({ tray: id })).text).not.toContain('keeper@example.org');
  });

  it('leads to a message for a keeper who is reached by messages alone', async () => {
    const code = await register(mintCode(), { kind: 'relay' });
    const { id } = await trayWith(code);
    const { match } = onlyHit(await police.run({ tray: id }));
    const message = { tray: id, match, text: 'We have it.', reply: '101' };
    await expect(police.leaveMessage(message)).rejects.toMatchObject({ code: 'notFound', field: 'match' });
    const { token } = await police.askOpening({ tray: id, match, reason: 'returnProperty' });
    await expect(police.leaveMessage(message)).rejects.toMatchObject({ code: 'badInput', field: 'match' });
    const elsewhere = new PoliceBrowser(services).openTab();
    await signIn(elsewhere.police);
    await elsewhere.police.approve({ token, caseReference: CASE });
    browser.use();
    expect(await police.checkOpening({ tray: id, match })).toMatchObject({ contact: { kind: 'relay' } });
    expect(await police.leaveMessage(message)).toBe('left');
    const inbox = await owner.messages(owner.find(code, 'bm1'));
    expect(inbox.messages).toMatchObject([{ text: 'We have it.', replyTo: '101' }]);
  });

  it('needs a hit, one of the reasons, and a time within a day', async () => {
    const { id } = await trayWith(await register(mintCode(), details));
    const { match } = onlyHit(await police.run({ tray: id }));
    const ask = { tray: id, match, reason: 'safety' };
    await expect(police.askOpening({ ...ask, match: match + 1 })).rejects.toMatchObject({
      code: 'notFound',
      field: 'match',
    });
    await expect(police.askOpening({ ...ask, reason: 'curiosity' })).rejects.toMatchObject({
      code: 'badInput',
      field: 'reason',
    });
    for (const validHours of [0, -1, 25, Number.NaN]) {
      await expect(police.askOpening({ ...ask, validHours })).rejects.toMatchObject({
        code: 'badInput',
        field: 'validHours',
      });
    }
    await expect(police.askOpening({ ...ask, reason: 'other' })).rejects.toMatchObject({ field: 'explanation' });
  });
});

describe('time', () => {
  let own: Services;
  let ownOwner: Owner;
  beforeEach(async () => {
    own = await startServices();
    ownOwner = await createOwner(own);
    browser = new PoliceBrowser(own);
    ({ police } = browser.openTab());
  });
  afterEach(async () => {
    await own.stopAll();
  });

  /** Lets time pass while a page is used. */
  async function pass(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= 800) {
      own.clock.now += Math.min(left, 800);
      await police.touch();
    }
  }

  async function trayWithHit(officer: TestOfficer): Promise<{ readonly id: string; readonly match: number }> {
    await police.signIn({ file: officerFileOf(own, officer) });
    const [activationKey] = (await own.createActivationKeys(1)) as [string];
    const code = mintCode();
    await ownOwner.register({ code, items: [{ category: 'Ring' }], activationKey, contact: details });
    const { id } = await trayWith(code);
    return { id, match: onlyHit(await police.run({ tray: id })).match };
  }

  it('ends an opening that nobody approved; it is asked for again', async () => {
    const { id, match } = await trayWithHit(await own.createOfficer());
    await police.askOpening({ tray: id, match, reason: 'safety', validHours: 0.5 });
    await pass(3600);
    expect(await police.checkOpening({ tray: id, match })).toMatchObject({ status: 'expired' });
    await own.revocations.refresh();
    const again = await police.askOpening({ tray: id, match, reason: 'safety' });
    const { openings } = await police.tray({ tray: id });
    expect(openings.map(({ status }) => status)).toEqual(['expired', 'pending']);
    expect(openings.at(-1)?.token).toBe(again.token);
  });

  it('ends a credential: its officer asks no more, still reads the trays, and saves their evidence', async () => {
    const officer = await own.createOfficer();
    const { id, match } = await trayWithHit(officer);
    await police.addReadings({ tray: id, readings: [{ reading: mintCode(), scheme: 'bm1' }] });
    await pass(13 * 3600);
    const ended = { code: 'credentialExpired', field: 'officerCredential' };
    await expect(police.run({ tray: id })).rejects.toMatchObject(ended);
    await expect(police.askOpening({ tray: id, match, reason: 'safety' })).rejects.toMatchObject(ended);
    const reloaded = browser.openTab().police;
    expect(await reloaded.session()).toBeNull();
    const { expiresAt, isKeyKept } = await reloaded.signIn({ file: officerFileOf(own, officer) });
    expect([expiresAt < own.clock.now, isKeyKept]).toEqual([true, false]);
    expect(states(await reloaded.tray({ tray: id }))).toEqual(['hit', 'waiting']);
    expect((await reloaded.evidence({ tray: id })).text).toContain('blindmark-evidence-v1');
    await expect(reloaded.run({ tray: id })).rejects.toMatchObject(ended);
    const stranger = new PoliceBrowser(own).openTab().police;
    await expect(stranger.signIn({ file: officerFileOf(own, officer) })).rejects.toMatchObject(ended);
  });

  it('ends a session that nobody uses, whether a page is open or not, and whatever runs', async () => {
    const officer = await own.createOfficer();
    const { id } = await trayWithHit(officer);
    own.clock.now += 900;
    expect(await browser.openTab().police.session()).not.toBeNull();
    // Looking at a tray is no use of it: pages do that by themselves.
    await police.tray({ tray: id });
    own.clock.now += 61;
    await expect(police.tray({ tray: id })).rejects.toMatchObject({ code: 'badCredential', field: 'session' });
    await police.touch();
    expect(await police.session()).toBeNull();
    expect(await browser.openTab().police.session()).toBeNull();
    // Nor is it lengthened by a clock that is set back.
    await police.signIn({ file: officerFileOf(own, await own.createOfficer()) });
    own.clock.now -= 3600;
    expect(await browser.openTab().police.session()).toBeNull();
  });

  it('ends a run whose officer is not there', async () => {
    const officer = await own.createOfficer();
    const { id } = await trayWithHit(officer);
    const readings = Array.from({ length: 60 }, () => ({ reading: mintCode(), scheme: 'bm1' }));
    await police.addReadings({ tray: id, readings });
    const onProgress = ({ done }: CallProgress): void => {
      if (done === 20) own.clock.now += 1000;
    };
    await expect(police.run({ tray: id }, { onProgress })).rejects.toMatchObject({
      code: 'badCredential',
      field: 'session',
    });
    await police.signIn({ file: officerFileOf(own, officer) });
    expect(await police.tray({ tray: id })).toMatchObject({ isRunning: true });
  });

  it('asks anew for what was under way while the computer slept', async () => {
    const officer = await own.createOfficer();
    const { id } = await trayWithHit(officer);
    const readings = Array.from({ length: 40 }, () => ({ reading: mintCode(), scheme: 'bm1' }));
    await police.addReadings({ tray: id, readings });
    let hasSlept = false;
    const onProgress = ({ done }: CallProgress): void => {
      if (done < 10 || hasSlept) return;
      hasSlept = true;
      own.clock.now += 600;
    };
    expect(await police.run({ tray: id }, { onProgress })).toMatchObject({ waiting: 0, isRunning: false });
    expect(hasSlept).toBe(true);
  });

  it('ends what is kept of a shift, a month after it', async () => {
    await trayWithHit(await own.createOfficer());
    const before = (await browser.dump()).length;
    own.clock.now += 31 * 86_400;
    await police.signIn({ file: officerFileOf(own, await own.createOfficer('later')) });
    expect((await browser.dump()).length).toBeLessThan(before / 4);
  });
});
