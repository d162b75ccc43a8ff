// SPDX-License-Identifier: Apache-2.0
// A stand-in for the spandrel binary: the built page and the page's API over generated traces.
//   node mock/server.mjs [--port 16686] [--traces 900] [--empty]
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeColumns } from './columns.mjs';
import { detail, spanIdOf } from './generate.mjs';
import { buildStore, dependencies, makeTraces, overview, select } from './store.mjs';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const TYPES = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const CSP = "default-src 'self'; base-uri 'self'; frame-ancestors 'none'";

function search(store, query) {
  const { summaries } = select(store, query);
  const key = query.get('sort') === 'slowest' ? 'durationNs' : 'startNs';
  const ordered = [...summaries].sort((a, b) => Number(BigInt(b[key]) - BigInt(a[key])));
  const from = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 20);
  const traces = ordered.slice(from, from + limit);
  return from + limit < ordered.length ? { traces, nextCursor: String(from + limit) } : { traces };
}

function allAttributes(store) {
  const found = new Map();
  for (const trace of store.traces.slice(0, 60)) {
    trace.spans.forEach((_, i) => {
      const full = detail(trace, i);
      for (const [scope, list] of [
        ['span', full.attributes],
        ['resource', full.resource.attributes],
        ['event', full.events.flatMap((e) => e.attributes)],
      ]) {
        for (const { key, value } of list) {
          const id = `${scope}\n${key}`;
          if (!found.has(id)) found.set(id, new Set());
          found.get(id).add(value);
        }
      }
    });
  }
  return found;
}

const DIRECTORY = '/var/lib/spandrel';

/** What a server with a store says of itself, as far as the System page reads it. */
function metricsOf(spans) {
  const gauges = {
    spans,
    disk_bytes: spans * 31 + 67_108_864,
    parts: 5,
    part_bytes: spans * 31,
    part_spans: spans,
    log_bytes: 67_108_864,
    head_bytes: 1_843_200,
    head_spans: 412,
    oldest_start_seconds: Date.now() / 1000 - 2_000_000,
    newest_start_seconds: Date.now() / 1000 - 4,
    free_disk_bytes: 79_000_000_000,
    max_age_seconds: 2_592_000,
    max_bytes: 53_687_091_200,
    min_free_bytes: 2_147_483_648,
  };
  const metrics = Object.entries(gauges).map(([name, value]) => ({
    name: `spandrel_store_${name}`,
    labels: { directory: DIRECTORY },
    value,
  }));
  metrics.push({ name: 'spandrel_store_durability', labels: { directory: DIRECTORY, mode: 'fsync' }, value: 1 });
  metrics.push({ name: 'spandrel_store_expired_spans_total', labels: { reason: 'age' }, value: 1_204_331 });
  metrics.push({ name: 'spandrel_store_refused_spans_total', labels: { reason: 'unsealed' }, value: 512 });
  return metrics;
}

function status(store) {
  const stored = String(store.traces.reduce((sum, t) => sum + t.spans.length, 0));
  return {
    version: '0.1.0',
    acceptedSpans: stored,
    refusedSpans: '0',
    storedSpans: stored,
    storeBytes: String(Number(stored) * 40),
    dataDirectory: DIRECTORY,
    otlpGrpc: '127.0.0.1:4317',
    otlpHttp: '127.0.0.1:4318',
    nowNs: String(BigInt(Date.now()) * 1_000_000n),
    health: [{ component: `store ${DIRECTORY}`, level: 'ok', message: '' }],
    metrics: metricsOf(Number(stored)),
  };
}

function traceRoute(store, parts) {
  const trace = store.byId.get(parts[1]);
  if (!trace) return undefined;
  if (parts.length === 2) return (trace.encoded ??= encodeColumns(trace));
  if (parts[2] === 'spans') {
    const index = trace.spans.findIndex((_, i) => spanIdOf(trace.seed, i) === parts[3]);
    return index < 0 ? undefined : detail(trace, index);
  }
  return { resourceSpans: trace.spans.map((_, i) => detail(trace, i)) };
}

function api(store, url) {
  const parts = url.pathname.slice('/api/ui/v1/'.length).split('/').map(decodeURIComponent);
  const query = url.searchParams;
  const spans = store.traces.flatMap((t) => (t.spans.length > 2000 ? t.spans.slice(0, 2000) : t.spans));
  switch (parts[0]) {
    case 'session':
      return { signedIn: true, required: false, ways: [], user: '', tenants: [], warnings: [] };
    case 'status':
      return status(store);
    case 'services':
      return { services: [...new Set(spans.map((s) => s.service))].sort() };
    case 'operations':
      return {
        operations: [...new Set(spans.filter((s) => s.service === query.get('service')).map((s) => s.name))]
          .sort()
          .map((name) => ({ name, kind: 'server' })),
      };
    case 'attributes':
      return {
        attributes: [...allAttributes(store).keys()].map((id) => ({
          scope: id.split('\n')[0],
          key: id.split('\n')[1],
        })),
      };
    case 'attribute-values':
      return { values: [...(allAttributes(store).get(`${query.get('scope')}\n${query.get('key')}`) ?? [])] };
    case 'search':
      return search(store, query);
    case 'overview':
      return overview(select(store, query), Number(query.get('columns') ?? 120));
    case 'dependencies':
      return (store.dependencies ??= dependencies(store));
    case 'trace':
      return traceRoute(store, parts);
    default:
      return undefined;
  }
}

function send(request, response, status, type, body, cache = 'no-store', more = {}) {
  const packed = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '') && body.length > 1024;
  const out = packed ? (body.packed ??= gzipSync(body, { level: 4 })) : body;
  response.writeHead(status, {
    'content-type': type,
    'content-length': out.length,
    'cache-control': cache,
    'content-security-policy': CSP,
    ...(packed ? { 'content-encoding': 'gzip' } : {}),
    ...more,
  });
  response.end(out);
}

/** The trace page names its first request, so that the browser starts it at once. */
function preloadOf(pathname) {
  const id = /^\/trace\/([0-9a-f]{1,32})$/i.exec(pathname)?.[1]?.toLowerCase();
  return id ? { link: `<../api/ui/v1/trace/${id}>; rel=preload; as=fetch; crossorigin` } : {};
}

async function page(request, response, pathname) {
  const asset = normalize(pathname).match(/^\/(assets\/[\w.-]+)$/)?.[1];
  const file = asset ?? 'index.html';
  try {
    const body = await readFile(join(DIST, file));
    send(
      request,
      response,
      200,
      TYPES[extname(file)] ?? 'application/octet-stream',
      body,
      asset ? 'public, max-age=31536000, immutable' : 'no-store',
      preloadOf(pathname),
    );
  } catch {
    send(request, response, 404, 'text/plain', Buffer.from('not found'));
  }
}

/** Starts the mock; resolves to {url, fill, close}. `fill(traces)` replaces what it stores. */
export async function startMock({ port = 0, traces = makeTraces() } = {}) {
  let store = buildStore(traces);
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (!url.pathname.startsWith('/api/')) return void page(request, response, url.pathname);
    const answer = api(store, url);
    if (answer === undefined)
      return send(request, response, 404, 'application/json', Buffer.from('{"error":"not found"}'));
    if (Buffer.isBuffer(answer)) return send(request, response, 200, 'application/vnd.spandrel.trace', answer);
    return send(request, response, 200, 'application/json', Buffer.from(JSON.stringify(answer)));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    fill: (traces) => {
      store = buildStore(traces);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name, fallback) => {
    const at = process.argv.indexOf(name);
    return at < 0 ? fallback : Number(process.argv[at + 1]);
  };
  const empty = process.argv.includes('--empty');
  const mock = await startMock({
    port: option('--port', 16686),
    traces: empty ? [] : makeTraces({ count: option('--traces', 900) }),
  });
  process.stdout.write(`${mock.url}\n`);
}
