// SPDX-License-Identifier: Apache-2.0
// Measures the page in headless Chromium and prints a table, or one line of JSON. Against SPANDREL_URL or SPANDREL_BIN
// (traces are sent to it over OTLP/HTTP when it lacks them), else the mock.
//   node perf.mjs [--runs 5] [--sizes 1000,10000,100000] [--json]
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { sizedTrace, traceIdOf } from '../../ui/mock/generate.mjs';
import { makeTraces } from '../../ui/mock/store.mjs';
import { openBrowser } from './browser.mjs';
import { sendTraces } from './otlp.mjs';
import { startServer, until } from './server.mjs';

const { values: options } = parseArgs({ options: {
  runs: { type: 'string', default: '5' }, sizes: { type: 'string', default: '1000,10000,100000' }, json: { type: 'boolean', default: false },
} });
const RUNS = Number(options.runs);
const SIZES = options.sizes.split(',').map(Number);
const SEED = 910_000_000;
const GATES = { 1000: 300, 10_000: 350, 100_000: 700 };

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))] ?? 0;

/**
 * Runs in the page before its code: notes when the first row with text is on the screen, and long tasks. The row is marked
 * in the frame that shows it first; Element Timing then tells when that frame was presented.
 */
function watch() {
  const seen = { visible: 0, longest: 0 };
  globalThis.spandrelSeen = seen;
  new PerformanceObserver((list) => {
    const shown = list.getEntries().find((entry) => entry.identifier === 'row');
    if (!shown || seen.visible > 0) return;
    seen.visible = shown.renderTime;
    console.debug('spandrel: rows visible');
  }).observe({ type: 'element', buffered: true });
  new PerformanceObserver((list) => { for (const task of list.getEntries()) seen.longest = Math.max(seen.longest, task.duration); }).observe({ type: 'longtask', buffered: true });
  const look = () => {
    const label = document.querySelector('.wf-row:not([hidden]) .wf-label');
    if (label && label.textContent !== '') label.setAttribute('elementtiming', 'row');
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

function startFrames() {
  const gaps = [];
  let last = performance.now();
  globalThis.spandrelFrames = gaps;
  const frame = (now) => { gaps.push(now - last); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
}

async function wheel(page) {
  const box = await page.locator('.wf-scroller').boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.evaluate(startFrames);
  for (let i = 0; i < 80; i++) {
    await page.mouse.wheel(0, 400);
    await page.waitForTimeout(16);
  }
  return (await page.evaluate(() => globalThis.spandrelFrames)).slice(3);
}

/** Time of one act until the next frame after it, inside the page. */
const timeKey = (page, key) => page.evaluate((pressed) => new Promise((resolve) => {
  const start = performance.now();
  globalThis.dispatchEvent(new KeyboardEvent('keydown', { key: pressed, bubbles: true }));
  requestAnimationFrame(() => { resolve(performance.now() - start); });
}), key);

async function measureTrace(url, traceId) {
  const browser = await openBrowser({ args: ['--enable-precise-memory-info'] });
  try {
    const page = await browser.context.newPage();
    await page.goto(`${url}/search?limit=1`);
    await page.waitForTimeout(300);
    await page.addInitScript(watch);
    // Waiting for a message, since a poll would put Playwright's code into the page, which takes 20 ms and more of its time.
    const visible = page.waitForEvent('console', { predicate: (message) => message.text() === 'spandrel: rows visible', timeout: 120_000 });
    await Promise.all([visible, page.goto(`${url}/trace/${traceId}`)]);
    await page.waitForTimeout(500);
    const seen = await page.evaluate(() => ({ ...globalThis.spandrelSeen, heap: performance.memory.usedJSHeapSize / 1e6, nodes: document.querySelectorAll('*').length,
      bytes: performance.getEntriesByType('resource').find((entry) => entry.name.includes('/api/ui/v1/trace/'))?.encodedBodySize ?? 0 }));
    const gaps = await wheel(page);
    const fold = await timeKey(page, '-');
    const unfold = await timeKey(page, '=');
    return { ...seen, gaps, fold, unfold };
  } finally {
    await browser.close();
  }
}

async function measureSearch(url) {
  const browser = await openBrowser();
  try {
    const page = await browser.context.newPage();
    await page.goto(`${url}/search?limit=100&from=now-3h`);
    await page.locator('.result').first().waitFor();
    await page.addInitScript(() => {
      const look = () => { if (document.querySelectorAll('.result').length > 5) globalThis.spandrelShown = performance.now(); else requestAnimationFrame(look); };
      requestAnimationFrame(look);
    });
    await page.reload();
    await page.waitForFunction(() => globalThis.spandrelShown > 0);
    return await page.evaluate(() => ({ shown: globalThis.spandrelShown, paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0, nodes: document.querySelectorAll('*').length }));
  } finally {
    await browser.close();
  }
}

/** Bytes of the scripts that the first page needs, each as gzip. */
async function initialJsGzip(url) {
  const html = await (await fetch(`${url}/`)).text();
  const scripts = [...html.matchAll(/<(?:script|link)[^>]*?(?:src|href)="([^"]+\.js)"/g)].map(([, path]) => new URL(path, `${url}/`));
  const bodies = await Promise.all(scripts.map(async (script) => Buffer.from(await (await fetch(script)).arrayBuffer())));
  return bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0);
}

function summary(size, runs) {
  const gaps = runs.flatMap((run) => run.gaps);
  const middle = (key) => median(runs.map((run) => run[key]));
  return { spans: size, visibleMs: middle('visible'), visibleGoalMs: GATES[size] ?? 0, longestTaskMs: middle('longest'), heapMb: middle('heap'), nodes: middle('nodes'),
    wireBytes: middle('bytes'), frameP50Ms: quantile(gaps, 0.5), frameP95Ms: quantile(gaps, 0.95), frameP99Ms: quantile(gaps, 0.99), frameMaxMs: Math.max(...gaps),
    foldMs: middle('fold'), unfoldMs: middle('unfold') };
}

function searchSummary(runs) {
  const middle = (key) => median(runs.map((run) => run[key]));
  return { results: 100, visibleMs: middle('shown'), visibleGoalMs: 400, firstPaintMs: middle('paint'), nodes: middle('nodes') };
}

function print({ traces, search, initialJsGzipBytes }) {
  const heads = ['spans', 'visible ms', 'goal', 'longest task', 'heap MB', 'nodes', 'wire kB', 'frame p50', 'p95', 'p99', 'max ms', 'fold ms', 'unfold'];
  const lines = traces.map((r) => [r.spans.toLocaleString('en'), r.visibleMs.toFixed(0), r.visibleGoalMs || '-', r.longestTaskMs.toFixed(0), r.heapMb.toFixed(1), r.nodes, (r.wireBytes / 1000).toFixed(0),
    ...[r.frameP50Ms, r.frameP95Ms, r.frameP99Ms, r.frameMaxMs].map((ms) => ms.toFixed(1)), r.foldMs.toFixed(1), r.unfoldMs.toFixed(1)].map(String));
  const widths = heads.map((head, i) => Math.max(head.length, ...lines.map((line) => line[i].length)));
  const row = (cells) => process.stdout.write(`${cells.map((cell, i) => cell.padStart(widths[i])).join('  ')}\n`);
  process.stdout.write(`page in headless Chromium, medians of ${RUNS} runs; goals: visible as given, frame p95 <= 17.5 ms\n`);
  row(heads);
  lines.forEach(row);
  process.stdout.write(`search page, ${search.results} results: visible ${search.visibleMs.toFixed(0)} ms (goal ${search.visibleGoalMs}), first paint ${search.firstPaintMs.toFixed(0)} ms, ${search.nodes} nodes\n`);
  process.stdout.write(`initial JS: ${(initialJsGzipBytes / 1000).toFixed(1)} kB gzip (goal 90)\n`);
}

async function provide(server) {
  const now = BigInt(Date.now()) * 1_000_000n;
  const lacks = await Promise.all(SIZES.map(async (size) => (await fetch(`${server.url}/api/ui/v1/trace/${traceIdOf(SEED + size)}`)).status === 404));
  const traces = SIZES.filter((_, i) => lacks[i]).map((size) => sizedTrace(SEED + size, size, now - 60_000_000_000n));
  if (traces.length === 0) return;
  traces.push(...makeTraces({ count: 300, sizes: [] }));
  const { otlpHttp } = await (await fetch(`${server.url}/api/ui/v1/status`)).json();
  if (process.env.SPANDREL_URL) await sendTraces(otlpHttp, traces);
  else await server.fill(traces);
  for (const trace of traces) await until(async () => (await fetch(`${server.url}/api/ui/v1/trace/${trace.traceId}`)).ok, 'the trace to be stored', 60_000);
}

const server = await startServer();
try {
  await provide(server);
  const traces = [];
  for (const size of SIZES) {
    const runs = [];
    for (let i = 0; i < RUNS; i++) runs.push(await measureTrace(server.url, traceIdOf(SEED + size)));
    traces.push(summary(size, runs));
  }
  const search = [];
  for (let i = 0; i < RUNS; i++) search.push(await measureSearch(server.url));
  const figures = { runs: RUNS, traces, search: searchSummary(search), initialJsGzipBytes: await initialJsGzip(server.url) };
  const tenths = (_, value) => (typeof value === 'number' ? Math.round(value * 10) / 10 : value);
  if (options.json) process.stdout.write(`${JSON.stringify(figures, tenths)}\n`);
  else print(figures);
} finally {
  await server.close();
}
