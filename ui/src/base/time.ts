// SPDX-License-Identifier: Apache-2.0
// Points in time: nanoseconds since the epoch as decimal strings, as the server sends them.
import { parseDuration } from './duration';

const NS_PER_MS = 1_000_000n;

export const msOf = (ns: string): number => Number(BigInt(ns) / NS_PER_MS);
export const nsOf = (ms: number): string => String(BigInt(Math.round(ms)) * NS_PER_MS);

/** `base + offset` without losing nanoseconds of the base. */
export const plusNs = (base: string, offset: number): string => String(BigInt(base) + BigInt(Math.round(offset)));

/** `a - b` in nanoseconds. */
export const minusNs = (a: string, b: string): number => Number(BigInt(a) - BigInt(b));

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' });

export const formatClock = (ms: number): string => clock.format(ms);
export const formatDay = (ms: number): string => day.format(ms);

/** "22 Nov 2026, 15:48:22.123" in the reader's time zone. */
export function formatDateTime(ns: string): string {
  const ms = msOf(ns);
  return `${day.format(ms)}, ${clock.format(ms)}.${String(Math.abs(ms) % 1000).padStart(3, '0')}`;
}

/** "now", "12 s ago", "3 min ago", "5 h ago", "2 d ago". */
export function formatAge(ns: string, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - msOf(ns)) / 1000));
  if (seconds < 2) return 'now';
  if (seconds < 100) return `${seconds} s ago`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} d ago`;
}

/** Milliseconds of "now", "now-1h" or decimal nanoseconds; undefined for anything else. */
export function parseTime(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs;
  if (/^\d{1,19}$/.test(text)) return msOf(text);
  if (!text.startsWith('now-')) return undefined;
  const ago = parseDuration(text.slice(4));
  return ago === undefined ? undefined : nowMs - ago / 1e6;
}
