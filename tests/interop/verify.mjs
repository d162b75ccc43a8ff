// SPDX-License-Identifier: Apache-2.0
// Compares what a sender says it sent with what Spandrel's APIs return, field by field.
//
//   node verify.mjs HTTP_ENDPOINT EXPECTED.json...
//
// EXPECTED: {"label": "...", "spans": [...]}; a span is OTLP/JSON with attributes as a map and the
// resource's and scope's fields beside its own. Fields that a sender does not name are not compared.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

const [http, ...files] = process.argv.slice(2);
const patienceMs = 20000;

const attributeMap = (attributes) => {
  const map = {};
  for (const { key, value } of attributes ?? []) {
    assert.ok(!(key in map), `attribute '${key}' is there twice`);
    map[key] = value ?? {};
  }
  return map;
};

// One form for a value: empty lists may be left out, and a double without a fraction looks like an int.
function plainValue(value) {
  if ('intValue' in value) return { intValue: String(value.intValue) };
  if ('doubleValue' in value) return { doubleValue: Number(value.doubleValue) };
  if ('arrayValue' in value) return { arrayValue: { values: (value.arrayValue.values ?? []).map(plainValue) } };
  if ('kvlistValue' in value) {
    const values = (value.kvlistValue.values ?? []).map(({ key, value: inner }) => ({ key, value: plainValue(inner ?? {}) }));
    return { kvlistValue: { values } };
  }
  return value;
}
const plainMap = (map) => Object.fromEntries(Object.entries(map).map(([key, value]) => [key, plainValue(value)]));

function flatten(otlp) {
  const spans = [];
  for (const resourceSpans of otlp.resourceSpans ?? []) {
    for (const scopeSpans of resourceSpans.scopeSpans ?? []) {
      for (const span of scopeSpans.spans ?? []) spans.push(plainSpan(resourceSpans, scopeSpans, span));
    }
  }
  return spans;
}

function plainSpan(resourceSpans, scopeSpans, span) {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? '',
    traceState: span.traceState ?? '',
    name: span.name ?? '',
    kind: span.kind ?? 0,
    startTimeUnixNano: String(span.startTimeUnixNano ?? 0),
    endTimeUnixNano: String(span.endTimeUnixNano ?? 0),
    attributes: attributeMap(span.attributes),
    droppedAttributesCount: span.droppedAttributesCount ?? 0,
    events: (span.events ?? []).map((event) => ({
      timeUnixNano: String(event.timeUnixNano ?? 0),
      name: event.name ?? '',
      attributes: attributeMap(event.attributes),
      droppedAttributesCount: event.droppedAttributesCount ?? 0,
    })),
    droppedEventsCount: span.droppedEventsCount ?? 0,
    links: (span.links ?? []).map((link) => ({
      traceId: link.traceId,
      spanId: link.spanId,
      traceState: link.traceState ?? '',
      attributes: attributeMap(link.attributes),
      droppedAttributesCount: link.droppedAttributesCount ?? 0,
      flags: link.flags ?? 0,
    })),
    droppedLinksCount: span.droppedLinksCount ?? 0,
    status: { code: span.status?.code ?? 0, message: span.status?.message ?? '' },
    flags: span.flags ?? 0,
    resourceAttributes: attributeMap(resourceSpans.resource?.attributes),
    resourceSchemaUrl: resourceSpans.schemaUrl ?? '',
    scopeName: scopeSpans.scope?.name ?? '',
    scopeVersion: scopeSpans.scope?.version ?? '',
    scopeAttributes: attributeMap(scopeSpans.scope?.attributes),
    scopeSchemaUrl: scopeSpans.schemaUrl ?? '',
  };
}

// The fields of `span` that `wanted` names, values in one form.
function comparable(span, wanted) {
  const picked = {};
  for (const field of Object.keys(wanted)) {
    assert.ok(field in span, `unknown field '${field}' in the expectation`);
    picked[field] = span[field];
  }
  for (const field of ['attributes', 'resourceAttributes', 'scopeAttributes']) {
    if (field in picked) picked[field] = plainMap(picked[field]);
  }
  const part = (item, names) => {
    const kept = { ...item, attributes: plainMap(item.attributes ?? {}) };
    for (const name of Object.keys(kept)) if (!names.includes(name)) delete kept[name];
    return kept;
  };
  for (const field of ['events', 'links']) {
    if (!(field in picked)) continue;
    picked[field] = picked[field].map((item, i) => part(item, Object.keys(wanted[field]?.[i] ?? item)));
  }
  return picked;
}

async function fetchTrace(path, count) {
  const until = Date.now() + patienceMs;
  let last = 'no answer';
  while (Date.now() < until) {
    const response = await fetch(`http://${http}${path}`);
    if (response.ok) {
      const body = await response.json();
      const spans = flatten(body.result ?? body);
      if (spans.length >= count) return spans;
      last = `${spans.length} of ${count} spans`;
    } else {
      last = `HTTP status ${response.status}`;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${path}: ${last} after ${patienceMs} ms`);
}

let checked = 0;
for (const file of files) {
  const { label, spans } = JSON.parse(await readFile(file, 'utf8'));
  assert.ok(spans.length > 0, `${file}: no spans`);
  const traceIds = [...new Set(spans.map((span) => span.traceId))];
  for (const traceId of traceIds) {
    const wanted = new Map(spans.filter((span) => span.traceId === traceId).map((span) => [span.spanId, span]));
    for (const path of [`/api/ui/v1/trace/${traceId}/otlp`, `/api/v3/traces/${traceId}`]) {
      const stored = await fetchTrace(path, wanted.size);
      assert.equal(stored.length, wanted.size, `${label}: spans at ${path}`);
      for (const span of stored) {
        const want = wanted.get(span.spanId);
        assert.ok(want, `${label}: span ${span.spanId} was never sent`);
        assert.deepEqual(comparable(span, want), comparable(want, want), `${label}: span '${want.name}' at ${path}`);
        ++checked;
      }
    }
  }
  console.log(`ok   ${basename(file, '.json')}, ${label}: ${spans.length} spans equal, field by field`);
}
assert.ok(checked > 0);
