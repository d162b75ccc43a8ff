// SPDX-License-Identifier: Apache-2.0
// Where things are in the latency picture: time to the right, duration upwards (logarithmic).
import type { Overview, TraceSummary } from '../../api/types';
import { type LogScale, logScale } from '../../base/scale';
import { minusNs, plusNs } from '../../base/time';

export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export interface LatencyGeometry {
  readonly plot: Box;
  readonly fromNs: string;
  readonly lengthNs: number;
  readonly y: LogScale;
  readonly xOf: (ns: string) => number;
}

/** On the right stand the percentiles' names, beside the newest traces instead of over them. */
const MARGIN = { left: 58, right: 80, top: 10, bottom: 34 };
/** The plot is at least so many times higher at the top than at the bottom. */
const LEAST_SPREAD = 6;
/** Under the plot: how high the strip of error marks is. */
export const ERROR_STRIP = 10;

export function latencyGeometry(overview: Overview, width: number, height: number): LatencyGeometry {
  const plot: Box = {
    x0: MARGIN.left,
    y0: MARGIN.top,
    x1: Math.max(MARGIN.left + 1, width - MARGIN.right),
    y1: height - MARGIN.bottom,
  };
  const lengthNs = Math.max(1, Number(overview.stepNs) * overview.columns);
  const first = Number(overview.rowBoundsNs[0] ?? 1e6);
  const last = Number(overview.rowBoundsNs.at(-1) ?? 1e9);
  const spread = Math.max(1, Math.sqrt(LEAST_SPREAD / Math.max(1, last / Math.max(1, first))));
  const { fromNs } = overview;
  return {
    plot,
    fromNs,
    lengthNs,
    y: logScale(Math.max(1, first / spread), last * spread, plot.y1, plot.y0),
    xOf: (ns) => plot.x0 + (minusNs(ns, fromNs) / lengthNs) * (plot.x1 - plot.x0),
  };
}

export interface Brush {
  readonly from?: string;
  readonly to?: string;
  readonly minNs?: number;
  readonly maxNs?: number;
}

const THIN = 8;

/** What a drag selects. A thin drag leaves its thin dimension open; less than that is a click: undefined. */
export function brushOf(geometry: LatencyGeometry, drag: Box): Brush | undefined {
  const { plot, lengthNs, fromNs, y } = geometry;
  const wide = Math.abs(drag.x1 - drag.x0) >= THIN;
  const high = Math.abs(drag.y1 - drag.y0) >= THIN;
  if (!wide && !high) return undefined;
  const time = (x: number): string =>
    plusNs(fromNs, ((Math.min(plot.x1, Math.max(plot.x0, x)) - plot.x0) / (plot.x1 - plot.x0)) * lengthNs);
  const bottom = Math.max(drag.y0, drag.y1);
  const top = Math.min(drag.y0, drag.y1);
  return {
    ...(wide ? { from: time(Math.min(drag.x0, drag.x1)), to: time(Math.max(drag.x0, drag.x1)) } : {}),
    ...(high && bottom < plot.y1 ? { minNs: y.invert(bottom) } : {}),
    ...(high && top > plot.y0 ? { maxNs: y.invert(top) } : {}),
  };
}

export function dotAt(
  geometry: LatencyGeometry,
  traces: readonly TraceSummary[],
  x: number,
  y: number,
): TraceSummary | undefined {
  let best: TraceSummary | undefined;
  let nearest = 100;
  for (const trace of traces) {
    const dx = geometry.xOf(trace.startNs) - x;
    const dy = geometry.y.at(Number(trace.durationNs)) - y;
    if (dx * dx + dy * dy < nearest) {
      nearest = dx * dx + dy * dy;
      best = trace;
    }
  }
  return best;
}

/** How many rows of the overview make one row of the picture, so that a cell is at least `minPixels` high. */
export function rowGroup(geometry: LatencyGeometry, overview: Overview, minPixels: number): number {
  const rows = overview.rowBoundsNs.length - 1;
  if (rows < 1) return 1;
  const pixels = geometry.y.at(Number(overview.rowBoundsNs[0])) - geometry.y.at(Number(overview.rowBoundsNs[rows]));
  return Math.max(1, Math.ceil((minPixels * rows) / Math.max(1, pixels)));
}
