// SPDX-License-Identifier: Apache-2.0
import type { ServiceCall, ServiceNode } from '../../api/types';
import { groupDigits } from '../../base/digits';
import { formatDuration } from '../../base/duration';
import { serviceColour } from '../../base/palette';
import { palette } from '../../base/theme';
import { type Layout, NODE, type Point, type ServiceGraph, arrowHead, callWidth, curve, isFailing } from './graph';

interface MapGraphProps {
  readonly graph: ServiceGraph;
  readonly layout: Layout;
  readonly focus: string;
  readonly onFocus: (service: string) => void;
}

/** A label begins just before its line is level, so that the line does not run through it. */
const LABEL_SHIFT = 8;

const short = (count: number): string =>
  count >= 10_000 ? `${groupDigits(Math.round(count / 1000))}k` : groupDigits(count);

function Edge({
  call,
  points,
  most,
}: {
  readonly call: ServiceCall;
  readonly points: readonly Point[];
  readonly most: number;
}) {
  const width = callWidth(Number(call.callCount), most);
  const bad = isFailing(call);
  const middle = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 };
  const label = { x: middle.x - LABEL_SHIFT, y: middle.y };
  return (
    <g class={bad ? 'map-edge bad' : 'map-edge'}>
      <path class="map-line" d={curve(points)} stroke-width={width} stroke-dasharray={bad ? '7 4' : undefined} />
      <path class="map-arrow" d={arrowHead(points, 7 + width)} />
      <text class="map-label" x={label.x} y={label.y - 6}>
        {short(Number(call.callCount))} · {formatDuration(Number(call.p95Ns))}
      </text>
      {call.errorCount !== '0' && (
        <text class="map-label bad" x={label.x} y={label.y + 14}>
          ▲ {short(Number(call.errorCount))}
        </text>
      )}
    </g>
  );
}

interface NodeProps {
  readonly node: ServiceNode;
  readonly at: Point;
  readonly focused: boolean;
  readonly onFocus: (service: string) => void;
}

function Node({ node, at, focused, onFocus }: NodeProps) {
  const errors = Number(node.errorCount);
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    onFocus(node.name);
  };
  return (
    <g
      class={`map-node${focused ? ' focused' : ''}${errors ? ' bad' : ''}`}
      transform={`translate(${at.x - NODE.width / 2} ${at.y - NODE.height / 2})`}
      role="button"
      tabIndex={0}
      aria-pressed={focused}
      onClick={() => onFocus(node.name)}
      onKeyDown={onKey}
    >
      <rect class="map-box" width={NODE.width} height={NODE.height} rx={6} />
      <rect width={4} height={NODE.height - 16} x={9} y={8} rx={2} fill={serviceColour(node.name, palette.value)} />
      <text class="map-name" x={21} y={19}>
        {node.name.length > 20 ? `${node.name.slice(0, 19)}…` : node.name}
      </text>
      <text class="map-sub" x={21} y={36}>
        {short(Number(node.spanCount))} {node.spanCount === '1' ? 'span' : 'spans'} · p95{' '}
        {formatDuration(Number(node.p95Ns))}
      </text>
      {errors > 0 && (
        <text class="map-sub bad" x={NODE.width - 9} y={19} text-anchor="end">
          ▲ {short(errors)}
        </text>
      )}
    </g>
  );
}

export function MapGraph({ graph, layout, focus, onFocus }: MapGraphProps) {
  const most = Math.max(1, ...graph.calls.map((call) => Number(call.callCount)));
  return (
    <div class="map-scroll" tabIndex={0} role="group" aria-label="Service map">
      <svg class="map-svg" width={layout.width} height={layout.height} viewBox={`0 0 ${layout.width} ${layout.height}`}>
        {graph.calls.map((call, i) => (
          <Edge key={`${call.parent} ${call.child}`} call={call} points={layout.edges[i] ?? []} most={most} />
        ))}
        {graph.nodes.map((node) => {
          const at = layout.nodes[node.name];
          return at && <Node key={node.name} node={node} at={at} focused={node.name === focus} onFocus={onFocus} />;
        })}
      </svg>
    </div>
  );
}
