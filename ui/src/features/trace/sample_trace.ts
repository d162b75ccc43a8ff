// SPDX-License-Identifier: Apache-2.0
import type { TraceColumns } from '../../api/trace_columns';

/** A trace for tests from the depths of its spans in pre-order; span i starts at 10 i and lasts 10 to the end of its subtree. */
export function sampleTrace(depths: readonly number[], flags: Readonly<Record<number, number>> = {}): TraceColumns {
  const n = depths.length;
  const subtree = Uint32Array.from(depths, (depth, i) => {
    let end = i + 1;
    while (end < n && (depths[end] ?? 0) > depth) end++;
    return end - i;
  });
  return {
    traceId: '0123456789abcdef0123456789abcdef',
    spanCount: n,
    startNs: '1700000000000000000',
    durationNs: n * 10,
    services: ['alpha', 'beta'],
    operations: ['read', 'write'],
    start: Float64Array.from(depths, (_, i) => i * 10),
    duration: Float64Array.from(subtree, (size) => size * 10),
    subtree,
    operation: Uint32Array.from(depths, (_, i) => i % 2),
    service: Uint16Array.from(depths, (depth) => depth % 2),
    depth: Uint16Array.from(depths),
    events: new Uint16Array(n),
    kind: Uint8Array.from(depths, (_, i) => 1 + (i % 3)),
    flags: Uint8Array.from(depths, (_, i) => flags[i] ?? 0),
    spanId: Uint8Array.from({ length: n * 8 }, (_, at) => (at % 8 === 7 ? Math.floor(at / 8) : 0xa0)),
  };
}
