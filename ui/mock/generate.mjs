// SPDX-License-Identifier: Apache-2.0
// Seeded traces for the mock server, the page's tests and the page's measurements. A trace is plain columns in pre-order
// (`parent` holds indices); `detail(trace, i)` derives everything else of a span from its index.

/** Deterministic random numbers in [0, 1) (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const hex = (value, digits) => value.toString(16).padStart(digits, '0');

export const traceIdOf = (seed) => hex(0x5eed, 8) + hex(Math.imul(seed, 0x9e3779b1) >>> 0, 8) + hex(seed, 16);
export const spanIdOf = (seed, index) => hex(seed + 1, 8) + hex(index + 1, 8);

const KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };

function emptyTrace(seed, startNs) {
  return { seed, traceId: traceIdOf(seed), startNs, spans: [] };
}

function add(trace, parent, service, name, kind, start, duration, extra = {}) {
  const depth = parent < 0 ? 0 : trace.spans[parent].depth + 1;
  trace.spans.push({
    parent,
    service,
    name,
    kind: KIND[kind],
    start,
    duration,
    depth,
    error: false,
    events: 0,
    ...extra,
  });
  return trace.spans.length - 1;
}

function driverLookup(trace, root, r, at) {
  const call = add(trace, root, 'frontend', 'HTTP GET /findNearest', 'client', at, 0);
  const server = add(trace, call, 'driver', 'GET /findNearest', 'server', at + 4e5, 0);
  let now = at + 9e5;
  for (let i = 0; i < 13; i++) {
    const failed = r() < 0.012;
    const took = failed ? 2.6e7 + r() * 6e6 : 6e6 + r() * 9e6;
    add(trace, server, 'redis', i === 0 ? 'FindDriverIDs' : 'GetDriver', 'client', now, took, {
      error: failed,
      events: failed ? 1 : 0,
    });
    now += took + 1e5;
  }
  trace.spans[server].duration = now - at - 4e5;
  trace.spans[call].duration = now - at + 3e5;
  return now + 5e5;
}

function routes(trace, root, r, at) {
  const lanes = [at, at, at];
  for (let i = 0; i < 10; i++) {
    const lane = lanes.indexOf(Math.min(...lanes));
    const took = 3e7 + r() * 4e7;
    const call = add(trace, root, 'frontend', 'HTTP GET /route', 'client', lanes[lane], took);
    add(trace, call, 'route', 'GET /route', 'server', lanes[lane] + 3e5, took - 6e5);
    lanes[lane] += took + 4e5;
  }
  return Math.max(...lanes);
}

function dispatchTrace(seed, startNs) {
  const r = random(seed);
  const trace = emptyTrace(seed, startNs);
  const root = add(trace, -1, 'frontend', 'GET /dispatch', 'server', 0, 0, { events: 2 });
  const call = add(trace, root, 'frontend', 'HTTP GET /customer', 'client', 1e6, 0);
  const server = add(trace, call, 'customer', 'GET /customer', 'server', 1.4e6, 0);
  const contention = r() < 0.3 ? r() * 9e8 : r() * 4e7;
  const sql = 2.4e8 + r() * 8e7 + contention;
  const failed = r() < 0.04;
  add(trace, server, 'mysql', 'SELECT customers', 'client', 1.9e6, sql, { error: failed, events: failed ? 1 : 2 });
  trace.spans[server].duration = sql + 1e6;
  trace.spans[call].duration = sql + 2e6;
  trace.spans[server].error = failed;
  let end = 4e6 + sql;
  if (!failed) end = routes(trace, root, r, driverLookup(trace, root, r, end));
  trace.spans[root].duration = end + 2e6;
  trace.spans[root].error = failed;
  return trace;
}

function smallTrace(seed, startNs) {
  const r = random(seed);
  const trace = emptyTrace(seed, startNs);
  const took = 1.2e6 * Math.exp(r() * 2.6);
  const failed = r() < 0.03;
  const root = add(trace, -1, 'frontend', 'GET /config', 'server', 0, took, { error: failed, events: failed ? 1 : 0 });
  add(trace, root, 'cache', 'GET config', 'client', took * 0.2, took * 0.5);
  if (r() < 0.2)
    add(trace, root, 'audit', 'publish audit-event', 'producer', took * 0.8, took * 0.15, {
      link: seed > 1 ? seed - 1 : 0,
    });
  return trace;
}

/** One of the ordinary traces of the mock store. */
export function demoTrace(seed, startNs) {
  return seed % 3 === 0 ? dispatchTrace(seed, startNs) : smallTrace(seed, startNs);
}

const SERVICES = [
  'edge',
  'accounts',
  'billing',
  'catalog',
  'search',
  'basket',
  'payment',
  'stock',
  'pricing',
  'mail',
  'ledger',
  'reports',
];
const OPERATIONS = [
  'GET /items',
  'SELECT items',
  'reserve',
  'price',
  'render',
  'publish order',
  'fetch profile',
  'validate token',
];
const KINDS = ['server', 'client', 'internal', 'internal', 'producer', 'client', 'client', 'internal'];

/** A tree of `count` spans over 12 services and 10 s, at most 14 deep. */
export function sizedTrace(seed, count, startNs) {
  const r = random(seed);
  const trace = emptyTrace(seed, startNs);
  add(trace, -1, 'edge', 'GET /report', 'server', 0, 1e10);
  const open = [{ index: 0, at: 1e5, end: 1e10 - 1e5, left: count - 1 }];
  while (trace.spans.length < count && open.length > 0) {
    const top = open[open.length - 1];
    if (top.left <= 0) {
      open.pop();
      continue;
    }
    const depth = open.length;
    const size = depth >= 13 ? 1 : Math.max(1, Math.min(top.left, Math.floor(1 + r() * r() * (top.left / 2 + 1))));
    const share = (top.end - top.at) * (size / (top.left + 1));
    const took = Math.max(500, share * (0.4 + r() * 0.6));
    const pick = Math.floor(r() * OPERATIONS.length);
    const failed = r() < 0.01;
    const caller = SERVICES.indexOf(trace.spans[top.index].service);
    const service = SERVICES[(caller * 2 + Math.floor(r() * 3)) % SERVICES.length];
    const index = add(trace, top.index, service, OPERATIONS[pick], KINDS[pick], top.at, took, {
      error: failed,
      events: failed || r() < 0.1 ? 1 : 0,
    });
    top.left -= size;
    top.at += Math.max(took, share);
    if (size > 1)
      open.push({
        index,
        at: trace.spans[index].start + took * 0.02,
        end: trace.spans[index].start + took * 0.97,
        left: size - 1,
      });
  }
  return trace;
}

const attribute = (key, value, type = 'string') => ({ key, type, value: String(value) });

function attributesOf(span, index) {
  const list = [attribute('peer.index', index, 'int')];
  if (span.name.includes('/')) {
    list.push(
      attribute('http.request.method', 'GET'),
      attribute('http.route', span.name.slice(span.name.indexOf('/'))),
      attribute('http.response.status_code', span.error ? 500 : 200, 'int'),
      attribute('network.protocol.version', '1.1'),
    );
  }
  if (span.name.startsWith('SELECT')) {
    list.push(
      attribute('db.system.name', 'mysql'),
      attribute('db.query.text', 'SELECT * FROM customers WHERE customer_id = ?'),
    );
  }
  if (span.service === 'redis')
    list.push(attribute('db.system.name', 'redis'), attribute('driver.id', `T7${index}${span.depth}C`));
  if (span.error) list.push(attribute('error.type', 'TimeoutError'));
  return list;
}

const STACK = `TimeoutError: deadline exceeded after 30 ms
    at demo::redis::Client::Get(std::string_view) (client.cc:118)
    at demo::driver::Repository::Find(Location const&) (repository.cc:64)
    at demo::driver::Handler::FindNearest(Request const&) (handler.cc:41)
    at spandrel::instrument::ServerRoute::operator()(Request const&, Response&) (cpp_httplib.cc:77)`;

function eventsOf(trace, span) {
  const at = (part) => String(trace.startNs + BigInt(Math.round(span.start + span.duration * part)));
  if (span.error) {
    return [
      {
        timeNs: at(0.9),
        name: 'exception',
        attributes: [
          attribute('exception.type', 'TimeoutError'),
          attribute('exception.message', 'deadline exceeded after 30 ms'),
          attribute('exception.stacktrace', STACK),
        ],
      },
    ];
  }
  return Array.from({ length: span.events }, (_, i) => ({
    timeNs: at((i + 1) / (span.events + 1)),
    name: i ? 'lock acquired' : 'waiting for lock',
    attributes: [attribute('lock.waiters', i + 3, 'int')],
  }));
}

const KIND_NAMES = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
export const kindName = (kind) => KIND_NAMES[kind];

/** Everything about one span, in the shape of `GET /trace/{id}/spans/{id}`. */
export function detail(trace, index) {
  const span = trace.spans[index];
  const start = trace.startNs + BigInt(Math.round(span.start));
  return {
    traceId: trace.traceId,
    spanId: spanIdOf(trace.seed, index),
    parentSpanId: span.parent < 0 ? '' : spanIdOf(trace.seed, span.parent),
    name: span.name,
    service: span.service,
    kind: kindName(span.kind),
    startNs: String(start),
    endNs: String(start + BigInt(Math.round(span.duration))),
    status: { code: span.error ? 'error' : 'unset', message: span.error ? 'deadline exceeded' : '' },
    traceState: '',
    flags: 257,
    attributes: attributesOf(span, index),
    resource: {
      attributes: [
        attribute('service.name', span.service),
        attribute('service.version', '1.4.2'),
        attribute('host.name', `node-${(span.service.length % 3) + 1}`),
        attribute('telemetry.sdk.language', 'cpp'),
      ],
      schemaUrl: '',
    },
    scope: { name: 'spandrel.instrument', version: '0.1.0', attributes: [], schemaUrl: '' },
    events: eventsOf(trace, span),
    links: span.link
      ? [
          {
            traceId: traceIdOf(span.link),
            spanId: spanIdOf(span.link, 0),
            traceState: '',
            attributes: [attribute('messaging.operation.type', 'publish')],
          },
        ]
      : [],
    droppedAttributes: 0,
    droppedEvents: 0,
    droppedLinks: 0,
  };
}
