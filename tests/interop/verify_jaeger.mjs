// SPDX-License-Identifier: Apache-2.0
// Compares what senders say they sent with what a Jaeger collector got from the jaeger exporter.
//
//   node verify_jaeger.mjs SPANS_FILE EXPECTED.json...
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

const [spansFile, ...files] = process.argv.slice(2);
const patienceMs = 20000;
const kinds = [undefined, 'internal', 'server', 'client', 'producer', 'consumer'];

// Scalars only: Jaeger has no arrays and maps, so they travel as text of no fixed form.
function tagsOf(attributes) {
  const tags = {};
  for (const [key, value] of Object.entries(attributes)) {
    if ('stringValue' in value) tags[key] = value.stringValue;
    if ('intValue' in value) tags[key] = value.intValue;
    if ('boolValue' in value) tags[key] = String(value.boolValue);
  }
  return tags;
}

const pick = (from, like) => Object.fromEntries(Object.keys(like).map((key) => [key, from[key]]));

function compare(got, want, label) {
  const wanted = {
    traceId: want.traceId,
    spanId: want.spanId,
    parentSpanId: want.parentSpanId,
    name: want.name,
    service: want.resourceAttributes['service.name'].stringValue,
    startTimeUnixNano: want.startTimeUnixNano,
    durationNano: String(BigInt(want.endTimeUnixNano) - BigInt(want.startTimeUnixNano)),
    references: want.links.length + (want.parentSpanId === '' ? 0 : 1),
  };
  assert.deepEqual(pick(got, wanted), wanted, label);
  const tags = { ...tagsOf(want.attributes), 'span.kind': kinds[want.kind] };
  if (want.status.code === 2) Object.assign(tags, { error: 'true', 'otel.status_description': want.status.message });
  assert.deepEqual(pick(got.tags, tags), tags, `${label}: tags`);
  const logs = want.events.map((event) => ({ event: event.name, ...tagsOf(event.attributes) }));
  assert.deepEqual(got.logs.map((log, i) => pick(log, logs[i] ?? {})), logs, `${label}: logs`);
}

async function received() {
  const lines = (await readFile(spansFile, 'utf8')).split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => JSON.parse(line)).map((span) => [span.spanId, span]));
}

for (const file of files) {
  const { label, spans } = JSON.parse(await readFile(file, 'utf8'));
  const until = Date.now() + patienceMs;
  let got = await received();
  while (!spans.every((span) => got.has(span.spanId)) && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    got = await received();
  }
  for (const span of spans) {
    assert.ok(got.has(span.spanId), `${label}: span '${span.name}' did not reach Jaeger`);
    compare(got.get(span.spanId), span, `${label}: span '${span.name}'`);
  }
  console.log(`ok   jaeger exporter, ${label}: ${spans.length} spans equal`);
}
