// SPDX-License-Identifier: Apache-2.0
// The whole trace in a strip. Pixels are written directly: 100,000 spans take milliseconds, and no drawing calls.
import { FLAG_ERROR, type TraceColumns } from '../../api/trace_columns';
import { type Palette, serviceColour } from '../../base/palette';

function abgr(colour: string): number {
  const value = parseInt(colour.slice(1), 16);
  return (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

/** Top of the strip that is left for error marks. */
export const ERROR_MARKS = 7;

function paintSpans(
  columns: TraceColumns,
  pixels: Uint32Array,
  width: number,
  top: number,
  height: number,
  colours: readonly number[],
): void {
  const { start, duration, service, spanCount } = columns;
  const scale = width / Math.max(1, columns.durationNs);
  const thick = Math.max(1, Math.min(6, Math.round((height / spanCount) * 0.6)));
  for (let i = 0; i < spanCount; i++) {
    const y = top + Math.floor((i / spanCount) * height);
    const x = Math.max(0, Math.min(width - 1, Math.floor((start[i] ?? 0) * scale)));
    const end = Math.min(width, Math.max(x + 1, Math.ceil(((start[i] ?? 0) + (duration[i] ?? 0)) * scale)));
    const colour = colours[service[i] ?? 0] ?? 0;
    for (let row = y; row < Math.min(top + height, y + thick); row++)
      pixels.fill(colour, row * width + x, row * width + end);
  }
}

function paintMarks(
  c: CanvasRenderingContext2D,
  columns: TraceColumns,
  width: number,
  y: number,
  colour: string,
  holds: (i: number) => boolean,
): void {
  const seen = new Uint8Array(Math.ceil(width / 3) + 1);
  c.fillStyle = colour;
  for (let i = 0; i < columns.spanCount; i++) {
    if (!holds(i)) continue;
    const x = Math.max(0, Math.min(width, ((columns.start[i] ?? 0) / Math.max(1, columns.durationNs)) * width));
    const slot = Math.floor(x / 3);
    if (seen[slot]) continue;
    seen[slot] = 1;
    c.beginPath();
    c.moveTo(x - 3, y);
    c.lineTo(x + 3, y);
    c.lineTo(x, y + 5);
    c.fill();
  }
}

export function paintMinimap(
  c: CanvasRenderingContext2D,
  width: number,
  height: number,
  columns: TraceColumns,
  matches: Uint8Array | undefined,
  palette: Palette,
): void {
  const { width: deviceWidth, height: deviceHeight } = c.canvas;
  const ratio = deviceHeight / height;
  const image = new ImageData(deviceWidth, deviceHeight);
  const top = Math.round(ERROR_MARKS * ratio);
  const colours = columns.services.map((name) => abgr(serviceColour(name, palette)));
  paintSpans(
    columns,
    new Uint32Array(image.data.buffer),
    deviceWidth,
    top,
    deviceHeight - top - Math.round(3 * ratio),
    colours,
  );
  c.putImageData(image, 0, 0);
  paintMarks(c, columns, width, 1, palette.error, (i) => ((columns.flags[i] ?? 0) & FLAG_ERROR) !== 0);
  if (matches) paintMarks(c, columns, width, height - 6, palette.accent, (i) => matches[i] === 1);
}
