// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { indentStep, layoutBar } from './bar_layout';
import { findSpans, indexOfSpan, spanIdHex } from './find';
import { sampleTrace } from './sample_trace';
import { ROW_HEIGHT, rowTop, rowsInSight, scrollRange, scrollTo } from './scroll_range';
import { ticksOf } from './time_axis';
import { Folding, factsOf, nextWhere, parentsOf, rowOf, unfoldTo, visibleRows, withAncestors } from './tree';
import { decodeFold, encodeFold, readTraceUrl, writeTraceUrl } from './url_state';
import { clampZoom, panBy, zoomAt } from './zoom';

// 0            span 0 and its tree, then a second root
// |- 1
// |  |- 2
// |  `- 3
// `- 4
// 5
const DEPTHS = [0, 1, 2, 2, 1, 0];
const columns = sampleTrace(DEPTHS, { 3: 1, 5: 5 });
const parent = parentsOf(columns);

describe('the tree', () => {
  it('knows parents', () => expect([...parent]).toEqual([-1, 0, 1, 1, 0, -1]));
  it('counts', () => expect(factsOf(columns)).toMatchObject({ depth: 3, errors: 2, orphans: 1 }));
  it('folds single spans and levels', () => {
    const folding = new Folding(columns);
    expect([...visibleRows(columns, folding)]).toEqual([0, 1, 2, 3, 4, 5]);
    folding.toggle(1);
    expect([...visibleRows(columns, folding)]).toEqual([0, 1, 4, 5]);
    folding.setLevel(0);
    expect([...visibleRows(columns, folding)]).toEqual([0, 5]);
    folding.toggle(0);
    expect([...visibleRows(columns, folding)]).toEqual([0, 1, 4, 5]);
  });
  it('never folds a leaf', () => {
    const folding = new Folding(columns);
    folding.toggle(2);
    expect(folding.isFolded(2)).toBe(false);
  });
  it('unfolds what hides a span', () => {
    const folding = new Folding(columns);
    folding.setLevel(0);
    expect(unfoldTo(folding, parent, 3)).toBe(true);
    expect([...visibleRows(columns, folding)]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(unfoldTo(folding, parent, 3)).toBe(false);
  });
  it('finds rows', () => {
    const rows = Uint32Array.from([0, 1, 4, 5]);
    expect([0, 1, 2, 3, 4, 5].map((span) => rowOf(rows, span))).toEqual([0, 1, 1, 1, 2, 3]);
  });
  it('keeps matches with their ancestors', () => {
    const keep = withAncestors(Uint8Array.from([0, 0, 0, 1, 0, 0]), parent);
    expect([...keep]).toEqual([1, 1, 0, 1, 0, 0]);
    expect([...visibleRows(columns, new Folding(columns), keep)]).toEqual([0, 1, 3]);
  });
  it('steps around the end', () => {
    const isError = (i: number): boolean => i === 3 || i === 5;
    expect(nextWhere(6, -1, 1, isError)).toBe(3);
    expect(nextWhere(6, 5, 1, isError)).toBe(3);
    expect(nextWhere(6, -1, -1, isError)).toBe(5);
    expect(nextWhere(6, 3, 1, () => false)).toBe(-1);
  });
  it('walks a chain of 3,000 levels without recursion', () => {
    const deep = sampleTrace(Array.from({ length: 3000 }, (_, i) => i));
    const chain = parentsOf(deep);
    const folding = new Folding(deep);
    folding.setLevel(0);
    expect(unfoldTo(folding, chain, 2999)).toBe(true);
    expect(visibleRows(deep, folding)).toHaveLength(3000);
  });
});

describe('finding', () => {
  const found = (query: string): readonly number[] | undefined => {
    const mask = findSpans(columns, query)?.mask;
    return mask && [...mask].flatMap((hit, i) => (hit ? [i] : []));
  };
  it.each([
    ['ALPHA', [0, 2, 3, 5]],
    ['alpha write', [3, 5]],
    ['error', [3, 5]],
    ['>20ns', [0, 1]],
    ['kind=internal', [0, 3]],
    ['nothing here', []],
    ['a0a0a0a0a0a0a004', [4]],
  ])('%s', (query, spans) => expect(found(query)).toEqual(spans));
  it('looks for nothing when nothing is typed', () => expect(findSpans(columns, '  ')).toBeUndefined());
  it('goes from id to span and back', () => {
    expect(indexOfSpan(columns, spanIdHex(columns, 4))).toBe(4);
    expect(indexOfSpan(columns, 'ffffffffffffffff')).toBe(-1);
    expect(indexOfSpan(columns, 'zz')).toBe(-1);
  });
});

describe('the view in the URL', () => {
  it('comes back as it went', () => {
    const state = {
      span: 'a0a0a0a0a0a0a003',
      zoom: { from: 5, to: 55 },
      fold: { level: 2, flips: [1, 40, 5000] },
      find: 'x >1ms',
      only: true,
      detailsClosed: true,
    };
    const query = new URLSearchParams(
      Object.entries(writeTraceUrl(state)).flatMap(([key, value]) => (value ? [[key, value]] : [])),
    );
    expect(readTraceUrl(query)).toEqual(state);
  });
  it('is empty for a fresh trace', () => {
    const fresh = readTraceUrl(new URLSearchParams());
    expect(Object.values(writeTraceUrl(fresh)).every((value) => !value)).toBe(true);
  });
  it("takes Jaeger's uiFind for a span or a text", () => {
    expect(readTraceUrl(new URLSearchParams('uiFind=A0A0A0A0A0A0A003')).span).toBe('a0a0a0a0a0a0a003');
    expect(readTraceUrl(new URLSearchParams('uiFind=redis')).find).toBe('redis');
  });
  it.each(['-', '..', '1.!', 'x'.repeat(50), '1.zzzzzzz'])('survives c=%s', (text) => {
    const { level, flips } = decodeFold(text);
    expect(Number.isNaN(level)).toBe(false);
    expect(flips.every(Number.isSafeInteger)).toBe(true);
  });
  it('gives single folds up when they are too many', () => {
    expect(encodeFold({ level: 3, flips: Array.from({ length: 500 }, (_, i) => i) })).toBe('3');
  });
});

describe('layout', () => {
  const whole = { from: 0, to: 1000 };
  it('puts the label after, before or inside the bar', () => {
    expect(layoutBar(100, 200, whole, 1000, 50)).toMatchObject({
      left: 100,
      width: 200,
      labelLeft: 306,
      inside: false,
    });
    expect(layoutBar(800, 190, whole, 1000, 50)).toMatchObject({ left: 800, labelLeft: 744, inside: false });
    expect(layoutBar(0, 1000, whole, 1000, 50)).toMatchObject({ left: 0, width: 1000, inside: true });
  });
  it('keeps bars inside the column whatever the zoom', () => {
    expect(layoutBar(0, 1000, { from: 400, to: 401 }, 500, 40)).toMatchObject({ left: 0, width: 500 });
    expect(layoutBar(0, 10, { from: 400, to: 500 }, 500, 40)).toMatchObject({ hidden: true, width: 0 });
    expect(layoutBar(1000, 0, whole, 500, 40)).toMatchObject({ left: 498, width: 2 });
  });
  it('leaves room for names in deep trees', () => {
    expect(indentStep(3, 400)).toBe(14);
    expect(indentStep(1000, 400)).toBe(2);
  });
  it('shows only rows in sight', () => {
    const range = scrollRange(1000, 480);
    expect(rowsInSight(range, 0, 480, 1000)).toEqual({ first: 0, last: 21 });
    expect(rowsInSight(range, 24_000 - 480, 480, 1000).last).toBe(1000);
    expect(scrollTo(range, 0, 480, 5)).toBeUndefined();
    expect(scrollTo(range, 0, 480, 30)).toBe(32 * ROW_HEIGHT - 480);
  });
  it('reaches the last of two million rows', () => {
    const range = scrollRange(2_000_000, 480);
    const bottom = range.height - 480;
    expect(rowsInSight(range, bottom, 480, 2_000_000).last).toBe(2_000_000);
    expect(rowTop(range, bottom, 1_999_999) + ROW_HEIGHT).toBeCloseTo(range.height, 0);
  });
});

describe('the window of time', () => {
  it('stays inside the trace', () => {
    expect(clampZoom({ from: -50, to: 50 }, 1000)).toEqual({ from: 0, to: 100 });
    expect(panBy({ from: 800, to: 1000 }, 0.5, 1000)).toEqual({ from: 800, to: 1000 });
    expect(zoomAt({ from: 0, to: 1000 }, 5, 0.5, 1000)).toEqual({ from: 0, to: 1000 });
  });
  it('keeps what is under the pointer where it is', () => {
    const next = zoomAt({ from: 0, to: 1000 }, 0.5, 0.25, 1000);
    expect(next.from + (next.to - next.from) * 0.25).toBeCloseTo(250);
  });
  it('has a smallest size', () => expect(zoomAt({ from: 0, to: 20 }, 0.001, 0.5, 1000).to).toBeGreaterThanOrEqual(10));
  it('marks round times', () => {
    expect(ticksOf({ from: 0, to: 1e9 }, 550).map((tick) => tick.text)).toEqual([
      '0',
      '200 ms',
      '400 ms',
      '600 ms',
      '800 ms',
      '1 s',
    ]);
    expect(new Set(ticksOf({ from: 9e9, to: 9e9 + 1000 }, 900).map((tick) => tick.text)).size).toBeGreaterThan(3);
  });
});
