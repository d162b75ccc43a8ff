// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo } from 'preact/hooks';
import { getDependencies } from '../../api/client';
import { announce } from '../../base/live';
import { resource } from '../../base/resource';
import { href, navigate, route } from '../../base/router';
import { Notice } from '../../widgets/notice';
import { CallsTable } from './calls_table';
import { type Layout, type ServiceGraph, graphOf, neighbourhood, requestOf } from './graph';
import { layoutGraph } from './layout';
import { MapGraph } from './map_graph';
import './map_page.css';

const RANGES = [
  ['now-15m', 'Last 15 minutes'],
  ['now-1h', 'Last hour'],
  ['now-24h', 'Last 24 hours'],
  ['now-168h', 'Last 7 days'],
] as const;

interface Drawn {
  readonly graph: ServiceGraph;
  readonly layout: Layout;
}

function useMap(from: string, focus: string) {
  const all = useMemo(() => resource<ServiceGraph>(), []);
  const drawn = useMemo(() => resource<Drawn>(), []);
  useEffect(() => {
    all.load(async (signal) => {
      const graph = graphOf(await getDependencies(from, 'now', signal));
      announce(`${graph.nodes.length} services, ${graph.calls.length} calls`);
      return graph;
    });
    return all.cancel;
  }, [from]);
  const whole = all.state.value.data;
  useEffect(() => {
    if (!whole) return undefined;
    const graph = focus && whole.nodes.some((node) => node.name === focus) ? neighbourhood(whole, focus) : whole;
    drawn.load(async (signal) => ({ graph, layout: await layoutGraph(requestOf(graph), signal) }));
    return drawn.cancel;
  }, [whole, focus]);
  return { whole, drawn: drawn.state.value.data, error: all.state.value.error ?? drawn.state.value.error };
}

function Head({ from, focus, cut }: { readonly from: string; readonly focus: string; readonly cut: boolean }) {
  const go = (change: Readonly<Record<string, string>>): void =>
    navigate(href(['map'], { from: from === 'now-1h' ? '' : from, focus, ...change }));
  return (
    <header class="panel-head">
      <h1 class="map-title">{focus ? `Around ${focus}` : 'Services and calls'}</h1>
      <span class="panel-note">
        {cut ? 'The 300 busiest services. ' : ''}On a line: calls and their 95th percentile, ▲ errors. Wider: more
        calls; dashed: 5 % or more fail.
      </span>
      {focus && (
        <button type="button" class="button small" onClick={() => go({ focus: '' })}>
          All services
        </button>
      )}
      {focus && (
        <a class="button small" href={href(['search'], { service: focus, from })}>
          Search its traces
        </a>
      )}
      <select
        class="field-select map-range"
        aria-label="Time"
        value={from}
        onChange={(event) => go({ from: event.currentTarget.value })}
      >
        {RANGES.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </header>
  );
}

/** Services and the calls between them; a click shows one service's neighbours, its button searches its traces. */
export function MapPage() {
  const { params } = route.value;
  const from = params.get('from') ?? 'now-1h';
  const focus = params.get('focus') ?? '';
  const { whole, drawn, error } = useMap(from, focus);
  useEffect(() => {
    document.title = 'Map · Spandrel';
  }, []);
  const choose = (service: string): void =>
    navigate(href(['map'], { from: from === 'now-1h' ? '' : from, focus: service === focus ? '' : service }));
  const empty = whole?.nodes.length === 0;
  return (
    <div class="map-page">
      <section class="panel">
        <Head from={from} focus={focus} cut={whole?.cut ?? false} />
        {error && <Notice title={error} tone="error" />}
        {!drawn && !error && !empty && (
          <div class="map-space">
            <Notice title="Drawing the map" />
          </div>
        )}
        {empty && (
          <Notice title="No services in this time">
            <p>Choose a longer time.</p>
          </Notice>
        )}
        {drawn && !empty && <MapGraph graph={drawn.graph} layout={drawn.layout} focus={focus} onFocus={choose} />}
      </section>
      {drawn && drawn.graph.calls.length > 0 && (
        <section class="panel">
          <CallsTable calls={drawn.graph.calls} from={from} />
        </section>
      )}
    </div>
  );
}
