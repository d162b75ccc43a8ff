// SPDX-License-Identifier: Apache-2.0
// Encodes a generated trace as docs/formats/ui-api.md describes ("GET /trace/{traceId}").
import { spanIdOf } from './generate.mjs';

const COLUMNS = [
  ['start', 'f64', Float64Array],
  ['duration', 'f64', Float64Array],
  ['subtree', 'u32', Uint32Array],
  ['operation', 'u32', Uint32Array],
  ['service', 'u16', Uint16Array],
  ['depth', 'u16', Uint16Array],
  ['events', 'u16', Uint16Array],
  ['kind', 'u8', Uint8Array],
  ['flags', 'u8', Uint8Array],
  ['spanId', 'u8', Uint8Array],
];

const align = (size) => (size + 7) & ~7;

function dictionary() {
  const index = new Map();
  return {
    values: [],
    of(value) {
      if (!index.has(value)) {
        index.set(value, index.size);
        this.values.push(value);
      }
      return index.get(value);
    },
  };
}

function fill(trace, arrays, services, operations) {
  trace.spans.forEach((span, i) => {
    arrays.start[i] = span.start;
    arrays.duration[i] = span.duration;
    arrays.subtree[i] = 1;
    arrays.operation[i] = operations.of(span.name);
    arrays.service[i] = services.of(span.service);
    arrays.depth[i] = span.depth;
    arrays.events[i] = span.events;
    arrays.kind[i] = span.kind;
    arrays.flags[i] = (span.error ? 1 : 0) | (span.orphan ? 4 : 0) | (span.link ? 8 : 0);
    arrays.spanId.set(Buffer.from(spanIdOf(trace.seed, i), 'hex'), i * 8);
  });
  for (let i = trace.spans.length - 1; i > 0; i--) {
    const parent = trace.spans[i].parent;
    if (parent >= 0) arrays.subtree[parent] += arrays.subtree[i];
  }
}

export function durationOf(trace) {
  let first = Infinity;
  let last = 0;
  for (const span of trace.spans) {
    first = Math.min(first, span.start);
    last = Math.max(last, span.start + span.duration);
  }
  return Math.round(last - first);
}

export function encodeColumns(trace) {
  const count = trace.spans.length;
  const services = dictionary();
  const operations = dictionary();
  const arrays = {};
  const layout = {};
  let size = 0;
  for (const [name, type, Type] of COLUMNS) {
    arrays[name] = new Type(name === 'spanId' ? count * 8 : count);
    layout[name] = { type, offset: size };
    size = align(size + arrays[name].byteLength);
  }
  fill(trace, arrays, services, operations);
  const header = Buffer.from(
    JSON.stringify({
      traceId: trace.traceId,
      spanCount: count,
      startNs: String(trace.startNs),
      durationNs: String(durationOf(trace)),
      services: services.values,
      operations: operations.values,
      columns: layout,
    }),
  );
  const first = align(12 + header.length);
  const out = Buffer.alloc(first + size);
  out.write('SPNDTRC1', 'latin1');
  out.writeUInt32LE(header.length, 8);
  header.copy(out, 12);
  for (const [name] of COLUMNS) Buffer.from(arrays[name].buffer).copy(out, first + layout[name].offset);
  return out;
}
