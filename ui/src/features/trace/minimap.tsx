// SPDX-License-Identifier: Apache-2.0
import { useCallback, useRef } from 'preact/hooks';
import { palette } from '../../base/theme';
import { Canvas } from '../../widgets/canvas';
import './minimap.css';
import { paintMinimap } from './minimap_paint';
import type { Zoom } from './url_state';
import type { TraceView } from './view';
import { isWhole } from './zoom';

interface MinimapProps {
  readonly view: TraceView;
}

type Grip = 'from' | 'to' | 'both' | 'new';

interface Drag {
  readonly grip: Grip;
  readonly at: number;
  readonly zoom: Zoom;
}

const GRIP_PIXELS = 7;

function gripAt(x: number, from: number, to: number, whole: boolean): Grip {
  if (Math.abs(x - from) <= GRIP_PIXELS) return 'from';
  if (Math.abs(x - to) <= GRIP_PIXELS) return 'to';
  return !whole && x > from && x < to ? 'both' : 'new';
}

function moved({ grip, at, zoom }: Drag, now: number): Zoom {
  if (grip === 'both') return { from: zoom.from + now - at, to: zoom.to + now - at };
  const fixed = grip === 'from' ? zoom.to : grip === 'to' ? zoom.from : at;
  return { from: Math.min(fixed, now), to: Math.max(fixed, now) };
}

/** The whole trace, small, with the window of time that the waterfall shows. */
export function Minimap({ view }: MinimapProps) {
  const drag = useRef<Drag | undefined>(undefined);
  const total = Math.max(1, view.columns.durationNs);
  const colours = palette.value;
  const matches = view.matches.value?.mask;
  const paint = useCallback(
    (c: CanvasRenderingContext2D, w: number, h: number) => paintMinimap(c, w, h, view.columns, matches, colours),
    [view, matches, colours],
  );
  const zoom = view.zoom.value;
  const place = (event: PointerEvent): { x: number; width: number } => {
    const box = event.currentTarget instanceof Element ? event.currentTarget.getBoundingClientRect() : new DOMRect();
    return { x: Math.min(box.width, Math.max(0, event.clientX - box.left)), width: Math.max(1, box.width) };
  };
  const down = (event: PointerEvent): void => {
    if (event.button !== 0 || !(event.currentTarget instanceof Element)) return;
    const { x, width } = place(event);
    event.currentTarget.setPointerCapture(event.pointerId);
    const grip = gripAt(x, (zoom.from / total) * width, (zoom.to / total) * width, isWhole(zoom, total));
    drag.current = { grip, at: (x / width) * total, zoom };
  };
  const move = (event: PointerEvent): void => {
    if (!drag.current) return;
    const { x, width } = place(event);
    const next = moved(drag.current, (x / width) * total);
    if (next.to - next.from > (2 / width) * total) view.setZoom(next);
  };
  const end = (): void => {
    drag.current = undefined;
  };
  const left = `${(zoom.from / total) * 100}%`;
  const right = `${(1 - zoom.to / total) * 100}%`;
  return (
    <div
      class="minimap"
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
      onDblClick={() => view.setZoom(view.whole())}
    >
      <Canvas
        class="minimap-canvas"
        paint={paint}
        label={`Overview of ${view.columns.spanCount} spans; ${view.facts.errors} with errors`}
      />
      <div class="minimap-shade" style={{ left: 0, width: left }} />
      <div class="minimap-shade" style={{ right: 0, width: right }} />
      <div class="minimap-window" style={{ left, right }} />
    </div>
  );
}
