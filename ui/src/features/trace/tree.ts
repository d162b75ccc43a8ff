// SPDX-License-Identifier: Apache-2.0
// The shape of a trace over its columns: parents, what is folded, which rows show. Everything is a flat loop over
// pre-order; a folded span is left by one jump of its subtree size.
import type { TraceColumns } from '../../api/trace_columns';

export const NO_SPAN = -1;

/** Index of each span's parent, NO_SPAN for roots. */
export function parentsOf(columns: TraceColumns): Int32Array {
  const { depth, spanCount } = columns;
  const parent = new Int32Array(spanCount);
  const lastAt: number[] = [];
  for (let i = 0; i < spanCount; i++) {
    const level = depth[i] ?? 0;
    parent[i] = level === 0 ? NO_SPAN : (lastAt[level - 1] ?? NO_SPAN);
    lastAt[level] = i;
  }
  return parent;
}

/** What is folded: all spans at `level` and deeper, except that `flips` turns single spans the other way. */
export class Folding {
  level: number;
  readonly flips: Uint8Array;

  constructor(private readonly columns: TraceColumns) {
    this.level = Infinity;
    this.flips = new Uint8Array(columns.spanCount);
  }

  isFolded(i: number): boolean {
    if ((this.columns.subtree[i] ?? 1) <= 1) return false;
    return (this.columns.depth[i] ?? 0) >= this.level !== (this.flips[i] === 1);
  }

  toggle(i: number): void {
    this.flips[i] = this.flips[i] === 1 ? 0 : 1;
  }

  setFolded(i: number, folded: boolean): void {
    if (this.isFolded(i) !== folded) this.toggle(i);
  }

  setLevel(level: number): void {
    this.level = level;
    this.flips.fill(0);
  }
}

/** The spans that show, in order. `keep` restricts them; it must hold the ancestors of all that it holds. */
export function visibleRows(columns: TraceColumns, folding: Folding, keep?: Uint8Array): Uint32Array {
  const { subtree, spanCount } = columns;
  const rows = new Uint32Array(spanCount);
  let count = 0;
  for (let i = 0; i < spanCount;) {
    const size = subtree[i] ?? 1;
    if (keep && keep[i] === 0) {
      i += size;
      continue;
    }
    rows[count++] = i;
    i += folding.isFolded(i) ? size : 1;
  }
  return rows.subarray(0, count);
}

/** Row of a span, or of the nearest row above where it would be. Rows ascend. */
export function rowOf(rows: Uint32Array, span: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((rows[middle] ?? 0) <= span) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Unfolds every ancestor; true when something changed. */
export function unfoldTo(folding: Folding, parent: Int32Array, span: number): boolean {
  let changed = false;
  for (let i = parent[span] ?? NO_SPAN; i !== NO_SPAN; i = parent[i] ?? NO_SPAN) {
    if (!folding.isFolded(i)) continue;
    folding.setFolded(i, false);
    changed = true;
  }
  return changed;
}

/** `mask` and all ancestors of what it holds. */
export function withAncestors(mask: Uint8Array, parent: Int32Array): Uint8Array {
  const keep = mask.slice();
  for (let i = keep.length - 1; i >= 0; i--) {
    const above = parent[i] ?? NO_SPAN;
    if (keep[i] === 1 && above !== NO_SPAN) keep[above] = 1;
  }
  return keep;
}

/** The next index after `from` (before it when `step` is -1) for which `holds`, around the end. */
export function nextWhere(count: number, from: number, step: 1 | -1, holds: (i: number) => boolean): number {
  const first = from < 0 && step < 0 ? 0 : from;
  for (let n = 1; n <= count; n++) {
    const i = (((first + n * step) % count) + count) % count;
    if (holds(i)) return i;
  }
  return NO_SPAN;
}

export interface TraceFacts {
  readonly depth: number;
  readonly errors: number;
  readonly orphans: number;
  readonly spansOfService: Uint32Array;
  readonly errorsOfService: Uint32Array;
}

export function factsOf(columns: TraceColumns): TraceFacts {
  let depth = 0;
  let errors = 0;
  let orphans = 0;
  const spansOfService = new Uint32Array(columns.services.length);
  const errorsOfService = new Uint32Array(columns.services.length);
  for (let i = 0; i < columns.spanCount; i++) {
    const service = columns.service[i] ?? 0;
    const flags = columns.flags[i] ?? 0;
    depth = Math.max(depth, (columns.depth[i] ?? 0) + 1);
    spansOfService[service] = (spansOfService[service] ?? 0) + 1;
    if (flags & 4) orphans++;
    if ((flags & 1) === 0) continue;
    errors++;
    errorsOfService[service] = (errorsOfService[service] ?? 0) + 1;
  }
  return { depth, errors, orphans, spansOfService, errorsOfService };
}
