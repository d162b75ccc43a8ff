// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { GOLDEN_COLUMNS, GOLDEN_HEADER, goldenTrace } from './golden_trace';
import { readTraceColumns } from './trace_columns';

const withColumn = (at: number, hex: string): readonly string[] =>
  GOLDEN_COLUMNS.map((column, i) => (i === at ? hex : column));

/** A trace whose header is this text, and nothing behind it. */
function headerOf(text: string): ArrayBuffer {
  const header = new TextEncoder().encode(text);
  const bytes = new Uint8Array(12 + header.length);
  bytes.set(new TextEncoder().encode('SPNDTRC1'));
  new DataView(bytes.buffer).setUint32(8, header.length, true);
  bytes.set(header, 12);
  return bytes.buffer;
}

/** Numbers below `limit`, the same ones for the same seed (a linear congruential generator). */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** One to three bytes changed, and perhaps cut. */
function damaged(bytes: ArrayBuffer, random: (limit: number) => number): ArrayBuffer {
  const view = new Uint8Array(bytes);
  for (let left = 1 + random(3); left > 0; left--) view[random(view.length)] = random(256);
  return random(8) === 0 ? bytes.slice(0, random(view.length)) : bytes;
}

function outcomeOf(bytes: ArrayBuffer): string {
  try {
    const t = readTraceColumns(bytes);
    return t.subtree.every((size, i) => size >= 1 && i + size <= t.spanCount) ? 'a tree' : 'no tree';
  } catch (error) {
    return String(error);
  }
}

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
    ['a header that is no JSON', headerOf('{"traceId":')],
    ['a header of nothing', headerOf('null')],
    ['a count that is none', goldenTrace({ ...GOLDEN_HEADER, spanCount: -1 })],
    ['a count that is not whole', goldenTrace({ ...GOLDEN_HEADER, spanCount: 1.5 })],
    [
      'a column in front of the columns',
      goldenTrace({ ...GOLDEN_HEADER, columns: { ...GOLDEN_HEADER.columns, start: { type: 'f64', offset: -8 } } }),
    ],
  ] as const)('refuses %s', (_, bytes) => expect(() => readTraceColumns(bytes as ArrayBuffer)).toThrow(/trace: /));

  it('says what is wrong, or gives a tree, whatever bytes are damaged', () => {
    const random = generator(1);
    const golden = goldenTrace();
    const outcomes = Array.from({ length: 2000 }, () => outcomeOf(damaged(golden.slice(0), random)));
    expect(outcomes.filter((outcome) => outcome !== 'a tree' && !outcome.startsWith('Error: trace: '))).toEqual([]);
    const trees = outcomes.filter((outcome) => outcome === 'a tree').length;
    expect(trees).toBeGreaterThan(100);
    expect(trees).toBeLessThan(1900);
  });
});
