// SPDX-License-Identifier: Apache-2.0
// Draws the latency picture: axes, heat map or dots, percentile lines, error marks.
import type { Overview, TraceSummary } from '../../api/types';
import { formatDuration, formatTick } from '../../base/duration';
import type { Palette } from '../../base/palette';
import { clockTicks, logTicks } from '../../base/scale';
import { formatClock, formatDay, msOf } from '../../base/time';
import { ERROR_STRIP, type LatencyGeometry, latencyGeometry, rowGroup } from './latency_geometry';

export interface LatencyPicture {
  readonly overview: Overview;
  /** Dots instead of the heat map. */
  readonly dots: readonly TraceSummary[] | undefined;
  readonly palette: Palette;
}

const FONT = '11px system-ui, sans-serif';
const MIN_CELL = 6;
const LABEL_HEIGHT = 14;
/** Half the width of the mark of a trace with errors. */
const DIAMOND = 4.5;

function paintAxes(c: CanvasRenderingContext2D, g: LatencyGeometry, palette: Palette): void {
  const { plot, y } = g;
  c.font = FONT;
  c.lineWidth = 1;
  c.strokeStyle = palette.line;
  c.fillStyle = palette.muted;
  c.textAlign = 'right';
  c.textBaseline = 'middle';
  for (const tick of logTicks(y.low, y.high)) {
    const at = Math.round(y.at(tick)) + 0.5;
    c.beginPath();
    c.moveTo(plot.x0, at);
    c.lineTo(plot.x1, at);
    c.stroke();
    if (plot.y1 - at > LABEL_HEIGHT / 2) c.fillText(formatTick(tick), plot.x0 - 6, at);
  }
  c.textAlign = 'center';
  c.textBaseline = 'alphabetic';
  const fromMs = msOf(g.fromNs);
  const toMs = fromMs + g.lengthNs / 1e6;
  const long = toMs - fromMs > 86_400_000 * 1.5;
  const short = toMs - fromMs < 600_000;
  for (const tick of clockTicks(fromMs, toMs, (plot.x1 - plot.x0) / 90)) {
    const x = plot.x0 + ((tick - fromMs) / (toMs - fromMs)) * (plot.x1 - plot.x0);
    const text = long ? formatDay(tick).replace(/,? \d{4}/, '') : formatClock(tick).slice(0, short ? 8 : 5);
    if (x > plot.x0 + 14 && x < plot.x1 - 14) c.fillText(text, x, plot.y1 + ERROR_STRIP + 16);
  }
}

function paintHeat(c: CanvasRenderingContext2D, g: LatencyGeometry, overview: Overview, palette: Palette): void {
  const group = rowGroup(g, overview, MIN_CELL);
  const bounds = overview.rowBoundsNs;
  const counts = new Map<number, number>();
  let most = 1;
  for (const [column, row, count] of overview.cells) {
    const key = column * 65536 + Math.floor(row / group);
    const sum = (counts.get(key) ?? 0) + count;
    counts.set(key, sum);
    most = Math.max(most, sum);
  }
  const cellWidth = (g.plot.x1 - g.plot.x0) / overview.columns;
  const steps = palette.heat.length - 1;
  for (const [key, count] of counts) {
    const column = key >> 16;
    const row = (key & 65535) * group;
    const bottom = Math.round(g.y.at(Number(bounds[row])));
    const top = Math.round(g.y.at(Number(bounds[Math.min(bounds.length - 1, row + group)])));
    const x = Math.round(g.plot.x0 + column * cellWidth);
    c.fillStyle =
      palette.heat[most === 1 ? 4 : Math.round((Math.log(count) / Math.log(most)) * steps)] ?? palette.accent;
    c.fillRect(
      x,
      top,
      Math.max(2, Math.round(g.plot.x0 + (column + 1) * cellWidth) - x - 1),
      Math.max(2, bottom - top - 1),
    );
  }
}

function paintDots(
  c: CanvasRenderingContext2D,
  g: LatencyGeometry,
  dots: readonly TraceSummary[],
  palette: Palette,
): void {
  c.fillStyle = palette.accent;
  c.globalAlpha = 0.55;
  for (const trace of dots) {
    if (trace.errorCount > 0) continue;
    c.beginPath();
    c.arc(g.xOf(trace.startNs), g.y.at(Number(trace.durationNs)), 3.5, 0, Math.PI * 2);
    c.fill();
  }
  c.globalAlpha = 1;
  c.fillStyle = palette.error;
  c.strokeStyle = palette.background;
  for (const trace of dots) {
    if (trace.errorCount === 0) continue;
    const x = g.xOf(trace.startNs);
    const y = g.y.at(Number(trace.durationNs));
    c.beginPath();
    c.moveTo(x, y - DIAMOND);
    c.lineTo(x + DIAMOND, y);
    c.lineTo(x, y + DIAMOND);
    c.lineTo(x - DIAMOND, y);
    c.closePath();
    c.fill();
    c.stroke();
  }
}

function paintPercentiles(c: CanvasRenderingContext2D, g: LatencyGeometry, overview: Overview, palette: Palette): void {
  c.textBaseline = 'middle';
  c.textAlign = 'left';
  let free = g.plot.y0;
  for (const [name, ns] of [
    ['p99', overview.p99Ns],
    ['p95', overview.p95Ns],
    ['p50', overview.p50Ns],
  ] as const) {
    const at = Math.round(g.y.at(Number(ns))) + 0.5;
    c.strokeStyle = palette.text;
    c.globalAlpha = 0.6;
    c.setLineDash(name === 'p50' ? [] : name === 'p95' ? [6, 4] : [2, 3]);
    c.beginPath();
    c.moveTo(g.plot.x0, at);
    c.lineTo(g.plot.x1, at);
    c.stroke();
    c.globalAlpha = 1;
    c.setLineDash([]);
    const label = Math.max(at, free);
    free = label + LABEL_HEIGHT;
    c.fillStyle = palette.text;
    c.fillText(`${name} ${formatDuration(Number(ns))}`, g.plot.x1 + 7, label);
  }
}

function paintErrors(c: CanvasRenderingContext2D, g: LatencyGeometry, overview: Overview, palette: Palette): void {
  const most = Math.max(1, ...overview.errors);
  const cell = (g.plot.x1 - g.plot.x0) / overview.columns;
  c.fillStyle = palette.error;
  overview.errors.forEach((count, column) => {
    if (count === 0) return;
    const height = 3 + Math.round((count / most) * (ERROR_STRIP - 4));
    c.fillRect(Math.round(g.plot.x0 + column * cell), g.plot.y1 + 2, Math.max(2, Math.floor(cell) - 1), height);
  });
  c.strokeStyle = palette.line;
  c.beginPath();
  c.moveTo(g.plot.x0, g.plot.y1 + 0.5);
  c.lineTo(g.plot.x1, g.plot.y1 + 0.5);
  c.stroke();
  c.fillStyle = palette.muted;
  c.textAlign = 'right';
  c.textBaseline = 'middle';
  c.fillText('errors', g.plot.x0 - 6, g.plot.y1 + ERROR_STRIP / 2 + 1);
}

export function paintLatency(
  c: CanvasRenderingContext2D,
  width: number,
  height: number,
  picture: LatencyPicture,
): void {
  const { overview, dots, palette } = picture;
  const g = latencyGeometry(overview, width, height);
  c.clearRect(0, 0, width, height);
  paintAxes(c, g, palette);
  if (overview.traceCount === '0') return;
  paintErrors(c, g, overview, palette);
  if (dots) paintDots(c, g, dots, palette);
  else paintHeat(c, g, overview, palette);
  paintPercentiles(c, g, overview, palette);
}
