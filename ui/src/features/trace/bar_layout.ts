// SPDX-License-Identifier: Apache-2.0
// Where a span's bar and its label stand, in pixels of the time column.
import type { Zoom } from './url_state';

export interface BarLayout {
  readonly left: number;
  readonly width: number;
  readonly labelLeft: number;
  /** The label covers the bar, as when the bar fills the column. */
  readonly inside: boolean;
  /** The span lies outside the window of time. */
  readonly hidden: boolean;
}

const MIN_WIDTH = 2;
const GAP = 6;

export function layoutBar(start: number, duration: number, zoom: Zoom, width: number, labelWidth: number): BarLayout {
  const scale = width / (zoom.to - zoom.from);
  const x0 = (start - zoom.from) * scale;
  const x1 = x0 + duration * scale;
  if (x1 < 0 || x0 > width) {
    return { left: 0, width: 0, labelLeft: x1 < 0 ? GAP : width - labelWidth - GAP, inside: false, hidden: true };
  }
  const left = Math.min(Math.max(0, x0), width - MIN_WIDTH);
  const right = Math.max(left + MIN_WIDTH, Math.min(width, x1));
  if (right + GAP + labelWidth <= width)
    return { left, width: right - left, labelLeft: right + GAP, inside: false, hidden: false };
  if (left - GAP - labelWidth >= 0)
    return { left, width: right - left, labelLeft: left - GAP - labelWidth, inside: false, hidden: false };
  return { left, width: right - left, labelLeft: width - labelWidth - GAP, inside: true, hidden: false };
}

/** Pixels of indentation per level, so that the deepest span still leaves room for its name. */
export function indentStep(depth: number, columnWidth: number): number {
  return Math.max(2, Math.min(14, Math.floor((columnWidth * 0.4) / Math.max(1, depth))));
}
