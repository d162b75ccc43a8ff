// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { sampleTrace } from './sample_trace';
import { readTraceUrl, writeTraceUrl } from './url_state';
import { TraceView } from './view';

const open = (): TraceView => new TraceView(sampleTrace([0, 1, 2, 2, 1, 0], { 3: 1 }));

describe('an open trace', () => {
  it('steps through visible rows only', () => {
    const view = open();
    view.step(1);
    expect(view.selected.value).toBe(0);
    view.step(1);
    view.foldOrParent();
    expect([...view.rows.value]).toEqual([0, 1, 4, 5]);
    view.step(1);
    expect(view.selected.value).toBe(4);
    view.step(Infinity);
    expect(view.selected.value).toBe(5);
  });

  it('goes left to the parent and right to the child', () => {
    const view = open();
    view.goTo(3);
    view.foldOrParent();
    expect(view.selected.value).toBe(1);
    view.unfoldOrChild();
    expect(view.selected.value).toBe(2);
  });

  it('unfolds to the next error', () => {
    const view = open();
    view.foldAll();
    view.nextError(1);
    expect(view.selected.value).toBe(3);
    expect([...view.rows.value]).toContain(3);
  });

  it('keeps the selection in sight when its parent is folded', () => {
    const view = open();
    view.goTo(3);
    view.foldAll();
    expect(view.selected.value).toBe(0);
  });

  it('changes one level at a time', () => {
    const view = open();
    view.shiftLevel(-1);
    expect([...view.rows.value]).toEqual([0, 1, 4, 5]);
    view.shiftLevel(-1);
    expect([...view.rows.value]).toEqual([0, 5]);
    view.shiftLevel(1);
    view.shiftLevel(1);
    expect(view.rows.value).toHaveLength(6);
  });

  it('leaves "only matches" when a hidden span is wanted, not when an ancestor is stepped on', () => {
    const view = open();
    view.find.value = 'error';
    view.only.value = true;
    expect([...view.rows.value]).toEqual([0, 1, 3]);
    view.step(1);
    expect(view.only.value).toBe(true);
    view.goTo(5);
    expect(view.only.value).toBe(false);
  });

  it('comes back from its URL', () => {
    const view = open();
    view.foldAll();
    view.goTo(3);
    view.toggle(0);
    view.toggle(0);
    view.setZoom({ from: 10, to: 40 });
    const query = new URLSearchParams(
      Object.entries(writeTraceUrl(view.state())).flatMap(([key, value]) => (value ? [[key, value]] : [])),
    );
    const again = open();
    again.apply(readTraceUrl(query));
    expect([...again.rows.value]).toEqual([...view.rows.value]);
    expect(again.selected.value).toBe(3);
    expect(again.zoom.value).toEqual({ from: 10, to: 40 });
  });
});
