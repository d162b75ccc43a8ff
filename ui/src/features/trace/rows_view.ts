// SPDX-License-Identifier: Apache-2.0
// Keeps a pool of row elements on the rows in sight. A scroll rewrites only the elements whose row left the window;
// every other change rewrites all of them, which are at most as many as fit on the screen.
import { FLAG_ERROR, FLAG_LINKS, FLAG_ORPHAN } from '../../api/trace_columns';
import { groupDigits } from '../../base/digits';
import { formatDuration } from '../../base/duration';
import { type Palette, serviceColour } from '../../base/palette';
import { indentStep, layoutBar } from './bar_layout';
import { type RowElement, makeRow } from './row_element';
import { ROW_HEIGHT, type ScrollRange, rowTop, rowsInSight, scrollRange, scrollTo } from './scroll_range';
import type { TraceView } from './view';

const LABEL_CHAR = 6.6;
const SPARE_ROWS = 3;

export class RowsView {
  private readonly pool: RowElement[] = [];
  private readonly colours: readonly string[];
  private range: ScrollRange = { height: 0, ratio: 1 };
  private viewHeight = 0;
  private nameWidth = 0;
  private timeWidth = 0;
  private step = 14;

  constructor(
    private readonly view: TraceView,
    private readonly scroller: HTMLElement,
    private readonly body: HTMLElement,
    palette: Palette,
  ) {
    this.colours = view.columns.services.map((name) => serviceColour(name, palette));
  }

  /** Measures the boxes again; call when sizes may have changed, and `refresh` when it says that they have. */
  measure(nameWidth: number, timeWidth: number): boolean {
    const viewHeight = this.scroller.clientHeight;
    if (viewHeight === this.viewHeight && nameWidth === this.nameWidth && timeWidth === this.timeWidth) return false;
    this.viewHeight = viewHeight;
    this.nameWidth = nameWidth;
    this.timeWidth = timeWidth;
    this.step = indentStep(this.view.facts.depth, nameWidth);
    return true;
  }

  /** Rewrites every row in sight. */
  refresh(): void {
    // Read before anything is written: asked later, the browser would have to lay out the page first.
    const { scrollTop } = this.scroller;
    this.resizePool();
    this.range = scrollRange(this.view.rows.peek().length, this.viewHeight);
    this.body.style.height = `${this.range.height}px`;
    for (const element of this.pool) element.shown = -1;
    const mayHaveMoved = scrollTop > 0 && scrollTop + this.viewHeight > this.range.height;
    this.show(mayHaveMoved ? this.scroller.scrollTop : scrollTop);
  }

  /** Gives rows that left the window to those that came into it. */
  scrolled(): void {
    this.show(this.scroller.scrollTop);
  }

  private resizePool(): void {
    const wanted = Math.ceil(this.viewHeight / ROW_HEIGHT) + SPARE_ROWS;
    while (this.pool.length > wanted) this.pool.pop()?.row.remove();
    while (this.pool.length < wanted) this.pool.push(makeRow(this.body, `wf-row-${this.pool.length}`));
  }

  private show(scrollTop: number): void {
    const rows = this.view.rows.peek();
    const { first, last } = rowsInSight(this.range, scrollTop, this.viewHeight, rows.length);
    for (let row = first; row < last; row++) {
      const element = this.pool[row % this.pool.length];
      if (!element) continue;
      if (element.shown !== row) this.fill(element, row, rows[row] ?? 0);
      if (element.shown !== row || this.range.ratio !== 1)
        element.row.style.transform = `translateY(${rowTop(this.range, scrollTop, row)}px)`;
      element.shown = row;
    }
    for (const element of this.pool) {
      const used = element.shown >= first && element.shown < last;
      if (element.row.hidden === used) element.row.hidden = !used;
    }
    this.markActive();
  }

  /** Scrolls so that the row can be seen. */
  bringIntoSight(row: number): void {
    const top = scrollTo(this.range, this.scroller.scrollTop, this.viewHeight, row);
    if (top === undefined) return;
    this.scroller.scrollTop = top;
    this.scrolled();
  }

  /** The span shown by an element inside a row, or -1. */
  spanAt(target: Element): number {
    const row = target.closest('.wf-row');
    const element = row && this.pool.find((candidate) => candidate.row === row);
    return element ? (this.view.rows.peek()[element.shown] ?? -1) : -1;
  }

  private fill(element: RowElement, row: number, span: number): void {
    const { columns } = this.view;
    const depth = columns.depth[span] ?? 0;
    const size = columns.subtree[span] ?? 1;
    const flags = columns.flags[span] ?? 0;
    const colour = this.colours[columns.service[span] ?? 0] ?? '';
    const folded = this.view.isFolded(span);
    const matches = this.view.matches.peek();
    const selected = this.view.selected.peek() === span;
    element.row.className =
      `wf-row${selected ? ' selected' : ''}${flags & FLAG_ERROR ? ' error' : ''}` +
      (matches ? (matches.mask[span] === 1 ? ' match' : ' dim') : '');
    element.row.setAttribute('aria-rowindex', String(row + 2));
    element.row.setAttribute('aria-level', String(depth + 1));
    element.row.setAttribute('aria-selected', String(selected));
    if (size > 1) element.row.setAttribute('aria-expanded', String(!folded));
    else element.row.removeAttribute('aria-expanded');
    element.indent.style.width = `${depth * this.step}px`;
    element.indent.style.backgroundSize = `${this.step}px 100%`;
    element.twist.className = size > 1 ? (folded ? 'wf-twist folded' : 'wf-twist open') : 'wf-twist';
    element.mark.style.background = colour;
    element.service.data = columns.services[columns.service[span] ?? 0] ?? '';
    element.operation.data = columns.operations[columns.operation[span] ?? 0] ?? '';
    element.notes.data = this.notesOf(span, flags, folded ? size - 1 : 0);
    this.fillBar(element, span, colour);
  }

  private notesOf(span: number, flags: number, hidden: number): string {
    let text = flags & FLAG_ERROR ? '▲ error ' : '';
    if (flags & FLAG_ORPHAN) text += '⚠ parent missing ';
    if (flags & FLAG_LINKS) text += '↗ link ';
    const events = this.view.columns.events[span] ?? 0;
    if (events > 0) text += `◆ ${events} `;
    return hidden > 0 ? `${text}+${groupDigits(hidden)}` : text;
  }

  private fillBar(element: RowElement, span: number, colour: string): void {
    const { columns } = this.view;
    const duration = columns.duration[span] ?? 0;
    const text = formatDuration(duration);
    const at = layoutBar(
      columns.start[span] ?? 0,
      duration,
      this.view.zoom.peek(),
      this.timeWidth,
      text.length * LABEL_CHAR,
    );
    element.bar.style.transform = `translateX(${at.left}px) scaleX(${at.width})`;
    element.bar.style.background = colour;
    element.label.className = `wf-label${at.inside ? ' inside' : ''}${at.hidden ? ' away' : ''}`;
    element.label.style.transform = `translateX(${at.labelLeft}px)`;
    element.labelText.data = at.hidden && at.labelLeft < 10 ? `◂ ${text}` : at.hidden ? `${text} ▸` : text;
  }

  /** The grid has the focus; this names the row that is meant. */
  private markActive(): void {
    const selected = this.view.selected.peek();
    const rows = this.view.rows.peek();
    const active = this.pool.find((element) => !element.row.hidden && rows[element.shown] === selected);
    if (active) this.scroller.setAttribute('aria-activedescendant', active.row.id);
    else this.scroller.removeAttribute('aria-activedescendant');
  }
}
