// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { href, navigate } from '../../base/router';
import { sampleTrace } from './sample_trace';
import { useUrlSync } from './url_sync';
import { TraceView } from './view';

let host: HTMLElement;
let view: TraceView;

function Synced() {
  useUrlSync(view);
  return null;
}

beforeEach(async () => {
  vi.useFakeTimers();
  host = document.createElement('div');
  view = new TraceView(sampleTrace([0, 1, 2, 2, 1, 0]));
  navigate(href(['trace', view.columns.traceId]));
  await act(() => render(<Synced />, host));
  vi.advanceTimersByTime(1000);
});

afterEach(() => {
  render(null, host);
  vi.useRealTimers();
});

it('writes a single change at once', () => {
  view.detailsClosed.value = true;
  expect(location.search).toContain('d=0');
});

it('writes a drag when it begins and when it rests', () => {
  view.setZoom({ from: 10, to: 50 });
  const begun = location.search;
  expect(begun).toContain('z=');
  for (let to = 49; to > 40; to--) {
    vi.advanceTimersByTime(20);
    view.setZoom({ from: 10, to });
  }
  expect(location.search).toBe(begun);
  vi.advanceTimersByTime(1000);
  expect(location.search).toContain('41');
});
