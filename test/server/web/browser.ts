/**
 * The pages in a real browser, on a whole registry: headless Chromium through playwright-core, every request recorded, and every
 * fault that a browser notices kept: console errors, exceptions, unhandled rejections, refusals of the Content-Security-Policy in
 * pages and workers, and requests to other hosts than this registry's.
 *
 * ```ts
 * const pages = await startPages();                       // in beforeAll; await pages.stop() in afterAll
 * const { page, recorder } = await pages.createPage();    // an empty profile of its own
 * await page.goto(`${pages.url}/owner/`);
 * await expectAccessible(page);
 * ```
 *
 * A visit that a test made is closed when the test ends, and fails it if there were faults; one that was made outside of a test
 * is by `pages.stop()`.
 */
import axe from 'axe-core';
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { startServices, type Services, type ServicesOptions } from '../../support/services.ts';
import { startRecorder, type Recorder } from './recorder.ts';

export type { RecordedRequest, Recorder } from './recorder.ts';

const PROJECT = resolve(import.meta.dirname, '../../..');
/** The browser's program. */
const CHROMIUM = process.env['BLINDMARK_CHROMIUM'] ?? '/usr/bin/chromium';

export interface PagesOptions extends ServicesOptions {
  /** A film (`.y4m`, `.mjpeg`) that stands before the camera, which pages are then given when they ask; default: no camera. */
  readonly camera?: string;
}

export interface PageOptions {
  /** Default: true. */
  readonly javaScript?: boolean;
  /** Default: light. */
  readonly colour?: 'light' | 'dark';
  /** CSS pixels; default: 1024. */
  readonly width?: number;
  /** Default: `en-GB`. */
  readonly locale?: string;
  /** Pages of one profile share what a browser stores; default: an empty one of its own. Its first page's options count for all. */
  readonly profile?: string;
  /** Folder that the browser keeps this profile in, on disk; default: in memory alone. */
  readonly folder?: string;
}

/** One page (a tab), and what was noticed of it. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Of the whole profile. */
  readonly recorder: Recorder;
  /** What went wrong so far, of the whole profile. */
  readonly faults: () => readonly string[];
  /** Faults that a test provokes, such as a failed request while the network is cut, are none. */
  readonly expectFaults: (pattern: RegExp) => void;
  /** Ends it. Fails when there were faults. */
  readonly close: () => Promise<void>;
}

export interface Pages {
  readonly services: Services;
  /** Where the pages are, without a slash at its end. */
  readonly url: string;
  readonly createPage: (options?: PageOptions) => Promise<Visit>;
  /** Closes everything. Fails when there were faults on visits that are still open. */
  readonly stop: () => Promise<void>;
}

/**
 * Builds the pages if they are not built yet, in a process of its own: the build must not depend on a test's environment.
 *
 * @returns its folder; that of another build where BLINDMARK_PAGES names one
 */
export async function ensurePages(): Promise<string> {
  const given = process.env['BLINDMARK_PAGES'];
  if (given !== undefined) return given;
  const folder = join(PROJECT, 'server/web/dist');
  const { PATH, HOME } = process.env;
  const script = join(PROJECT, 'server/web/build/main.ts');
  await promisify(execFile)(process.execPath, [script, '--if-needed', '--out', folder], { env: { PATH, HOME } });
  return folder;
}

/**
 * Switched off, so that the browser asks nobody on its own account, above all not its maker's server about each form that it sees;
 * and so that it starts no process for each page that pages have no use for (a spare one, the address bar's menus).
 * The list takes the place of Playwright's own, and has of it what matters here.
 */
const UNWANTED_FEATURES =
  'AimEnabled,AutofillServerCommunication,AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,' +
  'HttpsFirstBalancedModeAutoEnable,HttpsUpgrades,MediaRouter,NetworkTimeServiceQuerying,OptimizationHints,PaintHolding,' +
  'PreconnectToSearch,SpareRendererForSitePerProcess,Translate,WebUIOmniboxAimPopup,WebUIOmniboxPopup';

function launchOptions(camera: string | undefined) {
  const film = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];
  return {
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      `--disable-features=${UNWANTED_FEATURES}`,
      ...(camera === undefined ? [] : [...film, `--use-file-for-fake-video-capture=${camera}`]),
    ],
  };
}

let shared: Promise<Browser> | undefined;

/**
 * The one browser of a test process, which ends with it: profiles keep what they store apart. A camera stands before a whole
 * browser, which then is a test file's own.
 */
async function launch(camera: string | undefined): Promise<Browser> {
  if (camera !== undefined) return chromium.launch(launchOptions(camera));
  const browser = await (shared ??= chromium.launch(launchOptions(undefined)));
  if (browser.isConnected()) return browser;
  shared = undefined;
  return launch(undefined);
}

/** A browser with a profile on disk asks its maker whether it is signed in and up to date, whatever it is told. */
const MAKERS_HOSTS = /^(?:accounts\.google\.com|update\.googleapis\.com)$/u;

interface Profile {
  readonly context: BrowserContext;
  readonly recorder: Recorder;
  readonly faults: string[];
  readonly expected: RegExp[];
  open: number;
}

function watch(page: Page, { faults }: Profile): void {
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'assert') {
      faults.push(`console: ${message.text()} (${message.location().url})`);
    }
  });
  page.on('pageerror', (error) => faults.push(`exception: ${error.stack ?? error.message}`));
  page.on('crash', () => faults.push('the page crashed'));
  page.on('websocket', (socket) => faults.push(`WebSocket: ${socket.url()}`));
}

/** What a profile was found to do wrong. */
function findFaults({ faults, expected, recorder }: Profile, url: string, services: Services): string[] {
  const issuers = services.fixture.roster.roster.issuers.map((issuer) => new URL(issuer.url).host);
  const hosts = new Set([new URL(url).host, ...issuers]);
  const foreign = recorder.requests
    .filter(({ method, url: address }) => method === 'CONNECT' || !hosts.has(new URL(address).host))
    .map(({ method, url: address }) => `foreign host: ${method} ${address}`);
  const violations = recorder.violations.map((report) => `policy: ${report}`);
  return [...faults, ...violations, ...foreign].filter((fault) => !expected.some((pattern) => pattern.test(fault)));
}

async function createProfile(browser: Browser, options: PageOptions, camera?: string): Promise<Profile> {
  const isOnDisk = options.folder !== undefined;
  const recorder = await startRecorder((host) => isOnDisk && MAKERS_HOSTS.test(host));
  const contextOptions: BrowserContextOptions = {
    javaScriptEnabled: options.javaScript ?? true,
    colorScheme: options.colour ?? 'light',
    viewport: { width: options.width ?? 1024, height: 800 },
    locale: options.locale ?? 'en-GB',
    timezoneId: 'Europe/London',
    reducedMotion: 'reduce',
    acceptDownloads: true,
    proxy: { server: recorder.url, bypass: '<-loopback>' },
  };
  const context =
    options.folder === undefined
      ? await browser.newContext(contextOptions)
      : await chromium.launchPersistentContext(options.folder, { ...launchOptions(camera), ...contextOptions });
  context.setDefaultTimeout(20_000);
  return { context, recorder, faults: [], expected: [], open: 0 };
}

/** What a failed test has left on the screen says more than that something did not appear there. */
async function describePage(page: Page): Promise<string> {
  const text = await page.locator('body').innerText({ timeout: 2000 });
  return `A failed test’s page: ${page.url()}\n${text}`;
}

/** Does `work` when the test ends that is running; nothing in a hook around tests. */
function whenTestEnds(page: Page, work: () => Promise<void>): void {
  try {
    onTestFinished(async ({ task }) => {
      if (task.result?.state === 'fail') console.error(await describePage(page).catch(String));
      await work();
    });
  } catch {
    // A hook, or a script: whoever asked closes by itself.
  }
}

/**
 * Starts a whole registry that serves the pages, and a browser.
 *
 * @param options as for `startServices`, and of the browser
 */
export async function startPages(options: PagesOptions = {}): Promise<Pages> {
  const services = await startServices({ ...options, pages: options.pages ?? (await ensurePages()) });
  const browser = await launch(options.camera);
  const { url } = services.registryFile;
  const profiles = new Map<string, Profile>();
  const closeProfile = async (name: string, profile: Profile): Promise<void> => {
    if (profiles.get(name) !== profile) return;
    profiles.delete(name);
    await profile.context.close();
    await profile.recorder.stop();
    const found = findFaults(profile, url, services);
    if (found.length > 0) throw new Error(`The browser noticed faults:\n${found.join('\n')}`);
  };
  let count = 0;
  const createPage = async (pageOptions: PageOptions = {}): Promise<Visit> => {
    count += 1;
    const name = pageOptions.profile ?? `(${count})`;
    const profile = profiles.get(name) ?? (await createProfile(browser, pageOptions, options.camera));
    profiles.set(name, profile);
    const { context, recorder, expected } = profile;
    const page = await context.newPage();
    watch(page, profile);
    profile.open += 1;
    let isOpen = true;
    const close = async (): Promise<void> => {
      if (!isOpen) return;
      isOpen = false;
      profile.open -= 1;
      // Another page of the profile goes on with what is stored, and finds the faults of both.
      if (profile.open > 0) await page.close();
      else await closeProfile(name, profile);
    };
    whenTestEnds(page, close);
    return {
      page,
      context,
      recorder,
      faults: () => findFaults(profile, url, services),
      expectFaults: (pattern) => void expected.push(pattern),
      close,
    };
  };
  const stop = async (): Promise<void> => {
    try {
      for (const [name, profile] of profiles) await closeProfile(name, profile);
    } finally {
      if (options.camera !== undefined) await browser.close();
      await services.stopAll();
    }
  };
  return { services, url, createPage, stop };
}

/** Fails when axe-core finds anything against WCAG 2.2 AA or its own good practice in what the page shows now. */
export async function expectAccessible(page: Page): Promise<void> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate(async () => {
    const { axe: injected } = globalThis as unknown as { readonly axe: typeof axe };
    return injected.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      resultTypes: ['violations'],
    });
  });
  const found = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary ?? ''}`),
  }));
  expect(found).toEqual([]);
}
