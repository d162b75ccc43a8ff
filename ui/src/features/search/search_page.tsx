// SPDX-License-Identifier: Apache-2.0
import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Filter } from '../../api/client';
import { goDuration } from '../../base/duration';
import { useKeys } from '../../base/keys';
import { navigate, route } from '../../base/router';
import { FilterForm } from './filter_form';
import type { Brush } from './latency_geometry';
import { keyOfFilter, searchModel } from './model';
import { OverviewPanel } from './overview_panel';
import { DEFAULT_FROM, fromJaeger, searchHref, stateOf } from './query';
import { ResultsPanel } from './results_panel';
import './search_page.css';

function brushed(filter: Filter, brush: Brush): Filter {
  return {
    ...filter,
    ...(brush.from && brush.to ? { from: brush.from, to: brush.to } : {}),
    ...(brush.minNs ? { minDuration: goDuration(brush.minNs) } : {}),
    ...(brush.maxNs ? { maxDuration: goDuration(brush.maxNs) } : {}),
  };
}

export function SearchPage() {
  const { params } = route.value;
  const state = stateOf(params);
  const model = useMemo(searchModel, []);
  const active = useSignal(-1);
  const filters = useRef<HTMLDetailsElement>(null);
  const runKey = `${keyOfFilter(state.filter)} ${state.sort} ${state.limit}`;

  useEffect(() => {
    document.title = 'Search · Spandrel';
    return model.stop;
  }, []);
  useEffect(() => {
    const modern = fromJaeger(params);
    if (modern) return navigate(modern, { replace: true });
    active.value = -1;
    model.run(state);
  }, [runKey]);
  useEffect(() => {
    if (state.chart === 'scatter') model.loadDots(state);
  }, [runKey, state.chart]);

  const change = (filter: Partial<Filter>): void => {
    const to = searchHref({ ...state, filter: { ...state.filter, ...filter } });
    if (to === location.pathname + location.search) model.run(state);
    else navigate(to);
  };
  const step = (by: number): void => {
    const count = model.page.state.value.data?.traces.length ?? 0;
    active.value = Math.min(count - 1, Math.max(0, active.value + by));
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    '/': () => {
      if (filters.current) filters.current.open = true;
      filters.current?.querySelector<HTMLElement>('input[name=tags]')?.focus();
    },
  });
  const wide = matchMedia('(min-width: 901px)').matches;
  return (
    <div class="search-page">
      <h1 class="visually-hidden">Search traces</h1>
      <details ref={filters} class="search-filters panel" open={wide}>
        <summary>Filters</summary>
        <FilterForm
          filter={state.filter}
          onChange={change}
          onClear={() => navigate(searchHref({ ...state, filter: { from: DEFAULT_FROM, to: 'now' } }))}
        />
      </details>
      <div class="search-main">
        <OverviewPanel model={model} state={state} onBrush={(brush) => change(brushed(state.filter, brush))} />
        <ResultsPanel model={model} state={state} active={active.value} />
      </div>
    </div>
  );
}
