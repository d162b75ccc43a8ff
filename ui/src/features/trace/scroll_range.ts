// SPDX-License-Identifier: Apache-2.0
// Which rows a scroll position shows. Browsers limit the height of an element, so very long lists are scrolled at a
// ratio: the scrolled height is capped and positions are converted.

export const ROW_HEIGHT = 24;
const MAX_HEIGHT = 15_000_000;

export interface ScrollRange {
  /** Height of the scrolled content in pixels. */
  readonly height: number;
  /** How many pixels of rows one scrolled pixel stands for. */
  readonly ratio: number;
}

export function scrollRange(rowCount: number, viewHeight: number): ScrollRange {
  const full = rowCount * ROW_HEIGHT;
  if (full <= MAX_HEIGHT) return { height: full, ratio: 1 };
  return { height: MAX_HEIGHT, ratio: (full - viewHeight) / (MAX_HEIGHT - viewHeight) };
}

/** Rows [first, last) that are in sight, and one more on each side. */
export function rowsInSight(
  range: ScrollRange,
  scrollTop: number,
  viewHeight: number,
  rowCount: number,
): { readonly first: number; readonly last: number } {
  const top = scrollTop * range.ratio;
  const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - 1);
  return { first, last: Math.min(rowCount, Math.ceil((top + viewHeight) / ROW_HEIGHT) + 1) };
}

/** Where a row stands in the scrolled content. */
export function rowTop(range: ScrollRange, scrollTop: number, row: number): number {
  return range.ratio === 1 ? row * ROW_HEIGHT : row * ROW_HEIGHT - scrollTop * range.ratio + scrollTop;
}

/** The scroll position that puts a row into sight, or undefined when it is. */
export function scrollTo(range: ScrollRange, scrollTop: number, viewHeight: number, row: number): number | undefined {
  const top = row * ROW_HEIGHT;
  const seen = scrollTop * range.ratio;
  if (top >= seen + ROW_HEIGHT && top + 2 * ROW_HEIGHT <= seen + viewHeight) return undefined;
  const far = top < seen - viewHeight || top > seen + 2 * viewHeight;
  const wanted = far
    ? top - viewHeight / 2
    : top < seen + ROW_HEIGHT
      ? top - ROW_HEIGHT
      : top + 2 * ROW_HEIGHT - viewHeight;
  return Math.max(0, wanted) / range.ratio;
}
