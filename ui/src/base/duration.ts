// SPDX-License-Identifier: Apache-2.0
// Durations: nanoseconds as numbers, and Go's text form ("1m30s", "1.5ms").

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 6e10,
  h: 3.6e12,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/** Nanoseconds of a Go duration, or undefined when the text is none. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  let total = 0;
  let end = 0;
  PART.lastIndex = 0;
  for (let part = PART.exec(trimmed); part; part = PART.exec(trimmed)) {
    total += Number(part[1]) * (UNITS[part[2] ?? ''] ?? 0);
    end = PART.lastIndex;
  }
  return trimmed !== '' && end === trimmed.length ? total : undefined;
}

const LADDER: readonly (readonly [number, string])[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];

function threeDigits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Three significant digits and a unit: "1.23 ms", "45.1 s", "3 m 20 s". */
export function formatDuration(ns: number): string {
  if (ns < 1) return '0 ns';
  if (ns >= 3.6e12) return `${Math.floor(ns / 3.6e12)} h ${Math.round((ns % 3.6e12) / 6e10)} m`;
  if (ns >= 6e10) return `${Math.floor(ns / 6e10)} m ${Math.floor((ns % 6e10) / 1e9)} s`;
  const [size, unit] = LADDER.find(([limit]) => ns >= limit * 0.9995) ?? [1, 'ns'];
  return `${unit === 'ns' ? ns.toFixed(0) : threeDigits(ns / size)} ${unit}`;
}

/** As `formatDuration`, for axis marks: no trailing zeros. */
export function formatTick(ns: number): string {
  return formatDuration(ns).replace(/\.(\d*?)0+(?= )/, (_, kept: string) => (kept ? `.${kept}` : ''));
}

/** The shortest Go text that parses back to the same nanoseconds, to four significant digits. */
export function goDuration(ns: number): string {
  const [size, unit] = LADDER.find(([limit]) => ns >= limit) ?? [1, 'ns'];
  return `${Number((ns / size).toPrecision(4))}${unit === 'µs' ? 'us' : unit}`;
}
