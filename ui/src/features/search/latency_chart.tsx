// SPDX-License-Identifier: Apache-2.0
import { useSignal } from '@preact/signals';
import { useCallback, useRef } from 'preact/hooks';
import type { Overview, TraceSummary } from '../../api/types';
import { groupDigits } from '../../base/digits';
import { formatDuration } from '../../base/duration';
import { href, navigate } from '../../base/router';
import { palette } from '../../base/theme';
import { formatClock, msOf } from '../../base/time';
import { Canvas } from '../../widgets/canvas';
import './latency_chart.css';
import { type Box, type Brush, type LatencyGeometry, brushOf, dotAt, latencyGeometry } from './latency_geometry';
import { paintLatency } from './latency_paint';
import { OverviewTable } from './overview_table';

interface LatencyChartProps {
  readonly overview: Overview;
  /** Set when dots are wanted. */
  readonly dots: readonly TraceSummary[] | undefined;
  readonly onBrush: (brush: Brush) => void;
}

function hoverText(g: LatencyGeometry, dots: readonly TraceSummary[] | undefined, x: number, y: number): string {
  const dot = dots && dotAt(g, dots, x, y);
  if (dot)
    return `${dot.rootService} ${dot.rootOperation}: ${formatDuration(Number(dot.durationNs))}, ${dot.errorCount} errors`;
  const ms = msOf(g.fromNs) + ((x - g.plot.x0) / (g.plot.x1 - g.plot.x0)) * (g.lengthNs / 1e6);
  return `${formatClock(ms)} · ${formatDuration(g.y.invert(y))}`;
}

function label(overview: Overview, dots: boolean): string {
  const n = groupDigits(Number(overview.traceCount));
  return (
    `${dots ? 'Scatter plot' : 'Heat map'} of ${n} traces by start time and duration; half take at most ${formatDuration(Number(overview.p50Ns))}, ` +
    `99 % at most ${formatDuration(Number(overview.p99Ns))}, ${overview.errorCount} with errors`
  );
}

/** The latency picture. Drag selects a range of time and duration; a click on a dot opens its trace. */
export function LatencyChart({ overview, dots, onBrush }: LatencyChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const drag = useSignal<Box | undefined>(undefined);
  const hover = useSignal('');
  const colours = palette.value;
  const paint = useCallback(
    (c: CanvasRenderingContext2D, w: number, h: number) => paintLatency(c, w, h, { overview, dots, palette: colours }),
    [overview, dots, colours],
  );
  const place = (event: PointerEvent): { x: number; y: number; g: LatencyGeometry } => {
    const box = event.currentTarget instanceof Element ? event.currentTarget.getBoundingClientRect() : new DOMRect();
    return {
      x: event.clientX - box.left,
      y: event.clientY - box.top,
      g: latencyGeometry(overview, box.width, box.height),
    };
  };
  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const { x, y } = place(event);
    host.current?.setPointerCapture(event.pointerId);
    drag.value = { x0: x, y0: y, x1: x, y1: y };
  };
  const move = (event: PointerEvent): void => {
    const { x, y, g } = place(event);
    if (drag.value) drag.value = { ...drag.value, x1: x, y1: y };
    hover.value = x >= g.plot.x0 && x <= g.plot.x1 && y <= g.plot.y1 ? hoverText(g, dots, x, y) : '';
  };
  const up = (event: PointerEvent): void => {
    const { x, y, g } = place(event);
    const box = drag.value;
    drag.value = undefined;
    if (!box) return;
    const brush = brushOf(g, box);
    const dot = dots && dotAt(g, dots, x, y);
    if (brush) onBrush(brush);
    else if (dot) navigate(href(['trace', dot.traceId]));
  };
  const d = drag.value;
  const mark = d && {
    transform: `translate(${Math.min(d.x0, d.x1)}px, ${Math.min(d.y0, d.y1)}px)`,
    width: `${Math.abs(d.x1 - d.x0)}px`,
    height: `${Math.abs(d.y1 - d.y0)}px`,
  };
  return (
    <figure class="latency">
      <div
        ref={host}
        class="latency-plot"
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={() => {
          drag.value = undefined;
        }}
        onPointerLeave={() => {
          hover.value = '';
        }}
      >
        <Canvas class="latency-canvas" paint={paint} label={label(overview, dots !== undefined)} />
        {mark && <div class="latency-brush" style={mark} />}
      </div>
      <figcaption class="latency-hover">{hover.value || 'Drag to select a range of time and duration.'}</figcaption>
      <OverviewTable overview={overview} />
    </figure>
  );
}
