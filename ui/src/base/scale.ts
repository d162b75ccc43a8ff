// SPDX-License-Identifier: Apache-2.0
// Axis arithmetic: logarithmic for durations, linear for time.

/** Maps [low, high] onto [from, to] by logarithm; values outside are clamped. */
export interface LogScale {
  readonly low: number;
  readonly high: number;
  readonly at: (value: number) => number;
  readonly invert: (position: number) => number;
}

export function logScale(low: number, high: number, from: number, to: number): LogScale {
  const first = Math.log(Math.max(1, low));
  const span = Math.log(Math.max(2, high)) - first || 1;
  return {
    low,
    high,
    at: (value) => from + Math.min(1, Math.max(0, (Math.log(Math.max(1, value)) - first) / span)) * (to - from),
    invert: (position) => Math.exp(first + Math.min(1, Math.max(0, (position - from) / (to - from))) * span),
  };
}

/** Powers of ten in [low, high]; with 3 between them when there are few. */
export function logTicks(low: number, high: number): readonly number[] {
  const ticks: number[] = [];
  const decades = Math.log10(Math.max(1, high) / Math.max(1, low));
  for (let power = 1; power <= high && power < 1e19; power *= 10) {
    for (const step of decades < 2 ? [1, 2, 5] : decades < 3 ? [1, 3] : [1]) {
      if (power * step >= low && power * step <= high) ticks.push(power * step);
    }
  }
  return ticks;
}

/** The round step (1, 2 or 5 times a power of ten) that cuts `length` into at most `count` parts. */
export function niceStep(length: number, count: number): number {
  const rough = Math.max(length, Number.MIN_VALUE) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((f) => f * power >= rough * 0.999999) ?? 10;
  return factor * power;
}

const CLOCK_STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/** Round clock times in [fromMs, toMs], at most about `count`. */
export function clockTicks(fromMs: number, toMs: number, count: number): readonly number[] {
  const rough = (toMs - fromMs) / 1000 / Math.max(1, count);
  const step = (CLOCK_STEPS_S.find((s) => s >= rough) ?? Math.ceil(rough / 86_400) * 86_400) * 1000;
  const zone = new Date(fromMs).getTimezoneOffset() * 60_000;
  const ticks: number[] = [];
  for (let t = Math.ceil((fromMs - zone) / step) * step + zone; t <= toMs; t += step) ticks.push(t);
  return ticks;
}
