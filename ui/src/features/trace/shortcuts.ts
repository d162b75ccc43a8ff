// SPDX-License-Identifier: Apache-2.0
import { copyText } from '../../base/clipboard';
import type { KeyMap } from '../../base/keys';
import { announce } from '../../base/live';
import type { KeyRows } from '../../widgets/key_table';
import { spanIdHex } from './find';
import { NO_SPAN } from './tree';
import type { TraceView } from './view';

/** What the page does besides the view: focus the find field, open the sheet, open details. */
export interface ShortcutActions {
  readonly find: () => void;
  readonly help: () => void;
}

export const SHORTCUTS: KeyRows = [
  ['j ↓', 'Next row'],
  ['k ↑', 'Previous row'],
  ['h ←', 'Fold, or go to the parent'],
  ['l →', 'Unfold, or go to the first child'],
  ['[', 'Show one level less'],
  [']', 'Show one level more'],
  ['-', 'Fold all'],
  ['=', 'Unfold all'],
  ['Enter', 'Open the details'],
  ['Esc', 'Close the details'],
  ['e', 'Next error'],
  ['E', 'Previous error'],
  ['/', 'Find spans'],
  ['n N', 'Next, previous match'],
  ['o', 'Only matches and their parents'],
  ['z', 'Zoom to the span'],
  ['w s', 'Zoom in, out'],
  ['a d', 'Pan left, right'],
  ['0', 'Show all of the time'],
  ['y', 'Copy the span id or trace id'],
  ['Y', 'Copy the link to this view'],
  ['?', 'This sheet'],
];

function copy(text: string, what: string): void {
  void copyText(text).then((done) => announce(done ? `Copied ${what}` : `Could not copy ${what}`));
}

function copyId(view: TraceView): void {
  const span = view.selected.value;
  if (span === NO_SPAN) copy(view.columns.traceId, 'the trace id');
  else copy(spanIdHex(view.columns, span), 'the span id');
}

export function shortcutsOf(view: TraceView, actions: ShortcutActions): KeyMap {
  const next = (): void => view.step(1);
  const previous = (): void => view.step(-1);
  const left = (): void => view.foldOrParent();
  const right = (): void => view.unfoldOrChild();
  return {
    j: next,
    ArrowDown: next,
    k: previous,
    ArrowUp: previous,
    h: left,
    ArrowLeft: left,
    l: right,
    ArrowRight: right,
    PageDown: () => view.step(20),
    PageUp: () => view.step(-20),
    Home: () => view.step(-Infinity),
    End: () => view.step(Infinity),
    '[': () => view.shiftLevel(-1),
    ']': () => view.shiftLevel(1),
    '-': () => view.foldAll(),
    '=': () => view.unfoldAll(),
    Enter: () => {
      if (view.selected.value === NO_SPAN) view.step(1);
      view.detailsClosed.value = false;
    },
    Escape: () => {
      view.detailsClosed.value = true;
    },
    e: () => view.nextError(1),
    E: () => view.nextError(-1),
    n: () => view.nextMatch(1),
    N: () => view.nextMatch(-1),
    o: () => {
      view.only.value = !view.only.value;
    },
    z: () => view.zoomToSelected(),
    0: () => view.setZoom(view.whole()),
    w: () => view.zoomBy(0.7),
    s: () => view.zoomBy(1 / 0.7),
    a: () => view.pan(-0.2),
    d: () => view.pan(0.2),
    y: () => copyId(view),
    Y: () => copy(location.href, 'the link'),
    '/': actions.find,
    '?': actions.help,
  };
}
