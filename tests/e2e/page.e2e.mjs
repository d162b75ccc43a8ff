// SPDX-License-Identifier: Apache-2.0
// A reader's ways through the page, in Chromium. Nothing here knows ids: it finds its traces by searching.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { makeTraces } from '../../ui/mock/store.mjs';
import { openBrowser } from './browser.mjs';
import { isForeign, startServer, until as untilWithin } from './server.mjs';

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** For one step on a busy machine. Every wait is for a condition, so that a quick machine loses nothing. */
const LIMIT_MS = 60_000;
/** A range that holds all that was sent, however long the tests take. */
const ALL = 'from=now-3h';

let browser;
let server;

before(async () => {
  server = await startServer();
  await server.fill(makeTraces({ count: 240, sizes: [1000] }));
  browser = await openBrowser();
  browser.context.setDefaultTimeout(LIMIT_MS);
});

after(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens a page of the site; the test fails when the page reports an error of its own. */
async function visit(t, path, { theme = 'light', width = 1440, height = 900, base = server.url } = {}) {
  const page = await browser.context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()); });
  t.after(() => page.close());
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: theme });
  await page.goto(base + path);
  page.assertQuiet = () => assert.deepEqual(problems, []);
  return page;
}

const until = (probe, what) => untilWithin(probe, what, LIMIT_MS);

const rows = (page) => page.locator('.wf-row:not([hidden])');
const selected = (page) => page.locator('.wf-row.selected');

/** Goes to a trace with errors by way of the search. */
async function openFailedTrace(t, options) {
  const page = await visit(t, `/search?${ALL}&status=error&sort=slowest`, options);
  await page.locator('.result-link').first().click();
  await rows(page).first().waitFor();
  return page;
}

/** The URL follows the view a moment later. */
const urlHas = (page, pattern) => until(async () => pattern.test(page.url()), `${pattern} in the URL`);

describe('search', () => {
  test('shows traces, a count of all and the latency of all', async (t) => {
    const page = await visit(t, `/search?${ALL}`);
    await page.locator('.result').first().waitFor();
    await until(async () => /^20 of [\d,]+, newest first$/.test(await page.locator('.results-count').innerText()), 'the count');
    assert.match(await page.locator('.latency-canvas').getAttribute('aria-label'), /^Heat map of [\d,]+ traces/);
    page.assertQuiet();
  });

  test('lets the store sort, and pages on', async (t) => {
    const page = await visit(t, `/search?${ALL}`);
    await page.locator('.result').first().waitFor();
    await page.getByRole('button', { name: 'Slowest' }).click();
    await until(async () => /slowest first/.test(await page.locator('.results-count').innerText()), 'the order');
    assert.match(page.url(), /sort=slowest/);
    await page.getByRole('button', { name: 'Show more' }).click();
    await until(async () => /^120 of/.test(await page.locator('.results-count').innerText()), 'the next page');
    page.assertQuiet();
  });

  test('filters by service, operation, tags and status, all in the URL', async (t) => {
    const page = await visit(t, `/search?${ALL}`);
    const service = page.getByRole('combobox', { name: 'Service' });
    await service.fill('front');
    await page.getByRole('option', { name: 'frontend' }).click();
    await urlHas(page, /service=frontend/);
    await page.getByRole('combobox', { name: 'Operation' }).fill('disp');
    await page.getByRole('option', { name: /GET \/dispatch/ }).first().click();
    await urlHas(page, /operation=GET/);
    const tags = page.getByRole('combobox', { name: 'Tags' });
    await tags.fill('http.response.status_code>=100');
    await tags.press('Enter');
    await urlHas(page, /tags=http/);
    const titles = () => page.locator('.result-title b').allInnerTexts();
    await until(async () => (await titles()).length > 0 && (await titles()).every((title) => title === 'GET /dispatch'), 'only what the filter lets through');
    await page.goBack();
    await until(async () => (await tags.inputValue()) === '', 'the back button to undo the filter');
    page.assertQuiet();
  });

  test('completes attribute names and values', async (t) => {
    const page = await visit(t, `/search?${ALL}`);
    const tags = page.getByRole('combobox', { name: 'Tags' });
    await tags.fill('db.sys');
    await page.getByRole('option', { name: /db\.system\.name/ }).click();
    await page.getByRole('option', { name: 'redis' }).click();
    await urlHas(page, /tags=db\.system\.name%3Dredis/);
    page.assertQuiet();
  });

  test('says so when nothing matches, and marks wrong input', async (t) => {
    const page = await visit(t, '/search?service=no-such-service');
    await page.getByText('No traces match').waitFor();
    const minimum = page.getByLabel('Min duration');
    await page.goto(`${server.url}/search?minDuration=5`);
    await until(async () => (await minimum.getAttribute('aria-invalid')) === 'true', 'the mark of wrong input');
  });

  test('narrows time and duration by a drag over the picture', async (t) => {
    const page = await visit(t, `/search?${ALL}&y=scatter`);
    const plot = page.locator('.latency-plot');
    await plot.waitFor();
    const box = await plot.boundingBox();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.99, box.y + box.height * 0.55, { steps: 4 });
    await page.mouse.up();
    await urlHas(page, /from=\d+&to=\d+/);
    assert.match(page.url(), /minDuration=/);
    page.assertQuiet();
  });

  test('takes links of Jaeger', async (t) => {
    const page = await visit(t, '/search?service=frontend&limit=7&lookback=2d&tags=%7B%22http.request.method%22%3A%22GET%22%7D');
    await urlHas(page, /tags=http\.request\.method%3DGET/);
    assert.doesNotMatch(page.url(), /lookback/);
    await until(async () => (await page.locator('.result').count()) === 7, 'seven results');
    page.assertQuiet();
  });
});

describe('trace', () => {
  test('the slowest trace opens, folds, unfolds and comes back from its URL', async (t) => {
    const page = await visit(t, `/search?${ALL}&sort=slowest`);
    await page.locator('.result-link').first().click();
    await rows(page).first().waitFor();
    const before = await rows(page).count();
    assert.ok(before > 1 && before <= 60, `${before} rows`);
    await rows(page).first().click();
    await page.locator('.details h2').waitFor();
    await page.locator('.wf-row.selected .wf-twist').click();
    await until(async () => (await selected(page).getAttribute('aria-expanded')) === 'false', 'the fold');
    await urlHas(page, /[?&]c=/);
    await page.reload();
    await until(async () => (await selected(page).getAttribute('aria-expanded')) === 'false', 'the fold after reload');
    await page.locator('.wf-row.selected .wf-twist').click();
    await until(async () => (await rows(page).count()) === before, 'all rows again');
    page.assertQuiet();
  });

  test('an error is followed to its exception, and the URL brings it back', async (t) => {
    const page = await openFailedTrace(t);
    await page.getByRole('button', { name: 'Next error' }).click();
    await selected(page).waitFor();
    await until(async () => /error/.test(await selected(page).getAttribute('class')), 'an error to be selected');
    await page.locator('.details .details-facts').getByText('▲ error').waitFor();
    await urlHas(page, /[?&]s=[0-9a-f]{16}/);
    const title = await page.locator('.details h2').innerText();
    await page.reload();
    await until(async () => (await page.locator('.details h2').innerText()) === title, 'the same span after reload');
    assert.deepEqual(await page.evaluate(() => performance.getEntriesByType('resource').filter((entry) => /\/api\/ui\/v1\/trace\/[0-9a-f]+$/.test(entry.name)).map((entry) => entry.initiatorType)), ['link'],
      'the trace is asked for once, by the page\'s headers');
    page.assertQuiet();
  });

  test('attributes lead back to a search', async (t) => {
    const page = await openFailedTrace(t);
    await page.keyboard.press('e');
    const link = page.locator('.details a[aria-label^="Search traces with this"]').first();
    // The panel may be filled anew under a click, which then goes nowhere.
    await until(async () => {
      if (!/\/search\?.*tags=/.test(page.url())) await link.click({ timeout: 2_000 }).catch(() => undefined);
      return /\/search\?.*tags=/.test(page.url());
    }, 'the search behind the link');
    await page.locator('.result').first().waitFor();
    page.assertQuiet();
  });

  test('finds text, and shows only matches with their parents', async (t) => {
    const page = await openFailedTrace(t);
    await page.keyboard.press('/');
    await page.keyboard.type('error');
    await page.locator('.trace-matches').waitFor();
    await page.getByLabel('Only matches').check();
    await page.locator('.wf-row.match:not([hidden])').first().waitFor();
    await urlHas(page, /q=error/);
    await urlHas(page, /o=1/);
    page.assertQuiet();
  });

  test('zooms by key, drag and minimap, and resets', async (t) => {
    const page = await openFailedTrace(t);
    await page.keyboard.press('w');
    await urlHas(page, /[?&]z=\d+-\d+/);
    await page.keyboard.press('0');
    await until(async () => !/[?&]z=/.test(page.url()), 'the whole again');
    const map = await page.locator('.minimap').boundingBox();
    await page.mouse.move(map.x + map.width * 0.3, map.y + 30);
    await page.mouse.down();
    await page.mouse.move(map.x + map.width * 0.6, map.y + 30, { steps: 4 });
    await page.mouse.up();
    await urlHas(page, /[?&]z=\d+-\d+/);
    await page.getByRole('button', { name: 'Reset zoom' }).click();
    await until(async () => !/[?&]z=/.test(page.url()), 'the whole again');
    page.assertQuiet();
  });

  test('downloads OTLP/JSON', async (t) => {
    const page = await openFailedTrace(t);
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).click();
    const file = await (await download).path();
    assert.ok(Array.isArray(JSON.parse(await readFile(file, 'utf8')).resourceSpans));
    page.assertQuiet();
  });

  test('tells what is wrong with an unknown trace', async (t) => {
    const page = await visit(t, `/trace/${'f'.repeat(31)}e`);
    await page.getByRole('alert').waitFor();
  });
});

test('the keyboard alone leads from the search to an error and back', async (t) => {
  const page = await visit(t, `/search?${ALL}&status=error&sort=slowest`);
  await page.locator('.result').first().waitFor();
  await page.keyboard.press('j');
  await until(async () => page.evaluate(() => document.activeElement?.classList.contains('result-link')), 'the focus on a result');
  await page.keyboard.press('Enter');
  await rows(page).first().waitFor();
  await page.keyboard.press('e');
  await until(async () => /error/.test((await selected(page).getAttribute('class')) ?? ''), 'an error');
  await page.keyboard.press('h');
  await page.keyboard.press('End');
  await page.keyboard.press('z');
  await urlHas(page, /[?&]z=/);
  await page.keyboard.press('Escape');
  await until(async () => (await page.locator('.details').count()) === 0, 'the details to close');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await until(async () => !(await page.getByRole('dialog').isVisible()), 'the sheet to close');
  const active = await page.locator('[role=treegrid]').getAttribute('aria-activedescendant');
  assert.ok(active === null || (await page.locator(`#${active}`).getAttribute('aria-selected')) === 'true');
  await page.goBack();
  await page.locator('.result').first().waitFor();
  page.assertQuiet();
});

test('the map shows services and calls, and leads to a search', async (t) => {
  const page = await visit(t, '/map');
  await page.locator('.map-node').first().waitFor();
  await page.locator('.map-node', { hasText: 'driver' }).click();
  await urlHas(page, /focus=driver/);
  await page.getByRole('heading', { name: 'Around driver' }).waitFor();
  assert.ok((await page.locator('.map-table tbody tr').count()) >= 1);
  await page.getByRole('link', { name: 'Search its traces' }).click();
  await urlHas(page, /service=driver/);
  await page.locator('.result').first().waitFor();
  page.assertQuiet();
});

test('an empty server tells how to send, then goes to the first trace', { skip: isForeign && 'somebody else\'s server is not empty' }, async (t) => {
  const fresh = await startServer();
  t.after(() => fresh.close());
  const page = await visit(t, '/', { base: fresh.url });
  await page.getByText('Waiting for the first span').waitFor();
  const { otlpHttp } = await (await fetch(`${fresh.url}/api/ui/v1/status`)).json();
  await page.getByRole('tab', { name: 'curl' }).click();
  await until(async () => (await page.locator('.codeblock pre').first().innerText()).includes(otlpHttp), 'the address of this server');
  await fresh.fill(makeTraces({ count: 3, sizes: [] }));
  await page.waitForURL(/\/trace\/[0-9a-f]{32}/, { timeout: LIMIT_MS });
  await rows(page).first().waitFor();
  page.assertQuiet();
});

describe('looks', () => {
  /** Name, address and what is there when all of it is shown; the trace is found by searching. */
  const routes = [['search', `/search?${ALL}`, '.result'], ['scatter', `/search?${ALL}&y=scatter`, '.result'],
    ['no results', '/search?service=no-such-service', '.notice'], ['map', '/map', '.map-node'], ['instructions', '/?send=1', '.codeblock'], ['trace', undefined, '.details-facts']];

  /** Waits until the page has what it is for and no request is under way. */
  async function settled(page, selector) {
    await page.locator(selector).first().waitFor();
    await until(() => page.evaluate(() => document.querySelector('[aria-busy=true]') === null), 'all requests to be answered');
  }

  for (const theme of ['light', 'dark']) {
    for (const [name, path, selector] of routes) {
      test(`no accessibility findings: ${name}, ${theme}`, async (t) => {
        const page = path ? await visit(t, path, { theme }) : await openFailedTrace(t, { theme });
        if (!path) await page.keyboard.press('e');
        await settled(page, selector);
        await page.evaluate(axeSource);
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }));
        assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | ')}`), []);
      });
    }
  }

  test('is usable at 390 pixels: nothing sticks out sideways', async (t) => {
    for (const [, path, selector] of routes.filter(([, address]) => address)) {
      const page = await visit(t, path, { width: 390, height: 844 });
      await settled(page, selector);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, path);
    }
    const page = await openFailedTrace(t, { width: 390, height: 844 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
    await rows(page).first().click();
    await page.locator('.details h2').waitFor();
  });

  test('the theme is a choice that stays', async (t) => {
    const page = await visit(t, '/search');
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    await until(async () => (await theme()) === 'light', 'the theme of the system');
    await page.getByRole('button', { name: 'Theme: auto' }).click();
    await page.getByRole('button', { name: 'Theme: light' }).click();
    await until(async () => (await theme()) === 'dark', 'the chosen theme');
    await page.reload();
    await until(async () => (await theme()) === 'dark', 'the chosen theme after a reload');
    await page.getByRole('button', { name: 'Theme: dark' }).click();
  });
});
