// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { GOLDEN_COLUMNS, GOLDEN_HEADER, goldenTrace } from './golden_trace';
import { readTraceColumns } from './trace_columns';

const withColumn = (at: number, hex: string): readonly string[] =>
  GOLDEN_COLUMNS.map((column, i) => (i === at ? hex : column));

describe('the columnar trace', () => {
  it('reads every column', () => {
    const t = readTraceColumns(goldenTrace());
    expect(t.traceId).toBe(GOLDEN_HEADER.traceId);
    expect(t.startNs).toBe('1700000000000000001');
    expect(t.durationNs).toBe(1000);
    expect([...t.start]).toEqual([0, 100, 500]);
    expect([...t.duration]).toEqual([1000, 300, 0]);
    expect([...t.subtree]).toEqual([2, 1, 1]);
    expect([...t.operation].map((i) => t.operations[i])).toEqual(['GET /a', 'query', 'late']);
    expect([...t.service].map((i) => t.services[i])).toEqual(['frontend', 'customer', 'customer']);
    expect([...t.depth]).toEqual([0, 1, 0]);
    expect([...t.events]).toEqual([0, 2, 0]);
    expect([...t.kind]).toEqual([2, 3, 1]);
    expect([...t.flags]).toEqual([2, 9, 4]);
    expect([...t.spanId.subarray(8, 10)]).toEqual([0x11, 0x12]);
  });

  it('copies nothing', () => {
    const bytes = goldenTrace();
    expect(readTraceColumns(bytes).start.buffer).toBe(bytes);
  });

  it.each([
    ['nothing', new ArrayBuffer(0)],
    ['another format', new TextEncoder().encode('SPNDTRC9....').buffer],
    ['a header that is cut off', goldenTrace().slice(0, 40)],
    ['columns that are cut off', goldenTrace().slice(0, -8)],
    ['a missing column', goldenTrace({ ...GOLDEN_HEADER, columns: {} })],
    [
      'a column at an odd place',
      goldenTrace({ ...GOLDEN_HEADER, columns: { ...GOLDEN_HEADER.columns, start: { type: 'f64', offset: 4 } } }),
    ],
    [
      'a column of another type',
      goldenTrace({ ...GOLDEN_HEADER, columns: { ...GOLDEN_HEADER.columns, start: { type: 'i64', offset: 0 } } }),
    ],
    ['a subtree of nothing', goldenTrace(GOLDEN_HEADER, withColumn(2, '02000000 00000000 01000000 00000000'))],
    ['a subtree beyond the end', goldenTrace(GOLDEN_HEADER, withColumn(2, '02000000 03000000 01000000 00000000'))],
    ['an unknown service', goldenTrace(GOLDEN_HEADER, withColumn(4, '0000 0200 0100 0000'))],
    ['a skipped level', goldenTrace(GOLDEN_HEADER, withColumn(5, '0000 0200 0000 0000'))],
  ] as const)('refuses %s', (_, bytes) => expect(() => readTraceColumns(bytes as ArrayBuffer)).toThrow(/trace: /));
});
