// SPDX-License-Identifier: Apache-2.0
import { formatDuration, formatTick } from '../../base/duration';
import { niceStep } from '../../base/scale';
import type { Zoom } from './url_state';

interface TimeAxisProps {
  readonly zoom: Zoom;
  readonly width: number;
  /** Lines over the rows instead of the labels above them. */
  readonly lines?: boolean;
}

interface Tick {
  readonly x: number;
  readonly text: string;
}

export function ticksOf(zoom: Zoom, width: number): readonly Tick[] {
  const length = zoom.to - zoom.from;
  const step = niceStep(length, Math.max(2, Math.floor(width / 110)));
  const ticks: Tick[] = [];
  for (let n = Math.ceil(zoom.from / step); n * step <= zoom.to && ticks.length < 20; n++) {
    const at = n * step;
    // Deep in a long trace, three digits cannot tell neighbours apart: count from the window's start instead.
    const text =
      step < at / 500
        ? `+${formatTick(at - zoom.from)}`
        : at === 0
          ? '0'
          : step < at / 50
            ? formatDuration(at)
            : formatTick(at);
    ticks.push({ x: ((at - zoom.from) / length) * width, text });
  }
  return ticks;
}

export function TimeAxis({ zoom, width, lines = false }: TimeAxisProps) {
  return (
    <div class={lines ? 'wf-lines' : 'wf-ticks'} aria-hidden="true">
      {ticksOf(zoom, width).map(({ x, text }) => (
        <i key={text} style={{ transform: `translateX(${x}px)` }}>
          {lines ? null : <span class={x > width - 60 ? 'left' : ''}>{text}</span>}
        </i>
      ))}
    </div>
  );
}
