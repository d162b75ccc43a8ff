// SPDX-License-Identifier: Apache-2.0
import { effect, useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { palette } from '../../base/theme';
import { useDragZoom, useWheelZoom } from './pointer_zoom';
import { RowsView } from './rows_view';
import { TimeAxis } from './time_axis';
import { NO_SPAN, rowOf } from './tree';
import type { TraceView } from './view';
import './waterfall.css';

interface WaterfallProps {
  readonly view: TraceView;
  readonly onActivate: () => void;
}

interface Widths {
  readonly name: number;
  readonly time: number;
}

/** Makes the rows together with what is around them, so that they share its first frame, and rewrites them after any change of what they show. */
function useRows(
  view: TraceView,
  parts: () => { scroller: HTMLElement; body: HTMLElement; head: HTMLElement } | undefined,
  onWidths: (widths: Widths) => void,
) {
  const rows = useRef<RowsView | undefined>(undefined);
  const measure = (): boolean => {
    const found = parts();
    const [name, time] = found ? [...found.head.children] : [];
    if (!name || !time) return false;
    const widths = { name: name.clientWidth, time: time.clientWidth };
    if (!rows.current?.measure(widths.name, widths.time)) return false;
    onWidths(widths);
    return true;
  };
  useLayoutEffect(() => {
    const found = parts();
    if (!found) return undefined;
    found.body.replaceChildren();
    rows.current = new RowsView(view, found.scroller, found.body, palette.value);
    measure();
    const stop = effect(() => {
      void [view.rows.value, view.zoom.value, view.selected.value, view.matches.value];
      rows.current?.refresh();
    });
    const observer = new ResizeObserver(() => {
      if (measure()) rows.current?.refresh();
    });
    observer.observe(found.scroller);
    return () => {
      observer.disconnect();
      stop();
    };
  }, [view, palette.value]);
  useLayoutEffect(
    () =>
      effect(() => {
        if (view.reveal.value === 0 || view.selected.peek() === NO_SPAN) return;
        rows.current?.bringIntoSight(rowOf(view.rows.peek(), view.selected.peek()));
      }),
    [view],
  );
  return rows;
}

export function Waterfall({ view, onActivate }: WaterfallProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const widths = useSignal<Widths>({ name: 0, time: 1 });
  const rows = useRows(
    view,
    () =>
      scroller.current && body.current && head.current
        ? { scroller: scroller.current, body: body.current, head: head.current }
        : undefined,
    (next) => {
      widths.value = next;
    },
  );
  const drag = useDragZoom(view, () => widths.value);
  useWheelZoom(scroller, view, () => widths.value);
  const click = (event: MouseEvent): void => {
    if (!(event.target instanceof Element) || drag.wasDrag()) return;
    const span = rows.current?.spanAt(event.target) ?? NO_SPAN;
    if (span === NO_SPAN) return;
    if (event.target.classList.contains('wf-twist')) view.toggle(span);
    else {
      view.selected.value = span;
      onActivate();
    }
  };
  const total = view.rows.value.length;
  return (
    <div class="wf">
      <div
        ref={scroller}
        class="wf-scroller"
        role="treegrid"
        tabIndex={0}
        aria-label="Spans"
        aria-rowcount={total + 1}
        aria-colcount={2}
        onScroll={() => rows.current?.scrolled()}
        onClick={click}
        {...drag.handlers}
        onDblClick={(event) => {
          if (event.target instanceof Element && event.target.closest('.wf-time')) view.zoomToSelected();
        }}
      >
        <div role="row" ref={head} class="wf-head" aria-rowindex={1}>
          <div role="columnheader">Service and operation</div>
          <div role="columnheader" class="wf-axis">
            <span class="visually-hidden">Time and duration</span>
            <TimeAxis zoom={view.zoom.value} width={widths.value.time} />
          </div>
        </div>
        <div ref={body} class="wf-body" role="rowgroup" />
      </div>
      <div
        class="wf-overlay"
        style={{ transform: `translateX(${widths.value.name}px)`, width: `${widths.value.time}px` }}
      >
        <TimeAxis zoom={view.zoom.value} width={widths.value.time} lines />
        {drag.mark.value && (
          <div
            class="wf-drag"
            style={{
              transform: `translateX(${drag.mark.value.from}px)`,
              width: `${drag.mark.value.to - drag.mark.value.from}px`,
            }}
          />
        )}
      </div>
    </div>
  );
}
