// SPDX-License-Identifier: Apache-2.0
import { groupDigits } from '../../base/digits';
import { navigate } from '../../base/router';
import { Notice } from '../../widgets/notice';
import { Segmented } from '../../widgets/segmented';
import { LatencyChart } from './latency_chart';
import type { Brush } from './latency_geometry';
import type { SearchModel } from './model';
import { type SearchState, searchHref } from './query';

interface OverviewPanelProps {
  readonly model: SearchModel;
  readonly state: SearchState;
  readonly onBrush: (brush: Brush) => void;
}

function caption(state: SearchState, dots: number | undefined, all: string): string {
  if (all === '0') return '';
  const total = `${groupDigits(Number(all))} ${all === '1' ? 'trace' : 'traces'}`;
  if (state.chart === 'heat') return total;
  return dots === undefined ? 'loading' : `${groupDigits(dots)} of ${total}, ${state.sort} first`;
}

export function OverviewPanel({ model, state, onBrush }: OverviewPanelProps) {
  const { data, error, loading } = model.overview.state.value;
  const scatter = state.chart === 'scatter';
  const dots = scatter ? model.dots.state.value.data : undefined;
  const busy = loading || (scatter && model.dots.state.value.loading);
  return (
    <section class="panel overview" aria-label="Latency" aria-busy={busy}>
      <header class="panel-head">
        <h2>Latency</h2>
        <span class="panel-note">{data && caption(state, dots?.length, data.traceCount)}</span>
        <Segmented
          label="Picture"
          value={state.chart}
          options={[
            ['heat', 'Heat map'],
            ['scatter', 'Scatter'],
          ]}
          onChange={(chart) => navigate(searchHref({ ...state, chart }), { replace: true })}
        />
      </header>
      {data && <LatencyChart overview={data} dots={scatter ? (dots ?? []) : undefined} onBrush={onBrush} />}
      {!data && <div class="overview-space">{error && <Notice title={error} tone="error" />}</div>}
    </section>
  );
}
