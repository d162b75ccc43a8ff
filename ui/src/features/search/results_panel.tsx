// SPDX-License-Identifier: Apache-2.0
import { groupDigits } from '../../base/digits';
import { navigate } from '../../base/router';
import { Notice } from '../../widgets/notice';
import { Segmented } from '../../widgets/segmented';
import type { SearchModel } from './model';
import { type SearchState, searchHref } from './query';
import { ResultList } from './result_list';

interface ResultsPanelProps {
  readonly model: SearchModel;
  readonly state: SearchState;
  readonly active: number;
}

/** "20 of 18,402, slowest first". */
function heading(shown: number, total: string | undefined, sort: string): string {
  if (shown === 0) return '';
  const count = groupDigits(shown);
  return total === undefined ? `${count}, ${sort} first` : `${count} of ${groupDigits(Number(total))}, ${sort} first`;
}

const LONGER = 'now-24h';

function Nothing({ state }: Pick<ResultsPanelProps, 'state'>) {
  const { filter } = state;
  return (
    <Notice title="No traces match">
      <p>Look at a longer time, or take a condition away.</p>
      {filter.from !== LONGER && (
        <a class="button" href={searchHref({ ...state, filter: { ...filter, from: LONGER, to: 'now' } })}>
          Search the last 24 hours
        </a>
      )}
    </Notice>
  );
}

export function ResultsPanel({ model, state, active }: ResultsPanelProps) {
  const { data, error, loading } = model.page.state.value;
  const traces = data?.traces ?? [];
  return (
    <section class="panel results" aria-label="Traces" aria-busy={loading}>
      <header class="panel-head">
        <h2>Traces</h2>
        <span class="panel-note results-count">
          {data && heading(traces.length, model.overview.state.value.data?.traceCount, state.sort)}
        </span>
        <Segmented
          label="Order"
          value={state.sort}
          options={[
            ['newest', 'Newest'],
            ['slowest', 'Slowest'],
          ]}
          onChange={(sort) => navigate(searchHref({ ...state, sort }), { replace: true })}
        />
      </header>
      {error && <Notice title={error} tone="error" />}
      {data && traces.length === 0 && !loading && <Nothing state={state} />}
      {!data && loading && <Notice title="Searching" />}
      {traces.length > 0 && <ResultList traces={traces} active={active} />}
      {data?.nextCursor && (
        <div class="results-more">
          <button type="button" class="button" disabled={loading} onClick={() => model.more(state)}>
            Show more
          </button>
        </div>
      )}
    </section>
  );
}
