// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Overview } from '../../api/types';
import { brushOf, dotAt, latencyGeometry, rowGroup } from './latency_geometry';
import { fromJaeger, searchHref, stateOf } from './query';

describe('the search in the URL', () => {
  it('comes back as it went', () => {
    const state = stateOf(
      new URLSearchParams({
        service: 'a',
        tags: 'k="x y" error=true',
        minDuration: '5ms',
        from: 'now-3h',
        sort: 'slowest',
        y: 'scatter',
        limit: '50',
      }),
    );
    const again = stateOf(new URL(searchHref(state), 'http://h').searchParams);
    expect(again).toEqual(state);
    expect(state.filter.to).toBe('now');
  });
  it('leaves defaults out and bounds the limit', () => {
    expect(searchHref(stateOf(new URLSearchParams()))).toBe('/search');
    expect(stateOf(new URLSearchParams({ limit: '99999' })).limit).toBe(1000);
    expect(stateOf(new URLSearchParams({ limit: 'x' })).limit).toBe(20);
  });
});

describe('links of Jaeger', () => {
  const modern = (query: string) => {
    const to = fromJaeger(new URLSearchParams(query));
    return to === undefined ? undefined : Object.fromEntries(new URL(to, 'http://h').searchParams);
  };
  it('leave our own searches alone', () => expect(modern('service=a&tags=k%3Dv&from=now-1h')).toBeUndefined());
  it('turn tags and lookback into ours', () => {
    expect(
      modern('service=a&operation=GET&limit=20&lookback=2d&tags={"http.route":"/x y","error":"true"}&minDuration=1ms'),
    ).toEqual({
      service: 'a',
      operation: 'GET',
      limit: '20',
      minDuration: '1ms',
      from: 'now-48h',
      tags: 'http.route="/x y" error=true',
    });
  });
  it('turn microseconds into nanoseconds', () => {
    expect(modern('service=a&lookback=custom&start=1700000000000000&end=1700000001000000')).toEqual({
      service: 'a',
      from: '1700000000000000000',
      to: '1700000001000000000',
    });
  });
  it('keep tags that are no JSON', () =>
    expect(modern('lookback=1h&tags={broken')).toEqual({ from: 'now-1h', tags: '{broken' }));
});

describe('the latency picture', () => {
  const overview: Overview = {
    traceCount: '3',
    errorCount: '0',
    p50Ns: '1000000',
    p95Ns: '1000000',
    p99Ns: '1000000',
    fromNs: '1700000000000000000',
    stepNs: '1000000000',
    columns: 100,
    rowBoundsNs: Array.from({ length: 81 }, (_, i) => String(Math.round(1e6 * 2 ** (i / 8)))),
    cells: [],
    errors: [],
  };
  const g = latencyGeometry(overview, 700, 240);
  const { plot } = g;
  it('turns a box into a range of time and duration', () => {
    const brush = brushOf(g, { x0: plot.x0, y0: plot.y0 + 20, x1: (plot.x0 + plot.x1) / 2, y1: plot.y1 - 20 });
    expect(brush?.from).toBe('1700000000000000000');
    expect(brush?.to).toBe('1700000050000000000');
    expect(brush?.minNs).toBeGreaterThan(1e6);
    expect(brush?.maxNs).toBeLessThan(1.024e9);
  });
  it('keeps the thin side of a drag open, and a click is none', () => {
    expect(brushOf(g, { x0: 100, y0: 50, x1: 300, y1: 52 })).not.toHaveProperty('minNs');
    expect(brushOf(g, { x0: 100, y0: 50, x1: 103, y1: 120 })).not.toHaveProperty('from');
    expect(brushOf(g, { x0: 100, y0: 50, x1: 101, y1: 51 })).toBeUndefined();
  });
  it('joins rows until cells can be seen', () => {
    const group = rowGroup(g, overview, 6);
    expect(group).toBeGreaterThan(1);
    expect((g.y.at(1e6) - g.y.at(1.024e9)) / (80 / group)).toBeGreaterThanOrEqual(6);
  });
  it('finds the nearest dot', () => {
    const trace = { traceId: 'a', startNs: '1700000050000000000', durationNs: '32000000' } as never;
    expect(dotAt(g, [trace], g.xOf('1700000050000000000') + 4, g.y.at(32e6) - 4)).toBe(trace);
    expect(dotAt(g, [trace], 70, 20)).toBeUndefined();
  });
});
