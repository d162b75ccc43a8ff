// SPDX-License-Identifier: Apache-2.0
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { TraceSummary } from '../../api/types';
import { palette } from '../../base/theme';
import './result_list.css';
import { ResultRow } from './result_row';

interface ResultListProps {
  readonly traces: readonly TraceSummary[];
  /** Set by j and k: the row that gets the focus. */
  readonly active: number;
}

const OVERSCAN = 6;
const ROW = { wide: 52, narrow: 84 };

/** Which rows of the list the window shows. All rows have one height, so it is arithmetic. */
function useVisibleRows(host: { readonly current: HTMLElement | null }, count: number, rowHeight: number) {
  const range = useSignal({ first: 0, last: 30 });
  useEffect(() => {
    const update = (): void => {
      const top = host.current?.getBoundingClientRect().top ?? 0;
      const first = Math.max(0, Math.floor(-top / rowHeight) - OVERSCAN);
      const last = Math.min(count, Math.ceil((innerHeight - top) / rowHeight) + OVERSCAN);
      if (first !== range.peek().first || last !== range.peek().last) range.value = { first, last };
    };
    update();
    addEventListener('scroll', update, { passive: true });
    addEventListener('resize', update);
    return () => {
      removeEventListener('scroll', update);
      removeEventListener('resize', update);
    };
  }, [count, rowHeight]);
  return range.value;
}

function useNarrow(): boolean {
  const query = useRef(matchMedia('(max-width: 700px)'));
  const narrow = useSignal(query.current.matches);
  useEffect(() => {
    const update = (event: MediaQueryListEvent): void => {
      narrow.value = event.matches;
    };
    query.current.addEventListener('change', update);
    return () => query.current.removeEventListener('change', update);
  }, []);
  return narrow.value;
}

export function ResultList({ traces, active }: ResultListProps) {
  const host = useRef<HTMLOListElement>(null);
  const rowHeight = useNarrow() ? ROW.narrow : ROW.wide;
  const { first, last } = useVisibleRows(host, traces.length, rowHeight);
  useEffect(() => {
    if (active < 0 || !host.current) return;
    const y = host.current.getBoundingClientRect().top + active * rowHeight;
    if (y < 60 || y + rowHeight > innerHeight) scrollBy({ top: y - innerHeight / 2 });
    requestAnimationFrame(() => host.current?.querySelector<HTMLElement>(`[data-position="${active}"]`)?.focus());
  }, [active]);
  const longestNs = traces.reduce((most, trace) => Math.max(most, Number(trace.durationNs)), 1);
  const nowMs = Date.now();
  return (
    <ol
      ref={host}
      class="result-list"
      style={{ height: `${traces.length * rowHeight}px`, paddingTop: `${first * rowHeight}px` }}
    >
      {traces.slice(first, last).map((trace, i) => (
        <ResultRow
          key={trace.traceId}
          trace={trace}
          position={first + i}
          total={traces.length}
          longestNs={longestNs}
          nowMs={nowMs}
          palette={palette.value}
        />
      ))}
    </ol>
  );
}
