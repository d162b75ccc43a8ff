// SPDX-License-Identifier: Apache-2.0
import { useId } from 'preact/hooks';
import type { Filter } from '../../api/client';
import { nsOf, parseTime } from '../../base/time';

const RANGES: readonly (readonly [from: string, label: string])[] = [
  ['now-5m', 'Last 5 minutes'],
  ['now-15m', 'Last 15 minutes'],
  ['now-1h', 'Last hour'],
  ['now-3h', 'Last 3 hours'],
  ['now-12h', 'Last 12 hours'],
  ['now-24h', 'Last 24 hours'],
  ['now-48h', 'Last 2 days'],
  ['now-168h', 'Last 7 days'],
];

interface TimeRangeProps {
  readonly filter: Filter;
  readonly onChange: (range: { readonly from: string; readonly to: string }) => void;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** The value of a `datetime-local` field, in the reader's time zone. */
function localText(ms: number): string {
  const d = new Date(ms);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/** Relative ranges by name; "Custom range" turns the range shown into two fixed times. */
export function TimeRange({ filter, onChange }: TimeRangeProps) {
  const id = useId();
  const { from = '', to = '' } = filter;
  const named = to === 'now' && RANGES.some(([value]) => value === from);
  const ms = (text: string): number => parseTime(text, Date.now()) ?? Date.now();
  const choose = (value: string): void =>
    onChange(value === 'custom' ? { from: nsOf(ms(from)), to: nsOf(ms(to)) } : { from: value, to: 'now' });
  const edit = (which: 'from' | 'to', text: string): void => {
    const time = new Date(text).getTime();
    if (Number.isFinite(time)) onChange({ from, to, [which]: nsOf(time) });
  };
  return (
    <div class="field">
      <label class="field-label" for={id}>
        Time
      </label>
      <select
        id={id}
        class="field-select"
        value={named ? from : 'custom'}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {RANGES.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
        <option value="custom">Custom range</option>
      </select>
      {!named && (
        <>
          <input
            class="field-input"
            type="datetime-local"
            step="1"
            aria-label="From"
            value={localText(ms(from))}
            onChange={(event) => edit('from', event.currentTarget.value)}
          />
          <input
            class="field-input"
            type="datetime-local"
            step="1"
            aria-label="To"
            value={localText(ms(to))}
            onChange={(event) => edit('to', event.currentTarget.value)}
          />
        </>
      )}
    </div>
  );
}
