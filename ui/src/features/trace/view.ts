// SPDX-License-Identifier: Apache-2.0
// The state of one open trace. Signals hold whole values (a row list, a window of time), never single spans.
import { batch, computed, signal } from '@preact/signals';
import { FLAG_ERROR, type TraceColumns } from '../../api/trace_columns';
import { announce } from '../../base/live';
import { findSpans, indexOfSpan, spanIdHex } from './find';
import { Folding, NO_SPAN, factsOf, nextWhere, parentsOf, rowOf, unfoldTo, visibleRows, withAncestors } from './tree';
import type { TraceUrl, Zoom } from './url_state';
import { clampZoom, isWhole, panBy, zoomAt, zoomToSpan } from './zoom';

export class TraceView {
  readonly parent: Int32Array;
  readonly facts;
  readonly selected = signal(NO_SPAN);
  readonly detailsClosed = signal(false);
  readonly find = signal('');
  readonly only = signal(false);
  readonly zoom;
  /** Counts requests to bring the selected row into sight. */
  readonly reveal = signal(0);

  private readonly folding: Folding;
  private readonly foldVersion = signal(0);

  readonly matches = computed(() => findSpans(this.columns, this.find.value));
  readonly rows = computed(() => {
    void this.foldVersion.value;
    const matches = this.matches.value;
    return visibleRows(
      this.columns,
      this.folding,
      this.only.value && matches ? withAncestors(matches.mask, this.parent) : undefined,
    );
  });

  constructor(readonly columns: TraceColumns) {
    this.parent = parentsOf(columns);
    this.facts = factsOf(columns);
    this.folding = new Folding(columns);
    this.zoom = signal<Zoom>(this.whole());
  }

  whole(): Zoom {
    return clampZoom({ from: 0, to: this.columns.durationNs }, this.columns.durationNs);
  }

  isFolded(span: number): boolean {
    return this.folding.isFolded(span);
  }

  /** Takes over what a URL says. */
  apply(url: TraceUrl): void {
    batch(() => {
      this.folding.setLevel(url.fold.level);
      for (const i of url.fold.flips) if (i < this.columns.spanCount) this.folding.toggle(i);
      this.foldVersion.value++;
      this.find.value = url.find;
      this.only.value = url.only;
      this.detailsClosed.value = url.detailsClosed;
      this.zoom.value = url.zoom ? clampZoom(url.zoom, this.columns.durationNs) : this.whole();
      const span = url.span === '' ? NO_SPAN : indexOfSpan(this.columns, url.span);
      if (span === NO_SPAN) this.selected.value = NO_SPAN;
      else this.goTo(span);
    });
  }

  state(): TraceUrl {
    void this.foldVersion.value;
    const flips: number[] = [];
    this.folding.flips.forEach((flip, i) => {
      if (flip === 1) flips.push(i);
    });
    const zoom = this.zoom.value;
    return {
      span: this.selected.value === NO_SPAN ? '' : spanIdHex(this.columns, this.selected.value),
      zoom: isWhole(zoom, this.columns.durationNs) ? undefined : zoom,
      fold: { level: this.folding.level, flips },
      find: this.find.value,
      only: this.only.value,
      detailsClosed: this.detailsClosed.value,
    };
  }

  /** Selects a span, unfolds what hides it and asks for it to be shown. */
  goTo(span: number): void {
    if (span === NO_SPAN) return;
    batch(() => {
      if (unfoldTo(this.folding, this.parent, span)) this.foldVersion.value++;
      const rows = this.rows.value;
      if (rows[rowOf(rows, span)] !== span) this.only.value = false;
      this.selected.value = span;
      this.reveal.value++;
    });
  }

  /** Moves the selection by rows. */
  step(by: number): void {
    const rows = this.rows.value;
    if (rows.length === 0) return;
    const at = this.selected.value === NO_SPAN ? (by > 0 ? -1 : 0) : rowOf(rows, this.selected.value);
    this.goTo(rows[Math.min(rows.length - 1, Math.max(0, at + by))] ?? NO_SPAN);
  }

  toggle(span: number): void {
    this.folding.toggle(span);
    this.foldVersion.value++;
  }

  /** Left: fold, then go to the parent. */
  foldOrParent(): void {
    const span = this.selected.value;
    if (span === NO_SPAN) return;
    const leaf = (this.columns.subtree[span] ?? 1) <= 1;
    if (leaf || this.isFolded(span)) this.goTo(this.parent[span] ?? NO_SPAN);
    else this.toggle(span);
  }

  /** Right: unfold, then go to the first child. */
  unfoldOrChild(): void {
    const span = this.selected.value;
    if (span === NO_SPAN || (this.columns.subtree[span] ?? 1) <= 1) return;
    if (this.isFolded(span)) this.toggle(span);
    else this.goTo(span + 1);
  }

  foldAll(): void {
    this.setLevel(0);
  }

  unfoldAll(): void {
    this.setLevel(Infinity);
  }

  /** Shows one level less (-1) or more (+1). */
  shiftLevel(by: 1 | -1): void {
    const deepest = this.facts.depth - 1;
    const level = Math.min(deepest, this.folding.level) + by;
    this.setLevel(level >= deepest ? Infinity : Math.max(0, level));
  }

  nextError(step: 1 | -1): void {
    this.jump('error', step, (i) => ((this.columns.flags[i] ?? 0) & FLAG_ERROR) !== 0);
  }

  nextMatch(step: 1 | -1): void {
    const mask = this.matches.value?.mask;
    if (mask) this.jump('match', step, (i) => mask[i] === 1);
  }

  zoomBy(factor: number, share = 0.5): void {
    this.zoom.value = zoomAt(this.zoom.value, factor, share, this.columns.durationNs);
  }

  pan(share: number): void {
    this.zoom.value = panBy(this.zoom.value, share, this.columns.durationNs);
  }

  setZoom(zoom: Zoom): void {
    this.zoom.value = clampZoom(zoom, this.columns.durationNs);
  }

  zoomToSelected(): void {
    const span = this.selected.value;
    if (span === NO_SPAN) return;
    this.zoom.value = zoomToSpan(
      this.columns.start[span] ?? 0,
      this.columns.duration[span] ?? 0,
      this.columns.durationNs,
    );
  }

  private setLevel(level: number): void {
    batch(() => {
      this.folding.setLevel(level);
      this.foldVersion.value++;
      if (this.selected.value !== NO_SPAN)
        this.selected.value = this.rows.value[rowOf(this.rows.value, this.selected.value)] ?? NO_SPAN;
    });
  }

  private jump(what: string, step: 1 | -1, holds: (i: number) => boolean): void {
    const span = nextWhere(this.columns.spanCount, this.selected.value, step, holds);
    if (span === NO_SPAN) announce(`No ${what} in this trace`);
    else this.goTo(span);
  }
}
