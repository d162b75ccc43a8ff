// SPDX-License-Identifier: Apache-2.0
// Arithmetic of the time window.
import type { Zoom } from './url_state';

/** The shortest window: beyond that, columns have no more to tell. */
const MIN_NS = 10;

export function clampZoom(zoom: Zoom, totalNs: number): Zoom {
  const total = Math.max(totalNs, MIN_NS);
  const length = Math.min(total, Math.max(MIN_NS, zoom.to - zoom.from));
  const from = Math.min(Math.max(0, zoom.from), total - length);
  return { from, to: from + length };
}

/** Zooms by `factor` (below 1: in) and keeps the moment at `share` of the window where it is. */
export function zoomAt(zoom: Zoom, factor: number, share: number, totalNs: number): Zoom {
  const length = zoom.to - zoom.from;
  const next = Math.min(Math.max(MIN_NS, length * factor), Math.max(totalNs, MIN_NS));
  const anchor = zoom.from + length * share;
  return clampZoom({ from: anchor - next * share, to: anchor + next * (1 - share) }, totalNs);
}

export function panBy(zoom: Zoom, share: number, totalNs: number): Zoom {
  const by = (zoom.to - zoom.from) * share;
  return clampZoom({ from: zoom.from + by, to: zoom.to + by }, totalNs);
}

/** A window around a span, with some room on both sides. */
export function zoomToSpan(start: number, duration: number, totalNs: number): Zoom {
  const room = Math.max(duration * 0.08, MIN_NS / 2);
  return clampZoom({ from: start - room, to: start + duration + room }, totalNs);
}

export const isWhole = (zoom: Zoom, totalNs: number): boolean => zoom.to - zoom.from >= totalNs * 0.999999;
