// SPDX-License-Identifier: Apache-2.0
// Sends generated traces to a real server as OTLP/JSON, a few thousand spans a request.
import { detail } from '../../ui/mock/generate.mjs';

const SPANS_PER_REQUEST = 2000;
const STATUS = { unset: 0, ok: 1, error: 2 };

function value({ type, value: text }) {
  if (type === 'int') return { intValue: text };
  return type === 'bool' ? { boolValue: text === 'true' } : { stringValue: text };
}

const attributes = (list) => list.map((attribute) => ({ key: attribute.key, value: value(attribute) }));

function spanJson(full, kind) {
  return {
    traceId: full.traceId, spanId: full.spanId, parentSpanId: full.parentSpanId, name: full.name, kind,
    startTimeUnixNano: full.startNs, endTimeUnixNano: full.endNs, attributes: attributes(full.attributes),
    status: { code: STATUS[full.status.code], message: full.status.message },
    events: full.events.map((event) => ({ timeUnixNano: event.timeNs, name: event.name, attributes: attributes(event.attributes) })),
    links: full.links.map((link) => ({ traceId: link.traceId, spanId: link.spanId, attributes: attributes(link.attributes) })),
  };
}

/** The request for spans [first, last) of a trace, grouped by service. */
function requestOf(trace, first, last) {
  const groups = new Map();
  for (let i = first; i < last; i++) {
    const full = detail(trace, i);
    if (!groups.has(full.service)) {
      groups.set(full.service, { resource: { attributes: attributes(full.resource.attributes) }, scopeSpans: [{ scope: { name: full.scope.name, version: full.scope.version }, spans: [] }] });
    }
    groups.get(full.service).scopeSpans[0].spans.push(spanJson(full, trace.spans[i].kind));
  }
  return [...groups.values()];
}

async function post(endpoint, resourceSpans) {
  const response = await fetch(`http://${endpoint}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceSpans }) });
  const text = await response.text();
  if (!response.ok || text.includes('rejectedSpans')) throw new Error(`the server refused spans: ${response.status} ${text.slice(0, 200)}`);
}

/** Sends all traces to the OTLP/HTTP receiver at `endpoint` (host:port). */
export async function sendTraces(endpoint, traces) {
  let pending = [];
  let size = 0;
  const flush = async () => {
    if (size > 0) await post(endpoint, pending);
    pending = [];
    size = 0;
  };
  for (const trace of traces) {
    for (let first = 0; first < trace.spans.length; first += SPANS_PER_REQUEST) {
      const last = Math.min(trace.spans.length, first + SPANS_PER_REQUEST);
      pending.push(...requestOf(trace, first, last));
      size += last - first;
      if (size >= SPANS_PER_REQUEST) await flush();
    }
  }
  await flush();
}
