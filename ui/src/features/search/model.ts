// SPDX-License-Identifier: Apache-2.0
// What the search page knows: the results so far and the overview of all matches.
import { type Filter, getOverview, search } from '../../api/client';
import type { Overview, SearchPage, TraceSummary } from '../../api/types';
import { announce } from '../../base/live';
import { type Resource, resource } from '../../base/resource';
import type { SearchState } from './query';

const COLUMNS = 120;
const MORE = 100;
const SCATTER_LIMIT = 500;

export interface SearchModel {
  readonly page: Resource<SearchPage>;
  readonly overview: Resource<Overview>;
  readonly dots: Resource<readonly TraceSummary[]>;
  readonly run: (state: SearchState) => void;
  /** Adds the next page of the same search. */
  readonly more: (state: SearchState) => void;
  readonly loadDots: (state: SearchState) => void;
  readonly stop: () => void;
}

export const keyOfFilter = (filter: Filter): string => JSON.stringify(filter);

export function searchModel(): SearchModel {
  const page = resource<SearchPage>();
  const overview = resource<Overview>();
  const dots = resource<readonly TraceSummary[]>();
  return {
    page,
    overview,
    dots,
    run: ({ filter, sort, limit }) => {
      page.load(async (signal) => {
        const found = await search({ filter, sort, limit }, signal);
        announce(found.traces.length === 0 ? 'No traces found' : `${found.traces.length} traces shown`);
        return found;
      });
      overview.load((signal) => getOverview(filter, COLUMNS, signal));
    },
    more: ({ filter, sort }) => {
      const shown = page.state.peek().data;
      if (!shown?.nextCursor || page.state.peek().loading) return;
      const cursor = shown.nextCursor;
      page.load(async (signal) => {
        const next = await search({ filter, sort, limit: MORE, cursor }, signal);
        // A trace that grew meanwhile may come again.
        const known = new Set(shown.traces.map(({ traceId }) => traceId));
        const traces = [...shown.traces, ...next.traces.filter(({ traceId }) => !known.has(traceId))];
        announce(`${traces.length} traces shown`);
        return { ...next, traces };
      });
    },
    loadDots: ({ filter, sort }) => {
      dots.load(async (signal) => (await search({ filter, sort, limit: SCATTER_LIMIT }, signal)).traces);
    },
    stop: () => {
      page.cancel();
      overview.cancel();
      dots.cancel();
    },
  };
}
