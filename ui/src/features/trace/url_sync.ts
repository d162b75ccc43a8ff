// SPDX-License-Identifier: Apache-2.0
import { effect, untracked } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { href, navigate, route } from '../../base/router';
import { readTraceUrl, writeTraceUrl } from './url_state';
import type { TraceView } from './view';

/**
 * Browsers refuse hundreds of URL changes a second; a drag makes as many. A single change is written at once: one that
 * is written while the browser goes back would call it off.
 */
const QUIET_MS = 200;

/** Keeps the URL and the view in step, both ways. Adjustments replace the history entry; links add one. */
export function useUrlSync(view: TraceView): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let changed = performance.now();
    let written = location.search;
    const write = (to: string): void => {
      if (to === location.pathname + location.search) return;
      written = new URL(to, location.origin).search;
      navigate(to, { replace: true });
    };
    const stopWriting = effect(() => {
      const to = href(['trace', view.columns.traceId], writeTraceUrl(view.state()));
      const quiet = performance.now() - changed;
      changed += quiet;
      clearTimeout(timer);
      if (quiet >= QUIET_MS) untracked(() => write(to));
      else timer = setTimeout(write, QUIET_MS, to);
    });
    const stopReading = effect(() => {
      const { params, path } = route.value;
      if (location.search === written || path[1] !== view.columns.traceId) return;
      written = location.search;
      view.apply(readTraceUrl(params));
    });
    return () => {
      clearTimeout(timer);
      stopWriting();
      stopReading();
    };
  }, [view]);
}
