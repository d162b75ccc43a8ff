// SPDX-License-Identifier: Apache-2.0
// Sends one trace with every kind of field through the official SDK and one of its exporters, and
// prints what the store should hold of it (the form that ../verify.mjs reads).
//
//   node send.mjs grpc|protobuf|json ENDPOINT
import { createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes, defaultResource } from '@opentelemetry/resources';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';

const [transport, endpoint] = process.argv.slice(2);

function makeExporter() {
  switch (transport) {
    case 'grpc':
      return new GrpcExporter({ url: `http://${endpoint}`, compression: 'gzip' });
    case 'protobuf':
      return new ProtobufExporter({ url: `http://${endpoint}/v1/traces`, compression: 'gzip' });
    case 'json':
      return new JsonExporter({ url: `http://${endpoint}/v1/traces` });
    default:
      throw new Error(`unknown transport '${transport}'`);
  }
}

const finished = [];
const collector = {
  onStart() {},
  onEnd: (span) => finished.push(span),
  forceFlush: async () => {},
  shutdown: async () => {},
};

function makeSpans() {
  const provider = new BasicTracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.name': `interop-js-${transport}`,
        'service.version': '1.2.3',
        'host.cores': 8,
        'host.load': 0.25,
        'host.tags': ['a', 'b'],
      }),
    ),
    spanLimits: { attributeCountLimit: 12, eventCountLimit: 2, linkCountLimit: 2 },
    spanProcessors: [collector],
  });
  const tracer = provider.getTracer('interop', '0.9', { schemaUrl: 'https://opentelemetry.io/schemas/1.30.0' });

  const linked = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
    isRemote: true,
    traceState: createTraceState('vendor=x,other=y'),
  };
  const root = tracer.startSpan('GET /checkout/\u00e9\u20ac\u{1F600}', { kind: SpanKind.SERVER, startTime: [1700000000, 123456789] }, ROOT_CONTEXT);
  const child = tracer.startSpan(
    'SELECT "orders"\n',
    {
      kind: SpanKind.CLIENT,
      startTime: [1700000000, 200000001],
      links: [
        { context: linked, attributes: { reason: 'retry', attempt: 2 } },
        { context: { ...linked, isRemote: false, traceState: undefined }, attributes: {} },
        { context: linked },
      ],
    },
    trace.setSpan(ROOT_CONTEXT, root),
  );
  child.setAttributes({
    text: 'plain',
    empty_text: '',
    unicode: '\u00e9\u20ac\u{1F600}\u0001"\\',
    yes: true,
    no: false,
    small: -7,
    large: Number.MAX_SAFE_INTEGER,
    real: 2.5e-7,
    texts: ['a', '', 'c'],
    numbers: [1, 2.5, -3],
    flags: [true, false],
    none: [],
    dropped: 'over the limit',
  });
  child.addEvent('first', { n: 1 }, [1700000000, 200000002]);
  child.addEvent('second', {}, [1700000000, 200000003]);
  child.recordException(new Error('card declined'), [1700000000, 200000004]);
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'declined: \u00e9' });
  child.end([1700000000, 300000000]);
  root.setStatus({ code: SpanStatusCode.OK });
  root.end([1700000001, 0]);
  for (const kind of [SpanKind.INTERNAL, SpanKind.PRODUCER, SpanKind.CONSUMER]) {
    const span = tracer.startSpan(`kind ${kind}`, { kind, startTime: [1700000000, 400000000] }, trace.setSpan(ROOT_CONTEXT, root));
    span.end([1700000000, 400000000 + kind]);
  }
}

// What the API of the SDK refuses and its exporters can send: maps, bytes, mixed and nested values.
function widen(span) {
  const extra = {
    map: { inner: { deep: [1, 'two', { three: 3.5 }] }, flag: true },
    bytes: new Uint8Array([0, 1, 254, 255]),
    mixed: ['a', 1, false, null],
    nothing: null,
  };
  return Object.create(span, { attributes: { value: { ...span.attributes, ...extra } } });
}

function anyValue(value) {
  if (value === null || value === undefined) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: Object.entries(value).map(([key, v]) => ({ key, value: anyValue(v) })) } };
}

const attributeMap = (attributes) => Object.fromEntries(Object.entries(attributes ?? {}).map(([k, v]) => [k, anyValue(v)]));
const nanos = ([seconds, rest]) => String(BigInt(seconds) * 1000000000n + BigInt(rest));
const flagsOf = (traceFlags, isRemote) => traceFlags | 0x100 | (isRemote ? 0x200 : 0);

function expected(span) {
  const context = span.spanContext();
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? '',
    traceState: context.traceState?.serialize() ?? '',
    name: span.name,
    kind: span.kind + 1,
    startTimeUnixNano: nanos(span.startTime),
    endTimeUnixNano: nanos(span.endTime),
    attributes: attributeMap(span.attributes),
    droppedAttributesCount: span.droppedAttributesCount,
    events: span.events.map((event) => ({
      timeUnixNano: nanos(event.time),
      name: event.name,
      attributes: attributeMap(event.attributes),
      droppedAttributesCount: event.droppedAttributesCount ?? 0,
    })),
    droppedEventsCount: span.droppedEventsCount,
    links: span.links.map((link) => ({
      traceId: link.context.traceId,
      spanId: link.context.spanId,
      traceState: link.context.traceState?.serialize() ?? '',
      attributes: attributeMap(link.attributes),
      droppedAttributesCount: link.droppedAttributesCount ?? 0,
      flags: flagsOf(link.context.traceFlags, link.context.isRemote),
    })),
    droppedLinksCount: span.droppedLinksCount,
    status: { code: span.status.code, message: span.status.message ?? '' },
    flags: flagsOf(context.traceFlags, span.parentSpanContext?.isRemote),
    resourceAttributes: attributeMap(span.resource.attributes),
    scopeName: span.instrumentationScope.name,
    scopeVersion: span.instrumentationScope.version,
    scopeSchemaUrl: span.instrumentationScope.schemaUrl ?? '',
  };
}

makeSpans();
const spans = finished.map((span) => (span.name.startsWith('SELECT') ? widen(span) : span));
const exporter = makeExporter();
const result = await new Promise((resolve) => exporter.export(spans, resolve));
await exporter.shutdown();
if (result.code !== 0) throw result.error ?? new Error('export failed');
console.log(JSON.stringify({ label: `js over ${transport}`, spans: spans.map(expected) }));
