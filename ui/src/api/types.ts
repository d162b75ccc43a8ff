// SPDX-License-Identifier: Apache-2.0
// The answers of /api/ui/v1, as docs/formats/ui-api.md describes them. Nanoseconds are decimal strings.

export interface Metric {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** How a component of the server is, from best to worst. */
export type HealthLevel = 'ok' | 'degraded' | 'refusing' | 'failed';

export interface ComponentHealth {
  readonly component: string;
  readonly level: HealthLevel;
  readonly message: string;
}

export interface Status {
  readonly version: string;
  readonly acceptedSpans: string;
  readonly refusedSpans: string;
  readonly storedSpans: string;
  readonly storeBytes: string;
  readonly dataDirectory: string;
  readonly otlpGrpc: string;
  readonly otlpHttp: string;
  readonly nowNs: string;
  readonly health: readonly ComponentHealth[];
  readonly metrics: readonly Metric[];
}

export interface Operation {
  readonly name: string;
  readonly kind: string;
}

export interface AttributeName {
  readonly scope: string;
  readonly key: string;
}

export interface ServiceShare {
  readonly name: string;
  readonly spanCount: number;
  readonly errorCount: number;
}

export interface TraceSummary {
  readonly traceId: string;
  readonly rootService: string;
  readonly rootOperation: string;
  readonly rootKind: string;
  readonly startNs: string;
  readonly durationNs: string;
  readonly spanCount: number;
  readonly errorCount: number;
  readonly orphanCount: number;
  readonly matchedCount: number;
  readonly services: readonly ServiceShare[];
}

export interface SearchPage {
  readonly traces: readonly TraceSummary[];
  readonly nextCursor?: string;
}

export interface Overview {
  readonly traceCount: string;
  readonly errorCount: string;
  readonly p50Ns: string;
  readonly p95Ns: string;
  readonly p99Ns: string;
  readonly fromNs: string;
  readonly stepNs: string;
  readonly columns: number;
  readonly rowBoundsNs: readonly string[];
  readonly cells: readonly (readonly [column: number, row: number, count: number])[];
  readonly errors: readonly number[];
}

export interface ServiceNode {
  readonly name: string;
  readonly spanCount: string;
  readonly errorCount: string;
  readonly p95Ns: string;
}

export interface ServiceCall {
  readonly parent: string;
  readonly child: string;
  readonly callCount: string;
  readonly errorCount: string;
  readonly p50Ns: string;
  readonly p95Ns: string;
}

export interface Dependencies {
  readonly services: readonly ServiceNode[];
  readonly calls: readonly ServiceCall[];
}

/** A JSON value: what `array` and `map` attributes hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface Attribute {
  readonly key: string;
  readonly type: 'string' | 'bool' | 'int' | 'double' | 'array' | 'map' | 'bytes' | 'empty';
  readonly value?: Json;
}

export interface SpanEvent {
  readonly timeNs: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: readonly Attribute[];
}

export interface SpanDetail {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly service: string;
  readonly kind: string;
  readonly startNs: string;
  readonly endNs: string;
  readonly status: { readonly code: string; readonly message: string };
  readonly traceState: string;
  readonly flags: number;
  readonly attributes: readonly Attribute[];
  readonly resource: { readonly attributes: readonly Attribute[]; readonly schemaUrl: string };
  readonly scope: {
    readonly name: string;
    readonly version: string;
    readonly attributes: readonly Attribute[];
    readonly schemaUrl: string;
  };
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  readonly droppedAttributes: number;
  readonly droppedEvents: number;
  readonly droppedLinks: number;
}
