// SPDX-License-Identifier: Apache-2.0
// The mock's traces in memory, and the few queries the page asks of them.
import { demoTrace, detail, kindName, sizedTrace } from './generate.mjs';
import { durationOf } from './columns.mjs';

export const SIZES = [10, 1_000, 10_000, 100_000];

function summary(trace) {
  const services = new Map();
  for (const span of trace.spans) {
    const entry = services.get(span.service) ?? { name: span.service, spanCount: 0, errorCount: 0 };
    entry.spanCount++;
    if (span.error) entry.errorCount++;
    services.set(span.service, entry);
  }
  const list = [...services.values()].sort((a, b) => a.name.localeCompare(b.name));
  const root = trace.spans[0];
  return {
    traceId: trace.traceId,
    rootService: root.service,
    rootOperation: root.name,
    rootKind: kindName(root.kind),
    startNs: String(trace.startNs),
    durationNs: String(durationOf(trace)),
    spanCount: trace.spans.length,
    errorCount: list.reduce((sum, s) => sum + s.errorCount, 0),
    orphanCount: 0,
    matchedCount: 1,
    services: list,
  };
}

/** `count` demo traces over the hour before `nowNs`, and one trace of each of `sizes`. */
export function makeTraces({ count = 900, sizes = SIZES, nowNs = BigInt(Date.now()) * 1_000_000n } = {}) {
  const traces = [];
  const step = 3_500_000_000_000n / BigInt(Math.max(1, count));
  for (let seed = 1; seed <= count; seed++) traces.push(demoTrace(seed, nowNs - BigInt(count - seed + 1) * step));
  sizes.forEach((size, i) => traces.push(sizedTrace(900_000 + size, size, nowNs - BigInt(i + 1) * 300_000_000_000n)));
  return traces;
}

export function buildStore(traces) {
  const byId = new Map(traces.map((t) => [t.traceId, t]));
  return { traces, byId, summaries: new Map(traces.map((t) => [t.traceId, summary(t)])) };
}

const UNITS = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 };

export function durationNs(text) {
  let total = 0;
  for (const [, value, unit] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) total += Number(value) * UNITS[unit];
  return total;
}

export function timeNs(text, fallback) {
  if (!text) return fallback;
  const now = BigInt(Date.now()) * 1_000_000n;
  if (text === 'now') return now;
  if (text.startsWith('now-')) return now - BigInt(Math.round(durationNs(text.slice(4))));
  return BigInt(text);
}

function parseTags(text) {
  const conditions = [];
  for (const [, key, op, quoted, plain] of text.matchAll(
    /([^\s=!<>~]+)(?:(=~|!=|>=|<=|=|>|<)(?:"((?:[^"\\]|\\.)*)"|(\S*)))?/g,
  )) {
    conditions.push({ key, op: op ?? '', value: quoted ?? plain ?? '' });
  }
  return conditions;
}

function valueOf(trace, index, key) {
  const full = detail(trace, index);
  if (key === 'error') return String(trace.spans[index].error);
  if (key === 'span.kind') return full.kind;
  const events = full.events.flatMap((e) => e.attributes);
  return [...full.attributes, ...full.resource.attributes, ...events].find((a) => a.key === key)?.value;
}

function holds(trace, index, { key, op, value }) {
  const actual = valueOf(trace, index, key);
  if (op === '') return actual !== undefined;
  if (op === '!=') return actual !== value;
  if (actual === undefined) return false;
  if (op === '=~') return new RegExp(value).test(actual);
  if (op === '=') return actual === value;
  const difference = Number(actual) - Number(value);
  return op === '>' ? difference > 0 : op === '>=' ? difference >= 0 : op === '<' ? difference < 0 : difference <= 0;
}

function spanMatches(trace, index, f) {
  const span = trace.spans[index];
  return (
    (!f.service || span.service === f.service) &&
    (!f.operation || span.name === f.operation) &&
    (!f.kind || kindName(span.kind) === f.kind) &&
    (!f.status || (f.status === 'error') === span.error) &&
    span.duration >= f.min &&
    span.duration <= f.max &&
    f.tags.every((c) => holds(trace, index, c))
  );
}

export function select(store, query) {
  const now = BigInt(Date.now()) * 1_000_000n;
  const f = {
    service: query.get('service'),
    operation: query.get('operation'),
    kind: query.get('kind'),
    status: query.get('status'),
    min: query.get('minDuration') ? durationNs(query.get('minDuration')) : 0,
    max: query.get('maxDuration') ? durationNs(query.get('maxDuration')) : Infinity,
    tags: parseTags(query.get('tags') ?? ''),
  };
  const from = timeNs(query.get('from'), now - 3_600_000_000_000n);
  const to = timeNs(query.get('to'), now);
  const matches = store.traces.filter(
    (t) => t.startNs >= from && t.startNs < to && t.spans.some((_, i) => spanMatches(t, i, f)),
  );
  return { from, to, summaries: matches.map((t) => store.summaries.get(t.traceId)) };
}

export function overview({ from, to, summaries }, columns) {
  const ratio = 2 ** (1 / 8);
  const durations = summaries.map((s) => Number(s.durationNs)).sort((a, b) => a - b);
  const quantile = (q) => String(durations[Math.min(durations.length - 1, Math.floor(q * durations.length))] ?? 0);
  const low = Math.floor(Math.log(Math.max(1, durations[0] ?? 1)) / Math.log(ratio)) - 1;
  const rows = durations.length ? Math.ceil(Math.log(durations.at(-1)) / Math.log(ratio)) - low : 0;
  const bounds = Array.from({ length: rows + 1 }, (_, i) => String(Math.round(ratio ** (low + i))));
  const step = (to - from) / BigInt(columns) + 1n;
  const cells = new Map();
  const errors = new Array(columns).fill(0);
  for (const s of summaries) {
    const column = Number((BigInt(s.startNs) - from) / step);
    const row = Math.max(0, Math.ceil(Math.log(Number(s.durationNs)) / Math.log(ratio)) - low - 1);
    cells.set(column * 100_000 + row, (cells.get(column * 100_000 + row) ?? 0) + 1);
    if (s.errorCount) errors[column]++;
  }
  return {
    traceCount: String(summaries.length),
    errorCount: String(summaries.filter((s) => s.errorCount).length),
    p50Ns: quantile(0.5),
    p95Ns: quantile(0.95),
    p99Ns: quantile(0.99),
    fromNs: String(from),
    stepNs: String(step),
    columns,
    rowBoundsNs: bounds,
    cells: [...cells].map(([key, n]) => [Math.floor(key / 100_000), key % 100_000, n]),
    errors,
  };
}

export function dependencies(store) {
  const services = new Map();
  const calls = new Map();
  const touch = (map, key, make, span) => {
    const entry = map.get(key) ?? make();
    entry.count++;
    if (span.error) entry.errors++;
    entry.durations.push(span.duration);
    map.set(key, entry);
  };
  for (const trace of store.traces) {
    for (const span of trace.spans) {
      touch(services, span.service, () => ({ name: span.service, count: 0, errors: 0, durations: [] }), span);
      const parent = span.parent < 0 ? null : trace.spans[span.parent].service;
      if (parent && parent !== span.service) {
        touch(
          calls,
          `${parent}\n${span.service}`,
          () => ({ parent, child: span.service, count: 0, errors: 0, durations: [] }),
          span,
        );
      }
    }
  }
  const at = (list, q) => String(Math.round(list.sort((a, b) => a - b)[Math.floor(q * list.length)] ?? 0));
  return {
    services: [...services.values()].map((s) => ({
      name: s.name,
      spanCount: String(s.count),
      errorCount: String(s.errors),
      p95Ns: at(s.durations, 0.95),
    })),
    calls: [...calls.values()].map((c) => ({
      parent: c.parent,
      child: c.child,
      callCount: String(c.count),
      errorCount: String(c.errors),
      p50Ns: at(c.durations, 0.5),
      p95Ns: at(c.durations, 0.95),
    })),
  };
}
