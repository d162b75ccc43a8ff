// SPDX-License-Identifier: Apache-2.0
// Zoom and pan with the pointer: drag over the bars selects a window, ctrl + wheel zooms, shift or sideways wheel pans.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { TraceView } from './view';

interface Widths {
  readonly name: number;
  readonly time: number;
}

interface Mark {
  readonly from: number;
  readonly to: number;
}

const MIN_DRAG = 5;

export function useDragZoom(view: TraceView, widths: () => Widths) {
  const start = useRef<number | undefined>(undefined);
  const dragged = useRef(false);
  const mark = useSignal<Mark | undefined>(undefined);
  const xOf = (event: PointerEvent): number => {
    const left = event.currentTarget instanceof Element ? event.currentTarget.getBoundingClientRect().left : 0;
    return Math.min(widths().time, Math.max(0, event.clientX - left - widths().name));
  };
  const down = (event: PointerEvent): void => {
    dragged.current = false;
    const inTime = event.target instanceof Element && event.target.closest('.wf-time, .wf-axis');
    if (event.button !== 0 || event.pointerType === 'touch' || !inTime) return;
    start.current = xOf(event);
  };
  const move = (event: PointerEvent): void => {
    if (start.current === undefined) return;
    const x = xOf(event);
    if (!mark.value && Math.abs(x - start.current) < MIN_DRAG) return;
    if (!mark.value && event.currentTarget instanceof Element) event.currentTarget.setPointerCapture(event.pointerId);
    dragged.current = true;
    mark.value = { from: Math.min(x, start.current), to: Math.max(x, start.current) };
  };
  const up = (): void => {
    const box = mark.value;
    start.current = undefined;
    mark.value = undefined;
    if (!box || box.to - box.from < MIN_DRAG) return;
    const zoom = view.zoom.value;
    const scale = (zoom.to - zoom.from) / widths().time;
    view.setZoom({ from: zoom.from + box.from * scale, to: zoom.from + box.to * scale });
  };
  const cancel = (): void => {
    start.current = undefined;
    mark.value = undefined;
  };
  return {
    mark,
    wasDrag: () => dragged.current,
    handlers: { onPointerDown: down, onPointerMove: move, onPointerUp: up, onPointerCancel: cancel },
  };
}

export function useWheelZoom(
  host: { readonly current: HTMLElement | null },
  view: TraceView,
  widths: () => Widths,
): void {
  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const onWheel = (event: WheelEvent): void => {
      const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      if (event.ctrlKey) {
        const x = event.clientX - element.getBoundingClientRect().left - widths().name;
        view.zoomBy(
          Math.exp(Math.max(-1, Math.min(1, event.deltaY / 240))),
          Math.min(1, Math.max(0, x / widths().time)),
        );
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        view.pan(sideways / Math.max(1, widths().time));
      } else {
        return;
      }
      event.preventDefault();
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [view]);
}
