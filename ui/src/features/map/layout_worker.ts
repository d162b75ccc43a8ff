// SPDX-License-Identifier: Apache-2.0
// Lays out the service graph away from the page's thread.
import * as dagre from '@dagrejs/dagre';
import { type Layout, type LayoutRequest, NODE, type Point } from './graph';

function layout({ nodes, edges }: LayoutRequest): Layout {
  const graph = new dagre.Graph({ multigraph: false });
  graph.setGraph({ rankdir: 'LR', nodesep: 26, ranksep: 92, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const name of nodes) graph.setNode(name, { ...NODE });
  for (const [from, to] of edges) graph.setEdge(from, to, { width: 96, height: 14 });
  dagre.layout(graph);
  const placed: Record<string, Point> = {};
  for (const name of nodes) {
    const { x = 0, y = 0 } = graph.node(name);
    placed[name] = { x, y };
  }
  const { width = 0, height = 0 } = graph.graph();
  const lines = edges.map(([from, to]) =>
    betweenSides(
      placed[from],
      placed[to],
      (graph.edge(from, to).points ?? []).map(({ x, y }: Point) => ({ x, y })),
    ),
  );
  return { width, height, nodes: placed, edges: lines };
}

/** Lets an edge leave and enter at the middle of a node's side instead of anywhere on its border. */
function betweenSides(from: Point | undefined, to: Point | undefined, points: readonly Point[]): readonly Point[] {
  if (!from || !to) return points;
  const side = (NODE.width / 2) * Math.sign(to.x - from.x || 1);
  return [{ x: from.x + side, y: from.y }, ...points.slice(1, -1), { x: to.x - side, y: to.y }];
}

addEventListener('message', (event: MessageEvent<LayoutRequest>) => {
  postMessage(layout(event.data));
});
