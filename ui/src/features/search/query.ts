// SPDX-License-Identifier: Apache-2.0
// The search as it stands in the URL, and Jaeger's older form of it.
import type { Filter, Sort } from '../../api/client';
import { formatCondition } from '../../base/logfmt';
import { type Params, href } from '../../base/router';

export const FILTER_KEYS = [
  'service',
  'operation',
  'tags',
  'kind',
  'status',
  'minDuration',
  'maxDuration',
  'from',
  'to',
] as const;
export type FilterKey = (typeof FILTER_KEYS)[number];

export type Chart = 'heat' | 'scatter';

export interface SearchState {
  readonly filter: Filter;
  readonly sort: Sort;
  readonly limit: number;
  readonly chart: Chart;
}

export const DEFAULT_FROM = 'now-15m';
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;

export function stateOf(params: URLSearchParams): SearchState {
  const filter: Partial<Record<FilterKey, string>> = {};
  for (const key of FILTER_KEYS) {
    const value = params.get(key);
    if (value) filter[key] = value;
  }
  const limit = Number(params.get('limit'));
  return {
    filter: { from: DEFAULT_FROM, to: 'now', ...filter },
    sort: params.get('sort') === 'slowest' ? 'slowest' : 'newest',
    limit: limit >= 1 ? Math.min(MAX_LIMIT, Math.floor(limit)) : DEFAULT_LIMIT,
    chart: params.get('y') === 'scatter' ? 'scatter' : 'heat',
  };
}

/** The address of a search; what is the default is left out. */
export function searchHref(state: SearchState): string {
  const { filter } = state;
  return href(['search'], {
    ...filter,
    from: filter.from === DEFAULT_FROM ? '' : filter.from,
    to: filter.to === 'now' ? '' : filter.to,
    sort: state.sort === 'newest' ? '' : state.sort,
    limit: state.limit === DEFAULT_LIMIT ? '' : String(state.limit),
    y: state.chart === 'heat' ? '' : state.chart,
  });
}

function tagsFromJson(text: string): string {
  try {
    const tags: unknown = JSON.parse(text);
    if (typeof tags !== 'object' || tags === null) return text;
    return Object.entries(tags)
      .map(([key, value]) => formatCondition({ key, operator: '=', value: String(value) }))
      .join(' ');
  } catch {
    return text;
  }
}

/** What only a Jaeger link has. */
const JAEGER_KEYS = ['lookback', 'start', 'end', 'traceID'];

/** The new form of a Jaeger link (`tags` as JSON, `lookback`, `start` and `end` in microseconds), or undefined. */
export function fromJaeger(params: URLSearchParams): string | undefined {
  const old = JAEGER_KEYS.some((key) => params.has(key)) || params.get('tags')?.startsWith('{');
  if (!old) return undefined;
  const lookback = params.get('lookback');
  const relative =
    lookback && lookback !== 'custom'
      ? `now-${lookback.replace(/^(\d+)d$/, (_, days: string) => `${Number(days) * 24}h`)}`
      : undefined;
  const nanos = (key: string): string | undefined =>
    /^\d+$/.test(params.get(key) ?? '') ? `${params.get(key)}000` : undefined;
  const kept = Object.fromEntries([...params].filter(([key]) => !JAEGER_KEYS.includes(key)));
  const tags = params.get('tags');
  const next: Params = {
    ...kept,
    ...(tags ? { tags: tags.startsWith('{') ? tagsFromJson(tags) : tags } : {}),
    from: relative ?? nanos('start'),
    to: relative ? undefined : nanos('end'),
  };
  return href(['search'], next);
}
