// SPDX-License-Identifier: Apache-2.0
// The service graph: what the layout needs and what it gives back. Plain data, so that it can cross to a worker.
import type { Dependencies, ServiceCall, ServiceNode } from '../../api/types';

export const NODE = { width: 192, height: 46 };
/** A map of more services than this is unreadable and slow to lay out; the rest is in the table. */
export const MAX_NODES = 300;

export interface LayoutRequest {
  readonly nodes: readonly string[];
  readonly edges: readonly (readonly [from: string, to: string])[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: Readonly<Record<string, Point>>;
  /** In the order of the request's edges. */
  readonly edges: readonly (readonly Point[])[];
}

export interface ServiceGraph {
  readonly nodes: readonly ServiceNode[];
  readonly calls: readonly ServiceCall[];
  readonly cut: boolean;
}

/** The services with the most spans and the calls between them; calls of a service to itself are left out. */
export function graphOf({ services, calls }: Dependencies): ServiceGraph {
  const nodes = [...services].sort((a, b) => Number(b.spanCount) - Number(a.spanCount)).slice(0, MAX_NODES);
  const kept = new Set(nodes.map((node) => node.name));
  return {
    nodes,
    calls: calls.filter((c) => c.parent !== c.child && kept.has(c.parent) && kept.has(c.child)),
    cut: services.length > nodes.length,
  };
}

/** The service, its callers and those it calls. */
export function neighbourhood(graph: ServiceGraph, focus: string): ServiceGraph {
  const calls = graph.calls.filter((call) => call.parent === focus || call.child === focus);
  const near = new Set([focus, ...calls.flatMap((call) => [call.parent, call.child])]);
  return { nodes: graph.nodes.filter((node) => near.has(node.name)), calls, cut: false };
}

export const requestOf = (graph: ServiceGraph): LayoutRequest => ({
  nodes: graph.nodes.map((node) => node.name),
  edges: graph.calls.map((call) => [call.parent, call.child]),
});

/** Width of a call's line: logarithmic in the number of calls, 1.25 to 5 pixels. */
export function callWidth(count: number, most: number): number {
  return most <= 1 ? 2 : 1.25 + (3.75 * Math.log(Math.max(1, count))) / Math.log(most);
}

/** A path through every point, level at each of them, as the layout runs from left to right. */
export function curve(points: readonly Point[]): string {
  const [first] = points;
  if (!first || points.length < 2) return '';
  let path = `M${first.x} ${first.y}`;
  points.slice(1).forEach((to, i) => {
    const from = points[i] ?? first;
    const middle = (from.x + to.x) / 2;
    path += `C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`;
  });
  return path;
}

/** Calls of which so many fail are drawn as failing. */
const FAILING = 0.05;

export const isFailing = (call: ServiceCall): boolean =>
  Number(call.errorCount) >= FAILING * Math.max(1, Number(call.callCount));

/** The triangle at the end of an edge, which comes in level. */
export function arrowHead(points: readonly Point[], size: number): string {
  const tip = points.at(-1);
  const before = points.at(-2);
  if (!tip || !before) return '';
  const back = tip.x - Math.sign(tip.x - before.x || 1) * size;
  return `M${tip.x} ${tip.y}L${back} ${tip.y - size * 0.5}L${back} ${tip.y + size * 0.5}Z`;
}
